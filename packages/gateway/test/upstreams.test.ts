import {
  closedPort,
  eventually,
  fakeClock,
  type RouteInit,
  routeOptions,
  startUpstream,
} from '@holdfast/testing'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { systemClock } from '../src/core/clock.ts'
import { dialRoute } from '../src/upstream/dial-route.ts'
import { UpstreamPool } from '../src/upstream/upstreams.ts'
import { never } from './dialling.ts'
import { a, b, c, chat, health, log, poolOf, request } from './pool-host.ts'

describe('pick', () => {
  test('never gives the upstream that just failed when there is another', () => {
    const { pool, named, picks } = poolOf({ upstreams: [a, b] })
    expect(picks(4)).toEqual([a, a, b, b])
    expect(picks(4, named(a))).toEqual([b, b, b, b])
    expect(pool.usable()).toBe(true)
  })

  test('gives the only upstream again', () => {
    const { named, picks } = poolOf({ upstreams: [a] })
    expect(picks(2, named(a))).toEqual([a, a])
  })

  test('gives the next choice of a hash while the first is out, and the first again when it is back', () => {
    const { pool, named, fail, clock } = poolOf({
      upstreams: [a, b, c],
      balance: { by: 'hash', key: { from: 'address' } },
    })
    const first = pool.pick(request)!
    const second = pool.pick(request, first)!
    expect(second).not.toBe(first)
    fail(first.name)
    expect(pool.pick(request)).toBe(second)
    clock.tick(1_000)
    expect(pool.pick(request)).toBe(named(first.name))
  })

  test('obeys not, rest, health and drain together, whatever has happened', () => {
    const step = fc.record({
      on: fc.nat(2),
      do: fc.constantFrom('fail', 'work', 'drain', 'undrain', 'wait', 'acquire'),
    })
    const balance = fc.constantFrom<NonNullable<RouteInit['balance']>>(
      { by: 'round-robin' },
      { by: 'least-connections' },
      { by: 'random-two' },
      { by: 'hash', key: { from: 'address' } },
    )
    fc.assert(
      fc.property(fc.array(step), balance, fc.boolean(), fc.nat(3), (steps, way, judged, last) => {
        const { pool, clock } = poolOf({ upstreams: [a, b, c], balance: way, ...(judged && { health }) })
        const drained = new Set<string>()
        const undo = new Map<string, () => void>()
        for (const { on, do: what } of steps) {
          const upstream = pool.upstreams[on]!
          if (what === 'fail') pool.dialled(upstream, false)
          if (what === 'work') pool.dialled(upstream, true)
          if (what === 'acquire') pool.acquire(upstream)
          if (what === 'wait') clock.tick(700)
          if (what === 'drain') {
            undo.set(upstream.name, pool.drain(upstream.name))
            drained.add(upstream.name)
          }
          if (what === 'undrain') {
            undo.get(upstream.name)?.()
            drained.delete(upstream.name)
          }
        }
        const not = pool.upstreams[last]
        const usable = pool.upstreams.filter(({ healthy, name }) => healthy && !drained.has(name))
        const others = usable.filter((upstream) => upstream !== not)
        const rested = others.filter(({ rest }) => rest.until <= clock.now())
        const allowed = [rested, others, usable].find(({ length }) => length > 0) ?? [undefined]
        expect(allowed).toContain(pool.pick(request, not))
        expect(pool.usable()).toBe(usable.length > 0)
      }),
    )
  })
})

describe('without health', () => {
  test('an upstream that fails is avoided for 1 s, then 2 s, and never marked unhealthy', () => {
    const { picks, fail, clock, changes, named } = poolOf({ upstreams: [a, b] })
    fail(a)
    expect(picks(4)).toEqual([b, b, b, b])
    clock.tick(1_000)
    expect(picks(2)).toEqual([a, b])
    fail(a)
    clock.tick(1_999)
    expect(picks(2)).toEqual([b, b])
    clock.tick(1)
    expect(picks(2)).toEqual([a, b])
    expect(named(a)).toMatchObject({ healthy: true, lastError: 'connection refused' })
    expect(changes).toEqual([])
  })

  test('upstreams that all rest are picked all the same, but not the one that just failed', () => {
    const { picks, fail, named } = poolOf({ upstreams: [a, b] })
    fail(a, 9)
    fail(b, 9)
    expect(picks(2)).toEqual([a, b])
    expect(picks(2, named(a))).toEqual([b, b])
  })

  test('a dial that works ends the rest and clears the error', () => {
    const { pool, picks, fail, named } = poolOf({ upstreams: [a, b] })
    fail(a)
    pool.dialled(named(a), true)
    expect(picks(2)).toEqual([a, b])
    expect(named(a).lastError).toBeUndefined()
  })

  test('a busy answer is no failure, but its words are shown', () => {
    const { pool, picks, named } = poolOf({ upstreams: [a, b] })
    pool.dialled(named(a), true, 'status 503')
    expect(picks(2)).toEqual([a, b])
    expect(named(a).lastError).toBe('status 503')
  })
})

