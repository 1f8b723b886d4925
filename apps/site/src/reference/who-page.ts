// Who says what: three measured tables, in the words of the reader's language.

import { fill, type Language } from '@holdfast/close-codes/languages'
import {
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
  type Seen,
  type Sent,
  type Stop,
  seenInWords,
  serverStops,
  serverStopsMeasured,
  silentInWords,
  timeInWords,
  whoSays,
} from '@holdfast/close-codes/measured'
import { type Html, html, inline } from '../html.ts'
import { type Page, relative } from '../page.ts'
import { inEveryLanguage, type Words } from '../text/all.ts'

export const whoPath = (tag: string) => `${tag}/who/`

/** The servers whose clients see a code, with the ways of stopping them; a few, and how many there are in all. */
export function whoSends(code: number, words: Words, from: string, most = 6): Html {
  const who = words.table.measured
  const { servers, count, of } = whoSays(code)
  const more = html`<a href="${relative(from, whoPath(words.tag))}">${who.title}</a>`
  if (count === 0) return html`<p>${fill(who.nobody, { code, count, of })} ${more}</p>`
  const some = servers.map(({ version, how }) => html`<li>${version}: <code>${how}</code></li>\n`)
  return html`<p>${fill(who.howMany, { code, count, of })} ${more}</p>
<ul>
${some.slice(0, most)}</ul>`
}

/** How client libraries come back after a code; nothing for codes that were not tried. */
export function whatClientsDo(codes: readonly number[], { table }: Words): Html | undefined {
  const tried = codes.filter((code) => code in clientReturns[0]!.after) as ReturnCode[]
  if (tried.length === 0) return undefined
  return html`<div class="wide" tabindex="0"><table>
<thead><tr><th>${table.measured.columns.client}</th>${tried.map((code) => html`<th>${code}</th>`)}</tr></thead>
<tbody>
${clientReturns.map(
  ({ client, after }) =>
    html`<tr><td>${client}</td>${tried.map((code) => html`<td>${returnsInWords(after[code], table)}</td>`)}</tr>\n`,
)}</tbody>
</table></div>`
}

export function whoPage(words: Words): Page {
  const { tag, table } = words
  const who = table.measured
  const measured = (date: string) => html`<p>${fill(who.measured, { date })}</p>`
  return {
    path: whoPath(tag),
    words,
    title: who.title,
    description: fill(who.description, {
      servers: serverStops.length,
      proxies: proxies.length,
      clients: new Set([...clientReturns, ...clientReceipts].map(({ client }) => client)).size,
    }),
    translations: inEveryLanguage(whoPath),
    data: { servers: serverStops, proxies, clients: clientReturns, receipts: clientReceipts },
    body: html`<h1>${who.title}</h1>
<p class="meaning">${who.intro}</p>
<ul>
<li><a href="#servers">${who.servers}</a></li>
<li><a href="#proxies">${who.proxies}</a></li>
<li><a href="#clients">${who.clients}</a></li>
<li><a href="#receipts">${who.receipts}</a></li>
</ul>
<h2 id="servers">${who.servers}</h2>
<p>${who.serversIntro}</p>
${measured(serverStopsMeasured)}
${serverTable(table)}
<h2 id="proxies">${who.proxies}</h2>
<p>${who.proxiesIntro}</p>
${measured(proxiesMeasured)}
${proxyTable(table)}
<h2 id="clients">${who.clients}</h2>
<p>${who.clientsIntro}</p>
${measured(clientReturnsMeasured.date)}
${clientTable(table)}
<h2 id="receipts">${who.receipts}</h2>
<p>${who.receiptsIntro}</p>
${measured(clientReceiptsMeasured)}
${receiptTable(table)}`,
  }
}

