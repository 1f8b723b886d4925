// The page that plays with `holdfast demo --stay`. What it does is in browser/try.ts.
import { closeCodes } from '@holdfast/close-codes'
import { type Html, html, inline } from '../html.ts'
import { type Page, relative } from '../page.ts'
import { codePath } from '../reference/paths.ts'
import { inEveryLanguage, type Words } from '../text/all.ts'
import type { TryText } from '../text/try/try-text.ts'
import { tryTexts } from '../text/try.ts'

const pathIn = (tag: string) => `${tag}/try/`

/**
 * Where the page asks whether a demo serves it. The demo answers for itself; in the built site lies a file that says
 * no, so that the question is never for another server.
 */
export const demoPath = 'try.json'
export const noDemo = { demo: null }

const actions = ['stop', 'kill', 'hang', 'garbage', 'start', 'drain'] as const

export function tryPage(words: Words): Page {
  const { tag } = words
  const text = tryTexts[tag]
  const path = pathIn(tag)
  return {
    path,
    words,
    title: text.title,
    description: words.site.home.about.tryIt,
    translations: inEveryLanguage(pathIn),
    scripts: ['assets/try.js'],
    // The demo's sockets; it listens on this address alone.
    connects: ['ws://127.0.0.1:*'],
    keywords: 'demo SIGTERM SIGKILL SIGSTOP onclose hold drain',
    body: html`<h1>${text.title}</h1>
<p class="meaning">${inline(text.intro)}</p>
<p>${text.start}</p>
<pre tabindex="0"><code>holdfast demo --only-stay</code></pre>
<p>${inline(text.open)}</p>
<noscript><p>${inline(text.noScript)}</p></noscript>
<form id="try" data-words="${JSON.stringify(text)}" data-codes="${JSON.stringify(codesOf(words, path))}">
<p class="try-status" id="status" role="status">${text.looking}</p>
<fieldset class="plain" disabled>
<p><strong>${text.backend}</strong> <output id="backend">–</output></p>
<p class="controls">
${actions.map((name) => html`<button type="button" data-action="${name}">${text.actions[name]}</button>\n`)}</p>
<p><label><input type="checkbox" name="hold"> ${inline(text.hold)}</label></p>
<div class="sides panes">
${pane('direct', text.direct, text)}
${pane('gateway', text.gateway, text)}
</div>
</fieldset>
</form>`,
  }
}

function pane(name: 'direct' | 'gateway', title: string, text: TryText): Html {
  return html`<section class="pane" data-pane="${name}" aria-labelledby="${name}-title">
<h2 id="${name}-title">${title}</h2>
<p class="soft"><code class="address">ws://127.0.0.1</code> <output class="link-state">${text.connections.none}</output></p>
<div class="last-close">
<p class="soft">${text.lastClose}</p>
<p class="number">–</p>
<div class="about"><p>${text.noClose}</p></div>
</div>
<p class="controls">
<button type="button" name="connect" aria-describedby="${name}-title">${text.connect}</button>
<button type="button" name="send" aria-describedby="${name}-title">${text.send}</button>
<label><input type="checkbox" name="${name}-automatic"> ${text.automatic}</label>
</p>
<h3 id="${name}-log">${text.log}</h3>
<div class="log" role="log" aria-live="polite" aria-labelledby="${name}-title ${name}-log" tabindex="0"><ol></ol></div>
</section>`
}

/** What the page says about each code that an `onclose` can give. */
function codesOf({ tag, table }: Words, path: string) {
  const rows = closeCodes.map((row) => {
    const about = { name: row.name, meaning: table.codes[row.id].meaning }
    return [row.code, { ...about, page: relative(path, codePath(tag, row.code)) }]
  })
  return Object.fromEntries(rows) as Record<string, { name: string; meaning: string; page: string }>
}
