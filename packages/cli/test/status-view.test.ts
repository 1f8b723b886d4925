import type { GatewayState } from '@holdfast/gateway'
import { expect, test } from 'vitest'
import { ratesBetween } from '../src/status-rates.ts'
import { fleetPage, statusPage } from '../src/status-view.ts'
import { layoutOf } from '../src/table.ts'
import { textWidth } from '../src/text-width.ts'

const stream = { write: () => {} }
const plain = layoutOf({ stdout: stream, stderr: stream, env: {} })

type Upgrade = NonNullable<GatewayState['upgrade']>

/** A gateway in the middle of everything. */
const state: GatewayState = {
  version: '1.2.0',
  phase: 'serving',
  pid: 4711,
  startedAt: 1_000_000,
  uptime: 600_000,
  listen: ['wss://0.0.0.0:443'],
  admin: 'http://127.0.0.1:10120',
  workerRestarts: 1,
  socketsDropped: 0,
  workers: [
    {
      id: 1,
      pid: 12345,
      state: 'leaving',
      generation: 1,
      version: '1.2.0',
      startedAt: 1_000_000,
      connections: 40,
      process: { memory: 2 ** 26, processor: 3, delay: 1, logLinesDropped: 0 },
    },
    {
      id: 2,
      pid: 12346,
      state: 'ready',
      generation: 2,
      version: '1.3.0',
      startedAt: 1_590_000,
      connections: 20_000,
    },
  ],
  routes: [
    {
      name: 'chat',
      connections: { open: 20_000, held: 12, closing: 3 },
      upstreams: [
        { name: 'ws://10.0.0.1:3000', address: '10.0.0.1:3000', healthy: true, connections: 20_000 },
        {
          name: 'dns:ws://chat',
          address: '10.0.0.2:3000',
          healthy: false,
          connections: 0,
          lastError: 'connection refused',
        },
      ],
      counters: {
        handshakes: { accepted: 30_000 },
        closes: { '1012:gateway': 5, '1000:client': 900, '4001:upstream': 1, '3500:client': 1 },
        messages: { 'to-upstream': 100, 'to-client': 200 },
        bytes: { 'to-upstream': 1000, 'to-client': 2000 },
        lost: { 'to-upstream': 2, 'to-client': 0 },
        reattachments: { attached: 7, 'too-late': 1, 'not-restored': 3 },
        reattachSeconds: {},
        reattachSum: 0,
      },
    },
  ],
  drains: [{ scope: 'upstream ws://10.0.0.3:3000', total: 10, closed: 4, moved: 2, cut: 1, done: false }],
}

const page = (more: Partial<GatewayState> = {}, before?: GatewayState) => {
  const now = { ...state, ...more }
  return statusPage(now, ratesBetween(before, now), plain)
}

test('the page shows everything at a glance', () => {
  expect(page()).toBe(`\
holdfast 1.2.0  serving  up 10m 0s
listening on wss://0.0.0.0:443  admin http://127.0.0.1:10120  pid 4711

ROUTE    OPEN  HELD  CLOSING  OPENED/S  CLOSED/S  MESSAGES/S UP  DOWN  BYTES/S  OPENED
chat   20,000    12        3         -         -              -     -        -  30,000

ROUTE  UPSTREAM                        HEALTH     CONNECTIONS  LAST ERROR
chat   ws://10.0.0.1:3000              healthy         20,000  -
chat   dns:ws://chat at 10.0.0.2:3000  unhealthy            0  connection refused

HOLDS OF  HELD NOW  RE-ATTACHED  TOO LATE  NOT RESTORED  LOST AGAIN  REFUSED  CLIENT LEFT  ENDED  LOST MESSAGES UP  DOWN
chat            12            7         1             3           0        0            0      0                 2     0

ROUTE  CLOSE CODE  NAME                BY        COUNT  PER SECOND
chat   1000        Normal Closure      client      900           -
chat   1012        Service Restart     gateway       5           -
chat   3500        not registered      client        1           -
chat   4001        of the application  upstream      1           -

WORKER    PID  STATE    GENERATION  VERSION  UP      CONNECTIONS    MEMORY
     1  12345  leaving           1  1.2.0    10m 0s           40  64.0 MiB
     2  12346  ready             2  1.3.0    10s          20,000         -
1 restarted since the start

DRAIN OF                     CONNECTIONS  CLOSED  MOVED  CUT  STATE
upstream ws://10.0.0.3:3000           10       4      2    1  running
`)
})