function serverTable(table: Language): Html {
  const { columns } = table.measured
  const heads = ['how', 'clientSees', 'after', 'newcomers', 'exits', 'silentClient'] as const
  return html`<div class="wide" tabindex="0"><table>
<thead><tr><th>${columns.server}</th>${heads.map((head) => html`<th>${columns[head]}</th>`)}</tr></thead>
${serverStops.map(
  ({ server, version, stops }) => html`<tbody id="${server.replace(/[^\w-]/g, '-')}">
${stops.map(
  (stop, i) =>
    html`<tr>${i === 0 && html`<th scope="rowgroup" rowspan="${stops.length}">${version}</th>`}<td><code>${stop.how}</code></td>${stopCells(stop, table)}</tr>\n`,
)}</tbody>\n`,
)}</table></div>`
}

function stopCells(stop: Stop, table: Language): Html {
  const { sees } = stop
  const seen = sees.map((one, i) => [i > 0 && ' / ', seenHtml(one, table)])
  return html`<td>${seen}</td><td>${timeInWords(stop)}</td><td>${newcomersInWords(stop, table)}</td><td>${exitInWords(stop, table)}</td><td>${silentInWords(stop, table)}</td>`
}

function seenHtml(seen: Seen, table: Language): Html {
  if (seen.what !== 'close') return html`${seenInWords([seen], table)}`
  return html`Close ${seen.code}${seen.reason !== undefined && html` <code>${seen.reason}</code>`}`
}

function proxyTable(table: Language): Html {
  const { columns } = table.measured
  const heads = [
    'handshake',
    'refused',
    'silent',
    'reset',
    'idle',
    'terminated',
    'graceful',
    'reload',
  ] as const
  // The remarks are data, in English; every language has them in the JSON beside the page.
  const english = table.tag === 'en'
  const cell = (row: ProxyRow, head: (typeof heads)[number]) =>
    head === 'handshake' && !row.handshake ? 'HTTP 101' : outcomeInWords(row[head], table)
  return html`<div class="wide" tabindex="0"><table>
<thead><tr><th>${columns.proxy}</th>${heads.map((head) => html`<th>${columns[head]}</th>`)}<th>${columns.interim}</th>${english && html`<th>${table.measured.remarks}</th>`}</tr></thead>
<tbody>
${proxies.map(
  (row) =>
    html`<tr><th scope="row">${row.proxy}</th>${heads.map((head) => html`<td>${cell(row, head)}</td>`)}<td>${interimInWords(row, table)}</td>${english && html`<td>${inline(row.remarks?.join(' ') ?? '')}</td>`}</tr>\n`,
)}</tbody>
</table></div>`
}

function clientTable(table: Language): Html {
  const { columns } = table.measured
  const codes = Object.keys(clientReturns[0]!.after).map(Number) as ReturnCode[]
  return html`<div class="wide" tabindex="0"><table>
<thead><tr><th>${columns.client}</th>${codes.map((code) => html`<th>${code}</th>`)}<th>${columns.loop}</th></tr></thead>
<tbody>
${clientReturns.map(
  ({ client, after, loop }) =>
    html`<tr><th scope="row">${client}</th>${codes.map((code) => html`<td>${returnsInWords(after[code], table)}</td>`)}<td>${loop}</td></tr>\n`,
)}</tbody>
</table></div>`
}

function receiptTable(table: Language): Html {
  const { columns, sent: words } = table.measured
  const heads = Object.keys(clientReceipts[0]!.reports) as `${Sent}`[]
  const named = (head: string) => (Object.hasOwn(words, head) ? words[head as keyof typeof words] : head)
  return html`<div class="wide" tabindex="0"><table>
<thead><tr><th>${columns.client}</th>${heads.map((head) => html`<th>${named(head)}</th>`)}</tr></thead>
<tbody>
${clientReceipts.map(
  ({ client, reports }) =>
    html`<tr><th scope="row">${client}</th>${heads.map((head) => html`<td>${reportInWords(reports[head], table)}</td>`)}</tr>\n`,
)}</tbody>
</table></div>`
}
