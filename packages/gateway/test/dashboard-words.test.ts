// The words of the operator's page, which need no browser.
import { expect, test } from 'vitest'
import type { DashboardFrame } from '../../../apps/dashboard/src/frame.ts'
import { CloseSeries } from '../../../apps/dashboard/src/series.ts'
import { byUrgency, verdict } from '../../../apps/dashboard/src/verdict.ts'
import { drainWords, duration, rate, size, upgradeWords } from '../../../apps/dashboard/src/words.ts'
import { withoutUpstream } from '../src/operate/route-alarm.ts'

type Route = DashboardFrame['routes'][number]

function route(name: string, healths: boolean[], held = 0): Route {
  const upstreams = healths.map((healthy, i) => ({
    name: `ws://${name}-${i}`,
    address: '',
    healthy,
    connections: 0,
    ...(healthy ? {} : { lastError: 'connection refused' }),
  }))
  return { name, connections: { open: 1, held, closing: 0 }, waiting: 0, upstreams } as unknown as Route
}

function states(name: string, ...all: NonNullable<Route['upstreams'][number]['state']>[]): Route {
  const one = route(
    name,
    all.map((state) => state !== 'failing'),
  )
  return { ...one, upstreams: one.upstreams.map((upstream, n) => ({ ...upstream, state: all[n]! })) }
}

const frame = (given: Partial<DashboardFrame>) =>
  ({ phase: 'serving', drains: [], routes: [], ...given }) as DashboardFrame

test('routes without an upstream come first, with most waiting clients before others; then those that limp', () => {
  const routes = [
    route('fine', [true]),
    route('limps', [true, false]),
    route('dead', [false]),
    route('dead-with-clients', [false], 3),
    { ...route('dead-with-more', [false], 3), waiting: 2 },
    route('also-fine', [true]),
  ]
  expect(byUrgency(routes).map(({ name }) => name)).toEqual([
    'dead-with-more',
    'dead-with-clients',
    'dead',
    'limps',
    'fine',
    'also-fine',
  ])
})

test('the page and holdfast status say the same of a route without an upstream', () => {
  for (const dead of [
    route('a', [false]),
    route('a', [false, false], 1),
    { ...route('a', [false], 12), waiting: 8, givesUpInMs: 23_400 },
    states('a', 'drained', 'failing'),
  ])
    expect(verdict(frame({ routes: [dead] })).words).toBe(withoutUpstream(dead))
})

const upgrade = { startedAt: 0, phase: 'moving', from: '1', to: '2', total: 9, moved: 4, ended: 0 } as const
const drain = { scope: 'gateway', total: 9, closed: 4, cut: 0, moved: 0, done: false }

