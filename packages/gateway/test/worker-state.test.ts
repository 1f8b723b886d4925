import fc from 'fast-check'
import { expect, test } from 'vitest'
import { next, type WorkerState } from '../src/process/worker-state.ts'

const events = ['ready', 'leave', 'return', 'carry', 'end'] as const
const states: WorkerState[] = ['starting', 'ready', 'leaving', 'carrying']

test('a worker that leaves may return, or carry; one that carries never serves again', () => {
  expect(next('ready', 'leave')).toBe('leaving')
  expect(next('leaving', 'return')).toBe('ready')
  expect(next('leaving', 'carry')).toBe('carrying')
  for (const event of ['leave', 'return', 'carry'] as const) expect(next('carrying', event)).toBe('carrying')
})

test('only a worker that serves leaves, and only one that leaves carries', () => {
  fc.assert(
    fc.property(fc.constantFrom(...states), fc.constantFrom(...events), (state, event) => {
      const after = next(state, event)
      if (after === 'leaving') expect(['ready', 'leaving']).toContain(state)
      if (after === 'carrying') expect(['leaving', 'carrying']).toContain(state)
      if (event === 'end') expect(after).toBe('gone')
    }),
  )
})
