// Limits over several nodes, on a real Redis.
import { eventually, fakeClock, hasRedis, type RedisServer, startRedis } from '@holdfast/testing'
import fc from 'fast-check'
import { pino } from 'pino'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import type { LimitOptions, RouteOptions } from '../src/core/index.ts'
import { systemClock } from '../src/core/index.ts'
import { Fleet } from '../src/fleet/index.ts'
import type { Admission } from '../src/handshake/index.ts'
import { Ledger } from '../src/handshake/index.ts'

const tenEach: LimitOptions = { scope: 'fleet', perAddress: 10 }

let server: RedisServer
const nodes = new Set<Fleet>()

/** Milliseconds: on a machine that has much else to do, a store that answers is late, and says nothing about the limits. */
const patient = { decideMs: 20_000, callMs: 20_000 }

function startNode(limits: LimitOptions = tenEach, times?: { decideMs: number; callMs: number }) {
  const local = new Ledger({ clock: systemClock })
  const node = new Fleet({
    options: {
      name: 'chat',
      store: { kind: 'single', nodes: [{ host: '127.0.0.1', port: server.port }], tls: false },
      secrets: ['a secret of the fleet'],
      drainWait: 60_000,
    },
    routes: [{ name: 'chat', limits } as RouteOptions],
    local,
    describe: () => ({ version: '1', phase: 'serving', generation: 1, connections: 0 }),
    onTicketKeys: () => {},
    log: pino({ level: 'silent' }),
    clock: systemClock,
    ...(times && { times }),
  })
  nodes.add(node)
  node.start()
  return Object.assign(node, {
    admit: async (address = 'a', its = limits) => node.ledger.admit('chat', its, address),
    local,
  })
}

/** Nodes whose limits are decided by the store. */
async function startNodes(
  count: number,
  limits: LimitOptions = tenEach,
  times: typeof patient | undefined = patient,
) {
  const started = Array.from({ length: count }, () => startNode(limits, times))
  for (const node of started) {
    await eventually(
      'decided by the store',
      async () => {
        const before = node.info.admissions.store
        const admission = await node.admit('first', { ...limits, connections: undefined })
        if (admission.ok) admission.release()
        return node.info.admissions.store > before
      },
      { detail: () => node.info },
    )
  }
  await eventually('all given back', () => totals() === '')
  return started
}

const totals = () => server.cli('HGETALL', 'holdfast:{chat}:totals')
const countOf = (field: string) => Number(server.cli('HGET', 'holdfast:{chat}:totals', field) || 0)
const isIn = (admission: Admission) => admission.ok
const calls = () =>
  [...server.cli('INFO', 'commandstats').matchAll(/cmdstat_evalsha:calls=(\d+)/g)].reduce(
    (sum, [, n]) => sum + Number(n),
    0,
  )

