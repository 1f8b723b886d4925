// The frame of every page: head, navigation, languages, footer.
import { type Html, html, trusted } from './html.ts'
import { type Page, relative } from './page.ts'
import { sectionPaths } from './sections.ts'
import { allWords } from './text/all.ts'

export interface SiteOptions {
  /** Where the site will be published, with a slash at its end: for canonical addresses and the sitemap. */
  readonly url?: string
}

/** The whole document. */
export function renderPage(page: Page, options: SiteOptions = {}): string {
  const { path, words } = page
  const { tag: language, site: text } = words
  const to = (target: string) => relative(path, target)
  const published = (target: string) => (options.url ? `${options.url}${target}` : to(target))
  const languages = page.translations ?? {}
  const others = Object.entries(languages)
  return html`<!doctype html>
<html lang="${language}">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy(page)}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${page.title} · Holdfast</title>
<meta name="description" content="${page.description}">
${page.indexed === false && html`<meta name="robots" content="noindex, follow">\n`}<link rel="canonical" href="${published(path)}">
${others.map(([tag, target]) => html`<link rel="alternate" hreflang="${tag}" href="${published(target)}">\n`)}${
  languages.en !== undefined &&
  html`<link rel="alternate" hreflang="x-default" href="${published(languages.en)}">\n`
}${page.data !== undefined && html`<link rel="alternate" type="application/json" href="index.json">\n`}<link rel="stylesheet" href="${to('assets/site.css')}">
<link rel="icon" href="${to('assets/icon.svg')}" type="image/svg+xml">
<script type="module" src="${to('assets/search.js')}"></script>
${(page.scripts ?? []).map((script) => html`<script type="module" src="${to(script)}"></script>\n`)}${structured(page)}</head>
<body data-root="${to('')}" data-language="${language}">
<a class="skip" href="#main">${text.skip}</a>
<header>
<a class="brand" href="${to(`${language}/`)}">Holdfast</a>
<nav aria-label="${text.navigation}"><ul>
${sectionPaths(words).map(
  ({ path: target, label }) =>
    html`<li><a href="${to(target)}"${target === path && html` aria-current="page"`}>${label}</a></li>\n`,
)}</ul></nav>
<form class="search" role="search">
<label><span class="hidden">${text.search}</span><input type="search" name="q" placeholder="${text.searchHint}" data-nothing="${text.nothingFound}" autocomplete="off" spellcheck="false"></label>
</form>
</header>
<main id="main">
${page.body}
</main>
<footer>
${
  others.length > 0 &&
  html`<nav aria-label="${text.languages}"><ul class="languages">
${others.map(([tag, target]) =>
  tag === language
    ? html`<li><span lang="${tag}" aria-current="true">${nameOf(tag)}</span></li>\n`
    : html`<li><a lang="${tag}" hreflang="${tag}" href="${to(target)}">${nameOf(tag)}</a></li>\n`,
)}</ul></nav>`
}
<p>${text.footer}${page.data !== undefined && html` <a href="index.json">${text.asJson}</a>`}</p>
</footer>
</body>
</html>
`.text
}

function nameOf(tag: string): string {
  return allWords.find((words) => words.tag === tag)?.table.name ?? tag
}

/** A page is all it needs; nothing inline, nothing from elsewhere, and nothing goes anywhere. */
function policy({ connects = [] }: Page): string {
  return [
    "default-src 'none'",
    "script-src 'self'",
    "worker-src 'self'",
    "style-src 'self'",
    "img-src 'self' data:",
    ["connect-src 'self'", ...connects].join(' '),
    "base-uri 'none'",
    "form-action 'self'",
  ].join('; ')
}

function structured({ structured: data }: Page): Html | false {
  if (!data) return false
  // "</script>" in a string would end the element.
  const json = JSON.stringify({ '@context': 'https://schema.org', ...data }).replaceAll('<', '\\u003c')
  return html`<script type="application/ld+json">${trusted(json)}</script>\n`
}
