// Who says what: three measured tables, in the words of the reader's language.

import { fill } from '@holdfast/close-codes/languages'
import {
  clientReturns,
  clientReturnsMeasured,
  type ProxyOutcome,
  proxies,
  proxiesMeasured,
  type Returns,
  type Seen,
  type Stop,
  serverStops,
  serverStopsMeasured,
} from '@holdfast/close-codes/measured'
import { type Html, html } from '../html.ts'
import { type Page, relative } from '../page.ts'
import { inEveryLanguage, type Words } from '../text/all.ts'

export const whoPath = (tag: string) => `${tag}/who/`

const allStops = serverStops.flatMap(({ stops }) => stops)

/** Whether clients report a code after this stop: a Close with it, or an end of TCP, which they report as 1006. */
function shows(code: number, seen: Seen): boolean {
  if (seen.what === 'close') return seen.code === code
  return code === 1006 && (seen.what === 'end' || seen.what === 'reset')
}

/** The servers whose clients see a code, with the ways of stopping them; a few, and how many there are in all. */
export function whoSends(code: number, words: Words, from: string, most = 6): Html {
  const { who } = words.site
  const count = allStops.filter(({ sees }) => sees.some((seen) => shows(code, seen))).length
  const about = { code, count, of: allStops.length }
  const more = html`<a href="${relative(from, whoPath(words.tag))}">${who.title}</a>`
  if (count === 0) return html`<p>${fill(who.nobody, about)} ${more}</p>`
  const some = serverStops.flatMap(({ version, stops }) =>
    stops
      .filter(({ sees }) => sees.some((seen) => shows(code, seen)))
      .slice(0, 1)
      .map(({ how }) => html`<li>${version}: <code>${how}</code></li>\n`),
  )
  return html`<p>${fill(who.howMany, about)} ${more}</p>
<ul>
${some.slice(0, most)}</ul>`
}

/** How client libraries come back after a code; nothing for codes that were not tried. */
export function whatClientsDo(codes: readonly number[], { site }: Words): Html | undefined {
  const tried = codes.filter(
    (code) => code in clientReturns[0]!.after,
  ) as (keyof (typeof clientReturns)[0]['after'])[]
  if (tried.length === 0) return undefined
  const { columns } = site.who
  return html`<div class="wide" tabindex="0"><table>
<thead><tr><th>${columns.client}</th>${tried.map((code) => html`<th>${code}</th>`)}</tr></thead>
<tbody>
${clientReturns.map(
  ({ client, after }) =>
    html`<tr><td>${client}</td>${tried.map((code) => html`<td>${returns(after[code], site.who)}</td>`)}</tr>\n`,
)}</tbody>
</table></div>`
}

export function whoPage(words: Words): Page {
  const { site, tag } = words
  const { who } = site
  const measured = (date: string) => html`<p>${fill(who.measured, { date })}</p>`
  return {
    path: whoPath(tag),
    words,
    title: who.title,
    description: who.description,
    translations: inEveryLanguage(whoPath),
    data: { servers: serverStops, proxies, clients: clientReturns },
    body: html`<h1>${who.title}</h1>
<p class="meaning">${who.intro}</p>
<ul>
<li><a href="#servers">${who.servers}</a></li>
<li><a href="#proxies">${who.proxies}</a></li>
<li><a href="#clients">${who.clients}</a></li>
</ul>
<h2 id="servers">${who.servers}</h2>
<p>${who.serversIntro}</p>
${measured(serverStopsMeasured)}
${serverTable(who)}
<h2 id="proxies">${who.proxies}</h2>
<p>${who.proxiesIntro}</p>
${measured(proxiesMeasured)}
${proxyTable(who)}
<h2 id="clients">${who.clients}</h2>
<p>${who.clientsIntro}</p>
${measured(clientReturnsMeasured.date)}
${clientTable(who)}`,
  }
}

type WhoText = Words['site']['who']

