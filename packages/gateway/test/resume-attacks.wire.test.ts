// What an attacker, or everybody at once, can do with sessions: rows of docs/close-table.md, and what of them is memory.
import http from 'node:http'
import type { AddressInfo } from 'node:net'
import {
  eventually,
  frame,
  opcode,
  type RawClient,
  rawUpstream,
  runtime,
  startGateway,
  startHoldfast,
  startUpstream,
} from '@holdfast/testing'
import { describe, expect, test } from 'vitest'
import { held, holding, restartingUpstream, route } from './holding.ts'
import { ResumingClient, resumeOptions, resumingClient } from './resuming.ts'

const full = process.env.HOLDFAST_FULL === '1'
const kib = 1024

describe('a stolen token', () => {
  test('that is the newest takes the session over, and the other one is told so and can no more', async () => {
    await using upstream = await startUpstream()
    await using gateway = await startGateway({ upstreams: [upstream.url], resume: resumeOptions() })
    const honest = await resumingClient(gateway.url)
    const thief = new ResumingClient(gateway.url)
    Object.assign(thief, { token: honest.token })
    expect(await thief.open()).toMatchObject({ resumed: true })
    expect(await honest.connection!.closeFrame()).toEqual({ code: 1008, reason: 'session taken over' })
    honest.cut()
    // Its token was used up by the thief's `ack`.
    thief.send('x')
    await thief.until(1)
    expect(await honest.open()).toMatchObject({ resumed: false, over: { why: 'unknown' } })
    honest.cut()
    thief.cut()
  })

  test('that was used up opens nothing, however often it is tried, and is counted', async () => {
    await using upstream = await startUpstream()
    await using gateway = await startGateway({ upstreams: [upstream.url], resume: resumeOptions() })
    const client = await resumingClient(gateway.url)
    const used = client.token
    client.cut()
    await client.open()
    client.send('x')
    await client.until(1)
    for (let n = 0; n < 5; n++) {
      const thief = new ResumingClient(gateway.url)
      thief.token = used
      expect(await thief.open()).toMatchObject({ resumed: false, over: { why: 'unknown' } })
      thief.cut()
    }
    client.send('y')
    expect(await client.until(2)).toEqual(['x', 'y'])
    const [route] = (await gateway.snapshot()).routes
    expect(route!.counters.sessions).toMatchObject({ unknown: 5 })
    client.cut()
  })

  test('of somebody whom the authentication service knows by another name is told 3000', async () => {
    const service = http.createServer((request, response) => {
      const user = /user=(\w+)/.exec(request.headers.cookie ?? '')?.[1] ?? ''
      response.writeHead(204, { 'X-User': user }).end()
    })
    await new Promise<void>((resolve) => service.listen(0, '127.0.0.1', resolve))
    await using upstream = await startUpstream()
    await using gateway = await startHoldfast({
      config: {
        workers: 1,
        routes: [
          {
            name: 'chat',
            upstreams: [upstream.url],
            resume: {},
            auth: {
              url: `http://127.0.0.1:${(service.address() as AddressInfo).port}/`,
              headers: ['X-User'],
            },
          },
        ],
      },
    })
    const as = (user: string) => ({ headers: { Cookie: `user=${user}` } })
    const client = await resumingClient(gateway.url, as('ann'))
    client.cut()
    const thief = new ResumingClient(gateway.url, as('bob'))
    Object.assign(thief, { token: client.token })
    const connection = await thief.dial()
    expect(await connection.closeFrame()).toEqual({ code: 3000, reason: 'session of another client' })
    expect(await client.open()).toMatchObject({ resumed: true })
    client.cut()
    service.closeAllConnections()
    await new Promise((resolve) => service.close(resolve))
  })
})

test('control messages never stand inside a message, however many frames that has', async () => {
  await using upstream = await rawUpstream()
  await using gateway = await startGateway({ upstreams: [upstream.url], resume: resumeOptions() })
  const client = await resumingClient(gateway.url)
  const server = await upstream.connection()
  server.stream.write(frame({ opcode: opcode.text, payload: 'a', fin: false }))
  await client.connection!.changes.until('the first frame', () =>
    client.connection!.frames.some(({ fin }) => !fin),
  )
  client.say({ type: 'ping', id: 5 })
  client.connection!.ping('between')
  // RFC 6455 5.4: a Pong may stand there.
  await client.connection!.changes.until('a Pong', () =>
    client.connection!.frames.some((seen) => seen.opcode === opcode.pong),
  )
  expect(client.says).toEqual([])
  server.stream.write(frame({ opcode: opcode.continuation, payload: 'b' }))
  expect(await client.until(1)).toEqual(['ab'])
  expect(await client.heard('pong', ({ type }) => type === 'pong')).toEqual({ type: 'pong', id: 5 })
  client.cut()
})

