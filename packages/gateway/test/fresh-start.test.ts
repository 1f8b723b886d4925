import { constants, createDeflateRaw, type DeflateRaw, deflateRawSync } from 'node:zlib'
import { frame, opcode } from '@holdfast/testing'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { FreshStart } from '../src/hold/fresh-start.ts'
import { cutAt } from './arbitrary-frames.ts'

/** A client's compressor, which goes on with its context. */
function compressor(options = {}) {
  const deflate: DeflateRaw = createDeflateRaw(options)
  return async (text: string): Promise<Buffer> => {
    const parts: Buffer[] = []
    const take = (part: Buffer) => parts.push(part)
    deflate.on('data', take)
    await new Promise<void>((done) => deflate.write(text, () => deflate.flush(constants.Z_SYNC_FLUSH, done)))
    deflate.off('data', take)
    // RFC 7692 7.2.1: "Remove 4 octets (that are 0x00 0x00 0xff 0xff) from the tail end."
    return Buffer.concat(parts).subarray(0, -4)
  }
}

function messageOf(payload: Buffer, { compressed = true, parts = 1 } = {}): Buffer {
  const size = Math.ceil(payload.length / parts) || 1
  const frames: Buffer[] = []
  for (let i = 0; i < parts; i++) {
    frames.push(
      frame({
        opcode: i === 0 ? opcode.text : opcode.continuation,
        rsv1: compressed && i === 0,
        fin: i === parts - 1,
        payload: payload.subarray(i * size, (i + 1) * size),
        mask: true,
      }),
    )
  }
  return Buffer.concat(frames)
}

/** What came out, and whether all of it did; packed and unpacked between any two chunks. */
function readAll(chunks: Buffer[], moves = false) {
  let fresh = new FreshStart()
  const out: Buffer[] = []
  for (const chunk of chunks) {
    if (moves) {
      const packed = JSON.parse(JSON.stringify(fresh.pack()))
      fresh = new FreshStart()
      fresh.unpack(packed)
    }
    if (!fresh.over && !fresh.read(chunk, (bytes) => out.push(Buffer.from(bytes)))) {
      return { out: Buffer.concat(out), reads: false }
    }
    if (fresh.over) out.push(...chunks.splice(chunks.indexOf(chunk) + 1))
  }
  return { out: Buffer.concat(out), reads: true }
}

const sentence = (n: number) =>
  `{"type":"message","text":"the quick brown fox jumps over the lazy dog","n":${n}}`
const anySizes = fc.infiniteStream(fc.integer({ min: 1, max: 3000 }))
const anyTexts = fc.array(
  fc.oneof(
    fc.nat(1000).map(sentence),
    fc.nat(120_000).map((size) =>
      sentence(size)
        .repeat(Math.ceil(size / 80))
        .slice(0, size),
    ),
    fc.string({ maxLength: 300 }),
  ),
  { minLength: 1, maxLength: 12 },
)

describe('the first frames behind a re-attachment', () => {
  test('of a client that starts afresh are handed on unchanged, whatever the chunks', () => {
    fc.assert(
      fc.property(
        anyTexts,
        fc.boolean(),
        fc.integer({ min: 1, max: 4 }),
        anySizes,
        fc.boolean(),
        (texts, compressed, parts, sizes, moves) => {
          const payloadOf = (text: string) =>
            compressed
              ? deflateRawSync(text, { finishFlush: constants.Z_SYNC_FLUSH }).subarray(0, -4)
              : Buffer.from(text)
          const bytes = Buffer.concat(texts.map((text) => messageOf(payloadOf(text), { compressed, parts })))
          const { out, reads } = readAll(cutAt(bytes, sizes), moves)
          expect(reads).toBe(true)
          expect(out.equals(bytes.subarray(0, out.length))).toBe(true)
          expect(out.length).toBe(bytes.length)
        },
      ),
      { numRuns: 60 },
    )
  })

  test('are held back where they refer to a message before them, whatever the chunks', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 9, max: 15 }),
        fc.integer({ min: 1, max: 3 }),
        fc.nat(3),
        anySizes,
        fc.boolean(),
        async (windowBits, parts, uncompressed, sizes, moves) => {
          const compress = compressor({ windowBits })
          await compress(sentence(1))
          const before = Array.from({ length: uncompressed }, (_, n) =>
            messageOf(Buffer.from(sentence(n)), { compressed: false }),
          )
          const bytes = Buffer.concat([...before, messageOf(await compress(sentence(2)), { parts })])
          const { out, reads } = readAll(cutAt(bytes, sizes), moves)
          expect(reads).toBe(false)
          // No part of the message but fragments that refer to nothing.
          expect(out.length).toBeLessThan(bytes.length)
          expect(out.equals(bytes.subarray(0, out.length))).toBe(true)
        },
      ),
      { numRuns: 60 },
    )
  })

  test('are looked at eight times at most, and at the beginning of one that is long', async () => {
    const compress = compressor()
    await compress(sentence(1))
    const kept = messageOf(await compress(sentence(2)))
    const fresh = messageOf(deflateRawSync(sentence(1)))
    expect(readAll([...Array.from({ length: 7 }, () => fresh), kept]).reads).toBe(false)
    expect(readAll([...Array.from({ length: 8 }, () => fresh), kept]).reads).toBe(true)
    const random = Buffer.from(Array.from({ length: 100_000 }, (_, i) => (i * i * 31 + i * 7) >> 3))
    const long = await compress(`${sentence(3)}${random.toString('hex')}`)
    expect(
      readAll(cutAt(messageOf(Buffer.concat([long, random])), [10_000, 10_000, 10_000, 40_000])).reads,
    ).toBe(false)
  })

  test('that are broken in another way, or end their stream, are for the upstream to judge', () => {
    const payloads = [
      Buffer.from('zzzz'),
      Buffer.alloc(0),
      deflateRawSync('hello'),
      deflateRawSync(Buffer.alloc(50_000_000)),
    ]
    for (const payload of payloads) expect(readAll([messageOf(payload)]).reads).toBe(true)
  })
})
