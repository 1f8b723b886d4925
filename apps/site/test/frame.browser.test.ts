// The page that decodes, in Chromium: what is pasted and dropped, without a network, and what is hostile.

import { browser, browserMissing, type TestBrowser } from '@holdfast/testing'
import axe from 'axe-core'
import type { BrowserContextOptions, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type BuiltSite, serveBuiltSite } from './built-site.ts'
import { recordChromium, startServer } from './frame/recorded.ts'
import { closePayload, frameBytes, ipPacket, pcap, request, response } from './frame/wire.ts'

const close = frameBytes({ opcode: 8, payload: closePayload(1012, 'service restart; retry=2350') })

/** A client that asks, is answered, and is told 1012. */
function capture(): Buffer {
  const client = { from: '10.0.0.1', to: '10.0.0.2', ports: [40_000, 80], sequence: 1 } as const
  const server = { from: '10.0.0.2', to: '10.0.0.1', ports: [80, 40_000], sequence: 1 } as const
  const segments = [
    { ...client, sequence: 0, flags: { syn: true } },
    { ...server, sequence: 0, flags: { syn: true, ack: true } },
    { ...client, data: request() },
    { ...server, data: response() },
    { ...server, sequence: 1 + response().length, data: close },
    { ...server, sequence: 1 + response().length + close.length, flags: { fin: true } },
  ]
  return pcap(segments.map(ipPacket))
}

