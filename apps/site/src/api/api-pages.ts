// The interface of each package, from its docstrings. It is in English.
import { Marked, type Tokens } from 'marked'
import { escapeHtml, type Html, html, trusted } from '../html.ts'
import { type Page, relative } from '../page.ts'
import { allWords } from '../text/all.ts'
import { type Entry, type Item, readApi } from './read-api.ts'

const english = allWords.find(({ tag }) => tag === 'en')!
const indexPath = 'en/api/'
const marked = new Marked({
  gfm: true,
  renderer: {
    // What scrolls must be reachable by keyboard.
    code: ({ text }: Tokens.Code) => `<pre tabindex="0"><code>${escapeHtml(text)}</code></pre>\n`,
  },
})

const pathOf = (specifier: string) => `${indexPath}${specifier.replace('@holdfast/', '').replace('/', '-')}/`

/** A page for each entry of each package, and their index. */
export function apiPages(root: string): Page[] {
  const entries = readApi(root)
  return [indexPage(entries), ...entries.map((entry) => entryPage(entry, linker(entries, entry)))]
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

function entryPage({ specifier, items, elsewhere }: Entry, linked: Linked): Page {
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
${items.map((item) => itemSection(item, linked))}
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

function itemSection(item: Item, linked: Linked): Html {
  return html`<section class="item">
<h2 id="${item.name}">${item.name} <small>${item.kind}</small></h2>
<pre tabindex="0"><code>${item.signature}</code></pre>
${described(item, linked)}
${item.members.map(
  (member) => html`<h3 id="${item.name}.${member.name}">${member.name}</h3>
<pre tabindex="0"><code>${member.signature}</code></pre>
${described(member, linked)}\n`,
)}</section>
`
}

/** The headings of what stands behind a tag. */
const labels: Readonly<Record<string, string>> = {
  default: 'Default',
  throws: 'Throws',
  returns: 'Returns',
  example: 'Example',
}

function described({ text, tags }: Item, linked: Linked): Html {
  const rows = tags.map(([tag, words]): readonly [label: Html | string, body: Html] => {
    if (tag === 'example') return ['Example', html`<code>${words}</code>`]
    const [, name, rest] = (tag === 'param' && /^(\S+) (?:- )?(.*)$/s.exec(words)) || []
    // `{RangeError}` in front of what is thrown.
    const source = (rest ?? words).replace(/^\{(\w+)\} */, '`$1`: ')
    const label = name === undefined ? (labels[tag] ?? tag) : html`<code>${name}</code>`
    return [label, trusted(marked.parseInline(linked(source), { async: false }))]
  })
  return html`${trusted(marked.parse(linked(text), { async: false }))}${
    rows.length > 0 &&
    html`<dl class="facts">
${rows.map(([label, body]) => html`<dt>${label}</dt><dd>${body}</dd>\n`)}</dl>`
  }`
}

/** Puts links into a docstring: of `{@link name}` to its place in these pages, of an RFC to its section. */
type Linked = (text: string) => string

function linker(entries: readonly Entry[], here: Entry): Linked {
  const path = pathOf(here.specifier)
  const placeOf = (name: string) => {
    const [item] = name.split('.')
    const [owner] = [here, ...entries].filter(({ items }) => items.some((one) => one.name === item))
    return owner && `${owner === here ? '' : relative(path, pathOf(owner.specifier))}#${name}`
  }
  const plain = (text: string) =>
    text
      .replace(/\{@link ([\w.]+?) *\}/g, (_, name: string) => {
        const place = placeOf(name)
        return place ? `[\`${name}\`](${place})` : `\`${name}\``
      })
      .replace(
        /\bRFC (\d{4})\s+(?:section )?(\d+(?:\.\d+)*)/g,
        '[$&](https://www.rfc-editor.org/rfc/rfc$1.html#section-$2)',
      )
  // What is between backticks stays as it is.
  return (text) =>
    text
      .split(/(`[^`]*`)/)
      .map((part, index) => (index % 2 === 0 ? plain(part) : part))
      .join('')
}
