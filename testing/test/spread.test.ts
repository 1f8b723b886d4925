import { expect, test } from 'vitest'
import { evenness, histogram } from '../src/spread.ts'

const options = { from: 0, to: 100, buckets: 4 }

test('a histogram counts by bucket, what lies outside at the ends', () => {
  expect(histogram([-1, 0, 24, 25, 99, 100, 500], options)).toEqual([3, 1, 0, 3])
})

test('evenness is 1 for an even spread and the number of buckets for a burst', () => {
  expect(evenness([0, 25, 50, 75], options)).toBe(1)
  expect(evenness([10, 11, 12], options)).toBe(4)
  expect(() => evenness([], options)).toThrow(RangeError)
})
