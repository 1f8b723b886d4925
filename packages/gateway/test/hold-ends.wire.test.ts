// How a hold ends when it does not end well, and what becomes of what the client says meanwhile. The failures of
// @fastify/http-proxy's `wsReconnect` are among these tests: lost messages, hooks that run again and again, an upstream
// that nobody closes.
import {
  fakeClock,
  fullBacklog,
  rawClient,
  rawUpstream,
  runtime,
  startGateway,
  startUpstream,
  wsClient,
} from '@holdfast/testing'
import { describe, expect, test } from 'vitest'
import { held, holding, nothingLeft, restartingUpstream, restartReason, route } from './holding.ts'

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
    await expect.poll(() => next.messages.length, { interval: 20 }).toBe(count)
    const numbers = next.messages.map(({ payload }) => Number(String(payload.subarray(0, 6)).split(' ')[0]))
    expect(numbers).toEqual(Array.from({ length: count }, (_, i) => i))
    next.text('all there')
    expect(await client.message()).toBe('all there')
    expect((await route(gateway)).counters.lost).toEqual({ 'to-upstream': 0, 'to-client': 0 })
  })

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
