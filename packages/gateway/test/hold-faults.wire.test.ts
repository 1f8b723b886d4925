// What a route with `hold` makes of upstreams that break, at the worst moments: the client stays, or is told 1012 where
// nothing else can be said, and neither end ever gets a message that nobody sent.
import {
  eventually,
  type FrameInit,
  forkUpstream,
  frame,
  opcode,
  type RawClient,
  type RawConnection,
  type RawUpstream,
  rawClient,
  rawUpstream,
  startGateway,
  wsClient,
} from '@holdfast/testing'
import { describe, expect, test } from 'vitest'
import { digestOf } from './arbitrary-frames.ts'

const buffer = 64 * 1024
const hold = {
  for: 5_000,
  on: [1012, 'lost' as const],
  buffer,
  state: 'none' as const,
  replay: { by: 'none' as const },
}

const kinds = [
  { kind: 'text', op: opcode.text, compressed: false },
  { kind: 'binary', op: opcode.binary, compressed: false },
  { kind: 'compressed', op: opcode.text, compressed: true },
]
const ends: { end: string; strike: (peer: RawConnection) => void }[] = [
  { end: 'resets', strike: (peer) => peer.reset() },
  { end: 'ends TCP', strike: (peer) => peer.end() },
]
const closes = { end: 'closes with 1012', strike: (peer: RawConnection) => peer.close(1012) }

const cases = kinds.flatMap((kind) => ends.map((end) => ({ ...kind, ...end })))
const casesBetweenFrames = kinds.flatMap((kind) => [...ends, closes].map((end) => ({ ...kind, ...end })))

async function start({ compressed }: { compressed: boolean }) {
  const extensions = compressed ? 'permessage-deflate' : undefined
  const upstream = await rawUpstream({ extensions })
  const gateway = await startGateway({ upstreams: [upstream.url], hold })
  const client = await rawClient(gateway.url, { extensions })
  const lost = async () => (await gateway.snapshot()).routes[0]!.counters.lost
  return {
    ...{ upstream, gateway, client, lost },
    first: await upstream.connection(),
    async [Symbol.asyncDispose]() {
      for (const one of [client, gateway, upstream]) await one[Symbol.asyncDispose]()
    },
  }
}

/** Bytes of which no two pieces are alike. */
function payloadOf(size: number): Buffer {
  const numbers = Array.from({ length: Math.ceil(size / 8) }, (_, i) => String(i).padStart(8, '0'))
  return Buffer.from(numbers.join('').slice(0, size))
}

/** Writes half of a frame, and then, when that has left, strikes. */
function strikeInside(peer: RawConnection, bytes: Buffer, strike: (peer: RawConnection) => void): void {
  peer.stream.write(bytes.subarray(0, bytes.length / 2), () => setImmediate(() => strike(peer)))
}

/** A message each way, so that the connection is seen to work as ever. */
async function talk(client: RawClient, peer: RawConnection, { op, compressed }: (typeof kinds)[number]) {
  const init: FrameInit = { opcode: op, rsv1: compressed, payload: 'hello' }
  const seen = peer.messages.length
  client.frame(init)
  await peer.changes.until('the message of the client', () => peer.messages.length > seen)
  expect(peer.messages.at(-1)).toMatchObject({ opcode: op, compressed, payload: Buffer.from('hello') })
  const before = client.messages.length
  peer.frame(init)
  await client.changes.until('the message of the upstream', () => client.messages.length > before)
  expect(client.messages.at(-1)).toMatchObject({ opcode: op, compressed, payload: Buffer.from('hello') })
}

async function told1012(client: RawClient) {
  const close = await client.closeFrame()
  expect(close).toEqual({ code: 1012, reason: expect.stringMatching(/^service restart; retry=\d+$/) })
  expect(await client.ended()).toBe('fin')
}

