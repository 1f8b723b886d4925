import { type Frame, frame, opcode, parseFrames, Receiver } from '@holdfast/testing'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { drainPayload } from '../src/hold/hold.ts'
import { anyMessages, cutAt, joinMessages, toFrames } from './arbitrary-frames.ts'
import { type PeerStream, startHeldPipe, startPipe, turn, turns } from './piping.ts'

/** What an independent implementation makes of the bytes: it throws on a frame inside another. */
function readWith(receiver: InstanceType<typeof Receiver>, bytes: Buffer) {
  const seen = {
    messages: [] as Buffer[],
    pings: 0,
    pongs: 0,
    close: undefined as number | undefined,
    error: undefined as unknown,
  }
  receiver.on('message', (data: Buffer) => seen.messages.push(data))
  receiver.on('ping', () => seen.pings++)
  receiver.on('pong', () => seen.pongs++)
  receiver.on('conclude', (code: number) => {
    seen.close = code
  })
  receiver.on('error', (error: Error) => {
    seen.error = error
  })
  receiver.write(bytes)
  return seen
}

const receivers = {
  client: () =>
    new Receiver({ isServer: false, skipUTF8Validation: true, maxPayload: 0, allowSynchronousEvents: true }),
  upstream: () =>
    new Receiver({ isServer: true, skipUTF8Validation: true, maxPayload: 0, allowSynchronousEvents: true }),
}

/** The control frames, other than a Close, that stand between two fragments of a message. */
function controlsInside(frames: Frame[]): string[] {
  let inside = false
  return frames.flatMap((one) => {
    if (one.opcode < opcode.close) inside = !one.fin
    else if (inside && one.opcode !== opcode.close) return [`${one.opcode} ${one.payload}`]
    return []
  })
}

const inGroups = (frames: Buffer[], size: number) =>
  frames.flatMap((_, i) => (i % size === 0 ? [Buffer.concat(frames.slice(i, i + size))] : []))

const controlsOf = (frames: Frame[]) =>
  frames.filter((one) => one.opcode > opcode.close).map((one) => `${one.opcode} ${one.payload}`)

/** A server that says these frames in order, through any number of lives; what broke off is not said again. */
function restartingServer(first: PeerStream, frames: Buffer[]) {
  /** For each frame, the message that it belongs to; a control frame belongs to none. */
  let begun = 0
  const messageOf = frames.map((one) => {
    if ((one[0]! & 0x0f) >= opcode.close) return undefined
    return (one[0]! & 0x80) !== 0 ? begun++ : begun
  })
  const close1012 = frame({ opcode: opcode.close, payload: Buffer.from([3, 244]) })
  let stream = first
  let at = 0
  let sent = 0
  /** Once it has asked for silence it ends as soon as the answer is there. */
  let drains = false
  let gone = false
  const server = {
    lives: [first],
    /** Messages that an end of a life broke off. */
    broken: new Set<number>(),
    get done() {
      return at === frames.length && !drains
    },
    /** Says the next bytes, of one frame at most. */
    push(size: number) {
      const drained = () =>
        parseFrames(stream.bytes()).frames.some(({ payload }) => payload.equals(drainPayload))
      if (drains && sent === 0 && drained()) return server.leave('1012')
      if (at === frames.length || gone) return
      const piece = frames[at]!.subarray(sent, sent + size)
      stream.push(Buffer.from(piece))
      sent += piece.length
      if (sent === frames[at]!.length) {
        at++
        sent = 0
      }
    },
    leave(how: 'reset' | '1012' | 'drain') {
      if (gone) return
      drains = false
      if (how !== 'reset' && sent > 0) server.push(1e9)
      if (how === 'drain') {
        drains = true
        stream.push(frame({ opcode: opcode.ping, payload: drainPayload }))
      } else {
        gone = true
        if (how === '1012') stream.push(close1012)
        else stream.destroy()
        const before = messageOf.slice(0, at).findLast((n) => n !== undefined) ?? -1
        const open = messageOf.slice(at).find((n) => n !== undefined)
        const within = sent > 0 && messageOf[at] !== undefined
        if (open !== undefined && (within || open === before)) {
          server.broken.add(open)
          while (at < frames.length && (messageOf[at] ?? open) === open) at++
        }
        sent = 0
      }
    },
    restart(next: PeerStream) {
      stream = next
      gone = false
      server.lives.push(next)
    },
  }
  return server
}