test('a route whose clients resume has its sessions shown', () => {
  const [chat] = state.routes
  const counters = { ...chat!.counters, sessions: { parked: 9, resumed: 5, expired: 1, unknown: 2 } }
  const sessions = { connected: 70, parked: 3, parkedBytes: 4096 }
  expect(page({ routes: [{ ...chat!, sessions, counters }] })).toContain(`
SESSIONS OF  CONNECTED  PARKED  KEPT FOR THEM  RESUMED  EXPIRED  EVICTED  REFUSED  UNKNOWN
chat                70       3        4.0 KiB        5        1        0        0        2
`)
})

test('certificates that end soon are named first, with what to do', () => {
  const certificate = (names: string[], leftMs: number, expiresSoon = true) => ({
    listener: '0.0.0.0:443',
    names,
    expiresAt: 0,
    leftMs,
    expiresSoon,
  })
  const certificates = [
    certificate(['a.test'], 3 * 86_400_000),
    certificate(['b.test', 'c.test', 'd.test'], -1),
    certificate([], 3_600_000),
    certificate(['good.test'], 50 * 86_400_000, false),
  ]
  const text = page({ certificates })
  expect(text).toContain('the certificate of a.test on 0.0.0.0:443 expires in 3d 0h: renew it, and reload\n')
  expect(text).toContain(
    'the certificate of b.test and 2 other names on 0.0.0.0:443 has expired: renew it, and reload\n',
  )
  expect(text).toContain(
    'the certificate without a name on 0.0.0.0:443 expires in 1h 0m: renew it, and reload\n',
  )
  expect(text).not.toContain('good.test')
})

test('rates are what has risen since the last look, in a second', () => {
  const [chat] = state.routes
  const counters = structuredClone(chat!.counters)
  counters.handshakes.accepted! += 10
  counters.closes['1012:gateway']! += 1
  counters.closes['1014:gateway'] = 30
  counters.messages['to-upstream'] += 4000
  counters.bytes['to-client'] += 4096
  const now = page({ uptime: state.uptime + 2000, routes: [{ ...chat!, counters }] }, state)
  expect(now).toMatch(/^chat +20,000 +12 +3 +5.0 +16 +2000 +0 +2.0 KiB +30,010$/m)
  expect(now).toMatch(/^chat +1000 .* 0$/m)
  expect(now).toMatch(/^chat +1012 .* 0.5$/m)
  expect(now).toMatch(/^chat +1014 +Bad Gateway +gateway +30 +15$/m)
})

test('a gateway that was started anew has no rates, and none of its numbers is negative', () => {
  expect(page({ startedAt: state.startedAt + 1, uptime: 5000 }, state)).toMatch(/^chat +20,000 +12 +3 +- +-/m)
  const [chat] = state.routes
  const counters = { ...chat!.counters, handshakes: { accepted: 1 }, closes: {} }
  const now = page({ uptime: state.uptime + 1000, routes: [{ ...chat!, counters }] }, state)
  expect(now).toMatch(/^chat +20,000 +12 +3 +0 +0 /m)
})

const upgrade: Upgrade = {
  startedAt: state.startedAt + state.uptime - 61_000,
  phase: 'starting',
  from: '1.2.0',
  total: 0,
  moved: 0,
  ended: 0,
}

test.each<[Partial<Upgrade>, string]>([
  [{}, 'upgrade of 1.2.0  new workers are starting'],
  [
    { phase: 'moving', to: '1.3.0', total: 100, moved: 40, ended: 2 },
    'upgrade from 1.2.0 to 1.3.0  moving: 40 of 100 connections moved, 2 ended',
  ],
  [
    { phase: 'done', to: '1.3.0', total: 100, moved: 98, ended: 2, ms: 1234 },
    'upgrade from 1.2.0 to 1.3.0  done 1m 1s ago: 98 of 100 connections moved in 1.2 s, 2 ended',
  ],
  [
    { phase: 'failed', error: 'not ready in 10 s' },
    'upgrade of 1.2.0  failed 1m 1s ago, the old workers go on: not ready in 10 s',
  ],
])('the last upgrade is a sentence (%j)', (more, sentence) => {
  expect(page({ upgrade: { ...upgrade, ...more } })).toMatch(new RegExp(`\n\n${sentence}\n$`))
})

