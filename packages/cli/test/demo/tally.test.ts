import fc from 'fast-check'
import { expect, test } from 'vitest'
import { busiest, newTally, returnsPerSecond } from '../../src/demo/tally.ts'

test('busiest counts the most times within a window that may begin anywhere', () => {
  expect(busiest([])).toBe(0)
  expect(busiest([5])).toBe(1)
  expect(busiest([0, 99, 100, 199])).toBe(2)
  expect(busiest([0, 50, 60, 100, 140, 149, 300])).toBe(5)
})

test('busiest agrees with a count from every time', () => {
  const times = fc.array(fc.integer({ min: 0, max: 1000 })).map((all) => all.sort((a, b) => a - b))
  fc.assert(
    fc.property(times, (all) => {
      const counts = all.map((from) => all.filter((time) => time >= from && time < from + 100).length)
      expect(busiest(all)).toBe(Math.max(0, ...counts))
    }),
  )
})

test('returnsPerSecond counts those of the last second only', () => {
  const tally = { ...newTally(3), returns: [100, 1500, 1900, 2500] }
  expect(returnsPerSecond(tally, 2500)).toBe(2)
  expect(returnsPerSecond(tally, 2899)).toBe(2)
  expect(returnsPerSecond(tally, 9000)).toBe(0)
  expect(returnsPerSecond(newTally(1), 5)).toBe(0)
})
