import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { GatewaySnapshot, RouteInfo } from '../src/core/snapshot.ts'
import { addCounters, emptyCounters, mergeDrains, mergeSnapshots, retire } from '../src/worker/totals.ts'

function route(name: string, more: Partial<RouteInfo> = {}): RouteInfo {
  return {
    name,
    connections: { open: 0, held: 0, closing: 0 },
    upstreams: [],
    counters: emptyCounters(),
    ...more,
  }
}

function snapshot(...routes: RouteInfo[]): GatewaySnapshot {
  return { routes, drains: [] }
}

const counts = fc.dictionary(fc.constantFrom('accepted', 'busy', '1000:client', '1006:gateway'), fc.nat(1000))
const directions = fc.record({ 'to-upstream': fc.nat(1000), 'to-client': fc.nat(1000) })
const counters = fc.record({
  handshakes: counts,
  closes: counts,
  messages: directions,
  bytes: directions,
  lost: directions,
  reattachments: counts,
  reattachSeconds: counts,
  reattachSum: fc.nat(1000),
})

test('counters add up in any order', () => {
  fc.assert(
    fc.property(fc.array(counters), (all) => {
      const forward = all.reduce(addCounters, emptyCounters())
      const backward = [...all].reverse().reduce(addCounters, emptyCounters())
      expect(forward).toEqual(backward)
      const accepted = all.reduce((sum, { handshakes }) => sum + (handshakes.accepted ?? 0), 0)
      expect(forward.handshakes.accepted ?? 0).toBe(accepted)
    }),
  )
})

test('a total never falls when a worker dies', () => {
  fc.assert(
    fc.property(counters, counters, fc.nat(50), (first, second, open) => {
      const dying = snapshot(route('chat', { counters: first, connections: { open, held: 0, closing: 0 } }))
      const staying = snapshot(route('chat', { counters: second }))
      const before = mergeSnapshots([dying, staying], new Map(), ['chat']).routes[0]!.counters
      const after = mergeSnapshots([staying], retire(new Map(), dying), ['chat']).routes[0]!.counters
      expect(after.messages).toEqual(before.messages)
      expect(after.closes['1006:gateway'] ?? 0).toBe((before.closes['1006:gateway'] ?? 0) + open)
    }),
  )
})

test('a dead worker of nothing but idle routes adds no close', () => {
  const ended = retire(new Map(), snapshot(route('chat')))
  expect(ended.get('chat')).toEqual(emptyCounters())
})

test('connections of all states that died with a worker count as 1006 by the gateway', () => {
  const ended = retire(new Map(), snapshot(route('chat', { connections: { open: 2, held: 1, closing: 2 } })))
  expect(ended.get('chat')?.closes).toEqual({ '1006:gateway': 5 })
})

test('counts of a route that neither the configuration nor a worker has are left out', () => {
  const ended = retire(new Map(), snapshot(route('gone', { connections: { open: 1, held: 0, closing: 0 } })))
  expect(mergeSnapshots([], ended, ['chat']).routes.map(({ name }) => name)).toEqual(['chat'])
})

test('routes keep the order of the configuration', () => {
  const live = [snapshot(route('b'), route('a')), snapshot(route('a'), route('c'))]
  expect(mergeSnapshots(live, new Map(), ['a', 'b']).routes.map(({ name }) => name)).toEqual(['a', 'b', 'c'])
})

test('an upstream is healthy when every worker finds it so', () => {
  const upstream = { name: 'ws://a', address: '10.0.0.1:80', connections: 2, healthy: true }
  const broken = { ...upstream, healthy: false, lastError: 'connection refused' }
  const live = [
    snapshot(route('chat', { upstreams: [upstream] })),
    snapshot(route('chat', { upstreams: [broken] })),
    snapshot(route('chat', { upstreams: [upstream] })),
  ]
  expect(mergeSnapshots(live, new Map(), ['chat']).routes[0]!.upstreams).toEqual([
    { ...broken, connections: 6 },
  ])
})

test('the addresses of one name stay apart', () => {
  const one = { name: 'dns:ws://a', address: '10.0.0.1:80', connections: 1, healthy: true }
  const two = { ...one, address: '10.0.0.2:80', healthy: false }
  const { routes } = mergeSnapshots([snapshot(route('chat', { upstreams: [one, two] }))], new Map(), [])
  expect(routes[0]!.upstreams).toEqual([one, two])
})

test('the parts of a drain add up, and it is done when all of them are', () => {
  const part = { id: 1, scope: 'route chat', total: 10, closed: 4, moved: 0, cut: 1, done: true }
  const running = { ...part, total: 5, closed: 0, moved: 0, cut: 0, done: false }
  expect(mergeDrains([[part], [running]])).toEqual([
    { id: 1, scope: 'route chat', total: 15, closed: 4, moved: 0, cut: 1, done: false },
  ])
})

test('two drains of one route after each other stay two', () => {
  const first = { id: 1, scope: 'route chat', total: 1, closed: 1, moved: 0, cut: 0, done: true }
  const second = { ...first, id: 2, total: 7, closed: 7 }
  expect(
    mergeDrains([
      [first, second],
      [first, second],
    ]).map(({ total }) => total),
  ).toEqual([2, 14])
})

test('a drain that only one worker had anything to do for is not added to another one of the same scope', () => {
  const first = { id: 1, scope: 'route chat', total: 1, closed: 1, moved: 0, cut: 0, done: true }
  const reload = { ...first, id: 2, total: 7, closed: 7 }
  expect(mergeDrains([[first], [first, reload]]).map(({ id, total }) => [id, total])).toEqual([
    [1, 2],
    [2, 7],
  ])
})

test('what workers drain of their own accord is nobody else’s', () => {
  const own = { scope: 'gateway', total: 3, closed: 0, moved: 0, cut: 0, done: false }
  expect(mergeDrains([[own], [own]])).toEqual([own, own])
})
