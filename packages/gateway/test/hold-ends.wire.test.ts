// How a hold ends when it does not end well, and what must reach the client all the same. The failures of
// @fastify/http-proxy's `wsReconnect` are among these tests: lost messages, swallowed kicks, hooks that run again and
// again, an upstream that nobody closes.
import {
  closedPort,
  fakeClock,
  fullBacklog,
  type RawUpstream,
  type RouteInit,
  rawClient,
  rawUpstream,
  runtime,
  startGateway,
  startUpstream,
  type TestGateway,
  wsClient,
} from '@holdfast/testing'
import { describe, expect, test } from 'vitest'

type Hold = NonNullable<RouteInit['hold']>

function holding(settings: Partial<Hold> = {}): Hold {
  return { for: 10_000, on: [1012, 'lost'], buffer: 64 * 1024, replay: { by: 'none' }, ...settings }
}

const restartReason = /^service restart; retry=\d+$/

/** The route as it is now. */
async function route(gateway: TestGateway) {
  return (await gateway.snapshot()).routes[0]!
}

/** Resolves when so many connections are held. */
async function held(gateway: TestGateway, count = 1) {
  await expect
    .poll(async () => (await route(gateway)).connections, { interval: 5 })
    .toMatchObject({ open: 0, held: count })
}

/** Nothing is left of any connection: none registered, none counted at an upstream. */
async function nothingLeft(gateway: TestGateway) {
  await expect.poll(() => gateway.connections(), { interval: 5 }).toEqual([])
  const { connections, upstreams } = await route(gateway)
  expect(connections).toEqual({ open: 0, held: 0, closing: 0 })
  expect(upstreams.map(({ connections }) => connections)).toEqual(upstreams.map(() => 0))
}

/** An upstream that can say 1012 to everybody and answer no further handshake until it is back. */
async function restartingUpstream() {
  let gone = false
  const upstream = await rawUpstream({
    onRequest: (_, socket) => {
      if (gone) socket.destroy()
      return gone
    },
  })
  return {
    upstream,
    restart() {
      gone = true
      for (const peer of upstream.connections) if (!peer.ending) peer.close(1012)
    },
    /** Resolves when it is back and has had so many connections in all. */
    async back(connections: number) {
      gone = false
      await expect.poll(() => upstream.connections.length, { interval: 5 }).toBe(connections)
    },
    [Symbol.asyncDispose]: () => upstream[Symbol.asyncDispose](),
  }
}

describe('nobody comes back', () => {
  test('and the client is told 1012 and when to return, after `for`, without an address', async () => {
    await using backend = await restartingUpstream()
    await using gateway = await startGateway({
      upstreams: [backend.upstream.url],
      hold: holding({ for: 300 }),
    })
    await using client = wsClient(gateway.url)
    await client.opened
    const began = performance.now()
    backend.restart()
    expect(await client.closed).toEqual({
      code: 1012,
      reason: expect.stringMatching(restartReason),
      wasClean: true,
    })
    expect(performance.now() - began).toBeGreaterThan(290)
    await nothingLeft(gateway)
    const { counters } = await route(gateway)
    expect(counters).toMatchObject({ reattachments: { 'too-late': 1 }, closes: { '1012:gateway': 1 } })
    await expect.poll(() => backend.upstream.open, { interval: 5 }).toBe(0)
  })

  test('and nothing answers at all: the dial under way ends with the hold', async () => {
    await using first = await startUpstream()
    await using silent = await fullBacklog()
    await using gateway = await startGateway({ upstreams: [first.url], hold: holding({ for: 300 }) })
    await using client = wsClient(gateway.url)
    await client.opened
    await gateway.reload({ upstreams: [silent.url], hold: holding({ for: 300 }) })
    expect(await client.closed).toMatchObject({ code: 1012, reason: expect.stringMatching(restartReason) })
    await nothingLeft(gateway)
  })

  test('and without `lost` among the reasons to hold the client is told 1014 at once', async () => {
    await using upstream = await rawUpstream()
    await using gateway = await startGateway({ upstreams: [upstream.url], hold: holding({ on: [1012] }) })
    await using client = wsClient(gateway.url)
    await client.opened
    const peer = await upstream.connection()
    peer.end()
    expect(await client.closed).toMatchObject({
      code: 1014,
      reason: 'bad gateway: upstream connection lost',
    })
  })

  test.skipIf(runtime().foreign)('no timer stays behind', async () => {
    const clock = fakeClock()
    await using backend = await restartingUpstream()
    await using gateway = await startGateway(
      { upstreams: [backend.upstream.url], hold: holding({ for: 30_000 }) },
      { clock },
    )
    const before = clock.pending
    await using client = wsClient(gateway.url)
    await client.opened
    backend.restart()
    await held(gateway)
    client.socket.terminate()
    await nothingLeft(gateway)
    // The news of the hold and the ends of TCP are still to be told.
    await expect
      .poll(
        async () => {
          await clock.advance(500)
          return clock.pending
        },
        { interval: 5 },
      )
      .toBe(before)
  })
})

