import {
  closedPort,
  eventually,
  fakeClock,
  rawUpstream,
  routeOptions,
  type UpstreamInit,
} from '@holdfast/testing'
import { describe, expect, test } from 'vitest'
import { type Agreed, type Reattachment, reattach } from '../src/hold/reattach.ts'
import { UpstreamSearch } from '../src/upstream/upstream-search.ts'
import { UpstreamPool } from '../src/upstream/upstreams.ts'
import { clientRequest, noneOpen } from './dialling.ts'

/** A search with its time in the test's hand, among these upstreams. */
function searchAmong(upstreams: UpstreamInit[], some: Partial<Reattachment> = {}) {
  const clock = fakeClock()
  const random = () => 0.5
  const route = routeOptions({ upstreams, balance: { by: 'round-robin' } })
  const pool = new UpstreamPool(route, { clock, random, log: { info() {}, warn() {}, error() {} } })
  const client = new AbortController()
  const result = reattach({
    route: () => route,
    pool: () => pool,
    request: clientRequest({
      protocols: ['v2', 'v1'],
      extensions: 'permessage-deflate; client_max_window_bits',
    }),
    agreed: { protocol: 'v2' },
    headers: [
      ['Holdfast-Session', 's'],
      ['Holdfast-Reattach', '1; code=1012'],
    ],
    departed: pool.upstreams[0],
    search: new UpstreamSearch(),
    within: 30_000,
    signal: client.signal,
    ...{ clock, random },
    ...some,
  })
  const inUse = () => pool.upstreams.reduce((sum, { connections }) => sum + connections, 0)
  return { clock, pool, client, result, inUse }
}

/** Moves time until the search has ended. */
async function passing<T>(clock: ReturnType<typeof fakeClock>, result: Promise<T>): Promise<T> {
  let over = false
  const done = result.finally(() => {
    over = true
  })
  while (!over) {
    clock.tick(10)
    await new Promise((resolve) => setImmediate(resolve))
  }
  return done
}

