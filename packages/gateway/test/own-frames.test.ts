// Where the gateway's own Pings and Pongs stand: between messages, since peers are in use that lose a compressed message
// when a control frame stands between its fragments (aiohttp 3.8, Tornado 6.2, wsproto 1.2).
import { frame, opcode, parseFrames } from '@holdfast/testing'
import { describe, expect, test } from 'vitest'
import { drainPayload } from '../src/hold/hold.ts'
import { type PeerStream, startHeldPipe, startPipe, turns } from './piping.ts'

const keepalive = { ping: 1000, timeout: 1000 }
const names = {
  [opcode.continuation]: 'rest',
  [opcode.text]: 'text',
  [opcode.ping]: 'ping',
  [opcode.pong]: 'pong',
}

/** What a side got, frame by frame; a `+` says that the message goes on. */
const seen = (stream: PeerStream) =>
  parseFrames(stream.bytes()).frames.map(
    ({ opcode: op, fin }) => `${names[op as keyof typeof names] ?? 'close'}${fin ? '' : '+'}`,
  )

async function say(stream: PeerStream, ...frames: Buffer[]): Promise<void> {
  stream.push(Buffer.concat(frames))
  await turns(3)
}

describe.each(['upstream', 'client'] as const)('towards the %s', (to) => {
  const from = to === 'upstream' ? 'client' : 'upstream'
  const mask = from === 'client'
  const first = frame({ opcode: opcode.text, payload: 'one ', fin: false, mask })
  const more = frame({ opcode: opcode.continuation, payload: 'more ', fin: false, mask })
  const last = frame({ opcode: opcode.continuation, payload: '', mask })
  const pong = frame({ opcode: opcode.pong, mask: !mask })

  function start() {
    const { pipe, clock, verdicts, ...streams } = startPipe({ keepalive })
    /** Time goes by, and who sends the message shows that it lives. */
    const quiet = async (ms: number) => {
      for (const end = clock.now() + ms; clock.now() < end; ) {
        clock.tick(500)
        await say(streams[from], frame({ opcode: opcode.pong, mask }))
        pipe.tick(clock.now())
      }
    }
    return { pipe, clock, verdicts, sender: streams[from], receiver: streams[to], quiet }
  }
  const withoutTheirPongs = (stream: PeerStream) => seen(stream).filter((one) => one !== 'pong')

  test('a Ping waits for the end of the message, and the answer for the Ping', async () => {
    const { pipe, verdicts, sender, receiver, quiet } = start()
    await say(sender, first)
    await quiet(5000)
    await say(sender, more)
    expect(withoutTheirPongs(receiver)).toEqual(['text+', 'rest+'])
    await say(sender, last)
    expect(withoutTheirPongs(receiver)).toEqual(['text+', 'rest+', 'rest', 'ping'])
    expect(verdicts).toEqual([])
    await say(receiver, pong)
    await quiet(500)
    expect(pipe.state).toBe('open')
    pipe.cut()
  })

  test('a message without end makes it wait ten seconds; who does not answer then is gone', async () => {
    const { pipe, sender, receiver, quiet } = start()
    await say(sender, first)
    await quiet(10_500)
    expect(withoutTheirPongs(receiver)).toEqual(['text+'])
    await quiet(1000)
    expect(withoutTheirPongs(receiver)).toEqual(['text+', 'ping'])
    await quiet(2000)
    expect(pipe.state).not.toBe('open')
    pipe.cut()
  })

  test('who cannot be asked, because a frame streams to it, is not called silent while it takes that', async () => {
    const { pipe, clock, sender, receiver } = start()
    const long = frame({ opcode: opcode.binary, payload: Buffer.alloc(100_000), mask })
    for (let at = 0; at < 90_000; at += 2000) {
      await say(sender, long.subarray(at, at + 2000))
      clock.tick(500)
      pipe.tick(clock.now())
    }
    expect(pipe.state).toBe('open')
    await say(sender, long.subarray(90_000))
    expect(seen(receiver).slice(0, 2)).toEqual(['close', 'ping'])
    pipe.cut()
  })

  test('a Close does not wait for the end of a message, and no Ping precedes it', async () => {
    const { pipe, sender, receiver, quiet } = start()
    await say(sender, first)
    await quiet(2000)
    await say(sender, frame({ opcode: opcode.close, mask }))
    expect(withoutTheirPongs(receiver)).toEqual(['text+', 'close'])
    pipe.cut()
  })
})

test('towards a held client a Ping waits for the end of a long frame that goes out as fragments', async () => {
  const held = startHeldPipe({ keepalive })
  const long = frame({ opcode: opcode.binary, payload: Buffer.alloc(100_000) })
  for (let at = 0; at < 90_000; at += 10_000) {
    await say(held.upstream, long.subarray(at, at + 10_000))
    held.clock.tick(500)
    held.pipe.tick(held.clock.now())
  }
  const before = parseFrames(held.client.bytes()).frames
  expect(before).toHaveLength(9)
  expect(before.filter(({ opcode: op, fin }) => op === opcode.ping || fin)).toEqual([])
  await say(held.upstream, long.subarray(90_000))
  expect(seen(held.client).slice(-2)).toEqual(['rest', 'ping'])
  held.pipe.cut()
})