test('a message in ever more empty frames ends with 1002, and costs no more than what was sent', async () => {
  await using upstream = await startUpstream()
  await using gateway = await startGateway({ upstreams: [upstream.url], resume: resumeOptions() })
  const client = await resumingClient(gateway.url)
  const { stream } = client.connection!
  stream.write(frame({ opcode: opcode.text, payload: '', fin: false, mask: true }))
  const empty = frame({ opcode: opcode.continuation, payload: '', fin: false, mask: true })
  stream.write(Buffer.concat(Array<Buffer>(65_535).fill(empty)))
  client.connection!.ping('read')
  await client.connection!.changes.until('a Pong', () =>
    client.connection!.frames.some((seen) => seen.opcode === opcode.pong),
  )
  stream.write(empty)
  expect(await client.connection!.closeFrame()).toMatchObject({ code: 1002 })
  client.cut()
})

test('a client that comes back for the Close and leaves it unanswered is let go', async () => {
  await using upstream = await startUpstream({ echo: false })
  await using gateway = await startGateway({
    upstreams: [upstream.url],
    timeouts: { close: 300 },
    resume: resumeOptions(),
  })
  const client = await resumingClient(gateway.url, { answersCloses: false })
  const server = await upstream.connection()
  client.cut()
  server.send('owed')
  server.close(1000)
  await server.closed
  expect(await client.open()).toMatchObject({ resumed: true })
  const connection = client.connection!
  expect(await connection.closeFrame()).toMatchObject({ code: 1000 })
  await connection.ended()
  client.cut()
})

test('who comes back to a session that has ended is under the limits of a new client', async () => {
  const waiting: http.ServerResponse[] = []
  const service = http.createServer((_, response) => {
    waiting.push(response)
    // The first client alone; then all who come back at once, so that each of them finds a session that is still there.
    if (waiting.length > 1 && waiting.length < 4) return
    for (const one of waiting) if (!one.headersSent) one.writeHead(204).end()
  })
  await new Promise<void>((resolve) => service.listen(0, '127.0.0.1', resolve))
  await using upstream = await startUpstream({ echo: false })
  const auth = { url: `http://127.0.0.1:${(service.address() as AddressInfo).port}/` }
  await using gateway = await startHoldfast({
    config: {
      workers: 1,
      routes: [{ name: 'chat', upstreams: [upstream.url], resume: {}, limits: { connections: 1 }, auth }],
    },
  })
  const client = await resumingClient(gateway.url)
  const server = await upstream.connection()
  server.send('a')
  await client.until(1)
  client.say({ type: 'ping', id: 1 })
  await client.heard('pong', ({ type }) => type === 'pong')
  const token = client.token
  const others = Array.from({ length: 3 }, () => Object.assign(new ResumingClient(gateway.url), { token }))
  // They have received less than was acknowledged: that ends the session.
  const answers = others.map(async (other) => {
    const connection = await other.dial()
    await other.changes.until('an answer', () => other.nonce !== '' || connection.ending)
    return other.nonce === '' ? (await connection.closeFrame())?.code : 'a session'
  })
  const told = await Promise.all(answers)
  expect(told.filter((one) => one === 1013).length).toBeGreaterThanOrEqual(2)
  for (const one of [client, ...others]) one.cut()
  service.closeAllConnections()
  await new Promise((resolve) => service.close(resolve))
})

test('a message as long as the buffer comes through, though nothing else fits beside it', async () => {
  await using upstream = await startUpstream({ echo: false })
  await using gateway = await startGateway({
    upstreams: [upstream.url],
    resume: resumeOptions({ buffer: 64 * kib }),
  })
  const client = await resumingClient(gateway.url)
  const server = await upstream.connection()
  client.cut()
  const texts = ['a', 'b', 'c'].map((letter) => letter.repeat(64 * kib))
  for (const text of texts) server.send(text)
  expect(await client.open()).toMatchObject({ resumed: true })
  expect(await client.until(3)).toEqual(texts)
  client.cut()
})