describe('the client leaves while it is held', () => {
  const ways = {
    'with a Close': (client: Awaited<ReturnType<typeof rawClient>>) => client.close(4000, 'enough'),
    'with the end of TCP': (client: Awaited<ReturnType<typeof rawClient>>) => client.end(),
    'with a reset': (client: Awaited<ReturnType<typeof rawClient>>) => client.reset(),
  }

  test.each(Object.entries(ways))('%s, and nobody dials for it any more', async (way, leave) => {
    await using backend = await restartingUpstream()
    await using gateway = await startGateway({ upstreams: [backend.upstream.url], hold: holding() })
    await using stays = await rawClient(gateway.url)
    await using leaves = await rawClient(gateway.url)
    backend.restart()
    await held(gateway, 2)
    leave(leaves)
    if (way === 'with a Close') expect(await leaves.closeFrame()).toEqual({ code: 4000, reason: 'enough' })
    await held(gateway, 1)
    // Two more turns of the one that stays: the time in which the other would have dialled has passed.
    const dials = backend.upstream.requests.length
    await expect.poll(() => backend.upstream.requests.length, { interval: 5 }).toBeGreaterThan(dials + 1)
    await backend.back(3)
    stays.text('still here')
    expect(String((await backend.upstream.connections[2]!.message()).payload)).toBe('still here')
    stays.close(1000)
    await stays.ended()
    await nothingLeft(gateway)
    expect(backend.upstream.connections).toHaveLength(3)
    expect((await route(gateway)).counters.reattachments).toEqual({ attached: 1, abandoned: 1 })
  })

  test('while an upstream is dialled that does not answer: that dial ends, too', async () => {
    await using first = await rawUpstream()
    const requests: string[] = []
    await using mute = await rawUpstream({ onRequest: ({ startLine }) => requests.push(startLine) > 0 })
    await using gateway = await startGateway({ upstreams: [first.url], hold: holding() })
    await using client = wsClient(gateway.url)
    await client.opened
    await gateway.reload({
      upstreams: [first.url, mute.url],
      balance: { by: 'round-robin' },
      hold: holding(),
    })
    ;(await first.connection()).close(1012)
    await expect.poll(() => requests.length, { interval: 5 }).toBe(1)
    expect(mute.open).toBe(1)
    client.close(1000)
    expect(await client.closed).toMatchObject({ code: 1000 })
    await expect.poll(() => mute.open, { interval: 5 }).toBe(0)
    await nothingLeft(gateway)
  })
})

