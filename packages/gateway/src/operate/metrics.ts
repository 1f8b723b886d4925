// The numbers of all workers in the text format of Prometheus.
import { code } from '@holdfast/close-codes'
import { collectDefaultMetrics, Registry } from 'prom-client'
import type { RouteCounters, RouteInfo, UpstreamState } from '../core/index.ts'
import type { Measured } from './operations.ts'

type Labels = Record<string, string | number>
type Sample = [labels: Labels, value: number]

interface Family {
  name: string
  help: string
  type: 'gauge' | 'counter' | 'histogram'
  /** With a suffix for the parts of a histogram. */
  samples: { suffix?: '_bucket' | '_sum' | '_count'; labels: Labels; value: number }[]
}

/**
 * Metrics that are written from a snapshot when they are asked for: workers count in plain objects, and what a route
 * or an upstream had is gone from the output when it is gone.
 */
export class Metrics {
  /** Those of this process count by themselves. */
  readonly #process = new Registry()

  constructor() {
    collectDefaultMetrics({ register: this.#process })
  }

  get contentType(): string {
    return this.#process.contentType
  }

  /** The exposition text. */
  async expose(measured: Measured): Promise<string> {
    const own = families(measured).map(render)
    return `${own.join('\n')}\n${await this.#process.metrics()}`
  }
}

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
const sessionsAtFirst = { parked: 0, resumed: 0, expired: 0, evicted: 0, refused: 0, unknown: 0 }
const waitsAtFirst = { answered: 0, over: 0 }
const handoversAtFirst = { moved: 0, ended: 0, failed: 0 }

function families(measured: Measured): Family[] {
  const { snapshot, workers, carriers = [], workerRestarts, handovers, sockets, certificates } = measured
  return [
    ...routeFamilies(snapshot.routes),
    ...upstreamFamilies(snapshot.routes),
    gauge(
      'draining_connections',
      'Connections that a drain under way has still to close.',
      Object.entries(stillToClose(snapshot.drains)).map(([scope, count]) => [{ scope }, count]),
    ),
    counter(
      'handover_connections_total',
      'Connections in live upgrades: moved to a new worker, ended by their old one, or lost on the way.',
      labelled({ ...handoversAtFirst, ...handovers }, (result) => ({ result })),
    ),
    counter('worker_restarts_total', 'Workers started in place of one that ended.', [[{}, workerRestarts]]),
    counter(
      'log_lines_dropped_total',
      'Lines of the log that could not be written: a full disk, or a reader that has stopped.',
      [[{}, measured.logLinesDropped]],
    ),
    counter(
      'access_log_lines_dropped_total',
      'Lines of the access log that could not be written: a full disk, or a reader that has stopped.',
      [[{}, measured.accessLinesDropped]],
    ),
    counter(
      'unrouted_total',
      'Requests that no route serves, answered with 404: WebSocket handshakes and others.',
      labelled(
        { handshake: snapshot.unrouted?.handshakes ?? 0, request: snapshot.unrouted?.requests ?? 0 },
        (kind) => ({ kind }),
      ),
    ),
    gauge('pending_sockets', 'Sockets that have not sent a whole request yet.', [[{}, sockets.pending]]),
    counter(
      'sockets_refused_total',
      'Sockets closed without a word (pending, descriptors), and dials that could not be made (dial-descriptors).',
      labelled(sockets.refused, (reason) => ({ reason })),
    ),
    gauge(
      'certificate_seconds_left',
      'Seconds until the certificate of a listener expires; less than 0 once it has.',
      secondsLeft(certificates),
    ),
    ...workerFamilies(workers),
    ...carrierFamilies(carriers),
  ]
}

/** By the first name. Of several for one name, such as one with RSA and one with ECDSA, the one that ends first. */
function secondsLeft(certificates: Measured['certificates']): Sample[] {
  const found = new Map<string, Sample>()
  for (const { listener, names, leftMs } of certificates) {
    const labels = { listener, name: names[0] ?? '' }
    const key = JSON.stringify(labels)
    found.set(key, [labels, Math.min(Math.floor(leftMs / 1000), found.get(key)?.[1] ?? Infinity)])
  }
  return [...found.values()]
}

function routeFamilies(routes: readonly RouteInfo[]): Family[] {
  const each = (
    what: (route: RouteInfo) => Record<string, number>,
    labels: (key: string) => Labels,
  ): Sample[] =>
    routes.flatMap((info) => labelled(what(info), (key) => ({ route: info.name, ...labels(key) })))
  const direction = (key: string) => ({ direction: key })
  const result = (key: string) => ({ result: key })
  return [
    gauge(
      'connections',
      'WebSocket connections; held ones wait for another upstream.',
      each(
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
      each(({ counters }) => ({ ...waitsAtFirst, ...counters.waits }), result),
    ),
    counter(
      'auth_total',
      'Questions to the authentication service, by answer: allowed, refused, failed, or cached (it was not asked again).',
      each(({ counters }) => counters.auth ?? {}, result),
    ),
    counter(
      'judged_closes_total',
      'Closes of upstreams on routes with hold that may have been a restart, by what they were found to be.',
      each(({ counters }) => ({ ...judgedAtFirst, ...counters.judged }), result),
    ),
    counter(
      'turned_away_total',
      'Clients that were told that they get no connection: in band (close) by close code, or by HTTP status.',
      each(({ counters }) => counters.turnedAway ?? {}, howAndCode),
    ),
    counter(
      'handshakes_total',
      'Handshakes by how they ended.',
      each(({ counters }) => ({ ...handshakesAtFirst, ...counters.handshakes }), result),
    ),
    counter(
      'closes_total',
      'Connections that ended, by close code and by who ended them; 1006 is one without a Close frame.',
      each(({ counters }) => ({ ...closesAtFirst, ...counters.closes }), codeAndBy),
    ),
    counter(
      'messages_total',
      'Messages handed on.',
      each(({ counters }) => counters.messages, direction),
    ),
    counter(
      'bytes_total',
      'Bytes of frames handed on.',
      each(({ counters }) => counters.bytes, direction),
    ),
    counter(
      'messages_lost_total',
      'Messages that an upstream may not have read before it went, or of which it sent only a part.',
      each(({ counters }) => counters.lost, direction),
    ),
    counter(
      'reattachments_total',
      'Holds by how they ended.',
      each(({ counters }) => ({ ...reattachmentsAtFirst, ...counters.reattachments }), result),
    ),
    reattachSeconds(routes),
    ...sessionFamilies(routes.filter(({ sessions }) => sessions)),
  ]
}

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
      'Sessions parked, resumed, expired or evicted; returns that were refused, or with an unknown token.',
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
function upstreamFamilies(routes: readonly RouteInfo[]): Family[] {
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

function workerFamilies(workers: Measured['workers']): Family[] {
  const measured = workers.flatMap(({ id, process }) => (process ? [{ worker: id, ...process }] : []))
  return [
    gauge(
      'worker_info',
      'Always 1; what a worker runs, and whether it is ready or leaving.',
      workers.map(({ id, generation, version, state }) => [{ worker: id, generation, version, state }, 1]),
    ),
    gauge(
      'worker_connections',
      'WebSocket connections of a worker process.',
      workers.map(({ id, connections }) => [{ worker: id }, connections]),
    ),
    gauge(
      'worker_resident_memory_bytes',
      'Memory of a worker process.',
      measured.map(({ worker, memory }) => [{ worker }, memory]),
    ),
    counter(
      'worker_cpu_seconds_total',
      'Processor time of a worker process.',
      measured.map(({ worker, processor }) => [{ worker }, processor]),
    ),
    gauge(
      'worker_eventloop_lag_p99_seconds',
      "99th percentile of the delay of a worker's event loop.",
      measured.map(({ worker, delay }) => [{ worker }, delay / 1000]),
    ),
  ]
}

function carrierFamilies(carriers: NonNullable<Measured['carriers']>): Family[] {
  return [
    gauge(
      'carriers',
      'Workers that a live upgrade has replaced, and that carry what cannot move for connections of newer ones.',
      [[{}, carriers.length]],
    ),
    gauge(
      'carrier_connections',
      'Connections for which a carrier keeps TLS, HTTP/2, or its wss upstream.',
      carriers.map(({ id, generation, version, connections }) => [
        { worker: id, generation, version },
        connections,
      ]),
    ),
    gauge(
      'carrier_resident_memory_bytes',
      'Memory of a carrier.',
      carriers.map(({ id, memory }) => [{ worker: id }, memory]),
    ),
  ]
}

/** By scope; a scope that is drained twice has one number. */
function stillToClose(drains: Measured['snapshot']['drains']): Record<string, number> {
  const result: Record<string, number> = {}
  for (const { scope, total, closed, moved, cut, done } of drains) {
    if (!done) result[scope] = (result[scope] ?? 0) + total - closed - moved - cut
  }
  return result
}

function labelled(counts: Record<string, number>, labels: (key: string) => Labels): Sample[] {
  return Object.entries(counts).map(([key, count]) => [labels(key), count])
}

function gauge(name: string, help: string, samples: Sample[]): Family {
  return family('gauge', name, help, samples)
}

function counter(name: string, help: string, samples: Sample[]): Family {
  return family('counter', name, help, samples)
}

function family(type: Family['type'], name: string, help: string, samples: Sample[]): Family {
  return {
    name: `holdfast_${name}`,
    help,
    type,
    samples: samples.map(([labels, value]) => ({ labels, value })),
  }
}

function render({ name, help, type, samples }: Family): string {
  // Thousands of lines in a gateway with many routes, and sockets wait meanwhile: one string that grows is fastest.
  let text = `# HELP ${name} ${help}\n# TYPE ${name} ${type}\n`
  for (const { suffix = '', labels, value } of samples) {
    text += `${name}${suffix}${labelText(labels)} ${number(value)}\n`
  }
  return text
}

function labelText(labels: Labels): string {
  let text = ''
  for (const name in labels)
    text += `${text === '' ? '{' : ','}${name}="${escapeLabel(String(labels[name]))}"`
  return text === '' ? '' : `${text}}`
}

// Text format 0.0.4: "label_value can be any sequence of UTF-8 characters, but the backslash, double-quote, and line
// feed characters have to be escaped as \\, \", and \n, respectively."
function escapeLabel(value: string): string {
  if (!/[\\"\n]/.test(value)) return value
  return value.replace(/[\\"]/g, '\\$&').replaceAll('\n', '\\n')
}

function number(value: number): string {
  if (value === Number.POSITIVE_INFINITY) return '+Inf'
  return String(value)
}