test.each<[string, Partial<DashboardFrame>, string, string]>([
  ['all is well', { routes: [route('a', [true, true])] }, 'good', 'All 2 upstreams are healthy'],
  ['there is one upstream', { routes: [route('a', [true])] }, 'good', 'The upstream is healthy'],
  [
    'one is sick',
    { routes: [route('a', [true, false])] },
    'bad',
    'ws://a-1 is unhealthy: connection refused',
  ],
  [
    'some are sick',
    { routes: [route('a', [true, false, false])] },
    'bad',
    '2 of 3 upstreams are unhealthy or failing',
  ],
  [
    'a route is dead',
    { routes: [route('a', [false], 3), route('b', [true])] },
    'bad',
    'a has no upstream: 3 clients wait',
  ],
  [
    'many routes are dead',
    { routes: ['a', 'b', 'c'].map((name) => route(name, [false])) },
    'bad',
    'a has no upstream: connection refused; no upstream in the routes b and c either',
  ],
  [
    'somebody waits for an upstream that is not probed',
    { routes: [{ ...route('a', [true], 2), waiting: 3 }, route('b', [true])] },
    'bad',
    'No upstream answers in route a; 2 connections held; 3 new clients waiting',
  ],
  [
    'a route is dead and somebody waits',
    { routes: [{ ...route('a', [false]), waiting: 1 }] },
    'bad',
    'a has no upstream: 1 client waits',
  ],
  [
    'it is known when the first client is sent away',
    { routes: [{ ...route('chat', [false], 12), waiting: 8, givesUpInMs: 23_400 }, route('plain', [false])] },
    'bad',
    'chat has no upstream: 20 clients wait, the first is sent away in 24 s; no upstream in route plain either',
  ],
  [
    'one upstream is drained and the other fails',
    { routes: [states('chat', 'drained', 'failing')] },
    'bad',
    'chat has no upstream: drained, connection refused',
  ],
  [
    'an upstream fails that nothing probes',
    { routes: [states('chat', 'not probed', 'failing')] },
    'bad',
    'ws://chat-1 is failing: connection refused',
  ],
  [
    'one is drained',
    { routes: [states('chat', 'healthy', 'drained')] },
    'warn',
    '1 of 2 upstreams is drained',
  ],
  [
    'nothing probes any',
    { routes: [states('chat', 'not probed', 'not probed')] },
    'good',
    'No upstream fails; 2 of 2 upstreams are not probed',
  ],
  [
    'somebody is held',
    { routes: [route('a', [true], 1)] },
    'warn',
    '1 connection held until their upstream is back',
  ],
  ['it upgrades', { upgrade }, 'warn', 'Upgrading to 2: 4 of 9 connections moved'],
  [
    'it drains',
    { drains: [drain], upgrade },
    'warn',
    'Draining the whole gateway: 4 closed of 9 connections',
  ],
  [
    'it is not ready',
    { unready: 'no worker is ready' },
    'bad',
    'The gateway takes no traffic: no worker is ready',
  ],
])('when %s, the first sentence says so', (_, given, tone, words) => {
  expect(verdict(frame(given))).toEqual({ tone, words })
})

test('a drain is told by what has become of its connections', () => {
  const done = { ...drain, scope: 'upstream ws://a', closed: 2, moved: 6, cut: 1, done: true }
  expect(drainWords(done)).toBe(
    'Drained upstream ws://a: 2 closed, 6 moved to another upstream, 1 cut at the deadline',
  )
})

test('an upgrade is told by how it went', () => {
  expect(upgradeWords({ ...upgrade, phase: 'done', moved: 1, ms: 930 })).toBe(
    'Upgraded to 2: 1 connection moved in 0.9 s',
  )
  expect(upgradeWords({ ...upgrade, phase: 'failed', error: 'not ready in 10 s' })).toBe(
    'The upgrade failed, the old workers go on: not ready in 10 s',
  )
})

test.each([
  [0, '0 s'],
  [59_999, '59 s'],
  [3_661_000, '1 h 1 min'],
  [90_000_000, '1 d 1 h'],
])('%i ms are %s', (ms, words) => {
  expect(duration(ms)).toBe(words)
})

test.each([
  [0, '0 B'],
  [999, '999 B'],
  [1000, '1.0 kB'],
  [999_600, '1.0 MB'],
  [12_345_678, '12 MB'],
])('%i bytes are %s', (bytes, words) => {
  expect(size(bytes)).toBe(words)
})

test('small rates have a digit after the point', () => {
  expect([0, 0.25, 9.94, 9.96, 1234.5].map(rate)).toEqual(['0', '0.3', '9.9', '10', '1,235'])
})

test('counts of a second that is not over are replaced, old ones forgotten', () => {
  const series = new CloseSeries()
  series.take([[100, 1014, 3]], 100_500)
  series.take(
    [
      [100, 1014, 5],
      [101, 1000, 1],
    ],
    101_200,
  )
  expect(Object.fromEntries(series.sums(100, 102))).toEqual({ 1014: 5, 1000: 1 })
  expect(Object.fromEntries(series.sums(101, 102))).toEqual({ 1000: 1 })
  series.take([[800, 1000, 1]], 800_000)
  expect(series.all).toEqual([[800, 1000, 1]])
})
