// A Close that may say that the server restarts, or that it sends one client away: on a route with `hold` the gateway finds
// out which. Real servers, real clients.
import {
  closedPort,
  eventually,
  forkUpstream,
  type RouteInit,
  rawClient,
  rawUpstream,
  startGateway,
  startUpstream,
  type TestUpstream,
  type WsClient,
  wsClient,
} from '@holdfast/testing'
import { describe, expect, test } from 'vitest'
import { held, holding, nothingLeft, route } from './holding.ts'

/** Milliseconds that a client waits at most for a Close that may be a restart. */
const proofWithin = 1000
const codes = [1000, 1001, undefined, 3000, 4001]

async function clientsOf(url: string, count: number): Promise<WsClient[]> {
  const clients = Array.from({ length: count }, () => wsClient(url, { perMessageDeflate: false }))
  await Promise.all(clients.map(({ opened }) => opened))
  return clients
}

/** Every client says something and hears it again. */
async function answered(clients: readonly WsClient[], text: string) {
  for (const client of clients) client.send(text)
  await Promise.all(clients.map(async (client) => expect(String(await client.message())).toBe(text)))
}

function closeAll(upstream: TestUpstream, code: number | undefined, count = Number.POSITIVE_INFINITY) {
  for (const socket of [...upstream.sockets].slice(0, count)) socket.close(code)
}

const routeOf = (port: number, more: Partial<RouteInit> = {}): RouteInit => ({
  upstreams: [`ws://127.0.0.1:${port}`],
  hold: holding(),
  ...more,
})

describe('clients of a server that stops', () => {
  test.each(codes)('with %s and refuses new connections stay, and go on with the next', async (code) => {
    const port = await closedPort()
    const first = await startUpstream({ port })
    await using gateway = await startGateway(routeOf(port))
    const clients = await clientsOf(gateway.url, 2)
    await first.open(2)
    closeAll(first, code)
    await first[Symbol.asyncDispose]()
    await held(gateway, 2)
    await using second = await startUpstream({ port })
    await second.open(2)
    await answered(clients, 'still here')
    const { reattachments, judged } = (await route(gateway)).counters
    expect({ reattachments, judged }).toEqual({ reattachments: { attached: 2 }, judged: { restart: 2 } })
    for (const client of clients) client.close()
    await nothingLeft(gateway)
  })

  test('and is killed by SIGTERM, one client alone, stays', async () => {
    const first = await forkUpstream()
    await using gateway = await startGateway(routeOf(first.port))
    await using client = wsClient(gateway.url)
    await client.opened
    await first.stop()
    await held(gateway)
    await using second = await forkUpstream({ port: first.port })
    await answered([client], 'still here')
    expect(second.port).toBe(first.port)
  })

  test('and answers 503 stay', async () => {
    let stops = false
    await using upstream = await rawUpstream({
      onRequest: (_, socket) => {
        if (stops) socket.end('HTTP/1.1 503 Stopping\r\nContent-Length: 0\r\n\r\n')
        return stops
      },
    })
    await using gateway = await startGateway(routeOf(upstream.port))
    await using client = await rawClient(gateway.url)
    const peer = await upstream.connection()
    stops = true
    peer.close(1001)
    await held(gateway)
    stops = false
    const next = await upstream.connection()
    next.text('and on')
    expect(String((await client.message()).payload)).toBe('and on')
  })

  test('and lets newcomers in to throw them out again stay, and are not put to it', async () => {
    let stops = false
    await using upstream = await rawUpstream({ onOpen: (peer) => stops && peer.close(1001) })
    await using gateway = await startGateway(routeOf(upstream.port))
    await using client = await rawClient(gateway.url)
    const peer = await upstream.connection()
    stops = true
    peer.close(1000)
    await held(gateway)
    await eventually('others were thrown out', () => upstream.connections.length > 4)
    expect(await route(gateway)).toMatchObject({
      connections: { held: 1 },
      counters: { reattachments: {} },
      upstreams: [{ lastError: expect.any(String) }],
    })
    stops = false
    await eventually('it has gone on', async () => (await route(gateway)).connections.open === 1)
    client.text('hello')
    await using newcomer = await rawClient(gateway.url)
    expect(newcomer.status).toBe(101)
  })

  test('and closes most of its connections stay, though others are let in at once', async () => {
    await using upstream = await startUpstream()
    await using gateway = await startGateway(routeOf(upstream.port))
    const clients = await clientsOf(gateway.url, 10)
    await upstream.open(10)
    closeAll(upstream, undefined, 6)
    await eventually('six have gone on', async () => {
      const { attached } = (await route(gateway)).counters.reattachments
      return attached === 6
    })
    await answered(clients, 'still here')
    expect(await route(gateway)).toMatchObject({ upstreams: [{ connections: 10 }] })
  })

  test('whose sessions nobody restores are told 1012 and when to return', async () => {
    const port = await closedPort()
    const first = await startUpstream({ port })
    await using gateway = await startGateway(routeOf(port, { hold: holding({ state: 'auto' }) }))
    const clients = await clientsOf(gateway.url, 3)
    await first.open(3)
    closeAll(first, 1000)
    await first[Symbol.asyncDispose]()
    await using second = await startUpstream({ port })
    for (const client of clients) {
      expect(await client.closed).toMatchObject({ code: 1012, reason: expect.stringMatching(/retry=\d+$/) })
    }
    expect(second.port).toBe(port)
    await nothingLeft(gateway)
  })

  test('say what they want meanwhile: the next server gets it', async () => {
    const port = await closedPort()
    await using first = await rawUpstream({ port })
    await using gateway = await startGateway(routeOf(port))
    await using client = await rawClient(gateway.url)
    const peer = await first.connection()
    peer.close(1000)
    client.text('meanwhile')
    await first[Symbol.asyncDispose]()
    await held(gateway)
    await using second = await rawUpstream({ port })
    expect(String((await (await second.connection()).message()).payload)).toBe('meanwhile')
  })
})