describe('with health', () => {
  test('dials that fail in a row make an upstream unhealthy, and only probes bring it back', async () => {
    const { pool, clock, picks, fail, named, changes } = poolOf({ upstreams: [a, b], health })
    pool.start()
    await clock.advance(0)
    fail(a, 2)
    pool.dialled(named(a), true)
    fail(a, 2)
    expect(picks(2)).toEqual([a, b])
    fail(a)
    expect(picks(2)).toEqual([b, b])
    pool.dialled(named(a), true)
    expect(named(a).healthy).toBe(false)
    await clock.advance(5_000)
    expect(named(a).healthy).toBe(false)
    await clock.advance(5_000)
    expect(named(a)).toMatchObject({ healthy: true, lastError: undefined })
    expect(changes).toEqual([`${a} unhealthy: connection refused`, `${a} healthy`])
    pool.stop()
    expect(clock.pending).toBe(0)
  })

  test('probes that fail in a row make an upstream unhealthy, at the interval of the route', async () => {
    const { pool, clock, sick, probes, changes, picks } = poolOf({ upstreams: [a, b], health })
    sick['10.0.0.1'] = 'no pong in 2 s'
    pool.start()
    await clock.advance(10_000)
    expect(changes).toEqual([`${a} unhealthy: no pong in 2 s`])
    expect(probes.filter(({ host }) => host === '10.0.0.1').map(({ at }) => at)).toEqual([0, 5_000, 10_000])
    expect(picks(2)).toEqual([b, b])
    pool.stop()
  })

  test('when every upstream is unhealthy nothing is picked, and probes come every 250 ms until one is back', async () => {
    const { pool, clock, sick, probes, fail, picks, changes } = poolOf({ upstreams: [a, b], health })
    pool.start()
    await clock.advance(1_000)
    sick['10.0.0.1'] = sick['10.0.0.2'] = 'connection refused'
    fail(a, 3)
    fail(b, 3)
    expect(pool.usable()).toBe(false)
    expect(picks(1)).toEqual([undefined])
    probes.length = 0
    await clock.advance(1_000)
    delete sick['10.0.0.1']
    await clock.advance(500)
    const at = probes.filter(({ host }) => host === '10.0.0.1').map((one) => one.at)
    expect(at).toEqual([1_250, 1_500, 1_750, 2_000, 2_250, 2_500])
    expect(picks(2)).toEqual([a, a])
    probes.length = 0
    await clock.advance(4_000)
    expect(probes.filter(({ host }) => host === '10.0.0.1')).toEqual([])
    expect(changes.at(-1)).toBe(`${a} healthy`)
    pool.stop()
  })

  test('a probe that stop ends says nothing any more', async () => {
    const { pool, clock, sick, probes, changes } = poolOf({
      upstreams: [a],
      health: { ...health, unhealthy: 1 },
    })
    sick['10.0.0.1'] = 'connection refused'
    pool.start()
    clock.tick(0)
    expect(probes).toHaveLength(1)
    pool.stop()
    await clock.advance(0)
    expect(changes).toEqual([])
  })

  test('a listener that throws harms neither the pool nor the next listener', () => {
    const { pool, fail, changes } = poolOf({ upstreams: [a], health })
    const undo = pool.onHealthChange(() => {
      throw new Error('oops')
    })
    const seen: boolean[] = []
    pool.onHealthChange(({ healthy }) => void seen.push(healthy))
    fail(a, 3)
    undo()
    expect(changes).toHaveLength(1)
    expect(seen).toEqual([false])
  })
})

describe('connections', () => {
  test('are counted until they are released, once each', () => {
    const { pool, named } = poolOf({ upstreams: [a] })
    const release = [pool.acquire(named(a)), pool.acquire(named(a))]
    expect(named(a).connections).toBe(2)
    release[0]!()
    release[0]!()
    expect(named(a).connections).toBe(1)
    release[1]!()
    expect(named(a).connections).toBe(0)
  })

  test('make an upstream that has fewer the first choice', () => {
    const { pool, named, picks } = poolOf({ upstreams: [a, b], balance: { by: 'least-connections' } })
    pool.acquire(named(a))
    expect(picks(2)).toEqual([b, b])
  })
})

describe('a drained upstream', () => {
  test('is not picked until that is undone', () => {
    const { pool, picks } = poolOf({ upstreams: [a, b] })
    const undo = pool.drain(a)
    expect(picks(2)).toEqual([b, b])
    undo()
    expect(picks(2)).toEqual([a, b])
  })

  test('is not picked even when it is the only one', () => {
    const { pool, picks } = poolOf({ upstreams: [a] })
    pool.drain(a)
    expect(picks(1)).toEqual([undefined])
    expect(pool.usable()).toBe(false)
  })
})

