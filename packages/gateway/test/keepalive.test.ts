import { expect, test } from 'vitest'
import { beat, firstPulse } from '../src/connection/keepalive.ts'

const options = { ping: 25, timeout: 10 }
const quiet = { alive: false, unread: false, unasked: false }

test('a quiet side is pinged once, and given up when it stays quiet', () => {
  let pulse = firstPulse(0, options)
  const seen: [number, string][] = []
  for (let now = 0; now <= 40; now += 5) {
    const [nextPulse, what] = beat(pulse, { now, ...quiet }, options)
    pulse = nextPulse
    if (what !== 'nothing') seen.push([now, what])
  }
  expect(seen).toEqual([
    [25, 'ping'],
    [35, 'silent'],
    [40, 'silent'],
  ])
})

test('any sign of life after a ping counts as its answer', () => {
  const [pulse] = beat({ pingAt: 0 }, { now: 5, ...quiet }, options)
  expect(pulse.answerBy).toBe(15)
  expect(beat(pulse, { now: 14, alive: true, unread: false, unasked: false }, options)).toEqual([
    { pingAt: 39 },
    'nothing',
  ])
})

test('a side that the gateway does not read is not called silent', () => {
  expect(
    beat({ pingAt: 0, answerBy: 10 }, { now: 50, alive: false, unread: true, unasked: false }, options),
  ).toEqual([{ pingAt: 75 }, 'nothing'])
})

test('a client that the gateway does not read is pinged in time, and never called silent for that', () => {
  const unread = { alive: false, unread: true, tested: true, unasked: false }
  let pulse = firstPulse(0, options)
  const seen: [number, string][] = []
  for (let now = 0; now <= 100; now += 5) {
    const [nextPulse, what] = beat(pulse, { now, ...unread }, options)
    pulse = nextPulse
    if (what !== 'nothing') seen.push([now, what])
  }
  expect(seen).toEqual([25, 50, 75, 100].map((at) => [at, 'ping']))
})

test('the time for the answer begins when the Ping could be written', () => {
  let [pulse, what] = beat({ pingAt: 0 }, { now: 0, ...quiet, unasked: true }, options)
  expect(what).toBe('ping')
  for (let now = 5; now <= 100; now += 5) {
    ;[pulse, what] = beat(pulse, { now, ...quiet, unasked: true }, options)
    expect(what).toBe('nothing')
  }
  expect(beat(pulse, { now: 109, ...quiet }, options)[1]).toBe('nothing')
  expect(beat(pulse, { now: 110, ...quiet }, options)[1]).toBe('silent')
})