describe('a client that a server sends away, and goes on', () => {
  test.each(codes)(
    'with %s hears it, code and reason, within a second or so; others notice nothing',
    async (code) => {
      await using upstream = await startUpstream()
      await using gateway = await startGateway(routeOf(upstream.port))
      const others = await clientsOf(gateway.url, 3)
      await using client = wsClient(gateway.url)
      await client.opened
      const connection = upstream.connections.at(-1)!
      const reason = code === undefined ? '' : 'out'
      connection.close(code, reason)
      expect(await client.closed).toEqual({ code: code ?? 1005, reason, wasClean: true })
      expect(await connection.closed).toMatchObject({ code: code ?? 1005 })
      await answered(others, 'still here')
      for (const other of others) other.close()
      await nothingLeft(gateway)
      expect((await route(gateway)).counters.closes).toMatchObject({ [`${code ?? 1005}:upstream`]: 1 })
      expect((await route(gateway)).counters.judged).toEqual({ kick: 1 })
      expect((await route(gateway)).counters.lost).toEqual({ 'to-upstream': 0, 'to-client': 0 })
    },
  )

  test('as the only one hears it, and so do two of two', async () => {
    await using upstream = await startUpstream()
    await using gateway = await startGateway(routeOf(upstream.port))
    const [only] = await clientsOf(gateway.url, 1)
    closeAll(upstream, 4001)
    expect(await only!.closed).toMatchObject({ code: 4001 })
    const two = await clientsOf(gateway.url, 2)
    await upstream.open(2)
    closeAll(upstream, 1000)
    for (const client of two) expect(await client.closed).toMatchObject({ code: 1000 })
  })

  test("is asked after in nobody's name: a server that ends the last connection of each user ends none", async () => {
    const users = new Map<string, () => void>()
    await using upstream = await rawUpstream({
      onOpen: (peer) => {
        const { cookie } = peer.request.headers
        if (!cookie) return
        users.get(cookie)?.()
        users.set(cookie, () => peer.close(4001, 'opened elsewhere'))
      },
    })
    await using gateway = await startGateway(routeOf(upstream.port))
    const ada = { headers: { Cookie: 'user=ada' } }
    await using first = await rawClient(`${gateway.url}?token=ada`, ada)
    await using second = await rawClient(`${gateway.url}?token=ada`, ada)
    expect(await first.closeFrame()).toEqual({ code: 4001, reason: 'opened elsewhere' })
    expect(await (await upstream.connection()).closeFrame()).toMatchObject({ code: 4001 })
    expect(second.ending).toBeUndefined()
    const strangers = upstream.requests.filter(({ headers }) => !headers.cookie)
    expect(strangers.length).toBeGreaterThan(0)
    expect(strangers.every(({ startLine }) => !startLine.includes('ada'))).toBe(true)
  })

  test('with 1008 or 1011 hears it at once; nobody is asked', async () => {
    await using upstream = await startUpstream()
    await using gateway = await startGateway(routeOf(upstream.port))
    for (const code of [1008, 1011]) {
      await using client = wsClient(gateway.url)
      await client.opened
      upstream.connections.at(-1)!.close(code, 'out')
      expect(await client.closed).toEqual({ code, reason: 'out', wasClean: true })
    }
    expect(upstream.connections).toHaveLength(2)
  })

  test('hears it at once with `stopping: false`, whatever the server does then', async () => {
    const port = await closedPort()
    const first = await startUpstream({ port })
    await using gateway = await startGateway(routeOf(port, { hold: holding({ stopping: false }) }))
    const clients = await clientsOf(gateway.url, 4)
    await first.open(4)
    closeAll(first, 1000)
    await first[Symbol.asyncDispose]()
    for (const client of clients) expect(await client.closed).toMatchObject({ code: 1000 })
  })

  test('that leaves while it waits for its Close is answered', async () => {
    await using upstream = await rawUpstream()
    await using gateway = await startGateway(routeOf(upstream.port))
    await using client = await rawClient(gateway.url)
    ;(await upstream.connection()).close(4001)
    await eventually('somebody asks', () => upstream.connections.length > 1)
    client.close(1000, 'bye')
    expect(await client.closeFrame()).toMatchObject({ code: 1000 })
    await nothingLeft(gateway)
  })
})

test(`the question takes no longer than ${proofWithin} ms of the client's time, even if the server is silent`, async () => {
  let silent = false
  await using upstream = await rawUpstream({ onRequest: () => silent })
  await using gateway = await startGateway(routeOf(upstream.port))
  await using client = await rawClient(gateway.url)
  const peer = await upstream.connection()
  silent = true
  const begun = performance.now()
  peer.close(1000)
  expect(await client.closeFrame()).toMatchObject({ code: 1000 })
  expect(performance.now() - begun).toBeGreaterThan(proofWithin - 50)
})
