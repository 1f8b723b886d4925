// When certificates are ordered: the pure part, whatever the authority and the clocks do.
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { AcmeFailure } from '../src/acme/acme-error.ts'
import { due, type NameState, next, type PlanEvent, unknownName } from '../src/acme/plan.ts'

const minute = 60_000
const hour = 60 * minute
const day = 24 * hour
const at = Date.UTC(2026, 10, 29)

const issued = (days: number, more: Partial<Extract<PlanEvent, { what: 'obtained' }>> = {}): NameState =>
  next(unknownName, {
    what: 'obtained',
    from: at,
    to: at + days * day,
    ordered: false,
    spread: 0,
    at,
    ...more,
  })
/** Past the question for a window. */
const withoutWindow = (state: NameState) => next(state, { what: 'no-window', supported: false, at })

const failures: AcmeFailure[] = ['unreachable', 'rate-limited', 'challenge', 'refused', 'storage']
const spread = fc.double({ min: 0, max: 0.999, noNaN: true })

describe('a certificate', () => {
  test.each([90, 45, 6])(
    'of %i days is renewed after two thirds of them, spread over a hundredth',
    (days) => {
      expect(due(withoutWindow(issued(days)))).toEqual({ what: 'order', at: at + (days * day * 2) / 3 })
      const last = due(withoutWindow(issued(days, { spread: 0.999 }))).at
      expect(last).toBeGreaterThan(at + (days * day * 2) / 3)
      expect(last).toBeLessThan(at + days * day * 0.68)
    },
  )

  test('is asked about at once, and renewed within the window that the authority suggests', () => {
    const state = issued(90)
    expect(due(state)).toEqual({ what: 'ask', at })
    const window = { start: at + 50 * day, end: at + 52 * day }
    const asked = next(state, { what: 'window', ...window, spread: 0.5, at })
    expect(asked.life).toMatchObject({ renewAt: at + 51 * day, askAt: at + 6 * hour })
    // Asked again, the drawn time stays while the window does.
    const again = next(asked, { what: 'window', ...window, spread: 0.9, at: at + hour })
    expect(again.life!.renewAt).toBe(at + 51 * day)
    const sooner = next(again, { what: 'window', start: at - 2 * day, end: at - day, spread: 0.5, at })
    expect(due(sooner)).toEqual({ what: 'order', at: at - 1.5 * day })
  })

  test('is asked about by the Retry-After of the authority, within reason, and more often when it is short', () => {
    const window = { start: at + day, end: at + 2 * day, spread: 0, at, what: 'window' } as const
    const askAt = (days: number, retryAfterMs?: number) =>
      next(issued(days), { ...window, retryAfterMs }).life!.askAt! - at
    expect(askAt(90, 6 * hour)).toBe(6 * hour)
    expect(askAt(90, 0)).toBe(minute)
    expect(askAt(90, 30 * day)).toBe(day)
    expect(askAt(6)).toBe(6 * hour)
    expect(askAt(2)).toBe(2 * hour)
  })

  test('that is over when it comes, by a wrong clock, is not ordered again at once', () => {
    const state = withoutWindow(issued(90, { from: at - 100 * day, to: at - 10 * day, ordered: true }))
    expect(due(state)).toEqual({ what: 'order', at: at + hour })
  })

  test('is renewed with a tenth of its life left at the latest, and never before an order that has to wait', () => {
    fc.assert(
      fc.property(
        fc.double({ min: 0.1, max: 400, noNaN: true }),
        fc.integer({ min: -400, max: 400 }),
        fc.integer({ min: 1, max: 400 }),
        spread,
        (days, start, length, random) => {
          const window = { start: at + start * day, end: at + (start + length) * day }
          const state = next(issued(days), { what: 'window', ...window, spread: random, at })
          expect(state.life!.renewAt).toBeLessThanOrEqual(at + days * day * 0.9 + 1)
          const failed = next(state, { what: 'failed', failure: 'refused', words: '', spread: random, at })
          const then = due({ ...failed, life: { ...failed.life!, askAt: Number.POSITIVE_INFINITY } })
          expect(then.at).toBeGreaterThanOrEqual(at + minute)
        },
      ),
    )
  })
})

describe('orders that fail', () => {
  const fail = (
    state: NameState,
    failure: AcmeFailure,
    now: number,
    more: { retryAfterMs?: number; spread?: number } = {},
  ) => {
    const begun = next(state, { what: 'begun', spread: 0, at: now })
    return next(begun, { what: 'failed', failure, words: 'why', spread: 0, at: now, ...more })
  }

  test('are made again after 1, 5 and 20 minutes, 1, 3 and 6 hours', () => {
    let state = unknownName
    const waits: number[] = []
    for (let now = at; waits.length < 8; now = state.notBefore) {
      state = fail(state, 'challenge', now)
      waits.push((state.notBefore - now) / minute)
    }
    expect(waits).toEqual([1, 5, 20, 60, 180, 360, 360, 360])
    expect(state).toMatchObject({ failures: 8, last: { failure: 'challenge', words: 'why' } })
  })

  test('wait for as long as the authority says, and an hour where it says nothing of a limit', () => {
    const wait = (more: { retryAfterMs?: number; spread?: number }) =>
      fail(unknownName, 'rate-limited', at, more).notBefore - at
    expect(wait({ retryAfterMs: 2 * day })).toBe(2 * day)
    expect(wait({ retryAfterMs: 2 * day, spread: 0.5 })).toBeGreaterThan(2 * day)
    expect(wait({ retryAfterMs: 90_000 })).toBe(90_000)
    expect(wait({ retryAfterMs: 1 })).toBe(minute)
    expect(wait({})).toBe(hour)
  })

  test('that were begun and never heard of count as failed', () => {
    const begun = next(unknownName, { what: 'begun', spread: 0, at })
    expect(begun).toMatchObject({ failures: 1, notBefore: at + minute })
  })

  test('never come fast, however they fail, and never stop', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.constantFrom(...failures), spread), { minLength: 200, maxLength: 200 }),
        (each) => {
          let state = unknownName
          let now = at
          let orders = 0
          for (const [failure, random] of each) {
            state = fail(
              state,
              failure === 'unreachable' || failure === 'storage' ? 'refused' : failure,
              now,
              { spread: random },
            )
            if (now - at <= day) orders++
            expect(state.notBefore - now).toBeGreaterThanOrEqual(minute)
            expect(state.notBefore - now).toBeLessThanOrEqual(1.2 * day)
            now = state.notBefore
          }
          expect(orders).toBeLessThanOrEqual(12)
          const done = next(state, {
            what: 'obtained',
            from: now,
            to: now + 90 * day,
            ordered: true,
            spread: 0,
            at: now,
          })
          expect(done).toMatchObject({ failures: 0 })
        },
      ),
      { numRuns: 50 },
    )
  })

  test('of a name with a certificate leave that certificate', () => {
    const state = fail(issued(90), 'unreachable', at)
    expect(state.life).toEqual(issued(90).life)
  })
})
