// Every language of the site: those of the table of close codes, and no other.
import { type Language, type LanguageTag, languageTags, loadLanguage } from '@holdfast/close-codes/languages'
import { de } from './de.ts'
import { en } from './en.ts'
import { es } from './es.ts'
import { fr } from './fr.ts'
import { ja } from './ja.ts'
import { pt } from './pt.ts'
import type { SiteText } from './site-text.ts'
import { zh } from './zh.ts'

const texts: Readonly<Record<LanguageTag, SiteText>> = { en, fr, de, es, pt, ja, zh }

/** The words of one language: those of the table of close codes, and those of the site. */
export interface Words {
  readonly tag: LanguageTag
  readonly table: Language
  readonly site: SiteText
}

/** Every language, English first. */
export const allWords: readonly Words[] = await Promise.all(
  languageTags.map(async (tag) => ({ tag, table: await loadLanguage(tag), site: texts[tag] })),
)

/** A path for each language. */
export function inEveryLanguage(pathIn: (tag: string) => string): Record<string, string> {
  return Object.fromEntries(languageTags.map((tag) => [tag, pathIn(tag)]))
}
