import { fakeClock } from '@holdfast/testing'
import { expect, test } from 'vitest'
import { Prober } from '../src/upstream/prober.ts'

/** A prober whose probes end when the test says so. */
function probing(init: { every?: number; random?: number } = {}) {
  const clock = fakeClock()
  const begun: number[] = []
  const signals: AbortSignal[] = []
  let finish = () => {}
  const state = { every: init.every ?? 5_000 }
  const prober = new Prober({
    run: (signal) => {
      begun.push(clock.now())
      signals.push(signal)
      return new Promise((resolve) => {
        finish = resolve
      })
    },
    every: () => state.every,
    clock,
    random: () => init.random ?? 0,
  })
  return { clock, begun, signals, state, prober, finish: () => finish() }
}

test.each([
  [5_000, 0.25, 250],
  [200, 0.5, 100],
  [5_000, 0, 0],
])(
  'the first probe comes soon, at a moment of its own: every %i ms, random %f: after %i ms',
  (every, random, at) => {
    const { clock, begun } = probing({ every, random })
    clock.tick(5_000)
    expect(begun).toEqual([at])
  },
)

test('the next probe comes an interval after the end of the last, and never before that', async () => {
  const { clock, begun, finish } = probing()
  await clock.advance(20_000)
  expect(begun).toEqual([0])
  finish()
  await clock.advance(4_999)
  expect(begun).toEqual([0])
  await clock.advance(1)
  expect(begun).toEqual([0, 25_000])
})

test('hurry brings a waiting probe forward, and never puts it off', async () => {
  const { clock, begun, finish, state, prober } = probing()
  await clock.advance(0)
  finish()
  await clock.advance(1_000)
  state.every = 250
  prober.hurry()
  await clock.advance(200)
  prober.hurry()
  await clock.advance(50)
  expect(begun).toEqual([0, 1_250])
})

test('hurry does not begin a second probe beside one that is under way', async () => {
  const { clock, begun, prober } = probing()
  await clock.advance(0)
  prober.hurry()
  await clock.advance(60_000)
  expect(begun).toEqual([0])
})

test('stop ends the probe under way, and none follows', async () => {
  const { clock, begun, signals, finish, prober } = probing()
  await clock.advance(0)
  prober.stop()
  expect(signals[0]?.aborted).toBe(true)
  finish()
  await clock.advance(60_000)
  prober.hurry()
  expect(begun).toEqual([0])
  expect(clock.pending).toBe(0)
})
