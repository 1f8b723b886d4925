import fc from 'fast-check'
import { expect, test } from 'vitest'
import { closePayload, type FrameInit, frame, opcode } from '../src/frame.ts'
import { FrameParser, parseFrames } from '../src/frame-parser.ts'
import { rawClient } from '../src/raw-client.ts'
import { startUpstream } from '../src/start-upstream.ts'

const anyFrame: fc.Arbitrary<FrameInit & { payload: Uint8Array }> = fc.record({
  opcode: fc.integer({ min: 0, max: 15 }),
  fin: fc.boolean(),
  rsv1: fc.boolean(),
  rsv2: fc.boolean(),
  rsv3: fc.boolean(),
  mask: fc.boolean(),
  payload: fc.oneof(
    fc.uint8Array({ maxLength: 200 }),
    fc.uint8Array({ minLength: 65_530, maxLength: 65_545 }),
  ),
})

/** Buffers compared as one string: comparing them byte by byte takes seconds. */
function summary({ payload, mask, ...rest }: { payload: Uint8Array; mask?: unknown }) {
  return { ...rest, masked: Boolean(mask), payload: Buffer.from(payload).toString('latin1') }
}

test('the parser gives back any frames that the builder wrote, in any chunks', () => {
  fc.assert(
    fc.property(
      fc.array(anyFrame, { maxLength: 5 }),
      fc.array(fc.integer({ min: 1, max: 100_000 }), { minLength: 1, maxLength: 50 }),
      (inits, sizes) => {
        const bytes = Buffer.concat(inits.map(frame))
        const parser = new FrameParser()
        const frames = []
        for (let at = 0, i = 0; at < bytes.length; i++) {
          const size = sizes[i % sizes.length]!
          frames.push(...parser.push(bytes.subarray(at, at + size)))
          at += size
        }
        expect(parser.pending).toBe(0)
        expect(frames.map(summary)).toEqual(inits.map(summary))
      },
    ),
    { numRuns: 60 },
  )
})

test('the builder writes frames that ws reads', async () => {
  await using upstream = await startUpstream({ echo: false })
  await using client = await rawClient(upstream.url)
  const ws = await upstream.connection()
  client.write(
    Buffer.concat([
      frame({ opcode: opcode.text, fin: false, payload: 'gr', mask: true }),
      frame({ opcode: opcode.ping, payload: 'p', mask: true }),
      frame({ opcode: opcode.continuation, payload: 'üß', mask: true }),
      frame({ opcode: opcode.binary, payload: Buffer.alloc(70_000, 'b'), mask: Uint8Array.of(1, 2, 3, 4) }),
      frame({ opcode: opcode.close, payload: closePayload(1012, 'later'), mask: true }),
    ]),
  )
  expect(await ws.closed).toEqual({ code: 1012, reason: 'later', wasClean: true })
  expect(ws.messages.map(String)).toEqual(['grüß', 'b'.repeat(70_000)])
  expect(ws.pings.map(String)).toEqual(['p'])
})

test('a declared length overrides the real one, in the form asked for', () => {
  expect(frame({ opcode: 1, payload: 'ab', lengthBits: 16 })).toEqual(Buffer.from([0x81, 126, 0, 2, 97, 98]))
  expect(frame({ opcode: 2, declaredLength: 1n << 63n }).subarray(0, 3)).toEqual(
    Buffer.from([0x82, 127, 0x80]),
  )
  expect(parseFrames(frame({ opcode: 1, payload: 'ab', declaredLength: 3 }))).toEqual({ frames: [], rest: 4 })
})
