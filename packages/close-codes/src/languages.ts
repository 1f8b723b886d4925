import type { Language } from './text/language.ts'

export { fill } from './fill.ts'
export { adviceSentence, adviceShort, anyOf, inARow, labelled, listOf } from './phrases.ts'
export type { CodeText, Language } from './text/language.ts'

// Loaded one by one, so that a program carries only the language that it shows.
const loaders = {
  en: async () => (await import('./text/en.ts')).en,
  fr: async () => (await import('./text/fr.ts')).fr,
  de: async () => (await import('./text/de.ts')).de,
  es: async () => (await import('./text/es.ts')).es,
  pt: async () => (await import('./text/pt.ts')).pt,
  ja: async () => (await import('./text/ja.ts')).ja,
  zh: async () => (await import('./text/zh.ts')).zh,
} satisfies Record<string, () => Promise<Language>>

/** The BCP 47 tag of a language that the reference exists in. */
export type LanguageTag = keyof typeof loaders

/** The languages that the reference exists in, English first. */
export const languageTags = Object.keys(loaders) as LanguageTag[]

/** Loads all words in one language. */
export function loadLanguage(tag: LanguageTag): Promise<Language> {
  return loaders[tag]()
}