describe('on a route with hold, an upstream that', () => {
  test.each(cases)('$end inside a short $kind frame: the client sees nothing of it', async (one) => {
    await using parts = await start(one)
    const { first, client, upstream } = parts
    await talk(client, first, one)
    const broken = frame({ opcode: one.op, rsv1: one.compressed, payload: payloadOf(40_000) })
    strikeInside(first, broken, one.strike)
    await talk(client, await upstream.connection(), one)
    expect(client.messages).toHaveLength(2)
    expect(client.ending).toBeUndefined()
    expect(await parts.lost()).toEqual({ 'to-upstream': 0, 'to-client': 1 })
  })

  test.each(cases)('$end inside a long $kind frame: the client is told 1012', async (one) => {
    await using parts = await start(one)
    const { first, client, upstream } = parts
    strikeInside(
      first,
      frame({ opcode: one.op, rsv1: one.compressed, payload: payloadOf(400_000) }),
      one.strike,
    )
    await told1012(client)
    const part = client.frames.filter(({ opcode: op }) => op < opcode.close)
    expect(part.every(({ fin, rsv1 }, i) => !fin && rsv1 === (one.compressed && i === 0))).toBe(true)
    const got = Buffer.concat(part.map(({ payload }) => payload))
    expect(got.equals(payloadOf(400_000).subarray(0, got.length))).toBe(true)
    expect(client.messages).toEqual([])
    expect(upstream.requests).toHaveLength(1)
  })

  test.each(casesBetweenFrames)('$end inside a fragmented $kind message: told 1012', async (one) => {
    await using parts = await start(one)
    const { first, client } = parts
    first.frame({ opcode: one.op, rsv1: one.compressed, fin: false, payload: 'the first of two' })
    await client.nextFrame()
    one.strike(first)
    await told1012(client)
    expect(client.messages).toEqual([])
    expect(await parts.lost()).toEqual({ 'to-upstream': 0, 'to-client': 1 })
  })

  test.each(cases)('$end inside the first fragment of a $kind message: seen by nobody', async (one) => {
    await using parts = await start(one)
    const { first, client, upstream } = parts
    const fragment = frame({ opcode: one.op, rsv1: one.compressed, fin: false, payload: payloadOf(1000) })
    strikeInside(first, fragment, one.strike)
    await talk(client, await upstream.connection(), one)
    expect(client.messages).toHaveLength(1)
  })

  test.each(casesBetweenFrames)(
    '$end while a $kind frame of the client is half way: the next one gets it whole',
    async (one) => {
      await using parts = await start(one)
      const { first, client, upstream } = parts
      const payload = payloadOf(30_000)
      const whole = frame({ opcode: one.op, rsv1: one.compressed, mask: true, payload })
      client.write(whole.subarray(0, 10_000))
      await first.changes.until('half a frame', () => first.bytes >= 10_000)
      one.strike(first)
      const second = await upstream.connection()
      client.write(whole.subarray(10_000))
      const message = await second.message()
      expect(message).toMatchObject({ opcode: one.op, compressed: one.compressed, frames: 1 })
      expect(digestOf(message.payload)).toBe(digestOf(payload))
      await talk(client, second, one)
      expect(first.messages).toEqual([])
      expect(second.messages).toHaveLength(2)
      expect(await parts.lost()).toEqual({ 'to-upstream': 0, 'to-client': 0 })
    },
  )

  test.each(casesBetweenFrames)(
    '$end between two fragments of a $kind message of the client: the next one gets both',
    async (one) => {
      await using parts = await start(one)
      const { first, client, upstream } = parts
      client.frame({ opcode: one.op, rsv1: one.compressed, fin: false, payload: 'one, ' })
      client.ping('between')
      await first.nextFrame()
      one.strike(first)
      const second = await upstream.connection()
      client.frame({ opcode: opcode.continuation, payload: 'two' })
      expect(await second.message()).toEqual({
        ...{ opcode: one.op, compressed: one.compressed, frames: 2 },
        payload: Buffer.from('one, two'),
      })
      await talk(client, second, one)
    },
  )

  test.each(casesBetweenFrames)(
    '$end while a $kind message of the client over the buffer is half way: told 1012',
    async (one) => {
      await using parts = await start(one)
      const { first, client, upstream } = parts
      const whole = frame({
        ...{ opcode: one.op, rsv1: one.compressed, mask: true },
        payload: payloadOf(3 * buffer),
      })
      client.write(whole.subarray(0, 2 * buffer))
      await first.changes.until('more than the buffer', () => first.bytes >= 2 * buffer)
      one.strike(first)
      await told1012Inside(client, whole.subarray(2 * buffer))
      expect(upstream.requests).toHaveLength(1)
    },
  )

  /** The client reads its Close while it is in the middle of a frame; only then it can answer. */
  async function told1012Inside(client: RawClient, rest: Buffer) {
    client.answersCloses = false
    expect(await client.closeFrame()).toMatchObject({ code: 1012 })
    client.write(rest)
    client.close(1012)
    expect(await client.ended()).toBe('fin')
  }

  test('resets after a message of the client over the buffer: the client stays', async () => {
    const [one] = kinds
    await using parts = await start(one!)
    const { first, client, upstream } = parts
    client.text(String(payloadOf(3 * buffer)))
    await first.message()
    // The upstream has answered the Ping behind it before this.
    first.text('read')
    await client.message()
    first.reset()
    await talk(client, await upstream.connection(), one!)
    expect(client.ending).toBeUndefined()
  })

  test('falls silent inside a short frame: the client goes on with the next one', async () => {
    await using frozen = await silentInside(1_000)
    const { gateway, upstream } = frozen
    await using client = await rawClient(gateway.url)
    await upstream.connection()
    await talk(client, await upstream.connection(), kinds[0]!)
    expect(client.messages).toHaveLength(1)
    expect(client.ending).toBeUndefined()
  })

  test('falls silent inside a long frame: the client is told 1012', async () => {
    await using frozen = await silentInside(400_000)
    await using client = await rawClient(frozen.gateway.url)
    await told1012(client)
    expect(client.messages).toEqual([])
  })

  /** An upstream whose first connection says half a frame and then answers nothing. */
  async function silentInside(size: number) {
    let opened = 0
    const upstream: RawUpstream = await rawUpstream({
      onOpen(peer) {
        if (++opened > 1) return
        peer.answersPings = false
        peer.write(frame({ opcode: opcode.text, payload: payloadOf(size) }).subarray(0, size / 2))
      },
    })
    const gateway = await startGateway({
      upstreams: [upstream.url],
      hold,
      keepalive: { ping: 200, timeout: 200 },
    })
    return {
      ...{ upstream, gateway },
      async [Symbol.asyncDispose]() {
        await gateway[Symbol.asyncDispose]()
        await upstream[Symbol.asyncDispose]()
      },
    }
  }

  test('is asked for no Close echo that would stand inside a frame', async () => {
    await using parts = await start({ compressed: false })
    const { first, client, upstream } = parts
    first.answersCloses = false
    const whole = frame({ opcode: opcode.text, mask: true, payload: payloadOf(1000) })
    client.write(whole.subarray(0, 500))
    await first.changes.until('half a frame', () => first.bytes >= 500)
    first.close(1012)
    await first.ended()
    expect(first.frames.filter(({ opcode: op }) => op === opcode.close)).toEqual([])
    const second = await upstream.connection()
    client.write(whole.subarray(500))
    await second.message()
  })
})

