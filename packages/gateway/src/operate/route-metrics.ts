// The numbers of routes and of their upstreams.
import { code } from '@holdfast/close-codes'
import type { RouteCounters, RouteInfo, UpstreamState } from '../core/index.ts'
import { counter, type Family, gauge, type Labels, labelled, number, type Sample } from './exposition.ts'

/** Zeros for what an alert stands on: a counter that first appears with 1 has not risen for Prometheus. */
const handshakesAtFirst = { accepted: 0, 'bad-gateway': 0 }

const closesAtFirst = { [`${code.badGateway}:gateway`]: 0 }

const reattachmentsAtFirst = {
  attached: 0,
  refused: 0,
  'too-late': 0,
  'not-restored': 0,
  'lost-again': 0,
  abandoned: 0,
  ended: 0,
}

const judgedAtFirst = { restart: 0, kick: 0 }

const sessionsAtFirst = {
  ...{ parked: 0, resumed: 0, expired: 0, evicted: 0, refused: 0, unknown: 0 },
  ...{ relayed: 0, unreachable: 0 },
}

const waitsAtFirst = { answered: 0, over: 0 }

export function routeFamilies(routes: readonly RouteInfo[]): Family[] {
  return [
    ...handshakeFamilies(routes),
    ...trafficFamilies(routes),
    reattachSeconds(routes),
    ...sessionFamilies(routes.filter(({ sessions }) => sessions)),
  ]
}

/** Who is there, and what became of those that asked to be. */
function handshakeFamilies(routes: readonly RouteInfo[]): Family[] {
  return [
    gauge(
      'connections',
      'WebSocket connections; held ones wait for another upstream.',
      each(
        routes,
        ({ connections }) => connections,
        (state) => ({ state }),
      ),
    ),
    gauge(
      'waiting',
      'Handshakes that wait for an upstream.',
      routes.map(({ name, waiting = 0 }) => [{ route: name }, waiting]),
    ),
    counter(
      'waits_total',
      'Handshakes that waited for an upstream, by how that ended.',
      each(routes, ({ counters }) => ({ ...waitsAtFirst, ...counters.waits }), result),
    ),
    counter(
      'auth_total',
      'Questions to the authentication service, by answer: allowed, refused, failed, or cached (it was not asked again).',
      each(routes, ({ counters }) => counters.auth ?? {}, result),
    ),
    counter(
      'judged_closes_total',
      'Closes of upstreams on routes with hold that may have been a restart, by what they were found to be.',
      each(routes, ({ counters }) => ({ ...judgedAtFirst, ...counters.judged }), result),
    ),
    counter(
      'turned_away_total',
      'Clients that were told that they get no connection: in band (close) by close code, or by HTTP status.',
      each(routes, ({ counters }) => counters.turnedAway ?? {}, howAndCode),
    ),
    counter(
      'handshakes_total',
      'Handshakes by how they ended.',
      each(routes, ({ counters }) => ({ ...handshakesAtFirst, ...counters.handshakes }), result),
    ),
  ]
}

/** What connections have carried, and how they ended. */
function trafficFamilies(routes: readonly RouteInfo[]): Family[] {
  return [
    counter(
      'closes_total',
      'Connections that ended, by close code and by who ended them; 1006 is one without a Close frame.',
      each(routes, ({ counters }) => ({ ...closesAtFirst, ...counters.closes }), codeAndBy),
    ),
    counter(
      'messages_total',
      'Messages handed on.',
      each(routes, ({ counters }) => counters.messages, direction),
    ),
    counter(
      'bytes_total',
      'Bytes of frames handed on.',
      each(routes, ({ counters }) => counters.bytes, direction),
    ),
    counter(
      'messages_lost_total',
      'Messages that an upstream was not known to have read before it went, or of which it sent only a part: at most so many are lost.',
      each(routes, ({ counters }) => counters.lost, direction),
    ),
    counter(
      'reattachments_total',
      'Holds by how they ended.',
      each(routes, ({ counters }) => ({ ...reattachmentsAtFirst, ...counters.reattachments }), result),
    ),
  ]
}

/** A sample for each key of what is counted of each route. */
function each(
  routes: readonly RouteInfo[],
  what: (route: RouteInfo) => Record<string, number>,
  labels: (key: string) => Labels,
): Sample[] {
  return routes.flatMap((info) => labelled(what(info), (key) => ({ route: info.name, ...labels(key) })))
}

