// What of a client's messages is a control message, however it was compressed and cut.
import { constants, deflateRawSync } from 'node:zlib'
import { frame, opcode } from '@holdfast/testing'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { mayBeginWithNul, shortestDeflated } from '../src/resume/first-literal.ts'
import { Incoming } from '../src/resume/incoming.ts'

const nonce = 'AbCdEfGhIjKlMnOp'

function read(chunks: readonly Buffer[]) {
  const seen: string[] = []
  const incoming = new Incoming(nonce, 1_000_000, true)
  const sink = {
    onMessages: (count: number) => void seen.push(...Array<string>(count).fill('message')),
    onControlMessage: (says: { type: string } | 'malformed') =>
      void seen.push(says === 'malformed' ? says : says.type),
    onControlFrame: () => void seen.push('frame'),
    onRefused: () => void seen.push('refused'),
  }
  for (const chunk of chunks) {
    incoming.read(chunk, sink)
    incoming.giveBack(true)
  }
  return seen
}

/** RFC 7692 7.2.1. */
function compressed(text: string, level: number, strategy: number): Buffer {
  const all = deflateRawSync(text, { level, strategy, finishFlush: constants.Z_SYNC_FLUSH })
  const payload = all.subarray(0, -4)
  return frame({ opcode: opcode.text, payload, rsv1: true, mask: true })
}

const ways = {
  level: fc.integer({ min: 0, max: 9 }),
  strategy: fc.constantFrom(
    constants.Z_DEFAULT_STRATEGY,
    constants.Z_FIXED,
    constants.Z_HUFFMAN_ONLY,
    constants.Z_RLE,
    constants.Z_FILTERED,
  ),
  size: fc.integer({ min: 1, max: 200 }),
}

const cut = (bytes: Buffer, size: number) =>
  Array.from({ length: Math.ceil(bytes.length / size) }, (_, n) => bytes.subarray(n * size, (n + 1) * size))

test('a control message is found however it is compressed, and wherever it is cut', () => {
  const says = fc.constantFrom({ type: 'bye' }, { type: 'ack', received: 7 }, { type: 'ping', id: 123_456 })
  fc.assert(
    fc.property(says, fc.record(ways), (body, { level, strategy, size }) => {
      const bytes = compressed(`\0${nonce}${JSON.stringify(body)}`, level, strategy)
      expect(read(cut(bytes, size))).toEqual([body.type])
      expect(read([Buffer.concat([bytes, bytes])])).toEqual([body.type, body.type])
    }),
  )
})

test('what an application says is a message, whatever it looks like', () => {
  const texts = fc.oneof(
    fc.string({ maxLength: 300 }),
    fc.string({ maxLength: 100 }).map((text) => `\0${text}`),
    fc.constant(`\0${nonce.toLowerCase()}{"type":"bye"}`),
  )
  fc.assert(
    fc.property(texts, fc.record(ways), (text, { level, strategy, size }) => {
      const bytes = compressed(text, level, strategy)
      expect(read(cut(bytes, size))).toEqual(['message'])
    }),
  )
})

test('a short text is not inflated to know what it is, whichever code it is compressed with, unless U+0000 may come first', () => {
  const words = fc.array(
    fc.constantFrom('"user":', '"text":', 'hello ', 'the ', 'quick ', '{', '}', '1234567', 'ä✓'),
    {
      minLength: 12,
      maxLength: 60,
    },
  )
  const kinds = new Set<number>()
  fc.assert(
    fc.property(words, fc.record(ways), fc.boolean(), (parts, { strategy }, isNul) => {
      const bytes = compressed(`${isNul ? '\0' : ''}${parts.join('')}`, 9, strategy)
      const [first] = deflateRawSync(parts.join(''), { level: 9, strategy })
      kinds.add((first! >> 1) & 3)
      const header = bytes[1]! === 0x80 + 126 ? 8 : 6
      fc.pre(bytes.length - header >= shortestDeflated)
      expect(mayBeginWithNul(bytes, header)).toBe(isNul)
    }),
    { numRuns: 500 },
  )
  expect([...kinds].sort()).toEqual([0, 1, 2])
})

test('a message has 65,536 frames at most, also when they are empty', () => {
  const first = frame({ opcode: opcode.text, payload: '', fin: false, mask: true })
  const more = frame({ opcode: opcode.continuation, payload: '', fin: false, mask: true })
  const last = frame({ opcode: opcode.continuation, payload: 'x', mask: true })
  const most = Buffer.concat([first, ...Array<Buffer>(65_534).fill(more), last])
  expect(read([most, most])).toEqual(['message', 'message'])
  expect(read([Buffer.concat([first, ...Array<Buffer>(65_535).fill(more)]), last])).toEqual(['malformed'])
})
