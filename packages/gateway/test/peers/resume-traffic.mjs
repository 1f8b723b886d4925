// Clients of @holdfast/client/resume in a process of Node or Bun, or in a page in Chromium; see resume-exchange.mjs. Options in
// the first argument, JSON; see resume-traffic.ts. The last line of stdout is the report.
import { fileURLToPath } from 'node:url'
import { exchangeAll } from './resume-exchange.mjs'

const options = JSON.parse(process.argv[2])

const runs = {
  ws: withAndWithoutCompression,
  undici: async () => here((await import('undici')).WebSocket),
  bun: () => here(globalThis.WebSocket),
  chromium: inPage,
}

async function here(WebSocket, some = {}) {
  return exchangeAll(await import('../../../client/dist/resume.js'), WebSocket, { ...options, ...some })
}

/** Half of the clients offer permessage-deflate. */
async function withAndWithoutCompression() {
  const { WebSocket } = await import('ws')
  class Uncompressed extends WebSocket {
    constructor(url, protocols) {
      super(url, protocols, { perMessageDeflate: false })
    }
  }
  const { clients, first } = options
  const half = Math.floor(clients / 2)
  const [one, other] = await Promise.all([
    here(WebSocket, { clients: half }),
    here(Uncompressed, { clients: clients - half, first: first + half }),
  ])
  const sum = (name) => one[name] + other[name]
  const faults = [...one.faults, ...other.faults]
  return { ...one, faults, returns: sum('returns'), sessions: sum('sessions') }
}

async function inPage() {
  const { chromium } = await import('playwright-core')
  const browser = await chromium.launch({ executablePath: '/usr/bin/chromium', args: ['--no-sandbox'] })
  try {
    const page = await browser.newPage()
    const path = fileURLToPath(new URL('../../../client/dist/holdfast-client-resume.js', import.meta.url))
    await page.addScriptTag({ path })
    return await page.evaluate(`(${exchangeAll})(Holdfast, WebSocket, ${JSON.stringify(options)})`)
  } finally {
    await browser.close()
  }
}

const report = await runs[options.webSocket]()
process.stdout.write(`${JSON.stringify(report)}\n`, () => process.exit())
