import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  isProven,
  nextStopping,
  proofLastsMs,
  type StopEvent,
  type Stopping,
  serving,
} from '../src/upstream/stopping.ts'

type Timed = [at: number, event: StopEvent]

function run(...events: Timed[]): Stopping {
  return events.reduce((state, [at, event]) => nextStopping(state, event, at), serving)
}
const opened = (count: number): Timed[] => Array.from({ length: count }, () => [0, { type: 'opened' }])
const ended = (at: number, by: 'upstream' | 'other' = 'upstream'): Timed => [at, { type: 'ended', by }]
const met = (at: number, what: Extract<StopEvent, { type: 'newcomer' }>['met']): Timed => [
  at,
  { type: 'newcomer', met: what },
]
const ends = (count: number, from: number, every = 0) =>
  Array.from({ length: count }, (_, i) => ended(from + i * every))

describe('an upstream', () => {
  test('that closes more than half of its connections within a second is stopping', () => {
    expect(run(...opened(100), ...ends(50, 1000, 10))).toMatchObject({ name: 'serving', open: 50 })
    expect(run(...opened(100), ...ends(51, 1000, 10))).toMatchObject({ name: 'stopping', by: 'closes-most' })
    expect(run(...opened(100), ...ends(60, 1000, 50))).toMatchObject({ name: 'serving', open: 40 })
  })

  test('that closes one or two is not, even if they are all; nor is one whose clients leave', () => {
    expect(run(...opened(1), ended(5)).name).toBe('serving')
    expect(run(...opened(2), ...ends(2, 5)).name).toBe('serving')
    expect(run(...opened(3), ...ends(3, 5)).name).toBe('stopping')
    expect(run(...opened(9), ...Array.from({ length: 9 }, () => ended(5, 'other'))).name).toBe('serving')
  })

  test('that refuses newcomers is stopping while it has connections, or has just closed one', () => {
    expect(run(met(0, 'refuses')).name).toBe('serving')
    expect(run(...opened(2), met(9, 'refuses'))).toMatchObject({ name: 'stopping', by: 'refuses' })
    expect(run(...opened(1), ended(5), met(9, 'refuses')).name).toBe('stopping')
    expect(run(...opened(1), ended(5), met(5 + proofLastsMs, 'refuses')).name).toBe('serving')
  })

  test('that answers 503 is stopping only if it has just closed a connection: it may be full', () => {
    expect(run(...opened(50), met(9, 'busy')).name).toBe('serving')
    expect(run(...opened(50), ended(5), met(9, 'busy'))).toMatchObject({ name: 'stopping', by: 'busy' })
  })

  test('that throws a stranger out is stopping only if nobody stays', () => {
    expect(run(...opened(2), ended(5), met(9, 'throws-out')).name).toBe('serving')
    expect(run(...opened(1), ended(5), met(9, 'throws-out')).name).toBe('stopping')
  })

  test('serves again once a newcomer is let in; while workers take turns, for a second at least', () => {
    const refused = run(...opened(2), met(9, 'refuses'), met(10, 'let-in'))
    expect(refused.name).toBe('serving')
    const turns = run(...opened(9), ...ends(9, 5), met(10, 'let-in'))
    expect(turns.name).toBe('stopping')
    expect(nextStopping(turns, { type: 'newcomer', met: 'let-in' }, 2000).name).toBe('serving')
  })
})

test('whatever comes, it is proven only by what it did within the last second, and counts stay bounded', () => {
  const event: fc.Arbitrary<StopEvent> = fc.oneof(
    fc.constant<StopEvent>({ type: 'opened' }),
    fc.record({
      type: fc.constant('ended' as const),
      by: fc.constantFrom('upstream' as const, 'other' as const),
    }),
    fc.record({
      type: fc.constant('newcomer' as const),
      met: fc.constantFrom('let-in' as const, 'refuses' as const, 'busy' as const, 'throws-out' as const),
    }),
  )
  fc.assert(
    fc.property(fc.array(fc.tuple(event, fc.nat(400)), { maxLength: 80 }), (events) => {
      let state = serving
      let now = 0
      let open = 0
      const done: number[] = []
      for (const [one, after] of events) {
        now += after
        if (one.type === 'opened') open++
        if (one.type === 'ended') {
          if (open === 0) continue
          open--
          if (one.by === 'upstream') done.push(now)
        }
        state = nextStopping(state, one, now)
        expect(state.open).toBe(open)
        expect(state.ends.length).toBeLessThanOrEqual(proofLastsMs / 50 + 1)
        const lately = done.filter((at) => now - at < 2 * proofLastsMs).length
        // Without a connection that it has ended, or a refusal while some are open, there is no proof.
        if (isProven(state, now) && lately === 0) expect(state).toMatchObject({ by: 'refuses' })
        if (isProven(state, now))
          expect(now - (state as { provenAt: number }).provenAt).toBeLessThan(proofLastsMs)
      }
    }),
    { numRuns: 1000 },
  )
})
