// Handshakes that find no upstream wait for one. On real gateways, by raw sockets.

import type { GatewayState } from '@holdfast/gateway'
import {
  certificate,
  closedPort,
  eventually,
  h2Client,
  rawClient,
  rawSocket,
  runtime,
  startGateway,
  startHoldfast,
  startUpstream,
  type TestGateway,
  tcpServer,
  upgradeRequest,
} from '@holdfast/testing'
import { describe, expect, test } from 'vitest'
import { breaksOffAfter } from '../src/handshake/break-off-rules.ts'
import { defaultWaitMs } from '../src/session/route-state.ts'
import { longestWait } from '../src/upstream/waiting-time.ts'
import { handshakeTimes } from './handshake-times.ts'

const url = (port: number) => `ws://127.0.0.1:${port}`
const route = async (gateway: TestGateway, n = 0) => (await gateway.snapshot()).routes[n]!
const waiting = (gateway: TestGateway, count: number) =>
  eventually(`${count} wait`, async () => (await route(gateway)).waiting === count)
/** Longer than any test takes: what it expects must not come of the time being up. */
const long = 30_000

describe('a handshake that finds no upstream', () => {
  test('waits, and is let in when one is there', async () => {
    const port = await closedPort()
    await using gateway = await startGateway({ upstreams: [url(port)], wait: long })
    const clients = [rawClient(gateway.url), rawClient(gateway.url)]
    await waiting(gateway, 2)
    await using upstream = await startUpstream({ port })
    for (const each of clients) {
      await using client = await each
      expect(client.status).toBe(101)
      client.text('hello')
      expect(String((await client.message()).payload)).toBe('hello')
    }
    expect(upstream.connections).toHaveLength(2)
    expect(await route(gateway)).toMatchObject({
      waiting: 0,
      counters: { waits: { answered: 2 }, handshakes: { accepted: 2 } },
    })
  })

  test('is told when its time is up, with the reason that the search has found', async () => {
    const port = await closedPort()
    await using gateway = await startGateway({ upstreams: [url(port)], wait: 300, badGateway: 'http' })
    const begun = performance.now()
    await using client = await rawClient(gateway.url)
    expect(performance.now() - begun).toBeGreaterThan(290)
    expect(client.status).toBe(502)
    expect(JSON.parse(await client.body())).toMatchObject({
      code: 1014,
      reason: 'bad gateway: connection refused',
    })
    expect((await route(gateway)).counters.waits).toEqual({ over: 1 })
  })

  test('is told at once with wait: 0', async () => {
    const port = await closedPort()
    await using gateway = await startGateway({ upstreams: [url(port)], wait: 0 })
    await using client = await rawClient(gateway.url)
    expect(await client.closeFrame()).toMatchObject({ code: 1014 })
    expect((await route(gateway)).counters.waits).toEqual({})
  })

  test.each(['/faye', '/app/bayeux?x', '/cometd/'])(
    'is told at once on %s, whoever else waits',
    async (path) => {
      const port = await closedPort()
      await using gateway = await startGateway({ upstreams: [url(port)], wait: long, badGateway: 'http' })
      const other = rawClient(`${gateway.url}/fayence`)
      await waiting(gateway, 1)
      await using client = await rawClient(`${gateway.url}${path}`)
      expect(client.status).toBe(502)
      await using _upstream = await startUpstream({ port })
      await using served = await other
      expect(served.status).toBe(101)
    },
  )

  test('waits by default for 3.5 s, and with hold for as long as hold.for', async () => {
    expect(defaultWaitMs).toBe(3_500)
    const port = await closedPort()
    const hold = {
      for: long,
      on: [1012, 'lost' as const],
      buffer: 1024,
      state: 'none' as const,
      replay: { by: 'none' as const },
    }
    await using gateway = await startGateway({ upstreams: [url(port)], wait: undefined, hold })
    const client = rawClient(gateway.url)
    await waiting(gateway, 1)
    await using upstream = await startUpstream({ port })
    await using served = await client
    expect(served.status).toBe(101)
    expect((await upstream.connection()).request.headers['holdfast-session']).toBeDefined()
  })

  test('leaves at once when its client goes away', async () => {
    const port = await closedPort()
    await using gateway = await startGateway({
      upstreams: [url(port)],
      wait: long,
      limits: { connections: 1 },
    })
    const sockets = await rawHandshake(gateway.url)
    await waiting(gateway, 1)
    sockets.destroy()
    await waiting(gateway, 0)
    const { counters } = await route(gateway)
    expect(counters).toMatchObject({ waits: { left: 1 }, handshakes: { abandoned: 1 } })
    // Its place under the limit is free again.
    await using upstream = await startUpstream({ port })
    await using client = await rawClient(gateway.url)
    expect(client.status).toBe(101)
    expect(upstream.connections).toHaveLength(1)
  })

  test('counts under the limits of its route', async () => {
    const port = await closedPort()
    await using gateway = await startGateway({
      upstreams: [url(port)],
      wait: long,
      limits: { perAddress: 2 },
    })
    const sockets = [await rawHandshake(gateway.url), await rawHandshake(gateway.url)]
    await waiting(gateway, 2)
    await using third = await rawClient(gateway.url)
    expect(await third.closeFrame()).toMatchObject({
      code: 1013,
      reason: /^too many connections from this address/,
    })
    for (const socket of sockets) socket.destroy()
  })

  test('is told at once where no place is left, and one address never has them all', async () => {
    const port = await closedPort()
    await using gateway = await startGateway({ upstreams: [url(port)], wait: long, limits: { waiting: 4 } })
    const sockets = [await rawHandshake(gateway.url), await rawHandshake(gateway.url)]
    await waiting(gateway, 2)
    await using third = await rawClient(gateway.url)
    expect(await third.closeFrame()).toMatchObject({ code: 1014 })
    sockets.push(await rawHandshake(gateway.url, { localAddress: '127.0.0.2' }))
    await waiting(gateway, 3)
    expect((await route(gateway)).counters.waits).toEqual({ 'no-room': 1 })
    for (const socket of sockets) socket.destroy()
  })

  test('is told at once when it sends instead of waiting', async () => {
    const port = await closedPort()
    await using gateway = await startGateway({ upstreams: [url(port)], wait: long, badGateway: 'http' })
    await using early = await rawClient(gateway.url, { early: Buffer.alloc(5000) })
    expect(early.status).toBe(502)
    const socket = await rawHandshake(gateway.url)
    await waiting(gateway, 1)
    socket.write(Buffer.alloc(5000))
    await waiting(gateway, 0)
    expect((await route(gateway)).counters.waits).toEqual({ flooded: 2 })
    socket.destroy()
  })

  test('of a client that is known to be impatient is told before that one gives up', async () => {
    const port = await closedPort()
    await using gateway = await startGateway({ upstreams: [url(port)], wait: long, badGateway: 'http' })
    const other = await rawHandshake(gateway.url)
    await waiting(gateway, 1)
    await using client = await rawClient(gateway.url, { protocols: ['graphql-ws'] })
    expect(client.status).toBe(502)
    expect(await route(gateway)).toMatchObject({ waiting: 1, counters: { waits: { over: 1 } } })
    other.destroy()
  })

  test('is dialled for at once where no place is left and no outage is known any more', async () => {
    const port = await closedPort()
    await using gateway = await startGateway({ upstreams: [url(port)], wait: long, limits: { waiting: 0 } })
    await using refused = await rawClient(gateway.url)
    expect(await refused.closeFrame()).toMatchObject({ code: 1014 })
    await using upstream = await startUpstream({ port })
    await eventually('one is let in', async () => {
      await using client = await rawClient(gateway.url)
      return client.status === 101 && upstream.connections.length > 0
    })
  })

  test('is let in by another upstream of a reload, and told 1012 when its route goes', async () => {
    const port = await closedPort()
    const gone = { name: 'gone', match: { path: '/gone' }, upstreams: [url(port)], wait: long }
    const stays = { name: 'stays', upstreams: [url(port)], wait: long }
    await using gateway = await startGateway({ routes: [gone, stays] })
    const client = rawClient(`${gateway.url}/stays`)
    const lost = rawClient(`${gateway.url}/gone`)
    await eventually('both wait', async () => {
      const { routes } = await gateway.snapshot()
      return routes.every((each) => each.waiting === 1)
    })
    await using upstream = await startUpstream()
    await gateway.reload({ routes: [{ ...stays, upstreams: [upstream.url] }] })
    await using served = await client
    expect(served.status).toBe(101)
    await using told = await lost
    expect(await told.closeFrame()).toMatchObject({
      code: 1012,
      reason: expect.stringMatching(/^service restart; sent=0; retry=\d+$/),
    })
  })

  test('is told by a reload that takes the wait away', async () => {
    const port = await closedPort()
    await using gateway = await startGateway({ upstreams: [url(port)], wait: long })
    const client = rawClient(gateway.url)
    await waiting(gateway, 1)
    await gateway.reload({ upstreams: [url(port)], wait: 0 })
    await using told = await client
    expect(await told.closeFrame()).toMatchObject({ code: 1014 })
  })

  test.each([{ route: 'default' }, {}])('is told 1012 by a drain of %o', async (scope) => {
    const port = await closedPort()
    await using gateway = await startGateway({
      upstreams: [url(port)],
      wait: long,
      drain: { spread: 0, retry: [100, 200] },
    })
    const client = rawClient(gateway.url)
    await waiting(gateway, 1)
    await gateway.drain(scope)
    await using told = await client
    const { code, reason = '' } = (await told.closeFrame())!
    expect(code).toBe(1012)
    const retry = Number(/^service restart; sent=0; retry=(\d+)$/.exec(reason)?.[1])
    expect(retry).toBeGreaterThanOrEqual(100)
    expect(retry).toBeLessThanOrEqual(200)
    expect((await route(gateway)).counters).toMatchObject({
      waits: { drains: 1 },
      handshakes: { draining: 1 },
    })
  })

  test('waits while its only upstream is drained, too', async () => {
    await using upstream = await startUpstream()
    await using gateway = await startGateway({ upstreams: [upstream.url], wait: long })
    await gateway.drain({ upstream: upstream.url })
    const client = rawClient(gateway.url)
    await waiting(gateway, 1)
    await gateway.undrain({ upstream: upstream.url })
    await using served = await client
    served.text('hello')
    expect(String((await served.message()).payload)).toBe('hello')
  })

  test('does so over HTTP/2, too', async () => {
    const port = await closedPort()
    await using gateway = await startGateway({
      upstreams: [url(port)],
      wait: long,
      listen: [{ tls: certificate() }],
    })
    const client = h2Client(gateway.url)
    await waiting(gateway, 1)
    await using upstream = await startUpstream({ port })
    await using served = await client
    expect(served.status).toBe(200)
    expect(upstream.connections).toHaveLength(1)
  })
})

