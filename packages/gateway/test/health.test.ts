import fc from 'fast-check'
import { expect, test } from 'vitest'
import {
  assumedHealthy,
  type Health,
  type HealthEvent,
  nextHealth,
  nextRest,
  noRest,
} from '../src/upstream/health.ts'

const events = fc.array(
  fc.record({ by: fc.constantFrom('dial' as const, 'probe' as const), ok: fc.boolean() }),
)
const thresholds = fc.record({
  healthy: fc.integer({ min: 1, max: 5 }),
  unhealthy: fc.integer({ min: 1, max: 5 }),
})

function* history(list: readonly HealthEvent[], limits: { healthy: number; unhealthy: number }) {
  let health: Health = assumedHealthy
  for (const [i, event] of list.entries()) {
    const before = health
    health = nextHealth(health, event, limits)
    yield { before, after: health, event, past: list.slice(0, i + 1) }
  }
}

test('an upstream becomes unhealthy exactly when the last events in a row were failures, of whatever kind', () => {
  fc.assert(
    fc.property(events, thresholds, (list, limits) => {
      for (const { before, after, past } of history(list, limits)) {
        if (before.name === 'unhealthy') continue
        const last = past.slice(-limits.unhealthy)
        const down = last.length === limits.unhealthy && last.every(({ ok }) => !ok)
        if (down) expect(after.name).toBe('unhealthy')
        if (after.name === 'unhealthy') expect(down).toBe(true)
      }
    }),
  )
})

test('an unhealthy upstream becomes healthy exactly when the last probes in a row were successes', () => {
  fc.assert(
    fc.property(events, thresholds, (list, limits) => {
      let since = 0
      for (const { before, after, past } of history(list, limits)) {
        if (before.name === 'healthy') {
          since = past.length
          continue
        }
        const probes = past.slice(since).filter(({ by }) => by === 'probe')
        const last = probes.slice(-limits.healthy)
        const up = last.length === limits.healthy && last.every(({ ok }) => ok)
        expect(after.name).toBe(up ? 'healthy' : 'unhealthy')
        if (up) since = past.length
      }
    }),
  )
})

test('a dial changes nothing about an unhealthy upstream', () => {
  const health: Health = { name: 'unhealthy', successes: 1 }
  const limits = { healthy: 2, unhealthy: 3 }
  expect(nextHealth(health, { by: 'dial', ok: true }, limits)).toBe(health)
  expect(nextHealth(health, { by: 'dial', ok: false }, limits)).toBe(health)
})

test('a rest lasts 1 s, doubles with each failure in a row up to 10 s, and a success ends it', () => {
  let rest = noRest
  const lasted: number[] = []
  for (let i = 0; i < 6; i++) {
    const now = rest.until
    rest = nextRest(rest, false, now)
    lasted.push(rest.until - now)
  }
  expect(lasted).toEqual([1_000, 2_000, 4_000, 8_000, 10_000, 10_000])
  expect(nextRest(rest, true, rest.until)).toEqual(noRest)
})

test('failures during a rest do not prolong it', () => {
  const rest = nextRest(noRest, false, 5_000)
  expect(nextRest(rest, false, 5_999)).toBe(rest)
  expect(nextRest(rest, false, 6_000)).toEqual({ failures: 2, until: 8_000 })
})
