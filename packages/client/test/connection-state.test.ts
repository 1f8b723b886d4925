import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { attemptAt, next, readyStateOf, type State, type StateEvent } from '../src/connection-state.ts'

const event: fc.Arbitrary<StateEvent> = fc.oneof(
  fc.record({ type: fc.constant('opened' as const), now: fc.nat() }),
  fc.record({
    type: fc.constant('lost' as const),
    attempt: fc.nat(9),
    earliest: fc.option(fc.nat(), { nil: null }),
  }),
  fc.constant({ type: 'due' } as const),
  fc.constant({ type: 'close' } as const),
)

const start: State = { name: 'connecting', attempt: 0 }
const after = (...events: StateEvent[]) => events.reduce(next, start)

const opened: StateEvent = { type: 'opened', now: 100 }
const lost: StateEvent = { type: 'lost', attempt: 2, earliest: 500 }
const lostForGood: StateEvent = { type: 'lost', attempt: 2, earliest: null }
const due: StateEvent = { type: 'due' }
const close: StateEvent = { type: 'close' }

describe('next', () => {
  it('goes from connecting to open, waiting, connecting again and open', () => {
    expect(after(opened)).toEqual({ name: 'open', attempt: 0, since: 100 })
    expect(after(opened, lost)).toEqual({ name: 'waiting', attempt: 3, earliest: 500 })
    expect(after(opened, lost, due)).toEqual({ name: 'connecting', attempt: 3 })
    expect(after(opened, lost, due, opened)).toEqual({ name: 'open', attempt: 3, since: 100 })
  })

  it('ends with a loss after which there is no return, and with a loss after close()', () => {
    expect(after(lostForGood).name).toBe('closed')
    expect(after(opened, lostForGood).name).toBe('closed')
    for (const before of [[], [opened], [opened, lost]]) {
      expect(after(...before, close).name).toBe('closing')
      expect(after(...before, close, lost).name).toBe('closed')
    }
  })

  it('never leaves closed, whatever happens', () => {
    fc.assert(
      fc.property(fc.array(event), (events) => {
        expect(events.reduce(next, after(lostForGood))).toEqual({ name: 'closed' })
      }),
    )
  })

  it('after close() is never anything but closing and closed', () => {
    fc.assert(
      fc.property(fc.array(event), fc.array(event), (before, behind) => {
        const states = behind.map((_, i) => after(...before, close, ...behind.slice(0, i + 1)).name)
        for (const name of states) expect(['closing', 'closed']).toContain(name)
      }),
    )
  })

  it('changes nothing for an event that has no meaning in a state', () => {
    expect(after(due)).toBe(start)
    const waiting = after(lost)
    expect(next(waiting, opened)).toBe(waiting)
    expect(next(waiting, lost)).toBe(waiting)
  })
})

describe('attemptAt', () => {
  it('counts on while connections do not live, and from 0 after one that did', () => {
    const state = after(lost, due, opened)
    expect(attemptAt(after(lost, due), 1_000, 5_000)).toBe(3)
    expect(attemptAt(state, 5_099, 5_000)).toBe(3)
    expect(attemptAt(state, 5_100, 5_000)).toBe(0)
  })
})

describe('readyStateOf', () => {
  it('is CLOSED only at the end, and CONNECTING while it waits', () => {
    expect(readyStateOf(start)).toBe(0)
    expect(readyStateOf(after(opened))).toBe(1)
    expect(readyStateOf(after(opened, lost))).toBe(0)
    expect(readyStateOf(after(opened, close))).toBe(2)
    expect(readyStateOf(after(opened, close, lost))).toBe(3)
  })
})
