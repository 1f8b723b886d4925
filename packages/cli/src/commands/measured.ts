// `holdfast servers`, `proxies` and `clients`: what was measured, all of it or what concerns one name.
import { fill, type Language } from '@holdfast/close-codes/languages'
import {
  type ClientReceipts,
  type ClientReturns,
  clientReceipts,
  clientReceiptsMeasured,
  clientReturns,
  clientReturnsMeasured,
  exitInWords,
  interimInWords,
  newcomersInWords,
  outcomeInWords,
  type ProxyRow,
  proxies,
  proxiesMeasured,
  type ReturnCode,
  reportInWords,
  returnsInWords,
  type Sent,
  type ServerStops,
  type Stop,
  seenInWords,
  serverStops,
  serverStopsMeasured,
  silentInWords,
  timeInWords,
} from '@holdfast/close-codes/measured'
import type { Command } from 'commander'
import { type Block, layOut, sheetOf } from '../layout.ts'
import { namedRows } from '../measured-name.ts'
import { type Io, printJson } from '../output.ts'
import { type Cell, layoutOf, table } from '../table.ts'
import { inLanguage, type LanguageFlags, withLanguageFlags } from './language-flags.ts'

export function registerMeasured(program: Command, io: Io): void {
  const add = (
    name: 'servers' | 'proxies' | 'clients',
    what: string,
    show: (name: string | undefined, flags: LanguageFlags, language: Language, io: Io) => void,
  ) => {
    const command = program
      .command(name)
      .summary(`what ${name} were seen to do`)
      .description(`${what}\nExit status: 0 fine, 2 a name that is in no row.`)
      .argument('[name]', 'only the rows with this in their name')
    withLanguageFlags(command).action((wanted: string | undefined, flags: LanguageFlags) =>
      inLanguage(io, flags, (language) => show(wanted, flags, language, io)),
    )
  }
  add('servers', 'What connected clients see when a server is stopped, as measured.', servers)
  add(
    'proxies',
    'What the client of a proxy sees when something in it or behind it ends, as measured.',
    proxyRows,
  )
  add('clients', 'What clients report for a Close, and when they reconnect after it, as measured.', clients)
}

function servers(name: string | undefined, { json }: LanguageFlags, language: Language, io: Io): void {
  const rows = namedRows(serverStops, name, ({ server, version }) => [server, version], 'servers', language)
  if (json) return printJson(io, { measured: serverStopsMeasured, servers: rows })
  if (name === undefined) io.stdout.write(serverTable(rows, language, io))
  else
    io.stdout.write(
      layOut(
        rows.flatMap((row) => serverBlocks(row, language)),
        sheetOf(io),
      ),
    )
  io.stdout.write(`\n${fill(language.measured.measured, { date: serverStopsMeasured })}\n`)
}

/** One line for each server: what a plain SIGTERM does, or the first way that was tried. */
function serverTable(rows: readonly ServerStops[], language: Language, io: Io): string {
  const { columns } = language.measured
  const lines = rows.map(({ server, stops }): Cell[] => {
    const stop = stops.find(({ how }) => how.startsWith('SIGTERM')) ?? stops[0]!
    return [
      server,
      stop.how,
      seenInWords(stop.sees, language),
      timeInWords(stop),
      exitInWords(stop, language),
    ]
  })
  const heads = [
    { title: columns.server },
    { title: columns.how, cut: 'end' as const },
    { title: columns.clientSees, cut: 'end' as const },
    { title: columns.after },
    { title: columns.exits, cut: 'end' as const, spare: true },
  ]
  return table(heads, lines, layoutOf(io))
}

function serverBlocks({ server, version, from, stops }: ServerStops, language: Language): Block[] {
  return [
    { is: 'title', text: server },
    { is: 'paragraph', text: `${version} (${from})` },
    ...stops.flatMap((stop): Block[] => [
      { is: 'heading', text: stop.how },
      { is: 'fields', fields: stopFields(stop, language) },
    ]),
  ]
}