describe.runIf(hasRedis)('limits of a fleet', () => {
  beforeAll(async () => {
    server = await startRedis()
  })
  afterAll(async () => {
    await server?.[Symbol.asyncDispose]()
  })
  beforeEach(() => {
    for (const node of nodes) node.kill()
    nodes.clear()
    server.cli('FLUSHALL')
  })

  test('perAddress 10 admits 10 over three nodes when 200 try at once', async () => {
    const three = await startNodes(3)
    const admissions = await Promise.all(Array.from({ length: 200 }, (_, i) => three[i % 3]!.admit()))
    expect(admissions.filter(isIn)).toHaveLength(10)
    expect(admissions.find(({ ok }) => !ok)).toMatchObject({ limit: 'perAddress', retry: expect.any(Number) })
    expect((await three[0]!.admit('b')).ok).toBe(true)
  })

  test('connections counts all addresses, and a place that comes free is free for all', async () => {
    const [one, other] = await startNodes(2, { scope: 'fleet', connections: 3 })
    const first = await one!.admit('a')
    await one!.admit('b')
    await other!.admit('c')
    expect(await other!.admit('d')).toMatchObject({ ok: false, limit: 'connections' })
    if (first.ok) first.release()
    await eventually('the place is free', async () => (await other!.admit('d')).ok)
    expect(await one!.admit('e')).toMatchObject({ ok: false })
  })

  test('handshakesPerSecond is one bucket, and who is too many has a turn of its own', async () => {
    const [one, other] = await startNodes(2, { scope: 'fleet', handshakesPerSecond: 20 })
    server.cli('DEL', 'holdfast:{chat}:rates')
    const begun = performance.now()
    const answers = await Promise.all(
      Array.from({ length: 60 }, (_, i) => (i % 2 ? one : other)!.admit(`${i}`)),
    )
    const refused = answers.flatMap((answer) => (answer.ok ? [] : [answer]))
    // Meanwhile the bucket fills.
    const ms = performance.now() - begun
    expect(60 - refused.length).toBeGreaterThanOrEqual(20)
    expect(60 - refused.length).toBeLessThan(22 + ms / 50)
    expect(new Set(refused.map(({ limit }) => limit))).toEqual(new Set(['handshakesPerSecond']))
    const turns = refused.map(({ retry }) => retry).sort((a, b) => a - b)
    // 40 turns of 50 ms, and up to 100 ms of chance.
    expect(turns.at(-1)!).toBeGreaterThan((refused.length - 2) * 50 - 200 - ms)
    expect(turns.at(-1)!).toBeLessThan(refused.length * 50 + 400)
  })

  test('a hundred at once cost one round trip', async () => {
    const [node] = await startNodes(1, { scope: 'fleet', connections: 1000, perAddress: 5 })
    const before = calls()
    const renewals = node!.info.store.calls.answered
    const admissions = await Promise.all(Array.from({ length: 100 }, (_, i) => node!.admit(`${i}`)))
    expect(admissions.every(isIn)).toBe(true)
    // It may have announced itself meanwhile, which is no call for an admission.
    expect(node!.info.store.calls.answered - renewals).toBeLessThanOrEqual(2)
    expect(calls() - before).toBeLessThanOrEqual(2)
    await eventually('they count', () => countOf('c chat') === 100)
  })

  test('while the store stands still this gateway decides, open; the store hears of it afterwards', async () => {
    const [one, other] = await startNodes(2, tenEach, { decideMs: 50, callMs: 250 })
    server.signal('SIGSTOP')
    const admissions = await Promise.all(Array.from({ length: 15 }, () => one!.admit()))
    expect(admissions.filter(isIn)).toHaveLength(10)
    expect((await other!.admit()).ok).toBe(true)
    server.signal('SIGCONT')
    await eventually('all count again', () => countOf('a chat a') === 11)
    await eventually('and no more are let in', async () => {
      const before = other!.info.admissions.store
      const { ok } = await other!.admit()
      return !ok && other!.info.admissions.store > before
    })
  })

  test('a store that comes back empty hears all again', async () => {
    const [one, other] = await startNodes(2)
    await Promise.all([one!.admit(), one!.admit('b'), other!.admit()])
    server.cli('FLUSHALL')
    await eventually('all is there again', () => countOf('a chat a') === 2 && countOf('a chat b') === 1)
    expect(countOf('c chat')).toBe(3)
  })

  test('what a dead node had comes back when its time is over', async () => {
    const [one, other] = await startNodes(2)
    for (let i = 0; i < 10; i++) expect((await one!.admit()).ok).toBe(true)
    expect((await other!.admit()).ok).toBe(false)
    one!.kill()
    // As if its ten seconds were over.
    server.cli('ZADD', 'holdfast:{chat}:members', '1', one!.id)
    await eventually('its places are free', async () => (await other!.admit()).ok)
    expect(server.cli('EXISTS', `holdfast:{chat}:uses:${one!.id}`)).toBe('0')
  })

  test('what it had comes back whole, however many addresses that were', async () => {
    const limits: LimitOptions = { scope: 'fleet', connections: 100_000 }
    const [one, other] = await startNodes(2, limits)
    const many = 8000
    await Promise.all(Array.from({ length: many }, (_, i) => one!.admit(`${i}`)))
    await eventually('all count', () => countOf('c chat') === many)
    // All of it is said again, after all of it was taken back.
    server.cli('ZREM', 'holdfast:{chat}:members', one!.id)
    await eventually('all count again', () => countOf('c chat') === many && other!.info.members.length === 2)
    one!.kill()
    server.cli('ZADD', 'holdfast:{chat}:members', '1', one!.id)
    await eventually(
      'nothing is left',
      () => totals() === '' && server.cli('SCARD', 'holdfast:{chat}:dead') === '0',
    )
  })

  test('a node that only seemed to be dead counts again, and is not forgotten by the others', async () => {
    const [one, other] = await startNodes(2)
    for (let i = 0; i < 4; i++) await one!.admit()
    server.cli('ZADD', 'holdfast:{chat}:members', '1', one!.id)
    await eventually(
      'it is known again',
      () => Number(server.cli('ZSCORE', 'holdfast:{chat}:members', one!.id)) > 1,
    )
    await eventually(
      'and counts',
      () => countOf('a chat a') === 4 && server.cli('SCARD', 'holdfast:{chat}:dead') === '0',
    )
    await eventually('both are there', () => other!.info.members.length === 2)
  })

  test('whatever happens, the sums are those of the nodes, and nobody gets more than there is', async () => {
    const step = fc.oneof(
      {
        weight: 6,
        arbitrary: fc.record({ admit: fc.nat(2), times: fc.integer({ min: 1, max: 6 }), to: fc.nat(2) }),
      },
      { weight: 4, arbitrary: fc.record({ release: fc.nat(50) }) },
      { weight: 1, arbitrary: fc.constant({ flush: true }) },
    )
    const three = await startNodes(3, { scope: 'fleet', connections: 8, perAddress: 4 })
    const held: { release(): void }[] = []
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 12 }), async (steps) => {
        for (const one of steps) {
          if ('flush' in one) server.cli('DEL', 'holdfast:{chat}:members')
          else if ('release' in one) held.splice(one.release % (held.length || 1), 1)[0]?.release()
          else {
            const asked = Array.from({ length: one.times }, () => three[one.to]!.admit(`${one.admit}`))
            for (const admission of await Promise.all(asked)) if (admission.ok) held.push(admission)
          }
        }
        const sum = (address?: string) =>
          three.reduce((all, { local }) => all + local.held('chat', address), 0)
        expect(sum()).toBe(held.length)
        await eventually(
          'the store has the same sums',
          () => countOf('c chat') === sum() && [0, 1, 2].every((a) => countOf(`a chat ${a}`) === sum(`${a}`)),
          { detail: () => [totals(), held.length, three.map(({ info }) => info)] },
        )
      }),
      { numRuns: 8 },
    )
  })
})

test('without a store each gateway counts for itself', async () => {
  const local = new Ledger({ clock: fakeClock() })
  const node = new Fleet({
    options: {
      name: 'chat',
      store: { kind: 'single', nodes: [{ host: '127.0.0.1', port: 1 }], tls: false },
      secrets: ['a secret of the fleet'],
      drainWait: 0,
    },
    routes: [{ name: 'chat', limits: tenEach } as RouteOptions],
    local,
    describe: () => ({ version: '1', phase: 'serving', generation: 1, connections: 0 }),
    onTicketKeys: () => {},
    log: pino({ level: 'silent' }),
    clock: systemClock,
  })
  const admissions = await Promise.all(
    Array.from({ length: 12 }, async () => node.ledger.admit('chat', tenEach, 'a')),
  )
  expect(admissions.filter(isIn)).toHaveLength(10)
  node.kill()
})
