import { expect, test } from 'vitest'
import { calm, fewestSeconds, maxSeconds, planFor } from '../../src/demo/plan.ts'

const startTimes = [100, 500, 750]
const lengths = [fewestSeconds, 12, 30, maxSeconds]

test.each(lengths)('the plan for %i s fits in them', (seconds) => {
  for (const startMs of startTimes) {
    const { backend, gateway } = planFor(seconds, startMs)
    const last = [backend, backend, backend, gateway].map(({ spread, retry }) => spread + retry[1])
    expect(last.reduce((sum, ms) => sum + ms, 2 * calm)).toBeLessThanOrEqual(seconds * 1000)
  }
})

test('clients of a stopped gateway stay away for four times as long as a gateway takes to start', () => {
  expect(planFor(8, 2000).gateway.retry[0]).toBe(8000)
})

test('delays come with the lesser first', () => {
  for (const seconds of lengths) {
    for (const startMs of [...startTimes, 5000]) {
      const { backend, gateway } = planFor(seconds, startMs)
      for (const { retry } of [backend, gateway]) expect(retry[0]).toBeLessThanOrEqual(retry[1])
    }
  }
})
