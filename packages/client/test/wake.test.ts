import { browserMissing, closedPort, fakeClock, startUpstream } from '@holdfast/testing'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type ReconnectCloseEvent, ReconnectingWebSocket } from '../src/index.ts'
import { bundle } from './bundle.ts'
import { openPage } from './page.ts'
import { scripted } from './scripted-connection.ts'

// A page as far as the socket asks for it; the last test has a real one.
const globals = globalThis as { document?: { hidden: boolean; baseURI: string } } & Partial<EventTarget>
const listeners = new Map<string, Set<(event: { type: string }) => void>>()
const say = (type: string) => {
  for (const listener of [...(listeners.get(type) ?? [])]) listener({ type })
}
const listening = () => [...listeners.values()].reduce((sum, { size }) => sum + size, 0)

beforeEach(() => {
  globals.document = { hidden: false, baseURI: 'http://127.0.0.1/' }
  globals.addEventListener = (type, listener) => {
    if (!listeners.has(type)) listeners.set(type, new Set())
    listeners.get(type)!.add(listener as never)
  }
  globals.removeEventListener = (type, listener) => {
    listeners.get(type)?.delete(listener as never)
  }
})

afterEach(() => {
  listeners.clear()
  delete globals.document
  delete globals.addEventListener
  delete globals.removeEventListener
})

function waiting(code: number, reason = '', options = {}) {
  const clock = fakeClock()
  const { Class, made, last } = scripted()
  const socket = new ReconnectingWebSocket('ws://x/', [], {
    WebSocket: Class,
    clock,
    random: () => 0.9,
    ...options,
  })
  last().open()
  last().end(code, reason)
  return { clock, made, socket }
}

describe('a socket that waits', () => {
  for (const type of ['online', 'visibilitychange']) {
    it(`comes back at once at ${type}`, async () => {
      const { clock, made, socket } = waiting(1006)
      say(type)
      await clock.advance(0)
      expect(made).toHaveLength(2)
      // And only once.
      await clock.advance(5_000)
      expect(made).toHaveLength(2)
      socket.close()
    })
  }

  it('sleeps on when the page is hidden, and wakes at online even then', async () => {
    const { clock, made, socket } = waiting(1006)
    globals.document!.hidden = true
    say('visibilitychange')
    await clock.advance(0)
    expect(made).toHaveLength(1)
    say('online')
    await clock.advance(0)
    expect(made).toHaveLength(2)
    socket.close()
  })

  it('does not come back before the time that the server asked for', async () => {
    const { clock, made, socket } = waiting(1012, 'service restart; retry=3000')
    await clock.advance(1_000)
    say('online')
    await clock.advance(1_999)
    expect(made).toHaveLength(1)
    await clock.advance(1)
    expect(made).toHaveLength(2)
    socket.close()
  })

  it('does not come back before the least time of the table: 1 s after 1012, 5 s after 1013', async () => {
    for (const [code, least] of [
      [1012, 1_000],
      [1013, 5_000],
    ] as const) {
      const { clock, made, socket } = waiting(code)
      say('visibilitychange')
      await clock.advance(least - 1)
      expect(made).toHaveLength(1)
      await clock.advance(1)
      expect(made).toHaveLength(2)
      socket.close()
    }
  })

  it('comes back at once from a wait that retry has set', async () => {
    const { clock, made, socket } = waiting(1012, 'retry=100', { retry: () => 60_000 })
    say('online')
    await clock.advance(0)
    expect(made).toHaveLength(2)
    socket.close()
  })

  it('listens only while it waits', async () => {
    const { clock, socket } = waiting(1006)
    expect(listening()).toBe(2)
    await clock.advance(5_000)
    expect(listening()).toBe(0)
    socket.close()

    const other = waiting(1006)
    other.socket.close()
    expect(listening()).toBe(0)
  })
})

const missing = browserMissing()

describe.skipIf(missing !== undefined)(`in Chromium${missing ? ` (skipped: ${missing})` : ''}`, () => {
  it('a page comes back at once when its network does', async () => {
    const script = await bundle({ entry: '../src/index.ts', format: 'iife', name: 'Holdfast' })
    await using page = await openPage('', { '/client.js': script })
    await page.page.addScriptTag({ url: '/client.js' })
    const port = await closedPort()
    await page.page.evaluate(
      (url) =>
        new Promise<void>((resolve) => {
          const { Holdfast } = globalThis as unknown as {
            Holdfast: { ReconnectingWebSocket: typeof ReconnectingWebSocket }
          }
          const seen: unknown[] = []
          // An hour: only a wake can bring it back in time.
          const socket = new Holdfast.ReconnectingWebSocket(url, [], { retry: () => 3_600_000 })
          for (const type of ['open', 'close']) socket.addEventListener(type, () => seen.push(type))
          socket.addEventListener('close', (event: ReconnectCloseEvent) => {
            seen.push(event.code, event.retryIn, event instanceof CloseEvent)
            resolve()
          })
          Object.assign(globalThis, { seen })
        }),
      `ws://127.0.0.1:${port}`,
    )
    await page.page.context().setOffline(true)
    await using server = await startUpstream({ port })
    await page.page.context().setOffline(false)
    await server.connection()
    await page.page.waitForFunction(() =>
      (globalThis as unknown as { seen: unknown[] }).seen.includes('open'),
    )
    const seen = await page.page.evaluate(() => (globalThis as unknown as { seen: unknown[] }).seen)
    expect(seen).toEqual(['close', 1006, 3_600_000, true, 'open'])
  })
})
