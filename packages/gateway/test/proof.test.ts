import { fakeClock } from '@holdfast/testing'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type PackedProof, Proof } from '../src/hold/proof.ts'
import type { Replay } from '../src/hold/replay/module.ts'
import { Restoring } from '../src/hold/restoring.ts'

const clock = fakeClock()

function module(restores: boolean): Replay {
  return {
    onClient() {},
    onUpstream() {},
    replay: () => [],
    swallow: () => false,
    restores: () => restores,
  }
}

function proof(state: 'auto' | 'none', replay?: Replay, route = new Restoring()) {
  const deps = {
    worthAsking: () => route.worthAsking,
    mayWaitOn: () => route.mayWaitOn,
    onAsking: (by: 1 | -1) => route.asking(by),
    onAnswer: (restored: boolean) => route.answered(restored),
    shortRetry: () => 100,
  }
  return new Proof(state, () => replay, deps, clock)
}

describe('who has restored a session', () => {
  test.each([
    ['auto', undefined, false, undefined],
    ['auto', undefined, true, 'upstream'],
    ['auto', module(true), false, 'replay'],
    ['auto', module(true), true, 'upstream'],
    ['auto', module(false), false, undefined],
    ['auto', module(false), true, 'upstream'],
    ['none', undefined, false, 'stateless'],
    ['none', module(true), false, 'replay'],
    ['none', module(false), false, 'stateless'],
    ['none', undefined, true, 'upstream'],
  ] as const)('state: %s, replay %o, the upstream says %s: %s', (state, replay, restored, by) => {
    const one = proof(state, replay)
    one.departed(false, true)
    expect(one.judge(restored)).toBe(by)
  })
})

describe('losses', () => {
  type Departure = { spoke: boolean; lost: boolean }

  test('two without a message in between are one too many, over any restarts that are announced', () => {
    const departure = fc.record({ spoke: fc.boolean(), lost: fc.boolean() })
    fc.assert(
      fc.property(fc.array(departure), fc.boolean(), (departures: Departure[], moves) => {
        let one = proof('none')
        let inARow = 0
        for (const { spoke, lost } of departures) {
          if (spoke) inARow = 0
          // What the next loss would be, whether or not this departure is one.
          expect(one.objections(spoke).lostAgain).toBe(!spoke && inARow > 0)
          one.departed(spoke, lost)
          if (lost) inARow++
          if (!moves) continue
          const packed: PackedProof = JSON.parse(JSON.stringify(one.pack()))
          one = proof('none')
          one.unpack(packed)
        }
      }),
    )
  })

  test('and so is the thirty-first re-attachment in five minutes, whatever upstreams say', () => {
    let one = proof('none')
    for (let i = 0; i < 30; i++) {
      expect(one.objections(true).tooOften).toBe(false)
      one.departed(true, false)
      one.judge(false)
      clock.tick(9_000)
      const packed = one.pack()
      one = proof('none')
      one.unpack(packed)
    }
    expect(one.objections(true).tooOften).toBe(true)
    clock.tick(30_001)
    expect(one.objections(true).tooOften).toBe(false)
  })
})

describe('whether it is worth to ask an upstream', () => {
  test('until one has said no; for longer than a moment only for one client; and for all once one has said yes', () => {
    const route = new Restoring()
    const [first, second, third] = [
      proof('auto', undefined, route),
      proof('auto', undefined, route),
      proof('auto', undefined, route),
    ]
    expect(first!.objections(true).unproven).toBe(false)
    first!.departed(true, true)
    expect(second!.objections(true).unproven).toBe(false)
    second!.departed(true, true)
    expect([first!.idle, second!.idle]).toEqual([true, true])
    second!.asked()
    second!.asked()
    expect(first!.idle).toBe(false)
    expect(first!.judge(undefined)).toBeUndefined()
    // Who asks already is not sent away because of itself, but does not wait on either.
    expect([first!.objections(true).unproven, first!.idle]).toEqual([false, true])
    first!.asked()

    expect(second!.objections(true).unproven).toBe(true)
    expect(third!.objections(true).unproven).toBe(true)
    third!.departed(true, true)
    expect(third!.judge(true)).toBe('upstream')
    expect(third!.idle).toBe(false)
    expect(second!.objections(true).unproven).toBe(false)
    expect(first!.objections(true).unproven).toBe(false)
    second!.departed(true, true)
    expect(second!.judge(false)).toBeUndefined()
    expect(first!.objections(true).unproven).toBe(false)
  })

  test('and of an upstream that has said that it restores, whatever others of the route have said, also in another process', () => {
    const route = new Restoring()
    route.answered(false)
    let told = proof('auto', undefined, route)
    told.departed(true, false)
    expect(told.judge(false)).toBeUndefined()
    const packed: PackedProof = JSON.parse(JSON.stringify(told.pack()))
    told = proof('auto', undefined, route)
    expect(told.objections(true).unproven).toBe(true)
    told.unpack(packed)
    expect(told.objections(true).unproven).toBe(false)
    told.departed(true, false)
    proof('auto', undefined, route).ask()
    expect(told.idle).toBe(false)
    // The next one says nothing about it.
    told.judge(undefined)
    told.asked()
    expect(told.objections(true).unproven).toBe(true)
  })

  test('in the place of a client that was let go, one question at a time, and none after a reload', async () => {
    const route = new Restoring()
    const asked: ((restored?: boolean) => void)[] = []
    const signals: AbortSignal[] = []
    const ask = () =>
      route.ask((signal) => {
        signals.push(signal)
        return new Promise((resolve) => asked.push(resolve))
      })
    ask()
    route.answered(false)
    proof('auto', undefined, route).departed(true, true)
    ask()
    expect(asked.length).toBe(0)
    route.asking(-1)
    ask()
    ask()
    expect(asked.length).toBe(1)
    asked[0]!(undefined)
    const askAgain = () => {
      ask()
      return asked.length
    }
    await expect.poll(askAgain).toBe(2)
    expect(route.worthAsking).toBe(false)
    asked[1]!(true)
    await expect.poll(() => route.worthAsking).toBe(true)
    expect([route.mayWaitOn, signals[1]!.aborted]).toEqual([true, false])

    route.forget()
    route.answered(false)
    ask()
    expect(asked.length).toBe(3)
    route.forget()
    expect(signals[2]!.aborted).toBe(true)
    route.answered(false)
    asked[2]!(true)
    await Promise.resolve()
    expect(route.worthAsking).toBe(false)
  })

  test('never of who needs no word of it, and again after a reload', () => {
    const route = new Restoring()
    route.answered(false)
    expect(proof('auto', undefined, route).objections(true).unproven).toBe(true)
    expect(proof('auto', module(true), route).objections(true).unproven).toBe(false)
    expect(proof('none', undefined, route).objections(true).unproven).toBe(false)
    route.forget()
    expect(proof('auto', undefined, route).objections(true).unproven).toBe(false)
  })
})