test('on a narrow terminal no table is wider than that', () => {
  const text = statusPage(state, new Map(), { ...plain, width: 80 })
  const tables = text.split('\n').slice(3)
  for (const line of tables) expect(textWidth(line), line).toBeLessThanOrEqual(80)
})

test('who waits for an upstream is shown, and only then', () => {
  const [chat] = state.routes
  const page = (waiting: number) =>
    statusPage({ ...state, routes: [{ ...chat!, waiting }] }, new Map(), plain)
  expect(page(0)).not.toContain('WAITING')
  expect(page(31)).toMatch(/^ROUTE +OPEN +HELD +WAITING +CLOSING/m)
  expect(page(31)).toMatch(/^chat +20,000 +12 +31 +3/m)
})

const fleet: NonNullable<GatewayState['fleet']> = {
  name: 'chat',
  id: 'a1',
  store: {
    address: 'redis://10.0.0.5:6379',
    state: 'present',
    forMs: 240_000,
    policy: 'noeviction',
    calls: { answered: 1, failed: 0, late: 0 },
  },
  members: [
    {
      id: 'a1',
      host: 'gw1',
      version: '1.3.0',
      phase: 'serving',
      generation: 2,
      connections: 9,
      moves: { takenOver: 1, received: 2, given: 3, notGiven: 4 },
      self: true,
    },
    {
      id: 'b2',
      host: 'gw2',
      version: '1.3.0',
      phase: 'draining',
      generation: 1,
      connections: 8,
      self: false,
    },
    {
      id: 'c3',
      host: 'gw3',
      version: '1.2.0',
      phase: 'draining',
      generation: 1,
      connections: 7,
      self: false,
    },
  ],
  admissions: { store: 1, local: 0 },
  shedding: 'b2',
}

test('the fleet: its store, its nodes, and whose turn it is to shed', () => {
  const lines = fleetPage({ ...state, fleet }, plain).split('\n')
  expect(lines[0]).toBe('fleet chat  store redis://10.0.0.5:6379 there for 4m 0s')
  expect(lines.slice(2).map((line) => line.trim().split(/ {2,}/))).toEqual([
    [
      'NODE',
      'ID',
      'STATE',
      'VERSION',
      'GENERATION',
      'CONNECTIONS',
      'TAKEN OVER',
      'RECEIVED',
      'GIVEN',
      'NOT GIVEN',
      'ADDRESS',
    ],
    ['gw1 (this)', 'a1', 'serving', '1.3.0', '2', '9', '1', '2', '3', '4', '-'],
    ['gw2', 'b2', 'draining', '1.3.0', '1', '8', '-', '-', '-', '-', '-'],
    ['gw3', 'c3', 'draining (waits)', '1.2.0', '1', '7', '-', '-', '-', '-', '-'],
    [''],
  ])
  expect(fleetPage(state, plain)).toBe('this gateway is alone: its configuration has no fleet\n')
})

test('a store that is away, or forgets, is said in both views', () => {
  const store = { ...fleet.store, state: 'away' as const, error: 'ECONNREFUSED', policy: 'allkeys-lru' }
  const away = { ...state, fleet: { ...fleet, store } }
  const page = fleetPage(away, plain)
  expect(page).toContain('away for 4m 0s')
  expect(page).toContain('ECONNREFUSED: this gateway goes on by itself; the nodes below are those of before')
  expect(page).toContain('maxmemory-policy is allkeys-lru')
  const whole = statusPage(away, new Map(), plain)
  expect(whole).toContain('fleet chat: 3 nodes')
  expect(whole).toContain('the store of fleet chat is away, this gateway goes on by itself: ECONNREFUSED')
})
