import { closeCodes, ranges } from '@holdfast/close-codes'
import { codesOf, ecosystemText } from '@holdfast/close-codes/explain'
import { adviceShort, fill, type Language, listOf } from '@holdfast/close-codes/languages'
import { type PrivateCodes, privateCodes } from '@holdfast/close-codes/private-codes'
import type { Command } from 'commander'
import { readEcosystem } from '../ecosystem-argument.ts'
import { type Block, layOut, sheetOf } from '../layout.ts'
import { type Io, printJson } from '../output.ts'
import { colourOf, meaningOf } from './explain.ts'
import { inLanguage, type LanguageFlags, withLanguageFlags } from './language-flags.ts'

interface CodesFlags extends LanguageFlags {
  private?: string
}

export function registerCodes(program: Command, io: Io): void {
  const command = program
    .command('codes')
    .summary('list the close codes')
    .description('List the registered close codes, or those of one ecosystem.')
    .option('--private <name>', 'the codes of an ecosystem, such as discord or graphql-ws')
  withLanguageFlags(command).action((flags: CodesFlags) =>
    inLanguage(io, flags, (language) => {
      const row = flags.private === undefined ? undefined : readEcosystem(flags.private, language)
      if (flags.json) printJson(io, row ? ecosystemDocument(row, language) : document(language))
      else io.stdout.write(layOut(row ? ecosystemPage(row, language) : page(language), sheetOf(io)))
    }),
  )
}

function document(language: Language) {
  return {
    language: language.tag,
    codes: closeCodes.map((row) => ({ ...row, meaning: language.codes[row.id].meaning })),
    ranges: ranges.map((range) => ({ ...range, meaning: language.ranges[range.id] })),
    ecosystems: privateCodes.map(({ id, ecosystem }) => ({ id, ecosystem })),
  }
}

function ecosystemDocument(row: PrivateCodes, language: Language) {
  const { rule, note } = ecosystemText(language, row.id)
  const { id, ecosystem, sources } = row
  const codes = codesOf(row, language).map(({ code, name, meaning, retry }) => ({
    code,
    name,
    meaning,
    retry,
  }))
  return { language: language.tag, id, ecosystem, rule, note, codes, sources }
}

function page(language: Language): Block[] {
  const { page: words, command } = language
  const entries = closeCodes.map((row) => ({
    label: `${row.code}`,
    name: row.name,
    aside: { text: adviceShort(row.advice, language), colour: colourOf(row.advice.action) },
    text: language.codes[row.id].meaning,
  }))
  return [
    { is: 'title', text: words.title },
    { is: 'entries', entries },
    { is: 'paragraph', text: fill(command.explainHint, { command: '`holdfast explain CODE`' }) },
    { is: 'heading', text: words.ranges },
    {
      is: 'fields',
      fields: ranges.map(({ id, from, to }) => ({ label: `${from}-${to}`, text: language.ranges[id] })),
    },
    { is: 'heading', text: words.privateCodes },
    {
      is: 'paragraph',
      text: listOf(
        privateCodes.map(({ id }) => id),
        language,
      ),
    },
    { is: 'paragraph', text: fill(command.listHint, { command: '`holdfast codes --private NAME`' }) },
  ]
}

function ecosystemPage(row: PrivateCodes, language: Language): Block[] {
  const { rule, note } = ecosystemText(language, row.id)
  const remarks = [rule, note].filter((text) => text !== undefined)
  return [
    { is: 'title', text: row.ecosystem },
    ...remarks.map((text): Block => ({ is: 'paragraph', text })),
    {
      is: 'fields',
      fields: codesOf(row, language).map((use) => ({ label: `${use.code}`, text: meaningOf(use, language) })),
    },
    { is: 'heading', text: language.labels.sources },
    { is: 'lines', lines: row.sources },
  ]
}
