import { fakeClock } from '@holdfast/testing'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { ReconnectingWebSocket, type ReconnectingWebSocketOptions } from '../src/index.ts'
import { scripted } from './scripted-connection.ts'

function start(options: ReconnectingWebSocketOptions = {}) {
  const lines: string[] = []
  const clock = fakeClock()
  const { Class, last } = scripted()
  const socket = new ReconnectingWebSocket('ws://x/chat?token=secret', [], {
    WebSocket: Class,
    clock,
    random: () => 0.5,
    debug: (line) => lines.push(line),
    ...options,
  })
  return { socket, lines, clock, last }
}

afterEach(() => {
  vi.restoreAllMocks()
  vi.unstubAllGlobals()
})

describe('debug', () => {
  it('is told in one line each: what is tried, opened, kept, closed, and what follows from it', async () => {
    const { socket, lines, clock, last } = start()
    socket.send('hello')
    last().open()
    last().end(1012, 'service restart; retry=300')
    await clock.advance(300)
    last().end(1006)
    await clock.advance(5_000)
    last().open()
    last().end(1008, 'no')
    expect(lines).toEqual([
      'connecting: ws://x/chat',
      'buffered: 5 bytes',
      'opened',
      'closed 1012 service restart; retry=300: next try in 300 ms (code)',
      'due',
      'connecting: ws://x/chat',
      'closed 1006 : next try in 5000 ms (code)',
      'due',
      'connecting: ws://x/chat',
      'opened',
      'closed 1008 no: gave up (code)',
    ])
  })

  it('is told who decided: the option retry, maxRetries, or the application', async () => {
    const { lines, clock, last } = start({ retry: () => 70, maxRetries: 1 })
    last().end(1006)
    await clock.advance(70)
    last().end(1006)
    expect(lines.filter((line) => line.startsWith('closed'))).toEqual([
      'closed 1006 : next try in 70 ms (retry)',
      'closed 1006 : gave up (maxRetries)',
    ])

    const other = start({ retry: () => null })
    other.socket.reconnect()
    other.socket.close()
    await other.clock.advance(0)
    expect(other.lines.slice(1)).toEqual(['reconnect', 'close', 'closed 1006 : gave up (closing)'])

    const third = start({ retry: () => null })
    third.last().end(1006)
    expect(third.lines.at(-1)).toBe('closed 1006 : gave up (retry)')
  })

  it('goes to console.debug with true, and nowhere without', () => {
    const spy = vi.spyOn(console, 'debug').mockReturnValue()
    start({ debug: undefined }).last().open()
    start({ debug: false }).last().open()
    expect(spy).not.toHaveBeenCalled()
    start({ debug: true }).last().open()
    expect(spy.mock.calls).toEqual([['connecting: ws://x/chat'], ['opened']])
  })

  it('may throw: the socket goes on', async () => {
    const reported: unknown[] = []
    vi.stubGlobal('reportError', (error: unknown) => reported.push(error))
    const fault = new Error('a fault of the logger')
    const { socket, last } = start({
      debug: () => {
        throw fault
      },
    })
    last().open()
    expect(socket.readyState).toBe(1)
    expect(reported).toEqual([fault, fault])
  })
})
