import { evenness } from '@holdfast/testing'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { drainSlots, shuffled } from '../src/slots.ts'

const chance = fc.infiniteStream(fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }))
const from = (numbers: Iterator<number>) => () => numbers.next().value as number

describe('slots', () => {
  it('lie one in each part of spread, with a delay from the same part of retry, in order of time', () => {
    const range = fc.tuple(fc.nat(60_000), fc.nat(60_000))
    fc.assert(
      fc.property(fc.nat(300), fc.nat(60_000), range, chance, (count, spread, [least, width], random) => {
        const slots = drainSlots(count, { spread, retry: [least, least + width] }, from(random))
        expect(slots).toHaveLength(count)
        for (const [i, { at, retry }] of slots.entries()) {
          expect(at).toBeGreaterThanOrEqual(Math.floor((i / count) * spread))
          expect(at).toBeLessThanOrEqual(((i + 1) / count) * spread)
          expect(retry).toBeGreaterThanOrEqual(Math.floor(least + (i / count) * width))
          expect(retry).toBeLessThanOrEqual(Math.ceil(least + ((i + 1) / count) * width))
        }
      }),
    )
  })

  it('spread the closes of 5,000 clients and their returns: no 100 ms has more than 1.3 times the mean', () => {
    const slots = drainSlots(5000, { spread: 5000, retry: [1000, 5000] }, Math.random)
    const closes = slots.map(({ at }) => at)
    const returns = slots.map(({ at, retry }) => at + retry)
    expect(evenness(closes, { from: 0, to: 5000, buckets: 50 })).toBeLessThanOrEqual(1.3)
    expect(evenness(returns, { from: 1000, to: 10_000, buckets: 90 })).toBeLessThanOrEqual(1.3)
  })
})

describe('shuffled', () => {
  it('has the same things in another order', () => {
    fc.assert(
      fc.property(fc.array(fc.integer()), chance, (items, random) => {
        const before = [...items]
        const result = shuffled(items, from(random))
        expect(items).toEqual(before)
        expect([...result].sort()).toEqual([...items].sort())
      }),
    )
    const order = Array.from({ length: 100 }, (_, i) => i)
    expect(shuffled(order, Math.random)).not.toEqual(order)
  })
})
