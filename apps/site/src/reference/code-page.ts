// One code: all that the table knows of it.
import { type CloseCode, closeCodes } from '@holdfast/close-codes'
import { explain, usesOf } from '@holdfast/close-codes/explain'
import { fill } from '@holdfast/close-codes/languages'
import { type Html, html, inline } from '../html.ts'
import { type Page, relative } from '../page.ts'
import { inEveryLanguage, type Words } from '../text/all.ts'
import { oftenCompared } from './often-compared.ts'
import { comingBack, facts, linesToWrite, list, receipts, sourceList, steps } from './parts.ts'
import { codePath, pairPath } from './paths.ts'
import { whatClientsDo, whoSends } from './who-page.ts'
import { wireExample } from './wire-example.ts'

export function codePage(row: CloseCode, words: Words): Page {
  const { table, site, tag } = words
  const { labels } = table
  const text = table.codes[row.id]
  const path = codePath(tag, row.code)
  const title = `${row.code} ${row.name}`
  const taken = receipts([row], words)
  const lines = linesToWrite(row)
  const returns = whatClientsDo([row.code], words)
  const uses = usesOf(row.code, table)
  return {
    path,
    words,
    title,
    description: fill(site.codePage.description, { code: row.code, name: row.name, meaning: text.meaning }),
    translations: inEveryLanguage((other) => codePath(other, row.code)),
    keywords: [row.code, row.name, ...row.aliases].join(' '),
    data: explain(row.code, table),
    structured: {
      '@type': 'DefinedTerm',
      name: title,
      termCode: String(row.code),
      description: text.meaning,
      inDefinedTermSet: site.category,
      inLanguage: tag,
    },
    body: html`<p class="category"><a href="${relative(path, `${tag}/codes/`)}">${site.category}</a></p>
<h1>${row.code} <span>${row.name}</span></h1>
<p class="meaning">${inline(text.meaning)}</p>
<p>${inline(text.description)}</p>
${facts(row, words)}
<h2 id="when">${labels.whenSeen}</h2>
<p>${inline(text.whenSeen)}</p>
<h2 id="fix">${labels.howToFix}</h2>
${steps(text.howToFix)}
<h2 id="causes">${labels.causes}</h2>
${list(text.causes)}
<h2 id="pitfalls">${labels.pitfalls}</h2>
${list(text.pitfalls)}
<h2 id="back">${labels.comeBack}</h2>
${comingBack(row, words)}
<h2 id="who">${site.pairPage.whoSends}</h2>
${whoSends(row.code, words, path)}
${lines && html`<h2 id="write">${site.pairPage.linesToWrite}</h2>\n${lines}\n`}<h2 id="wire">${site.pairPage.onTheWire}</h2>
${wireExample(row, words)}
${returns && html`<h2 id="returns">${site.pairPage.clients}</h2>\n<p>${words.table.measured.clientsIntro}</p>\n${returns}\n`}${taken && html`<h2 id="receipt">${labels.support}</h2>\n${taken}\n`}${
  uses.length > 0 &&
  html`<h2 id="others">${site.codePage.inEcosystems}</h2>
<dl class="facts">
${uses.map(({ ecosystem, name, meaning }) => html`<dt>${ecosystem}</dt><dd><code>${name}</code> ${meaning && inline(meaning)}</dd>\n`)}</dl>\n`
}<h2 id="compare">${site.codePage.compareWith}</h2>
<ul class="pairs">
${pairsWith(row, path, tag)}</ul>
<h2 id="sources">${labels.sources}</h2>
${sourceList(row)}`,
  }
}

/** The other codes, each as a link to the page of both; those that many compare stand out. */
function pairsWith(row: CloseCode, path: string, tag: Words['tag']): Html[] {
  return closeCodes
    .filter((other) => other !== row)
    .map((other) => {
      const to = relative(path, pairPath(tag, row.code, other.code))
      const name = html`${other.code} ${other.name}`
      return html`<li><a href="${to}">${oftenCompared(row.code, other.code) ? html`<strong>${name}</strong>` : name}</a></li>\n`
    })
}
