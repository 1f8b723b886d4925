// The probes of a route's upstreams: a prober for each, as long as it is one of them.
import type { Logger } from 'pino'
import type { Clock, HealthOptions } from '../core/index.ts'
import type { Probe, ProbeResult } from './probe.ts'
import { Prober } from './prober.ts'
import type { Upstream } from './upstream-group.ts'

export interface HealthChecksDeps {
  clock: Clock
  random: () => number
  log: Pick<Logger, 'error'>
  probe: Probe
  /** Undefined: nothing is probed. */
  options: () => HealthOptions | undefined
  /** Whether a probe of it could change that clients are being turned away, or all go to another one. */
  isEager: (upstream: Upstream) => boolean
  onResult: (upstream: Upstream, result: ProbeResult) => void
}

/** Milliseconds between probes while there is nothing left to pick. */
const eagerIntervalMs = 250

export class HealthChecks {
  readonly #deps: HealthChecksDeps
  readonly #probers = new Map<Upstream, Prober>()

  constructor(deps: HealthChecksDeps) {
    this.#deps = deps
  }

  /** Probes these, and no others. */
  follow(upstreams: readonly Upstream[]): void {
    this.#stop((upstream) => !upstreams.includes(upstream))
    const { clock, random, log, isEager } = this.#deps
    for (const upstream of upstreams) {
      const { interval } = this.#deps.options() ?? {}
      if (interval === undefined || this.#probers.has(upstream)) continue
      const run = (signal: AbortSignal) =>
        this.#probe(upstream, signal).catch((err) => log.error({ err }, 'fault in a health check'))
      const every = () => (isEager(upstream) ? Math.min(eagerIntervalMs, interval) : interval)
      this.#probers.set(upstream, new Prober({ run, every, clock, random }))
    }
  }

  /** Ends all, those under way too. */
  stop(): void {
    this.#stop(() => true)
  }

  /** Brings the next probes forward, while they are wanted soon. */
  hurry(): void {
    for (const [upstream, prober] of this.#probers) if (this.#deps.isEager(upstream)) prober.hurry()
  }

  #stop(which: (upstream: Upstream) => boolean): void {
    for (const [upstream, prober] of this.#probers) {
      if (!which(upstream)) continue
      prober.stop()
      this.#probers.delete(upstream)
    }
  }

  async #probe(upstream: Upstream, signal: AbortSignal): Promise<void> {
    const health = this.#deps.options()
    if (!health) return
    const result = await this.#deps.probe(upstream.target, health, signal, this.#deps.clock)
    if (!signal.aborted && (result.ok || !result.ours)) this.#deps.onResult(upstream, result)
  }
}
