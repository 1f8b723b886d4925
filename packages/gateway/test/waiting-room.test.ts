import { fakeClock } from '@holdfast/testing'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { UpstreamSearch } from '../src/upstream/upstream-search.ts'
import { WaitingPlaces } from '../src/upstream/waiting-places.ts'
import { WaitingRoom } from '../src/upstream/waiting-room.ts'

const turnOfTheLoop = () => new Promise((resolve) => setImmediate(resolve))

/** A room whose clients dial an upstream that is there or not, as the test says. */
function roomWith({ wait = 10_000, perSecond = 100 as number | 'auto', places = 100_000 } = {}) {
  const clock = fakeClock()
  const search = new UpstreamSearch()
  const upstream = { isThere: false, takesMs: 0 }
  const dials: { at: number; who: string }[] = []
  const room = new WaitingRoom({
    search,
    places: new WaitingPlaces(() => places),
    wait: () => wait,
    perSecond: () => perSecond,
    isDown: () => !upstream.isThere,
    clock,
    random: () => 0.5,
  })
  /** Resolves with what became of it. */
  const client = async (who: string, address = 'a', signal = new AbortController().signal) => {
    const place = room.enter(address, clock.now(), signal)
    if (!place) return 'no room'
    try {
      for (;;) {
        const turn = await place.turn()
        if (turn !== 'dial') return turn
        dials.push({ at: clock.now(), who })
        const { isThere } = upstream
        if (upstream.takesMs > 0)
          await new Promise<void>((resolve) => clock.setTimeout(resolve, upstream.takesMs))
        place.dialled(isThere ? 'answered' : 'none', upstream.takesMs)
        if (isThere) return 'in'
      }
    } finally {
      place.leave()
    }
  }
  const pass = async (ms: number) => {
    for (let passed = 0; passed < ms; passed++) {
      clock.tick(1)
      await turnOfTheLoop()
    }
  }
  return { clock, search, upstream, dials, room, client, pass }
}

describe('while there is no upstream', () => {
  test('one alone dials at once and then about every 50 ms', async () => {
    const { client, dials, pass, clock } = roomWith({ wait: 1_000 })
    const result = client('1')
    await pass(1_000)
    expect(await result).toBe('over')
    expect(dials[0]!.at).toBeLessThanOrEqual(1)
    expect(dials.length).toBeGreaterThan(17)
    expect(dials.length).toBeLessThan(22)
    await turnOfTheLoop()
    expect(clock.pending).toBe(0)
  })

  test('a thousand dial no more often, each in turn', async () => {
    const { client, dials, pass, clock } = roomWith({ wait: 1_000 })
    const all = Array.from({ length: 1_000 }, (_, n) => client(String(n)))
    await pass(1_000)
    expect(new Set(await Promise.all(all))).toEqual(new Set(['over']))
    expect(dials.length).toBeLessThan(22)
    expect(new Set(dials.map(({ who }) => who)).size).toBe(dials.length)
    await turnOfTheLoop()
    expect(clock.pending).toBe(0)
  })

  test('an upstream that is silent does not keep them from dialling another, four at a time', async () => {
    const { client, dials, pass, upstream } = roomWith()
    upstream.takesMs = 2_000
    for (let n = 0; n < 10; n++) void client(String(n))
    await pass(1_000)
    expect(dials).toHaveLength(4)
  })

  test('one that goes away is gone at once', async () => {
    const { client, room, clock } = roomWith()
    const left = new AbortController()
    const result = client('1', 'a', left.signal)
    await turnOfTheLoop()
    left.abort()
    expect(await result).toBe('left')
    expect(room.size).toBe(0)
    expect(clock.pending).toBe(0)
  })

  test('one that goes away while it dials for all says nothing of the upstream', async () => {
    const { client, room, search, upstream, dials, pass } = roomWith()
    upstream.takesMs = 10_000
    let found = 0
    search.onFound(() => found++)
    const place = room.enter('b', 0, new AbortController().signal)!
    expect(await place.turn()).toBe('dial')
    void client('2')
    place.dialled('called off', 5)
    place.leave()
    await pass(60)
    expect(found).toBe(0)
    expect(dials.map(({ who }) => who)).toEqual(['2'])
  })

  test('all are told when the route drains', async () => {
    const { client, room, clock } = roomWith()
    const all = [client('1'), client('2', 'b')]
    await turnOfTheLoop()
    room.dismiss()
    expect(await Promise.all(all)).toEqual(['drains', 'drains'])
    expect(clock.pending).toBe(0)
  })
})

