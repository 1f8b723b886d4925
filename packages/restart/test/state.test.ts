import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { next, type RestartEvent, type RestartState } from '../src/state.ts'

const phases = ['serving', 'refusing', 'draining', 'closing', 'done']

const event: fc.Arbitrary<RestartEvent> = fc.oneof(
  fc.constant({ what: 'started' } as const),
  fc.record({ what: fc.constant('found' as const), sockets: fc.nat(20) }),
  fc.constant({ what: 'unanswered' } as const),
  fc.record({ what: fc.constant('gone' as const), how: fc.constantFrom('closed', 'left', 'cut') }),
  fc.constant({ what: 'drained' } as const),
  fc.record({ what: fc.constant('ended' as const), ms: fc.nat() }),
)

describe('next', () => {
  it('goes through the phases in order, one at a time, and every connection is counted once', () => {
    fc.assert(
      fc.property(fc.array(event, { maxLength: 60 }), (events) => {
        let state: RestartState = { phase: 'serving' }
        for (const each of events) {
          const before = phases.indexOf(state.phase)
          state = next(state, each)
          expect(phases.indexOf(state.phase) - before).toBeOneOf([0, 1])
          if (!('total' in state)) continue
          expect(state.open).toBeGreaterThanOrEqual(0)
          expect(state.open + state.closed + state.left + state.cut).toBe(state.total)
        }
      }),
    )
  })

  it('counts what becomes of each connection', () => {
    const events: RestartEvent[] = [
      { what: 'started' },
      { what: 'found', sockets: 4 },
      { what: 'unanswered' },
      { what: 'gone', how: 'closed' },
      { what: 'gone', how: 'left' },
      { what: 'found', sockets: 1 },
      { what: 'gone', how: 'cut' },
      { what: 'gone', how: 'closed' },
      { what: 'gone', how: 'closed' },
      { what: 'drained' },
      { what: 'ended', ms: 7 },
      { what: 'started' },
    ]
    expect(events.reduce(next, { phase: 'serving' })).toEqual({
      phase: 'done',
      ms: 7,
      total: 5,
      open: 0,
      closed: 3,
      left: 1,
      cut: 1,
      unanswered: 1,
    })
  })
})
