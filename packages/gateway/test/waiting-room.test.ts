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
  const client = async (
    who: string,
    address = 'a',
    signal = new AbortController().signal,
    waitsAtMostMs?: number,
  ) => {
    const place = room.enter({ address, arrivedAt: clock.now(), waitsAtMostMs }, signal)
    if (!place) return 'no room'
    try {
      for (;;) {
        const turn = await place.turn()
        if (turn !== 'dial') return turn
        const begun = clock.now()
        dials.push({ at: begun, who })
        const { isThere } = upstream
        if (upstream.takesMs > 0)
          await new Promise<void>((resolve) => clock.setTimeout(resolve, upstream.takesMs))
        place.dialled(isThere ? 'answered' : 'none', clock.now() - begun)
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
    const place = room.enter({ address: 'b', arrivedAt: 0 }, new AbortController().signal)!
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

  test('who has dialled for all keeps his place: who came first goes first', async () => {
    const { client, pass, upstream, dials } = roomWith()
    const names = Array.from({ length: 30 }, (_, n) => String(n))
    for (const who of names) void client(who, who)
    await pass(800)
    expect(dials.length).toBeGreaterThan(10)
    upstream.isThere = true
    dials.length = 0
    await pass(600)
    const [scout, ...others] = dials.map(({ who }) => who)
    expect(others).toEqual(names.filter((who) => who !== scout))
  })

  test('those in line stay until they are let in, though their wait is over meanwhile', async () => {
    const { client, pass, upstream } = roomWith({ wait: 1_000, perSecond: 20 })
    const all = Array.from({ length: 50 }, (_, n) => client(String(n), String(n)))
    await pass(900)
    upstream.isThere = true
    await pass(2_800)
    expect(new Set(await Promise.all(all))).toEqual(new Set(['in']))
  })

  test('but not for longer than clients give a handshake', async () => {
    const { client, pass, upstream, clock } = roomWith({ wait: 1_000, perSecond: 10 })
    const all = Array.from({ length: 50 }, (_, n) => client(String(n), String(n)))
    await pass(900)
    upstream.isThere = true
    await pass(2_851)
    const results = await Promise.all(all)
    expect(results.filter((result) => result === 'in').length).toBeGreaterThan(25)
    expect(results.filter((result) => result === 'over').length).toBeGreaterThan(15)
    await turnOfTheLoop()
    expect(clock.pending).toBe(0)
  })

  test('they are let in as fast as they have to be, none too late', async () => {
    const { client, pass, upstream, dials } = roomWith({ wait: 3_000, perSecond: 'auto' })
    upstream.takesMs = 5
    const all = Array.from({ length: 1_500 }, (_, n) => client(String(n), String(n)))
    await pass(2_900)
    upstream.isThere = true
    dials.length = 0
    await pass(900)
    expect(new Set(await Promise.all(all))).toEqual(new Set(['in']))
    expect(dials.length).toBeGreaterThanOrEqual(1_500)
  })

  test('a thousand who came over three seconds are let in evenly: no 100 ms have three times the mean of 5 s', async () => {
    const { client, pass, upstream, dials } = roomWith({ wait: 3_500, perSecond: 'auto' })
    upstream.takesMs = 5
    const all: Promise<string>[] = []
    for (let n = 0; n < 1_000; n++) {
      all.push(client(String(n), String(n)))
      if (n % 10 === 9) await pass(30)
    }
    upstream.isThere = true
    dials.length = 0
    const back = dials.at(-1)?.at ?? 3_000
    await pass(3_000)
    expect(new Set(await Promise.all(all))).toEqual(new Set(['in']))
    const windows: number[] = Array.from({ length: 31 }, () => 0)
    for (const { at } of dials) windows[Math.floor((at - back) / 100)]!++
    expect(Math.max(...windows)).toBeLessThan(3 * (1_000 / 50))
  })

  test('a crowd that comes 5 s later is let in one after the other, too; and after 10 s nobody needs the room', async () => {
    const { client, pass, upstream, dials, room } = roomWith({ perSecond: 'auto' })
    const first = client('first')
    await pass(60)
    upstream.isThere = true
    await pass(60)
    expect(await first).toBe('in')
    await pass(4_900)
    expect(room.isWanted).toBe(true)
    expect(room.isNeeded).toBe(false)
    dials.length = 0
    const all = Array.from({ length: 200 }, (_, n) => client(String(n), String(n)))
    await pass(99)
    expect(dials.length).toBeGreaterThan(30)
    expect(dials.length).toBeLessThan(60)
    await pass(600)
    expect(new Set(await Promise.all(all))).toEqual(new Set(['in']))
    await pass(4_500)
    expect(room.isWanted).toBe(false)
  })

  test('one alone that comes after an outage that nobody has seen end is let in at once', async () => {
    const { client, pass, upstream, room } = roomWith({ wait: 500 })
    const result = client('1')
    await pass(600)
    expect(await result).toBe('over')
    upstream.isThere = true
    await pass(60_000)
    expect(room.isWanted).toBe(true)
    const next = client('2')
    await pass(1)
    expect(await next).toBe('in')
  })

  test('an impatient client waits less, whatever the route says, and drives nobody else', async () => {
    const { client, pass, upstream, dials, clock } = roomWith({ perSecond: 'auto' })
    for (let n = 0; n < 500; n++) void client(String(n), String(n))
    const impatient = client('impatient', 'b', undefined, 800)
    await pass(700)
    upstream.isThere = true
    dials.length = 0
    await pass(100)
    expect(dials.length).toBeLessThan(60)
    await pass(100)
    expect(await impatient).toBe('over')
    expect(clock.now()).toBeLessThan(1_000)
  })

  test('a dial from before the return that fails late does not begin it anew', async () => {
    const { client, pass, upstream, room, search } = roomWith()
    upstream.takesMs = 1_000
    const early = client('early')
    await pass(500)
    upstream.isThere = true
    upstream.takesMs = 5
    search.found()
    await pass(600)
    expect(await early).toBe('in')
    await pass(9_000)
    expect(room.isWanted).toBe(true)
    await pass(450)
    expect(room.isWanted).toBe(false)
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
      await pass(4_000)
      for (const result of await Promise.all(results)) expect(['in', 'over', 'left']).toContain(result)
      expect(room.size).toBe(0)
      await turnOfTheLoop()
      expect(clock.pending).toBe(0)
    }),
    { numRuns: 40 },
  )
})