describe('those who wait', () => {
  test('dial together no more often than a few would alone', async () => {
    // It takes connections and ends them at once: treated as none.
    await using upstream = await tcpServer((socket) => socket.destroy())
    await using gateway = await startGateway({
      upstreams: [url(upstream.port)],
      wait: 2_000,
      badGateway: 'http',
    })
    const begun = performance.now()
    const clients = Array.from({ length: 100 }, () => rawClient(gateway.url))
    for (const each of clients) {
      await using client = await each
      expect(client.status).toBe(502)
    }
    // Each once at most before it waits; then one every 50 ms, give or take a half, for all, as long as one of them waits.
    expect(upstream.accepted).toBeLessThan(100 + (performance.now() - begun) / 25)
  })

  test('are let in one after the other, and those of one address do not keep others waiting', async () => {
    const port = await closedPort()
    await using gateway = await startGateway({ upstreams: [url(port)], wait: long, admit: 20 })
    const many = []
    for (let n = 0; n < 20; n++) many.push(await rawHandshake(gateway.url))
    await waiting(gateway, 20)
    const other = rawClient(gateway.url, { localAddress: '127.0.0.2' })
    await waiting(gateway, 21)
    await using upstream = await startUpstream({ port })
    await using served = await other
    expect(served.status).toBe(101)
    await upstream.open(21)
    const from = upstream.connections.map(({ request }) => request.headers['x-forwarded-for'])
    // All twenty would be there before it if they were one queue.
    expect(from.indexOf('127.0.0.2')).toBeGreaterThanOrEqual(0)
    expect(from.indexOf('127.0.0.2')).toBeLessThan(14)
    for (const socket of many) socket.destroy()
  })

  test('a client that comes later than they gets in behind them', async () => {
    const port = await closedPort()
    await using gateway = await startGateway({ upstreams: [url(port)], wait: long, admit: 10 })
    const first = await rawHandshake(`${gateway.url}/1`)
    await waiting(gateway, 1)
    const second = await rawHandshake(`${gateway.url}/2`)
    await waiting(gateway, 2)
    const third = await rawHandshake(`${gateway.url}/3`)
    await waiting(gateway, 3)
    await using upstream = await startUpstream({ port })
    await upstream.open(3)
    const order = upstream.connections.map(({ request }) => request.url)
    expect([...order].sort()).toEqual(['/1', '/2', '/3'])
    for (const socket of [first, second, third]) socket.destroy()
  })
})

