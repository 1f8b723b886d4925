import { languageTags, loadLanguage } from '../src/languages.ts'
import type { Language } from '../src/text/language.ts'

/** Every language, English first. */
export const languages: Language[] = await Promise.all(languageTags.map(loadLanguage))

/** Every language but English. */
export const translations = languages.filter(({ tag }) => tag !== 'en')

/** Every string of a text, with the path to it. */
export function strings(value: unknown, path = ''): [path: string, text: string][] {
  if (typeof value === 'string') return [[path, value]]
  if (typeof value !== 'object' || value === null) return []
  return Object.entries(value).flatMap(([key, inner]) => strings(inner, path ? `${path}.${key}` : key))
}
