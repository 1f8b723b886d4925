// What pages about codes have in common: lists, facts, sources, and what implementations do on receipt.
import type { CloseCode, Reference } from '@holdfast/close-codes'
import { factsOf, receiptsInWords, sourcesOf } from '@holdfast/close-codes/explain'
import { adviceSentence, inARow } from '@holdfast/close-codes/languages'
import { type Html, html, inline } from '../html.ts'
import type { Words } from '../text/all.ts'
import { recipesFor } from './recipes.ts'

export const list = (lines: readonly string[]) =>
  html`<ul>\n${lines.map((line) => html`<li>${inline(line)}</li>\n`)}</ul>`

export const steps = (lines: readonly string[]) =>
  html`<ol>\n${lines.map((line) => html`<li>${inline(line)}</li>\n`)}</ol>`

export function link({ title, url }: Reference): Html {
  return html`<a href="${url}" rel="noreferrer">${title}</a>`
}

/** The facts of the table about one code, and where it is defined. */
export function facts(row: CloseCode, { table }: Words): Html {
  const { labels } = table
  const known = factsOf(row, table).map(
    ({ label, text }) => html`<dt>${label}</dt><dd>${inline(text)}</dd>\n`,
  )
  const aliases = row.aliases.map((alias, i) => html`${i > 0 && ' '}<code>${alias}</code>`)
  return html`<dl class="facts">
${known}<dt>${labels.definedIn}</dt><dd>${link(row.reference)}</dd>
<dt>${labels.aliases}</dt><dd>${aliases}</dd>
</dl>`
}

/** Whether to come back: what is registered, what is done, what Holdfast does. */
export function comingBack(row: CloseCode, { table }: Words): Html {
  const { labels } = table
  const { retry } = table.codes[row.id]
  return html`<dl class="facts">
<dt>${labels.registered}</dt><dd>${inline(retry.registered)}</dd>
<dt>${labels.practice}</dt><dd>${inline(retry.practice)}</dd>
<dt>${labels.holdfast}</dt><dd>${inline(inARow(adviceSentence(row.advice, table), retry.holdfast, table))}</dd>
</dl>`
}

export function sourceList(row: CloseCode): Html {
  return html`<ul>\n${sourcesOf(row).map((source) => html`<li>${link(source)}</li>\n`)}</ul>`
}

/** Which implementations take codes when they arrive; nothing where all take them. With one code each row has its source. */
export function receipts(rows: readonly CloseCode[], { table }: Words): Html | undefined {
  const { labels } = table
  const columns = rows
    .map(({ code }) => ({ code, cells: receiptsInWords(code, table) }))
    .filter(({ cells }) => cells.length > 0)
  const [first] = columns
  if (!first) return undefined
  return html`<div class="wide" tabindex="0"><table>
<thead><tr><th>${labels.implementation}</th>${columns.map(({ code }) => html`<th>${code}</th>`)}<th>${labels.note}</th></tr></thead>
<tbody>
${first.cells.map(
  ({ implementation, source, note }, i) =>
    html`<tr><td>${rows.length > 1 ? implementation : html`<a href="${source}" rel="noreferrer">${implementation}</a>`}</td>${columns.map(
      ({ cells }) => html`<td>${labels.receipts[cells[i]!.receipt]}</td>`,
    )}<td>${note && inline(note)}</td></tr>\n`,
)}</tbody>
</table></div>`
}

/** The lines to write about a code, stack by stack; nothing where there are none. */
export function linesToWrite(row: CloseCode): Html | undefined {
  const recipes = recipesFor(row)
  if (recipes.length === 0) return undefined
  return html`${recipes.map(
    ({ stack, lines }) => html`<h4>${stack}</h4>\n<pre tabindex="0"><code>${lines}</code></pre>\n`,
  )}`
}
