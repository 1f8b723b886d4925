// A connection taken apart in one Gateway and put together in another, on real sockets: what a live upgrade does between
// two processes, here without them, so that it can be done at any byte.
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import net from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  certificate,
  eventually,
  type FramePeer,
  frame,
  type GatewayInit,
  gatewayOptions,
  type HttpHead,
  h2Client,
  opcode,
  parseFrames,
  rawClient,
  rawUpstream,
  startUpstream,
} from '@holdfast/testing'
import fc from 'fast-check'
import { pino } from 'pino'
import { describe, expect, test } from 'vitest'
import { systemClock } from '../src/core/clock.ts'
import { Gateway } from '../src/gateway.ts'
import { JointCarrier } from '../src/worker/carrier.ts'
import { anyMessages, cutAt, digestOf, joinMessages, toFrames } from './arbitrary-frames.ts'

const hold = {
  for: 10_000,
  on: [1012, 'lost' as const],
  buffer: 262_144,
  state: 'none' as const,
  replay: { by: 'none' as const },
}

/** Two gateways, with the same configuration unless told otherwise; clients connect to the first. */
async function twoGateways(init: GatewayInit, other: GatewayInit = init, carrier?: JointCarrier) {
  const options = gatewayOptions(init)
  const gateways = [options, gatewayOptions(other)].map(
    (each) => new Gateway(each, { log: pino({ enabled: false }) }),
  )
  for (const gateway of gateways) gateway.start()
  const [listener] = options.listen
  const server = net.createServer({ allowHalfOpen: true, noDelay: true }, (socket) => {
    gateways[0]!.accept(listener!, socket)
  })
  await once(server.listen(0, '127.0.0.1'), 'listening')
  const scheme = listener!.tls ? 'wss' : 'ws'
  let at = 0
  let released = 0
  const connection = () => gateways[at]!.connections({ limit: 10 })[0]
  return {
    url: `${scheme}://127.0.0.1:${(server.address() as net.AddressInfo).port}`,
    connection,
    get released() {
      return released
    },
    /** Takes the one connection from where it is to the other gateway; false when it could not be taken. */
    async move(within = 30_000, onTheWay = () => {}): Promise<boolean> {
      const { id } = connection()!
      const packed = await gateways[at]!.pack(id, within, carrier)
      if (!packed) return false
      at = 1 - at
      onTheWay()
      // Between two processes this takes time, in which nobody may read.
      await new Promise((resolve) => setTimeout(resolve, 5))
      const { record, client, upstream } = packed
      gateways[at]!.unpack({ record, client, upstream }, () => released++)
      expect(connection()!.id).toBe(id)
      return true
    },
    /** Of both gateways, the connection being in one of them or over. */
    counters: () => gateways.map((gateway) => gateway.snapshot().routes[0]!.counters),
    async [Symbol.asyncDispose]() {
      for (const gateway of gateways) gateway.stop()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

/** What an old worker carries with, and its socket in a directory of its own. */
function carrying() {
  const directory = mkdtempSync(join(tmpdir(), 'carry-'))
  const carrier = new JointCarrier({ worker: 7, clock: systemClock, onEmpty: () => {} })
  carrier.open(directory)
  return {
    carrier,
    directory,
    async [Symbol.asyncDispose]() {
      carrier.destroy()
      await carrier.close()
      rmSync(directory, { recursive: true, force: true })
    },
  }
}

/** All data messages in order, in little room. */
const digests = (peer: FramePeer) =>
  peer.messages.map(({ opcode: op, payload }) => `${op} ${digestOf(payload)}`)

async function allOf(peer: FramePeer, count: number) {
  await peer.changes.until(`${count} messages`, () => peer.messages.length >= count)
  return digests(peer)
}

/** What the frames say, as the receiving end should tell it. */
function wanted(frames: Buffer[]): string[] {
  const { messages } = joinMessages(parseFrames(Buffer.concat(frames)).frames)
  return messages.map(({ opcode: op, digest }) => `${op} ${digest}`)
}

describe('a connection that is packed and unpacked', () => {
  test.each([
    ['without hold', undefined],
    ['with hold', hold],
  ])('at any bytes of both streams loses, doubles and reorders nothing (%s)', async (_, some) => {
    const anySizes = fc.infiniteStream(fc.integer({ min: 1, max: 60_000 }))
    const moves = fc.infiniteStream(fc.constantFrom(true, false, false))
    await fc.assert(
      fc.asyncProperty(anyMessages, anyMessages, anySizes, moves, async (down, up, sizes, move) => {
        await using upstream = await rawUpstream()
        await using gateways = await twoGateways({ upstreams: [upstream.url], hold: some })
        await using client = await rawClient(gateways.url)
        const peer = await upstream.connection()
        const toClient = toFrames(down, false)
        const toUpstream = toFrames(up, true)
        const chunks = {
          down: cutAt(Buffer.concat(toClient), sizes),
          up: cutAt(Buffer.concat(toUpstream), sizes),
        }
        while (chunks.down.length + chunks.up.length > 0) {
          const [a, b] = [chunks.down.shift(), chunks.up.shift()]
          if (a) peer.write(a)
          if (b) client.write(b)
          if (move.next().value) expect(await gateways.move()).toBe(true)
        }
        expect(await allOf(client, down.length)).toEqual(wanted(toClient))
        expect(await allOf(peer, up.length)).toEqual(wanted(toUpstream))
        client.close(4001, 'done')
        expect(await client.closeFrame()).toEqual({ code: 4001, reason: 'done' })
        const messages = gateways.counters().map((counters) => counters.messages)
        expect(messages[0]!['to-client'] + messages[1]!['to-client']).toBe(down.length)
        expect(messages[0]!['to-upstream'] + messages[1]!['to-upstream']).toBe(up.length)
        expect(gateways.counters().map(({ lost }) => lost)).toEqual(
          Array(2).fill({ 'to-upstream': 0, 'to-client': 0 }),
        )
      }),
      { numRuns: 15 },
    )
  })

  test('while it is held goes on being held, with what the client said meanwhile', async () => {
    const first = await rawUpstream()
    await using gateways = await twoGateways({ upstreams: [first.url], hold })
    await using client = await rawClient(gateways.url)
    const peer = await first.connection()
    client.text('before')
    await peer.message()
    await first[Symbol.asyncDispose]()
    await eventually('a held connection', () => gateways.connection()?.state === 'held')
    client.text('one')
    // Nobody else is there to answer it, so that the Pong shows that the text before it is kept.
    client.ping('read so far?')
    await client.changes.until('the Pong', () => client.frames.some(({ opcode: op }) => op === opcode.pong))
    const half = frame({ opcode: opcode.binary, mask: true, payload: Buffer.alloc(50_000, 7) })
    client.write(half.subarray(0, 20_000))
    expect(await gateways.move()).toBe(true)
    client.write(half.subarray(20_000))
    expect(await gateways.move()).toBe(true)
    client.text('two')
    await using second = await rawUpstream({ port: first.port })
    const next = await second.connection(10_000)
    await allOf(next, 3)
    expect(next.messages.map(({ payload }) => payload.length)).toEqual([3, 50_000, 3])
    expect(next.request.headers['holdfast-reattach']).toMatch(/^\d+; code=1006$/)
    next.text('welcome back')
    expect(String((await client.message()).payload)).toBe('welcome back')
    expect(gateways.connection()).toMatchObject({ state: 'open' })
  })

  test('that finds its next upstream while it waits to be moved loses nothing of what that one says', async () => {
    const first = await rawUpstream()
    await using gateways = await twoGateways({ upstreams: [first.url], hold })
    await using client = await rawClient(gateways.url)
    const peer = await first.connection()
    peer.reset()
    await first[Symbol.asyncDispose]()
    await eventually('a held connection', () => gateways.connection()?.state === 'held')
    client.stopReading()
    // Its Pings are answered while it is held, and their Pongs fill what the kernel takes.
    const ping = frame({ opcode: opcode.ping, mask: true, payload: Buffer.alloc(125) })
    const pings = Buffer.concat(Array.from({ length: 5000 }, () => ping))
    const isFull = async () => {
      client.write(pings)
      return !(await gateways.move(20))
    }
    await eventually('a full write queue', isFull, { every: 50 })
    const moved = gateways.move(10_000, () => {
      second.connections[0]!.text('on the way')
      setTimeout(() => second.connections[0]!.text('there'), 20)
    })
    const texts = () =>
      client.messages.flatMap(({ opcode: op, payload }) => (op === opcode.text ? [String(payload)] : []))
    await using second = await rawUpstream({ port: first.port })
    await second.connection(10_000)
    client.startReading()
    expect(await moved).toBe(true)
    await client.changes.until('both texts', () => texts().length === 2)
    expect(texts()).toEqual(['on the way', 'there'])
  })

  test('in the middle of a message of the client still sends it whole to the next upstream', async () => {
    await using upstream = await rawUpstream()
    await using gateways = await twoGateways({ upstreams: [upstream.url], hold })
    await using client = await rawClient(gateways.url)
    const peer = await upstream.connection()
    const whole = frame({ opcode: opcode.binary, mask: true, payload: Buffer.alloc(90_000, 5) })
    client.write(whole.subarray(0, 40_000))
    await peer.changes.until('the first part', () => peer.bytes >= 40_000)
    expect(await gateways.move()).toBe(true)
    client.write(whole.subarray(40_000, 60_000))
    await peer.changes.until('the second part', () => peer.bytes >= 60_000)
    expect(await gateways.move()).toBe(true)
    peer.reset()
    const next = await upstream.connection()
    client.write(whole.subarray(60_000))
    const { payload } = await next.message()
    expect(payload.equals(Buffer.alloc(90_000, 5))).toBe(true)
    expect(next.request.headers['holdfast-session']).toBe(peer.request.headers['holdfast-session'])
    expect(gateways.counters().map(({ lost }) => lost['to-upstream'])).toEqual([0, 0])
  })

  test('knows what an upstream had not confirmed before', async () => {
    await using upstream = await rawUpstream({ answersPings: false })
    await using gateways = await twoGateways({ upstreams: [upstream.url], hold })
    await using client = await rawClient(gateways.url)
    const peer = await upstream.connection()
    for (let i = 0; i < 5; i++) client.text(String(i))
    await allOf(peer, 5)
    expect(await gateways.move()).toBe(true)
    peer.reset()
    await upstream.connection()
    expect(gateways.counters().map(({ lost }) => lost['to-upstream'])).toEqual([0, 5])
  })

  test('answers the Close and gives back its admission where it is now', async () => {
    await using upstream = await rawUpstream()
    await using gateways = await twoGateways({ upstreams: [upstream.url] })
    await using client = await rawClient(gateways.url)
    const peer = await upstream.connection()
    expect(await gateways.move()).toBe(true)
    expect(gateways.released).toBe(0)
    peer.close(4002, 'kicked')
    expect(await client.closeFrame()).toEqual({ code: 4002, reason: 'kicked' })
    await eventually('the connection is over', () => gateways.connection() === undefined)
    expect(gateways.released).toBe(1)
    await eventually('the upstream sees its end', () => upstream.open === 0)
  })
})

const { cert, key } = certificate()
const tls = { listen: [{ tls: { cert, key } }] }

describe('a connection that is carried', () => {
  test.each([
    ['over TLS, without hold', rawClient, undefined],
    ['over TLS, with hold', rawClient, hold],
    ['over HTTP/2', h2Client, undefined],
  ] as const)(
    'at any bytes of both streams loses, doubles and reorders nothing (%s)',
    async (_, connect, some) => {
      const anySizes = fc.infiniteStream(fc.integer({ min: 1, max: 60_000 }))
      const moves = fc.infiniteStream(fc.constantFrom(true, false, false))
      await fc.assert(
        fc.asyncProperty(anyMessages, anyMessages, anySizes, moves, async (down, up, sizes, move) => {
          // A Pong of their own would come between the parts of a frame.
          const answersPings = false
          await using upstream = await rawUpstream({ answersPings })
          await using carry = carrying()
          const init = { ...tls, upstreams: [upstream.url], hold: some }
          await using gateways = await twoGateways(init, init, carry.carrier)
          await using client = await connect(gateways.url, { answersPings })
          const peer = await upstream.connection()
          const toClient = toFrames(down, false)
          const toUpstream = toFrames(up, true)
          const chunks = {
            down: cutAt(Buffer.concat(toClient), sizes),
            up: cutAt(Buffer.concat(toUpstream), sizes),
          }
          while (chunks.down.length + chunks.up.length > 0) {
            const [a, b] = [chunks.down.shift(), chunks.up.shift()]
            if (a) peer.write(a)
            if (b) client.write(b)
            if (move.next().value) expect(await gateways.move()).toBe(true)
          }
          expect(await allOf(client, down.length)).toEqual(wanted(toClient))
          expect(await allOf(peer, up.length)).toEqual(wanted(toUpstream))
          client.close(4001, 'done')
          expect(await client.closeFrame()).toEqual({ code: 4001, reason: 'done' })
          await client.ended()
          await eventually('an empty carrier', () => carry.carrier.size === 0)
        }),
        { numRuns: connect === rawClient ? 8 : 3 },
      )
    },
  )

  test('moves while its client reads nothing, and has one carrier after two moves', async () => {
    await using upstream = await rawUpstream()
    await using carry = carrying()
    const init = { ...tls, upstreams: [upstream.url] }
    await using gateways = await twoGateways(init, init, carry.carrier)
    await using client = await rawClient(gateways.url, { keepsFrames: false })
    const peer = await upstream.connection()
    client.stopReading()
    const message = frame({ opcode: opcode.binary, payload: Buffer.alloc(60_000) })
    const { done } = peer.flood(message, 400)
    await eventually('the move', () => gateways.move(20), { every: 50 })
    expect(carry.carrier.size).toBe(1)
    client.startReading()
    await done
    await client.changes.until('all of it', () => client.bytes >= 400 * message.length)
    expect(client.bytes).toBe(400 * message.length)
    expect(await gateways.move()).toBe(true)
    expect(carry.carrier.size).toBe(1)
    client.text('and on')
    expect(String((await peer.message()).payload)).toBe('and on')
  })

  test('ends for each side as the other ends', async () => {
    await using upstream = await rawUpstream()
    await using carry = carrying()
    const init = { ...tls, upstreams: [upstream.url] }
    for (const how of ['client fin', 'client gone', 'upstream close', 'upstream reset'] as const) {
      await using gateways = await twoGateways(init, init, carry.carrier)
      await using client = await rawClient(gateways.url)
      const peer = await upstream.connection()
      expect(await gateways.move()).toBe(true)
      if (how === 'client fin') client.socket.end()
      else if (how === 'client gone') client.socket.destroy()
      else if (how === 'upstream reset') peer.reset()
      else peer.close(4002, 'kicked')
      if (how === 'upstream reset') expect(await client.closeFrame()).toMatchObject({ code: 1014 })
      if (how === 'upstream close') expect(await client.closeFrame()).toMatchObject({ code: 4002 })
      if (how.startsWith('client')) await peer.ended()
      else await client.ended()
      await eventually(`nothing carried after ${how}`, () => carry.carrier.size === 0)
      await eventually('the connection is over', () => gateways.connection() === undefined)
    }
  })

  test('whose client does not end TCP is ended for it', async () => {
    await using upstream = await rawUpstream()
    await using carry = carrying()
    const init = { ...tls, upstreams: [upstream.url] }
    await using gateways = await twoGateways(init, init, carry.carrier)
    await using client = await rawClient(gateways.url, { answersCloses: false })
    const peer = await upstream.connection()
    expect(await gateways.move()).toBe(true)
    peer.close(4002, 'kicked')
    expect(await client.closeFrame()).toMatchObject({ code: 4002 })
    await eventually('an empty carrier', () => carry.carrier.size === 0)
  })

  test('to a wss upstream, over TLS too, has two joined sockets, and one where it is held', async () => {
    const secure = await startUpstream({ tls: { cert, key }, echo: false })
    await using carry = carrying()
    const init = { ...tls, upstreams: [{ url: secure.url, secure: { verify: false } }], hold }
    await using gateways = await twoGateways(init, init, carry.carrier)
    await using client = await rawClient(gateways.url)
    const peer = await secure.connection()
    expect(await gateways.move()).toBe(true)
    client.text('up')
    expect(await peer.message()).toBe('up')
    peer.send('down')
    expect(String((await client.message()).payload)).toBe('down')
    await secure[Symbol.asyncDispose]()
    await eventually('a held connection', () => gateways.connection()?.state === 'held')
    client.text('while held')
    expect(await gateways.move()).toBe(true)
    await using next = await startUpstream({ port: secure.port, tls: { cert, key }, echo: false })
    expect(await (await next.connection()).message()).toBe('while held')
  })
})

describe('a connection that cannot be packed goes on as it was', () => {
  test.each([undefined, hold])('when its client does not read what waits for it (hold: %j)', async (some) => {
    await using upstream = await rawUpstream()
    await using gateways = await twoGateways({ upstreams: [upstream.url], hold: some })
    await using client = await rawClient(gateways.url, { keepsFrames: false })
    const peer = await upstream.connection()
    client.stopReading()
    const message = frame({ opcode: opcode.binary, payload: Buffer.alloc(60_000) })
    const { done } = peer.flood(message, 400)
    await eventually('a full write queue', async () => !(await gateways.move(20)), { every: 50 })
    client.startReading()
    await done
    await client.changes.until('all of it', () => client.bytes >= 400 * message.length)
    expect(client.bytes).toBe(400 * message.length)
    expect(await gateways.move()).toBe(true)
    client.text('and on')
    expect(String((await peer.message()).payload)).toBe('and on')
  })

  test('when it is on TLS, and nothing carries it', async () => {
    await using upstream = await rawUpstream()
    await using gateways = await twoGateways({ upstreams: [upstream.url], ...tls })
    await using client = await rawClient(gateways.url)
    const peer = await upstream.connection()
    expect(await gateways.move(2_000)).toBe(false)
    client.text('and on')
    expect(String((await peer.message()).payload)).toBe('and on')
  })

  test('when its upstream is about to leave', async () => {
    await using upstream = await rawUpstream()
    await using gateways = await twoGateways({ upstreams: [upstream.url], hold })
    await using client = await rawClient(gateways.url)
    const peer = await upstream.connection()
    peer.ping('holdfast:drain')
    await peer.nextFrame()
    client.text('for the next one')
    expect(await gateways.move(2_000)).toBe(false)
    peer.close(1012)
    const next = await upstream.connection()
    expect(String((await next.message()).payload)).toBe('for the next one')
    expect(await gateways.move()).toBe(true)
  })
})

describe('what is known of a restored session', () => {
  const auto = { ...hold, state: 'auto' as const, replay: { by: 'auto' as const } }

  test('moves along: who restored it, and that its last loss was without a message since', async () => {
    const headers = (request: HttpHead) =>
      request.headers['holdfast-reattach'] ? ['Holdfast-Restored: 1'] : []
    await using upstream = await rawUpstream({ headers })
    await using gateways = await twoGateways({ upstreams: [upstream.url], hold: auto })
    await using client = await rawClient(gateways.url)
    const first = await upstream.connection()
    first.reset()
    const next = await upstream.connection()
    await eventually('it goes on', () => gateways.connection()?.state === 'open')
    expect(gateways.connection()).toMatchObject({ reattached: 1, restoredBy: 'upstream' })
    expect(await gateways.move()).toBe(true)
    expect(gateways.connection()).toMatchObject({ reattached: 1, restoredBy: 'upstream' })
    next.reset()
    expect(await client.closeFrame()).toMatchObject({ code: 1012 })
    expect(gateways.counters()[1]!.reattachments).toEqual({ 'lost-again': 1 })
  })

  test('is asked of the next upstream in the process to which the held client has moved', async () => {
    let says: string[] = []
    const upstream = await rawUpstream({})
    const { port } = upstream
    await using gateways = await twoGateways({ upstreams: [upstream.url], hold: auto })
    await using client = await rawClient(gateways.url)
    client.text('hello')
    await (await upstream.connection()).message()
    await upstream[Symbol.asyncDispose]()
    await eventually('a held client', () => gateways.connection()?.state === 'held')
    expect(await gateways.move()).toBe(true)
    says = ['Holdfast-Restored: 1']
    await using back = await rawUpstream({ port, headers: () => says })
    client.text('meanwhile')
    expect(String((await (await back.connection()).message()).payload)).toBe('meanwhile')
  })

  test('and what is spoken, of which the first message told', async () => {
    await using upstream = await rawUpstream()
    await using gateways = await twoGateways({ upstreams: [upstream.url], hold: auto })
    await using client = await rawClient(gateways.url)
    const first = await upstream.connection()
    client.text('no protocol that anybody knows')
    await first.message()
    expect(await gateways.move()).toBe(true)
    // In the other process it is not the first message any more.
    client.text(JSON.stringify({ id: 1, method: 'subscription', params: { path: 'ticks' } }))
    await first.message()
    first.close(1012)
    expect(await client.closeFrame()).toMatchObject({ code: 1012 })
    expect(gateways.counters()[1]!.reattachments).toEqual({ 'not-restored': 1 })
  })
})

describe('a connection whose route has another hold in the other process', () => {
  const first = { ...hold, replay: { by: 'first' as const, messages: 1 } }

  async function heldClient(init: GatewayInit, other: GatewayInit) {
    const gateways = await twoGateways(init, other)
    const client = await rawClient(gateways.url)
    return { gateways, client }
  }

  test('is told 1012 when it is held, and the route there holds nobody', async () => {
    const upstream = await rawUpstream()
    const upstreams = [upstream.url]
    const { gateways, client } = await heldClient({ upstreams, hold }, { upstreams })
    await using _gateways = gateways
    await using _client = client
    await upstream.connection()
    await upstream[Symbol.asyncDispose]()
    await eventually('a held client', () => gateways.connection()?.state === 'held')
    expect(await gateways.move()).toBe(true)
    expect(await client.closeFrame()).toMatchObject({ code: 1012 })
    await eventually('the connection is over', () => gateways.connection() === undefined)
    expect(gateways.released).toBe(1)
  })

  test('keeps the replay that it began with', async () => {
    await using upstream = await rawUpstream()
    const upstreams = [upstream.url]
    const { gateways, client } = await heldClient({ upstreams, hold: first }, { upstreams, hold })
    await using _gateways = gateways
    await using _client = client
    client.text('hello')
    const peer = await upstream.connection()
    expect(String((await peer.message()).payload)).toBe('hello')
    expect(await gateways.move()).toBe(true)
    peer.close(1012)
    const next = await upstream.connection()
    expect(String((await next.message()).payload)).toBe('hello')
  })
})
