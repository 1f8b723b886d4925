// What a node with more than its share gives to whom, round after round: a fleet of numbers, whose nodes hear of each other late.
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  announcedAfterMs,
  beginRebalancing,
  mostOf,
  nextRebalancing,
  type RebalanceOptions,
  type Rebalancing,
  shareOf,
} from '../src/fleet/rebalancing.ts'

const options: RebalanceOptions = { rate: 50, tolerance: 0.05, timeout: 300_000 }
const roundMs = 1000

interface Fleet {
  counts: number[]
  /** How many rounds late each node hears of each other one: no more than announcements take. */
  lateness: number[]
  rate: number
  tolerance: number
}

const fleets = fc.record<Fleet>({
  counts: fc.array(fc.integer({ min: 0, max: 400 }), { minLength: 2, maxLength: 6 }),
  lateness: fc.array(fc.integer({ min: 0, max: announcedAfterMs / roundMs - 2 }), {
    minLength: 6,
    maxLength: 6,
  }),
  rate: fc.integer({ min: 1, max: 100 }),
  tolerance: fc.double({ min: 0, max: 0.5, noNaN: true }),
})

/** Has these nodes rebalance at the same time. `takes`: whether the nth session that is offered is taken. */
function run({ counts, lateness, rate, tolerance }: Fleet, givers: number[], takes: (n: number) => boolean) {
  const its = { ...options, rate, tolerance }
  const now = [...counts]
  const history: number[][] = []
  const pairs = new Set<string>()
  const received = counts.map(() => 0)
  const states = new Map<number, Rebalancing>(givers.map((node) => [node, beginRebalancing(0)]))
  let offers = 0
  let most = 0
  for (let n = 0; [...states.values()].some(({ name }) => name !== 'over'); n++) {
    expect(n, 'rounds').toBeLessThan(options.timeout / roundMs + 2)
    history.unshift([...now])
    for (const [node, state] of states) {
      const others = now.flatMap((_, id) => {
        const seen = history[Math.min(lateness[id]!, history.length - 1)]!
        return id === node ? [] : [{ id: String(id), connections: seen[id]! }]
      })
      const at = n * roundMs
      const [next, to] = nextRebalancing(state, { type: 'round', at, own: now[node]!, others }, its)
      most = Math.max(most, to.length)
      const given = to.filter(() => takes(offers++))
      for (const id of given) {
        now[node]!--
        now[Number(id)]!++
        pairs.add(`${node} ${id}`)
        received[Number(id)]!++
      }
      const answer = { type: 'answered', at, given, notGiven: to.length - given.length, none: false } as const
      states.set(node, to.length === 0 ? next : nextRebalancing(next, answer, its)[0])
    }
  }
  return { now, pairs, received, most, states }
}

const fullestOf = (counts: number[]) => counts.indexOf(Math.max(...counts))
const loads = (counts: number[]) => counts.map((connections, id) => ({ id: String(id), connections }))

