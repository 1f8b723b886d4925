// What is kept for a client never grows over the window by more than one message, however the upstream's bytes are cut.
import { frame, opcode } from '@holdfast/testing'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { Outgoing } from '../src/resume/outgoing.ts'

const nobody = { onUpstreamControl() {} }

test('takes one message over the window and no more, and sends nothing of what it does not take to its end', () => {
  fc.assert(
    fc.property(
      fc.array(fc.nat({ max: 400 }), { minLength: 20, maxLength: 60 }),
      fc.array(fc.integer({ min: 1, max: 300 }), { minLength: 1, maxLength: 40 }),
      (sizes, cuts) => {
        const window = 1000
        const outgoing = new Outgoing(window)
        const frames = sizes.map((size) => frame({ opcode: opcode.binary, payload: Buffer.alloc(size) }))
        const all = Buffer.concat(frames)
        let [at, given, whole, acknowledged] = [0, 0, 0, 0]
        for (let n = 0; at < all.length; n++) {
          while (outgoing.hasRoom && at < all.length) {
            const chunk = all.subarray(at, at + cuts[n++ % cuts.length]!)
            at += chunk.length
            outgoing.take(Buffer.from(chunk), nobody)
            expect(outgoing.bytes).toBeLessThanOrEqual(window + 404 + chunk.length)
            for (let piece = outgoing.next(); piece; piece = outgoing.next()) given += piece.length
          }
          // The client is never left inside a message while the upstream has to wait.
          for (whole = 0; given > 0; whole++) given -= frames[acknowledged + whole]!.length
          if (at < all.length) expect(given).toBe(0)
          if (at < all.length) expect(whole).toBeGreaterThan(0)
          outgoing.acknowledge(acknowledged + whole, false)
          acknowledged += whole
          given = 0
        }
      },
    ),
  )
})

test('a message that comes byte by byte costs what its pieces cost, until it is acknowledged', () => {
  const outgoing = new Outgoing(1000)
  const bytes = frame({ opcode: opcode.binary, payload: Buffer.alloc(500) })
  for (const byte of bytes.subarray(0, -1)) outgoing.take(Buffer.of(byte), nobody)
  expect(outgoing.cost).toBeGreaterThan(500 * 100)
  outgoing.take(bytes.subarray(-1), nobody)
  while (outgoing.next());
  outgoing.acknowledge(1, false)
  expect(outgoing.cost).toBe(0)
})

test('goes on in another process with what is kept, whatever the client has of it', () => {
  const sizes = fc.array(fc.nat({ max: 300 }), { minLength: 1, maxLength: 30 })
  fc.assert(
    fc.property(sizes, fc.nat(), fc.nat(), (all, sent, acknowledged) => {
      const frames = all.map((size, n) => frame({ opcode: opcode.binary, payload: Buffer.alloc(size, n) }))
      const one = new Outgoing(1e6)
      for (const bytes of frames) one.take(bytes, nobody)
      const has = sent % (frames.length + 1)
      const knows = acknowledged % (has + 1)
      for (let n = 0; n < has; n++) one.nextWhole()
      one.acknowledge(knows, false)
      const packed = one.pack()
      expect(packed).toMatchObject({ acknowledged: knows, highest: frames.length })
      const other = new Outgoing(1e6, knows)
      other.unpack(packed.frames, packed.highest, one.taken)
      expect(other.bytes).toBe(one.bytes)
      // Its connection is sent more while it goes.
      expect(other.judge(frames.length)).toBe('good')
      expect(other.judge(frames.length + 1)).toBe('never sent')
      if (knows > 0) expect(other.judge(knows - 1)).toBe('gone')
      expect(other.judge(has)).toBe('good')
      other.startAt(has)
      const rest: Buffer[] = []
      for (let bytes = other.next(); bytes; bytes = other.next()) rest.push(bytes)
      expect(Buffer.concat(rest)).toEqual(Buffer.concat(frames.slice(has)))
      expect(() => new Outgoing(1e6, knows).unpack(packed.frames, packed.highest, one.taken + 1)).toThrow()
    }),
  )
})
