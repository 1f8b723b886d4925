// Which node holds which session: the records in a real Redis, and what a worker asks about them.
import { eventually, fakeClock, hasRedis, type RedisServer, startRedis } from '@holdfast/testing'
import { pino } from 'pino'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { readStore } from '../src/config/schema-fleet.ts'
import { systemClock } from '../src/core/index.ts'
import { RedisStore } from '../src/fleet/redis-store.ts'
import { SessionRecords } from '../src/fleet/session-records.ts'
import { fleetKey, goneAfterMs } from '../src/fleet/store.ts'
import { answerAboutSessions } from '../src/process/session-answers.ts'
import { readSeriesToken, TokenSeries } from '../src/resume/index.ts'
import { hashOf, SessionTokens } from '../src/resume/token.ts'
import { FleetSessions } from '../src/worker/fleet-sessions.ts'
import { mostOfGroup, SessionGroups } from '../src/worker/session-groups.ts'
import type { FromWorker } from '../src/worker/worker-messages.ts'

describe('the ids of sessions', () => {
  test('are each given once, in groups of at most a few hundred at the same time', () => {
    const groups = new SessionGroups()
    const ids = Array.from({ length: 2 * mostOfGroup + 1 }, () => groups.next(1000))
    expect(new Set(ids).size).toBe(ids.length)
    expect(new Set(ids.map((id) => id.slice(0, 12))).size).toBe(3)
    for (const id of ids) expect(id).toMatch(/^[A-Za-z0-9_-]{16}$/)
    // What has room is used again, with new ids.
    for (const id of ids.slice(0, mostOfGroup)) groups.release(id)
    const more = Array.from({ length: mostOfGroup - 1 }, () => groups.next(1000))
    expect(new Set([...ids, ...more]).size).toBe(ids.length + more.length)
    expect(groups.next(2000).slice(0, 12)).not.toBe(ids.at(-1)!.slice(0, 12))
  })

  test('stand in tokens that whoever has the key of the session can make, and nobody else', () => {
    const id = 'a-group_of-1AAAB'
    const one = new TokenSeries(id, Buffer.alloc(32, 1))
    const given = one.next('1')
    const its = readSeriesToken(given.token)!
    expect(its).toMatchObject({ id, number: 1 })
    expect(new TokenSeries(id, Buffer.alloc(32, 1)).has(its)).toBe(true)
    expect(new TokenSeries(id, Buffer.alloc(32, 2)).has(its)).toBe(false)
    expect(new TokenSeries('another-oneAAAAA', Buffer.alloc(32, 1)).has(its)).toBe(false)
    expect(one.has({ ...its, number: 2 })).toBe(false)
    // Another worker or node says the same with another hint.
    const same = new TokenSeries(id, Buffer.alloc(32, 1)).next('7-AbCdEfGhIjKl')
    expect(same.token).not.toBe(given.token)
    expect(same.hash).toBe(given.hash)
    expect(hashOf(same.token)).toBe(given.hash)
    expect(readSeriesToken(`1-${'x'.repeat(43)}`)).toBeUndefined()
    const tokens = new SessionTokens(given.hash, undefined, one)
    expect(tokens.exchange(given.hash, '1').token).toBe(tokens.exchange(given.hash, '1').token)
  })
})

test('sessions whose client is away or does not answer are given up when their node could not announce itself for 8 s, and no sooner', async () => {
  const clock = fakeClock()
  const posted: FromWorker[] = []
  const sessions = new FleetSessions({
    fleet: { name: 'chat', secrets: ['x'] },
    clock,
    log: pino({ level: 'silent' }),
    post(message) {
      posted.push(message)
      if (message.type === 'session-ask') sessions.answer(message.ask, { what: 'away' })
    },
  })
  const given: string[] = []
  const begin = async (name: string, parkedAt: number | undefined, isThere = true) => {
    const listing = await sessions.list(60_000, () => '{}')
    listing.begun({
      counters: () => '',
      stamp: () => 0,
      recipe: () => '{}',
      remembered: () => undefined,
      parkedAt,
      checkClient: () => isThere,
      takenOver() {
        given.push(name)
        listing.end()
      },
    })
  }
  // Without a word to the fleet nobody else knows of it.
  await begin('early', 0)
  await clock.advance(20_000)
  expect(given).toEqual([])
  sessions.renewed(0)
  const now = clock.now()
  await begin('parked', now)
  await begin('with its client', undefined)
  await begin('whose client does not answer', undefined, false)
  await begin('parked later', now + 5000)
  await clock.advance(7500)
  expect(given).toEqual([])
  await clock.advance(500)
  const both = ['early', 'parked', 'whose client does not answer']
  expect(given).toEqual(both)
  await clock.advance(5000)
  expect(given).toEqual([...both, 'parked later'])
  // It stays in the store, for whoever takes it over.
  expect(posted.some((message) => message.type === 'session-ask' && message.about.what === 'forget')).toBe(
    false,
  )
  sessions.renewed(0)
  await begin('after that', now)
  await clock.advance(7750)
  expect(given).toHaveLength(4)
  sessions.stop()
})

