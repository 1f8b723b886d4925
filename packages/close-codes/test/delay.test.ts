import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { adviceFor, delayFor, maxRetry, type ReconnectAdvice } from '../src/index.ts'

const anyRandom = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true })
const anyAttempt = fc.oneof(fc.integer({ min: 0, max: 20 }), fc.integer({ min: 0, max: 2 ** 31 }))
const anyRetry = fc.integer({ min: 0, max: maxRetry })
const anyReconnectCode = fc.constantFrom(1001, 1005, 1006, 1011, 1012, 1013, 1014, 1015, 3008, 4000)

const advice = (n: number) => adviceFor(n) as ReconnectAdvice
const almostOne = 1 - Number.EPSILON

/** The shortest and the longest delay of each attempt, in seconds. */
const bounds: [code: number, attempts: [least: number, most: number][]][] = [
  [
    1012,
    [
      [1, 5],
      [1, 10],
      [1, 20],
      [1, 30],
      [1, 30],
    ],
  ],
  [
    1013,
    [
      [5, 30],
      [5, 60],
      [5, 120],
      [5, 120],
    ],
  ],
  [
    1014,
    [
      [0, 1],
      [0, 2],
      [0, 4],
      [0, 8],
      [0, 16],
      [0, 30],
      [0, 30],
    ],
  ],
  [
    1006,
    [
      [0, 5],
      [0, 10],
      [0, 20],
      [0, 30],
      [0, 30],
    ],
  ],
]

describe('delayFor', () => {
  for (const [code, attempts] of bounds) {
    it(`draws between the bounds of each attempt after ${code}`, () => {
      attempts.forEach(([least, most], attempt) => {
        expect(delayFor(advice(code), { attempt, random: () => 0 })).toBe(least * 1000)
        expect(delayFor(advice(code), { attempt, random: () => almostOne })).toBe(most * 1000 - 1)
      })
    })
  }

  it('gives null when the advice is to stop, with or without retry', () => {
    expect(delayFor(adviceFor(1000), { attempt: 0 })).toBeNull()
    expect(delayFor(adviceFor(1008), { attempt: 3, retry: 100 })).toBeNull()
  })

  it('obeys retry to the millisecond on the first attempt', () => {
    fc.assert(
      fc.property(anyReconnectCode, anyRetry, anyRandom, (code, retry, r) => {
        expect(delayFor(advice(code), { attempt: 0, retry, random: () => r })).toBe(retry)
      }),
    )
  })

  it('takes retry as the least from the second attempt on, so that retry=0 still backs off', () => {
    fc.assert(
      fc.property(anyReconnectCode, anyAttempt, anyRetry, anyRandom, (code, attempt, retry, r) => {
        const options = { attempt: attempt + 1, random: () => r }
        const without = delayFor(advice(code), options)
        expect(delayFor(advice(code), { ...options, retry })).toBe(Math.max(without, retry))
      }),
    )
  })

  it('stays between least and cap for any attempt, in whole milliseconds that a timer can hold', () => {
    fc.assert(
      fc.property(anyReconnectCode, anyAttempt, anyRandom, (code, attempt, r) => {
        const { least, cap } = advice(code).delay
        const ms = delayFor(advice(code), { attempt, random: () => r })
        expect(Number.isSafeInteger(ms)).toBe(true)
        expect(ms).toBeGreaterThanOrEqual(least)
        expect(ms).toBeLessThanOrEqual(cap)
      }),
    )
  })

  it('never gets shorter with a further attempt at the same draw', () => {
    fc.assert(
      fc.property(anyReconnectCode, anyAttempt, anyRandom, (code, attempt, r) => {
        const at = (n: number) => delayFor(advice(code), { attempt: n, random: () => r })
        expect(at(attempt + 1)).toBeGreaterThanOrEqual(at(attempt))
      }),
    )
  })

  it('draws from Math.random by default, and not the same number for everybody', () => {
    const draws = Array.from({ length: 50 }, () => delayFor(advice(1012), { attempt: 0 }))
    expect(new Set(draws).size).toBeGreaterThan(10)
  })
})
