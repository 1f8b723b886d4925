import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { PendingBuffer } from '../src/hold/pending-buffer.ts'

const anyPieces = fc.array(fc.uint8Array({ maxLength: 40 }).map(Buffer.from))

describe('what is kept of a client', () => {
  test('is the end of what was handed on, as long as the message under way, then all that came', () => {
    const reads = fc.array(fc.record({ pieces: anyPieces, ends: fc.boolean() }), { maxLength: 8 })
    fc.assert(
      fc.property(reads, anyPieces, fc.boolean(), fc.constantFrom(60, 1e9), (before, after, moves, cap) => {
        let kept = new PendingBuffer(cap)
        let message = Buffer.alloc(0)
        let outgrown = false
        for (const { pieces, ends } of before) {
          for (const [i, piece] of pieces.entries()) {
            // A piece ends inside a message, or in the middle of the last one a new message has begun.
            if (ends && i === pieces.length - 1) {
              message = piece.subarray(Math.ceil(piece.length / 2))
              outgrown = message.length > cap
            } else {
              message = Buffer.concat([message, piece])
              outgrown ||= message.length > cap
            }
            kept.handOn(piece, message.length)
            expect(kept.tooLong).toBe(outgrown)
          }
        }
        if (outgrown) return
        kept.keep()
        let size = message.length
        for (const piece of after) {
          if (moves) {
            const packed = JSON.parse(JSON.stringify(kept.pack()))
            kept = new PendingBuffer(cap)
            kept.unpack(packed)
          }
          size += piece.length
          expect(kept.add(piece)).toBe(size)
        }
        expect(kept.keeps).toBe(true)
        expect(kept.release().equals(Buffer.concat([message, ...after]))).toBe(true)
        expect(kept.keeps).toBe(false)
      }),
    )
  })

  test('is a copy: the buffer of a read may be used again', () => {
    const kept = new PendingBuffer(100)
    const read = Buffer.from('first')
    kept.handOn(read, 5)
    kept.keep()
    const next = Buffer.from('second')
    kept.add(next)
    read.fill(0)
    next.fill(0)
    expect(String(kept.release())).toBe('firstsecond')
  })

  test('is nothing more once nobody will want it', () => {
    const kept = new PendingBuffer(100)
    kept.keep()
    kept.add(Buffer.from('what for'))
    kept.discard()
    expect(kept.add(Buffer.from('and this'))).toBe(0)
    expect(kept.keeps).toBe(true)
    expect(kept.release()).toHaveLength(0)
  })
})