describe('when there is one', () => {
  test('they are let in at the rate that was asked for', async () => {
    const { client, dials, pass, upstream, clock } = roomWith({ perSecond: 100 })
    const all = Array.from({ length: 200 }, (_, n) => client(String(n)))
    await pass(300)
    upstream.isThere = true
    dials.length = 0
    await pass(2_200)
    expect(new Set(await Promise.all(all))).toEqual(new Set(['in']))
    const windows = Array.from({ length: 20 }, () => 0)
    for (const { at } of dials) windows[Math.min(19, Math.floor((at - 300) / 100))]!++
    // Ten, and what the search itself has dialled.
    expect(Math.max(...windows)).toBeLessThanOrEqual(15)
    await turnOfTheLoop()
    expect(clock.pending).toBe(0)
  })

  test('a health check that sees it opens the room at once', async () => {
    const { client, search, pass, upstream, dials } = roomWith()
    const all = [client('1'), client('2'), client('3')]
    await pass(20)
    upstream.isThere = true
    search.found()
    await pass(25)
    expect(await Promise.all(all)).toEqual(['in', 'in', 'in'])
    expect(dials.every(({ at }) => at <= 45)).toBe(true)
  })

  test('addresses take turns, and of one address who came first goes first', async () => {
    const { client, pass, upstream, search, dials } = roomWith()
    for (const who of ['a1', 'a2', 'a3', 'a4', 'b1', 'b2', 'c1']) void client(who, who[0])
    await turnOfTheLoop()
    dials.length = 0
    upstream.isThere = true
    search.found()
    await pass(200)
    expect(
      dials
        .slice(0, 3)
        .map(({ who }) => who[0])
        .sort(),
    ).toEqual(['a', 'b', 'c'])
    const ofB = dials.filter(({ who }) => who.startsWith('b')).map(({ who }) => who)
    expect(ofB).toEqual(['b1', 'b2'])
  })

  test('one that goes again stops it: they wait again', async () => {
    const { client, pass, upstream, dials } = roomWith({ perSecond: 100 })
    const all = Array.from({ length: 50 }, (_, n) => client(String(n)))
    await pass(60)
    upstream.isThere = true
    await pass(200)
    upstream.isThere = false
    const before = dials.length
    await pass(1_000)
    expect(dials.length - before).toBeLessThan(25)
    upstream.isThere = true
    await pass(1_000)
    expect(new Set(await Promise.all(all))).toEqual(new Set(['in']))
  })
})

test('whatever the upstream does, and whoever leaves: each gets one answer, and nothing is left behind', async () => {
  const step = fc.oneof(
    fc.record({ do: fc.constant('come' as const), address: fc.constantFrom('a', 'b', 'c') }),
    fc.record({ do: fc.constant('go' as const), who: fc.nat(20) }),
    fc.record({ do: fc.constant('upstream' as const), isThere: fc.boolean() }),
    fc.record({ do: fc.constant('pass' as const), ms: fc.integer({ min: 1, max: 40 }) }),
    fc.record({ do: fc.constant('reload' as const) }),
  )
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 40 }), async (steps) => {
      const { client, pass, upstream, room, clock } = roomWith({ wait: 200 })
      const results: Promise<string>[] = []
      const signals: AbortController[] = []
      for (const one of steps) {
        if (one.do === 'come') {
          const left = new AbortController()
          signals.push(left)
          results.push(client(String(results.length), one.address, left.signal))
        } else if (one.do === 'go') signals[one.who]?.abort()
        else if (one.do === 'upstream') upstream.isThere = one.isThere
        else if (one.do === 'reload') room.reconfigured()
        else await pass(one.ms)
      }
      await pass(250)
      for (const result of await Promise.all(results)) expect(['in', 'over', 'left']).toContain(result)
      expect(room.size).toBe(0)
      await turnOfTheLoop()
      expect(clock.pending).toBe(0)
    }),
    { numRuns: 40 },
  )
})