const direction = (key: string) => ({ direction: key })
const result = (key: string) => ({ result: key })

/** Of routes with `resume`. */
function sessionFamilies(routes: readonly RouteInfo[]): Family[] {
  return [
    gauge(
      'sessions',
      'Sessions that clients can come back to: connected, or parked while the client has no connection.',
      routes.flatMap(({ name: route, sessions }) => [
        [{ route, state: 'connected' }, sessions?.connected ?? 0],
        [{ route, state: 'parked' }, sessions?.parked ?? 0],
      ]),
    ),
    gauge(
      'sessions_parked_bytes',
      'Bytes of messages kept for clients without a connection.',
      routes.map(({ name: route, sessions }) => [{ route }, sessions?.parkedBytes ?? 0]),
    ),
    counter(
      'session_events_total',
      'Sessions parked, resumed, expired or evicted; returns that were refused, with an unknown token, or to another node (relayed, unreachable).',
      routes.flatMap(({ name: route, counters }) =>
        labelled({ ...sessionsAtFirst, ...counters.sessions }, (event) => ({ route, event })),
      ),
    ),
  ]
}

function howAndCode(key: string): Labels {
  const [by = '', code = ''] = key.split(':')
  return { by, code }
}

function codeAndBy(key: string): Labels {
  const [code = '', by = ''] = key.split(':')
  return { code, by }
}

/** Buckets are cumulative in the exposition, and all routes have the same, so that they can be added up. */
function reattachSeconds(routes: readonly RouteInfo[]): Family {
  const bounds = [...new Set(routes.flatMap(({ counters }) => Object.keys(counters.reattachSeconds)))]
    .map(Number)
    .filter(Number.isFinite)
    .sort((a, b) => a - b)
  return {
    name: 'holdfast_reattach_seconds',
    help: 'From the loss of an upstream to the next one.',
    type: 'histogram',
    samples: routes.flatMap(({ name, counters }) => histogram(name, counters, bounds)),
  }
}

function histogram(
  route: string,
  { reattachSeconds: counts, reattachSum }: RouteCounters,
  bounds: readonly number[],
): Family['samples'] {
  let sum = 0
  const buckets = [...bounds, Number.POSITIVE_INFINITY].map((bound) => {
    sum += counts[bound] ?? 0
    return { suffix: '_bucket' as const, labels: { route, le: number(bound) }, value: sum }
  })
  return [
    ...buckets,
    { suffix: '_sum', labels: { route }, value: reattachSum },
    { suffix: '_count', labels: { route }, value: sum },
  ]
}

/** Each state as a label. */
const stateLabels: Record<UpstreamState, string> = {
  healthy: 'healthy',
  unhealthy: 'unhealthy',
  failing: 'failing',
  'not probed': 'not-probed',
  drained: 'drained',
}

const takesConnections: ReadonlySet<UpstreamState> = new Set(['healthy', 'not probed'])

/** Several addresses of one `dns:` upstream share its name: one that works is enough. */
export function upstreamFamilies(routes: readonly RouteInfo[]): Family[] {
  const healthy: Sample[] = []
  const states: Sample[] = []
  const connections: Sample[] = []
  for (const { name: route, upstreams } of routes) {
    const byName = new Map<string, { healthy: boolean; connections: number; states: UpstreamState[] }>()
    for (const { name, ...one } of upstreams) {
      const known = byName.get(name)
      const state = one.state ?? (one.healthy ? 'healthy' : 'unhealthy')
      byName.set(name, {
        healthy: takesConnections.has(state) || (known?.healthy ?? false),
        connections: one.connections + (known?.connections ?? 0),
        states: [...(known?.states ?? []), state],
      })
    }
    for (const [upstream, sum] of byName) {
      for (const [state, label] of Object.entries(stateLabels)) {
        const count = sum.states.filter((one) => one === state).length
        if (count > 0) states.push([{ route, upstream, state: label }, count])
      }
      healthy.push([{ route, upstream }, sum.healthy ? 1 : 0])
      connections.push([{ route, upstream }, sum.connections])
    }
  }
  return [
    gauge(
      'upstream_healthy',
      '1 when the upstream takes connections; 0 when it is unhealthy, failing or drained.',
      healthy,
    ),
    gauge(
      'upstream_state',
      'Always 1, or how many addresses of a dns: upstream are in it; the state that the upstream is in.',
      states,
    ),
    gauge('upstream_connections', 'WebSocket connections through an upstream.', connections),
  ]
}
