import type { Advice } from './advice.ts'
import { type CloseCode, closeCodes, grpcStatus } from './close-codes.ts'
import { code } from './code.ts'
import { type PrivateCodes, privateCodes, withoutPrivateCodes } from './private-codes.ts'
import { ranges } from './ranges.ts'
import { receiveSupport } from './receive-support.ts'
import { type Reference, rfc6455Ranges } from './references.ts'
import { sources } from './sources.ts'
import type { Language } from './text/language.ts'

/** Renders the whole reference in one language as a Markdown page. `docs/close-codes.md` is this, in English. */
export function renderReference(language: Language): string {
  const { page } = language
  const blocks = [
    `# ${page.title}`,
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
    page.supportText({
      restart: receiveSupport.filter((row) => row.serviceRestart === 'rejects').length,
      badGateway: receiveSupport.filter((row) => row.badGateway === 'rejects').length,
      of: receiveSupport.length,
    }),
    supportTable(language),
    `## ${page.privateCodes}`,
    ...page.privateCodesText,
    ...privateCodes.map((row) => ecosystem(row, language)),
    `### ${page.withoutPrivateCodes}`,
    list(withoutPrivateCodes.map((row) => `${row.ecosystem}: ${row.instead}`)),
  ]
  return `${blocks.join('\n\n')}\n`
}

/** Renders one code in one language as Markdown, with a heading of the second level. */
export function renderCode(row: CloseCode, language: Language): string {
  const text = language.codes[row.id]
  const { labels } = language
  const section = (title: string, body: string) => `### ${title}\n\n${body}`
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
        `**${labels.registered}.** ${text.retry.registered}`,
        `**${labels.practice}.** ${text.retry.practice}`,
        `**${labels.holdfast}.** ${sentence(row.advice, language)} ${text.retry.holdfast}`,
      ]),
    ),
    section(labels.sources, list(sources[row.id].map(link))),
  ].join('\n\n')
}

function facts(row: CloseCode, { labels }: Language): string {
  const or = (words: readonly string[], none = labels.none) => (words.length > 0 ? words.join(', ') : none)
  const senders = row.sentBy.map((sender) => labels.senders[sender])
  return list([
    `${labels.sentBy}: ${or(senders, row.code === code.reserved ? labels.none : labels.nobody)}`,
    `${labels.onTheWire}: ${row.travels ? labels.yes : labels.no}`,
    `${labels.browserMaySend}: ${row.browserMaySend ? labels.yes : labels.no}`,
    `${labels.http}: ${or(row.http.map(String))}`,
    `${labels.grpc}: ${or(row.grpc.map((name) => `${name} (${grpcStatus[name]})`))}`,
    `${labels.definedIn}: ${link(row.reference)}`,
    `${labels.aliases}: ${or(row.aliases.map((alias) => `\`${alias}\``))}`,
  ])
}

function overview({ codes, labels }: Language): string {
  return table(
    [labels.code, labels.name, labels.meaning, labels.comeBack],
    closeCodes.map((row) => [
      `[${row.code}](#${anchor(`${row.code} ${row.name}`)})`,
      row.name,
      codes[row.id].meaning,
      row.advice.action === 'stop' ? labels.stopShort : labels.reconnectShort(row.advice.delay),
    ]),
  )
}

function rangeTable({ labels, ranges: words }: Language): string {
  return table(
    [labels.range, labels.meaning],
    ranges.map((range) => [`${range.from}-${range.to}`, words[range.id]]),
  )
}

function supportTable({ labels }: Language): string {
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
      row.note ?? '',
    ]),
  )
}

function ecosystem(row: PrivateCodes, { labels }: Language): string {
  return [
    `### ${row.ecosystem}`,
    ...[row.rule, row.note].filter((words) => words !== undefined),
    table(
      [labels.code, labels.name, labels.meaning, labels.comeBack],
      row.codes.map((it) => [`${it.code}`, it.name, it.meaning ?? '', labels.privateRetries[it.retry]]),
    ),
    `${labels.sources}: ${row.sources.map((url) => `<${url}>`).join(', ')}`,
  ].join('\n\n')
}

function sentence(advice: Advice, { labels }: Language): string {
  return advice.action === 'stop' ? labels.stop : labels.reconnect(advice.delay)
}

const link = ({ title, url }: Reference) => `[${title}](${url})`

const list = (lines: readonly string[]) => lines.map((line) => `- ${line}`).join('\n')

const anchor = (heading: string) => heading.toLowerCase().replaceAll(' ', '-')

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) =>
    `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n')
}
