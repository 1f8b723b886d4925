// A node whose store is away, or has much to give back: what it keeps, and for how long it says nothing. The store is one of the test's
// own, whose answers take as long as the test wants.
import { type FakeClock, fakeClock } from '@holdfast/testing'
import fc from 'fast-check'
import { pino } from 'pino'
import { expect, test } from 'vitest'
import type { LimitOptions, RouteOptions } from '../src/core/index.ts'
import { FleetLedger } from '../src/fleet/fleet-ledger.ts'
import { Fleet } from '../src/fleet/index.ts'
import { type Reply, type Script, type Store, StoreError } from '../src/fleet/store.ts'
import { Ledger } from '../src/handshake/index.ts'

const limits: LimitOptions = { scope: 'fleet', connections: 1_000_000 }
const routes = [{ name: 'chat', limits } as RouteOptions]

/** What a store knows of one node: it hears counts, and forgets all of them when the node begins anew. */
function ledgerWithStore() {
  const clock = fakeClock()
  const local = new Ledger({ clock })
  const uses = new Map<string, number>()
  let heard = 0
  let answers = true
  const call = async ({ name }: Script, _keys: string[], args: (string | number)[]): Promise<Reply> => {
    await Promise.resolve()
    if (!answers) throw new StoreError('no answer')
    if (name === 'forget') {
      uses.clear()
      return 0
    }
    const fields = Number(args[1])
    for (let i = 0; i < fields; i++) {
      const [field, count] = args.slice(2 + 2 * i) as [string, number]
      if (count > 0) uses.set(field, count)
      else uses.delete(field)
    }
    heard += fields
    return []
  }
  const deps = { local, fleet: 'f', id: 'me', call, onUnknown: () => {}, clock, decideWithinMs: 50 }
  const ledger = new FleetLedger(deps)
  ledger.configure(routes)
  return {
    ledger,
    local,
    clock,
    uses,
    get heard() {
      return heard
    },
    store: (is: 'away' | 'there') => {
      answers = is === 'there'
      if (!answers) ledger.away()
    },
  }
}

test('addresses that come and go while the store is away are not kept: it hears of those that are there', async () => {
  const it = ledgerWithStore()
  await it.ledger.announce()
  it.store('away')
  const stays = it.ledger.enter('chat', 'stays')
  for (let i = 0; i < 100_000; i++) it.ledger.enter('chat', `${i}`)()
  const before = it.heard
  it.store('there')
  await it.ledger.announce()
  await it.clock.advance(60_000)
  expect(it.heard - before).toBe(2)
  expect(Object.fromEntries(it.uses)).toEqual({ 'c chat': 1, 'a chat stays': 1 })
  stays()
  await it.clock.advance(1000)
  expect(it.uses.size).toBe(0)
})

test('whenever it is away or there again, and whatever comes and goes meanwhile, it has the right counts in the end', async () => {
  const step = fc.oneof(
    { weight: 5, arbitrary: fc.record({ enter: fc.nat(3) }) },
    { weight: 4, arbitrary: fc.record({ release: fc.nat(20) }) },
    { weight: 1, arbitrary: fc.constantFrom({ store: 'away' as const }, { store: 'there' as const }) },
    // Some of what is on its way arrives.
    { weight: 3, arbitrary: fc.record({ turns: fc.nat(4) }) },
    { weight: 2, arbitrary: fc.record({ ms: fc.nat(200) }) },
  )
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 40 }), async (steps) => {
      const it = ledgerWithStore()
      const held: (() => void)[] = []
      for (const one of steps) {
        if ('enter' in one) held.push(it.ledger.enter('chat', `${one.enter}`))
        else if ('release' in one) held.splice(one.release % (held.length || 1), 1)[0]?.()
        else if ('ms' in one) it.clock.tick(one.ms)
        else if ('turns' in one) for (let i = 0; i < one.turns; i++) await Promise.resolve()
        else {
          it.store(one.store)
          if (one.store === 'there') void it.ledger.announce().catch(() => {})
        }
      }
      it.store('there')
      await it.ledger.announce()
      await it.clock.advance(1000)
      const all = it.local.addresses('chat').map((a) => [`a chat ${a}`, it.local.held('chat', a)] as const)
      const sum = held.length > 0 ? [['c chat', held.length] as const] : []
      expect(Object.fromEntries(it.uses)).toEqual(Object.fromEntries([...all, ...sum]))
    }),
  )
})

/** A store that needs 20 ms for each call, and never comes to the end of what the dead held. */
function slowStore(clock: FakeClock, renewals: number[]) {
  const answers: Record<string, (args: readonly (string | number)[]) => Reply> = {
    renew: () => {
      renewals.push(clock.now())
      return [1, 'keys', 0, '', ['dead 1', 'dead 2', 'dead 3'], []]
    },
    forget: ([, itself]) => (itself === 1 ? 0 : 300),
    policy: () => 'noeviction',
  }
  return {
    run: async ({ name }: Script, _keys: readonly string[], args: readonly (string | number)[]) => {
      await new Promise<void>((resolve) => clock.setTimeout(resolve, 20))
      return answers[name]?.(args) ?? []
    },
    renew: () => {},
    close: () => {},
  }
}

function nodeWith(store: Store, clock: FakeClock): Fleet {
  return new Fleet({
    options: {
      name: 'chat',
      store: { kind: 'single', nodes: [{ host: '127.0.0.1', port: 1 }], tls: false },
      secrets: ['a secret of the fleet'],
      drainWait: 0,
    },
    routes,
    local: new Ledger({ clock }),
    describe: () => ({ version: '1', phase: 'serving', generation: 1, connections: 0 }),
    onTicketKeys: () => {},
    log: pino({ level: 'silent' }),
    clock,
    store,
  })
}

test('however much dead nodes held, a node announces itself in time', async () => {
  const clock = fakeClock()
  const renewals: number[] = []
  const node = nodeWith(slowStore(clock, renewals), clock)
  node.start()
  await clock.advance(30_000)
  node.kill()
  const gaps = renewals.slice(1).map((at, i) => at - renewals[i]!)
  expect(gaps.length).toBeGreaterThanOrEqual(4)
  expect(Math.max(...gaps)).toBeLessThan(2500)
})

test.each([
  ['late', 'present'],
  ['lost', 'away'],
] as const)('a call about a session that is %s leaves the store %s', async (how, state) => {
  const clock = fakeClock()
  const store = slowStore(clock, [])
  const node = nodeWith(
    {
      ...store,
      run(script, keys, args) {
        if (script.name === 'find session') return Promise.reject(new StoreError('no answer', how === 'late'))
        return store.run(script, [...keys], args)
      },
    },
    clock,
  )
  node.start()
  await clock.advance(1000)
  expect(node.info.store.state).toBe('present')
  await expect(node.sessions.find('a-group_of-1AAAB')).rejects.toThrow('no answer')
  expect(node.info.store.state).toBe(state)
  node.kill()
})
