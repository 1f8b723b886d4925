import { closedPort, eventually, fakeClock, faultUpstream, startUpstream } from '@holdfast/testing'
import { afterEach, describe, expect, it } from 'vitest'
import { WebSocket } from 'ws'
import {
  type ReconnectCloseEvent,
  ReconnectingWebSocket,
  type ReconnectingWebSocketOptions,
  type ValueOrFactory,
} from '../src/index.ts'
import { scripted } from './scripted-connection.ts'

/** A socket on `ws` with a clock that stands still, closed at the end, and the events that it has seen. */
function connect(
  url: ValueOrFactory<string | URL>,
  options: ReconnectingWebSocketOptions = {},
  protocols: ValueOrFactory<string | string[]> = [],
) {
  const clock = fakeClock()
  const socket = new ReconnectingWebSocket(url, protocols, { WebSocket, clock, ...options })
  const seen: string[] = []
  const closes: ReconnectCloseEvent[] = []
  for (const type of ['open', 'message', 'error', 'close'])
    socket.addEventListener(type, () => seen.push(type))
  socket.addEventListener('close', (event) => closes.push(event))
  return {
    socket,
    clock,
    seen,
    closes,
    /** Waits until that many events have been seen. */
    events: (count: number) =>
      eventually(`${count} events`, () => seen.length >= count, { detail: () => seen, every: 5 }),
    async [Symbol.asyncDispose]() {
      socket.close()
      await clock.advance(0)
      await eventually('the end', () => socket.readyState === 3, { every: 5 })
    },
  }
}

describe('a ReconnectingWebSocket', () => {
  it('dispatches close with what the server said and with retryIn, then open again, and goes on', async () => {
    await using server = await startUpstream()
    await using one = connect(server.url)
    await one.events(1)
    ;(await server.connection()).close(1012, 'service restart; retry=1200')
    await one.events(2)
    expect(one.closes[0]).toMatchObject({ code: 1012, reason: 'service restart; retry=1200', wasClean: true })
    expect(one.closes[0]!.retryIn).toBe(1200)
    expect(one.socket.readyState).toBe(0)
    await one.clock.advance(1199)
    expect(server.connections).toHaveLength(1)
    await one.clock.advance(1)
    await one.events(3)
    one.socket.send('still here')
    await one.events(4)
    expect(one.seen).toEqual(['open', 'close', 'open', 'message'])
  })

  it('says the truth about every failed attempt of an outage, and comes back after it', async () => {
    const port = await closedPort()
    await using one = connect(`ws://127.0.0.1:${port}`, { random: () => 0.1 })
    for (let i = 1; i <= 3; i++) {
      await one.events(2 * i)
      await one.clock.advance(one.closes.at(-1)!.retryIn!)
    }
    await one.events(8)
    await using server = await startUpstream({ port })
    await one.clock.advance(one.closes.at(-1)!.retryIn!)
    await one.events(9)
    expect(one.seen.join()).toBe('error,close,error,close,error,close,error,close,open')
    expect(one.closes.map(({ code, wasClean }) => [code, wasClean])).toEqual(Array(4).fill([1006, false]))
    expect(one.closes.map(({ retryIn }) => retryIn)).toEqual([500, 1000, 2000, 3000])
    expect(server.connections).toHaveLength(1)
  })

  it('stays away after 1000, with retryIn null as its last word', async () => {
    await using server = await startUpstream()
    await using one = connect(server.url)
    await one.events(1)
    ;(await server.connection()).close(1000)
    await one.events(2)
    expect(one.closes[0]!.retryIn).toBeNull()
    expect(one.socket.readyState).toBe(3)
    expect(one.clock.pending).toBe(0)
  })

  it('has the error of the connection in its error event', async () => {
    await using one = connect(`ws://127.0.0.1:${await closedPort()}`, { maxRetries: 0 })
    const error = new Promise<Event & { error?: Error }>((resolve) => {
      one.socket.onerror = resolve
    })
    expect((await error).error).toMatchObject({ code: 'ECONNREFUSED' })
  })

  it('gives up an attempt that takes too long, and tries again', async () => {
    await using server = await faultUpstream('no answer')
    await using one = connect(server.url, { connectTimeout: 700, random: () => 0 })
    await eventually('the handshake', () => server.requests.length === 1)
    await one.clock.advance(699)
    expect(one.seen).toEqual([])
    await one.clock.advance(1)
    expect(one.seen).toEqual(['error', 'close'])
    expect(one.closes[0]).toMatchObject({ code: 1006, reason: '', wasClean: false, retryIn: 0 })
    await eventually('the end of the first attempt', () => server.open <= 1)
    await one.clock.advance(0)
    await eventually('the second handshake', () => server.requests.length === 2)
  })
})