describe.skipIf(browserMissing())('frame in Chromium', () => {
  let chromium: TestBrowser
  let site: BuiltSite
  beforeAll(async () => {
    ;[chromium, site] = await Promise.all([browser(), serveBuiltSite()])
  })
  afterAll(async () => {
    await chromium[Symbol.asyncDispose]()
    await site[Symbol.asyncDispose]()
  })

  async function open(
    path = 'en/frame/',
    options: BrowserContextOptions = {},
    prepare?: (page: Page) => Promise<void>,
  ) {
    const context = await chromium.newContext(options)
    const page = await context.newPage()
    await prepare?.(page)
    await page.goto(site.url + path, { waitUntil: 'networkidle' })
    const requests: string[] = []
    page.on('request', (one) => requests.push(one.url()))
    return {
      page,
      requests,
      async paste(text: string) {
        await page.locator('textarea').fill(text)
        await page.locator('[type=submit]').click()
      },
      [Symbol.asyncDispose]: () => context.close(),
    }
  }

  /** Drops a file on the page, as somebody does who aims at nothing in particular. */
  async function drop(page: Page, name: string, file: Buffer): Promise<void> {
    const data = await page.evaluateHandle(
      ([called, base64]) => {
        const transfer = new DataTransfer()
        transfer.items.add(new File([Uint8Array.from(atob(base64!), (c) => c.charCodeAt(0))], called!))
        return transfer
      },
      [name, file.toString('base64')],
    )
    await page.dispatchEvent('main', 'drop', { dataTransfer: data })
  }

  it.each([
    [
      'hex',
      'en',
      close.toString('hex'),
      'Read as bytes. Connections: 1. Frames: 1. The server sent Close 1012 Service Restart.',
    ],
    [
      'base64',
      'ja',
      close.toString('base64'),
      'バイト列 として読みました。 接続：1。フレーム：1。 サーバーが Close 1012 Service Restart を送りました。',
    ],
  ])(
    'decodes a Close pasted as %s, explains it in %s and links to its page',
    async (_, tag, pasted, summary) => {
      await using opened = await open(`${tag}/frame/`)
      const { page } = opened
      await opened.paste(pasted)
      await page.locator('.code').waitFor()
      expect(await page.locator('#summary').textContent()).toBe(summary)
      expect(await page.locator('.code q').textContent()).toBe('service restart; retry=2350')
      expect(await page.locator('.code').textContent()).toContain('2350')
      await page.locator('.code a').click()
      await page.waitForURL(`${site.url}${tag}/1012/`)
      expect(await page.locator('h1').textContent()).toContain('1012')
    },
  )

  it('reads what Chromium and a capture recorded, with the network cut off, and asks for nothing', async () => {
    await using server = await startServer()
    const { har, netlog } = await recordChromium(server.port, 'Everything')
    await using opened = await open()
    const { page, requests } = opened
    await page.context().setOffline(true)
    await page.context().route('**/*', (route) => route.abort())
    await drop(page, 'out.pcap', capture())
    await page.locator('.code a[href$="/1012/"]').waitFor()
    expect(await page.locator('#result').textContent()).toMatch(
      /10\.0\.0\.1:40000 → 10\.0\.0\.2:80.*matches the key/,
    )
    expect(await page.locator('#result').textContent()).toContain('The server ended TCP (FIN).')
    await drop(page, 'netlog.json', netlog)
    await page.locator('#summary', { hasText: 'netlog' }).waitFor()
    expect(await page.locator('.code a[href$="/1012/"]').count()).toBe(1)
    expect(await page.locator('.frames').textContent()).toMatch(
      /Inflated message, 17 bytes.*hello hello hello/,
    )
    await drop(page, 'page.har', har)
    await page.locator('#summary', { hasText: 'HAR' }).waitFor()
    expect(await page.locator('#result').textContent()).toContain('no close code')
    expect(await page.locator('.frames > li').count()).toBe(6)
    expect(requests).toEqual([])
  })

  it('takes a file from the field, and its example, by the keyboard', async () => {
    await using opened = await open('de/frame/')
    const { page } = opened
    await page.locator('[type=file]').setInputFiles({ name: 'out.pcap', mimeType: '', buffer: capture() })
    await page.locator('.code a').first().waitFor()
    await page.locator('textarea').focus()
    for (const name of ['file', '', 'example']) {
      await page.keyboard.press('Tab')
      expect(await page.evaluate(() => (document.activeElement as HTMLInputElement).name)).toBe(name)
    }
    await page.keyboard.press('Enter')
    await page.locator('.frames > li').nth(3).waitFor()
    await page.locator('.connection > summary').focus()
    await page.keyboard.press('Enter')
    expect(await page.locator('.connection').getAttribute('open')).toBeNull()
  })

  it('answers while it reads what is hostile, and ends what takes too long', async () => {
    let loaded = 0
    await using opened = await open('en/frame/', {}, async (page) => {
      await page.clock.install()
      // A worker that never comes back, which no capture is known to achieve.
      await page.route('**/frame-worker.js', async (route) => {
        await route.fulfill({ contentType: 'text/javascript', body: 'onmessage = () => { for (;;); }' })
        loaded += 1
      })
    })
    const { page } = opened
    // Two are loaded ahead, and each of them is ended; what replaces them is the real one.
    await expect.poll(() => loaded).toBe(2)
    await page.unroute('**/frame-worker.js')
    for (let i = 0; i < 2; i++) {
      await opened.paste('88 02 03 f4')
      expect(await page.locator('#summary').textContent()).toBe('Reading …')
      expect(await page.evaluate(() => 1 + 1)).toBe(2)
      await page.clock.runFor(15_000)
      await page.locator('#summary', { hasText: 'took longer than 15 s and was stopped' }).waitFor()
    }
    await opened.paste('88 02 03 f4')
    await page.locator('.code a[href$="/1012/"]').waitFor()
  })

  it('does not freeze on captures of megabytes of anything, and refuses more', async () => {
    await using opened = await open()
    const { page } = opened
    const pings = Buffer.alloc(8 * 1024 * 1024, Buffer.from([0x89, 0]))
    const hostile = [
      pings,
      Buffer.alloc(8 * 1024 * 1024, '['),
      Buffer.concat([pcap([]), Buffer.alloc(8 * 1024 * 1024)]),
    ]
    for (const [i, bytes] of hostile.entries()) {
      await page.locator('[type=file]').setInputFiles({ name: `${i}`, mimeType: '', buffer: bytes })
      expect(await page.evaluate(() => 1 + 1)).toBe(2)
      await page.locator('#summary', { hasNotText: 'Reading' }).waitFor()
      expect(await page.locator('.frames > li').count()).toBeLessThanOrEqual(200)
    }
    await page.locator('[type=file]').evaluate((field: HTMLInputElement) => {
      const transfer = new DataTransfer()
      transfer.items.add(new File([new Uint8Array(64 * 1024 * 1024 + 1)], 'large'))
      field.files = transfer.files
      field.dispatchEvent(new Event('change'))
    })
    expect(await page.locator('#summary').textContent()).toContain('64 MiB')
  })

  it.each([
    ['light', 1280],
    ['dark', 390],
  ] as const)(
    'in %s at %i px has nothing serious for axe and does not scroll sideways',
    async (colorScheme, width) => {
      await using opened = await open('fr/frame/', { colorScheme, viewport: { width, height: 900 } })
      const { page } = opened
      await opened.paste(
        `${request('Sec-WebSocket-Protocol: a\r\n')}${response()}${'c1 85 00 00 00 00 48 65 6c 6c 6f 83 00 81 02 ff ff'}${close.toString('hex')}`,
      )
      await page.locator('.code a').waitFor()
      expect(await page.locator('.faults li').count()).toBeGreaterThanOrEqual(4)
      await page.evaluate(axe.source)
      const serious = await page.evaluate(async () => {
        const { axe } = window as unknown as {
          axe: { run(): Promise<{ violations: { id: string; impact: string; nodes: { html: string }[] }[] }> }
        }
        const { violations } = await axe.run()
        return violations
          .filter(({ impact }) => impact === 'serious' || impact === 'critical')
          .map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(' ')}`)
      })
      expect(serious).toEqual([])
      expect(
        await page.evaluate(() => document.documentElement.scrollWidth - innerWidth),
      ).toBeLessThanOrEqual(0)
      if (process.env.SCREENSHOTS)
        await page.screenshot({
          path: `${process.env.SCREENSHOTS}/frame-${colorScheme}-${width}.png`,
          fullPage: true,
        })
    },
  )
})