describe('what the client sends while it is held', () => {
  test('arrives in order at the next upstream, once, however often that changes', async () => {
    await using backend = await restartingUpstream()
    await using gateway = await startGateway({ upstreams: [backend.upstream.url], hold: holding() })
    await using client = wsClient(gateway.url)
    await client.opened
    const rounds = 20
    for (let i = 0; i < rounds; i++) {
      backend.restart()
      await held(gateway)
      client.send(`${i}a`)
      client.send(`${i}b`)
      await backend.back(i + 2)
      const next = backend.upstream.connections[i + 1]!
      expect(next.request.headers['holdfast-reattach']).toBe(`${i + 1}; code=1012`)
      expect(String((await next.message()).payload)).toBe(`${i}a`)
      expect(String((await next.message()).payload)).toBe(`${i}b`)
      next.text(`${i}c`)
      expect(await client.message()).toBe(`${i}c`)
    }
    const sessions = backend.upstream.requests.map(({ headers }) => headers['holdfast-session'])
    expect(new Set(sessions).size).toBe(1)
    expect(client.messages).toHaveLength(rounds)
    expect(backend.upstream.connections.map(({ messages }) => messages.length)).toEqual([
      0,
      ...Array<number>(rounds).fill(2),
    ])
    await expect.poll(() => backend.upstream.open, { interval: 5 }).toBe(1)
    expect(await route(gateway)).toMatchObject({
      upstreams: [{ connections: 1 }],
      counters: { lost: { 'to-upstream': 0, 'to-client': 0 }, reattachments: { attached: rounds } },
    })
  })

  test('and is over `buffer` makes it wait, by TCP, and nothing is lost afterwards', async () => {
    await using backend = await restartingUpstream()
    await using gateway = await startGateway({ upstreams: [backend.upstream.url], hold: holding() })
    await using client = wsClient(gateway.url)
    await client.opened
    backend.restart()
    await held(gateway)
    const count = 3_000
    const filler = 'x'.repeat(10_000)
    for (let i = 0; i < count; i++) client.send(`${i} ${filler}`)
    // What the systems' buffers do not take stays here: 30 MB are more than they have.
    let least = Number.POSITIVE_INFINITY
    await expect
      .poll(
        () => {
          const was = least
          least = client.socket.bufferedAmount
          return was === least
        },
        { interval: 100 },
      )
      .toBe(true)
    expect(least).toBeGreaterThan(1_000_000)
    const [info] = await gateway.connections()
    expect(info).toMatchObject({ state: 'held' })
    // Read, though not handed on: the buffer and at most what one read brings besides.
    expect(info!.bytes['to-upstream']).toBeLessThan(2 * 64 * 1024 + 64 * 1024)
    await backend.back(2)
    const next = backend.upstream.connections[1]!
    await expect.poll(() => next.messages.length, { interval: 20, timeout: 15_000 }).toBe(count)
    const numbers = next.messages.map(({ payload }) => Number(String(payload.subarray(0, 6)).split(' ')[0]))
    expect(numbers).toEqual(Array.from({ length: count }, (_, i) => i))
    next.text('all there')
    expect(await client.message()).toBe('all there')
    expect((await route(gateway)).counters.lost).toEqual({ 'to-upstream': 0, 'to-client': 0 })
  }, 30_000)

  test('and never leaves the gateway is counted as lost', async () => {
    await using backend = await restartingUpstream()
    await using gateway = await startGateway({
      upstreams: [backend.upstream.url],
      hold: holding({ for: 300 }),
    })
    await using client = wsClient(gateway.url)
    await client.opened
    backend.restart()
    await held(gateway)
    for (const message of ['one', 'two', 'three']) client.send(message)
    expect(await client.closed).toMatchObject({ code: 1012 })
    expect((await route(gateway)).counters.lost).toEqual({ 'to-upstream': 3, 'to-client': 0 })
  })

  test('with a Ping among it is answered by the gateway', async () => {
    await using backend = await restartingUpstream()
    await using gateway = await startGateway({ upstreams: [backend.upstream.url], hold: holding() })
    await using client = wsClient(gateway.url)
    await client.opened
    backend.restart()
    await held(gateway)
    client.socket.ping('still there?')
    await expect.poll(() => client.pongs.map(String), { interval: 5 }).toEqual(['still there?'])
  })
})