/** A client that has sent its handshake and waits. */
async function rawHandshake(to: string, options: { localAddress?: string } = {}) {
  const socket = await rawSocket(to, options)
  socket.on('error', () => {})
  socket.write(upgradeRequest(to))
  return socket
}

test.skipIf(runtime().foreign)(
  'a gateway of several workers has its clients wait, and one that dies takes only its own',
  async () => {
    const port = await closedPort()
    await using holdfast = await startHoldfast({ args: ['--upstream', url(port), '--workers', '1'] })
    const client = rawClient(holdfast.url)
    const metrics = async () => (await fetch(`${holdfast.admin}/metrics`)).text()
    await eventually('it waits', async () => /holdfast_waiting\{route="default"\} 1/.test(await metrics()))
    process.kill(holdfast.workers()[0]!, 'SIGKILL')
    await using cut = await client
    expect(cut.status).toBe(0)
    await using upstream = await startUpstream({ port })
    await using served = await rawClient(holdfast.url)
    expect(served.status).toBe(101)
    expect(upstream.connections).toHaveLength(1)
  },
)

test.skipIf(runtime().foreign)(
  'who waits during a live upgrade waits on, is let in, and moves to the new worker',
  async () => {
    const port = await closedPort()
    await using holdfast = await startHoldfast({
      config: { workers: 1, routes: [{ name: 'all', upstreams: [url(port)], wait: '60s' }] },
    })
    const client = rawClient(holdfast.url, { limit: 60_000 })
    const state = async () => (await holdfast.api('/api/state')).body as GatewayState
    await eventually('it waits', async () => (await state()).routes[0]!.waiting === 1)
    const upgraded = holdfast.api('/api/upgrade', { method: 'POST' })
    const generations = async () => (await state()).workers.map(({ generation }) => generation)
    await eventually('both workers', async () => (await generations()).length === 2)
    await using upstream = await startUpstream({ port })
    await using served = await client
    expect(served.status).toBe(101)
    await upgraded
    await eventually('the new one alone', async () => (await generations()).join() === '2')
    served.text('still here')
    expect(String((await served.message()).payload)).toBe('still here')
    expect(upstream.connections).toHaveLength(1)
  },
)

test('nobody waits by default for longer than client libraries give a handshake', () => {
  const shorter = handshakeTimes.filter(({ gives = long }) => gives <= longestWait(defaultWaitMs) + 200)
  expect(shorter.map(({ library }) => library.split(' ')[0])).toEqual(['subscriptions-transport-ws'])
  expect(breaksOffAfter({ target: '/', protocols: ['graphql-ws'] })).toBeLessThan(shorter[0]!.gives!)
})
