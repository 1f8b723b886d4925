// What a hold says of messages that an upstream may not have read, beside what that upstream has read: never less, and the same
// as soon as it has answered the last Ping that asks for it.
import { frame, opcode, parseFrames } from '@holdfast/testing'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { startHeldPipe, turns } from './piping.ts'

/** Milliseconds in which a Ping goes behind the last message: `markWithinMs` of hold.ts. */
const askedWithinMs = 100

/** A message in one frame or several. */
function message(sizes: readonly number[]): Buffer {
  const last = sizes.length - 1
  return Buffer.concat(
    sizes.map((size, i) =>
      frame({
        opcode: i === 0 ? opcode.text : opcode.continuation,
        payload: 'x'.repeat(size),
        fin: i === last,
        mask: true,
      }),
    ),
  )
}

/** An upstream that reads when it is told to, and then answers the last Ping that it has read, or not yet. */
function startReading() {
  const held = startHeldPipe({ keepalive: false })
  let framesRead = 0
  let unanswered: { payload: Buffer; messages: number } | undefined
  /** Messages read, and how many of them stand before the last Ping that was answered. */
  const its = { messages: 0, confirmed: 0 }
  const written = () => parseFrames(held.upstream.bytes()).frames
  return {
    ...held,
    its,
    written,
    async read(frames: number, answers: boolean): Promise<void> {
      for (const one of written().slice(framesRead, framesRead + frames)) {
        framesRead++
        if (one.opcode === opcode.ping) unanswered = { payload: one.payload, messages: its.messages }
        else if (one.fin) its.messages++
      }
      // RFC 6455 5.5.3: it "MAY elect to send a Pong frame for only the most recently processed Ping frame".
      if (unanswered && answers) {
        held.upstream.push(frame({ opcode: opcode.pong, payload: unanswered.payload }))
        its.confirmed = unanswered.messages
        unanswered = undefined
      }
      await turns(2)
    },
    async lose(): Promise<number> {
      held.upstream.destroy()
      await turns(2)
      return held.record.lost['to-upstream']
    },
  }
}

describe('messages said to be lost', () => {
  const size = fc.oneof(fc.nat(20), fc.nat(2000))
  const messages = fc.array(fc.array(size, { minLength: 1, maxLength: 3 }), { maxLength: 4 })
  const step = fc.oneof(
    // The end of the last message comes with the next ones.
    { arbitrary: fc.record({ say: messages, late: fc.double({ min: 0, max: 1, noNaN: true }) }), weight: 4 },
    { arbitrary: fc.record({ wait: fc.nat(2 * askedWithinMs) }), weight: 2 },
    { arbitrary: fc.record({ read: fc.nat(20), answers: fc.boolean() }), weight: 2 },
  )

  test('are never fewer than those that the upstream has not read, and as many once it has answered the last Ping', async () => {
    const steps = fc.array(step, { maxLength: 25 })
    await fc.assert(
      fc.asyncProperty(steps, fc.boolean(), async (some, settles) => {
        const held = startReading()
        let rest: Buffer = Buffer.alloc(0)
        let sent = 0
        const say = async (all: Buffer, complete: number) => {
          sent += complete
          if (all.length > 0) held.client.push(all)
          await turns(2)
        }
        for (const one of some) {
          if ('say' in one) {
            const last = one.say.length > 0 ? message(one.say.at(-1)!) : Buffer.alloc(0)
            const early = last.subarray(0, Math.floor(last.length * (1 - one.late)))
            const before = one.say.slice(0, -1).map(message)
            const ended = (rest.length > 0 ? 1 : 0) + before.length
            const now = Buffer.concat([rest, ...before, early])
            rest = last.subarray(early.length)
            await say(now, ended + (last.length > 0 && rest.length === 0 ? 1 : 0))
          } else if ('wait' in one) {
            held.clock.tick(one.wait)
            await turns(2)
          } else {
            await held.read(one.read, one.answers)
          }
        }
        if (settles) {
          await say(rest, rest.length > 0 ? 1 : 0)
          held.clock.tick(askedWithinMs)
          await turns(2)
          await held.read(1e9, true)
        }
        const said = await held.lose()
        held.pipe.cut()
        expect(said).toBe(sent - held.its.confirmed)
        expect(said).toBeGreaterThanOrEqual(sent - held.its.messages)
        if (settles) expect([said, held.its.messages]).toEqual([0, sent])
      }),
      { numRuns: 60 },
    )
  })

  test('cost one Ping in eight round trips of a client that goes on, and one behind its last message', async () => {
    const held = startReading()
    const pings = () => held.written().flatMap((one, i) => (one.opcode === opcode.ping ? [i] : []))
    for (let i = 0; i < 80; i++) {
      held.client.push(message([10]))
      await turns(2)
      held.clock.tick(2)
      await held.read(1e9, true)
    }
    expect(pings()).toHaveLength(10)
    held.clock.tick(askedWithinMs)
    expect(pings().at(-1)).toBe(held.written().length - 1)
    // Nothing more is asked of a client that is silent.
    await held.read(1e9, true)
    const { length } = held.written()
    held.clock.tick(10 * askedWithinMs)
    expect(held.written()).toHaveLength(length)
    held.client.push(message([10]))
    await turns(2)
    expect(pings().at(-1)).toBe(length + 1)
    held.pipe.cut()
  })

  test('cost ten Pings a second where the upstream takes its time, or answers none', async () => {
    const held = startReading()
    for (let i = 0; i < 100; i++) {
      held.client.push(message([10]))
      await turns(2)
      held.clock.tick(10)
    }
    expect(held.written().filter((one) => one.opcode === opcode.ping)).toHaveLength(11)
    held.pipe.cut()
  })

  test('are asked for before a message begins that may take long', async () => {
    const held = startReading()
    for (const size of [1, 2]) {
      held.client.push(message([size]))
      await turns(2)
    }
    held.client.push(message([5000]).subarray(0, 1000))
    await turns(2)
    await held.read(1e9, true)
    expect(held.its).toEqual({ messages: 2, confirmed: 2 })
    expect(await held.lose()).toBe(0)
    held.pipe.cut()
  })
})
