// The page on which the doctor reads a proxy's configuration. What it does is in browser/diagnose.ts.
import { configKinds } from '@holdfast/doctor/readers'
import { html, inline } from '../html.ts'
import { type Page, relative } from '../page.ts'
import { inEveryLanguage, type Words } from '../text/all.ts'
import { diagnoseTexts } from '../text/diagnose.ts'

const pathIn = (tag: string) => `${tag}/diagnose/`

/** As people write them. */
const names: Record<(typeof configKinds)[number], string> = {
  nginx: 'nginx',
  haproxy: 'HAProxy',
  caddy: 'Caddy',
  apache: 'Apache',
  traefik: 'Traefik',
  envoy: 'Envoy',
  kubernetes: 'Kubernetes',
}

export function diagnosePage(words: Words): Page {
  const { tag } = words
  const text = diagnoseTexts[tag]
  const path = pathIn(tag)
  return {
    path,
    words,
    title: text.title,
    description: words.site.home.about.diagnose,
    translations: inEveryLanguage(pathIn),
    scripts: ['assets/diagnose.js'],
    keywords: Object.values(names).join(' '),
    body: html`<h1>${text.title}</h1>
<p class="meaning">${text.intro}</p>
<p>${text.privacy}</p>
<noscript><p>${inline(text.noScript)}</p></noscript>
<form id="diagnose" data-words="${JSON.stringify(text)}" data-findings="${relative(path, 'en/guide/findings/')}">
<label for="configuration">${text.configuration}</label>
<textarea id="configuration" rows="14" spellcheck="false" autocomplete="off" autocapitalize="off"></textarea>
<p class="controls">
<label>${text.kind} <select name="kind"><option value="">${text.anyKind}</option>${configKinds.map(
      (kind) => html`<option value="${kind}">${names[kind]}</option>`,
    )}</select></label>
<label>${text.file} <input type="file" name="file"></label>
<button type="submit">${text.run}</button>
<button type="button" name="example">${text.example}</button>
</p>
</form>
<p id="summary" role="status" aria-live="polite"></p>
<div id="result"></div>`,
  }
}
