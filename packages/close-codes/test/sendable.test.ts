import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { browserMaySend, mayTravel } from '../src/index.ts'

const notIntegers = [1000.5, Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, -0.1]

describe('mayTravel', () => {
  it('lets through 1000-4999 without 1004, 1005, 1006 and 1015, over 0-5000', () => {
    const refused = new Set([1004, 1005, 1006, 1015])
    for (let n = 0; n <= 5000; n++) {
      expect(mayTravel(n), `${n}`).toBe(n >= 1000 && n < 5000 && !refused.has(n))
    }
  })

  it('refuses every number outside, up to the 16 bits of the wire and beyond', () => {
    const beyond = Array.from({ length: 0x1_0000 - 5000 }, (_, i) => 5000 + i)
    expect(beyond.filter(mayTravel)).toEqual([])
    fc.assert(
      fc.property(fc.integer({ max: 999 }), (n) => !mayTravel(n)),
      { numRuns: 500 },
    )
    for (const n of notIntegers) expect(mayTravel(n)).toBe(false)
  })
})

describe('browserMaySend', () => {
  it('allows 1000 and 3000-4999, as the close() steps of WHATWG do', () => {
    for (let n = 0; n <= 5000; n++) {
      expect(browserMaySend(n), `${n}`).toBe(n === 1000 || (n >= 3000 && n <= 4999))
    }
    for (const n of notIntegers) expect(browserMaySend(n)).toBe(false)
  })
})