describe('on a route with hold, behind a real server', () => {
  const modes = [
    { mode: 'plain', compress: false },
    { mode: 'compressed', compress: true },
  ]

  test.each(modes)(
    'SIGKILL under traffic disconnects nobody, and every answer is right ($mode)',
    async (one) => {
      await using a = await forkUpstream({ compress: one.compress })
      await using b = await forkUpstream({ compress: one.compress })
      await using gateway = await startGateway({
        upstreams: [a.url, b.url],
        balance: { by: 'round-robin' },
        hold,
      })
      const clients = Array.from({ length: 6 }, () =>
        wsClient(gateway.url, { perMessageDeflate: one.compress && { threshold: 0 } }),
      )
      await Promise.all(clients.map(({ opened }) => opened))
      const sent = clients.map(() => [] as string[])
      let going = true
      const traffic = clients.map(async (client, n) => {
        for (let i = 0; going; i++) {
          const text = `${n}:${i}:${payloadOf(i % 7 === 0 ? 90_000 : 300)}`
          sent[n]!.push(i % 2 === 0 ? text : digestOf(Buffer.from(text)))
          client.send(i % 2 === 0 ? text : Buffer.from(text))
          await new Promise((resolve) => setTimeout(resolve, 5))
        }
      })
      const [first] = clients
      await first!.changes.until('some answers', () => first!.messages.length > 20)
      await a.kill()
      const { length } = first!.messages
      await first!.changes.until('more answers', () => first!.messages.length > length + 20)
      going = false
      await Promise.all(traffic)
      for (const [n, client] of clients.entries()) {
        const last = `last of ${n}`
        client.send(last)
        await client.changes.until('the last answer', () => client.messages.at(-1) === last)
        // What was under way is lost; what comes is what was sent, in its order, and nothing comes twice.
        let at = 0
        for (const answer of client.messages.slice(0, -1)) {
          const seen = typeof answer === 'string' ? answer : digestOf(answer)
          const found = sent[n]!.indexOf(seen, at)
          expect(found).toBeGreaterThanOrEqual(at)
          at = found + 1
        }
        expect([client.ending, client.error]).toEqual([undefined, undefined])
        client.close()
        await client.closed
      }
      const { lost } = (await gateway.snapshot()).routes[0]!.counters
      expect(lost['to-upstream']).toBeLessThan(200)
    },
  )

  test.each(modes)('SIGSTOP moves the clients when the keepalive has noticed ($mode)', async (one) => {
    await using a = await forkUpstream({ compress: one.compress })
    await using b = await forkUpstream({ compress: one.compress })
    await using gateway = await startGateway({
      ...{ upstreams: [a.url], hold, keepalive: { ping: 200, timeout: 200 } },
    })
    const clients = Array.from({ length: 4 }, () =>
      wsClient(gateway.url, { perMessageDeflate: one.compress && { threshold: 0 } }),
    )
    await Promise.all(clients.map(({ opened }) => opened))
    a.freeze()
    await gateway.reload({
      ...{ upstreams: [a.url, b.url], hold, keepalive: { ping: 200, timeout: 200 } },
    })
    for (const [n, client] of clients.entries()) client.send(`into the silence ${n}`)
    await eventually('all clients at the other upstream', () => b.opened === clients.length)
    for (const [n, client] of clients.entries()) {
      const answered = () => client.messages.includes(`hello ${n}`)
      client.send(`hello ${n}`)
      await client.changes.until('an answer', answered)
      expect(client.ending).toBeUndefined()
    }
    a.thaw()
    for (const client of clients) {
      client.close()
      await client.closed
    }
  })
})
