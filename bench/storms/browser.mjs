// The same clients in pages of Chromium.
import { existsSync, readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { chromium } from 'playwright-core'
import { folderOf } from './libraries.mjs'

const executable = process.env.CHROMIUM ?? '/usr/bin/chromium'
const modules = { phoenix: 'priv/static/phoenix.mjs', 'graphql-ws': 'dist/client.js' }
// A page that is not seen must not be slowed down: a user would look at it.
const args = [
  '--no-sandbox',
  '--disable-background-timer-throttling',
  '--disable-backgrounding-occluded-windows',
  '--disable-renderer-backgrounding',
]

export const missing = () => !existsSync(executable) && 'apt-get install chromium'

/** Those of the libraries that also run in Chromium, opened there; `close` ends it. */
export async function inChromium(libraries) {
  const server = createServer(answer)
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve))
  const browser = await chromium.launch({ executablePath: executable, args })
  const home = `http://127.0.0.1:${server.address().port}/`
  const open = async ({ name }, port, _, group) => {
    const page = await browser.newPage()
    const hear = (what) => group.hear({ what, client: 0, at: performance.timeOrigin + performance.now() })
    page.on('websocket', (socket) => {
      hear('dial')
      socket.on('close', () => hear('end'))
    })
    await page.exposeFunction('tell', hear)
    await page.goto(home)
    group.say = ([text]) => page.evaluate((said) => globalThis.say(said), text).catch(() => {})
    group.stop = () => page.close()
    await page.evaluate(start, { name, port, module: modules[name] })
  }
  return {
    libraries: libraries
      .filter(({ name }) => name in modules)
      .map((library) => ({ ...library, label: `${library.label} in Chromium`, open })),
    async close() {
      await browser.close()
      server.close()
    },
  }
}

/** In the page. */
async function start({ name, port, module }) {
  const { connect } = await import(`/clients/${name}.mjs`)
  globalThis.say = await connect({
    load: (wanted) => import(`/modules/${wanted}/${module}`),
    WebSocket,
    port,
    url: `ws://127.0.0.1:${port}/${name}`,
    served: () => globalThis.tell('served'),
    gaveUp: () => globalThis.tell('gaveUp'),
  })
}

/** A file of a package or of clients/. */
function answer({ url }, response) {
  const [, folder, name, ...rest] = url.split('/')
  const file =
    folder === 'modules'
      ? new URL(rest.join('/'), folderOf(name))
      : folder === 'clients' && new URL(`clients/${name}`, import.meta.url)
  if (!file || !existsSync(file)) {
    response.writeHead(url === '/' ? 200 : 404, { 'Content-Type': 'text/html' }).end('<!doctype html>')
    return
  }
  response.writeHead(200, { 'Content-Type': 'text/javascript' }).end(readFileSync(file))
}
