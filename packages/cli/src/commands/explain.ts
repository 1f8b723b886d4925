import {
  type EcosystemUse,
  type Explanation,
  explain,
  factsOf,
  type RegisteredExplanation,
  type UnregisteredExplanation,
} from '@holdfast/close-codes/explain'
import { adviceShort, fill, inARow, type Language, labelled, listOf } from '@holdfast/close-codes/languages'
import { whoSays } from '@holdfast/close-codes/measured'
import type { Command } from 'commander'
import { readCode } from '../code-argument.ts'
import { type Block, type Field, layOut, sheetOf } from '../layout.ts'
import { type Colour, type Io, printJson } from '../output.ts'
import { inLanguage, type LanguageFlags, withLanguageFlags } from './language-flags.ts'

export function registerExplain(program: Command, io: Io): void {
  const command = program
    .command('explain')
    .summary('explain a close code')
    .description('Explain a close code: what it means, how to fix it, and whether and when to reconnect.')
    .argument('<code>', 'close code, such as 1012')
  withLanguageFlags(command).action((code: string, flags: LanguageFlags) =>
    inLanguage(io, flags, (language) => {
      const explanation = explain(readCode(code, language), language)
      if (!explanation) return
      if (flags.json) printJson(io, { ...explanation, whoSays: whoSays(explanation.code) })
      else io.stdout.write(layOut(explanationPage(explanation, language), sheetOf(io)))
    }),
  )
}

/** An explanation as a page. */
function explanationPage(explanation: Explanation, language: Language): Block[] {
  return explanation.registered ? registered(explanation, language) : unregistered(explanation, language)
}

function registered(explanation: RegisteredExplanation, language: Language): Block[] {
  const { text, reference } = explanation
  const { labels } = language
  return [
    titleOf(explanation, explanation.name, language),
    { is: 'paragraph', text: text.meaning },
    { is: 'paragraph', text: text.description },
    { is: 'fields', fields: [...factsOf(explanation, language), aliases(explanation, language)] },
    { is: 'heading', text: labels.whenSeen },
    { is: 'paragraph', text: text.whenSeen },
    { is: 'heading', text: labels.howToFix },
    { is: 'steps', items: text.howToFix },
    { is: 'heading', text: labels.causes },
    { is: 'items', items: text.causes },
    { is: 'heading', text: labels.pitfalls },
    { is: 'items', items: text.pitfalls },
    { is: 'heading', text: labels.comeBack },
    {
      is: 'fields',
      fields: [
        { label: labels.registered, text: text.retry.registered },
        { label: labels.practice, text: text.retry.practice },
        { label: labels.holdfast, text: inARow(text.advice, text.retry.holdfast, language) },
      ],
    },
    ...saidBy(explanation, language),
    ...usedBy(explanation, language),
    { is: 'heading', text: labels.definedIn },
    { is: 'lines', lines: [reference.title, reference.url] },
  ]
}

function unregistered(explanation: UnregisteredExplanation, language: Language): Block[] {
  const { text, travels, browserMaySend, sameRange } = explanation
  const { labels, command } = language
  const yesOrNo = (is: boolean) => (is ? labels.yes : labels.no)
  const others: Block[] = [
    { is: 'heading', text: command.sameRange },
    {
      is: 'paragraph',
      text: listOf(
        sameRange.map(({ id }) => id),
        language,
      ),
    },
    { is: 'paragraph', text: fill(command.listHint, { command: '`holdfast codes --private NAME`' }) },
  ]
  return [
    titleOf(explanation, command.unregistered, language),
    { is: 'paragraph', text: text.meaning },
    {
      is: 'fields',
      fields: [
        { label: labels.onTheWire, text: travels ? labels.wires.code : labels.wires.forbidden },
        { label: labels.browserMaySend, text: yesOrNo(browserMaySend) },
        { label: labels.comeBack, text: text.advice },
      ],
    },
    ...saidBy(explanation, language),
    ...usedBy(explanation, language),
    ...(sameRange.length > 0 ? others : []),
  ]
}

function titleOf({ code, advice }: Explanation, name: string, language: Language): Block {
  const aside = { text: adviceShort(advice, language), colour: colourOf(advice.action) }
  return { is: 'title', text: `${code} ${name}`, aside }
}

/** Green: reconnect. Yellow: do not, until something has changed. */
export function colourOf(action: Explanation['advice']['action']): Colour {
  return action === 'reconnect' ? 'green' : 'yellow'
}

function aliases({ aliases }: RegisteredExplanation, language: Language): Field {
  return { label: language.labels.aliases, text: listOf(aliases, language) }
}

/** How many servers `explain` names; `holdfast servers` has them all. */
const maxSenders = 6

/** Who was seen to say it when it stops; nothing about numbers that nobody says and that are not registered. */
function saidBy({ code, registered }: Explanation, language: Language): Block[] {
  const { measured } = language
  const { servers, count, of } = whoSays(code)
  if (count === 0 && !registered) return []
  const hint = fill(measured.tableHint, { command: '`holdfast servers`' })
  const sentence = fill(count === 0 ? measured.nobody : measured.howMany, { code, count, of })
  return [
    { is: 'heading', text: measured.saidBy },
    { is: 'paragraph', text: inARow(sentence, hint, language) },
    {
      is: 'items',
      items: servers.slice(0, maxSenders).map(({ version, how }) => labelled(version, how, language)),
    },
  ]
}

function usedBy(explanation: Explanation, language: Language): Block[] {
  if (explanation.ecosystems.length === 0) return []
  const own = explanation.registered ? explanation.name : undefined
  const fields = explanation.ecosystems.map((use) => ({
    label: use.ecosystem,
    text: meaningOf(use, language, own),
  }))
  return [
    { is: 'heading', text: language.command.usedBy },
    { is: 'fields', fields },
  ]
}

/** A code of an ecosystem in one line: its name unless that is known, its meaning, and what the clients there do. */
export function meaningOf(
  { name, meaning, retry }: EcosystemUse,
  language: Language,
  known?: string,
): string {
  const words = meaning === undefined ? name : name === known ? meaning : labelled(name, meaning, language)
  return retry === 'unknown'
    ? words
    : fill(language.aside, { a: words, b: language.labels.privateRetries[retry] })
}
