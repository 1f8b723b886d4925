import { describe, expect, it } from 'vitest'
import { rangeOf, ranges } from '../src/index.ts'

describe('rangeOf', () => {
  it('puts each number from 0 to 4999 into the range of RFC 6455 7.4.2', () => {
    for (let n = 0; n <= 4999; n++) {
      const id = n < 1000 ? 'unused' : n < 3000 ? 'protocol' : n < 4000 ? 'registered' : 'private'
      expect(rangeOf(n)?.id, `${n}`).toBe(id)
    }
  })

  it('knows no range outside', () => {
    for (const n of [-1, 5000, 65_535, 1000.5, Number.NaN, Number.POSITIVE_INFINITY]) {
      expect(rangeOf(n), `${n}`).toBeUndefined()
    }
  })

  it('leaves no gap between the ranges', () => {
    expect(ranges[0]?.from).toBe(0)
    ranges.slice(1).forEach((range, i) => {
      expect(range.from).toBe((ranges[i]?.to ?? 0) + 1)
    })
  })
})
