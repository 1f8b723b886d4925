// In which language a command speaks.
import { type LanguageTag, languageTags } from '@holdfast/close-codes/languages'
import { Failure } from './output.ts'

/**
 * Chooses the language: the one that was asked for, else that of the locale, else English. As POSIX has it, the
 * first of LC_ALL, LC_MESSAGES and LANG that is set counts, and an empty one is not set.
 */
export function chooseLanguage(
  asked: string | undefined,
  env: Record<string, string | undefined>,
): LanguageTag {
  if (asked === undefined) return tagIn(env.LC_ALL || env.LC_MESSAGES || env.LANG || '') ?? 'en'
  const tag = tagIn(asked)
  if (tag) return tag
  throw new Failure(2, `language '${asked}' is not known; known: ${languageTags.join(', ')}`, 'bad_language')
}

/** The language in a locale or tag: fr, fr_FR.UTF-8, pt-BR, zh_Hans. */
function tagIn(locale: string): LanguageTag | undefined {
  const [language] = locale.toLowerCase().split(/[-_.@]/)
  return languageTags.find((tag) => tag === language)
}