describe('a node that has more than its share', () => {
  test('gives what is too much, and no more, to those that have less, and nobody has too much by that', () => {
    fc.assert(
      fc.property(fleets, (fleet) => {
        const node = fullestOf(fleet.counts)
        const { now, received, most, states } = run(fleet, [node], () => true)
        const limit = mostOf(loads(fleet.counts), fleet.tolerance)
        const share = shareOf(loads(fleet.counts))
        expect(most).toBeLessThanOrEqual(fleet.rate)
        if (now[node] !== fleet.counts[node]) expect(now[node]).toBeGreaterThanOrEqual(limit)
        for (const [id, count] of received.entries())
          if (count > 0) expect(now[id]).toBeLessThanOrEqual(Math.ceil(share))
        const state = states.get(node)!
        if (state.name === 'over' && state.why === 'balanced') expect(now[node]).toBeLessThanOrEqual(limit)
      }),
    )
  })

  test('comes down to what it may have where it is the only one', () => {
    fc.assert(
      fc.property(fleets, ({ counts, ...fleet }) => {
        const alone = counts.map((_, id) => (id === 0 ? 400 : 0))
        const { now, states } = run({ ...fleet, counts: alone }, [0], () => true)
        expect(states.get(0)).toMatchObject({ name: 'over', why: expect.stringMatching(/balanced|timeout/) })
        expect(now[0]).toBeGreaterThanOrEqual(mostOf(loads(alone), fleet.tolerance))
      }),
    )
    const { now } = run(
      { counts: [400, 0, 0], lateness: [0, 4, 2, 0, 0, 0], rate: 50, tolerance: 0.05 },
      [0],
      () => true,
    )
    expect(now).toEqual([140, 130, 130])
  })

  test('gives nothing back, also where all of them rebalance at the same time', () => {
    fc.assert(
      fc.property(fleets, (fleet) => {
        const all = [...fleet.counts.keys()]
        const { now, pairs } = run(fleet, all, () => true)
        for (const pair of pairs) expect(pairs).not.toContain(pair.split(' ').reverse().join(' '))
        expect(now.reduce((a, b) => a + b)).toBe(fleet.counts.reduce((a, b) => a + b))
      }),
    )
  })

  test('ends, whatever the others take', () => {
    fc.assert(
      fc.property(fleets, fc.array(fc.boolean(), { minLength: 1 }), (fleet, answers) => {
        const { states } = run(fleet, [fullestOf(fleet.counts)], (n) => answers[n % answers.length]!)
        for (const state of states.values()) expect(state.name).toBe('over')
      }),
    )
    const { states } = run({ counts: [400, 0], lateness: [0, 0], rate: 50, tolerance: 0 }, [0], () => false)
    expect(states.get(0)).toMatchObject({ why: 'refused', given: 0, notGiven: 500 })
  })
})

test('ends at once by the word of somebody, and when there is nothing to give', () => {
  const begun = beginRebalancing(0)
  const [stopped] = nextRebalancing(begun, { type: 'over', why: 'stopped' }, options)
  expect(stopped).toEqual({ name: 'over', why: 'stopped', given: 0, notGiven: 0, recent: [] })
  // What is over stays so.
  expect(nextRebalancing(stopped, { type: 'over', why: 'draining' }, options)).toEqual([stopped, []])
  const none = { type: 'answered', at: 0, given: [], notGiven: 0, none: true } as const
  expect(nextRebalancing(begun, none, options)[0]).toMatchObject({ why: 'none-left' })
  const round = { type: 'round', at: 300_000, own: 9, others: [{ id: 'b', connections: 0 }] } as const
  expect(nextRebalancing(begun, round, options)[0]).toMatchObject({ why: 'timeout' })
  const even = { ...round, at: 0, others: [{ id: 'b', connections: 9 }] }
  expect(nextRebalancing(begun, even, options)[0]).toMatchObject({ why: 'balanced' })
})

test('what a run has given that was stopped counts in the next one, also what was on its way', () => {
  const even = { ...options, tolerance: 0, rate: 30 }
  const load = (own: number, at: number) =>
    ({ type: 'round', at, own, others: [{ id: 'b', connections: 0 }] }) as const
  const [begun, to] = nextRebalancing(beginRebalancing(0), load(100, 0), even)
  expect(to).toHaveLength(30)
  const [stopped] = nextRebalancing(begun, { type: 'over', why: 'stopped' }, even)
  const late = { type: 'answered', at: 500, given: to, notGiven: 0, none: false } as const
  const [before] = nextRebalancing(stopped, late, even)
  expect(before).toMatchObject({ name: 'over', why: 'stopped', given: 30 })
  // The other node has not said what it has got.
  const [running, more] = nextRebalancing(beginRebalancing(1000, before.recent), load(70, 1000), even)
  expect(running.given).toBe(0)
  expect(more.length).toBeLessThanOrEqual(20)
})
