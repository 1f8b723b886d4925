import http from 'node:http'
import type { AddressInfo } from 'node:net'
import { waitLimitMs } from '@holdfast/testing'
import { chromium, type Page } from 'playwright-core'

export interface TestPage extends AsyncDisposable {
  readonly page: Page
  readonly origin: string
}

/**
 * A page in Chromium, served from 127.0.0.1; `html` is its body, `scripts` what it can load by path. `without` leaves
 * arguments away that the driver gives to the browser.
 */
export async function openPage(
  html = '',
  scripts: Record<string, string> = {},
  without: string[] = [],
): Promise<TestPage> {
  const server = http.createServer((request, response) => {
    const script = scripts[request.url ?? '']
    response.setHeader('content-type', script === undefined ? 'text/html' : 'text/javascript')
    response.end(script ?? `<!doctype html><meta charset="utf-8"><title>a page</title><body>${html}`)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const args = ['--no-sandbox', '--disable-gpu', '--no-first-run', '--disable-background-networking']
  const browser = await chromium.launch({
    executablePath: '/usr/bin/chromium',
    args,
    ignoreDefaultArgs: without,
    timeout: waitLimitMs,
  })
  const page = await browser.newPage()
  await page.goto(origin)
  return {
    page,
    origin,
    async [Symbol.asyncDispose]() {
      await browser.close()
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}