describe('url and protocols', () => {
  it('are asked before every attempt, sync or async', async () => {
    await using server = await startUpstream()
    let asked = 0
    await using one = connect(
      () => `${server.url}/?token=${++asked}`,
      {},
      async () => [`v${asked}`, 'other'],
    )
    expect(one.socket.url).toBe('')
    await one.events(1)
    expect(one.socket.url).toBe(`${server.url}/?token=1`)
    expect(one.socket.protocol).toBe('v1')
    ;(await server.connection()).close(1012, 'retry=10')
    await one.events(2)
    await one.clock.advance(10)
    await one.events(3)
    expect(one.socket.url).toBe(`${server.url}/?token=2`)
    expect(one.socket.protocol).toBe('v2')
    expect(server.connections.map(({ request }) => request.url)).toEqual(['/?token=1', '/?token=2'])
  })

  it('fail an attempt when they throw, reject, or give no URL, and are asked again', async () => {
    await using server = await startUpstream()
    const answers: (() => string | Promise<string>)[] = [
      () => {
        throw new Error('no token')
      },
      () => Promise.reject(new Error('401')),
      () => 'no url',
      () => server.url,
    ]
    const errors: unknown[] = []
    await using one = connect(() => answers.shift()!(), { random: () => 0 })
    one.socket.onerror = (event) => errors.push((event as Event & { error: Error }).error.message)
    expect(one.seen).toEqual([])
    for (let i = 1; i <= 3; i++) {
      await one.events(2 * i)
      await one.clock.advance(0)
    }
    await one.events(7)
    expect(one.seen.join()).toBe('error,close,error,close,error,close,open')
    expect(errors).toEqual(['no token', '401', 'no URL for a WebSocket: no url'])
    expect(one.closes[0]).toMatchObject({ code: 1006, reason: '', wasClean: false })
  })

  it('cannot hang an attempt: a late answer is not used', async () => {
    const { Class, made } = scripted()
    const answers: ((url: string) => void)[] = []
    await using one = connect(() => new Promise<string>((resolve) => answers.push(resolve)), {
      WebSocket: Class,
      random: () => 0.5,
    })
    await one.clock.advance(10_000)
    expect(one.seen).toEqual(['error', 'close'])
    answers[0]!('ws://late/')
    await one.clock.advance(2_500)
    expect(made).toHaveLength(0)
    answers[1]!('ws://second/')
    await one.clock.advance(0)
    expect(made.map(({ url }) => url)).toEqual(['ws://second/'])
  })

  it('throw at once when they are values with a mistake, and leave nothing behind', async () => {
    const clock = fakeClock()
    for (const [url, protocols] of [
      ['not a url', []],
      ['ws://x/', ['a', 'a']],
    ] as const) {
      const { signal } = new AbortController()
      const make = () => new ReconnectingWebSocket(url, [...protocols], { WebSocket, clock, signal })
      expect(make).toThrow(expect.objectContaining({ name: 'SyntaxError' }))
    }
    expect(clock.pending).toBe(0)
  })
})

describe('where there is no WebSocket, as on a server that renders a page', () => {
  const global = globalThis as { WebSocket?: unknown }
  const { WebSocket: before } = global
  const without = (value?: unknown) => {
    if (value) global.WebSocket = value
    else delete global.WebSocket
  }
  afterEach(() => without(before))

  it('it can be made; error says what to do, close follows, and nothing goes on', async () => {
    without()
    const errors: string[] = []
    await using one = connect('ws://x/', { WebSocket: undefined })
    one.socket.onerror = (event) => errors.push((event as ErrorEvent).message)
    one.socket.send('kept')
    await one.clock.advance(0)
    expect(one.seen).toEqual(['error', 'close'])
    expect(errors).toEqual([expect.stringMatching(/no global WebSocket.*option WebSocket/)])
    expect(one.closes[0]).toMatchObject({ code: 1006, retryIn: null })
    expect(one.socket.readyState).toBe(3)
    expect(one.clock.pending).toBe(0)
  })

  it('a mistake in the URL still throws at once', () => {
    without()
    expect(() => new ReconnectingWebSocket('not a url')).toThrow(
      expect.objectContaining({ name: 'SyntaxError' }),
    )
  })

  it('reconnect() connects once there is one', async () => {
    without()
    await using server = await startUpstream()
    await using one = connect(server.url, { WebSocket: undefined })
    await one.clock.advance(0)
    without(WebSocket)
    one.socket.reconnect()
    await one.clock.advance(0)
    await one.events(3)
    expect(one.seen).toEqual(['error', 'close', 'open'])
  })

  it('a page that puts the class in the place of the native one gets connections of the native one', async () => {
    // The module keeps what it found when it was loaded, which on some versions of Node is nothing.
    without(class extends ReconnectingWebSocket {})
    await using server = await startUpstream()
    await using one = connect(server.url, { WebSocket: undefined })
    await one.clock.advance(0)
    await eventually('an event', () => one.seen.length > 0)
    expect(one.seen[0]).toBe(before ? 'open' : 'error')
  })
})

