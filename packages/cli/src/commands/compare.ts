import type { CloseCode } from '@holdfast/close-codes'
import { type Comparison, compare } from '@holdfast/close-codes/compare'
import { explain } from '@holdfast/close-codes/explain'
import { adviceShort, fill, inARow, type Language } from '@holdfast/close-codes/languages'
import type { Command } from 'commander'
import { readRegistered } from '../code-argument.ts'
import { type Block, layOut, sheetOf } from '../layout.ts'
import { Failure, type Io, printJson } from '../output.ts'
import { colourOf } from './explain.ts'
import { inLanguage, type LanguageFlags, withLanguageFlags } from './language-flags.ts'

export function registerCompare(program: Command, io: Io): void {
  const command = program
    .command('compare')
    .summary('compare two close codes')
    .description('Compare two registered close codes: what differs, and which to use when.')
    .argument('<code>', 'close code, such as 1012')
    .argument('<other>', 'another one, such as 1014')
  withLanguageFlags(command).action((code: string, other: string, flags: LanguageFlags) =>
    inLanguage(io, flags, (language) => {
      const codes = readPair(code, other, language)
      const comparison = compare(...codes, language)
      if (flags.json) printJson(io, document(codes, comparison, language))
      else io.stdout.write(layOut(page(codes, comparison, language), sheetOf(io)))
    }),
  )
}

/** Two different registered codes, the lower one first. */
function readPair(code: string, other: string, language: Language): [CloseCode, CloseCode] {
  const a = readRegistered(code, language)
  const b = readRegistered(other, language)
  if (a.code === b.code) throw new Failure(2, fill(language.command.sameCode, { input: a.code }), 'same_code')
  return a.code < b.code ? [a, b] : [b, a]
}

function document(codes: readonly CloseCode[], comparison: Comparison, language: Language) {
  return {
    codes: codes.map(({ code }) => code),
    language: language.tag,
    ...comparison,
    explained: codes.map(({ code }) => explain(code, language)),
  }
}

function page(codes: readonly CloseCode[], comparison: Comparison, language: Language): Block[] {
  const { comparison: words } = language
  const { says, differences, common, uses, notes } = comparison
  const rows = (about: Comparison['uses']) => about.map(({ code, text }) => ({ label: `${code}`, text }))
  return [
    { is: 'title', text: comparison.title },
    ...codes.flatMap((row) => oneOf(row, language)),
    { is: 'heading', text: words.differences },
    { is: 'fields', fields: [...rows(says), ...differences] },
    ...inCommon(common, language),
    { is: 'heading', text: words.choice },
    { is: 'fields', fields: rows(uses) },
    ...notes.map((text): Block => ({ is: 'paragraph', text })),
  ]
}

function inCommon(sentences: readonly string[], language: Language): Block[] {
  if (sentences.length === 0) return []
  return [
    { is: 'heading', text: language.comparison.common },
    { is: 'paragraph', text: sentences.reduce((a, b) => inARow(a, b, language)) },
  ]
}

/** What the page says about each code by itself. */
function oneOf(row: CloseCode, language: Language): Block[] {
  const { labels } = language
  const { description, whenSeen, howToFix } = language.codes[row.id]
  const aside = { text: adviceShort(row.advice, language), colour: colourOf(row.advice.action) }
  return [
    { is: 'title', text: `${row.code} ${row.name}`, aside },
    { is: 'paragraph', text: description },
    { is: 'heading', text: labels.whenSeen },
    { is: 'paragraph', text: whenSeen },
    { is: 'heading', text: labels.howToFix },
    { is: 'steps', items: howToFix },
  ]
}
