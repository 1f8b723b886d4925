// The page that decodes handshakes, frames and captures. What it does is in browser/frame.ts.
import { html, inline } from '../html.ts'
import { type Page, relative } from '../page.ts'
import { closeFrameBytes } from '../reference/wire-example.ts'
import { inEveryLanguage, type Words } from '../text/all.ts'
import { frameTexts } from '../text/frame.ts'
import { toHex } from './bytes.ts'
import { maxFile } from './limits.ts'

const pathIn = (tag: string) => `${tag}/frame/`

/** What a client and a server say to each other before a restart: a Ping, a masked Pong, a Text and a Close. */
const example = [
  '89 02 68 69',
  '8a 82 37 fa 21 3d 5f 93',
  '81 05 48 65 6c 6c 6f',
  toHex(closeFrameBytes(1012, 'service restart; retry=2350')),
].join('\n')

export function framePage(words: Words): Page {
  const { tag } = words
  const text = frameTexts[tag]
  const path = pathIn(tag)
  const limit = String(maxFile / 1024 / 1024)
  return {
    path,
    words,
    title: text.title,
    description: text.description,
    translations: inEveryLanguage(pathIn),
    scripts: ['assets/frame.js'],
    keywords: 'hex base64 HAR netlog pcap pcapng tcpdump Wireshark permessage-deflate RFC 6455',
    body: html`<h1>${text.title}</h1>
<p class="meaning">${text.intro}</p>
<p>${text.privacy}</p>
<noscript><p>${text.needsScript}</p></noscript>
<form id="frame" data-words="${JSON.stringify(text)}" data-codes="${relative(path, `${tag}/`)}" data-example="${example}">
<label for="bytes">${text.input}</label>
<textarea id="bytes" rows="8" spellcheck="false" autocomplete="off" autocapitalize="off" aria-describedby="summary"></textarea>
<p class="drop"><label for="file">${text.file.replace('{limit}', limit)}</label> <input type="file" id="file" name="file"></p>
<p class="controls">
<button type="submit">${text.decode}</button>
<button type="button" name="example">${text.example}</button>
</p>
</form>
<p id="summary" role="status" aria-live="polite"></p>
<div id="result"></div>
<h2>${text.sources}</h2>
<ul>
${Object.values(text.sourceLines).map((line) => html`<li>${inline(line)}</li>\n`)}</ul>`,
  }
}