describe('close()', () => {
  it('while it waits for its return ends it, with error and close as in CONNECTING', async () => {
    await using server = await startUpstream()
    await using one = connect(server.url)
    await one.events(1)
    ;(await server.connection()).close(1012, 'retry=1000')
    await one.events(2)
    one.socket.close()
    expect(one.socket.readyState).toBe(2)
    expect(one.seen).toHaveLength(2)
    await one.clock.advance(0)
    expect(one.seen).toEqual(['open', 'close', 'error', 'close'])
    expect(one.closes[1]).toMatchObject({ code: 1006, wasClean: false, retryIn: null })
    expect(one.socket.readyState).toBe(3)
    expect(one.clock.pending).toBe(0)
    expect(server.connections).toHaveLength(1)
  })

  it('in a close handler ends it too', async () => {
    await using server = await startUpstream()
    await using one = connect(server.url)
    one.socket.onclose = () => one.socket.close()
    await one.events(1)
    ;(await server.connection()).close(1012, 'retry=0')
    await one.events(2)
    await one.clock.advance(60_000)
    expect(one.socket.readyState).toBe(3)
    expect(one.closes.at(-1)!.retryIn).toBeNull()
    expect(server.connections).toHaveLength(1)
  })

  it('while the URL is asked for ends it: the answer is not used', async () => {
    const { Class, made } = scripted()
    let answer = (_: string) => {}
    await using one = connect(
      () =>
        new Promise<string>((resolve) => {
          answer = resolve
        }),
      { WebSocket: Class },
    )
    one.socket.close()
    answer('ws://x/')
    await one.clock.advance(0)
    expect(one.seen).toEqual(['error', 'close'])
    expect(made).toHaveLength(0)
  })

  it('does not wait forever for a server that never answers its Close', async () => {
    await using server = await faultUpstream('no answer to a Close')
    await using one = connect(server.url)
    await one.events(1)
    one.socket.close(1000, 'bye')
    const peer = await server.connection()
    expect(await peer.closeFrame()).toEqual({ code: 1000, reason: 'bye' })
    expect(one.socket.readyState).toBe(2)
    await one.clock.advance(10_000)
    expect(one.seen).toEqual(['open', 'error', 'close'])
    expect(one.closes[0]).toMatchObject({ code: 1006, wasClean: false, retryIn: null })
    await peer.ended()
  })
})

describe('signal', () => {
  it('closes the socket for good, also while it waits', async () => {
    await using server = await startUpstream()
    const controller = new AbortController()
    await using one = connect(server.url, { signal: controller.signal })
    await one.events(1)
    ;(await server.connection()).close(1012, 'retry=1000')
    await one.events(2)
    controller.abort()
    await one.clock.advance(5_000)
    expect(one.closes.at(-1)!.retryIn).toBeNull()
    expect(one.socket.readyState).toBe(3)
  })

  it('closes an open connection with a closing handshake', async () => {
    await using server = await startUpstream()
    const controller = new AbortController()
    await using one = connect(server.url, { signal: controller.signal })
    await one.events(1)
    controller.abort()
    await one.events(2)
    expect(one.closes[0]).toMatchObject({ code: 1005, wasClean: true, retryIn: null })
  })

  it('that is aborted already makes no connection', async () => {
    const { Class, made } = scripted()
    await using one = connect('ws://x/', { WebSocket: Class, signal: AbortSignal.abort() })
    expect(one.socket.readyState).toBe(2)
    await one.clock.advance(0)
    expect(one.seen).toEqual(['error', 'close'])
    expect(made).toHaveLength(0)
  })
})

describe('a listener that throws', () => {
  it('is reported as the platform does and changes nothing else', async () => {
    const { Class, last, made } = scripted()
    const clock = fakeClock()
    const socket = new ReconnectingWebSocket('ws://x/', [], { WebSocket: Class, clock, random: () => 0.5 })
    const reported: string[] = []
    const others = process.listeners('uncaughtException')
    process.removeAllListeners('uncaughtException')
    process.on('uncaughtException', (error) => reported.push(error.message))
    try {
      for (const type of ['open', 'message', 'error', 'close']) {
        socket.addEventListener(type, () => {
          throw new Error(`in ${type}`)
        })
      }
      socket.send('kept')
      last().open()
      last().receive('x')
      last().onerror?.({ type: 'error' })
      last().end(4000)
      await clock.advance(499)
      expect(made).toHaveLength(1)
      await clock.advance(1)
      expect(made).toHaveLength(2)
      last().open()
      expect(socket.readyState).toBe(1)
      expect(made[0]!.sent).toEqual(['kept'])
      await eventually('five reports', () => reported.length >= 5)
      expect(reported).toEqual(['in open', 'in message', 'in error', 'in close', 'in open'])
    } finally {
      process.removeAllListeners('uncaughtException')
      for (const listener of others) process.on('uncaughtException', listener)
      socket.close()
    }
  })

  it('has a like in a retry that throws: the table decides', async () => {
    const { Class, last } = scripted()
    const reported: unknown[] = []
    const host = globalThis as { reportError?: (error: unknown) => void }
    const { reportError } = host
    host.reportError = (error) => reported.push(error)
    try {
      const mistake = new Error('in retry')
      await using one = connect('ws://x/', {
        WebSocket: Class,
        random: () => 0.5,
        retry: () => {
          throw mistake
        },
      })
      last().open()
      last().end(4000)
      expect(one.closes[0]!.retryIn).toBe(500)
      expect(reported).toEqual([mistake])
    } finally {
      host.reportError = reportError
    }
  })
})