describe('a pipe', () => {
  test('puts its own Pings between messages and its Close between frames, both ways, whenever, for any chunks', async () => {
    await fc.assert(
      fc.asyncProperty(
        anyMessages,
        anyMessages,
        fc.infiniteStream(fc.integer({ min: 1, max: 60_000 })),
        fc.infiniteStream(fc.integer({ min: 0, max: 9 })),
        fc.boolean(),
        async (toClient, toUpstream, sizes, dice, drains) => {
          // Each side is pinged when it is quiet, and never given up, not even when it does not answer a Close.
          const { pipe, client, upstream, clock } = startPipe({
            closeTimeout: 1e9,
            keepalive: { ping: 10, timeout: 1e9 },
          })
          const down = cutAt(Buffer.concat(toFrames(toClient, false)), sizes)
          const up = cutAt(Buffer.concat(toFrames(toUpstream, true)), sizes)
          let drained = false
          while (down.length + up.length > 0) {
            const roll = dice.next().value!
            if (roll === 0) {
              // Quiet for long enough that both sides are pinged, at whatever byte they are.
              clock.tick(10)
              pipe.tick(clock.now())
            } else if (roll === 1 && drains && !drained) {
              drained = true
              pipe.end({ what: 'gateway-drains', retry: 1 })
            }
            const from = down.length > 0 && (roll % 2 === 0 || up.length === 0) ? 'down' : 'up'
            if (from === 'down') upstream.push(down.shift()!)
            else client.push(up.shift()!)
            await turn()
          }
          if (drains && !drained) pipe.end({ what: 'gateway-drains', retry: 1 })
          // A pipe with back-pressure takes some turns for what was pushed last.
          for (let i = 0; i < 1000 && client.readableLength + upstream.readableLength > 0; i++) await turn()
          await turn()
          const atClient = readWith(receivers.client(), client.bytes())
          const atUpstream = readWith(receivers.upstream(), upstream.bytes())
          expect(atClient.error).toBeUndefined()
          expect(atUpstream.error).toBeUndefined()
          for (const [stream, frames] of [
            [client, toFrames(toClient, false)],
            [upstream, toFrames(toUpstream, true)],
          ] as const) {
            const { frames: got, rest } = parseFrames(stream.bytes())
            expect(rest).toBe(0)
            const theirs = parseFrames(Buffer.concat(frames)).frames
            expect(controlsInside(theirs)).toEqual(expect.arrayContaining(controlsInside(got)))
          }
          if (drains) expect(atClient.close).toBe(1012)
          else expect(atClient.messages.length).toBe(toClient.length)
          // What the client sends still reaches the upstream until the client has answered the Close.
          expect(atUpstream.messages.length).toBe(toUpstream.length)
          pipe.cut()
        },
      ),
      { numRuns: 150 },
    )
  })

  test('that holds gives both ends whole messages in order, none twice, wherever an upstream goes', async () => {
    const anyRoute = fc.record({
      compressed: fc.boolean(),
      buffer: fc.constantFrom(100, 2000, 1e6),
      /** How many frames of the client's come at a time; 0: pieces of any size. */
      together: fc.nat(3),
    })
    await fc.assert(
      fc.asyncProperty(
        anyMessages,
        anyMessages,
        fc.infiniteStream(fc.integer({ min: 1, max: 60_000 })),
        fc.infiniteStream(fc.integer({ min: 0, max: 11 })),
        anyRoute,
        async (toClient, toUpstream, sizes, dice, { compressed, buffer, together }) => {
          const held = startHeldPipe(
            { rsv: compressed ? 0x40 : 0, closeTimeout: 1e9, keepalive: { ping: 10, timeout: 1e9 } },
            { options: { for: 1e9, on: [1012, 'lost'], buffer, state: 'none', replay: { by: 'none' } } },
          )
          const { pipe, client, clock } = held
          const frames = toFrames(toUpstream, true, compressed)
          const up = together ? inGroups(frames, together) : cutAt(Buffer.concat(frames), sizes)
          const server = restartingServer(held.upstream, toFrames(toClient, false, compressed))
          const isHeld = () => pipe.state === 'held'
          /** The next upstream comes, after the pause that there may be. */
          const goOn = async () => {
            clock.tick(1000)
            await turns(2)
            if (held.searching) server.restart(await held.attach())
          }
          while (pipe.state !== 'closed' && (up.length > 0 || !server.done || isHeld())) {
            const roll = dice.next().value!
            if (roll === 0) {
              clock.tick(10)
              pipe.tick(clock.now())
            } else if (isHeld()) {
              if (roll % 2 === 0) await goOn()
            } else if (roll < 4) {
              server.leave((['reset', '1012', 'drain'] as const)[roll - 1]!)
            }
            if (roll % 2 === 0 && up.length > 0) client.push(up.shift()!)
            else if (!isHeld()) server.push(sizes.next().value!)
            await turn()
            if (pipe.state === 'closing') break
          }
          for (let i = 0; i < 1000 && client.readableLength > 0; i++) await turn()
          for (await turns(5); isHeld(); await turns(5)) await goOn()

          const parsed = parseFrames(client.bytes())
          expect(parsed.rest).toBe(0)
          const atClient = joinMessages(parsed.frames)
          const close = atClient.controls.find((control) => control.opcode === opcode.close)
          const said = joinMessages(parseFrames(Buffer.concat(toFrames(toClient, false, compressed))).frames)
          const whole = said.messages.filter((_, i) => !server.broken.has(i))
          if (!close) expect(atClient.unfinished).toBe(false)
          if (close) expect(Buffer.from(close.payload, 'latin1').readUInt16BE(0)).toBe(1012)
          const got = atClient.messages
          expect(got).toEqual(close ? whole.slice(0, got.length) : whole)

          const asked = joinMessages(
            parseFrames(Buffer.concat(toFrames(toUpstream, true, compressed))).frames,
          )
          const theirControls = controlsOf(parseFrames(Buffer.concat(toFrames(toUpstream, true))).frames)
          const read = server.lives.flatMap((life) => {
            const { frames } = parseFrames(life.bytes())
            for (const { mask } of frames) expect(mask).toBeDefined()
            // None of our own Pings and Pongs stands between the fragments of a message.
            expect(theirControls).toEqual(expect.arrayContaining(controlsInside(frames)))
            return joinMessages(frames).messages
          })
          expect(read).toEqual(close ? asked.messages.slice(0, read.length) : asked.messages)
          pipe.cut()
        },
      ),
      { numRuns: 150 },
    )
  })

  test('does not read the upstream while the client takes nothing, and holds one chunk at most', async () => {
    const { pipe, client, upstream } = startPipe()
    client.takes = false
    const message = frame({ opcode: opcode.binary, payload: Buffer.alloc(20_000) })
    for (let i = 0; i < 50; i++) upstream.push(message)
    await turn()
    await turn()
    expect(upstream.isPaused()).toBe(true)
    expect(client.writableLength).toBeLessThanOrEqual(2 * message.length)
    client.takeAll()
    for (let i = 0; i < 100; i++) await turn()
    expect(client.bytes().length).toBe(50 * message.length)
    pipe.cut()
  })

  test('swallows the Pong to its own Ping and hands on the one that a client sends unasked', async () => {
    const { pipe, client, upstream, clock } = startPipe()
    clock.tick(1000)
    pipe.tick(clock.now())
    const [ping] = parseFrames(client.bytes()).frames
    expect(ping?.opcode).toBe(opcode.ping)
    const upstreamPing = parseFrames(upstream.bytes()).frames[0]
    expect(upstreamPing?.mask).toBeDefined()
    client.push(frame({ opcode: opcode.pong, payload: ping!.payload, mask: true }))
    const unasked = frame({ opcode: opcode.pong, payload: 'unasked', mask: true })
    client.push(unasked)
    await turn()
    expect(
      parseFrames(upstream.bytes())
        .frames.slice(1)
        .map(({ payload }) => String(payload)),
    ).toEqual(['unasked'])
    pipe.cut()
  })

  test('gives up a client that answers no Ping and says 1014 for an upstream that does not', async () => {
    const silentClient = startPipe()
    silentClient.clock.tick(1000)
    silentClient.pipe.tick(1000)
    silentClient.upstream.push(frame({ opcode: opcode.text, payload: 'still here' }))
    await turn()
    silentClient.clock.tick(1000)
    silentClient.pipe.tick(2000)
    expect(silentClient.verdicts).toEqual([{ code: 1006, reason: '', by: 'gateway' }])

    const silentUpstream = startPipe()
    silentUpstream.clock.tick(1000)
    silentUpstream.pipe.tick(1000)
    silentUpstream.client.push(frame({ opcode: opcode.text, payload: 'still here', mask: true }))
    await turn()
    silentUpstream.clock.tick(1000)
    silentUpstream.pipe.tick(2000)
    const close = parseFrames(silentUpstream.client.bytes()).frames.at(-1)!
    expect(close.payload.readUInt16BE(0)).toBe(1014)
    expect(close.payload.toString('utf8', 2)).toBe('bad gateway: upstream stopped answering')
    silentUpstream.pipe.cut()
  })

  test('ends TCP when the upstream dies inside a frame that had to stream', async () => {
    const { client, upstream, verdicts } = startPipe()
    upstream.push(frame({ opcode: opcode.binary, payload: Buffer.alloc(200_000) }).subarray(0, 100_000))
    await turn()
    upstream.destroy()
    await turn()
    expect(client.writableEnded).toBe(true)
    expect(client.bytes().length).toBe(100_000)
    expect(verdicts).toEqual([{ code: 1006, reason: '', by: 'upstream' }])
  })

  test('says 1014 when the upstream dies inside a short frame, of which the client got nothing', async () => {
    const { pipe, client, upstream } = startPipe()
    upstream.push(frame({ opcode: opcode.text, payload: Buffer.alloc(1000, 97) }).subarray(0, 500))
    await turn()
    upstream.destroy()
    await turn()
    const { frames, rest } = parseFrames(client.bytes())
    expect(rest).toBe(0)
    expect(frames.map(({ opcode: op }) => op)).toEqual([opcode.close])
    expect(frames[0]!.payload.readUInt16BE(0)).toBe(1014)
    pipe.cut()
  })

  test('ends the client whose Close waited for the end of a frame that never came', async () => {
    const { pipe, client, upstream, verdicts } = startPipe()
    upstream.push(frame({ opcode: opcode.binary, payload: Buffer.alloc(200_000) }).subarray(0, 100_000))
    await turn()
    pipe.end({ what: 'gateway-drains', retry: 1 })
    upstream.destroy()
    await turn()
    expect(parseFrames(client.bytes()).frames).toEqual([])
    expect(client.destroyed).toBe(true)
    expect(verdicts).toEqual([{ code: 1006, reason: '', by: 'gateway' }])
  })

  test('gives an upstream that does not answer a second before the 1002, or the time for a Close if that is less', async () => {
    for (const [closeTimeout, limit] of [
      [5000, 1000],
      [300, 300],
    ] as const) {
      const { client, upstream, clock, verdicts } = startPipe({ closeTimeout, keepalive: false })
      const valid = frame({ opcode: opcode.text, payload: 'x', mask: true })
      client.push(Buffer.concat([valid, frame({ opcode: 3, mask: true })]))
      await turn()
      expect(parseFrames(upstream.bytes()).frames.map((one) => one.opcode)).toEqual([
        opcode.text,
        opcode.ping,
      ])
      clock.tick(limit - 1)
      expect([client.written, verdicts]).toEqual([[], []])
      clock.tick(1)
      expect(parseFrames(client.bytes()).frames[0]?.payload.readUInt16BE()).toBe(1002)
      expect(verdicts).toMatchObject([{ code: 1002, by: 'gateway' }])
    }
  })

  test('lets a frame that streams to the client end before the 1002 that the client gets', async () => {
    const { pipe, client, upstream } = startPipe()
    const whole = frame({ opcode: opcode.binary, payload: Buffer.alloc(200_000) })
    upstream.push(whole.subarray(0, 100_000))
    await turn()
    client.push(frame({ opcode: 3, mask: true }))
    await turn()
    expect(upstream.writableEnded).toBe(false)
    upstream.push(whole.subarray(100_000))
    await turn()
    const { frames, rest } = parseFrames(client.bytes())
    expect(rest).toBe(0)
    expect(frames.map(({ opcode: op }) => op)).toEqual([opcode.binary, opcode.close])
    expect(upstream.writableEnded).toBe(true)
    pipe.cut()
  })

  test('answers a fault of its own with 1011 to both sides', async () => {
    const errors: unknown[] = []
    const { client, upstream, pipe } = startPipe({ onError: (error) => errors.push(error) })
    pipe.fault(new Error('a bug'))
    for (const stream of [client, upstream]) {
      expect(parseFrames(stream.bytes()).frames[0]!.payload.readUInt16BE(0)).toBe(1011)
    }
    expect(errors).toHaveLength(1)
    pipe.cut()
  })

  test('leaves no timer behind', async () => {
    const { pipe, clock, client, upstream } = startPipe()
    pipe.end({ what: 'gateway-drains', retry: 1 })
    client.push(frame({ opcode: opcode.close, payload: Buffer.from([3, 244]), mask: true }))
    await turn()
    upstream.push(frame({ opcode: opcode.close, payload: Buffer.from([3, 233]) }))
    await turn()
    client.push(null)
    upstream.push(null)
    await turn()
    await turn()
    expect(pipe.state).toBe('closed')
    expect(client.destroyed).toBe(true)
    expect(upstream.destroyed).toBe(true)
    expect(clock.pending).toBe(0)
  })
})