describe('a backend that kicks', () => {
  const kicks = [1000, 1001, 1008, 1011, 4001] as const

  test.each(kicks)('with %i reaches its client with code and reason', async (code) => {
    await using upstream = await startUpstream()
    await using gateway = await startGateway({ upstreams: [upstream.url], hold: holding() })
    await using client = wsClient(gateway.url)
    await client.opened
    ;(await upstream.connection()).close(code, 'out')
    expect(await client.closed).toEqual({ code, reason: 'out', wasClean: true })
    expect(upstream.connections).toHaveLength(1)
    await nothingLeft(gateway)
  })

  test('without a code reaches its client without one', async () => {
    await using upstream = await startUpstream()
    await using gateway = await startGateway({ upstreams: [upstream.url], hold: holding() })
    await using client = wsClient(gateway.url)
    await client.opened
    ;(await upstream.connection()).close()
    expect(await client.closed).toEqual({ code: 1005, reason: '', wasClean: true })
  })

  test.each(kicks)('with %i after its drain Ping reaches its client all the same', async (code) => {
    await using upstream = await startUpstream()
    await using gateway = await startGateway({ upstreams: [upstream.url], hold: holding() })
    await using client = wsClient(gateway.url)
    await client.opened
    const backend = await upstream.connection()
    backend.socket.ping('holdfast:drain')
    await expect.poll(() => backend.pongs.map(String), { interval: 5 }).toEqual(['holdfast:drain'])
    backend.send('and now')
    backend.close(code, 'out')
    expect(await client.closed).toEqual({ code, reason: 'out', wasClean: true })
    expect(client.messages).toEqual(['and now'])
    expect(client.pings).toEqual([])
    await nothingLeft(gateway)
  })

  test('with 4001 while the operator drains it reaches its client', async () => {
    await using upstream = await rawUpstream({ answersCloses: false })
    await using other = await startUpstream()
    const init = { upstreams: [upstream.url], hold: holding(), drain: { spread: 0 } }
    await using gateway = await startGateway(init)
    await using client = wsClient(gateway.url)
    await client.opened
    const peer = await upstream.connection()
    await gateway.reload({ ...init, upstreams: [other.url] })
    expect(await peer.closeFrame()).toEqual({ code: 1001, reason: '' })
    peer.close(4001, 'out')
    expect(await client.closed).toEqual({ code: 4001, reason: 'out', wasClean: true })
    expect(other.connections).toHaveLength(0)
    await nothingLeft(gateway)
  })

  test('that says nothing after its drain Ping is given up after `for`', async () => {
    await using upstream = await startUpstream()
    await using gateway = await startGateway({ upstreams: [upstream.url], hold: holding({ for: 200 }) })
    await using client = wsClient(gateway.url)
    await client.opened
    const backend = await upstream.connection()
    backend.socket.ping('holdfast:drain')
    expect(await client.closed).toMatchObject({ code: 1012, reason: expect.stringMatching(restartReason) })
    expect(await backend.closed).toMatchObject({ code: 1001 })
    await nothingLeft(gateway)
  })
})

