// The files that the pages become: HTML, JSON beside it, what the search knows, the table, and the sitemap.
import { closeCodes } from '@holdfast/close-codes'
import { schema, schemaPath, table, tablePath } from './data/table.ts'
import { html } from './html.ts'
import { renderPage, type SiteOptions } from './layout.ts'
import { type Page, relative } from './page.ts'
import { codePath } from './reference/paths.ts'
import { searchIndex } from './search/index.ts'
import { pages } from './site.ts'
import { allWords } from './text/all.ts'
import { demoPath, noDemo } from './try/try-page.ts'

/** Path and content of every file, those of the assets apart. */
export function* files(options: SiteOptions = {}): Generator<readonly [path: string, content: string]> {
  const all = pages()
  for (const page of all) {
    yield [`${page.path}index.html`, renderPage(page, options)]
    if (page.data !== undefined) yield [`${page.path}index.json`, json(page.data)]
  }
  for (const { tag } of allWords) {
    yield [
      `assets/search-${tag}.json`,
      JSON.stringify(searchIndex(all.filter(({ words }) => words.tag === tag))),
    ]
  }
  yield [tablePath, json(table())]
  yield [schemaPath, json(schema())]
  yield [demoPath, json(noDemo)]
  for (const row of closeCodes)
    yield [`${row.code}/index.html`, forward(`${row.code}/`, codePath('en', row.code))]
  yield ['index.html', forward('', 'en/')]
  yield* sitemap(all, options)
}

const json = (data: unknown) => `${JSON.stringify(data, undefined, 2)}\n`

/** An address without a language: it leads to English, and names the others. */
function forward(from: string, to: string): string {
  const target = relative(from, to)
  const inOthers = allWords.map(({ tag, table }) => {
    const path = relative(from, to.replace(/^en\//, `${tag}/`))
    return html`<li><a lang="${tag}" hreflang="${tag}" href="${path}">${table.name}</a></li>\n`
  })
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="refresh" content="0; url=${target}">
<meta name="robots" content="noindex, follow">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Holdfast</title>
<link rel="canonical" href="${target}">
</head>
<body>
<ul>
${inOthers}</ul>
</body>
</html>
`.text
}

/** A sitemap has whole addresses, so that there is none without the site's own. */
function* sitemap(all: readonly Page[], { url }: SiteOptions): Generator<readonly [string, string]> {
  if (!url) return
  const entries = all
    .filter(({ indexed = true }) => indexed)
    .map(({ path, translations = {} }) => {
      const others = Object.entries(translations).map(
        ([tag, target]) => html`<xhtml:link rel="alternate" hreflang="${tag}" href="${url}${target}"/>`,
      )
      return html`<url><loc>${url}${path}</loc>${others}</url>\n`
    })
  yield [
    'sitemap.xml',
    html`<?xml version="1.0" encoding="UTF-8"?>
<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9" xmlns:xhtml="http://www.w3.org/1999/xhtml">
${entries}</urlset>
`.text,
  ]
  yield ['robots.txt', `User-agent: *\nAllow: /\nSitemap: ${url}sitemap.xml\n`]
}
