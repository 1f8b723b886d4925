// Who decides over a held client besides its own upstream's 1012: a backend that kicks, which `wsReconnect` of
// @fastify/http-proxy swallows, the next backend, and the operator.
import {
  closedPort,
  type RawUpstream,
  rawClient,
  rawUpstream,
  startGateway,
  startUpstream,
  wsClient,
} from '@holdfast/testing'
import { describe, expect, test } from 'vitest'
import { held, holding, nothingLeft, restartingUpstream, restartReason, route } from './holding.ts'

describe('a backend that kicks', () => {
  const kicks = [1000, 1001, 1008, 1011, 4001] as const

  test.each(kicks)('with %i reaches its client with code and reason', async (code) => {
    await using upstream = await startUpstream()
    await using gateway = await startGateway({ upstreams: [upstream.url], hold: holding() })
    await using client = wsClient(gateway.url)
    await client.opened
    ;(await upstream.connection()).close(code, 'out')
    expect(await client.closed).toEqual({ code, reason: 'out', wasClean: true })
    const own = upstream.connections.filter(({ request }) => request.headers['holdfast-session'])
    expect(own).toHaveLength(1)
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
    // The first upstream is only drained: the client goes on with the next one as soon as that is healthy.
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

  test('takes hold from the route while clients are held: they are told 1012, and so is nobody else', async () => {
    await using backend = await restartingUpstream()
    await using other = await rawUpstream()
    const route = { name: 'default', upstreams: [backend.upstream.url], hold: holding() }
    const more = { name: 'more', upstreams: [other.url], match: { path: '/more' }, hold: holding() }
    await using gateway = await startGateway({ drain, routes: [more, route] })
    await using client = wsClient(gateway.url)
    await client.opened
    await using bystander = await rawClient(`${gateway.url}/more`)
    backend.restart()
    await expect.poll(() => gateway.connections({ state: 'held' }), { interval: 5 }).toHaveLength(1)
    const { hold: _, ...without } = route
    expect(await gateway.reload({ drain, routes: [more, without] })).toEqual({ drained: 1 })
    expect(await client.closed).toMatchObject({ code: 1012, reason: expect.stringMatching(restartReason) })
    bystander.text('still here')
    expect(String((await (await other.connection()).message()).payload)).toBe('still here')
  })

  test('takes hold from the route of a client whose upstream is leaving: it is told 1012', async () => {
    await using upstream = await rawUpstream()
    const init = { drain, upstreams: [upstream.url] }
    await using gateway = await startGateway({ ...init, hold: holding() })
    await using client = wsClient(gateway.url)
    await client.opened
    const peer = await upstream.connection()
    peer.ping('holdfast:drain')
    await peer.nextFrame()
    await gateway.reload(init)
    expect(await client.closed).toMatchObject({ code: 1012, reason: expect.stringMatching(restartReason) })
    await nothingLeft(gateway)
  })

  test('takes hold from the route of an open client: its upstream is its last one', async () => {
    await using upstream = await rawUpstream()
    const init = { drain, upstreams: [upstream.url] }
    await using gateway = await startGateway({ ...init, hold: holding() })
    await using client = await rawClient(gateway.url)
    const peer = await upstream.connection()
    await gateway.reload(init)
    peer.ping('holdfast:drain')
    expect(String((await client.nextFrame()).payload)).toBe('holdfast:drain')
    peer.close(1012, 'bye')
    expect(await client.closeFrame()).toEqual({ code: 1012, reason: 'bye' })
    expect(upstream.connections).toHaveLength(1)
    await nothingLeft(gateway)
  })

  test('takes the upstream away that held clients had: they go on with another all the same', async () => {
    await using backend = await restartingUpstream()
    await using upstream = await rawUpstream()
    const init = { drain: { ...drain, deadline: 300 }, hold: holding() }
    await using gateway = await startGateway({ ...init, upstreams: [backend.upstream.url] })
    await using client = wsClient(gateway.url)
    await client.opened
    backend.restart()
    await held(gateway)
    const dead = `ws://127.0.0.1:1`
    expect(await gateway.reload({ ...init, upstreams: [dead] })).toEqual({ drained: 0 })
    await gateway.reload({ ...init, upstreams: [dead, upstream.url] })
    const peer = await upstream.connection()
    client.send('kept')
    expect(String((await peer.message()).payload)).toBe('kept')
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