function stopFields(stop: Stop, language: Language) {
  const { columns } = language.measured
  return [
    { label: columns.clientSees, text: seenInWords(stop.sees, language) },
    { label: columns.after, text: timeInWords(stop) },
    { label: columns.newcomers, text: newcomersInWords(stop, language) },
    { label: columns.exits, text: exitInWords(stop, language) },
    { label: columns.silentClient, text: silentInWords(stop, language) },
  ].filter(({ text }) => text !== '')
}

function proxyRows(name: string | undefined, { json }: LanguageFlags, language: Language, io: Io): void {
  const rows = namedRows(proxies, name, ({ proxy }) => [proxy], 'proxies', language)
  if (json) return printJson(io, { measured: proxiesMeasured, proxies: rows })
  io.stdout.write(
    layOut(
      rows.flatMap((row) => proxyBlocks(row, language)),
      sheetOf(io),
    ),
  )
  io.stdout.write(`\n${fill(language.measured.measured, { date: proxiesMeasured })}\n`)
}

const outcomes = [
  'handshake',
  'refused',
  'silent',
  'reset',
  'idle',
  'terminated',
  'graceful',
  'reload',
] as const

function proxyBlocks(row: ProxyRow, language: Language): Block[] {
  const { columns, remarks } = language.measured
  const tried = outcomes.filter((one) => row[one])
  const fields = tried.map((one) => ({ label: columns[one], text: outcomeInWords(row[one], language) }))
  const interim = row.interim ? [{ label: columns.interim, text: interimInWords(row, language) }] : []
  const more: Block[] = row.remarks
    ? [
        { is: 'heading', text: remarks },
        { is: 'items', items: row.remarks },
      ]
    : []
  return [{ is: 'title', text: row.proxy }, { is: 'fields', fields: [...fields, ...interim] }, ...more]
}

function clients(name: string | undefined, { json }: LanguageFlags, language: Language, io: Io): void {
  const all = [...new Set([...clientReturns, ...clientReceipts].map(({ client }) => client))]
  const names = new Set(namedRows(all, name, (client) => [client], 'clients', language))
  const returns = clientReturns.filter(({ client }) => names.has(client))
  const reports = clientReceipts.filter(({ client }) => names.has(client))
  if (json) {
    const measured = { returns: clientReturnsMeasured, reports: clientReceiptsMeasured }
    return printJson(io, { measured, returns, reports })
  }
  const blocks = [
    ...returnBlocks(returns, language),
    ...reports.flatMap((row) => reportBlocks(row, name !== undefined, language)),
  ]
  io.stdout.write(layOut(blocks, sheetOf(io)))
  io.stdout.write(`\n${fill(language.measured.measured, { date: clientReceiptsMeasured })}\n`)
}

function returnBlocks(rows: readonly ClientReturns[], language: Language): Block[] {
  const { measured } = language
  if (rows.length === 0) return []
  return [
    { is: 'title', text: measured.clients },
    { is: 'paragraph', text: measured.clientsIntro },
    ...rows.flatMap(({ client, after, loop }): Block[] => [
      { is: 'heading', text: client },
      {
        is: 'fields',
        fields: [
          ...(Object.keys(after).map(Number) as ReturnCode[]).map((code) => ({
            label: `${code}`,
            text: returnsInWords(after[code], language),
          })),
          { label: measured.columns.loop, text: `${loop}` },
        ],
      },
    ]),
  ]
}

/** What is not reported as sent; of one that was asked for by name, all. */
function reportBlocks({ client, reports }: ClientReceipts, all: boolean, language: Language): Block[] {
  const { measured } = language
  const sent = (Object.keys(reports) as `${Sent}`[]).filter((one) => all || reports[one] !== 'same')
  const named = (one: string) =>
    Object.hasOwn(measured.sent, one) ? measured.sent[one as keyof typeof measured.sent] : one
  return [
    { is: 'title', text: client, aside: { text: measured.receipts, colour: 'dim' } },
    {
      is: 'fields',
      fields: sent.map((one) => ({ label: named(one), text: reportInWords(reports[one], language) })),
    },
  ]
}
