// The numbers of all workers in the text format of Prometheus.
import { collectDefaultMetrics, Registry } from 'prom-client'
import { counter, type Family, gauge, labelled, render, type Sample } from './exposition.ts'
import type { Measured } from './operations.ts'
import { routeFamilies, upstreamFamilies } from './route-metrics.ts'

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

const ordersAtFirst = { issued: 0, unreachable: 0, 'rate-limited': 0, challenge: 0, refused: 0, storage: 0 }

const handoversAtFirst = { moved: 0, ended: 0, failed: 0 }

function families(measured: Measured): Family[] {
  const {
    snapshot,
    workers,
    carriers = [],
    fronts = [],
    frontRestarts = 0,
    workerRestarts,
    handovers,
    sockets,
    certificates,
    acme,
  } = measured
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
      'Sockets closed without a word (pending, descriptors), TLS handshakes that did not succeed (tls-), other nodes that were refused (relay-), and dials that could not be made (dial-descriptors).',
      labelled(sockets.refused, (reason) => ({ reason })),
    ),
    ...certificateFamilies(certificates, acme),
    ...workerFamilies(workers),
    ...carrierFamilies(carriers),
    ...frontFamilies(fronts, frontRestarts),
    ...(measured.fleet ? fleetFamilies(measured.fleet) : []),
  ]
}

function certificateFamilies(certificates: Measured['certificates'], acme: Measured['acme']): Family[] {
  return [
    gauge(
      'certificate_seconds_left',
      'Seconds until the certificate of a listener expires; less than 0 once it has.',
      secondsLeft(certificates),
    ),
    counter(
      'acme_orders_total',
      'Certificates ordered: issued, or why not.',
      labelled({ ...ordersAtFirst, ...acme?.orders }, (outcome) => ({ outcome })),
    ),
    gauge('acme_names_without_certificate', 'Names for which no certificate was obtained yet.', [
      [{}, acme?.names.filter(({ expiresAt }) => expiresAt === undefined).length ?? 0],
    ]),
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

function frontFamilies(fronts: NonNullable<Measured['fronts']>, restarts: number): Family[] {
  return [
    gauge('fronts', 'Processes that do TLS for listeners with tls.front.', [[{}, fronts.length]]),
    counter('front_restarts_total', 'Fronts started in place of one that ended.', [[{}, restarts]]),
    gauge(
      'front_connections',
      'Connections for which a front does TLS.',
      fronts.map(({ id, generation, version, connections }) => [
        { front: id, generation, version },
        connections,
      ]),
    ),
    gauge(
      'front_resident_memory_bytes',
      'Memory of a front.',
      fronts.map(({ id, memory }) => [{ front: id }, memory]),
    ),
  ]
}

const noneRebalanced = { given: 0, 'not-given': 0 }

function fleetFamilies({
  store,
  members,
  admissions,
  rebalanced = noneRebalanced,
}: NonNullable<Measured['fleet']>): Family[] {
  return [
    gauge('fleet_store_up', 'Whether the store that the fleet shares answers.', [
      [{}, store.state === 'present' ? 1 : 0],
    ]),
    gauge('fleet_members', 'Gateways of the fleet, as this one last heard.', [[{}, members.length]]),
    counter(
      'fleet_store_calls_total',
      'Calls to the store, by how they ended: answered, failed, or late (no answer in time).',
      labelled(store.calls, (result) => ({ result })),
    ),
    counter(
      'fleet_admissions_total',
      'Clients on routes with limits of the fleet, by who decided: the store, or this gateway alone (local).',
      labelled(admissions, (by) => ({ by })),
    ),
    counter(
      'fleet_rebalanced_total',
      'Sessions to be given to nodes that have fewer, by what became of them: given, or not-given.',
      labelled(rebalanced, (result) => ({ result })),
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
