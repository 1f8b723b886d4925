import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Balance } from '../src/core/options.ts'
import {
  type Candidate,
  type Credits,
  hashKey,
  highestRandomWeight,
  leastConnections,
  pickUpstream,
  randomTwo,
  roundRobin,
} from '../src/upstream/pick-upstream.ts'
import { clientRequest } from './dialling.ts'

const candidate = (id: string, weight = 1, connections = 0) => ({ id, weight, connections })
const pool = (weights: readonly number[]) => weights.map((weight, i) => candidate(`ws://u${i}`, weight))
const weightLists = fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 8 })
const sum = (numbers: readonly number[]) => numbers.reduce((a, b) => a + b, 0)
const count = (ids: readonly string[], id: string) => ids.filter((one) => one === id).length

/** A repeatable source of numbers in [0, 1). */
function numbers(seed: number): () => number {
  let state = seed
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return state / 2 ** 32
  }
}

function turns(candidates: readonly Candidate[], times: number): string[] {
  let credits: Credits = new Map()
  return Array.from({ length: times }, () => {
    const choice = roundRobin(candidates, credits)
    credits = choice.credits
    return choice.chosen.id
  })
}

describe('round-robin', () => {
  test('gives every candidate exactly its weight in each round', () => {
    fc.assert(
      fc.property(weightLists, fc.integer({ min: 1, max: 3 }), (weights, rounds) => {
        const chosen = turns(pool(weights), sum(weights) * rounds)
        for (const [i, weight] of weights.entries()) expect(count(chosen, `ws://u${i}`)).toBe(weight * rounds)
      }),
    )
  })

  test('spreads the turns of a heavy candidate over the round', () => {
    expect(turns([candidate('a', 5), candidate('b'), candidate('c')], 7).join('')).toBe('aabacaa')
  })

  test('never lets a candidate get further from its share than there are candidates', () => {
    fc.assert(
      fc.property(weightLists, fc.integer({ min: 1, max: 60 }), (weights, times) => {
        const chosen = turns(pool(weights), times)
        for (const [i, weight] of weights.entries()) {
          const share = (times * weight) / sum(weights)
          expect(Math.abs(count(chosen, `ws://u${i}`) - share)).toBeLessThan(weights.length)
        }
      }),
    )
  })

  test('gives no burst to a candidate that comes back', () => {
    const [a, b] = [candidate('a'), candidate('b')]
    let credits: Credits = new Map()
    const next = (...candidates: Candidate[]) => {
      const choice = roundRobin(candidates, credits)
      credits = choice.credits
      return choice.chosen.id
    }
    next(a, b)
    for (let i = 0; i < 100; i++) expect(next(a)).toBe('a')
    expect([next(a, b), next(a, b), next(a, b), next(a, b)].sort()).toEqual(['a', 'a', 'b', 'b'])
  })
})

describe('least-connections', () => {
  const candidates = fc.array(
    fc.record({ weight: fc.integer({ min: 1, max: 9 }), connections: fc.nat(20) }),
    { minLength: 1, maxLength: 8 },
  )

  test('chooses one that has the fewest connections for its weight', () => {
    fc.assert(
      fc.property(candidates, (list) => {
        const all = list.map((one, i) => ({ id: `ws://u${i}`, ...one }))
        const { chosen } = leastConnections(all, new Map())
        for (const { connections, weight } of all) {
          expect(chosen.connections * weight).toBeLessThanOrEqual(connections * chosen.weight)
        }
      }),
    )
  })

  test('brings connections to within one of each share of the weight', () => {
    fc.assert(
      fc.property(weightLists, fc.integer({ min: 1, max: 200 }), (weights, times) => {
        const all = pool(weights)
        let credits: Credits = new Map()
        for (let i = 0; i < times; i++) {
          const choice = leastConnections(all, credits)
          credits = choice.credits
          choice.chosen.connections++
        }
        const loads = all.map(({ connections, weight }) => connections / weight)
        expect(Math.max(...loads) - Math.min(...loads)).toBeLessThanOrEqual(1)
      }),
    )
  })

  test('gives those that tie their turns', () => {
    let credits: Credits = new Map()
    const all = pool([1, 1, 1])
    const chosen = Array.from({ length: 6 }, () => {
      const choice = leastConnections(all, credits)
      credits = choice.credits
      return choice.chosen.id
    })
    for (const { id } of all) expect(count(chosen, id)).toBe(2)
  })
})

