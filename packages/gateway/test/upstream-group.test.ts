import { routeOptions } from '@holdfast/testing'
import { expect, test } from 'vitest'
import { a, chat, health, poolOf } from './pool-host.ts'

test('a dns: upstream is every address of its name, with its name for TLS and the Host header', async () => {
  const { pool, clock, names, hosts } = poolOf({ upstreams: [{ ...chat, weight: 3 }] })
  names['chat.internal'] = ['10.1.0.1', '10.1.0.2']
  pool.start()
  await clock.advance(0)
  expect(hosts()).toEqual(['10.1.0.1', '10.1.0.2'])
  expect(pool.upstreams[0]).toMatchObject({
    name: 'ws://chat.internal:3000/v1',
    weight: 3,
    target: { serverName: 'chat.internal', port: 3000, path: '/v1', tls: false },
  })
  pool.stop()
  expect(clock.pending).toBe(0)
})

test('a dns: upstream is the name itself until the first lookup succeeds, so that a client is told what is wrong', async () => {
  const { pool, clock, names, hosts } = poolOf({ upstreams: [chat] })
  expect(hosts()).toEqual(['chat.internal'])
  pool.start()
  await clock.advance(0)
  expect(hosts()).toEqual(['chat.internal'])
  expect(pool.upstreams[0]?.lastError).toBe('name not found')
  names['chat.internal'] = ['10.1.0.1']
  await clock.advance(10_000)
  expect(hosts()).toEqual(['10.1.0.1'])
  expect(pool.upstreams[0]?.lastError).toBeUndefined()
  pool.stop()
})

test('a dns: upstream that loses an address picks it no more; its connections stay counted and it may come back', async () => {
  const { pool, clock, names, hosts } = poolOf({ upstreams: [chat] })
  names['chat.internal'] = ['10.1.0.1', '10.1.0.2']
  pool.start()
  await clock.advance(0)
  const [first, second] = pool.upstreams
  const release = pool.acquire(first!)
  names['chat.internal'] = ['10.1.0.3', '10.1.0.2']
  await clock.advance(10_000)
  expect(hosts()).toEqual(['10.1.0.2', '10.1.0.3'])
  expect(pool.upstreams[0]).toBe(second)
  expect(first!.connections).toBe(1)
  names['chat.internal'] = ['10.1.0.1']
  await clock.advance(10_000)
  expect(pool.upstreams).toEqual([first])
  release()
  expect(first!.connections).toBe(0)
  pool.stop()
})

test('a dns: upstream keeps its addresses when a lookup fails, and says why', async () => {
  const { pool, clock, names, hosts } = poolOf({ upstreams: [chat] })
  names['chat.internal'] = ['10.1.0.1']
  pool.start()
  await clock.advance(0)
  names['chat.internal'] = 'EAI_AGAIN'
  await clock.advance(10_000)
  expect(hosts()).toEqual(['10.1.0.1'])
  expect(pool.upstreams[0]).toMatchObject({ healthy: true, lastError: 'name lookup failed' })
  names['chat.internal'] = ['10.1.0.1']
  await clock.advance(10_000)
  expect(pool.upstreams[0]?.lastError).toBeUndefined()
  pool.stop()
})

test('a dns: upstream has every address probed, and none that is gone', async () => {
  const { pool, clock, names, sick, probes, changes } = poolOf({ upstreams: [chat], health })
  names['chat.internal'] = ['10.1.0.1', '10.1.0.2']
  sick['10.1.0.2'] = 'status 503'
  pool.start()
  await clock.advance(12_000)
  expect(changes).toEqual(['ws://chat.internal:3000/v1 unhealthy: status 503'])
  names['chat.internal'] = ['10.1.0.1']
  await clock.advance(10_000)
  probes.length = 0
  await clock.advance(10_000)
  expect(new Set(probes.map(({ host }) => host))).toEqual(new Set(['10.1.0.1']))
  pool.stop()
})

test('a dns: upstream that is removed is returned with all addresses, those that only have connections left too', async () => {
  const { pool, clock, names } = poolOf({ upstreams: [a, chat] })
  names['chat.internal'] = ['10.1.0.1', '10.1.0.2']
  pool.start()
  await clock.advance(0)
  pool.acquire(pool.upstreams[1]!)
  names['chat.internal'] = ['10.1.0.2']
  await clock.advance(10_000)
  const { removed } = pool.reconfigure(routeOptions({ upstreams: [a] }))
  expect(removed.map(({ target }) => target.host)).toEqual(['10.1.0.2', '10.1.0.1'])
  await clock.advance(60_000)
  expect(clock.pending).toBe(0)
})

test('a dns: upstream that becomes an ordinary one, and one again, loses no connection', async () => {
  const { pool, clock, names, hosts } = poolOf({ upstreams: [chat, a], health })
  names['chat.internal'] = ['10.1.0.1']
  pool.start()
  await clock.advance(0)
  const held = pool.upstreams[0]!
  pool.acquire(held)
  expect(pool.reconfigure(routeOptions({ upstreams: [a, chat.url], health })).removed).toEqual([])
  expect(hosts()).toEqual(['10.0.0.1', 'chat.internal'])
  expect(pool.reconfigure(routeOptions({ upstreams: [chat, a], health })).removed).toEqual([])
  await clock.advance(0)
  expect(pool.upstreams[0]).toBe(held)
  pool.stop()
  expect(clock.pending).toBe(0)
})
