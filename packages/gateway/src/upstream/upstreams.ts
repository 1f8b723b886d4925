// In: a route's upstreams and how dials and probes to them go. Out: which to dial next. Next: dial-route.ts.
import { isDeepStrictEqual } from 'node:util'
import type { Logger } from 'pino'
import type { Clock, RouteOptions, UpstreamOptions, UpstreamState } from '../core/index.ts'
import { assumedHealthy, type HealthEvent, nextHealth, nextRest, noRest, shownState } from './health.ts'
import { type Credits, pickUpstream, type Routable } from './pick-upstream.ts'
import { type Probe, probe } from './probe.ts'
import { Prober } from './prober.ts'
import { type Lookup, systemLookup } from './resolve.ts'
import type { StopProof } from './stopping.ts'
import { addressOf, type GroupDeps, type Upstream, UpstreamGroup } from './upstream-group.ts'
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

/** What an operator reads as the upstream's last failure. */
const stopWords: Record<Exclude<StopProof, 'refuses'>, string> = {
  busy: 'stopping: status 503',
  'throws-out': 'stopping: ends new connections at once',
  'closes-most': 'stopping: closed most of its connections',
  silent: 'connections are not answered',
}

/** Milliseconds between probes while there is nothing left to pick. */
const eagerInterval = 250

/** The upstreams of one route. */
export class UpstreamPool {
  /** Those in use now, in the order of the configuration. */
  upstreams: readonly Upstream[] = []
  #route: RouteOptions
  readonly #deps: Required<PoolDeps>
  #groups = new Map<string, UpstreamGroup>()
  readonly #probers = new Map<Upstream, Prober>()
  readonly #listeners = new Set<(upstream: Upstream) => void>()
  readonly #failListeners = new Set<(upstream: Upstream) => void>()
  /** Names that the operator has taken out. */
  readonly #drained = new Set<string>()
  /** Goes with its upstream. */
  readonly #watches = new WeakMap<Upstream, UpstreamWatch>()
  #credits: Credits = new Map()
  #started = false