test('a store that does not answer is told less and less often, and at once when it is back', async () => {
  const clock = fakeClock()
  let told = 0
  const sessions: FleetSessions = new FleetSessions({
    fleet: { name: 'chat', secrets: ['x'] },
    clock,
    log: pino({ level: 'silent' }),
    post(message) {
      if (message.type !== 'session-ask') return
      told++
      sessions.answer(message.ask, { what: 'away' })
    },
  })
  await sessions.list(60_000, () => '{}')
  await clock.advance(10_000)
  expect(told).toBeGreaterThanOrEqual(6)
  expect(told).toBeLessThanOrEqual(9)
  // One that begins does not wait for the next time.
  await sessions.list(60_000, () => '{}')
  const before = told
  sessions.announceAll()
  expect(told).toBe(before + 1)
  sessions.stop()
})

const group = (n: number) => `group${String(n).padStart(7, '0')}`
const idOf = (n: number, serial: number) => `${group(n)}${String(serial).padStart(4, '0')}`

describe.runIf(hasRedis)('the records of sessions', () => {
  let server: RedisServer
  const stores: RedisStore[] = []

  beforeAll(async () => {
    server = await startRedis()
  })
  afterAll(async () => {
    for (const store of stores) store.close()
    await server?.[Symbol.asyncDispose]()
  })

  /** As a node has them. `alive`: it is a member. */
  function recordsOf(node: string, presentForMs: number | undefined = goneAfterMs) {
    const store = readStore(`redis://127.0.0.1:${server.port}`)
    if (!('nodes' in store)) throw new Error(store.message)
    const options = { name: 'chat', store, secrets: ['x'], drainWait: 0 }
    const redis = new RedisStore({ options, clock: systemClock, onReconnected() {} })
    stores.push(redis)
    return new SessionRecords({
      fleet: 'chat',
      node,
      call: (script, keys, args) => redis.run(script, keys, args, 5000),
      presentForMs: () => presentForMs,
    })
  }

  const workerOf = (records: SessionRecords, isAway = () => false) => {
    const sessions: FleetSessions = new FleetSessions({
      fleet: { name: 'chat', secrets: ['x'] },
      clock: fakeClock(),
      log: pino({ level: 'silent' }),
      post(message: FromWorker) {
        if (message.type !== 'session-ask') return
        const { ask, about } = message
        if (isAway()) return queueMicrotask(() => sessions.answer(ask, { what: 'away' }))
        void answerAboutSessions(records, about).then((answer) => sessions.answer(ask, answer))
      },
    })
    return sessions
  }

  const isMember = (node: string, forMs: number) =>
    server.cli('ZADD', fleetKey('chat', 'members'), String(Date.now() + forMs), node)

  test('say who holds a session, and for how long that node is there', async () => {
    const [one, other] = [recordsOf('one'), recordsOf('other')]
    isMember('one', 5000)
    expect(await one.announce(60_000, [{ id: idOf(1, 1), epoch: 0, recipe: 'r', counters: 'c' }])).toEqual([])
    expect(await one.find(idOf(1, 1))).toMatchObject({ node: 'one', epoch: 0, isOwn: true })
    const found = (await other.find(idOf(1, 1)))!
    expect(found).toMatchObject({ node: 'one', epoch: 0, isOwn: false })
    expect(found.goneInMs).toBeGreaterThan(0)
    expect(found.goneInMs).toBeLessThanOrEqual(5000)
    server.cli('ZREM', fleetKey('chat', 'members'), 'one')
    expect((await other.find(idOf(1, 1)))!.goneInMs).toBe(0)
    expect(await other.find(idOf(1, 2))).toBeUndefined()
    expect(await other.find('no id')).toBeUndefined()
    const ttl = Number(server.cli('PTTL', fleetKey(`chat/${group(1)}`, 'sessions')))
    expect(ttl).toBeGreaterThan(60_000)
    expect(ttl).toBeLessThanOrEqual(120_000)
  })

  test('of a store that has just come back are no proof that a node is gone', async () => {
    await recordsOf('one').announce(1000, [{ id: idOf(2, 1), epoch: 0 }])
    expect((await recordsOf('other', 3000).find(idOf(2, 1)))!.goneInMs).toBe(7000)
  })

  test('let one of many take a session over, and whoever had it hears of that', async () => {
    const one = recordsOf('one')
    await one.announce(1000, [
      { id: idOf(3, 1), epoch: 0, recipe: 'the recipe', counters: '1 2' },
      { id: idOf(3, 2), epoch: 0 },
    ])
    await one.announce(1000, [{ id: idOf(3, 1), epoch: 0, counters: '3 4' }])
    const others = Array.from({ length: 8 }, (_, n) => recordsOf(`other ${n}`))
    const claims = await Promise.all(
      others.map((node) => node.claim(idOf(3, 1), { epoch: 0, node: 'one' }, 1000)),
    )
    const winners = claims.flatMap((claim, n) => (claim.ok ? [n] : []))
    expect(winners).toHaveLength(1)
    const [winner] = winners as [number]
    expect(claims[winner]).toEqual({ ok: true, epoch: 1, recipe: 'the recipe', counters: '3 4' })
    const holder = { epoch: 1, node: `other ${winner}` }
    for (const claim of claims) if (!claim.ok) expect(claim.held).toEqual(holder)
    // The first is told, and can neither change nor forget it.
    const said = { id: idOf(3, 1), epoch: 0, counters: '5 6' }
    expect(await one.announce(1000, [said, { id: idOf(3, 2), epoch: 0 }])).toEqual([
      { id: idOf(3, 1), ...holder },
    ])
    await one.forget([{ id: idOf(3, 1), epoch: 0 }])
    expect(await one.find(idOf(3, 1))).toMatchObject({ ...holder, isOwn: false })
    expect(server.cli('HGET', fleetKey(`chat/${group(3)}`, 'sessions'), 'c0001')).toBe('3 4')
    expect(await one.claim(idOf(3, 9), { epoch: 0, node: 'one' }, 1000)).toEqual({ ok: false })
  })

  test('go with the sessions', async () => {
    const one = recordsOf('one')
    const sessions = [1, 2, 3].map((serial) => ({ id: idOf(4, serial), epoch: 0, recipe: 'r' }))
    await one.announce(1000, sessions)
    const key = fleetKey(`chat/${group(4)}`, 'sessions')
    await one.forget(sessions.slice(1))
    expect(server.cli('HKEYS', key).split('\n').sort()).toEqual(['aone', 'h0001', 'r0001'])
    await one.forget(sessions)
    expect(server.cli('EXISTS', key)).toBe('0')
  })

  test('are one call for each group, and lie in slots of their own', async () => {
    const one = recordsOf('one')
    const sessions = [5, 6, 7].flatMap((n) =>
      Array.from({ length: 200 }, (_, serial) => ({ id: idOf(n, serial), epoch: 0 })),
    )
    const before = Number(server.cli('INFO', 'commandstats').match(/cmdstat_evalsha:calls=(\d+)/)?.[1] ?? 0)
    await one.announce(1000, sessions)
    const after = Number(server.cli('INFO', 'commandstats').match(/cmdstat_evalsha:calls=(\d+)/)?.[1])
    expect(after - before).toBe(3)
    const tags = server
      .cli('KEYS', '*sessions')
      .split('\n')
      .map((key) => /\{(.*)\}/.exec(key)?.[1])
    expect(tags).toContain(`chat/${group(5)}`)
    expect(new Set(tags).size).toBe(tags.length)
  })

  test('of many groups are announced and forgotten some at a time', async () => {
    let now = 0
    let most = 0
    let calls = 0
    const records = new SessionRecords({
      fleet: 'chat',
      node: 'one',
      call: async () => {
        calls++
        most = Math.max(most, ++now)
        await new Promise((resolve) => setImmediate(resolve))
        now--
        return []
      },
      presentForMs: () => goneAfterMs,
    })
    const sessions = Array.from({ length: 100 }, (_, n) => ({ id: idOf(n, 1), epoch: 0 }))
    await records.announce(1000, sessions)
    await records.forget(sessions)
    expect(calls).toBe(200)
    expect(most).toBe(16)
  })

  test('are not asked for while the store is away', async () => {
    const away = new SessionRecords({
      fleet: 'chat',
      node: 'one',
      call: () => Promise.reject(new Error('asked')),
      presentForMs: () => undefined,
    })
    for (const call of [
      away.announce(1, [{ id: idOf(1, 1), epoch: 0 }]),
      away.find(idOf(1, 1)),
      away.claim(idOf(1, 1), { epoch: 0, node: 'one' }, 1),
      away.forget([{ id: idOf(1, 1), epoch: 0 }]),
    ])
      await expect(call).rejects.toThrow('away')
  })

  test('let a session be taken whose node is gone, or has it no more, and of no other one', async () => {
    const [one, other] = [recordsOf('one'), recordsOf('other')]
    const [here, there] = [workerOf(one), workerOf(other)]
    const { series } = await here.list(1000, ({ key }) => `a recipe with ${key}`)
    isMember('one', 60_000)
    expect(await there.seek(series.id, 1000)).toBe('kept')
    expect(await there.seek(series.id, 1000, 'third')).toBe('kept')
    const free = await there.seek(series.id, 1000, 'one')
    if (typeof free !== 'object') throw new Error('it is not free')
    expect(free.recipe).toBe(`a recipe with ${series.key}`)
    server.cli('ZREM', fleetKey('chat', 'members'), 'one')
    const late = await there.seek(series.id, 1000)
    if (typeof late !== 'object') throw new Error('it is not free')
    const taken = (await free.take(series))!
    expect(taken).toMatchObject({ counters: '' })
    expect(await late.take(series)).toBeUndefined()
    // Its own, of which a worker has not said whether it has it.
    expect(await there.seek(series.id, 1000, undefined, true)).toBe('kept')
    // Twice in one worker: the first goes, and its end is not the end of the second.
    const ended: string[] = []
    const begin = ({ listing }: typeof taken, name: string) =>
      listing.begun({
        counters: () => '',
        stamp: () => 0,
        recipe: () => '',
        remembered: () => undefined,
        parkedAt: undefined,
        checkClient: () => true,
        takenOver() {
          ended.push(name)
          listing.end()
        },
      })
    begin(taken, 'first')
    const own = await there.seek(series.id, 1000)
    if (typeof own !== 'object') throw new Error('it is not free')
    expect(own).toMatchObject({ isOwn: true, counters: '' })
    const again = (await own.take(series))!
    expect(ended).toEqual(['first'])
    begin(again, 'second')
    taken.listing.end()
    there.taken([{ id: series.id, epoch: 9 }])
    expect(ended).toEqual(['first', 'second'])
    expect(await there.seek('unknown-group_AAAA', 1000)).toBeUndefined()
    const stranger = new FleetSessions({
      fleet: { name: 'chat', secrets: ['another secret'] },
      clock: fakeClock(),
      log: pino({ level: 'silent' }),
      post: (message) => {
        if (message.type !== 'session-ask') return
        void answerAboutSessions(other, message.about).then((answer) => stranger.answer(message.ask, answer))
      },
    })
    expect(await stranger.seek(series.id, 1000)).toBeUndefined()
    for (const worker of [here, there, stranger]) worker.stop()
  })

  test('that are given away are whose claim comes first', async () => {
    let isAway = false
    const [here, there] = [workerOf(recordsOf('one'), () => isAway), workerOf(recordsOf('other'))]
    const begin = async () => {
      const ended: string[] = []
      const { series, begun } = await here.list(60_000, () => 'a recipe')
      begun({
        counters: () => '',
        stamp: () => 0,
        recipe: () => 'a recipe',
        remembered: () => undefined,
        checkClient: () => true,
        parkedAt: undefined,
        takenOver: () => ended.push('taken over'),
      })
      const { id } = series
      const { epoch, session } = here.given(id, 'all of it')!
      return { id, ended, session, claim: () => there.adopt(series, { epoch, node: 'one' }, 60_000) }
    }
    const holder = (id: string) => recordsOf('third').find(id)

    const early = await begin()
    expect(there.unseal(early.id, early.session)).toBe('all of it')
    expect(there.unseal('another sessionA', early.session)).toBeUndefined()
    // The other one has not been heard of, and is too late.
    expect(await here.keep(early.id, 'other', false)).toBe('kept')
    expect(await early.claim()).toBeUndefined()
    expect(await holder(early.id)).toMatchObject({ node: 'one', epoch: 1 })

    const late = await begin()
    expect(await late.claim()).toBeDefined()
    expect(await here.keep(late.id, 'other', false)).toBe('lost')
    expect(await holder(late.id)).toMatchObject({ node: 'other', epoch: 1 })

    // It has claimed it, and then says that it does not go on with it; that the store tells so meanwhile changes nothing.
    const refused = await begin()
    expect(await refused.claim()).toBeDefined()
    here.taken([{ id: refused.id, epoch: 1 }])
    expect(refused.ended).toEqual([])
    expect(await here.keep(refused.id, 'other', true)).toBe('kept')
    expect(await holder(refused.id)).toMatchObject({ node: 'one', epoch: 2 })
    here.taken([{ id: refused.id, epoch: 3 }])
    expect(refused.ended).toEqual(['taken over'])

    // The same, and the store is away when it says no: heard of once more, it is claimed then.
    const later = await begin()
    expect(await later.claim()).toBeDefined()
    isAway = true
    expect(await here.keep(later.id, 'other', true)).toBe('unknown')
    isAway = false
    here.taken([{ id: later.id, epoch: 1 }])
    await eventually('it is this node that has it', async () => (await holder(later.id))?.node === 'one')
    expect(await holder(later.id)).toMatchObject({ epoch: 2 })
    expect(later.ended).toEqual([])
    here.taken([{ id: later.id, epoch: 3 }])
    expect(later.ended).toEqual(['taken over'])

    // It says no, and has ended it in the store, or that has come back empty: nobody has it.
    const nowhere = await begin()
    expect(await nowhere.claim()).toBeDefined()
    await recordsOf('other').forget([{ id: nowhere.id, epoch: 1 }])
    expect(await holder(nowhere.id)).toBeUndefined()
    expect(await here.keep(nowhere.id, 'other', true)).toBe('kept')
    here.announceAll()
    await eventually('it is found again', async () => (await holder(nowhere.id))?.node === 'one')
    expect(await holder(nowhere.id)).toMatchObject({ epoch: 1 })
    for (const worker of [here, there]) worker.stop()
  })

  test('hear of many sessions of a worker in few calls, of changes only, and of all again when the store is new', async () => {
    const records = recordsOf('one')
    const asked: string[] = []
    let isAway = false
    const clock = fakeClock()
    const sessions: FleetSessions = new FleetSessions({
      fleet: { name: 'chat', secrets: ['x'] },
      clock,
      log: pino({ level: 'silent' }),
      post(message: FromWorker) {
        if (message.type !== 'session-ask') return
        const { ask, about } = message
        asked.push(about.what === 'announce' ? `announce ${about.sessions.length}` : about.what)
        if (isAway) sessions.answer(ask, { what: 'away' })
        else if (about.what === 'announce')
          void records
            .announce(about.forMs, about.sessions)
            .then((taken) => sessions.answer(ask, { what: 'announce', taken }))
        else if (about.what === 'forget')
          void records.forget(about.sessions).then(() => sessions.answer(ask, { what: 'forget' }))
      },
    })
    const ended: string[] = []
    let sent = 0
    const listings = await Promise.all(
      Array.from({ length: 100 }, () => sessions.list(1000, ({ id }) => `recipe of ${id}`)),
    )
    expect(asked.length).toBeLessThanOrEqual(2)
    for (const listing of listings)
      listing.begun({
        counters: () => `${listing === listings[0] ? sent : 0}`,
        stamp: () => (listing === listings[0] ? sent : 0),
        recipe: () => 'now',
        parkedAt: undefined,
        checkClient: () => true,
        remembered: () => undefined,
        takenOver: () => ended.push(listing.series.id),
      })
    const first = listings[0]!.series.id
    expect(await records.find(first)).toMatchObject({ node: 'one', epoch: 0 })
    const field = (serial: string) =>
      server.cli('HGET', fleetKey(`chat/${first.slice(0, 12)}`, 'sessions'), serial)
    await clock.advance(1000)
    await eventually('all are counted', () => field(`c${first.slice(12)}`) === '0')
    // Time stands still but for that: it is the answer that is waited for.
    sent = 7
    asked.length = 0
    await clock.advance(1000)
    await eventually('the change is known', () => field(`c${first.slice(12)}`) === '7')
    expect(asked).toEqual(['announce 1'])
    expect(field(`r${first.slice(12)}`)).not.toContain('recipe')
    server.cli('FLUSHALL')
    sessions.announceAll()
    await eventually('all is there again', () => field(`r${listings[99]!.series.id.slice(12)}`) !== '')
    // Without a store nobody waits, and it is said later.
    isAway = true
    const late = await sessions.list(1000, () => 'late')
    isAway = false
    await clock.advance(250)
    await eventually('it is announced', () => field(`h${late.series.id.slice(12)}`) === '0 one')
    listings[1]!.end()
    await clock.advance(250)
    const over = listings[1]!.series.id.slice(12)
    await eventually('it is forgotten', () => field(`h${over}`) === '')
    expect(await recordsOf('other').claim(first, { epoch: 0, node: 'one' }, 1000)).toMatchObject({ ok: true })
    sent = 8
    await clock.advance(1000)
    await eventually('its end is heard', () => ended.includes(first))
    sessions.stop()
  })
})
