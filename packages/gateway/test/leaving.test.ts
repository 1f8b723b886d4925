import fc from 'fast-check'
import { expect, test } from 'vitest'
import { next, type Place } from '../src/worker/leaving.ts'

const events = ['leave', 'return', 'returned', 'rest'] as const

test('a worker that leaves serves again once it has returned', () => {
  const places: Place[] = ['own']
  for (const event of ['leave', 'return', 'returned'] as const) places.push(next(places.at(-1)!, event))
  expect(places).toEqual(['own', 'others', 'returning', 'own'])
})

test('told to leave while it returns, it leaves', () => {
  expect(next(next('returning', 'leave'), 'returned')).toBe('others')
})

test('nothing that it is told brings back a worker that only carries', () => {
  fc.assert(
    fc.property(fc.array(fc.constantFrom(...events)), (told) => {
      expect(told.reduce<Place>(next, 'carrying')).toBe('carrying')
    }),
  )
})

test('a worker serves only before it has left, and after it has returned', () => {
  fc.assert(
    fc.property(fc.array(fc.constantFrom(...events)), (told) => {
      const serves = told.reduce<Place>(next, 'own') === 'own'
      const last = told.findLast((event) => event === 'leave' || event === 'rest' || event === 'returned')
      if (serves) expect(last === undefined || (last === 'returned' && !told.includes('rest'))).toBe(true)
    }),
  )
})
