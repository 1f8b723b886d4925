// In: a route's upstreams and how dials and probes to them go. Out: which to dial next. Next: dial-route.ts.
import { isDeepStrictEqual } from 'node:util'
import type { Logger } from 'pino'
import type { Clock, RouteOptions, UpstreamOptions, UpstreamState } from '../core/index.ts'
import { assumedHealthy, type HealthEvent, nextHealth, nextRest, noRest, shownState } from './health.ts'
import { HealthChecks } from './health-checks.ts'
import type { Routable } from './pick-upstream.ts'
import { type Probe, type ProbeResult, probe } from './probe.ts'
import { type Lookup, systemLookup } from './resolve.ts'
import type { StopProof } from './stopping.ts'
import { UpstreamChoice } from './upstream-choice.ts'
import { addressOf, type GroupDeps, type Upstream, UpstreamGroup } from './upstream-group.ts'
import { stopWords, UpstreamReports } from './upstream-reports.ts'
import { UpstreamWatch } from './upstream-watch.ts'

export type { Upstream } from './upstream-group.ts'

export interface PoolDeps {
  clock: Clock
  /** Gives numbers in [0, 1). */
  random: () => number
  log: Pick<Logger, 'info' | 'warn' | 'error'>
  lookup?: Lookup
  probe?: Probe
  /** Called when an upstream has left something unanswered, for other workers. Default: nothing is called. */
  onUnanswered?: (upstream: { name: string; address: string }) => void
}

/** The upstreams of one route. */
export class UpstreamPool {
  /** Those in use now, in the order of the configuration. */
  upstreams: readonly Upstream[] = []
  #route: RouteOptions
  readonly #deps: Required<PoolDeps>
  #groups = new Map<string, UpstreamGroup>()
  readonly #checks: HealthChecks
  readonly #reports: UpstreamReports
  readonly #choice: UpstreamChoice
  /** Goes with its upstream. */
  readonly #watches = new WeakMap<Upstream, UpstreamWatch>()
  #started = false

