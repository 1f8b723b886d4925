import { PassThrough } from 'node:stream'
import { frame, growth, opcode } from '@holdfast/testing'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { rawSocket } from '../src/adapters/raw-socket.ts'

const payload = 'holdfast:drain'

/** How many Pongs are heard when the bytes come in chunks cut at these places. */
function heard(bytes: Uint8Array, cuts: number[]): number {
  const stream = new PassThrough()
  const socket = rawSocket({ stream, answered: () => false, refuse: () => {} }, false)
  let pongs = 0
  const undo = socket.onPong((text) => {
    expect(text).toBe(payload)
    pongs++
  })
  socket.ping(payload)
  const places = [0, ...cuts.map((cut) => cut % (bytes.length + 1)).sort((a, b) => a - b), bytes.length]
  for (const [i, place] of places.slice(1).entries())
    stream.emit('data', Buffer.from(bytes.slice(places[i], place)))
  undo()
  expect(stream.listenerCount('data')).toBe(0)
  return pongs
}

const noise = fc.uint8Array({ maxLength: 200 })

describe('a raw socket', () => {
  it('hears its Pong among any bytes, however they are cut and masked', () => {
    fc.assert(
      fc.property(
        noise,
        noise,
        fc.uint8Array({ minLength: 4, maxLength: 4 }),
        fc.array(fc.nat()),
        (a, b, mask, cuts) => {
          const pong = frame({ opcode: opcode.pong, payload, mask })
          expect(heard(Buffer.concat([a, pong, b]), cuts)).toBe(1)
        },
      ),
    )
  })

  it('hears none in anything else', () => {
    const other = fc.oneof(
      noise,
      fc.string({ maxLength: 40 }).map((text) => frame({ opcode: opcode.pong, payload: text, mask: true })),
      fc.constant(frame({ opcode: opcode.pong, payload })),
      fc.constant(frame({ opcode: opcode.ping, payload, mask: true })),
    )
    fc.assert(
      fc.property(fc.array(other), fc.array(fc.nat()), (parts, cuts) => {
        expect(heard(Buffer.concat(parts), cuts)).toBe(0)
      }),
    )
  })
})

describe('a raw socket takes a bounded time for each byte', () => {
  // Each byte may be the beginning of its Pong, or come alone.
  it.each([
    [
      'whose bytes are all heads of Pongs',
      (length: number) => [Buffer.from('8a8e'.repeat(length / 2), 'hex')],
    ],
    ['which comes byte by byte', (length: number) => Array.from({ length }, () => Buffer.of(0x8a))],
  ])('of a stream %s', async (_, make) => {
    const read = (chunks: Buffer[]) => {
      const stream = new PassThrough()
      const socket = rawSocket({ stream, answered: () => false, refuse: () => {} }, false)
      socket.onPong(() => {})
      socket.ping(payload)
      for (const chunk of chunks) stream.emit('data', chunk)
    }
    expect(await growth(read, make, 256 * 1024)).toBeLessThan(9)
  })
})
