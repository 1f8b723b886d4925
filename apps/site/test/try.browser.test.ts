// The page "Try it" in Chromium, served by the real `holdfast demo --only-stay`: every button is pressed.
// It is the page that `npm run site` built.
import http from 'node:http'
import type { AddressInfo } from 'node:net'
import { fileURLToPath } from 'node:url'
import { loadLanguage } from '@holdfast/close-codes/languages'
import { siteAnswer } from '@holdfast/gateway'
import { browser, browserMissing, Child, holdfastMain, type TestBrowser } from '@holdfast/testing'
import axe from 'axe-core'
import type { BrowserContextOptions, Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { tryTexts } from '../src/text/try.ts'

const words = tryTexts.en
const site = fileURLToPath(new URL('../../../packages/gateway/dist/site', import.meta.url))

const told = /^1012 service restart; retry=\d+$/

/** One of the two sides of the page, as its reader sees it. */
class Side {
  readonly #page: Page
  readonly #name: 'direct' | 'gateway'
  #from = 0

  constructor(page: Page, name: 'direct' | 'gateway') {
    this.#page = page
    this.#name = name
  }

  #part(selector: string) {
    return this.#page.locator(`[data-pane=${this.#name}] ${selector}`)
  }

  /** Entries of its log since `mark`, without their times. */
  async log() {
    const entries = await this.#part('.log li').allTextContents()
    for (const entry of entries) expect(entry).toMatch(/^\d+\.\d\d s /)
    return entries.slice(this.#from).map((entry) => entry.replace(/^\S+ s /, '').trim())
  }

  async mark() {
    this.#from += (await this.log()).length
  }

  async sees(...entries: (string | RegExp)[]) {
    const wanted = entries.map((entry) => (typeof entry === 'string' ? entry : expect.stringMatching(entry)))
    await expect.poll(() => this.log()).toEqual(wanted)
  }

  // A page shows what came about a moment later than it comes about: each of these waits until it does.

  isConnection(state: keyof typeof words.connections) {
    return expect.poll(() => this.#connection()).toBe(words.connections[state])
  }

  isNumber(code: string) {
    return expect.poll(() => this.#part('.number').textContent()).toBe(code)
  }

  tells(about: RegExp | string) {
    return expect.poll(() => this.#part('.about').textContent()).toMatch(about)
  }

  links(href: string) {
    return expect.poll(() => this.link()).toBe(href)
  }

  link() {
    return this.#part('.about a').getAttribute('href')
  }

  #connection() {
    return this.#part('.link-state').textContent()
  }

  async connect() {
    await this.#part('[name=connect]').click()
    await this.#settled()
  }

  /** Whether it is open, or was refused. */
  async #settled() {
    await expect.poll(() => this.#connection()).not.toBe(words.connections.connecting)
  }

  send() {
    return this.#part('[name=send]').click()
  }

  automatic(on: boolean) {
    return this.#part('[type=checkbox]').setChecked(on)
  }
}

describe.skipIf(browserMissing())('the page to try it', () => {
  let chromium: TestBrowser
  let demo: Child
  let address: string
  const undo: (() => Promise<unknown>)[] = []
  beforeAll(async () => {
    chromium = await browser()
    demo = new Child(process.execPath, [holdfastMain, 'demo', '--only-stay'])
    address = await demo.line('its page', (line) => /try it at (http:\S+)/.exec(line)?.[1])
  })
  afterEach(async () => {
    for (const one of undo.splice(0).reverse()) await one()
    await runAgain(address)
  })
  afterAll(async () => {
    await demo[Symbol.asyncDispose]()
    await chromium[Symbol.asyncDispose]()
  })

  async function open(url: string, options: BrowserContextOptions = {}) {
    const context = await chromium.newContext(options)
    undo.push(() => context.close())
    const page = await context.newPage()
    const faults: string[] = []
    const asked: string[] = []
    page.on('pageerror', (error) => faults.push(error.message))
    page.on('console', (message) => {
      // A WebSocket that fails is what this page is about.
      const expected = /WebSocket (connection|is already)|ERR_CONNECTION_REFUSED/.test(message.text())
      if (message.type() === 'error' && !expected) faults.push(message.text())
    })
    page.on('request', (request) => asked.push(request.url()))
    page.on('websocket', (socket) => asked.push(socket.url()))
    await page.goto(url)
    return { page, faults, asked }
  }

  async function play(options?: BrowserContextOptions, url = address) {
    const opened = await open(url, options)
    const { page } = opened
    const direct = new Side(page, 'direct')
    const gateway = new Side(page, 'gateway')
    await direct.sees('open')
    await gateway.sees('open')
    const server = (state: keyof typeof words.states) =>
      expect.poll(() => page.locator('#backend').textContent()).toBe(words.states[state])
    const action = (name: keyof typeof words.actions) => page.locator(`[data-action=${name}]`)
    return {
      ...opened,
      direct,
      gateway,
      server,
      action,
      /** Waits until the button cannot be used. */
      barred: (name: keyof typeof words.actions) =>
        expect.poll(() => action(name).getAttribute('aria-disabled')).toBe('true'),
      /** Presses a button, and waits until the server is in that state. */
      async press(name: keyof typeof words.actions, state: keyof typeof words.states) {
        await direct.mark()
        await gateway.mark()
        await action(name).click()
        await server(state)
        await expect.poll(() => action('drain').getAttribute('aria-disabled')).toBe('false')
      },
      /** Runs the server again, and connects both. */
      async again() {
        await this.press('start', 'running')
        for (const side of [direct, gateway]) {
          await side.connect()
          await side.mark()
          await side.isConnection('open')
        }
      },
    }
  }

  test('every button, without hold: what a page sees directly and through Holdfast', async () => {
    const it = await play()
    const { direct, gateway, press } = it
    const { actions } = words
    await it.server('running')
    await it.barred('start')
    for (const side of [direct, gateway]) {
      await side.mark()
      await side.send()
      await side.sees('sent hello 1', 'message hello 1')
    }

    await press('stop', 'stopped')
    for (const side of [direct, gateway]) {
      await side.sees(actions.stop, new RegExp(`^close ${told.source.slice(1)}`))
      await side.isNumber('1012')
      await side.tells(/1012 Service Restart: .*Reason: service restart; retry=\d+/)
      await side.links('../1012/')
    }
    await it.barred('kill')

    await direct.mark()
    await gateway.mark()
    await direct.connect()
    await direct.sees('error', 'close 1006')
    await direct.tells(/Reason: none/)
    await gateway.connect()
    await gateway.sees('open', /^close 1014 bad gateway: connection refused; sent=0; retry=\d+$/)
    await gateway.links('../1014/')

    await it.again()
    await press('kill', 'stopped')
    await direct.sees(actions.kill, 'close 1006')
    await gateway.sees(actions.kill, 'close 1014 bad gateway: upstream connection lost')

    await it.again()
    await press('hang', 'hanging')
    await direct.send()
    await gateway.sees(actions.hang, /^close 1014 bad gateway: /)
    await direct.sees(actions.hang, /^sent hello \d+$/)
    await direct.isConnection('open')
    await press('start', 'running')
    await direct.sees(actions.start, /^message hello \d+$/)
    await gateway.connect()

    await press('garbage', 'garbage')
    await direct.sees(actions.garbage, 'close 1006')
    await gateway.sees(actions.garbage, 'close 1014 bad gateway: upstream connection lost')
    await direct.mark()
    await gateway.mark()
    await direct.connect()
    await direct.sees('error', 'close 1006')
    await gateway.connect()
    await gateway.sees('open', /^close 1014 bad gateway: not HTTP; sent=0; retry=\d+$/)

    await it.again()
    await press('drain', 'running')
    await gateway.sees(actions.drain, new RegExp(`^close ${told.source.slice(1)}`))
    await direct.sees(actions.drain)
    await direct.isConnection('open')
    await gateway.connect()
    await gateway.isConnection('open')

    expect(it.faults).toEqual([])
    // Nothing leaves this machine, and nothing but the demo is asked.
    const own = new URL(address).origin
    expect(
      it.asked.filter((url) => !url.startsWith(`${own}/docs/`) && !url.startsWith('ws://127.0.0.1:')),
    ).toEqual([])
  })

  test('with hold a page notices nothing of the server, whatever happens to it, and is told of a drain', async () => {
    const it = await play()
    const { page, direct, gateway, press } = it
    await gateway.mark()
    await page.locator('[name=hold]').check()
    await gateway.sees(words.holdOn, 'open')
    const wrongs = [
      ['stop', 'stopped'],
      ['kill', 'stopped'],
      ['garbage', 'garbage'],
      ['hang', 'hanging'],
    ] as const
    for (const [name, state] of wrongs) {
      await press(name, state)
      await gateway.send()
      const sent = (await gateway.log()).at(-1)!
      expect(sent).toMatch(/^sent hello \d+$/)
      // Directly it is noticed, but for a server that hangs, which nobody can tell from one that is quiet.
      if (name !== 'hang') await direct.isConnection('closed')
      await gateway.sees(words.actions[name], sent)
      await press('start', 'running')
      await gateway.sees(words.actions.start, sent.replace('sent', 'message'))
      await gateway.isConnection('open')
      await gateway.isNumber('–')
      await direct.connect()
    }
    await press('drain', 'running')
    await gateway.sees(words.actions.drain, new RegExp(`^close ${told.source.slice(1)}`))
    await gateway.mark()
    await page.locator('[name=hold]').uncheck()
    await gateway.sees(words.holdOff, 'open')
    expect(it.faults).toEqual([])
  })

  test('one that is to come back by itself does so every second until the server runs', async () => {
    const it = await play()
    await it.direct.automatic(true)
    await it.press('kill', 'stopped')
    await it.direct.sees(words.actions.kill, 'close 1006', 'error', 'close 1006')
    await it.gateway.isConnection('closed')
    await it.press('start', 'running')
    await expect.poll(async () => (await it.direct.log()).at(-1)).toBe('open')
    await it.direct.automatic(false)
    expect(it.faults).toEqual([])
  })

  test('an answer that another has overtaken changes nothing', async () => {
    const it = await play()
    const { page, direct, gateway } = it
    await it.press('kill', 'stopped')
    await direct.isConnection('closed')
    await gateway.isConnection('closed')
    let asked = 0
    let release = () => {}
    const released = new Promise<void>((resolve) => {
      release = resolve
    })
    await page.route('**/try.json', async (route) => {
      if (route.request().method() !== 'GET') return route.continue()
      const response = await route.fetch()
      asked += 1
      await released
      await route.fulfill({ response })
    })
    // At a close the page asks for the state of the server.
    await direct.connect()
    await expect.poll(() => asked).toBe(1)
    await it.press('start', 'running')
    const answered = page.waitForResponse((response) => response.request().method() === 'GET')
    release()
    await (await answered).finished()
    await page.evaluate(
      () => new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve))),
    )
    expect(await page.locator('#backend').textContent()).toBe(words.states.running)
  })

  test('it is worked by keyboard alone, and the focus stays where it was', async () => {
    const it = await play()
    const { page } = it
    await it.action('kill').focus()
    await page.keyboard.press('Enter')
    await it.server('stopped')
    expect(await page.evaluate(() => document.activeElement?.getAttribute('data-action'))).toBe('kill')
    await it.direct.isConnection('closed')
    // Not the moment for it: nothing is done.
    await it.direct.mark()
    await page.keyboard.press('Enter')
    for (let i = 0; i < 3; i++) await page.keyboard.press('Tab')
    expect(await page.evaluate(() => document.activeElement?.getAttribute('data-action'))).toBe('start')
    await page.keyboard.press('Space')
    await it.server('running')
    await it.direct.sees(words.actions.start)
  })

  test('codes are explained in the language of the reader', async () => {
    const it = await play({}, address.replace('/en/', '/ja/'))
    const { codes } = await loadLanguage('ja')
    await it.action('kill').click()
    await it.direct.isNumber('1006')
    await it.direct.tells(codes.abnormalClosure.meaning.replaceAll('`', ''))
    await expect.poll(() => it.page.locator('#backend').textContent()).toBe(tryTexts.ja.states.stopped)
    const explained = await it.page.goto(new URL((await it.direct.link())!, it.page.url()).href)
    expect(explained?.status()).toBe(200)
  })

  test.each<[string, BrowserContextOptions]>([
    ['light', {}],
    ['dark', { colorScheme: 'dark' }],
    ['phone', { viewport: { width: 390, height: 844 } }],
  ])('axe-core finds nothing, nothing moves and nothing is too wide: %s', async (_, options) => {
    const it = await play(options)
    const { page } = it
    await page.evaluate(() => {
      interface Shift {
        value: number
        sources: { node: Node | null }[]
      }
      const seen: { shift: number; moved: string[] } = { shift: 0, moved: [] }
      Object.assign(globalThis, { seen })
      new PerformanceObserver((list) => {
        for (const entry of list.getEntries() as unknown as Shift[]) {
          seen.shift += entry.value
          for (const { node } of entry.sources)
            seen.moved.push(node instanceof Element ? node.outerHTML : String(node?.textContent))
        }
      }).observe({ type: 'layout-shift', buffered: true })
    })
    await it.press('kill', 'stopped')
    await it.gateway.isNumber('1014')
    await page.evaluate(axe.source)
    const { violations } = await page.evaluate(() =>
      (globalThis as unknown as { axe: typeof axe }).axe.run(document.body),
    )
    expect(violations.map(({ id, nodes }) => [id, nodes.map(({ html }) => html)])).toEqual([])
    const { seen, wide } = await page.evaluate(() => ({
      seen: (globalThis as unknown as { seen: object }).seen,
      wide: document.documentElement.scrollWidth - document.documentElement.clientWidth,
    }))
    expect({ seen, wide }).toEqual({ seen: { shift: 0, moved: [] }, wide: 0 })
    expect(it.faults).toEqual([])
  })

  test('served by anything else it asks nobody, and says how to begin', async () => {
    await using server = await serveSite()
    const { page, faults, asked } = await open(`${server.url}some/where/en/try/`)
    await page.getByText(words.notHere).waitFor()
    expect(await page.getByText('holdfast demo --only-stay').isVisible()).toBe(true)
    for (const button of await page.locator('#try button').all()) expect(await button.isDisabled()).toBe(true)
    expect(asked.filter((url) => !url.startsWith(`${server.url}some/where/`))).toEqual([])
    expect(faults).toEqual([])
  })

  test('without script it can be read', async () => {
    const { page } = await open(address, { javaScriptEnabled: false })
    const text = await page.locator('main').textContent()
    expect(text).toContain('This tool needs JavaScript')
    expect(text).toContain('holdfast demo --only-stay')
  })

  // The last one: it ends the demo.
  test('the end of the demo is said', async () => {
    const it = await play()
    demo.signal('SIGINT')
    await demo.exited
    await it.direct.isNumber('1006')
    await expect.poll(() => it.page.locator('#status').textContent()).toBe(words.gone)
    await it.gateway.sees('open', 'close 1006')
  })
})

/** Makes the server of the demo run, whatever a test did to it; without a demo, nothing. */
async function runAgain(page: string): Promise<void> {
  const control = new URL('/docs/try.json', page)
  const state = await fetch(control).then(
    (response) => response.json() as Promise<{ demo: { token: string; backend: string } }>,
    () => undefined,
  )
  if (!state || state.demo.backend === 'running') return
  const headers = {
    origin: control.origin,
    'content-type': 'application/json',
    'x-holdfast-demo': state.demo.token,
  }
  const body = JSON.stringify({ action: 'start' })
  expect((await fetch(control, { method: 'POST', headers, body })).status).toBe(200)
}

/** A file server, which knows nothing of a demo, with the site in some folder. */
async function serveSite() {
  const server = http.createServer(async (request, response) => {
    const path = request.url!.replace('/some/where/', '')
    const answer = await siteAnswer(path, site)
    if (answer.found !== 'file') return response.writeHead(404).end()
    response.setHeader('content-type', answer.contentType)
    response.end(answer.body)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}