test('an upstream that compresses with the window of earlier messages is asked again, for none', async () => {
  await using upstream = await rawUpstream({ extensions: 'permessage-deflate' })
  await using gateway = await startGateway({ upstreams: [upstream.url], resume: resumeOptions() })
  const extensions = 'permessage-deflate; client_max_window_bits'
  const opening = resumingClient(gateway.url, { extensions })
  const asked = await upstream.connection()
  expect(asked.request.headers['sec-websocket-extensions']).toContain('server_no_context_takeover')
  const again = await upstream.connection()
  expect(again.request.headers['sec-websocket-extensions']).toBeUndefined()
  void opening.catch(() => {})
})

test('what the gateway has taken over and no upstream got is counted as lost, by hold', async () => {
  await using backend = await restartingUpstream()
  await using gateway = await startGateway({
    upstreams: [backend.upstream.url],
    hold: holding({ for: 300 }),
    resume: resumeOptions(),
  })
  const client = await resumingClient(gateway.url)
  backend.restart()
  await held(gateway)
  for (const text of ['one', 'two', 'three']) client.send(text)
  expect(await client.connection!.closeFrame()).toMatchObject({ code: 1012 })
  expect((await route(gateway)).counters.lost).toEqual({ 'to-upstream': 3, 'to-client': 0 })
  client.cut()
})

// On Bun there is one process, and what it keeps for its collector is its own affair.
describe.skipIf(runtime().foreign)('memory', () => {
  const count = full ? 10_000 : 120
  const total = full ? 256 * kib * kib : 4 * kib * kib
  const buffer = 64 * kib

  test(
    `of ${count} sessions without a client, each with a full buffer, stays under resume.total`,
    async () => {
      await using upstream = await startUpstream({ echo: false })
      await using gateway = await startHoldfast({
        openFiles: count + 2_000,
        config: {
          workers: 1,
          routes: [{ name: 'chat', upstreams: [upstream.url], resume: { buffer, total, for: '10m' } }],
        },
      })
      const sessions = async () => {
        const { body } = (await gateway.api('/api/state')) as { body: { routes: Route[] } }
        const [route] = body.routes
        return { ...route!.sessions, ...route!.counters.sessions }
      }
      const before = gateway.rss().workers[0]!
      const clients: ResumingClient[] = []
      for (let n = 0; n < count; n++) {
        const client = await resumingClient(gateway.url)
        const server = await upstream.connection()
        const connection = client.connection as RawClient
        client.cut()
        await connection.ended()
        // More than the buffer: the rest stays where it is.
        for (let part = 0; part < 3; part++) server.send('x'.repeat(buffer / 2 - 8))
        clients.push(client)
        if (n % 40 < 39) continue
        await eventually('all are parked, or given up', async () => (await sessions()).parked! >= n)
        expect((await sessions()).parkedBytes).toBeLessThanOrEqual(total)
      }
      const most = total / (buffer + 16 * kib)
      const evicted = await eventually('evictions', async () => {
        const seen = await sessions()
        return (seen.evicted ?? 0) >= count - 1.5 * most && seen
      })
      expect(evicted.parkedBytes).toBeLessThanOrEqual(total)
      expect(gateway.rss().workers[0]! - before).toBeLessThan(1.5 * total + 100 * kib * kib)
      expect(await clients[0]!.open()).toMatchObject({ resumed: false, over: { why: 'evicted' } })
      expect(await clients.at(-1)!.open()).toMatchObject({ resumed: true })
      for (const client of clients) client.cut()
    },
    full ? 900_000 : 60_000,
  )

  test('without anything kept for them it is their number that is bounded', async () => {
    await using upstream = await startUpstream({ echo: false })
    await using gateway = await startGateway({
      upstreams: [upstream.url],
      resume: resumeOptions({ total: 8 * 16 * kib }),
    })
    const clients: ResumingClient[] = []
    for (let n = 0; n < 12; n++) {
      const client = await resumingClient(gateway.url)
      client.cut()
      clients.push(client)
      await gateway.changes.until(
        'parked',
        () => gateway.log.filter(({ msg }) => msg === 'session parked').length > n,
      )
    }
    for (const [n, client] of clients.entries())
      expect((await client.open()).resumed, `client ${n}`).toBe(n >= 4)
    for (const client of clients) client.cut()
  })
})

interface Route {
  sessions?: { parked?: number; parkedBytes?: number }
  counters: { sessions?: { parked?: number; evicted?: number } }
}
