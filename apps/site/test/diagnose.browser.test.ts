import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { browser, browserMissing, type TestBrowser } from '@holdfast/testing'
import type { Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type BuiltSite, serveBuiltSite } from './built-site.ts'

const fixtures = fileURLToPath(new URL('../../../packages/doctor/test/fixtures/', import.meta.url))
const fixture = (name: string) => readFileSync(`${fixtures}${name}`, 'utf8')

/** Typing a mebibyte takes longer than reading it. */
const put = (page: Page, text: string) =>
  page.locator('textarea').evaluate((area, value) => {
    ;(area as HTMLTextAreaElement).value = value
  }, text)

describe.skipIf(browserMissing())('diagnose in Chromium', () => {
  let chromium: TestBrowser
  let site: BuiltSite
  beforeAll(async () => {
    ;[chromium, site] = await Promise.all([browser(), serveBuiltSite()])
  })
  afterAll(async () => {
    await chromium[Symbol.asyncDispose]()
    await site[Symbol.asyncDispose]()
  })

  async function open(path = 'en/diagnose/', prepare?: (page: Page) => Promise<void>) {
    const context = await chromium.newContext()
    const page = await context.newPage()
    await prepare?.(page)
    const requests: string[] = []
    await page.goto(site.url + path, { waitUntil: 'networkidle' })
    page.on('request', (request) => requests.push(request.url()))
    return {
      page,
      requests,
      async diagnose(text: string) {
        await page.locator('textarea').fill(text)
        await page.locator('[type=submit]').click()
        await page
          .locator('#summary')
          .filter({ hasText: /nginx|haproxy|caddy|apache|traefik|envoy|kubernetes|\?|stopped|MiB/ })
          .waitFor()
        return await page.locator('#summary').textContent()
      },
      [Symbol.asyncDispose]: () => context.close(),
    }
  }

  it.each([
    ['nginx', 'server {\n  location /ws {\n    proxy_pass http://127.0.0.1:3000;\n  }\n}\n', 3],
    [
      'haproxy',
      'defaults\n  mode http\n  timeout client 30s\n  timeout server 30s\nfrontend in\n  bind :80\n  default_backend app\nbackend app\n  server app 127.0.0.1:3000\n',
      0,
    ],
    ['apache', '<VirtualHost *:80>\n  ProxyPass /ws http://127.0.0.1:3000/ws\n</VirtualHost>\n', 2],
    [
      'kubernetes',
      'apiVersion: networking.k8s.io/v1\nkind: Ingress\nmetadata:\n  name: chat\nspec:\n  ingressClassName: nginx\n  rules: []\n',
      0,
    ],
  ])('reads %s and marks the line, with what to write', async (kind, text, line) => {
    await using opened = await open()
    const { page } = opened
    expect(await opened.diagnose(text)).toContain(kind)
    expect(await page.locator('.finding').count()).toBeGreaterThan(0)
    if (line > 0) {
      const marked = page.locator(`.listing > li[value="${line}"]`)
      expect(await marked.getAttribute('class')).toBe('marked')
      expect(await marked.locator('.finding').count()).toBeGreaterThan(0)
    }
    expect(await page.locator('.finding pre').first().textContent()).not.toBe('')
  })

  it.each(['caddy', 'envoy', 'traefik'])('reads %s', async (kind) => {
    await using opened = await open()
    const texts: Record<string, string> = {
      caddy: 'example.com {\n  reverse_proxy localhost:3000 {\n    header_up Connection close\n  }\n}\n',
      envoy: 'static_resources:\n  listeners: []\n',
      traefik:
        'http:\n  routers:\n    chat:\n      rule: Host(`a`)\n      service: chat\n  services:\n    chat:\n      loadBalancer:\n        servers:\n          - url: http://127.0.0.1:3000\n',
    }
    expect(await opened.diagnose(texts[kind]!)).toContain(kind)
  })

  it('says so where nothing is wrong, in the language of the reader', async () => {
    await using opened = await open('fr/diagnose/')
    const good = fixture('nginx/ok-documentation.conf')
    expect(await opened.diagnose(good)).toMatch(/^(Rien qui empêche|Résultats)/)
  })

  it('works with the network cut off, and asks for nothing any more', async () => {
    await using opened = await open()
    const { page, requests } = opened
    await opened.diagnose('location / { proxy_pass http://a; }')
    requests.length = 0
    await page.context().setOffline(true)
    await opened.diagnose('server { location / { proxy_pass http://b; } }')
    expect(await page.locator('.finding').count()).toBeGreaterThan(0)
    expect(requests).toEqual([])
  })

  it('does not freeze on a mebibyte of anything, and refuses more', async () => {
    await using opened = await open()
    const { page } = opened
    const hostile = [
      '{'.repeat(2 ** 20 - 1),
      `location ${' '.repeat(2 ** 20 - 20)}`,
      `http:\n${'  - &a [*a]\n'.repeat(80_000)}`.slice(0, 2 ** 20 - 1),
      'server { '.repeat(110_000),
    ]
    for (const text of hostile) {
      await put(page, text)
      await page.locator('[type=submit]').click()
      // While the worker reads, the page answers.
      expect(await page.evaluate(() => 1 + 1)).toBe(2)
    }
    await put(page, 'x'.repeat(2 ** 20 + 1))
    await page.locator('[type=submit]').click()
    expect(await page.locator('#summary').textContent()).toMatch(/1 MiB/)
  })

  it('says of a file that it is too large, whatever was being read', async () => {
    await using opened = await open('en/diagnose/', async (page) => {
      await page.clock.install()
      await page.route('**/diagnose-worker.js', (route) =>
        route.fulfill({ contentType: 'text/javascript', body: 'onmessage = () => {}' }),
      )
    })
    const { page } = opened
    await page.locator('textarea').fill('location / {}')
    await page.locator('[type=submit]').click()
    const large = { name: 'large.conf', mimeType: 'text/plain', buffer: Buffer.alloc(2 ** 20 + 1, 'x') }
    await page.locator('[type=file]').setInputFiles(large)
    await page.locator('#summary', { hasText: '1 MiB' }).waitFor()
    await page.clock.runFor(10_000)
    expect(await page.locator('#summary').textContent()).toMatch(/1 MiB/)
  })

  it('opens a file, and shows its example by the keyboard', async () => {
    await using opened = await open()
    const { page } = opened
    await page.locator('[type=file]').setInputFiles({
      name: 'nginx.conf',
      mimeType: 'text/plain',
      buffer: Buffer.from('server {\n  location / {\n    proxy_pass http://a;\n  }\n}\n'),
    })
    await page.locator('.finding').first().waitFor()
    await page.locator('[name=example]').focus()
    await page.keyboard.press('Enter')
    await page.locator('.listing', { hasText: 'chat.example.com' }).waitFor()
  })
})
