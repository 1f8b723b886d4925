// The interface of each package, from its docstrings. It is in English.
import { renderMarkdown } from '../guide/markdown.ts'
import { type Html, html } from '../html.ts'
import { type Page, relative } from '../page.ts'
import { allWords } from '../text/all.ts'
import { type Entry, type Item, readApi } from './read-api.ts'

const english = allWords.find(({ tag }) => tag === 'en')!
const indexPath = 'en/api/'

const pathOf = (specifier: string) => `${indexPath}${specifier.replace('@holdfast/', '').replace('/', '-')}/`

/** A page for each entry of each package, and their index. */
export function apiPages(root: string): Page[] {
  const entries = readApi(root)
  return [indexPage(entries), ...entries.map(entryPage)]
}

function indexPage(entries: readonly Entry[]): Page {
  return {
    path: indexPath,
    words: english,
    title: english.site.sections.api,
    description: english.site.home.about.api,
    body: html`<h1>${english.site.sections.api}</h1>
<p class="meaning">${english.site.home.about.api}</p>
${entries.map(
  ({
    specifier,
    items,
  }) => html`<h2><a href="${relative(indexPath, pathOf(specifier))}"><code>${specifier}</code></a></h2>
<ul class="pairs">
${items.map(({ name }) => html`<li><a href="${relative(indexPath, pathOf(specifier))}#${name}"><code>${name}</code></a></li>\n`)}</ul>\n`,
)}`,
  }
}

function entryPage({ specifier, items, elsewhere }: Entry): Page {
  const path = pathOf(specifier)
  return {
    path,
    words: english,
    title: specifier,
    description: `What ${specifier} exports: ${items.map(({ name }) => name).join(', ')}`.slice(0, 200),
    keywords: items.map(({ name }) => name).join(' '),
    body: html`<p class="category"><a href="${relative(path, indexPath)}">${english.site.sections.api}</a></p>
<h1>${specifier}</h1>
<pre tabindex="0"><code>import { … } from '${specifier}'</code></pre>
${items.map((item) => itemSection(item))}
${
  elsewhere.length > 0 &&
  html`<section class="item">
<h2 id="elsewhere">Exported here, too</h2>
<ul class="pairs">
${elsewhere.map(({ name, specifier: before }) => html`<li><a href="${relative(path, pathOf(before))}#${name}"><code>${name}</code></a></li>\n`)}</ul></section>
`
}`,
  }
}

function itemSection(item: Item): Html {
  return html`<section class="item">
<h2 id="${item.name}">${item.name} <small>${item.kind}</small></h2>
<pre tabindex="0"><code>${item.signature}</code></pre>
${described(item)}
${item.members.map(
  (member) => html`<h3 id="${item.name}.${member.name}">${member.name}</h3>
<pre tabindex="0"><code>${member.signature}</code></pre>
${described(member)}\n`,
)}</section>
`
}

function described({ text, tags }: Item): Html {
  const markdown = (source: string) => renderMarkdown(source, '', indexPath, new Map())
  const rows = tags.filter(([, words]) => words !== '')
  return html`${markdown(text)}${
    rows.length > 0 &&
    html`<dl class="facts">
${rows.map(([tag, words]) => html`<dt>@${tag}</dt><dd>${markdown(words)}</dd>\n`)}</dl>`
  }`
}
