import { fakeClock } from '@holdfast/testing'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  ClientMemory,
  clientsAtMost,
  minUptimeMs,
  nextReturns,
  type Returns,
} from '../src/session/client-memory.ts'

const client = { address: '203.0.113.7', target: '/ws?token=1', protocols: ['chat'], userAgent: 'A' }
const most = () => 0.999_999

/** A memory, and its clock. */
function memory(random = most) {
  const clock = fakeClock()
  return { clock, clients: new ClientMemory(clock, random) }
}

/** Numbers that are as good as drawn. */
function drawing(seed: number): () => number {
  let state = seed
  return () => {
    state = (state * 16_807) % 2_147_483_647
    return state / 2_147_483_647
  }
}

/** How many connections a client makes in 20 s that comes back 10 ms after each Close, to any worker. */
function returnsIn20s(workers: number, seed: number): number {
  const clock = fakeClock()
  const random = drawing(seed)
  const memories = Array.from({ length: workers }, () => new ClientMemory(clock, random, workers))
  let count = 0
  while (clock.now() < 20_000) {
    count++
    const { pause } = memories[Math.floor(random() * workers)]!.turnAway(client, false)
    clock.tick(pause + 10)
  }
  return count
}

describe('a client that is turned away', () => {
  test('and comes back at once each time waits longer and longer for its Close, up to 30 s', () => {
    const { clock, clients } = memory()
    const pauses = Array.from({ length: 9 }, () => {
      const { pause } = clients.turnAway(client, false)
      clock.tick(pause + 1)
      return pause
    })
    expect(pauses).toEqual([0, 1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000, 30_000])
  })

  test('and comes back when it was asked to is told at once', () => {
    const { clock, clients } = memory()
    for (let n = 0; n < 9; n++) {
      const { pause, retry } = clients.turnAway(client, false)
      expect(pause).toBe(0)
      clock.tick(retry)
    }
  })

  test('and obeys such things by its own word is told at once, and to come back later each time', () => {
    const { clock, clients } = memory()
    const retries = Array.from({ length: 5 }, () => {
      const { pause, retry } = clients.turnAway(client, true)
      expect(pause).toBe(0)
      clock.tick(1)
      return retry
    })
    expect(retries).toEqual([2_000, 4_000, 8_000, 10_000, 10_000])
  })

  test('is told the delay that is known to be right', () => {
    const { clock, clients } = memory()
    expect(clients.turnAway(client, false, 700)).toEqual({ pause: 0, retry: 700 })
    clock.tick(699)
    expect(clients.turnAway(client, false, 700).pause).toBe(1_000)
  })

  test('and others behind its address that come together with it count as one', () => {
    const { clients } = memory()
    clients.turnAway(client, false)
    const [first, ...others] = Array.from({ length: 1_000 }, () => clients.turnAway(client, false).pause)
    expect(new Set(others)).toEqual(new Set([first]))
  })

  test('is forgotten when a connection of it has lasted, and not when it was cut short', () => {
    const { clock, clients } = memory()
    for (let n = 0; n < 3; n++) {
      clients.turnAway(client, false)
      clock.tick(10)
    }
    clients.lasted(client, minUptimeMs - 1)
    expect(clients.turnAway(client, false).pause).toBeGreaterThan(0)
    clients.lasted(client, minUptimeMs)
    expect(clients.turnAway(client, false).pause).toBe(0)
  })

  test('is forgotten after two minutes', () => {
    const { clock, clients } = memory()
    clients.turnAway(client, false, 1e9)
    clock.tick(119_999)
    expect(clients.turnAway(client, false, 1e9).pause).toBe(1_000)
    clock.tick(121_000)
    expect(clients.turnAway(client, false).pause).toBe(0)
  })

  test('is told from others by its address, its path and its subprotocols, and not by its query', () => {
    const { clients } = memory()
    clients.turnAway(client, false)
    const pause = (other: Partial<typeof client>) => clients.turnAway({ ...client, ...other }, false).pause
    expect(pause({ address: '203.0.113.8' })).toBe(0)
    expect(pause({ target: '/other' })).toBe(0)
    expect(pause({ protocols: [] })).toBe(0)
    expect(pause({ target: '/ws?token=2' })).toBe(1_000)
  })
})

test('a pause and a delay are spread over a quarter, and never longer than the longest', () => {
  const returns: fc.Arbitrary<Returns> = fc.record({
    times: fc.nat(20),
    toldAt: fc.integer({ min: -1e6, max: 1e6 }),
    returnAt: fc.integer({ min: -1e6, max: 2e6 }),
  })
  const number = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true })
  fc.assert(
    fc.property(fc.option(returns, { nil: undefined }), number, fc.boolean(), (before, drawn, obeys) => {
      const { returns: after, told } = nextReturns(before, { now: 0, random: () => drawn, obeys })
      expect(told.pause).toBeGreaterThanOrEqual(0)
      expect(told.pause).toBeLessThanOrEqual(30_000)
      expect(told.retry).toBeGreaterThanOrEqual(1_500)
      expect(told.retry).toBeLessThanOrEqual(10_000)
      expect(after.returnAt).toBe(told.pause + told.retry)
      if (obeys || !before) expect(told.pause).toBe(0)
    }),
  )
})

describe('a client that has asked why', () => {
  test('is known by address, path and user agent', () => {
    const { clients } = memory()
    expect(clients.hasAsked(client)).toBe(false)
    expect(clients.asked(client)).toBe(2_000)
    expect(clients.hasAsked({ ...client, target: '/ws' })).toBe(true)
    expect(clients.hasAsked({ ...client, userAgent: 'B' })).toBe(false)
    expect(clients.hasAsked({ ...client, address: '203.0.113.8' })).toBe(false)
  })

  test('is asked to come back later each time, until a connection has lasted', () => {
    const { clock, clients } = memory()
    clients.asked(client)
    clock.tick(1)
    expect(clients.asked(client)).toBe(4_000)
    clients.lasted(client, minUptimeMs)
    expect(clients.hasAsked(client)).toBe(true)
    expect(clients.asked(client)).toBe(2_000)
  })
})

test('a client that has no backoff makes few connections more when it comes to another worker each time', () => {
  const mean = (workers: number) => {
    const counts = Array.from({ length: 50 }, (_, n) => returnsIn20s(workers, 1_000 + n * 7_919))
    return counts.reduce((sum, count) => sum + count) / counts.length
  }
  const alone = mean(1)
  expect(alone).toBeLessThan(7)
  for (const workers of [2, 4, 8]) expect(mean(workers)).toBeLessThan(alone + workers)
})

test('clients are remembered up to a number, those that were seen longest ago forgotten first', () => {
  const { clients } = memory()
  const asker = (n: number) => ({ ...client, address: `address ${n}` })
  for (let n = 0; n <= clientsAtMost; n++) {
    clients.asked(asker(n))
    clients.turnAway(asker(n), false)
    if (n === clientsAtMost - 1) clients.asked(asker(0))
  }
  expect(clients.hasAsked(asker(0))).toBe(true)
  expect(clients.hasAsked(asker(1))).toBe(false)
  expect(clients.hasAsked(asker(clientsAtMost))).toBe(true)
  expect(clients.turnAway(asker(0), false).pause).toBe(0)
  expect(clients.turnAway(asker(clientsAtMost), false).pause).toBe(1_000)
})
