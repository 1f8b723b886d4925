import { type Language, languageTags, loadLanguage } from '@holdfast/close-codes/languages'
import type { Command } from 'commander'
import { chooseLanguage } from '../language.ts'
import { Failure, type Io, printJson } from '../output.ts'

export interface LanguageFlags {
  lang?: string
  json?: boolean
}

/** Adds the flags that all commands of the reference have. */
export function withLanguageFlags(command: Command): Command {
  return command
    .option('--lang <language>', `language: ${languageTags.join(', ')} (default: that of the locale)`)
    .option('--json', 'print one JSON document')
}

/** Runs a command of the reference in the language asked for. With `--json` an error, too, is one document. */
export async function inLanguage(
  io: Io,
  { lang, json }: LanguageFlags,
  action: (language: Language) => void,
): Promise<void> {
  try {
    action(await loadLanguage(chooseLanguage(lang, io.env)))
  } catch (error) {
    if (!(error instanceof Failure) || !json) throw error
    printJson(io, { error: { code: error.code, message: error.lines.join('\n') } })
    throw new Failure(error.status, [], error.code)
  }
}