describe('a Ping that asks an upstream of a held client what it has read', () => {
  const text = (payload: string, fin = true) => frame({ opcode: opcode.text, payload, fin, mask: true })
  const rest = (payload: string, fin = true) =>
    frame({ opcode: opcode.continuation, payload, fin, mask: true })
  const ping = frame({ opcode: opcode.ping, mask: true })

  /** Answers all Pings so far, as an upstream does that has read everything before them. */
  async function answer(stream: PeerStream): Promise<void> {
    const pings = parseFrames(stream.bytes()).frames.filter((one) => one.opcode === opcode.ping)
    await say(stream, ...pings.map(({ payload }) => frame({ opcode: opcode.pong, payload })))
  }

  test.each([
    ['a fragment', text('a '), text('b ', false), rest('c')],
    [
      'a part of a frame',
      text('a '),
      text('b '.repeat(50)).subarray(0, 50),
      text('b '.repeat(50)).subarray(50),
    ],
  ])('stands before a message of which one read brings only %s', async (_, whole, begun, ended) => {
    const held = startHeldPipe({ keepalive: false })
    await say(held.client, whole, begun)
    expect(seen(held.upstream).slice(0, 2)).toEqual(['text', 'ping'])
    await answer(held.upstream)
    await say(held.client, ended)
    held.clock.tick(100)
    expect(seen(held.upstream).at(-1)).toBe('ping')
    held.upstream.destroy()
    await turns(2)
    expect(held.record.lost['to-upstream']).toBe(1)
    held.pipe.cut()
  })

  test("stands before it though the client's own Ping comes first, or in its middle", async () => {
    for (const frames of [
      [text('a'), ping, text('b ', false)],
      [text('a'), text('b ', false), ping, rest('c ', false)],
    ]) {
      const held = startHeldPipe({ keepalive: false })
      await say(held.client, ...frames)
      await answer(held.upstream)
      held.upstream.destroy()
      await turns(2)
      expect(held.record.lost['to-upstream']).toBe(0)
      held.pipe.cut()
    }
  })

  test('follows what was kept, before the message that is not whole', async () => {
    const held = startHeldPipe({ keepalive: false })
    held.upstream.destroy()
    await turns(2)
    await say(held.client, text('a'), text('b'), text('c ', false))
    const next = await held.attach()
    expect(seen(next)).toEqual(['text', 'text', 'ping', 'text+'])
    await say(held.client, rest('d'))
    held.clock.tick(100)
    expect(seen(next).slice(4)).toEqual(['rest', 'ping'])
    await answer(next)
    next.destroy()
    await turns(2)
    expect(held.record.lost['to-upstream']).toBe(0)
    held.pipe.cut()
  })

  test('and the answer to a Ping holdfast:drain come behind the end of the message', async () => {
    const held = startHeldPipe({ keepalive: false })
    await say(held.client, text('a ', false))
    await say(held.upstream, frame({ opcode: opcode.ping, payload: drainPayload }))
    await say(held.client, rest('b ', false))
    expect(seen(held.upstream)).toEqual(['text+', 'rest+'])
    await say(held.client, rest('c'))
    expect(seen(held.upstream)).toEqual(['text+', 'rest+', 'rest', 'ping', 'pong'])
    held.pipe.cut()
  })
})

describe('who does not read', () => {
  const pings = (count: number, mask: boolean, payload: (i: number) => string) =>
    Buffer.concat(
      Array.from({ length: count }, (_, i) => frame({ opcode: opcode.ping, payload: payload(i), mask })),
    )

  test.each(['held', 'leaving'] as const)(
    'and floods with Pings while it is %s costs one Pong more than a full buffer, and gets the last one',
    async (state) => {
      const { pipe, client, upstream } = startHeldPipe({ keepalive: false })
      await say(upstream, frame({ opcode: opcode.ping, payload: drainPayload, mask: false }))
      if (state === 'held') upstream.destroy()
      await turns(3)
      expect(pipe.state).toBe(state)
      client.takes = false
      for (let round = 0; round < 50; round++)
        await say(
          client,
          pings(1000, true, (i) => `${round} ${i}`),
        )
      expect(client.writableLength).toBeLessThanOrEqual(client.writableHighWaterMark + 127)
      client.takeAll()
      await turns(3)
      const { frames } = parseFrames(client.bytes())
      expect(String(frames.at(-1)!.payload)).toBe('49 999')
      pipe.cut()
    },
  )

  test('and, as an upstream, asks for silence without end costs one answer more than a full buffer', async () => {
    const { pipe, upstream } = startHeldPipe({ keepalive: false })
    upstream.takes = false
    for (let round = 0; round < 50; round++)
      await say(
        upstream,
        pings(1000, false, () => String(drainPayload)),
      )
    expect(upstream.writableLength).toBeLessThanOrEqual(upstream.writableHighWaterMark + 127)
    upstream.takeAll()
    await turns(3)
    expect(String(parseFrames(upstream.bytes()).frames.at(-1)!.payload)).toBe(String(drainPayload))
    pipe.cut()
  })

  test('is asked with one Ping, however often its turn comes', async () => {
    const { pipe, client, clock } = startPipe({ keepalive: { ping: 1000, timeout: 100_000_000 } })
    client.takes = false
    client.push(frame({ opcode: opcode.text, payload: 'x', fin: false, mask: true }))
    await turns(3)
    pipe.upstream.block() // its own bytes would be a sign of life
    for (let i = 0; i < 10_000; i++) {
      pipe.client.block()
      clock.tick(1000)
      pipe.tick(clock.now())
    }
    expect(client.writableLength).toBeLessThanOrEqual(client.writableHighWaterMark + 127)
    pipe.cut()
  })
})
