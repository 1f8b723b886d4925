import { type CloseCode, closeCodes } from './close-codes.ts'
import { code } from './code.ts'
import { ecosystemText } from './ecosystem-text.ts'
import { codesOf, factsOf } from './explain.ts'
import { fill } from './fill.ts'
import { adviceSentence, adviceShort, inARow, labelled, listOf } from './phrases.ts'
import { type PrivateCodes, privateCodes, withoutPrivateCodes } from './private-codes.ts'
import { ranges } from './ranges.ts'
import { receiveSupport, refusals } from './receive-support.ts'
import { type Reference, rfc6455Ranges } from './references.ts'
import { sources } from './sources.ts'
import type { Language } from './text/language.ts'

/** The name of the file that holds the reference in one language. */
export function referenceFile({ tag }: Language): string {
  return tag === 'en' ? 'close-codes.md' : `close-codes.${tag}.md`
}

/**
 * Renders the whole reference in one language as a Markdown page, with links to it in the other languages.
 * `docs/close-codes.md` is this, in English.
 */
export function renderReference(language: Language, languages: readonly Language[] = []): string {
  const { page } = language
  const others = languages.map((other) =>
    other.tag === language.tag ? other.name : `[${other.name}](${referenceFile(other)})`,
  )
  const blocks = [
    `# ${page.title}`,
    ...(others.length > 0 ? [others.join(' · ')] : []),
    ...page.intro,
    `## ${page.overview}`,
    overview(language),
    `## ${page.ranges}`,
    rangeTable(language),
    link(rfc6455Ranges),
    `## ${page.delays}`,
    ...page.delaysText,
    `## ${page.reasons}`,
    ...page.reasonsText,
    ...closeCodes.map((row) => renderCode(row, language)),
    `## ${page.support}`,
    fill(page.supportText, {
      restart: refusals(code.serviceRestart).refusing,
      badGateway: refusals(code.badGateway).refusing,
      of: receiveSupport.length,
    }),
    supportTable(language),
    `## ${page.privateCodes}`,
    ...page.privateCodesText,
    ...privateCodes.map((row) => ecosystem(row, language)),
    `### ${page.withoutPrivateCodes}`,
    list(withoutPrivateCodes.map((row) => labelled(row.ecosystem, insteadOf(row.id, language), language))),
  ]
  return `${blocks.join('\n\n')}\n`
}

/** Renders one code in one language as Markdown, with a heading of the second level. */
export function renderCode(row: CloseCode, language: Language): string {
  const text = language.codes[row.id]
  const { labels } = language
  const section = (title: string, body: string) => `### ${title}\n\n${body}`
  const said = (label: string, words: string) => labelled(`**${label}**`, words, language)
  return [
    `## ${row.code} ${row.name}`,
    `**${text.meaning}**`,
    text.description,
    facts(row, language),
    section(labels.whenSeen, text.whenSeen),
    section(labels.howToFix, text.howToFix.map((step, i) => `${i + 1}. ${step}`).join('\n')),
    section(labels.causes, list(text.causes)),
    section(labels.pitfalls, list(text.pitfalls)),
    section(
      labels.comeBack,
      list([
        said(labels.registered, text.retry.registered),
        said(labels.practice, text.retry.practice),
        said(labels.holdfast, inARow(adviceSentence(row.advice, language), text.retry.holdfast, language)),
      ]),
    ),
    section(labels.sources, list(sources[row.id].map(link))),
  ].join('\n\n')
}

function facts(row: CloseCode, language: Language): string {
  const { labels } = language
  return list([
    ...factsOf(row, language).map(({ label, text }) => labelled(label, text, language)),
    labelled(labels.definedIn, link(row.reference), language),
    labelled(
      labels.aliases,
      listOf(
        row.aliases.map((alias) => `\`${alias}\``),
        language,
      ),
      language,
    ),
  ])
}

function overview(language: Language): string {
  const { codes, labels } = language
  return table(
    [labels.code, labels.name, labels.meaning, labels.comeBack],
    closeCodes.map((row) => [
      `[${row.code}](#${anchor(`${row.code} ${row.name}`)})`,
      row.name,
      codes[row.id].meaning,
      adviceShort(row.advice, language),
    ]),
  )
}

function rangeTable({ labels, ranges: words }: Language): string {
  return table(
    [labels.range, labels.meaning],
    ranges.map((range) => [`${range.from}-${range.to}`, words[range.id]]),
  )
}

function supportTable({ labels, supportNotes }: Language): string {
  const notes: Readonly<Record<string, string>> = supportNotes
  return table(
    [
      labels.implementation,
      ...[code.serviceRestart, code.tryAgainLater, code.badGateway].map(String),
      ...ranges.filter((range) => range.id === 'registered').map((range) => `${range.from}-${range.to}`),
      labels.note,
    ],
    receiveSupport.map((row) => [
      `[${row.implementation}](${row.source})`,
      labels.receipts[row.serviceRestart],
      labels.receipts[row.tryAgainLater],
      labels.receipts[row.badGateway],
      labels.receipts[row.registered],
      notes[row.id] ?? '',
    ]),
  )
}

function ecosystem(row: PrivateCodes, language: Language): string {
  const { labels } = language
  const { rule, note } = ecosystemText(language, row.id)
  return [
    `### ${row.ecosystem}`,
    ...[rule, note].filter((words) => words !== undefined),
    table(
      [labels.code, labels.name, labels.meaning, labels.comeBack],
      codesOf(row, language).map((it) => [
        `${it.code}`,
        it.name,
        it.meaning ?? '',
        labels.privateRetries[it.retry],
      ]),
    ),
    labelled(
      labels.sources,
      listOf(
        row.sources.map((url) => `<${url}>`),
        language,
      ),
      language,
    ),
  ].join('\n\n')
}

function insteadOf(id: string, { withoutOwnCodes }: Language): string {
  const byId: Readonly<Record<string, string>> = withoutOwnCodes
  return byId[id] ?? ''
}

const link = ({ title, url }: Reference) => `[${title}](${url})`

const list = (lines: readonly string[]) => lines.map((line) => `- ${line}`).join('\n')

const anchor = (heading: string) => heading.toLowerCase().replaceAll(' ', '-')

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) =>
    `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n')
}
