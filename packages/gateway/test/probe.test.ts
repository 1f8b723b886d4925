import {
  certificate,
  closedPort,
  eventually,
  type Fault,
  faultUpstream,
  frame,
  fullBacklog,
  opcode,
  type RawUpstreamOptions,
  rawUpstream,
  startUpstream,
} from '@holdfast/testing'
import { describe, expect, test } from 'vitest'
import type { HealthOptions } from '../src/core/options.ts'
import { probe } from '../src/upstream/probe.ts'
import { never, noneOpen, targetOf } from './dialling.ts'

const health: HealthOptions = {
  path: '/ws',
  interval: 5_000,
  timeout: 30_000,
  ping: true,
  healthy: 2,
  unhealthy: 3,
}

const probeOf = (server: { port: number }, init: Partial<HealthOptions> = {}) =>
  probe(targetOf(server, { path: '/v1', serverName: 'chat.internal' }), { ...health, ...init }, never())

describe('a probe succeeds', () => {
  test.each([true, false])(
    'at a `ws` server that it leaves with Close 1000; with a Ping: %s',
    async (ping) => {
      await using server = await startUpstream()
      expect(await probeOf(server, { ping })).toEqual({ ok: true })
      const connection = await server.connection()
      expect(await connection.closed).toMatchObject({ code: 1000 })
    },
  )

  test('at a server on TLS whose certificate is good', async () => {
    const { cert, key } = certificate()
    await using server = await startUpstream({ tls: { cert, key } })
    const target = targetOf(server, {
      tls: true,
      serverName: 'localhost',
      secure: { ca: cert, verify: true },
    })
    expect(await probe(target, health, never())).toEqual({ ok: true })
  })

  test('with a request that names the server, the path and the subprotocol, and itself', async () => {
    await using server = await rawUpstream({ protocol: 'first' })
    expect(await probeOf(server, { protocol: 'chat.v2' })).toEqual({ ok: true })
    const [request] = server.requests
    expect(request?.startLine).toBe('GET /v1/ws HTTP/1.1')
    expect(request?.headers).toMatchObject({
      host: `chat.internal:${server.port}`,
      'user-agent': 'holdfast-health',
      'sec-websocket-protocol': 'chat.v2',
    })
    expect(request?.headers).not.toHaveProperty('sec-websocket-extensions')
  })

  test('with a masked Ping of random payload and a masked Close', async () => {
    await using server = await rawUpstream()
    await Promise.all([probeOf(server), probeOf(server)])
    const frames = server.connections.flatMap((connection) => connection.frames)
    const pings = frames.filter((one) => one.opcode === opcode.ping)
    expect(pings).toHaveLength(2)
    expect(pings[0]!.payload).not.toEqual(pings[1]!.payload)
    for (const { mask } of frames) expect(mask).toBeDefined()
  })

  test('when messages, Pings and other Pongs come before the Pong', async () => {
    await using server = await upstream((peer) => {
      peer.text('x'.repeat(100_000))
      peer.ping('are you there')
      peer.pong('not yours')
      peer.binary(Buffer.alloc(70_000))
    })
    expect(await probeOf(server)).toEqual({ ok: true })
  })

  test('when the Close is not answered, soon after', async () => {
    await using server = await faultUpstream('no answer to a Close')
    expect(await probeOf(server)).toEqual({ ok: true })
    await noneOpen(server)
  })
})

type OnOpen = NonNullable<RawUpstreamOptions['onOpen']>
const upstream = (onOpen: OnOpen, options: RawUpstreamOptions = {}) => rawUpstream({ ...options, onOpen })

describe('a probe fails', () => {
  test('where nothing listens', async () => {
    expect(await probeOf({ port: await closedPort() })).toEqual({ ok: false, words: 'connection refused' })
  })

  test('where TCP never connects, after its timeout', async () => {
    await using server = await fullBacklog()
    const result = await probeOf({ port: Number(new URL(server.url).port) }, { timeout: 100 })
    expect(result).toEqual({ ok: false, words: 'no answer in 0.1 s' })
  })

  test.each<[Fault, string]>([
    ['no answer', 'no answer in 0.3 s'],
    ['one byte at a time', 'no answer in 0.3 s'],
    ['garbage', 'not HTTP'],
    ['wrong accept key', 'wrong Sec-WebSocket-Accept'],
    ['status 200', 'status 200 instead of 101'],
    ['status 404', 'status 404'],
    ['status 500', 'status 500'],
    ['status 503', 'status 503'],
    ['no pong', 'no pong in 2 s'],
    ['end without a Close', 'connection lost before the pong'],
  ])('at %j with %j, and leaves no socket', async (fault, words) => {
    await using server = await faultUpstream(fault, { every: 20 })
    // What fails by its time alone has a short one; a Ping that is not answered needs a handshake that is.
    const timeout = words.includes('0.3 s') ? 300 : words.includes('2 s') ? 2_000 : health.timeout
    expect(await probeOf(server, { timeout })).toEqual({ ok: false, words })
    await noneOpen(server)
  })

  test('when the subprotocol is not accepted', async () => {
    await using server = await rawUpstream()
    expect(await probeOf(server, { protocol: 'chat.v2' })).toEqual({
      ok: false,
      words: 'subprotocol not accepted',
    })
    await noneOpen(server)
  })

  test.each([
    [1013, 'closed with 1013'],
    [undefined, 'closed with no code'],
  ])('when the server closes first with %s', async (closeCode, words) => {
    await using server = await upstream((peer) => peer.close(closeCode))
    expect(await probeOf(server)).toEqual({ ok: false, words })
    await noneOpen(server)
  })

  test('when only a Pong comes that does not answer its Ping', async () => {
    await using server = await upstream((peer) => peer.pong('not yours'), { answersPings: false })
    expect(await probeOf(server, { timeout: 2_000 })).toEqual({ ok: false, words: 'no pong in 2 s' })
    await noneOpen(server)
  })

  test('when the server breaks the protocol', async () => {
    await using server = await upstream((peer) => peer.write(frame({ opcode: opcode.text, mask: true })))
    expect(await probeOf(server)).toEqual({ ok: false, words: 'broke the protocol' })
    await noneOpen(server)
  })

  test('when the server sends more than 1 MiB before its Pong', async () => {
    await using server = await upstream((peer) => peer.binary(Buffer.alloc(2 ** 20 + 1)), {
      answersPings: false,
    })
    expect(await probeOf(server)).toEqual({ ok: false, words: 'too much data before the pong' })
    await noneOpen(server)
  })
})

test.each([
  ['no answer', 'the request', (server: { requests: readonly unknown[] }) => server.requests.length === 1],
  ['no pong', 'the 101', (server: { connections: readonly unknown[] }) => server.connections.length === 1],
] as const)(
  'a probe that is stopped at %j ends at once and leaves no socket',
  async (fault, what, reached) => {
    await using server = await faultUpstream(fault)
    const stop = new AbortController()
    const result = probe(targetOf(server), { ...health, timeout: 60_000 }, stop.signal)
    await eventually(what, () => reached(server))
    stop.abort()
    expect(await result).toMatchObject({ ok: false })
    await noneOpen(server)
  },
)