describe('the search for the next upstream of a held client', () => {
  test('repeats the handshake, offers the extensions that were agreed, and says who it is', async () => {
    const extensions = 'permessage-deflate; client_max_window_bits=12'
    await using upstream = await rawUpstream({ protocol: 'v2', extensions })
    const { result } = searchAmong([upstream.url], { agreed: { protocol: 'v2', extensions } })
    const found = await result
    expect(found).toMatchObject({ ok: true, upstream: { connections: 1 } })
    const [request] = upstream.requests
    expect(request!.startLine).toBe('GET /ws?room=1 HTTP/1.1')
    expect(request!.headers).toMatchObject({
      'sec-websocket-protocol': 'v2, v1',
      'sec-websocket-extensions': extensions,
      'holdfast-session': 's',
      'holdfast-reattach': '1; code=1012',
    })
    if (found.ok) found.dialled.wire.destroy()
  })

  test('offers no extension where none was agreed', async () => {
    await using upstream = await rawUpstream({ protocol: 'v2' })
    const found = await searchAmong([upstream.url]).result
    expect(upstream.requests[0]!.headers['sec-websocket-extensions']).toBeUndefined()
    if (found.ok) found.dialled.wire.destroy()
  })

  test('tries another upstream before the one that went, and that one when the other fails', async () => {
    await using gone = await rawUpstream({ protocol: 'v2' })
    await using other = await rawUpstream({ protocol: 'v2' })
    const found = await searchAmong([gone.url, other.url]).result
    expect([gone.accepted, other.accepted]).toEqual([0, 1])
    if (found.ok) found.dialled.wire.destroy()

    const search = searchAmong([gone.url, `ws://127.0.0.1:${await closedPort()}`])
    const back = await passing(search.clock, search.result)
    expect(back.ok).toBe(true)
    expect(gone.accepted).toBe(1)
    if (back.ok) back.dialled.wire.destroy()
  })

  test('goes on until the upstream is there again', async () => {
    const port = await closedPort()
    const { clock, result } = searchAmong([`ws://127.0.0.1:${port}`])
    let over = false
    void result.then(() => {
      over = true
    })
    for (let i = 0; i < 50; i++) {
      clock.tick(100)
      await new Promise((resolve) => setImmediate(resolve))
    }
    expect(over).toBe(false)
    await using _upstream = await rawUpstream({ port, protocol: 'v2' })
    const found = await passing(clock, result)
    expect(found.ok).toBe(true)
    if (found.ok) found.dialled.wire.destroy()
  })

  const disagreements: [string, Parameters<typeof rawUpstream>[0], Agreed?][] = [
    [
      'refuses with 401',
      { onRequest: (_, socket) => socket.end('HTTP/1.1 401 No\r\nContent-Length: 0\r\n\r\n') !== undefined },
    ],
    ['selects another subprotocol', { protocol: 'v1' }],
    ['selects a subprotocol never offered', { protocol: 'v9' }],
    ['selects none', {}],
    [
      'agrees to no extension any more',
      { protocol: 'v2' },
      { protocol: 'v2', extensions: 'permessage-deflate' },
    ],
    [
      'lets its context go on where the client was told that it does not',
      { protocol: 'v2', extensions: 'permessage-deflate' },
      { protocol: 'v2', extensions: 'permessage-deflate; server_no_context_takeover' },
    ],
    [
      'agrees to a larger window',
      { protocol: 'v2', extensions: 'permessage-deflate; server_max_window_bits=10' },
      { protocol: 'v2', extensions: 'permessage-deflate; server_max_window_bits=9' },
    ],
    [
      'has a smaller window than the client uses',
      { protocol: 'v2', extensions: 'permessage-deflate; client_max_window_bits=9' },
      { protocol: 'v2', extensions: 'permessage-deflate' },
    ],
    [
      'adds a parameter that nobody knows',
      { protocol: 'v2', extensions: 'permessage-deflate; some=thing' },
      { protocol: 'v2', extensions: 'permessage-deflate' },
    ],
    ['agrees to an extension never offered', { protocol: 'v2', extensions: 'permessage-deflate' }],
  ]
  test.each(disagreements)('ends at once at an upstream that %s', async (_, init, agreed) => {
    await using upstream = await rawUpstream(init)
    const { result, inUse } = searchAmong([upstream.url], agreed && { agreed })
    expect(await result).toMatchObject({ ok: false, result: 'refused' })
    expect(inUse()).toBe(0)
    await noneOpen(upstream)
  })

  test('knows the same agreement in another spelling', async () => {
    await using upstream = await rawUpstream({
      protocol: 'v2',
      extensions: 'permessage-deflate;client_no_context_takeover;  server_max_window_bits="10"',
    })
    const extensions = 'permessage-deflate; server_max_window_bits=10; client_no_context_takeover'
    const found = await searchAmong([upstream.url], { agreed: { protocol: 'v2', extensions } }).result
    expect(found.ok).toBe(true)
    if (found.ok) found.dialled.wire.destroy()
  })

  test('ends when its time is over, and leaves no timer and no connection', async () => {
    await using silent = await rawUpstream({ onRequest: () => true })
    const { clock, result, inUse } = searchAmong([silent.url], { within: 2_500 })
    expect(await passing(clock, result)).toMatchObject({ ok: false, result: 'too-late' })
    expect(clock.now()).toBeGreaterThanOrEqual(2_500)
    expect(inUse()).toBe(0)
    expect(clock.pending).toBe(0)
    await noneOpen(silent)
  })

  test('ends when its client leaves, while it dials and while it waits', async () => {
    await using silent = await rawUpstream({ onRequest: () => true })
    const dialling = searchAmong([silent.url])
    await eventually('a dial', () => silent.requests.length === 1)
    const waiting = searchAmong([], { pool: () => undefined })
    for (const { client, result, clock, inUse } of [dialling, waiting]) {
      client.abort()
      expect(await result).toMatchObject({ ok: false })
      expect(inUse()).toBe(0)
      expect(clock.pending).toBe(0)
    }
    await noneOpen(silent)
  })
})