describe('reconfigure', () => {
  test('keeps what is known of upstreams that stay, returns those that go, picks those that come', async () => {
    const { pool, clock, fail, named, picks } = poolOf({ upstreams: [a, b], health })
    pool.start()
    fail(a, 3)
    pool.acquire(named(a))
    const [before, gone] = [named(a), named(b)]
    const { removed } = pool.reconfigure(
      routeOptions({ upstreams: [c, { url: a, weight: 7 }], health, balance: { by: 'round-robin' } }),
    )
    expect(removed).toEqual([gone])
    expect(pool.upstreams.map(({ name }) => name)).toEqual([c, a])
    expect(named(a)).toBe(before)
    expect(named(a)).toMatchObject({
      healthy: false,
      connections: 1,
      weight: 7,
      lastError: 'connection refused',
    })
    expect(picks(2)).toEqual([c, c])
    await clock.advance(0)
    pool.stop()
    expect(clock.pending).toBe(0)
  })

  test('ends the probes of what goes and begins those of what comes', async () => {
    const { pool, clock, probes } = poolOf({ upstreams: [a], health })
    pool.start()
    await clock.advance(0)
    pool.reconfigure(routeOptions({ upstreams: [b], health: { ...health, interval: 1_000 } }))
    probes.length = 0
    await clock.advance(2_000)
    expect(probes).toEqual([0, 1_000, 2_000].map((at) => ({ at, host: '10.0.0.2' })))
    pool.stop()
  })

  test('changes the interval of the probes of what stays', async () => {
    const { pool, clock, probes } = poolOf({ upstreams: [a], health })
    pool.start()
    await clock.advance(0)
    pool.reconfigure(routeOptions({ upstreams: [a], health: { ...health, interval: 1_000 } }))
    await clock.advance(2_000)
    expect(probes.map(({ at }) => at)).toEqual([0, 0, 1_000, 2_000])
    pool.stop()
  })

  test('without health any more frees an unhealthy upstream, which no probe would', () => {
    const { pool, fail, named, changes } = poolOf({ upstreams: [a], health })
    fail(a, 3)
    pool.reconfigure(routeOptions({ upstreams: [a] }))
    expect(named(a).healthy).toBe(true)
    expect(changes).toHaveLength(2)
  })

  test('keeps drained upstreams out until they are taken back in', () => {
    const { pool, picks } = poolOf({ upstreams: [a, b] })
    pool.drain(a)
    pool.reconfigure(routeOptions({ upstreams: [a, b] }))
    expect(picks(2)).toEqual([b, b])
    expect(pool.undrain(a)).toBe(true)
    expect(pool.undrain(a)).toBe(false)
    expect(picks(2).toSorted()).toEqual([a, b])
  })

  test('forgets that an upstream was drained that is gone and comes back', () => {
    const { pool, picks } = poolOf({ upstreams: [a, b] })
    pool.drain(a)
    pool.reconfigure(routeOptions({ upstreams: [b] }))
    pool.reconfigure(routeOptions({ upstreams: [a, b] }))
    expect(picks(2).toSorted()).toEqual([a, b])
  })

  test('of a pool that was not started starts nothing', () => {
    const { pool, clock } = poolOf({ upstreams: [a], health })
    pool.reconfigure(routeOptions({ upstreams: [a, b, chat], health }))
    expect(clock.pending).toBe(0)
  })
})

test('a real server that goes and comes back is unhealthy, then healthy, long before its interval is over', async () => {
  const port = await closedPort()
  const route = routeOptions({
    upstreams: [`ws://127.0.0.1:${port}`],
    health: { ...health, path: '/', interval: 60_000, unhealthy: 1 },
  })
  const pool = new UpstreamPool(route, { clock: systemClock, random: () => 0, log })
  pool.start()
  try {
    await eventually('the upstream is unhealthy', () => !pool.usable())
    expect(pool.upstreams[0]?.lastError).toBe('connection refused')
    await using _ = await startUpstream({ port })
    // Five seconds at most, where the interval is a minute; the exact times are held above, by a clock of the test's own.
    await eventually('the upstream is healthy', () => pool.usable())
  } finally {
    pool.stop()
  }
})

test('a probe that this process has no descriptor for says nothing of the upstream', async () => {
  const clock = fakeClock()
  let probes = 0
  const pool = new UpstreamPool(routeOptions({ upstreams: [a], health }), {
    clock,
    random: () => 0,
    log,
    probe: async () => {
      probes++
      return { ok: false, words: 'no sockets left', ours: true }
    },
  })
  pool.start()
  for (let i = 0; i < 5; i++) {
    clock.tick(health.interval)
    await new Promise((resolve) => setImmediate(resolve))
  }
  expect(probes).toBeGreaterThan(health.unhealthy)
  expect(pool.usable()).toBe(true)
  pool.stop()
})

