// The page's texts in the language of the browser. English is the key, and what is shown until another language is loaded.
import { type LanguageTag, languageTags } from '@holdfast/close-codes/languages'
import type { Text } from './texts/english.ts'

type Texts = Readonly<Record<Text, string>>

const loaders: Record<Exclude<LanguageTag, 'en'>, () => Promise<{ texts: Texts }>> = {
  de: () => import('./texts/de.ts'),
  fr: () => import('./texts/fr.ts'),
  es: () => import('./texts/es.ts'),
  pt: () => import('./texts/pt.ts'),
  ja: () => import('./texts/ja.ts'),
  zh: () => import('./texts/zh.ts'),
}

interface Chosen {
  readonly tag: LanguageTag
  readonly texts?: Texts
  readonly plural: Intl.PluralRules
  readonly whole: Intl.NumberFormat
  readonly tenth: Intl.NumberFormat
  readonly clock: Intl.DateTimeFormat
}

function choose(tag: LanguageTag, texts?: Texts): Chosen {
  return {
    tag,
    ...(texts && { texts }),
    plural: new Intl.PluralRules(tag),
    whole: new Intl.NumberFormat(tag),
    tenth: new Intl.NumberFormat(tag, { maximumFractionDigits: 1, minimumFractionDigits: 1 }),
    // 24 hours everywhere: it is compared with a log.
    clock: new Intl.DateTimeFormat(tag, {
      hour: '2-digit',
      minute: '2-digit',
      second: '2-digit',
      hourCycle: 'h23',
    }),
  }
}

/** What everything is formatted by. */
export let chosen = choose('en')

/** The first language of the browser that the page exists in. */
export function browserLanguage(wanted: readonly string[] = navigator.languages): LanguageTag {
  for (const tag of wanted) {
    const found = languageTags.find((known) => tag.toLowerCase().split('-')[0] === known)
    if (found) return found
  }
  return 'en'
}

/** Before anything is shown: a page has one language at a time. */
export async function setLanguage(tag: LanguageTag): Promise<void> {
  chosen = choose(tag, tag === 'en' ? undefined : (await loaders[tag]()).texts)
}

/** A text with its values filled in. */
export function t(text: Text, values: Readonly<Record<string, string | number>> = {}): string {
  const found = chosen.texts?.[text] ?? text
  return found.replace(/\{(\w+)\}/g, (whole, name: string) => String(values[name] ?? whole))
}

/** A text for a number, `{n}` in it: one text for one, another for many. */
export function n(
  count: number,
  one: Text,
  many: Text,
  values: Readonly<Record<string, string | number>> = {},
): string {
  const rounded = Math.round(count)
  const text = chosen.plural.select(rounded) === 'one' ? one : many
  return t(text, { ...values, n: chosen.whole.format(rounded) })
}

/** A word that the gateway says, where it is one of those that the page knows. */
export function known(word: string): string {
  return t(word as Text)
}