describe('the next backend', () => {
  /** A held client whose next upstream is this one. */
  async function meet(next: RawUpstream, extensions?: string) {
    const protocols = ['chat.v2', 'chat.v1']
    const first = await rawUpstream({ protocol: 'chat.v1', extensions })
    const gateway = await startGateway({ upstreams: [first.url], hold: holding() })
    const client = await rawClient(gateway.url, { protocols, extensions })
    const peer = await first.connection()
    await gateway.reload({ upstreams: [next.url, first.url], hold: holding() })
    peer.close(1012)
    return {
      client,
      gateway,
      async [Symbol.asyncDispose]() {
        await client[Symbol.asyncDispose]()
        await gateway[Symbol.asyncDispose]()
        await first[Symbol.asyncDispose]()
      },
    }
  }

  const deflate = 'permessage-deflate; client_max_window_bits=15'
  const refusals = {
    'refuses the handshake with 401': {
      onRequest: (_: unknown, socket: import('node:net').Socket) =>
        socket.write('HTTP/1.1 401 No\r\nContent-Length: 0\r\n\r\n'),
    },
    'chooses another subprotocol': { protocol: 'chat.v2' },
    'chooses no subprotocol': {},
    'agrees to no extension': { protocol: 'chat.v1', offered: deflate },
    'agrees to other parameters': {
      protocol: 'chat.v1',
      offered: deflate,
      extensions: 'permessage-deflate; client_max_window_bits=9',
    },
    'agrees to what was never offered': { protocol: 'chat.v1', extensions: 'x-other' },
  }

  test.each(Object.entries(refusals))('that %s ends the hold with 1012', async (_, { ...options }) => {
    const offered = 'offered' in options ? options.offered : undefined
    await using next = await rawUpstream(options)
    await using meeting = await meet(next, offered)
    expect(await meeting.client.closeFrame()).toEqual({
      code: 1012,
      reason: expect.stringMatching(restartReason),
    })
    await nothingLeft(meeting.gateway)
    expect((await route(meeting.gateway)).counters.reattachments).toEqual({ refused: 1 })
    await expect.poll(() => next.open, { interval: 5 }).toBe(0)
  })

  test('that agrees to the same, however it writes it, goes on', async () => {
    await using next = await rawUpstream({
      protocol: 'chat.v1',
      extensions: 'permessage-deflate;client_max_window_bits="15"',
    })
    await using meeting = await meet(next, deflate)
    const peer = await next.connection()
    expect(peer.request.headers).toMatchObject({
      'sec-websocket-protocol': 'chat.v2, chat.v1',
      'sec-websocket-extensions': deflate,
      'holdfast-reattach': '1; code=1012',
    })
    meeting.client.text('hello')
    expect(String((await peer.message()).payload)).toBe('hello')
  })

  test.each([503, 500, 429])('that answers %i is asked again', async (status) => {
    let answers = 0
    await using next = await rawUpstream({
      protocol: 'chat.v1',
      onRequest: (_, socket) => {
        if (answers++ >= 2) return false
        socket.end(`HTTP/1.1 ${status} No\r\nContent-Length: 0\r\nConnection: close\r\n\r\n`)
        return true
      },
    })
    await using first = await rawUpstream({ protocol: 'chat.v1' })
    await using gateway = await startGateway({ upstreams: [first.url], hold: holding() })
    await using client = await rawClient(gateway.url, { protocols: ['chat.v1'] })
    // The first upstream is only drained: the client goes on with the next one as soon as that is well.
    await gateway.reload({ upstreams: [next.url], hold: holding(), drain: { spread: 0 } })
    const peer = await next.connection()
    expect(answers).toBe(3)
    peer.text('hello')
    expect(String((await client.message()).payload)).toBe('hello')
  })
})

