import { fakeClock } from '@holdfast/testing'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { AnswerCheck, type Member } from '../src/upstream/answer-check.ts'
import { type Asking, type AskingEvent, idle, nextAsking } from '../src/upstream/asking.ts'

test('are asked once at a time, and not again before twice the time for an answer, whatever comes', () => {
  const event: fc.Arbitrary<AskingEvent> = fc.oneof(
    fc.record({ type: fc.constant('unanswered' as const), open: fc.nat(5), timeout: fc.constant(100) }),
    fc.constant<AskingEvent>({ type: 'silent' }),
    fc.constant<AskingEvent>({ type: 'over' }),
  )
  fc.assert(
    fc.property(fc.array(fc.tuple(event, fc.nat(120)), { maxLength: 60 }), (events) => {
      let state: Asking = idle
      let now = 0
      let askedAt = Number.NEGATIVE_INFINITY
      for (const [one, after] of events) {
        now += after
        const before: Asking = state
        const [next, action] = nextAsking(state, one, now)
        state = next
        if (action === 'ask') {
          expect(before.name).toBe('idle')
          expect(now - askedAt).toBeGreaterThanOrEqual(200)
          askedAt = now
        }
        if (action === 'silent') {
          const { asked, silent } = before as Extract<Asking, { name: 'asking' }>
          expect(silent).toBeGreaterThan(Math.max(1, asked / 2))
        }
        if (one.type === 'over') expect(state.name).toBe('idle')
      }
    }),
    { numRuns: 1000 },
  )
})

describe('connections of an upstream that has left one unanswered', () => {
  /** So many connections, of which those answer that the test says. */
  function connections(count: number, answers: (i: number) => boolean) {
    const clock = fakeClock()
    let silent = 0
    let proofs = 0
    const check = new AnswerCheck({
      clock,
      timeoutMs: () => 10_000,
      onProof: () => proofs++,
      onSilent: () => silent++,
    })
    const asked: { at: number; by: number }[] = []
    const gone: { i: number; at: number }[] = []
    const members = Array.from({ length: count }, (_, i): Member => {
      const member: Member = {
        ask: (by) => asked.push({ at: clock.now(), by }),
        check(now) {
          if (answers(i)) return
          gone.push({ i, at: now })
          check.gaveUp(member)
        },
      }
      check.add(member)
      return member
    })
    return { clock, check, members, asked, gone, silent: () => silent, proofs: () => proofs }
  }

  test('have a Ping each within a second, and those that do not answer in time go together', () => {
    const { clock, check, asked, gone, silent } = connections(1000, (i) => i % 2 === 0)
    check.unanswered()
    check.unanswered()
    expect(asked.length).toBeLessThan(50)
    clock.tick(1000)
    expect(asked).toHaveLength(1000)
    expect(new Set(asked.map(({ by }) => by))).toEqual(new Set([10_000]))
    clock.tick(8999)
    expect(gone).toEqual([])
    clock.tick(1)
    expect(gone.map(({ i }) => i % 2)).toEqual(Array.from({ length: 500 }, () => 1))
    expect(silent()).toBe(0)
    expect(clock.pending).toBe(0)
  })

  test('show that it answers nobody when most of them do not', () => {
    const { clock, check, silent } = connections(10, (i) => i < 4)
    check.unanswered()
    clock.tick(10_000)
    expect(silent()).toBe(1)
    check.unanswered()
    expect(clock.pending).toBe(0)
    clock.tick(10_000)
    check.unanswered()
    expect(clock.pending).toBe(1)
  })

  test('are asked for another worker, too, which hears of no proof but its own', () => {
    const { clock, check, asked, proofs } = connections(2, () => true)
    check.unanswered(true)
    clock.tick(10_000)
    expect(asked).toHaveLength(2)
    expect(proofs()).toBe(0)
    clock.tick(10_000)
    check.unanswered()
    expect(proofs()).toBe(1)
    const none = connections(0, () => true)
    none.check.unanswered()
    none.check.unanswered()
    expect(none.proofs()).toBe(1)
    expect(none.clock.pending).toBe(0)
  })

  test('leave no timer behind when they have ended meanwhile', () => {
    const { clock, check, members } = connections(3, () => true)
    check.unanswered()
    for (const member of members) check.remove(member)
    expect(clock.pending).toBe(0)
    check.unanswered()
    expect(clock.pending).toBe(0)
  })
})
