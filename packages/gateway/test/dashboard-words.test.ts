// The words of the operator's page, which need no browser.
import { expect, test } from 'vitest'
import type { DashboardFrame } from '../../../apps/dashboard/src/frame.ts'
import { CloseSeries } from '../../../apps/dashboard/src/series.ts'
import { drainWords, duration, rate, size, upgradeWords, verdict } from '../../../apps/dashboard/src/words.ts'

type Route = DashboardFrame['routes'][number]

function route(name: string, healths: boolean[], held = 0): Route {
  const upstreams = healths.map((healthy, i) => ({
    name: `ws://${name}-${i}`,
    address: '',
    healthy,
    connections: 0,
    ...(healthy ? {} : { lastError: 'connection refused' }),
  }))
  return { name, connections: { open: 1, held, closing: 0 }, upstreams } as unknown as Route
}

const frame = (given: Partial<DashboardFrame>) =>
  ({ phase: 'serving', drains: [], routes: [], ...given }) as DashboardFrame

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
  ['some are sick', { routes: [route('a', [true, false, false])] }, 'bad', '2 of 3 upstreams are unhealthy'],
  [
    'a route is dead',
    { routes: [route('a', [false], 3), route('b', [true])] },
    'bad',
    'No healthy upstream in route a; 3 connections held',
  ],
  [
    'many routes are dead',
    { routes: ['a', 'b', 'c'].map((name) => route(name, [false])) },
    'bad',
    'No healthy upstream in 3 routes',
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
    'No healthy upstream in route a; 1 new client waiting',
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
    'Drained upstream ws://a: 2 closed, 6 gone on with another upstream, 1 cut at the deadline',
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
