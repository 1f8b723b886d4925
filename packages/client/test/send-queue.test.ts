import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Data } from '../src/connection.ts'
import { utf8Length } from '../src/host.ts'
import type { BufferOptions } from '../src/options.ts'
import { byteLength, type SendQueue, sendQueue } from '../src/send-queue.ts'

const queueOf = (limits: BufferOptions = {}) =>
  sendQueue(limits.bytes ?? 100, limits.messages ?? Infinity, limits.overflow ?? 'throw')

function drain(queue: SendQueue): Data[] {
  const all: Data[] = []
  for (let one = queue.shift(); one !== undefined; one = queue.shift()) all.push(one)
  return all
}

describe('utf8Length', () => {
  it('is what TextEncoder makes of any string, half surrogate pairs too', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.string(), (a, b) => {
        for (const text of [a, b, a + b.slice(0, 1)])
          expect(utf8Length(text)).toBe(new TextEncoder().encode(text).length)
      }),
    )
    for (const half of ['\ud800', '\udc00', 'a\udc00\ud800b']) {
      expect(utf8Length(half)).toBe(new TextEncoder().encode(half).length)
    }
  })
})

describe('sendQueue', () => {
  it('gives back in order what it took, and knows the bytes', () => {
    fc.assert(
      fc.property(fc.array(fc.oneof(fc.string(), fc.uint8Array())), (messages) => {
        const queue = queueOf({ bytes: 1e9 })
        for (const message of messages) expect(queue.push(message as Data)).toBe(true)
        expect(queue.bytes).toBe(messages.reduce((sum, message) => sum + byteLength(message as Data), 0))
        expect(drain(queue)).toEqual(messages)
        expect(queue.bytes).toBe(0)
      }),
    )
  })

  it('never holds more bytes or messages than its limits, whatever the overflow', () => {
    const overflow = fc.constantFrom('throw' as const, 'drop-oldest' as const, 'drop-newest' as const)
    const sizes = fc.array(fc.nat(12))
    fc.assert(
      fc.property(fc.nat(30), fc.nat(6), overflow, sizes, (bytes, messages, how, lengths) => {
        const queue = queueOf({ bytes, messages, overflow: how })
        const held: string[] = []
        for (const [i, length] of lengths.entries()) {
          queue.push(String(i).padEnd(length, '.'))
          expect(queue.bytes).toBeLessThanOrEqual(bytes)
        }
        held.push(...(drain(queue) as string[]))
        expect(held.length).toBeLessThanOrEqual(messages)
        // Order is kept in all three.
        const numbers = held.map((text) => Number.parseInt(text, 10))
        expect(numbers).toEqual([...numbers].sort((a, b) => a - b))
      }),
    )
  })

  it('throw: says no and keeps what it has', () => {
    const queue = queueOf({ messages: 2 })
    expect([queue.push('a'), queue.push('b'), queue.push('c')]).toEqual([true, true, false])
    expect(drain(queue)).toEqual(['a', 'b'])
  })

  it('drop-oldest: makes room at the front', () => {
    const queue = queueOf({ bytes: 4, overflow: 'drop-oldest' })
    for (const text of ['aa', 'b', 'c', 'ddd']) expect(queue.push(text)).toBe(true)
    expect(drain(queue)).toEqual(['c', 'ddd'])
  })

  it('drop-oldest: does not empty itself for a message that can never fit', () => {
    const queue = queueOf({ bytes: 4, overflow: 'drop-oldest' })
    queue.push('abc')
    expect(queue.push('12345')).toBe(true)
    expect(drain(queue)).toEqual(['abc'])
  })

  it('drop-newest: drops the message in hand', () => {
    const queue = queueOf({ messages: 2, overflow: 'drop-newest' })
    for (const text of ['a', 'b', 'c']) expect(queue.push(text)).toBe(true)
    expect(drain(queue)).toEqual(['a', 'b'])
  })

  it('keeps the bytes that were there at the time, of a buffer and of a part of one', () => {
    const queue = queueOf()
    const bytes = Uint8Array.of(1, 2, 3, 4)
    queue.push(bytes.buffer)
    queue.push(bytes.subarray(1, 3))
    queue.push(new DataView(bytes.buffer, 3))
    bytes.fill(9)
    const [whole, part, view] = drain(queue) as [ArrayBuffer, Uint8Array, Uint8Array]
    expect([...new Uint8Array(whole)]).toEqual([1, 2, 3, 4])
    expect([...part]).toEqual([2, 3])
    expect([...view]).toEqual([4])
  })

  it('keeps a Blob as it is', () => {
    const queue = queueOf()
    const blob = new Blob(['abc'])
    queue.push(blob)
    expect(queue.bytes).toBe(3)
    expect(drain(queue)).toEqual([blob])
  })

  it('puts back what it has handed out, in order and once, and nothing else', () => {
    const step = fc.oneof(
      fc.record({ type: fc.constantFrom('push', 'sent'), text: fc.string() }),
      fc.record({ type: fc.constantFrom('flush', 'keep', 'forget', 'put back', 'drain') }),
    ) as fc.Arbitrary<{ type: string; text?: string }>
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const queue = queueOf({ bytes: 1e9 })
        let sent: Data[] = []
        let waiting: Data[] = []
        let keeps = false
        for (const { type, text = '' } of steps) {
          if (type === 'push') {
            queue.push(text)
            waiting.push(text)
          } else if (type === 'sent') {
            queue.sent(text)
            if (keeps) sent.push(text)
          } else if (type === 'flush') {
            expect(drain(queue)).toEqual(waiting)
            if (keeps) sent.push(...waiting)
            waiting = []
          } else if (type === 'drain') {
            expect(queue.drain()).toEqual(waiting)
            waiting = []
          } else {
            queue.settle(type === 'put back', type === 'keep')
            if (type === 'put back') waiting.unshift(...sent)
            sent = []
            keeps = type === 'keep'
          }
          expect(queue.bytes).toBe(waiting.reduce((sum, message) => sum + byteLength(message), 0))
        }
        expect(queue.drain()).toEqual(waiting)
      }),
      { numRuns: 1000 },
    )
  })

  it('counts what may come back within its limits, whatever the overflow', () => {
    const overflow = fc.constantFrom('throw' as const, 'drop-oldest' as const, 'drop-newest' as const)
    const step = fc.record({ type: fc.constantFrom('push', 'sent', 'flush'), length: fc.nat(12) })
    fc.assert(
      fc.property(fc.nat(30), fc.nat(6), overflow, fc.array(step), (bytes, messages, how, steps) => {
        const queue = queueOf({ bytes, messages, overflow: how })
        queue.settle(false, true)
        for (const [i, { type, length }] of steps.entries()) {
          const text = String(i).padEnd(length, '.')
          if (type === 'push') queue.push(text)
          else {
            drain(queue)
            if (type === 'sent') queue.sent(text)
          }
        }
        queue.settle(true)
        expect(queue.bytes).toBeLessThanOrEqual(bytes)
        const back = queue.drain() as string[]
        expect(back.length).toBeLessThanOrEqual(messages)
        const numbers = back.map((text) => Number.parseInt(text, 10))
        expect(numbers).toEqual([...new Set(numbers)].sort((a, b) => a - b))
      }),
      { numRuns: 1000 },
    )
  })

  it('drop-oldest: what was sent goes first', () => {
    const queue = queueOf({ messages: 3, overflow: 'drop-oldest' })
    queue.settle(false, true)
    for (const text of ['a', 'b', 'c']) queue.push(text)
    drain(queue)
    queue.sent('d')
    queue.settle(true)
    expect(queue.drain()).toEqual(['b', 'c', 'd'])
  })
})
