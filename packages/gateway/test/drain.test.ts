import fc from 'fast-check'
import { expect, test } from 'vitest'
import { drainSlots } from '../src/session/drain.ts'

const options = { spread: 5000, deadline: 30_000, retry: [1000, 5000] as [number, number] }

test('slots give every connection a Close within spread and a delay within retry, in order', () => {
  fc.assert(
    fc.property(
      fc.nat(500),
      fc.infiniteStream(fc.double({ min: 0, max: 0.999999, noNaN: true })),
      (count, random) => {
        const slots = drainSlots(count, options, () => random.next().value!)
        expect(slots).toHaveLength(count)
        for (const [i, { at, retry }] of slots.entries()) {
          expect(at).toBeGreaterThanOrEqual(Math.floor((i / count) * 5000))
          expect(at).toBeLessThanOrEqual(((i + 1) / count) * 5000)
          expect(retry).toBeGreaterThanOrEqual(1000)
          expect(retry).toBeLessThanOrEqual(5000)
        }
      },
    ),
  )
})

test('returns come at a flat rate: no 100 ms has more than twice the mean', () => {
  const slots = drainSlots(5000, options, Math.random)
  const buckets = new Map<number, number>()
  for (const { at, retry } of slots) {
    const bucket = Math.floor((at + retry) / 100)
    buckets.set(bucket, (buckets.get(bucket) ?? 0) + 1)
  }
  const mean = 5000 / 90 // over spread + (greatest - least) = 9 s
  expect(Math.max(...buckets.values())).toBeLessThanOrEqual(2 * mean)
})
