// Sentinels and a Cluster, real ones: a primary that dies, one that stands still, and all of them away.
import { execFileSync } from 'node:child_process'
import { eventually, fakeClock, hasRedis, type RedisServer, startRedis } from '@holdfast/testing'
import { pino } from 'pino'
import { afterEach, describe, expect, test } from 'vitest'
import { readStore } from '../src/config/schema-fleet.ts'
import { systemClock } from '../src/core/index.ts'
import { Fleet } from '../src/fleet/index.ts'
import { Ledger } from '../src/handshake/index.ts'

const running: RedisServer[] = []

afterEach(async () => {
  for (const one of running.splice(0)) await one[Symbol.asyncDispose]()
})

function keep(one: RedisServer): RedisServer {
  running.push(one)
  return one
}

/** Each call has its answer, also on a machine that has much else to do; nothing is away then for a moment only. */
const patient = { decideMs: 20_000, callMs: 20_000 }

/** A node of a fleet on this store. */
function nodeOn(url: string, times?: typeof patient) {
  const store = readStore(url)
  if (!('nodes' in store)) throw new Error(store.message)
  const node = new Fleet({
    options: { name: 'chat', store, secrets: ['a secret of the fleet'], drainWait: 0 },
    routes: [],
    local: new Ledger({ clock: fakeClock() }),
    describe: () => ({ version: '1', phase: 'serving', generation: 1, connections: 0 }),
    onTicketKeys: () => {},
    log: pino({ level: 'silent' }),
    clock: systemClock,
    times,
  })
  node.start()
  const detail = () => node.info
  return {
    is: (state: string) => eventually(`store ${state}`, () => node.info.store.state === state, { detail }),
    members: () => node.info.members.length,
    id: node.id,
    sessions: node.sessions,
    [Symbol.dispose]: () => node.kill(),
  }
}

async function all<T>(count: number, make: (index: number) => Promise<T>): Promise<T[]> {
  return Promise.all(Array.from({ length: count }, (_, index) => make(index)))
}

const addresses = (servers: RedisServer[]) => servers.map(({ port }) => `127.0.0.1:${port}`).join(',')

describe.runIf(hasRedis)('the store', () => {
  test('behind Sentinels: the primary dies, its successor stands still, then all were away', async () => {
    const first = keep(await startRedis())
    const second = keep(await startRedis({ config: `replicaof 127.0.0.1 ${first.port}` }))
    const config = [
      `sentinel monitor main 127.0.0.1 ${first.port} 2`,
      'sentinel down-after-milliseconds main 500',
      'sentinel failover-timeout main 2000',
    ].join('\n')
    const sentinels = await all(3, async () => keep(await startRedis({ config, args: ['--sentinel'] })))
    const know = (what: string) => () => sentinels.every(({ cli }) => cli('INFO', 'sentinel').includes(what))
    await eventually('they know each other', know('slaves=1,sentinels=3'))
    using node = nodeOn(`redis+sentinel://${addresses(sentinels)}/main`)
    await node.is('present')
    await first.kill()
    await node.is('away')
    await node.is('present')
    expect(second.cli('HLEN', 'holdfast:{chat}:records')).toBe('1')
    await Promise.all([...sentinels, second].map((server) => server.kill()))
    await node.is('away')
    await Promise.all([second, ...sentinels].map((server) => server.start()))
    await node.is('present')
    expect(node.members()).toBe(1)
  })

  test('as a Cluster: scripts find all keys on one node; its primary dies; the next one stands still', async () => {
    const config = [
      'cluster-enabled yes',
      'cluster-config-file nodes.conf',
      'cluster-node-timeout 1000',
      'repl-diskless-sync-delay 0',
    ].join('\n')
    const servers = await all(6, async () => keep(await startRedis({ config })))
    const create = [
      '--cluster',
      'create',
      ...addresses(servers).split(','),
      '--cluster-replicas',
      '1',
      '--cluster-yes',
    ]
    execFileSync('redis-cli', create)
    const linked = ({ cli }: RedisServer) => cli('INFO', 'replication').includes('master_link_status:up')
    const isPrimary = ({ cli }: RedisServer) => cli('INFO', 'replication').includes('role:master')
    await eventually('all work', () =>
      servers.every(({ cli }) => cli('CLUSTER', 'INFO').includes('cluster_state:ok')),
    )
    await eventually('replicas follow', () => servers.slice(3).every(linked))
    const url = `redis+cluster://${addresses(servers.slice(0, 3))}`
    using node = nodeOn(url)
    await node.is('present')
    const slot = Number(servers[0]!.cli('CLUSTER', 'KEYSLOT', 'holdfast:{chat}:members'))
    const holder = servers[slot < 5461 ? 0 : slot < 10923 ? 1 : 2]!
    expect(holder.cli('HLEN', 'holdfast:{chat}:records')).toBe('1')
    using other = nodeOn(url, patient)
    await other.is('present')
    const ids = Array.from({ length: 60 }, (_, n) => `${String(n).padStart(12, '0')}ABCD`)
    const sessions = ids.map((id) => ({ id, epoch: 0, recipe: `recipe of ${id}`, counters: 'c' }))
    const announced = () => node.sessions.announce(60_000, sessions).catch(() => undefined)
    expect(await eventually('an answer in time', announced)).toEqual([])
    // Each group has a slot of its own, so that all primaries have some.
    for (const { cli } of servers.slice(0, 3)) expect(Number(cli('DBSIZE'))).toBeGreaterThan(3)
    for (const id of ids)
      expect(await other.sessions.find(id)).toMatchObject({
        node: node.id,
        epoch: 0,
        recipe: `recipe of ${id}`,
      })
    const claimed = ids.slice(0, 30)
    for (const id of claimed)
      expect(await other.sessions.claim(id, { epoch: 0, node: node.id }, 60_000)).toMatchObject({
        ok: true,
        epoch: 1,
      })
    const offset = ({ cli }: RedisServer, of: string) =>
      Number(new RegExp(`^${of}_repl_offset:(\\d+)`, 'm').exec(cli('INFO', 'replication'))?.[1])
    const written = offset(holder, 'master')
    const follows = ({ cli }: RedisServer) =>
      cli('INFO', 'replication').includes(`master_port:${holder.port}`)
    await eventually('its replica has all', () =>
      servers.some((one) => follows(one) && offset(one, 'slave') >= written),
    )
    await holder.kill()
    await node.is('away')
    await node.is('present')
    const taken = await eventually('the groups of the primary that died', announced)
    expect(taken.map(({ id, node, epoch }) => `${id} ${node} ${epoch}`).sort()).toEqual(
      claimed.map((id) => `${id} ${other.id} 1`),
    )
    await holder.start()
    await eventually('it follows its successor', () => linked(holder))
    const next = servers.slice(3).find((server) => isPrimary(server))!
    next.signal('SIGSTOP')
    await node.is('away')
    await node.is('present')
    expect(isPrimary(holder)).toBe(true)
    next.signal('SIGCONT')
  })
})
