import fc from 'fast-check'
import { expect, test } from 'vitest'
import { recentCrashes, restartDelay } from '../src/process/restart-delay.ts'

test('a worker that crashed up to four times in ten seconds is replaced at once', () => {
  expect([0, 1, 2, 3, 4].map((count) => restartDelay(Array(count).fill(1000), 1000))).toEqual([0, 0, 0, 0, 0])
})

test('the wait begins at the fifth crash, doubles, and ends at one second', () => {
  const delays = [5, 6, 7, 8, 9, 10, 1000].map((count) => restartDelay(Array(count).fill(1000), 1000))
  expect(delays).toEqual([100, 200, 400, 800, 1000, 1000, 1000])
})

test('crashes of more than ten seconds ago do not count', () => {
  expect(restartDelay([0, 0, 0, 0, 0], 9999)).toBe(100)
  expect(restartDelay([0, 0, 0, 0, 0], 10_000)).toBe(0)
})

test('forgetting old crashes changes no delay', () => {
  fc.assert(
    fc.property(fc.array(fc.nat(30_000)), (crashes) => {
      expect(restartDelay(recentCrashes(crashes, 30_000), 30_000)).toBe(restartDelay(crashes, 30_000))
    }),
  )
})
