import { FrameParser, frame, opcode as op } from '@holdfast/testing'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { clientFrame, type ServerFrame, ServerFrames } from '../src/probe/frames.ts'

test('clientFrame writes what another parser reads, masked and whole', () => {
  fc.assert(
    fc.property(fc.constantFrom(op.text, op.ping), fc.uint8Array({ maxLength: 125 }), (opcode, payload) => {
      const [read, ...more] = new FrameParser().push(clientFrame(opcode, payload))
      expect(more).toEqual([])
      expect(read).toMatchObject({ fin: true, opcode, payload: Buffer.from(payload) })
      expect(read?.mask).toHaveLength(4)
    }),
  )
})

test.each([125, 126, 65_535, 65_536, 66_560])('clientFrame writes a payload of %i bytes', (length) => {
  const [read] = new FrameParser().push(clientFrame(op.text, Buffer.alloc(length, 'x')))
  expect(read?.payload.equals(Buffer.alloc(length, 'x'))).toBe(true)
})

const control = fc.record({ opcode: fc.constantFrom(8, 9, 10), payload: fc.uint8Array({ maxLength: 125 }) })
const data = fc.record({
  opcode: fc.constantFrom(1, 2),
  parts: fc.array(fc.integer({ min: 0, max: 70_000 }), { minLength: 1, maxLength: 3 }),
})

test('ServerFrames reads the same from any chunks', () => {
  fc.assert(
    fc.property(
      fc.array(fc.oneof(control, data), { maxLength: 5 }),
      fc.integer({ min: 1, max: 9_999 }),
      (all, step) => {
        const bytes = Buffer.concat(all.flatMap(encode))
        const wanted = all.map(wantedOf)
        expect(read([bytes])).toEqual(wanted)
        const chunks = []
        for (let at = 0; at < bytes.length; at += step) chunks.push(bytes.subarray(at, at + step))
        expect(read(chunks)).toEqual(wanted)
      },
    ),
    { numRuns: 50 },
  )
})

test('ServerFrames reads control frames between the fragments of a message', () => {
  const bytes = [
    frame({ opcode: op.text, fin: false, payload: 'ab' }),
    frame({ opcode: op.ping, payload: 'p' }),
    frame({ opcode: op.continuation, payload: 'c' }),
  ]
  expect(read(bytes)).toEqual([
    { is: 'control', opcode: op.ping, payload: Buffer.from('p') },
    { is: 'message', bytes: 3 },
  ])
})

test('ServerFrames takes RSV1 for a compressed message, and for nothing else', () => {
  const message = frame({ opcode: op.text, rsv1: true, payload: 'x' })
  expect(read([message], true)).toEqual([{ is: 'message', bytes: 1 }])
  expect(read([message])).toMatchObject([{ is: 'broken' }])
  expect(read([frame({ opcode: op.ping, rsv1: true })], true)).toMatchObject([{ is: 'broken' }])
})

function read(chunks: readonly Buffer[], compressed = false): ServerFrame[] {
  const frames = new ServerFrames(compressed)
  return chunks.flatMap((chunk) => frames.push(chunk))
}

type Sent = { opcode: number; payload: Uint8Array } | { opcode: number; parts: number[] }

function encode(sent: Sent): Buffer[] {
  if ('payload' in sent) return [frame(sent)]
  const { opcode, parts } = sent
  return parts.map((size, i) =>
    frame({
      opcode: i === 0 ? opcode : op.continuation,
      fin: i === parts.length - 1,
      payload: Buffer.alloc(size),
    }),
  )
}

function wantedOf(sent: Sent): ServerFrame {
  if ('payload' in sent) return { is: 'control', opcode: sent.opcode, payload: Buffer.from(sent.payload) }
  return { is: 'message', bytes: sent.parts.reduce((sum, size) => sum + size, 0) }
}
