// The parts of a fleet that need no store, or little of one.
import { eventually, fakeClock, hasRedis, type RedisServer, startRedis } from '@holdfast/testing'
import fc from 'fast-check'
import { pino } from 'pino'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type FleetOptions, systemClock } from '../src/core/index.ts'
import { drainScript } from '../src/fleet/drain-script.ts'
import { Fleet, type FleetDeps } from '../src/fleet/fleet.ts'
import { readMember, recordVersion, writeMember } from '../src/fleet/member-record.ts'
import { RedisStore } from '../src/fleet/redis-store.ts'
import { Seal } from '../src/fleet/seal.ts'
import { type Store, StoreError } from '../src/fleet/store.ts'
import {
  nextStoreState,
  renewAfterMs,
  type StoreAction,
  type StoreEvent,
  type StoreState,
} from '../src/fleet/store-state.ts'
import { Ledger } from '../src/handshake/index.ts'

describe('the state of the store', () => {
  const event = fc.oneof(
    fc.constant<StoreEvent['what']>('answered'),
    fc.constant<StoreEvent['what']>('failed'),
    fc.constant<StoreEvent['what']>('reconnected'),
  )
  const steps = fc.array(fc.tuple(event, fc.nat(4000)))

  function follow(taken: [StoreEvent['what'], number][]) {
    let state: StoreState = { is: 'connecting', since: 0 }
    let at = 0
    return taken.map(([what, passed]) => {
      at += passed
      const before = state
      const next = nextStoreState(state, what === 'failed' ? { what, at, error: 'x' } : { what, at })
      state = next.state
      return { what, at, before, state, actions: next.actions }
    })
  }

  test('an answer makes it present and a failure away; each change is told once', () => {
    fc.assert(
      fc.property(steps, (taken) => {
        for (const { what, before, state, actions } of follow(taken)) {
          if (what === 'answered') expect(state.is).toBe('present')
          if (what === 'failed') expect(state.is).toBe('away')
          if (what === 'reconnected') expect(state).toBe(before)
          expect(actions.includes('tell')).toBe(state.is !== before.is)
        }
      }),
    )
  })

  test('everything is announced whenever it is there again, or another', () => {
    fc.assert(
      fc.property(steps, (taken) => {
        for (const { what, before, state, actions } of follow(taken)) {
          const isNew = state.is === 'present' && (before.is !== 'present' || what === 'reconnected')
          expect(actions.includes('announce')).toBe(isNew)
        }
      }),
    )
  })

  test('a connection that gives no answer is made anew, and not more often than that', () => {
    fc.assert(
      fc.property(steps, (taken) => {
        let last = Number.NEGATIVE_INFINITY
        for (const { at, before, actions } of follow(taken)) {
          const renews = (actions as StoreAction[]).includes('renew')
          if (!renews) continue
          expect(before.is).toBe('away')
          expect(at - last).toBeGreaterThanOrEqual(renewAfterMs)
          last = at
        }
      }),
    )
    const hung = follow([
      ['answered', 0],
      ['failed', 0],
      ['failed', renewAfterMs - 1],
      ['failed', 1],
    ])
    expect(hung.map(({ actions }) => actions.includes('renew'))).toEqual([false, false, false, true])
  })
})

describe('a record of a node', () => {
  const record = { host: 'gw1', version: '1.2.3', phase: 'serving' as const, generation: 2, connections: 7 }

  test('is read as it was written', () => {
    expect(readMember(writeMember(record))).toEqual(record)
  })

  test('is read of the version before, and with fields of later code; not of a version that is not known', () => {
    const of = (v: number) => JSON.stringify({ v, ...record, later: true })
    expect(readMember(of(recordVersion - 1))).toEqual(record)
    expect(readMember(of(recordVersion + 1))).toBeUndefined()
  })

  test('may be anything', () => {
    const valid = JSON.parse(writeMember(record)) as object
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.json(),
          fc.object().map((o) => JSON.stringify({ ...valid, ...o })),
        ),
        (text) => {
          const read = readMember(text)
          if (read) expect(Number.isInteger(read.connections)).toBe(true)
        },
      ),
    )
  })
})