describe('random-two', () => {
  test('never chooses the busiest of three or more', () => {
    fc.assert(
      fc.property(fc.integer({ min: 2, max: 8 }), fc.nat(), (others, seed) => {
        const all = [candidate('busy', 1, 10), ...pool(Array(others).fill(1))]
        expect(randomTwo(all, numbers(seed)).id).not.toBe('busy')
      }),
    )
  })

  test('serves equals in proportion to their weight', () => {
    const random = numbers(1)
    const chosen = Array.from({ length: 6_000 }, () => randomTwo(pool([1, 2, 3]), random).id)
    for (const [i, weight] of [1, 2, 3].entries()) {
      expect(count(chosen, `ws://u${i}`) / 6_000).toBeCloseTo(weight / 6, 1)
    }
  })

  test('compares connections per weight', () => {
    const all = [candidate('small', 1, 2), candidate('large', 4, 4)]
    expect(randomTwo(all, Math.random).id).toBe('large')
  })

  test('chooses the only one there is', () => {
    expect(randomTwo([candidate('only')], Math.random).id).toBe('only')
  })

  test('chooses one of the candidates whatever the numbers are', () => {
    fc.assert(
      fc.property(
        weightLists,
        fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
        (weights, number) => {
          const all = pool(weights)
          expect(all).toContain(randomTwo(all, () => number))
        },
      ),
    )
  })
})

describe('hash', () => {
  const keys = Array.from({ length: 4_000 }, (_, i) => `room-${i}`)
  const home = (all: readonly Candidate[]) =>
    new Map(keys.map((key) => [key, highestRandomWeight(all, key).id]))

  test('spreads keys in proportion to weight, within a tenth', () => {
    const weights = [1, 1, 2, 4]
    const homes = [...home(pool(weights)).values()]
    for (const [i, weight] of weights.entries()) {
      const share = (count(homes, `ws://u${i}`) / keys.length) * (sum(weights) / weight)
      expect(share).toBeGreaterThan(0.9)
      expect(share).toBeLessThan(1.1)
    }
  })

  test('moves only the keys of the candidate that goes', () => {
    fc.assert(
      fc.property(weightLists, fc.nat(), (weights, n) => {
        const all = pool(weights)
        const gone = all[n % all.length]!
        const rest = all.filter((one) => one !== gone)
        if (rest.length === 0) return
        for (const key of keys.slice(0, 50)) {
          const before = highestRandomWeight(all, key)
          if (before !== gone) expect(highestRandomWeight(rest, key)).toBe(before)
        }
      }),
    )
  })

  test('moves keys only to the candidate whose weight grows', () => {
    const before = home(pool([1, 1, 1]))
    const after = home(pool([1, 1, 3]))
    for (const key of keys) if (after.get(key) !== before.get(key)) expect(after.get(key)).toBe('ws://u2')
  })

  test('does not depend on the order of the candidates', () => {
    fc.assert(
      fc.property(weightLists, fc.string(), (weights, key) => {
        const all = pool(weights)
        expect(highestRandomWeight(all.toReversed(), key)).toBe(highestRandomWeight(all, key))
      }),
    )
  })

  test('spreads the keys of one that goes over all others', () => {
    const all = pool([1, 1, 1, 1, 1])
    const before = home(all)
    const after = home(all.slice(1))
    const moved = keys.filter((key) => before.get(key) === 'ws://u0').map((key) => after.get(key)!)
    for (const { id } of all.slice(1)) expect(count(moved, id) / moved.length).toBeCloseTo(0.25, 1)
  })
})

describe('the key of a hash', () => {
  const request = clientRequest({
    target: '/ws?a=1&room=blue%20sky&room=2',
    headers: [
      ['Cookie', 'sid=; theme=dark'],
      ['cookie', ' user = u7 ; token=a=b'],
      ['X-Tenant', 'acme'],
    ],
    address: '203.0.113.7',
  })
  test.each<[string, Extract<Balance, { by: 'hash' }>['key'], string]>([
    ['a cookie', { from: 'cookie', name: 'theme' }, 'dark'],
    ['a cookie of a second field', { from: 'cookie', name: 'user' }, 'u7'],
    ['a cookie whose value holds =', { from: 'cookie', name: 'token' }, 'a=b'],
    ['a header, whatever its case', { from: 'header', name: 'x-TENANT' }, 'acme'],
    ['a query parameter, decoded, the first of several', { from: 'query', name: 'room' }, 'blue sky'],
    ['the address', { from: 'address' }, '203.0.113.7'],
    ['the address for a missing cookie', { from: 'cookie', name: 'me' }, '203.0.113.7'],
    ['the address for an empty cookie', { from: 'cookie', name: 'sid' }, '203.0.113.7'],
    ['the address for a missing header', { from: 'header', name: 'x-room' }, '203.0.113.7'],
    ['the address for a missing query parameter', { from: 'query', name: 'b' }, '203.0.113.7'],
  ])('is %s', (_, key, value) => expect(hashKey(key, request)).toBe(value))

  test('is found in a target without a query', () => {
    expect(hashKey({ from: 'query', name: 'room' }, clientRequest({ target: '/ws' }))).toBe('203.0.113.7')
  })
})

test('every way of balancing chooses one of the candidates, and none of none', () => {
  const balances: Balance[] = [
    { by: 'round-robin' },
    { by: 'least-connections' },
    { by: 'random-two' },
    { by: 'hash', key: { from: 'address' } },
  ]
  const request = clientRequest()
  for (const balance of balances) {
    const all = pool([1, 2, 3])
    expect(all).toContain(pickUpstream(balance, all, new Map(), request, Math.random)?.chosen)
    expect(pickUpstream(balance, [], new Map(), request, Math.random)).toBeUndefined()
  }
})