describe('after an outage of all upstreams', () => {
  const away = (balance: RouteInit['balance'] = { by: 'least-connections' }) => {
    const host = poolOf({ upstreams: [a, b, c], balance })
    for (const name of [a, b, c]) host.fail(name)
    // Each rests for two seconds.
    host.clock.tick(1_100)
    for (const name of [a, b, c]) host.fail(name)
    host.clock.tick(500)
    return host
  }

  test('one client tries each of the others, and those that answer have their share at once', () => {
    const { pool, named, picks, clock } = away()
    pool.dialled(named(a), true)
    expect(picks(10)).toEqual([...Array(8).fill(a), b, c])
    pool.dialled(named(b), true)
    for (let i = 0; i < 4; i++) pool.acquire(named(a))
    expect(picks(4)).toEqual([b, b, b, b])
    clock.tick(25)
    expect(picks(4)).toEqual([b, b, b, c])
  })

  test.each([
    [1, 0],
    [2, 1],
    [3, 1],
  ])(
    'with %i attempts no client is turned away because it tried others: it costs it %i',
    async (attempts, tried) => {
      await using upstream = await startUpstream()
      const refusing = await Promise.all([closedPort(), closedPort()])
      const there = upstream.url
      const upstreams = [there, ...refusing.map((port) => `ws://127.0.0.1:${port}`)]
      const init = { upstreams, attempts, balance: { by: 'round-robin' } } as const
      const { pool, named, fail, clock } = poolOf(init)
      for (const { name } of pool.upstreams) fail(name)
      clock.tick(500)
      pool.dialled(named(there), true)
      clock.tick(10)
      const result = await dialRoute(routeOptions(init), pool, request, never(), clock)
      expect(result).toMatchObject({ ok: true, upstream: { name: there } })
      if (!result.ok) return
      result.dialled.wire.destroy()
      result.release()
      const refused = pool.upstreams.filter(({ name, triedAt }) => name !== there && triedAt === clock.wall())
      expect(refused).toHaveLength(tried)
    },
  )

  test('those that are probed are probed as often as in the outage, for a while', async () => {
    const { pool, clock, sick, probes, fail, named } = poolOf({ upstreams: [a, b, c], health })
    pool.start()
    await clock.advance(1_000)
    for (const host of ['10.0.0.1', '10.0.0.2', '10.0.0.3']) sick[host] = 'connection refused'
    for (const name of [a, b, c]) fail(name, 3)
    await clock.advance(1_000)
    delete sick['10.0.0.1']
    await clock.advance(500)
    expect(named(a).healthy).toBe(true)
    delete sick['10.0.0.2']
    await clock.advance(500)
    expect(named(b).healthy).toBe(true)
    probes.length = 0
    await clock.advance(1_000)
    expect(probes.map(({ host }) => host)).toEqual(Array(4).fill('10.0.0.3'))
    await clock.advance(600)
    probes.length = 0
    await clock.advance(2_000)
    expect(probes).toEqual([])
    pool.stop()
  })

  test('they are left alone after a while', () => {
    const { pool, named, picks, fail, clock } = away()
    pool.dialled(named(a), true)
    clock.tick(1_600)
    fail(b)
    expect(picks(10)).toContain(b)
    clock.tick(500)
    expect(named(b).rest.until).toBeGreaterThan(clock.now())
    expect(picks(10)).not.toContain(b)
  })

  test('nobody tries one that was silent', () => {
    const { pool, named, picks, clock } = away()
    clock.tick(1_600)
    pool.dialled(named(b), false, 'no answer in 5000 ms')
    pool.dialled(named(a), true)
    expect(picks(10)).not.toContain(b)
  })

  test('while one of several is away, nobody tries it', () => {
    const { pool, named, picks, fail } = poolOf({ upstreams: [a, b, c] })
    fail(b)
    fail(c)
    pool.dialled(named(c), true)
    expect(picks(10)).not.toContain(b)
  })

  test('a client stays with the upstream of its key', () => {
    const { pool, named } = away({ by: 'hash', key: { from: 'address' } })
    const asked = (n: number) => ({ ...request, address: `192.0.2.${n}` })
    pool.dialled(named(a), true)
    const chosen = Array.from({ length: 30 }, (_, n) => pool.pick(asked(n))!.name)
    const healthy = poolOf({ upstreams: [a, b, c], balance: { by: 'hash', key: { from: 'address' } } })
    for (const [n, name] of chosen.entries())
      if (name !== a) expect(healthy.pool.pick(asked(n))!.name).toBe(name)
    expect(chosen.filter((name) => name !== a)).toHaveLength(2)
  })
})
