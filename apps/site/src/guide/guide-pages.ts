// The guide: the documents of the repository as pages, and their index. It is in English.
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { html } from '../html.ts'
import { type Page, relative } from '../page.ts'
import { allWords } from '../text/all.ts'
import { guideParts, guidePath } from './documents.ts'
import { renderMarkdown, type Targets } from './markdown.ts'

const english = allWords.find(({ tag }) => tag === 'en')!
const indexPath = 'en/guide/'

/** The documents, the pictures in them, and what a link to the reference in the repository becomes here. */
function targetsIn(root: string): Map<string, string> {
  const documents = guideParts.flatMap(({ documents }) => documents)
  const decisions = readdirSync(join(root, 'docs/decisions')).map((name) => `docs/decisions/${name}`)
  const all = new Map([...documents, ...decisions].map((document) => [document, guidePath(document)]))
  for (const { tag } of allWords) {
    const name = tag === 'en' ? 'close-codes.md' : `close-codes.${tag}.md`
    all.set(`docs/${name}`, `${tag}/codes/`)
  }
  for (const picture of pictures(root)) all.set(picture, `assets/${picture.slice('docs/'.length)}`)
  return all
}

/** The pictures that documents show, by their paths in the repository. */
export function pictures(root: string): string[] {
  const found = readdirSync(join(root, 'docs'), { recursive: true, encoding: 'utf8' })
  return found.filter((name) => /\.(png|svg)$/.test(name)).map((name) => `docs/${name}`)
}

/** All pages of the guide, from the documents below `root`. */
export function guidePages(root: string): Page[] {
  const targets = targetsIn(root)
  const documents = [...targets.keys()].filter((name) => /\.md$/.test(name) && !name.includes('close-codes'))
  const pages = documents
    .filter((document) => existsSync(join(root, document)))
    .map((document) => guidePage(document, readFileSync(join(root, document), 'utf8'), targets))
  return [indexPage(pages), ...pages]
}

function guidePage(document: string, text: string, targets: Targets): Page {
  const path = guidePath(document)
  const title = /^# (.+)$/m.exec(text)?.[1]?.replaceAll('`', '') ?? document
  const first = /^(?!#|\[|!|<|```|- |\|)[A-Z][^\n]+(?:\n(?!\n)[^\n]+)*/m.exec(text)?.[0] ?? title
  const description = first
    .replace(/\[([^\][]+)\]\([^()]*\)/g, '$1')
    .replace(/[`*]/g, '')
    .replace(/\s+/g, ' ')
  return {
    path,
    words: english,
    title,
    description: description.length > 200 ? `${description.slice(0, 197)}…` : description,
    body: html`<p class="category"><a href="${relative(path, indexPath)}">${english.site.sections.guide}</a></p>
${renderMarkdown(text, document, path, targets)}`,
  }
}

function indexPage(pages: readonly Page[]): Page {
  const entry = ({ path, title, description }: Page) =>
    html`<dt><a href="${relative(indexPath, path)}">${title}</a></dt><dd>${description}</dd>\n`
  const decisions = pages.filter(({ path }) => path.includes('/decisions/'))
  return {
    path: indexPath,
    words: english,
    title: english.site.sections.guide,
    description: english.site.home.about.guide,
    body: html`<h1>${english.site.sections.guide}</h1>
<p class="meaning">${english.site.home.about.guide}</p>
${guideParts.map(({ title, documents }) => {
  const paths = documents.map(guidePath)
  return html`<h2>${title}</h2>
<dl class="parts">
${pages.filter(({ path }) => paths.includes(path)).map(entry)}</dl>\n`
})}
<h2>Decisions</h2>
<dl class="parts">
${decisions.map(entry)}</dl>`,
  }
}