describe('what is sealed', () => {
  test('is opened by whoever has the secret, of the same fleet and for the same purpose; by nobody when it was changed', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), fc.nat(), (bytes, place) => {
        const data = Buffer.from(bytes)
        const text = new Seal('chat', ['one']).seal('a', data)
        expect(new Seal('chat', ['one']).open('a', text)).toEqual(data)
        expect(new Seal('chat', ['next', 'one']).open('a', text)).toEqual(data)
        expect(new Seal('chat', ['next']).open('a', text)).toBeUndefined()
        expect(new Seal('other', ['one']).open('a', text)).toBeUndefined()
        expect(new Seal('chat', ['one']).open('b', text)).toBeUndefined()
        const content = Buffer.from(text.split('.')[2]!, 'base64url')
        content[place % content.length]! ^= 1
        const changed = [...text.split('.').slice(0, 2), content.toString('base64url')].join('.')
        expect(new Seal('chat', ['one']).open('a', changed)).toBeUndefined()
      }),
      { numRuns: 30 },
    )
    expect(new Seal('chat', ['one']).open('a', '')).toBeUndefined()
    expect(new Seal('chat', ['one']).open('a', 's1..')).toBeUndefined()
  })
})

describe.runIf(hasRedis)('nodes on a real Redis', () => {
  let server: RedisServer
  const log: { level: number; msg: string }[] = []
  beforeAll(async () => {
    server = await startRedis()
  })
  afterAll(async () => {
    await server?.[Symbol.asyncDispose]()
  })

  const optionsOf = (secrets = ['a secret of the fleet'], drainWait = 60_000): FleetOptions => ({
    name: 'chat',
    store: { kind: 'single', nodes: [{ host: '127.0.0.1', port: server.port }], tls: false },
    secrets,
    drainWait,
  })

  function startNode(
    secrets?: string[],
    drainWait?: number,
    version = '1',
    store?: Store,
    times?: FleetDeps['times'],
  ) {
    const keys: string[] = []
    const node = new Fleet({
      options: optionsOf(secrets, drainWait),
      ...(store && { store }),
      routes: [],
      local: new Ledger({ clock: fakeClock() }),
      describe: () => ({ version, phase: 'serving', generation: 1, connections: 0 }),
      onTicketKeys: (one) => keys.push(one),
      log: pino({ level: 'info' }, { write: (line: string) => log.push(JSON.parse(line)) }),
      clock: systemClock,
      ...(times && { times }),
    })
    node.start()
    const detail = () => node.info
    return Object.assign(node, {
      keys,
      sees: (count: number) =>
        eventually(`${count} nodes`, () => node.info.members.length === count, { detail }),
      [Symbol.asyncDispose]: () => node.stop(),
    })
  }

  test('see each other; one that stops is gone at once, one that is dead when its time is over', async () => {
    await using one = startNode()
    const other = startNode()
    const third = startNode()
    for (const node of [one, other, third]) await node.sees(3)
    expect(one.info.members.filter(({ self }) => self).map(({ id }) => id)).toEqual([one.id])
    await other.stop()
    await one.sees(2)
    third.kill()
    const left =
      Number(server.cli('ZSCORE', 'holdfast:{chat}:members', third.id)) -
      Number(server.cli('TIME').split('\n')[0]) * 1000
    expect(left).toBeGreaterThan(5000)
    expect(left).toBeLessThanOrEqual(11_000)
    server.cli('ZADD', 'holdfast:{chat}:members', '1', third.id)
    await one.sees(1)
  })

  test('go by the clock of the store alone: nothing that a node writes is a time', async () => {
    await using one = startNode()
    await one.sees(1)
    const [, record] = server.cli('HGETALL', 'holdfast:{chat}:records').split('\n')
    expect(Object.keys(JSON.parse(record!)).sort()).toEqual([
      'connections',
      'generation',
      'host',
      'phase',
      'v',
      'version',
    ])
  })

  test('of another version are seen when they are of the one before, and no trouble when not', async () => {
    await using one = startNode()
    await one.sees(1)
    const put = (v: number) => {
      const record = { v, host: 'old', version: '0', phase: 'serving', generation: 1, connections: 2 }
      server.cli('HSET', 'holdfast:{chat}:records', `v${v}`, JSON.stringify(record))
      server.cli('ZADD', 'holdfast:{chat}:members', '9999999999999', `v${v}`)
    }
    put(recordVersion - 1)
    put(recordVersion + 1)
    await one.sees(2)
    expect(one.info.members.find(({ self }) => !self)?.host).toBe('old')
    server.cli('FLUSHALL')
  })

  test('have the same TLS ticket keys, which only they can read, and get others when these are old', async () => {
    await using one = startNode()
    await eventually('keys', () => one.keys.length > 0)
    await using other = startNode()
    await eventually('keys', () => other.keys.length > 0)
    expect(other.keys).toEqual(one.keys)
    expect(server.cli('HGET', 'holdfast:{chat}:tickets', 'keys')).toMatch(/^s1\.[\w-]{8}\.[\w-]+$/)
    server.cli('HSET', 'holdfast:{chat}:tickets', 'at', '1')
    await eventually('new keys', () => one.keys.length > 1 && other.keys.length > 1)
    expect(other.keys).toEqual(one.keys)
    await using stranger = startNode(['another secret altogether'])
    await eventually('it is told', () =>
      log.find(({ msg }) => msg.includes('TLS ticket keys of another secret')),
    )
    expect(stranger.keys).toEqual([])
    await using next = startNode(['another secret altogether', 'a secret of the fleet'])
    await eventually('keys', () => next.keys.length > 0)
    expect(next.keys[0]).toBe(one.keys.at(-1))
  })

  test('drain one after the other, also after one that died with its turn', async () => {
    const three = [startNode(), startNode(), startNode()]
    for (const node of three) await node.sees(3)
    const order: number[] = []
    const turns = three.map((node, index) => node.turnToDrain().then(() => order.push(index)))
    await eventually('one has it', () => order.length === 1)
    const [first] = order
    await three.find((_, index) => index !== first)!.sees(3)
    expect(order).toHaveLength(1)
    await eventually('it is told', () => log.some(({ msg }) => msg.startsWith('waits with its drain')))
    await three[first!]!.stop()
    await eventually('the next has it', () => order.length === 2)
    three[order[1]!]!.kill()
    expect(Number(server.cli('PTTL', 'holdfast:{chat}:shedding'))).toBeGreaterThan(0)
    server.cli('PEXPIRE', 'holdfast:{chat}:shedding', '1')
    await Promise.all(turns)
    await three[order[2]!]!.stop()
    expect(server.cli('EXISTS', 'holdfast:{chat}:shedding')).toBe('0')
    server.cli('FLUSHALL')
  })

  test('wait on for their turn when the store was late with one answer', async () => {
    const redis = new RedisStore({ options: optionsOf(), clock: systemClock, onReconnected() {} })
    let late = 0
    const store: Store = {
      run: (script, ...call) =>
        script === drainScript && late++ === 0
          ? Promise.reject(new StoreError('no answer in time', true))
          : redis.run(script, ...call),
      renew: () => redis.renew(),
      close: () => redis.close(),
    }
    // A machine that has much else to do is late, too.
    const patient = { decideMs: 20_000, callMs: 20_000 }
    await using holder = startNode(undefined, undefined, '1', undefined, patient)
    await using waiter = startNode(undefined, undefined, '1', store, patient)
    await Promise.all([holder.sees(2), waiter.sees(2)])
    await holder.turnToDrain()
    let isNext = false
    const turn = waiter.turnToDrain().then(() => {
      isNext = true
    })
    await eventually('it has asked again', () => late > 1 || isNext)
    expect(isNext).toBe(false)
    await holder.stop()
    await turn
    expect(waiter.info.store).toMatchObject({ state: 'present', calls: { late: 1 } })
  })

  test('do not wait longer than they may, nor for a store that hangs', async () => {
    await using holder = startNode()
    await using hasty = startNode(undefined, 100)
    await hasty.sees(2)
    await holder.turnToDrain()
    await hasty.turnToDrain()
    await using other = startNode()
    await other.sees(3)
    server.signal('SIGSTOP')
    try {
      await other.turnToDrain()
    } finally {
      server.signal('SIGCONT')
    }
  })

  test('warn of a store that forgets', async () => {
    server.cli('CONFIG', 'SET', 'maxmemory-policy', 'allkeys-lru')
    await using one = startNode()
    await eventually('the policy', () => one.info.store.policy === 'allkeys-lru')
    expect(log.some(({ level, msg }) => level === 40 && msg.includes('maxmemory-policy'))).toBe(true)
    server.cli('CONFIG', 'SET', 'maxmemory-policy', 'noeviction')
  })
})
