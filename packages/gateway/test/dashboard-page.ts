// The operator's page as tests hold it in their hands.
import type { TestBrowser } from '@holdfast/testing'
import type { BrowserContext, BrowserContextOptions, Locator, Page } from 'playwright-core'

export interface OpenedPage extends AsyncDisposable {
  context: BrowserContext
  page: Page
  /** What no test wants to see: errors, refusals of the page's policy, requests to other hosts. */
  faults: string[]
}

export interface OpenOptions extends BrowserContextOptions {
  /** Whether the page will ask for a token first. */
  login?: boolean
}

/** Opens the page in a browser of its own and waits until it shows the gateway. */
export async function openPage(
  chromium: TestBrowser,
  url: string,
  { login = false, ...options }: OpenOptions = {},
): Promise<OpenedPage> {
  const context = await chromium.newContext({ locale: 'en-GB', ...options })
  const faults: string[] = []
  context.on('request', (request) => {
    if (!request.url().startsWith(url) && !request.url().startsWith('data:')) faults.push(request.url())
  })
  const page = await context.newPage()
  page.on('pageerror', (error) => faults.push(error.message))
  page.on('console', (message) => {
    if (message.type() === 'error') faults.push(message.text())
  })
  await page.goto(url)
  if (login) await page.getByLabel('Admin token').waitFor()
  // The heading of the routes, in any language.
  else await page.locator('h2#routes').waitFor()
  return { context, page, faults, [Symbol.asyncDispose]: () => context.close() }
}

/** The row of an upstream. */
export function row(page: Page, upstream: string): Locator {
  return page.getByRole('row').filter({ has: page.getByRole('rowheader', { name: upstream }) })
}
