import fc from 'fast-check'
import { expect, test } from 'vitest'
import { WaitingPlaces } from '../src/upstream/waiting-places.ts'

/** As many places as an address gets. */
function takeAll(places: WaitingPlaces, address: string): (() => void)[] {
  const taken: (() => void)[] = []
  for (let place = places.take(address); place; place = places.take(address)) taken.push(place)
  return taken
}

test('one address alone gets half, the next a half of what is left, and there is always room for another', () => {
  const places = new WaitingPlaces(() => 1_000)
  expect(takeAll(places, 'a')).toHaveLength(500)
  expect(takeAll(places, 'b')).toHaveLength(250)
  expect(takeAll(places, 'c')).toHaveLength(125)
  expect(places.take('a')).toBeUndefined()
  expect(places.taken).toBe(875)
})

test('a place is given back once', () => {
  const places = new WaitingPlaces(() => 2)
  const back = places.take('a')!
  back()
  back()
  expect(places.taken).toBe(0)
})

test('a smaller number holds at once', () => {
  let most = 100
  const places = new WaitingPlaces(() => most)
  takeAll(places, 'a')
  most = 10
  expect(places.take('b')).toBeUndefined()
})

test('whatever is taken and given back, never more are taken than there are', () => {
  const step = fc.record({ address: fc.constantFrom('a', 'b', 'c', 'd'), gives: fc.boolean() })
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 20 }), fc.array(step, { maxLength: 200 }), (most, steps) => {
      const places = new WaitingPlaces(() => most)
      const held: (() => void)[] = []
      for (const { address, gives } of steps) {
        if (gives) held.shift()?.()
        else {
          const place = places.take(address)
          if (place) held.push(place)
        }
        expect(places.taken).toBe(held.length)
        expect(places.taken).toBeLessThanOrEqual(most)
      }
    }),
  )
})
