// The numbers of all workers in the text format of Prometheus.
import { Counter, collectDefaultMetrics, Gauge, Registry } from 'prom-client'
import type { Measured } from './operations.ts'
import type { RouteInfo } from './snapshot.ts'

/**
 * Metrics that are filled from snapshots when they are asked for: workers count in plain objects, and what a route or
 * an upstream had is gone from the output when it is gone.
 */
export class Metrics {
  readonly #registry = new Registry()
  /** Of this process. Kept apart: these count by themselves and must not be reset. */
  readonly #process = new Registry()
  readonly #connections = this.#gauge('connections', 'Open WebSocket connections.', ['route', 'state'])
  readonly #handshakes = this.#counter('handshakes_total', 'Handshakes by how they ended.', [
    'route',
    'result',
  ])
  readonly #closes = this.#counter(
    'closes_total',
    'Connections that ended, by close code and by who ended them; 1006 is one without a Close frame.',
    ['route', 'code', 'by'],
  )
  readonly #messages = this.#counter('messages_total', 'Messages handed on.', ['route', 'direction'])
  readonly #bytes = this.#counter('bytes_total', 'Bytes of frames handed on.', ['route', 'direction'])
  readonly #healthy = this.#gauge('upstream_healthy', '1 when the upstream takes connections, else 0.', [
    'route',
    'upstream',
  ])
  readonly #restarts = this.#counter(
    'worker_restarts_total',
    'Workers started in place of one that ended.',
    [],
  )
  readonly #memory = this.#gauge('worker_resident_memory_bytes', 'Memory of a worker process.', ['worker'])
  readonly #processor = this.#counter('worker_cpu_seconds_total', 'Processor time of a worker process.', [
    'worker',
  ])
  readonly #delay = this.#gauge(
    'worker_eventloop_lag_p99_seconds',
    "99th percentile of the delay of a worker's event loop.",
    ['worker'],
  )

  constructor() {
    collectDefaultMetrics({ register: this.#process })
  }

  get contentType(): string {
    return this.#registry.contentType
  }

  /** The exposition text. */
  async expose(measured: Measured): Promise<string> {
    this.#registry.resetMetrics()
    for (const route of measured.snapshot.routes) this.#fill(route)
    this.#restarts.inc(measured.workerRestarts)
    for (const { id, process } of measured.workers) {
      if (!process) continue
      const worker = String(id)
      this.#memory.set({ worker }, process.memory)
      this.#processor.inc({ worker }, process.processor)
      this.#delay.set({ worker }, process.delay / 1000)
    }
    // What was filled in is read before anybody else can fill in more.
    const own = this.#registry.metrics()
    return `${await own}${await this.#process.metrics()}`
  }

  #fill({ name: route, connections, upstreams, counters }: RouteInfo): void {
    for (const [state, count] of Object.entries(connections)) this.#connections.set({ route, state }, count)
    for (const [result, count] of Object.entries(counters.handshakes))
      this.#handshakes.inc({ route, result }, count)
    for (const [key, count] of Object.entries(counters.closes)) {
      const [code, by] = key.split(':') as [string, string]
      this.#closes.inc({ route, code, by }, count)
    }
    for (const [direction, count] of Object.entries(counters.messages))
      this.#messages.inc({ route, direction }, count)
    for (const [direction, count] of Object.entries(counters.bytes))
      this.#bytes.inc({ route, direction }, count)
    // Several addresses of one `dns:` upstream share its name: one that works is enough.
    for (const { name: upstream } of upstreams) {
      const healthy = upstreams.some((other) => other.name === upstream && other.healthy)
      this.#healthy.set({ route, upstream }, healthy ? 1 : 0)
    }
  }

  #gauge<L extends string>(name: string, help: string, labelNames: L[]): Gauge<L> {
    return new Gauge({ name: `holdfast_${name}`, help, labelNames, registers: [this.#registry] })
  }

  #counter<L extends string>(name: string, help: string, labelNames: L[]): Counter<L> {
    return new Counter({ name: `holdfast_${name}`, help, labelNames, registers: [this.#registry] })
  }
}
