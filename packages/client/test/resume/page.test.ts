import { browserMissing, eventually } from '@holdfast/testing'
import { describe, expect, it } from 'vitest'
import { bundle } from '../bundle.ts'
import { openPage, type TestPage } from '../page.ts'
import { startTestGateway } from './start-test-gateway.ts'

const missing = browserMissing()

/** A page with a socket with resume, whose events it notes in `seen`. */
async function openSocketIn(test: TestPage, url: string): Promise<void> {
  await test.page.addScriptTag({ url: '/client.js' })
  await test.page.evaluate(
    (address) =>
      new Promise<void>((resolve) => {
        const { Holdfast } = globalThis as unknown as { Holdfast: typeof import('../../src/resume.ts') }
        const seen: unknown[] = []
        const socket = new Holdfast.ReconnectingWebSocket(address, 'chat', { resume: true })
        for (const type of ['open', 'suspend', 'resume', 'close', 'error'])
          socket.addEventListener(type, () => seen.push(type))
        socket.addEventListener('message', ({ data }) => seen.push(data))
        socket.addEventListener('open', () => resolve())
        addEventListener('pageshow', ({ persisted }) => seen.push(`pageshow ${persisted}`))
        Object.assign(globalThis, { seen, socket })
      }),
    url,
  )
}

const seenIn = ({ page }: TestPage) =>
  page.evaluate(() => (globalThis as unknown as { seen: unknown[] }).seen)

const client = () => bundle({ entry: '../src/resume.ts', format: 'iife', name: 'Holdfast' })

describe.skipIf(missing !== undefined)(`a page in Chromium${missing ? ` (skipped: ${missing})` : ''}`, () => {
  it('goes on when its network breaks, and loses nothing', async () => {
    await using gateway = await startTestGateway({ deflate: true })
    await using test = await openPage('', { '/client.js': await client() })
    await openSocketIn(test, gateway.url)
    gateway.cut()
    await test.page.evaluate(() => (globalThis as unknown as { socket: WebSocket }).socket.send('one'))
    await eventually('an echo', async () => (await seenIn(test)).includes('one'))
    expect(await seenIn(test)).toEqual(['open', 'suspend', 'resume', 'one'])
    expect(gateway.sessions).toHaveLength(1)
  })

  it('that is left for good says bye', async () => {
    await using gateway = await startTestGateway()
    await using test = await openPage('', { '/client.js': await client() })
    await openSocketIn(test, gateway.url)
    await test.page.goto(`${test.origin}/elsewhere`)
    const byes = () => gateway.sessions[0]!.controls.filter(({ type }) => type === 'bye').length
    await eventually('bye', () => byes() === 1)
    await eventually('the end', () => gateway.closes.length === 1)
    expect(gateway.closes).toEqual([1001])
  })

  it('that comes out of the back/forward cache goes on, though Chromium has closed with 1001', async (context) => {
    await using gateway = await startTestGateway()
    await using test = await openPage('', { '/client.js': await client() }, ['--disable-back-forward-cache'])
    await openSocketIn(test, gateway.url)
    await test.page.goto(`${test.origin}/elsewhere`)
    gateway.sessions[0]!.send('meanwhile')
    await test.page.evaluate(() => history.back())
    let seen: unknown[] | undefined
    await eventually('the page', async () => {
      const isBack = await test.page
        .evaluate(() => location.pathname === '/' && document.readyState)
        .catch(() => '')
      seen = await seenIn(test).catch(() => undefined)
      return isBack === 'complete' && (!seen || seen.includes('meanwhile'))
    })
    // Whether it keeps a page is for the browser to decide.
    if (!seen) context.skip('Chromium has loaded the page anew')
    expect(await seenIn(test)).toEqual(['open', 'pageshow true', 'suspend', 'resume', 'meanwhile'])
    expect(gateway.closes).toEqual([1001])
    expect(gateway.sessions).toHaveLength(1)
    expect(gateway.sessions[0]!.controls.some(({ type }) => type === 'bye')).toBe(false)
  })
})