  constructor(route: RouteOptions, deps: PoolDeps) {
    this.#route = route
    this.#deps = { lookup: systemLookup, probe, onUnanswered: () => {}, ...deps }
    this.#choice = new UpstreamChoice({
      upstreams: () => this.upstreams,
      balance: () => this.#route.balance,
      clock: deps.clock,
      random: deps.random,
    })
    this.#checks = new HealthChecks({
      ...this.#deps,
      options: () => this.#route.health,
      isEager: (upstream) => this.#isEager(upstream),
      onResult: (upstream, result) => this.#probed(upstream, result),
    })
    this.#reports = new UpstreamReports(() => this.#route.name, deps.log)
    this.#regroup()
  }

  /** Starts probes and name lookups. Without it upstreams are picked, but nothing brings an unhealthy one back. */
  start(): void {
    this.#started = true
    for (const group of this.#groups.values()) group.start()
    this.#refresh()
  }

  /** Ends probes and lookups, those under way too. Connections may still be released. */
  stop(): void {
    this.#started = false
    for (const group of this.#groups.values()) group.stop()
    this.#refresh()
  }

  /**
   * Takes over the route's new options. What is known of upstreams whose names stay is kept, and those that were drained stay
   * drained. `removed` are the upstreams whose names are gone; those of one name may be several.
   */
  reconfigure(route: RouteOptions): { removed: Upstream[] } {
    const healthChanged = !isDeepStrictEqual(route.health, this.#route.health)
    const judged = this.#route.health !== undefined
    this.#route = route
    this.#choice.keepDrained(route.upstreams.map(({ name }) => name))
    const removed = this.#regroup()
    if (healthChanged) this.#checks.stop()
    if (judged !== (route.health !== undefined)) for (const upstream of this.upstreams) this.#forget(upstream)
    this.#refresh()
    return { removed }
  }

  /**
   * The upstream to dial for a request; not `not` when there is another. Those that lately failed come last.
   * Undefined: every upstream is marked unhealthy or drained. `mayTry`: after an outage it may be one that was away then, and may be
   * still; false where a dial in vain costs the client its upstream.
   */
  pick(request: Routable, not?: Upstream, mayTry = true): Upstream | undefined {
    return this.#choice.pick(request, not, mayTry)
  }

  /** Whether `pick` would find one. */
  usable(): boolean {
    return this.#choice.usable()
  }

  /** Whether a dial is as good as in vain now: none can be picked, or every one that can has just failed. */
  get isDown(): boolean {
    return this.#choice.isDown
  }

  /**
   * Reports how a dial went. An answer that the client's own request brought about, such as a 404 or a 503, is `ok`.
   * With `health`, failures in a row make the upstream unhealthy; without, it is only avoided for a while.
   */
  dialled(upstream: Upstream, ok: boolean, words?: string): void {
    const { clock } = this.#deps
    upstream.failure = ok ? words : (words ?? 'dial failed')
    upstream.triedAt = clock.wall()
    if (this.#route.health) return this.#judge(upstream, { by: 'dial', ok })
    const before = upstream.fails
    if (ok && before) this.#choice.cameBack(upstream)
    upstream.rest = nextRest(upstream.rest, ok, clock.now())
    if (upstream.fails !== before) this.#reports.failsChanged(upstream)
  }

  /** What the upstream is shown as. */
  stateOf({ name, triedAt, healthy, fails }: Upstream): UpstreamState {
    const drained = this.#choice.isDrained(name)
    return shownState({
      drained,
      probed: this.#route.health !== undefined,
      tried: triedAt !== undefined,
      healthy,
      fails,
    })
  }

  /** What shows whether the upstream is about to stop. */
  watch(upstream: Upstream): UpstreamWatch {
    let watch = this.#watches.get(upstream)
    if (watch) return watch
    const { clock } = this.#deps
    watch = new UpstreamWatch({
      target: () => upstream.target,
      clock,
      timeoutMs: () => (this.#route.keepalive ? this.#route.keepalive.timeout : undefined),
      onChange: (by) => this.#stopChanged(upstream, by),
      onUnanswered: () =>
        this.#deps.onUnanswered({ name: upstream.name, address: addressOf(upstream.target) }),
    })
    this.#watches.set(upstream, watch)
    return watch
  }

  /** Another worker has found that something was not answered. */
  unanswered(name: string, address: string): void {
    for (const upstream of this.upstreams) {
      if (upstream.name === name && addressOf(upstream.target) === address)
        this.watch(upstream).unanswered(true)
    }
  }

  #stopChanged(upstream: Upstream, by: StopProof | undefined): void {
    this.#reports.stops(upstream, by)
    // New clients go elsewhere, or wait, from now on, and not from their own first dial in vain on. One that was refused is
    // reported as every dial is.
    if (by !== undefined && by !== 'refuses') this.dialled(upstream, false, stopWords[by])
  }

  /** Counts a connection through the upstream; the result ends that, once. */
  acquire(upstream: Upstream): () => void {
    upstream.connections++
    let held = true
    return () => {
      if (held) upstream.connections--
      held = false
    }
  }

  /** Takes the upstream of this name out of picking; the result, or `undrain`, takes it back in. */
  drain(name: string): () => void {
    this.#choice.drain(name)
    this.#checks.hurry()
    return () => this.undrain(name)
  }

  /** Takes a drained upstream back in; false when it is not drained. */
  undrain(name: string): boolean {
    return this.#choice.undrain(name)
  }

  /** Calls the listener when an upstream that nothing probes has begun to fail, or has answered again; the result ends that. */
  onFailsChange(listener: (upstream: Upstream) => void): () => void {
    return this.#reports.onFails(listener)
  }

  /** Calls the listener when an upstream has become healthy or unhealthy; the result ends that. */
  onHealthChange(listener: (upstream: Upstream) => void): () => void {
    return this.#reports.onHealth(listener)
  }

  /** Makes the groups those of the route. Returns the upstreams of the groups that went. */
  #regroup(): Upstream[] {
    const before = this.#groups
    const group = (options: UpstreamOptions) =>
      before.get(options.name) ?? new UpstreamGroup(options, this.#route, this.#groupDeps(options.name))
    // All of them are in place before one of them reports a change.
    this.#groups = new Map(this.#route.upstreams.map((options) => [options.name, group(options)]))
    for (const options of this.#route.upstreams) {
      const { name } = options
      if (before.delete(name)) this.#groups.get(name)?.update(options, this.#route)
      else if (this.#started) this.#groups.get(name)?.start()
    }
    for (const gone of before.values()) gone.stop()
    this.#refresh()
    return [...before.values()].flatMap(({ all }) => all)
  }

  #groupDeps(name: string): GroupDeps {
    const { clock, lookup } = this.#deps
    return {
      clock,
      lookup,
      onChange: (change) => {
        this.#reports.groupChanged(name, change, this.#groups.get(name)?.current ?? [])
        if (change === 'addresses') this.#refresh()
      },
    }
  }

  /** Brings `upstreams` and their probes in line with the groups. */
  #refresh(): void {
    this.upstreams = [...this.#groups.values()].flatMap(({ current }) => current)
    this.#choice.beginAnew()
    const isProbed = this.#started && this.#route.health !== undefined
    this.#checks.follow(isProbed ? this.upstreams : [])
    if (isProbed) this.#checks.hurry()
  }

  #probed(upstream: Upstream, result: ProbeResult): void {
    upstream.failure = result.ok ? undefined : result.words
    upstream.triedAt = this.#deps.clock.wall()
    this.#judge(upstream, { by: 'probe', ok: result.ok })
  }

  #judge(upstream: Upstream, event: HealthEvent): void {
    const { health } = this.#route
    if (!health || !this.upstreams.includes(upstream)) return
    const before = upstream.healthy
    upstream.health = nextHealth(upstream.health, event, health)
    if (upstream.healthy !== before) this.#healthChanged(upstream)
  }

  /** Starts anew with an upstream that from now on is judged in another way. */
  #forget(upstream: Upstream): void {
    const before = upstream.healthy
    upstream.health = assumedHealthy
    upstream.rest = noRest
    upstream.triedAt = undefined
    if (!before) this.#healthChanged(upstream)
  }

  #healthChanged(upstream: Upstream): void {
    if (upstream.healthy) this.#choice.cameBack(upstream)
    this.#reports.healthChanged(upstream, () => {
      if (!upstream.healthy) this.watch(upstream).unanswered()
    })
    this.#checks.hurry()
  }

  /**
   * Nothing can be picked, but a probe could change that: clients are being turned away. Or one is back, which has all of them, and this
   * one may be, too.
   */
  #isEager({ healthy }: Upstream): boolean {
    if (!healthy && this.#choice.isAfterOutage) return true
    return !this.usable() && this.upstreams.some((one) => !one.healthy)
  }
}
