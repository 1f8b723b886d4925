import { FrameParser, opcode } from '@holdfast/testing'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { DeliveryTracker } from '../src/hold/delivery-tracker.ts'

/** The payload of a Ping as the upstream reads it. */
function payloadOf(ping: Buffer): Buffer {
  const [frame] = new FrameParser().push(ping)
  expect([frame!.opcode, frame!.mask !== undefined]).toEqual([opcode.ping, true])
  return frame!.payload
}

describe('what an upstream has confirmed', () => {
  test('is all up to the last Ping that it answered, in any order and however often', () => {
    const steps = fc.array(fc.oneof(fc.record({ send: fc.nat(5) }), fc.record({ answer: fc.nat(9) })))
    fc.assert(
      fc.property(steps, fc.boolean(), (some, moves) => {
        let counts = new DeliveryTracker()
        const pings: { sent: number; payload: Buffer }[] = []
        let confirmed = 0
        for (const step of some) {
          if (moves) {
            const packed = JSON.parse(JSON.stringify(counts.pack()))
            counts = new DeliveryTracker()
            counts.unpack(packed)
          }
          if ('send' in step) {
            counts.sent += step.send
            const ping = counts.mark()
            expect(ping !== undefined).toBe(step.send > 0)
            if (ping) pings.push({ sent: counts.sent, payload: payloadOf(ping) })
          } else if (pings.length > 0) {
            const { sent, payload } = pings[step.answer % pings.length]!
            expect(counts.heard(payload)).toBe(true)
            confirmed = Math.max(confirmed, sent)
          }
        }
        expect(counts.takeLost()).toBe(counts.sent - confirmed)
        expect(counts.takeLost()).toBe(0)
      }),
    )
  })

  test('does not grow by the Pong of a stranger', () => {
    const counts = new DeliveryTracker()
    counts.sent = 3
    const payload = payloadOf(counts.mark()!)
    for (const other of [Buffer.alloc(8), Buffer.alloc(0), payload.subarray(0, 7), Buffer.from('unasked')]) {
      expect(counts.heard(other)).toBe(false)
    }
    expect(counts.takeLost()).toBe(3)
  })
})
