import { expect, test } from 'vitest'
import { AdmissionPace, neededPerSecond } from '../src/upstream/admission-pace.ts'

/** How many are let in within a second that begins `sinceMs` after the return, when all have `left` milliseconds. */
function within(pace: AdmissionPace, { sinceMs = 0, left = [] as number[] } = {}) {
  pace.begin(0)
  let count = 0
  for (let now = sinceMs; now < sinceMs + 1_000; now++) {
    for (const _ of pace.due(now, () => left)) count++
  }
  return count
}

function taking(ms: number, perSecond: number | 'auto' = 'auto', workers = 1) {
  const pace = new AdmissionPace(() => perSecond, workers)
  for (let n = 0; n < 50; n++) pace.took(ms)
  return pace
}

test('a rate of the configuration is the pace, whoever waits, and workers share it', () => {
  expect(within(taking(10_000, 500), { left: [1] })).toBe(500)
  expect(within(taking(0, 500, 2), { sinceMs: 60_000 })).toBeCloseTo(250, -1)
})

test('without one it is 450 a second over all workers, and less where eight handshakes would be under way', () => {
  expect(within(new AdmissionPace(() => 'auto'))).toBe(450)
  expect(within(taking(0.5))).toBe(450)
  expect(within(taking(0.5, 'auto', 3))).toBe(150)
  expect(within(taking(200))).toBe(40)
  expect(within(taking(60_000))).toBe(10)
})

test('it is more where more would come too late, and from 5 s after the return on', () => {
  const left = Array.from({ length: 2_000 }, () => 1_000)
  expect(within(taking(200), { left })).toBeGreaterThan(1_990)
  expect(within(taking(200), { sinceMs: 4_000 })).toBeLessThan(50)
  expect(within(taking(200), { sinceMs: 9_000 })).toBeGreaterThan(500)
})

test('what is late is made up for by 10 ms at the most', () => {
  const pace = taking(0, 1_000)
  pace.begin(0)
  expect([...pace.due(500, () => [])]).toHaveLength(11)
  expect(pace.untilNext(500)).toBe(1)
})

test('64 dials may be under way, 256 later on', () => {
  const pace = taking(1)
  pace.begin(0)
  expect([0, 5_000, 6_000, 60_000].map((now) => pace.atOnce(now))).toEqual([64, 64, 128, 256])
})

test('each has its turn in time: the tenth with a second left needs ten a second', () => {
  expect(neededPerSecond([])).toBe(0)
  expect(neededPerSecond(Array.from({ length: 10 }, () => 1_000))).toBe(10)
  expect(neededPerSecond([100, 10_000])).toBe(10)
  expect(neededPerSecond([10_000, 100])).toBe(20)
  // Too late for that one.
  expect(neededPerSecond([-5, 0, 1_000])).toBe(3)
})
