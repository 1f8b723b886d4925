import { fakeClock } from '@holdfast/testing'
import { expect, test } from 'vitest'
import { Throttle } from '../src/operate/admin-throttle.ts'

/** Wrong tries from an address until it has to wait. */
function tries(throttle: Throttle, address: string): number {
  let count = 0
  while (throttle.waitMs(address) === 0) {
    throttle.countWrong(address)
    count++
  }
  return count
}

test('an address may be wrong five times, and then once every five seconds', () => {
  const clock = fakeClock(1e9)
  const throttle = new Throttle(clock)
  expect(tries(throttle, '10.0.0.1')).toBe(5)
  expect(throttle.waitMs('10.0.0.1')).toBe(5000)
  expect(throttle.waitMs('10.0.0.2')).toBe(0)
  clock.tick(4999)
  expect(throttle.waitMs('10.0.0.1')).toBe(1)
  clock.tick(1)
  expect(tries(throttle, '10.0.0.1')).toBe(1)
  clock.tick(60_000)
  expect(tries(throttle, '10.0.0.1')).toBe(5)
})

test('all addresses together may be wrong thirty times, and then once a second', () => {
  const clock = fakeClock(1e9)
  const throttle = new Throttle(clock)
  let total = 0
  for (let i = 0; i < 200; i++) total += tries(throttle, `10.0.1.${i}`)
  expect(total).toBe(30)
  expect(throttle.waitMs('10.9.9.9')).toBe(1000)
  clock.tick(1000)
  expect(throttle.waitMs('10.9.9.9')).toBe(0)
})

test('what others do elsewhere does not lock out this machine, which is one address', () => {
  const throttle = new Throttle(fakeClock(1e9))
  for (let i = 0; i < 200; i++) tries(throttle, `10.0.1.${i}`)
  expect(tries(throttle, '127.0.0.1')).toBe(5)
  expect(tries(throttle, '127.0.0.2')).toBe(0)
  expect(tries(throttle, '::1')).toBe(0)
  expect(tries(throttle, '::ffff:127.0.0.1')).toBe(0)
})

test.each([
  ['2001:db8:1:2::1', '2001:db8:1:2:ffff::9', 0],
  ['2001:db8::1', '2001:db8::2', 0],
  ['2001:db8:1:2::1', '2001:db8:1:3::1', 5],
  ['::ffff:10.0.0.1', '10.0.0.1', 0],
])('after tries from %s, %s has %i of its own', (first, second, left) => {
  const throttle = new Throttle(fakeClock(1e9))
  tries(throttle, first)
  expect(tries(throttle, second)).toBe(left)
})
