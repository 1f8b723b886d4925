import { existsSync } from 'node:fs'
import http from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Browser, BrowserContext, BrowserContextOptions } from 'playwright-core'
import { waitLimitMs, within } from './eventually.ts'
import { listening } from './tcp-server.ts'

/** Debian's Chromium. */
const executablePath = '/usr/bin/chromium'

const flags = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--ignore-certificate-errors',
]

export interface ObserveOptions {
  protocols?: string[]
  /** Sent by the page when the WebSocket is open, in order. */
  send?: string[]
  /** The page closes, with this, when it has that many messages. */
  closeAfter?: { messages: number; code?: number; reason?: string }
  /** Fetched first, so that the page has an HTTP/2 connection to carry the WebSocket (RFC 8441). */
  warmUp?: string
  /** Milliseconds from the construction of the WebSocket to its `close` event. Default: that of `eventually`. */
  limit?: number
}

/** What a page's WebSocket saw. */
export interface Observation {
  /** Names of the events in order: 'open', 'message', 'error', 'close'. */
  events: string[]
  /** The text messages in order. */
  messages: string[]
  /** `protocol` and `extensions` at its open; undefined when it never was. */
  opened?: { protocol: string; extensions: string }
  close: { code: number; reason: string; wasClean: boolean }
}

export interface TestBrowser extends AsyncDisposable {
  readonly version: string
  /** Opens a WebSocket in a fresh page, plays the script and returns all that the page saw up to `close`. */
  observeWebSocket(url: string | URL, options?: ObserveOptions): Promise<Observation>
  /** A context of its own, with cookies and pages of its own, for tests that look at a page. */
  newContext(options?: BrowserContextOptions): Promise<BrowserContext>
}

/** Why there is no browser here; undefined when there is one. For `test.skipIf` and its message. */
export function browserMissing(): string | undefined {
  return existsSync(executablePath) ? undefined : 'Chromium is not installed'
}

let shared: { users: number; started: Promise<Running> } | undefined

interface Running {
  chromium: Browser
  page: http.Server
  origin: string
}

/** Chromium without a window. Users at the same time share one; the last to dispose ends it. */
export async function browser(): Promise<TestBrowser> {
  const missing = browserMissing()
  if (missing) throw new Error(`${missing}; node tools/install-test-peers.mjs installs it`)
  shared ??= { users: 0, started: start() }
  const mine = shared
  mine.users += 1
  let disposed = false
  const dispose = async () => {
    if (disposed) return
    disposed = true
    mine.users -= 1
    if (mine.users > 0) return
    if (shared === mine) shared = undefined
    await mine.started.then(stop, () => {})
  }
  try {
    const running = await mine.started
    return {
      version: running.chromium.version(),
      observeWebSocket(url, options) {
        const observed = observe(running, String(url), options)
        // A test that fails before it looks at this has one fault to show, not two.
        observed.catch(() => {})
        return observed
      },
      async newContext(options) {
        const context = await running.chromium.newContext(options)
        context.setDefaultTimeout(waitLimitMs)
        return context
      },
      [Symbol.asyncDispose]: dispose,
    }
  } catch (error) {
    await dispose()
    throw error
  }
}

/** A browser of one's own, with more flags. Whoever launches it closes it. */
export async function launchBrowser(more: readonly string[] = []): Promise<Browser> {
  // Loading it takes longer than most test files do, of which few start a browser.
  const { chromium } = await import('playwright-core')
  return chromium.launch({ executablePath, args: [...flags, ...more], timeout: waitLimitMs })
}

async function start(): Promise<Running> {
  const page = http.createServer((_, response) => {
    response.setHeader('content-type', 'text/html')
    response.end('<!doctype html><title>a page with a WebSocket</title>')
  })
  await listening(page)
  try {
    const launched = await launchBrowser()
    return { chromium: launched, page, origin: `http://127.0.0.1:${(page.address() as AddressInfo).port}` }
  } catch (error) {
    page.close()
    throw error
  }
}

async function stop({ chromium, page }: Running): Promise<void> {
  await chromium.close()
  page.closeAllConnections()
  await new Promise((resolve) => page.close(resolve))
}

async function observe(running: Running, url: string, options: ObserveOptions = {}): Promise<Observation> {
  const { limit = waitLimitMs, ...script } = options
  const context = await running.chromium.newContext({ ignoreHTTPSErrors: true })
  try {
    const page = await context.newPage()
    await page.goto(running.origin)
    return await within(
      limit,
      `a close event of ${url} in the page`,
      page.evaluate(watch, { url, ...script }),
    )
  } finally {
    await context.close()
  }
}

/** Runs in the page: it must not refer to anything outside itself. */
async function watch({ url, protocols, send = [], closeAfter, warmUp }: ObserveOptions & { url: string }) {
  // With credentials, as a WebSocket has them: Chromium keeps connections with and without apart.
  if (warmUp) await fetch(warmUp, { mode: 'no-cors', credentials: 'include' })
  return new Promise<Observation>((resolve) => {
    const socket = new WebSocket(url, protocols)
    const seen: Omit<Observation, 'close'> = { events: [], messages: [] }
    socket.onopen = () => {
      seen.events.push('open')
      seen.opened = { protocol: socket.protocol, extensions: socket.extensions }
      for (const message of send) socket.send(message)
    }
    socket.onmessage = ({ data }) => {
      seen.events.push('message')
      seen.messages.push(typeof data === 'string' ? data : `${data.size} bytes`)
      if (seen.messages.length === closeAfter?.messages) socket.close(closeAfter.code, closeAfter.reason)
    }
    socket.onerror = () => seen.events.push('error')
    socket.onclose = ({ code, reason, wasClean }) => {
      seen.events.push('close')
      resolve({ ...seen, close: { code, reason, wasClean } })
    }
  })
}
