// A document of the repository as HTML: headings get the anchors that links in the repository use, links between documents
// become links between pages, and what leads to a source file is its name.
import { dirname, join } from 'node:path/posix'
import { Marked, type Tokens } from 'marked'
import { escapeHtml, type Html, trusted } from '../html.ts'
import { relative } from '../page.ts'

/** Where the documents and pictures that may be linked to lie on the site, by their paths in the repository. */
export type Targets = ReadonlyMap<string, string>

/** The anchor of a heading, as repository viewers make it. */
export function anchorOf(heading: string): string {
  return heading
    .toLowerCase()
    .replace(/[^\p{L}\p{N}\s_-]/gu, '')
    .trim()
    .replaceAll(' ', '-')
}

/** Renders a document for the page at `page`. */
export function renderMarkdown(text: string, document: string, page: string, targets: Targets): Html {
  const marked = new Marked({
    gfm: true,
    renderer: {
      heading({ tokens, depth, text: heading }: Tokens.Heading) {
        return `<h${depth} id="${escapeHtml(anchorOf(heading))}">${this.parser.parseInline(tokens)}</h${depth}>\n`
      },
      link({ href, tokens }: Tokens.Link) {
        const words = this.parser.parseInline(tokens)
        const target = resolve(href, document, page, targets)
        return target === undefined ? words : `<a href="${escapeHtml(target)}">${words}</a>`
      },
      image({ href, text: alternative }: Tokens.Image) {
        const target = resolve(href, document, page, targets)
        const words = escapeHtml(alternative)
        return target === undefined
          ? words
          : `<img src="${escapeHtml(target)}" alt="${words}" loading="lazy">`
      },
      // A picture that has one form for light and another for dark stands as HTML in the documents.
      html({ text: markup }: Tokens.HTML | Tokens.Tag) {
        return markup.replace(/ (src|srcset)="([^"]*)"/g, (whole, name: string, href: string) => {
          const target = resolve(href, document, page, targets)
          return target === undefined ? whole : ` ${name}="${escapeHtml(target)}"`
        })
      },
      // What scrolls must be reachable by keyboard.
      code({ text: lines }: Tokens.Code) {
        return `<pre tabindex="0"><code>${escapeHtml(lines)}</code></pre>\n`
      },
      table(token: Tokens.Table) {
        const cells = (row: Tokens.TableCell[], name: 'td' | 'th') =>
          row.map((cell) => `<${name}>${this.parser.parseInline(cell.tokens)}</${name}>`).join('')
        const rows = token.rows.map((row) => `<tr>${cells(row, 'td')}</tr>\n`).join('')
        return `<div class="wide" tabindex="0"><table>\n<thead><tr>${cells(token.header, 'th')}</tr></thead>\n<tbody>\n${rows}</tbody>\n</table></div>\n`
      },
    },
  })
  return trusted(marked.parse(text, { async: false }))
}

/** Where a link leads on the site; undefined when what it leads to is not there. */
function resolve(href: string, document: string, page: string, targets: Targets): string | undefined {
  if (/^(https?|mailto):/.test(href) || href.startsWith('#')) return href
  const [path = '', anchor] = href.split('#')
  const target = targets.get(join(dirname(document), path))
  if (target === undefined) return undefined
  // In the repository the reference is one document with a heading for each code; here each has a page.
  const code = target.endsWith('/codes/') && /^(\d{4})-/.exec(anchor ?? '')
  if (code) return relative(page, target.replace('codes/', `${code[1]}/`))
  return relative(page, target) + (anchor === undefined ? '' : `#${anchor}`)
}
