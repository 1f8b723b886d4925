import fc from 'fast-check'
import { expect, test } from 'vitest'
import { next, type SessionEvent, type SessionState } from '../src/resume/session-state.ts'

const events: SessionEvent[] = [
  { type: 'broken' },
  { type: 'client-closed', stays: true },
  { type: 'client-closed', stays: false },
  { type: 'client-left' },
  { type: 'close-said' },
  { type: 'lost' },
  { type: 'ended' },
  { type: 'returned' },
  { type: 'given-up', why: 'expired' },
  { type: 'given-up', why: 'evicted' },
  { type: 'miscounted' },
  { type: 'taken-over' },
  { type: 'given' },
]

/** What happens to a session from its beginning on. */
function story(seen: SessionEvent[]) {
  let state = { name: 'connected' } as SessionState
  const steps = seen.map((event) => {
    const before = state
    const [after, actions] = next(state, event)
    state = after
    return { before: before.name, event, after: after.name, actions }
  })
  return { state, steps }
}

const stories = fc.array(fc.constantFrom(...events), { maxLength: 30 })

test('whatever happens, a session is forgotten once, when it is over, and stays over', () => {
  fc.assert(
    fc.property(stories, (seen) => {
      const { state, steps } = story(seen)
      const forgotten = steps.filter(({ actions }) => actions.includes('forget'))
      expect(forgotten.length).toBe(state.name === 'over' ? 1 : 0)
      for (const { before, after, actions } of steps) {
        expect(actions.includes('forget')).toBe(before !== 'over' && after === 'over')
        if (before === 'over') expect(actions).toEqual([])
      }
    }),
  )
})

test('a session is parked whenever its client has gone and may come back', () => {
  fc.assert(
    fc.property(stories, (seen) => {
      for (const { before, after, actions } of story(seen).steps) {
        const gone = ['parked', 'owing'].includes(after) && ['connected', 'telling'].includes(before)
        // The end of the upstream alone does not take the client away.
        expect(actions.includes('park')).toBe(gone)
      }
    }),
  )
})

test('the upstream is told at most one Close in the name of the client', () => {
  const tells = ['hand-on-close', 'tell-left', 'tell-not-back', 'end-upstream', 'echo']
  fc.assert(
    fc.property(stories, (seen) => {
      const told = story(seen).steps.flatMap(({ actions }) =>
        actions.filter((action) => tells.includes(action)),
      )
      // A Close that was answered for a client that was away is echoed once more when it has come back.
      expect(told.filter((action) => action !== 'echo').length).toBeLessThanOrEqual(1)
    }),
  )
})

test('1001 without bye parks, with bye it ends', () => {
  expect(next({ name: 'connected' }, { type: 'client-closed', stays: true })).toEqual([
    { name: 'parked' },
    ['answer-client', 'park'],
  ])
  expect(next({ name: 'connected' }, { type: 'client-closed', stays: false })).toEqual([
    { name: 'closing' },
    ['hand-on-close'],
  ])
})

test('a client whose session was given to another gateway is told nothing, and its upstream neither', () => {
  for (const first of [[], [{ type: 'broken' }]] as SessionEvent[][]) {
    const { state, steps } = story([...first, { type: 'given' }])
    expect(state).toEqual({ name: 'over', why: 'elsewhere' })
    expect(steps.at(-1)!.actions).toEqual(first.length > 0 ? ['forget'] : ['let-client-go', 'forget'])
  }
})
