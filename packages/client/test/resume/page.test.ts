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

  it('keeps its token where no other page finds it: a tab that is duplicated copies sessionStorage', async () => {
    await using gateway = await startTestGateway()
    await using test = await openPage('', { '/client.js': await client() })
    await openSocketIn(test, gateway.url)
    gateway.cut()
    await eventually('resume', async () => (await seenIn(test)).includes('resume'))
    const stored = () => [sessionStorage.length, localStorage.length, document.cookie, history.state, name]
    expect(await test.page.evaluate(stored)).toEqual([0, 0, '', null, ''])
  })

  it('that is frozen says nothing, and has received only what it was shown', async () => {
    await using gateway = await startTestGateway({ answers: () => true })
    await using test = await openPage('', { '/client.js': await client() })
    await openSocketIn(test, gateway.url)
    const devTools = await test.page.context().newCDPSession(test.page)
    const [session] = gateway.sessions
    const acknowledged = () => Math.max(0, ...session!.controls.map(({ received = 0 }) => received))
    session!.send('one')
    await eventually('its acknowledgement', () => acknowledged() === 1)
    await devTools.send('Page.setWebLifecycleState', { state: 'frozen' })
    for (let n = 2; n <= 100; n++) session!.send(`${n}`)
    // The network goes on behind it, and the gateway ends the connection in the end.
    session!.park(1008, 'nothing acknowledged')
    session!.send('last')
    await devTools.send('Page.setWebLifecycleState', { state: 'active' })
    await eventually('all of it', async () => (await seenIn(test)).at(-1) === 'last')
    const messages = ['one', ...Array.from({ length: 99 }, (_, n) => `${n + 2}`), 'last']
    const isEvent = (one: unknown) => ['open', 'suspend', 'resume', 'close', 'error'].includes(`${one}`)
    const seen = await seenIn(test)
    expect(seen.filter((one) => !isEvent(one))).toEqual(messages)
    expect(seen.filter(isEvent)).toEqual(['open', 'suspend', 'resume'])
    expect(gateway.sessions).toHaveLength(1)
    await eventually('the last acknowledgement', () => acknowledged() === messages.length)
  })

  it('that sleeps for longer than its session is kept is told so, with what has not arrived, and begins anew', async () => {
    await using gateway = await startTestGateway()
    await using test = await openPage('', { '/client.js': await client() })
    await openSocketIn(test, gateway.url)
    const devTools = await test.page.context().newCDPSession(test.page)
    await test.page.evaluate(() => {
      const { socket, seen } = globalThis as unknown as { socket: EventTarget; seen: unknown[] }
      socket.addEventListener('close', (event) => {
        const { session } = event as unknown as { session: { why: string; confirmed: number } }
        seen.push(`${session.why} ${session.confirmed}`)
      })
      ;(socket as unknown as WebSocket).send('one')
    })
    await eventually('an echo', async () => (await seenIn(test)).includes('one'))
    await devTools.send('Page.setWebLifecycleState', { state: 'frozen' })
    gateway.sessions[0]!.expire()
    gateway.cut()
    await devTools.send('Page.setWebLifecycleState', { state: 'active' })
    await eventually('the next session', async () => (await seenIn(test)).at(-1) === 'open')
    expect(await seenIn(test)).toEqual(['open', 'one', 'suspend', 'close', 'expired 1', 'open'])
  })

  it('whose link has died while it was offline finds out as soon as it is online again', async () => {
    await using gateway = await startTestGateway()
    await using test = await openPage('', { '/client.js': await client() })
    await openSocketIn(test, gateway.url)
    const context = test.page.context()
    gateway.freeze()
    await context.setOffline(true)
    await test.page.evaluate(() => (globalThis as unknown as { socket: WebSocket }).socket.send('one'))
    await context.setOffline(false)
    await eventually('an echo', async () => (await seenIn(test)).includes('one'))
    expect(await seenIn(test)).toEqual(['open', 'suspend', 'resume', 'one'])
    expect(gateway.sessions).toHaveLength(1)
    expect(gateway.sessions[0]!.received).toEqual(['one'])
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