function serverTable(who: WhoText): Html {
  const { columns } = who
  const heads = ['how', 'clientSees', 'after', 'newcomers', 'exits', 'silentClient'] as const
  return html`<div class="wide" tabindex="0"><table>
<thead><tr><th>${columns.server}</th>${heads.map((head) => html`<th>${columns[head]}</th>`)}</tr></thead>
${serverStops.map(
  ({ server, version, stops }) => html`<tbody id="${server.replace(/[^\w-]/g, '-')}">
${stops.map(
  (stop, i) =>
    html`<tr>${i === 0 && html`<th scope="rowgroup" rowspan="${stops.length}">${version}</th>`}<td><code>${stop.how}</code></td>${stopCells(stop, who)}</tr>\n`,
)}</tbody>\n`,
)}</table></div>`
}

function stopCells({ sees, after, spread, newcomers, exits, silentClient }: Stop, who: WhoText): Html {
  const ending = typeof exits === 'string' ? who[exits] : `${exits.after} s, ${exits.status}`
  const seen = sees.map((one, i) => [i > 0 && ' / ', seenWords(one, who)])
  const time = after === undefined ? '' : `${after} s${spread ? ` (+ ${spread} s)` : ''}`
  const met = newcomers.map((one) => who.newcomer[one]).join(' → ')
  return html`<td>${seen}</td><td>${time}</td><td>${met}</td><td>${ending}</td><td>${silentWords(silentClient, who)}</td>`
}

function seenWords(seen: Seen, who: WhoText): Html {
  if (seen.what !== 'close') return html`${who.seen[seen.what]}`
  return html`Close ${seen.code}${seen.reason !== undefined && html` <code>${seen.reason}</code>`}`
}

function silentWords(silent: Stop['silentClient'], who: WhoText): string {
  if (silent === undefined) return ''
  if (silent === 'never') return who.never
  const { cut, exit } = silent
  return [
    cut !== undefined && fill(who.cut, { cut: `${cut} s` }),
    exit !== undefined && fill(who.exit, { exit: `${exit} s` }),
  ]
    .filter(Boolean)
    .join(', ')
}

function proxyTable(who: WhoText): Html {
  const columns = ['refused', 'silent', 'reset', 'idle', 'terminated', 'graceful', 'reload'] as const
  return html`<div class="wide" tabindex="0"><table>
<thead><tr><th>${who.columns.proxy}</th>${columns.map((column) => html`<th>${who.columns[column]}</th>`)}</tr></thead>
<tbody>
${proxies.map(
  (row) =>
    html`<tr><th scope="row">${row.proxy}</th>${columns.map((column) => html`<td>${outcome(row[column], who)}</td>`)}</tr>\n`,
)}</tbody>
</table></div>`
}

function outcome(seen: ProxyOutcome | undefined, who: WhoText): string {
  if (!seen) return who.notTried
  const later = 'after' in seen && seen.after ? ` (${seen.after} s)` : ''
  switch (seen.what) {
    case 'http':
      return (seen.inside ? fill(who.inside, { status: seen.status }) : `HTTP ${seen.status}`) + later
    case 'end':
      return who.seen.end + later
    case 'close':
      return `Close ${seen.code}${later}`
    case 'kept':
      return who.kept
    case 'silence':
      return who.silence
  }
}

function clientTable(who: WhoText): Html {
  const codes = Object.keys(clientReturns[0]!.after).map(
    Number,
  ) as (keyof (typeof clientReturns)[0]['after'])[]
  return html`<div class="wide" tabindex="0"><table>
<thead><tr><th>${who.columns.client}</th>${codes.map((code) => html`<th>${code}</th>`)}<th>${who.columns.loop}</th></tr></thead>
<tbody>
${clientReturns.map(
  ({ client, after, loop }) =>
    html`<tr><th scope="row">${client}</th>${codes.map((code) => html`<td>${returns(after[code], who)}</td>`)}<td>${loop}</td></tr>\n`,
)}</tbody>
</table></div>`
}

function returns(after: Returns, who: WhoText): string {
  return after === 'never' ? who.staysAway : fill(who.attempts, { attempts: after.join(' / ') })
}
