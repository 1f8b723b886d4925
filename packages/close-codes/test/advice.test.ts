import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type Advice, adviceFor, mayTravel } from '../src/index.ts'

const stop: Advice = { action: 'stop' }
const reconnect = (least: number, most: number, cap: number): Advice => ({
  action: 'reconnect',
  delay: { least, most, cap },
})

const rows: [codes: number[], advice: Advice, words: string][] = [
  [[1012], reconnect(1000, 5000, 30_000), 'random 1-5 s'],
  [[1013], reconnect(5000, 30_000, 120_000), 'random 5-30 s, then backoff'],
  [[1014], reconnect(0, 1000, 30_000), 'backoff from 1 s, full jitter, cap 30 s'],
  [[1001, 1005, 1006, 1011, 1015], reconnect(0, 5000, 30_000), 'random 0-5 s, then backoff, cap 30 s'],
  [[1000, 1002, 1003, 1007, 1008, 1009, 1010, 3000, 3003], stop, 'stop'],
  [[3008], reconnect(0, 1000, 30_000), 'backoff'],
  [[4000, 4001, 4401, 4999], reconnect(0, 1000, 30_000), 'backoff'],
  [[1016, 2000, 2999, 3001, 3999], reconnect(0, 1000, 30_000), 'unassigned but legal: backoff'],
  [[-1, 0, 999, 1004, 5000, 65_535, 1000.5, Number.NaN], stop, 'cannot have travelled: stop'],
]

describe('adviceFor', () => {
  for (const [codes, advice, words] of rows) {
    it(`says ${words} after ${codes.join(', ')}`, () => {
      for (const n of codes) expect(adviceFor(n), `${n}`).toEqual(advice)
    })
  }

  it('brings a client back after every private code', () => {
    for (let n = 4000; n <= 4999; n++) expect(adviceFor(n).action).toBe('reconnect')
  })

  it('gives for any number at all an advice whose delay makes sense', () => {
    fc.assert(
      fc.property(fc.oneof(fc.integer({ min: 0, max: 5000 }), fc.double(), fc.integer()), (n) => {
        const advice = adviceFor(n)
        if (advice.action === 'stop') return
        const { least, most, cap } = advice.delay
        expect(least).toBeGreaterThanOrEqual(0)
        expect(most).toBeGreaterThan(least)
        expect(cap).toBeGreaterThanOrEqual(most)
      }),
      { numRuns: 2000 },
    )
  })

  it('stops only after registered codes and such as may not travel', () => {
    for (let n = 1016; n < 5000; n++) {
      if (n === 3000 || n === 3003) continue
      expect(adviceFor(n).action, `${n}`).toBe(mayTravel(n) ? 'reconnect' : 'stop')
    }
  })
})