  constructor(route: RouteOptions, deps: PoolDeps) {
    this.#route = route
    this.#deps = { lookup: systemLookup, probe, onUnanswered: () => {}, ...deps }
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
    for (const name of this.#drained)
      if (!route.upstreams.some((one) => one.name === name)) this.#drained.delete(name)
    const removed = this.#regroup()
    if (healthChanged) this.#stopProbers(() => true)
    if (judged !== (route.health !== undefined)) for (const upstream of this.upstreams) this.#forget(upstream)
    this.#refresh()
    return { removed }
  }

  /**
   * The upstream to dial for a request; not `not` when there is another. Those that lately failed come last.
   * Undefined: every upstream is marked unhealthy or drained.
   */
  pick(request: Routable, not?: Upstream): Upstream | undefined {
    const now = this.#deps.clock.now()
    const usable = this.upstreams.filter((upstream) => this.#isUsable(upstream))
    const others = usable.filter((upstream) => upstream !== not)
    const rested = others.filter(({ rest }) => rest.until <= now)
    const candidates = [rested, others, usable].find(({ length }) => length > 0) ?? []
    const choice = pickUpstream(this.#route.balance, candidates, this.#credits, request, this.#deps.random)
    if (choice) this.#credits = choice.credits
    return choice?.chosen
  }

  /** Whether `pick` would find one. */
  usable(): boolean {
    return this.upstreams.some((upstream) => this.#isUsable(upstream))
  }

  /** Whether a dial is as good as in vain now: none can be picked, or every one that can has just failed. */
  get isDown(): boolean {
    const now = this.#deps.clock.now()
    return !this.upstreams.some((upstream) => this.#isUsable(upstream) && upstream.rest.until <= now)
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
    upstream.rest = nextRest(upstream.rest, ok, clock.now())
    if (upstream.fails !== before) this.#failsChanged(upstream)
  }

  /** What the upstream is shown as. */
  stateOf({ name, triedAt, healthy, fails }: Upstream): UpstreamState {
    const drained = this.#drained.has(name)
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
    const about = this.#about(upstream)
    if (by === undefined) return this.#deps.log.info(about, 'upstream takes clients again')
    this.#deps.log.warn({ ...about, by }, 'upstream is stopping')
    // New clients go elsewhere, or wait, from now on, and not from their own first dial in vain on. One that was refused is
    // reported as every dial is.
    if (by !== 'refuses') this.dialled(upstream, false, stopWords[by])
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
    this.#drained.add(name)
    this.#hurry()
    return () => this.undrain(name)
  }

  /** Takes a drained upstream back in; false when it is not drained. */
  undrain(name: string): boolean {
    return this.#drained.delete(name)
  }

  /** Calls the listener when an upstream that nothing probes has begun to fail, or has answered again; the result ends that. */
  onFailsChange(listener: (upstream: Upstream) => void): () => void {
    this.#failListeners.add(listener)
    return () => this.#failListeners.delete(listener)
  }

  /** Calls the listener when an upstream has become healthy or unhealthy; the result ends that. */
  onHealthChange(listener: (upstream: Upstream) => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  #isUsable({ healthy, name }: Upstream): boolean {
    return healthy && !this.#drained.has(name)
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
    const { clock, lookup, log } = this.#deps
    return {
      clock,
      lookup,
      onChange: (change) => {
        const group = this.#groups.get(name)
        const about = { route: this.#route.name, upstream: name }
        if (change === 'lookup-failed') {
          log.warn({ ...about, error: group?.current[0]?.lookupFailure }, 'name lookup failed')
        } else if (change === 'lookup-works') {
          log.info(about, 'name lookup works again')
        } else {
          log.info({ ...about, addresses: group?.current.map(({ target }) => target.host) }, 'new addresses')
          this.#refresh()
        }
      },
    }
  }

  /** Brings `upstreams` and the probers in line with the groups. */
  #refresh(): void {
    this.upstreams = [...this.#groups.values()].flatMap(({ current }) => current)
    this.#credits = new Map()
    const { health } = this.#route
    this.#stopProbers((upstream) => !this.#started || !health || !this.upstreams.includes(upstream))
    if (!this.#started || !health) return
    const { clock, random } = this.#deps
    for (const upstream of this.upstreams) {
      if (this.#probers.has(upstream)) continue
      const run = (signal: AbortSignal) =>
        this.#probe(upstream, signal).catch((err) => this.#deps.log.error({ err }, 'fault in a health check'))
      const every = () => (this.#isEager() ? Math.min(eagerInterval, health.interval) : health.interval)
      this.#probers.set(upstream, new Prober({ run, every, clock, random }))
    }
    this.#hurry()
  }

  #stopProbers(which: (upstream: Upstream) => boolean): void {
    for (const [upstream, prober] of this.#probers) {
      if (!which(upstream)) continue
      prober.stop()
      this.#probers.delete(upstream)
    }
  }

  async #probe(upstream: Upstream, signal: AbortSignal): Promise<void> {
    const { health } = this.#route
    if (!health) return
    const result = await this.#deps.probe(upstream.target, health, signal, this.#deps.clock)
    if (signal.aborted) return
    if (!result.ok && result.ours) return
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

  /** For the log: which upstream, and where. */
  #about(upstream: Upstream) {
    return { route: this.#route.name, upstream: upstream.name, address: addressOf(upstream.target) }
  }

  #failsChanged(upstream: Upstream): void {
    const about = this.#about(upstream)
    if (upstream.fails) {
      const next = `holdfast check ${upstream.name}`
      this.#deps.log.warn({ ...about, error: upstream.lastError, next }, 'upstream is failing (not probed)')
    } else this.#deps.log.info(about, 'upstream answers again')
    this.#tell(this.#failListeners, upstream)
  }

  #healthChanged(upstream: Upstream): void {
    const { name, healthy, lastError } = upstream
    const about = this.#about(upstream)
    const next = `holdfast check ${name}`
    if (healthy) this.#deps.log.info(about, 'upstream is healthy again')
    else {
      this.#deps.log.warn({ ...about, error: lastError, next }, 'upstream is unhealthy')
      this.watch(upstream).unanswered()
    }
    this.#tell(this.#listeners, upstream)
    this.#hurry()
  }

  #tell(listeners: ReadonlySet<(upstream: Upstream) => void>, upstream: Upstream): void {
    for (const listener of [...listeners]) {
      try {
        listener(upstream)
      } catch (error) {
        this.#deps.log.error({ err: error }, 'a health listener threw')
      }
    }
  }

  /** Nothing can be picked, but a probe could change that: clients are being turned away. */
  #isEager(): boolean {
    return !this.usable() && this.upstreams.some(({ healthy }) => !healthy)
  }

  #hurry(): void {
    if (this.#isEager()) for (const prober of this.#probers.values()) prober.hurry()
  }
}
