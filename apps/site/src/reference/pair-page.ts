// Two codes side by side: the page that this project began with, and what that page lacked.
import type { CloseCode } from '@holdfast/close-codes'
import { compare } from '@holdfast/close-codes/compare'
import { fill } from '@holdfast/close-codes/languages'
import { type Html, html, inline } from '../html.ts'
import { type Page, relative } from '../page.ts'
import { inEveryLanguage, type Words } from '../text/all.ts'
import { oftenCompared } from './often-compared.ts'
import { comingBack, linesToWrite, receipts, sourceList, steps } from './parts.ts'
import { codePath, pairPath } from './paths.ts'
import { whatClientsDo, whoSends } from './who-page.ts'
import { wireExample } from './wire-example.ts'

export function pairPage(one: CloseCode, other: CloseCode, words: Words): Page {
  const { table, site, tag } = words
  const { labels } = table
  const comparison = compare(one, other, table)
  const path = pairPath(tag, one.code, other.code)
  const [a, b] = [`${one.code} ${one.name}`, `${other.code} ${other.name}`]
  const both = besideEachOther([one, other], path, tag)
  const taken = receipts([one, other], words)
  const returns = whatClientsDo([one.code, other.code], words)
  const textOf = (row: CloseCode) => table.codes[row.id]
  return {
    path,
    words,
    title: comparison.title,
    description: fill(site.pairPage.description, { a, b }),
    translations: inEveryLanguage((language) => pairPath(language, one.code, other.code)),
    indexed: oftenCompared(one.code, other.code),
    keywords: `${one.code} ${other.code} ${one.code}-${other.code}`,
    data: { language: tag, codes: [one.code, other.code], ...comparison },
    structured: {
      '@type': 'TechArticle',
      headline: comparison.title,
      inLanguage: tag,
      about: [a, b].map((name) => ({ '@type': 'DefinedTerm', name })),
    },
    body: html`<p class="category"><a href="${relative(path, `${tag}/compare/`)}">${site.category}</a></p>
<h1>${comparison.title}</h1>
<div class="sides says">
${comparison.says.map(({ code, text }) => html`<blockquote><p>${inline(text)}</p><footer>${code}</footer></blockquote>\n`)}</div>
${both('what', site.pairPage.whatItIs, (row) => html`<p>${inline(textOf(row).description)}</p>`)}
${both('when', labels.whenSeen, (row) => html`<p>${inline(textOf(row).whenSeen)}</p>`)}
${both('fix', labels.howToFix, (row) => steps(textOf(row).howToFix))}
<h2 id="differences">${site.pairPage.differences}</h2>
<dl class="facts">
${comparison.differences.map(({ label, text }) => html`<dt>${label}</dt><dd>${inline(text)}</dd>\n`)}</dl>
${listed('common', site.pairPage.common, comparison.common)}${listed('notes', site.pairPage.notes, comparison.notes)}<h2 id="which">${site.pairPage.whichToUse}</h2>
<dl class="facts">
${comparison.uses.map(({ code, text }) => html`<dt>${code}</dt><dd>${inline(text)}</dd>\n`)}</dl>
${both('back', labels.comeBack, (row) => comingBack(row, words))}
${both('who', site.pairPage.whoSends, (row) => whoSends(row.code, words, path, 4))}
${
  (linesToWrite(one) || linesToWrite(other)) &&
  both(
    'write',
    site.pairPage.linesToWrite,
    (row) => linesToWrite(row) ?? html`<p>${site.pairPage.nothingToWrite}</p>`,
  )
}
${both('wire', site.pairPage.onTheWire, (row) => wireExample(row, words))}
${returns && html`<h2 id="returns">${site.pairPage.clients}</h2>\n<p>${words.table.measured.clientsIntro}</p>\n${returns}\n`}${taken && html`<h2 id="clients">${labels.support}</h2>\n${taken}\n`}${both('sources', labels.sources, sourceList)}`,
  }
}

/** The same part of each of the codes, one beside the other. */
function besideEachOther(rows: readonly CloseCode[], path: string, tag: Words['tag']) {
  return (id: string, heading: string, part: (row: CloseCode) => Html) => html`<h2 id="${id}">${heading}</h2>
<div class="sides">
${rows.map(
  (row) => html`<section aria-label="${row.code} ${row.name}">
<h3><a href="${relative(path, codePath(tag, row.code))}">${row.code} ${row.name}</a></h3>
${part(row)}
</section>\n`,
)}</div>\n`
}

/** Nothing where there is nothing to list. */
function listed(id: string, heading: string, texts: readonly string[]): Html | false {
  return (
    texts.length > 0 &&
    html`<h2 id="${id}">${heading}</h2>
<ul>
${texts.map((text) => html`<li>${inline(text)}</li>\n`)}</ul>\n`
  )
}
