// The list of all codes, the list of all pairs, and the first page.
import { closeCodes, ranges } from '@holdfast/close-codes'
import { adviceShort } from '@holdfast/close-codes/languages'
import { html, inline } from '../html.ts'
import { type Page, relative } from '../page.ts'
import { sectionPaths } from '../sections.ts'
import { inEveryLanguage, type Words } from '../text/all.ts'
import { allPairs, oftenCompared } from './often-compared.ts'
import { codePath, pairPath } from './paths.ts'

/** The codes in a table: number, name, meaning, whether to come back. */
function codeTable(words: Words, from: string) {
  const { table, tag } = words
  const { labels } = table
  return html`<div class="wide" tabindex="0"><table>
<thead><tr><th>${labels.code}</th><th>${labels.name}</th><th>${labels.meaning}</th><th>${labels.comeBack}</th></tr></thead>
<tbody>
${closeCodes.map(
  (row) =>
    html`<tr><td><a href="${relative(from, codePath(tag, row.code))}">${row.code}</a></td><td>${row.name}</td><td>${inline(
      table.codes[row.id].meaning,
    )}</td><td>${adviceShort(row.advice, table)}</td></tr>\n`,
)}</tbody>
</table></div>`
}

export function homePage(words: Words): Page {
  const { site, tag } = words
  const path = `${tag}/`
  const about = Object.values(site.home.about)
  return {
    path,
    words,
    title: site.home.title,
    description: site.home.description,
    translations: inEveryLanguage((other) => `${other}/`),
    body: html`<h1>${site.home.title}</h1>
<p class="meaning">${site.home.intro}</p>
<h2>${site.home.start}</h2>
${codeTable(words, path)}
<dl class="parts">
${sectionPaths(words).map(
  ({ path: target, label }, i) =>
    html`<dt><a href="${relative(path, target)}">${label}</a></dt><dd>${about[i]}</dd>\n`,
)}</dl>`,
  }
}

export function codesPage(words: Words): Page {
  const { site, table, tag } = words
  const path = `${tag}/codes/`
  return {
    path,
    words,
    title: table.page.title,
    description: table.page.intro[0],
    translations: inEveryLanguage((other) => `${other}/codes/`),
    body: html`<h1>${table.page.title}</h1>
${table.page.intro.map((text) => html`<p>${inline(text)}</p>\n`)}
${codeTable(words, path)}
<h2 id="ranges">${table.page.ranges}</h2>
<div class="wide" tabindex="0"><table>
<thead><tr><th>${table.labels.range}</th><th>${table.labels.meaning}</th></tr></thead>
<tbody>
${ranges.map(({ from, to, id }) => html`<tr><td>${from}-${to}</td><td>${inline(table.ranges[id])}</td></tr>\n`)}</tbody>
</table></div>
<h2 id="delays">${table.page.delays}</h2>
${table.page.delaysText.map((text) => html`<p>${inline(text)}</p>\n`)}
<h2 id="reasons">${table.page.reasons}</h2>
${table.page.reasonsText.map((text) => html`<p>${inline(text)}</p>\n`)}
<p><a href="${relative(path, `${tag}/compare/`)}">${site.sections.compare}</a></p>`,
  }
}

export function comparePage(words: Words): Page {
  const { site, tag } = words
  const path = `${tag}/compare/`
  const links = (pairs: typeof allPairs) => html`<ul class="pairs">
${pairs.map(
  ([one, other]) =>
    html`<li><a href="${relative(path, pairPath(tag, one.code, other.code))}">${one.code} – ${other.code}</a> <span>${one.name}, ${other.name}</span></li>\n`,
)}</ul>`
  return {
    path,
    words,
    title: site.sections.compare,
    description: site.pairPage.intro,
    translations: inEveryLanguage((other) => `${other}/compare/`),
    body: html`<h1>${site.sections.compare}</h1>
<p class="meaning">${site.pairPage.intro}</p>
<h2 id="often">${site.pairPage.often}</h2>
${links(allPairs.filter(([one, other]) => oftenCompared(one.code, other.code)))}
<h2 id="all">${site.pairPage.all}</h2>
${links(allPairs.filter(([one, other]) => !oftenCompared(one.code, other.code)))}`,
  }
}
