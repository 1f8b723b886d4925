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
        const fits = ({ at, retry }: (typeof slots)[number], i: number) =>
          at >= Math.floor((i / count) * 5000) &&
          at <= ((i + 1) / count) * 5000 &&
          retry >= 1000 &&
          retry <= 5000
        expect(slots.filter((slot, i) => !fits(slot, i))).toEqual([])
      },
    ),
  )
})

/** How many returns the busiest 100 ms have, beside the mean while they come. */
function busiest(times: readonly number[]): number {
  const buckets = new Map<number, number>()
  for (const time of times) {
    const bucket = Math.floor(time / 100)
    buckets.set(bucket, (buckets.get(bucket) ?? 0) + 1)
  }
  const mean = times.length / (Math.max(...buckets.keys()) - Math.min(...buckets.keys()) + 1)
  return Math.max(...buckets.values()) / mean
}

test('returns come at a flat rate: no 100 ms has more than twice the mean', () => {
  const slots = drainSlots(5000, options, Math.random)
  expect(busiest(slots.map(({ at, retry }) => at + retry))).toBeLessThanOrEqual(2)
})

test('a process that stands still, and then closes all that was due at once, has them come back over their delays', () => {
  for (const [from, until] of [
    [0, 500],
    [1500, 2500],
    [1000, 4000],
  ] as const) {
    const slots = drainSlots(5000, options, Math.random)
    const told = slots.map(({ at, retry }) => (at > from && at < until ? until : at) + retry)
    expect(busiest(told)).toBeLessThanOrEqual(2.8)
  }
})

test('nor has it when the nodes of a fleet drain one after the other, and the last of one come back among the first of the next', () => {
  const turns = Array.from({ length: 3 }, (_, node) =>
    drainSlots(1000, options, Math.random).map(({ at, retry }) => node * 5500 + at + retry),
  )
  expect(busiest(turns.flat())).toBeLessThanOrEqual(2)
})