describe('the operator', () => {
  const drain = { spread: 100, deadline: 5_000, retry: [1_000, 2_000] as [number, number] }

  test('drains an upstream, and its clients go on with another, with all they said', async () => {
    await using first = await startUpstream()
    await using second = await startUpstream()
    await using gateway = await startGateway({ upstreams: [first.url, second.url], drain, hold: holding() })
    const clients = Array.from({ length: 20 }, () => wsClient(gateway.url))
    await Promise.all(clients.map(({ opened }) => opened))
    let sent = 0
    const timer = setInterval(() => {
      sent++
      for (const client of clients) client.send(String(sent))
    }, 5)
    await expect.poll(() => sent, { interval: 5 }).toBeGreaterThan(5)
    expect(await gateway.drain({ upstream: first.url })).toMatchObject({ closed: 0, moved: 10, cut: 0 })
    const atMove = sent
    await expect.poll(() => sent, { interval: 5 }).toBeGreaterThan(atMove + 5)
    clearInterval(timer)
    for (const client of clients) {
      await expect.poll(() => client.messages.length, { interval: 5 }).toBe(sent)
      expect(client.messages).toEqual(Array.from({ length: sent }, (_, i) => String(i + 1)))
    }
    expect(clients.filter(({ ending }) => ending)).toEqual([])
    expect(first.sockets.size).toBe(0)
    expect(first.connections.map(({ ending }) => ending?.code)).toEqual(Array(10).fill(1001))
    expect(second.sockets.size).toBe(20)
    expect((await route(gateway)).counters.lost).toEqual({ 'to-upstream': 0, 'to-client': 0 })
    for (const client of clients) client.socket.terminate()
    await nothingLeft(gateway)
  })

  test('drains the only upstream, and its clients wait for `for` and are told 1012', async () => {
    await using upstream = await startUpstream()
    await using gateway = await startGateway({
      upstreams: [upstream.url],
      drain,
      hold: holding({ for: 300 }),
    })
    await using client = wsClient(gateway.url)
    await client.opened
    await gateway.drain({ upstream: upstream.url })
    expect(await client.closed).toMatchObject({ code: 1012, reason: expect.stringMatching(restartReason) })
    expect(upstream.connections).toHaveLength(1)
    await nothingLeft(gateway)
  })

  test('drains the gateway while clients are held: they are told 1012', async () => {
    await using backend = await restartingUpstream()
    await using gateway = await startGateway({ upstreams: [backend.upstream.url], drain, hold: holding() })
    await using client = wsClient(gateway.url)
    await client.opened
    backend.restart()
    await held(gateway)
    expect(await gateway.drain()).toMatchObject({ closed: 1, cut: 0 })
    expect(await client.closed).toMatchObject({ code: 1012, reason: expect.stringMatching(restartReason) })
    await nothingLeft(gateway)
    expect((await route(gateway)).counters.reattachments).toEqual({ ended: 1 })
  })

  test('closes a held connection with a code of theirs', async () => {
    await using backend = await restartingUpstream()
    await using gateway = await startGateway({ upstreams: [backend.upstream.url], hold: holding() })
    await using client = wsClient(gateway.url)
    await client.opened
    backend.restart()
    await held(gateway)
    const [info] = await gateway.connections({ state: 'held' })
    await gateway.closeConnection(info!.id, 4003, 'by hand')
    expect(await client.closed).toEqual({ code: 4003, reason: 'by hand', wasClean: true })
    await nothingLeft(gateway)
  })

  test.each([1000, undefined])(
    'drains an upstream whose answer is %s, and its client goes on',
    async (answer) => {
      await using first = await rawUpstream({ answersCloses: false })
      await using second = await startUpstream()
      const init = { drain, hold: holding() }
      await using gateway = await startGateway({ ...init, upstreams: [first.url] })
      await using client = wsClient(gateway.url)
      await client.opened
      await gateway.reload({ ...init, upstreams: [second.url] })
      const peer = await first.connection()
      expect(await peer.closeFrame()).toEqual({ code: 1001, reason: '' })
      peer.close(answer)
      peer.end()
      client.send('hello')
      expect(await client.message()).toBe('hello')
      await expect.poll(() => first.open, { interval: 5 }).toBe(0)
    },
  )

  test('takes an upstream out of the configuration, and its clients go on with what is left', async () => {
    await using first = await startUpstream()
    await using second = await startUpstream()
    const init = { drain, hold: holding() }
    await using gateway = await startGateway({ ...init, upstreams: [first.url] })
    await using client = wsClient(gateway.url)
    await client.opened
    expect(await gateway.reload({ ...init, upstreams: [second.url] })).toEqual({ drained: 1 })
    const next = await second.connection()
    expect(next.request.headers['holdfast-reattach']).toBe('1; code=1001')
    client.send('hello')
    expect(await client.message()).toBe('hello')
    expect(await (await first.connection()).closed).toMatchObject({ code: 1001 })
  })

  test('puts a new upstream into the configuration, and held clients go on with it', async () => {
    await using upstream = await startUpstream()
    const init = { drain, hold: holding() }
    const dead = `ws://127.0.0.1:${await closedPort()}`
    await using gateway = await startGateway({ ...init, upstreams: [upstream.url] })
    await using client = wsClient(gateway.url)
    await client.opened
    await gateway.reload({ ...init, upstreams: [dead] })
    await held(gateway)
    client.send('kept')
    await gateway.reload({ ...init, upstreams: [dead, upstream.url] })
    expect(await client.message()).toBe('kept')
    expect(upstream.connections).toHaveLength(2)
  })

  test('takes the route away while clients are held: they are told 1012', async () => {
    await using backend = await restartingUpstream()
    const init = { drain, hold: holding() }
    await using gateway = await startGateway({ ...init, upstreams: [backend.upstream.url] })
    await using client = wsClient(gateway.url)
    await client.opened
    backend.restart()
    await held(gateway)
    await gateway.reload({
      drain,
      routes: [{ name: 'other', upstreams: [backend.upstream.url] }],
    })
    expect(await client.closed).toMatchObject({ code: 1012, reason: expect.stringMatching(restartReason) })
    await expect.poll(() => gateway.connections(), { interval: 5 }).toEqual([])
  })
})
