// What a gateway keeps for one route while it runs: its pool, those who wait, and what it has learnt. Its counts: route-counts.ts.
import { AuthGate, type AuthGateDeps } from '../auth/index.ts'
import type { Clock, MonotonicMs, RouteCounters, RouteInfo, RouteOptions } from '../core/index.ts'
import { type HoldEvents, Restoring, Returns } from '../hold/index.ts'
import { loadedReplay, loadReplay, type ReplayModule } from '../hold/replay/index.ts'
import { Sessions } from '../resume/index.ts'
import {
  addressOf,
  type RouteDialResult,
  type UpstreamPool,
  UpstreamSearch,
  WaitingPlaces,
  WaitingRoom,
} from '../upstream/index.ts'
import { ClientMemory } from './client-memory.ts'
import { type Connection, shownState } from './connections.ts'
import { addTraffic, RouteCounts } from './route-counts.ts'

/** Milliseconds that a handshake waits for an upstream: less than what client libraries give it (test/handshake-times.ts). */
export const defaultWaitMs = 3_500
/** Milliseconds for which a dial in vain says something of the next one. */
const freshForMs = 1_000
/** Clients of a route that may wait. */
const defaultWaiting = 10_000

/** What a route needs of its gateway. */
export interface RouteStateDeps {
  clock: Clock
  random: () => number
  /** How many workers share the limits of the route. */
  workers?: number
  /** Stands in front of the tokens of sessions: who keeps them. */
  sessionHint?: string | undefined
  /** Files that this process may open. */
  openFiles?: number | undefined
  /** The authentication service has not answered; now and then, with how many times. */
  onAuthFailure?: AuthGateDeps['onFailure']
}

/** Milliseconds between two lines of the log about clients of a route that found no upstream. */
const sayEvery = 5000

/** Upstreams that a line of the log names. */
const mostInALine = 5

export class RouteState {
  options: RouteOptions
  readonly pool: UpstreamPool
  readonly news: HoldEvents
  /** Whether its servers restore sessions, as far as it is known. */
  readonly restoring = new Restoring()
  readonly returns: Returns
  /** All its clients that look for an upstream. */
  readonly search = new UpstreamSearch()
  /** Sockets that wait: for an upstream, or for their Close. */
  readonly places: WaitingPlaces
  readonly room: WaitingRoom
  readonly clients: ClientMemory
  /** Whether its clients may come in. */
  readonly auth: AuthGate
  readonly counts = new RouteCounts(() => Object.values(this.options.closeCodes))
  /** What clients that speak `holdfast.v1` come back to. */
  readonly sessions: Sessions
  /** Why the last dial found no upstream; undefined when one has answered since. */
  outage: Extract<RouteDialResult, { ok: false }>['failure'] | undefined
  #outageSeenAt: MonotonicMs = Number.NEGATIVE_INFINITY
  readonly #clock: Clock
  #replay: ReplayModule | undefined
  /** While the module is on its way; what was asked for last counts. */
  #loading: Promise<ReplayModule | undefined> | undefined
  /** Clients turned away since the log last said so, and when that was. */
  #turnedAway = 0
  #saidAt: MonotonicMs = Number.NEGATIVE_INFINITY

  constructor(
    options: RouteOptions,
    pool: UpstreamPool,
    news: HoldEvents,
    { clock, random, workers = 1, openFiles, sessionHint = '0', onAuthFailure = () => {} }: RouteStateDeps,
  ) {
    this.options = options
    this.pool = pool
    this.news = news
    this.#clock = clock
    this.returns = new Returns(clock)
    this.sessions = new Sessions(() => this.options.resume, clock, sessionHint)
    this.clients = new ClientMemory(clock, random, workers)
    this.auth = new AuthGate({ options: () => this.options.auth, clock, onFailure: onAuthFailure })
    // Each that is let in needs another one, to its upstream.
    const mostOpen = openFiles === undefined ? Number.POSITIVE_INFINITY : Math.floor(openFiles / 2)
    const { search } = this
    const places = new WaitingPlaces(() =>
      Math.min(mostOpen, Math.ceil((this.options.limits.waiting ?? defaultWaiting) / workers)),
    )
    this.places = places
    this.room = new WaitingRoom({
      search,
      places,
      wait: () => this.wait,
      perSecond: () => this.options.admit ?? 'auto',
      workers,
      isDown: () => pool.isDown,
      clock,
      random,
    })
    pool.onHealthChange(({ healthy }) => healthy && search.found())
    this.load()
  }

  /** Milliseconds that a handshake may wait for an upstream. */
  get wait(): number {
    const { wait, hold } = this.options
    return wait ?? Math.max(defaultWaitMs, hold?.for ?? 0)
  }

  /**
   * Takes other options over, and with them what the next upstream of a held client is told. A module that this process
   * has loaded counts at once.
   */
  configure(options: RouteOptions): void {
    this.options = options
    this.restoring.forget()
    this.auth.forget()
    this.load()
  }

  /** The pool has taken them over, too. */
  configured(): void {
    this.room.reconfigured()
  }

  /** Nobody waits for an upstream any more, and none is asked anything. */
  dismiss(): void {
    this.room.dismiss()
    this.restoring.dismiss()
  }

  /** Loads the replay module that the options ask for. */
  load(): void {
    const { hold } = this.options
    this.#replay = undefined
    this.#loading = undefined
    if (!hold) return
    try {
      this.#replay = loadedReplay(hold.replay)
    } catch {
      const loading = loadReplay(hold.replay)
      this.#loading = loading
      loading.then(
        (module) => {
          if (this.#loading !== loading) return
          this.#loading = undefined
          this.#replay = module
        },
        // Whoever needs the module hears of the failure.
        () => {},
      )
    }
  }

  /**
   * The options and the replay module as they belong together; a reload may come while they are waited for.
   *
   * @throws {GatewayError} The module cannot be loaded.
   */
  async ready(): Promise<{ options: RouteOptions; replay: ReplayModule | undefined }> {
    while (this.#loading) await this.#loading
    return { options: this.options, replay: this.#replay }
  }

  /** How the last dial went: with a `failure` there was no upstream. */
  dialled(failure: RouteState['outage']): void {
    this.outage = failure
    if (failure) this.#outageSeenAt = this.#clock.now()
  }

  /** Whether a handshake would find no upstream now, as far as it is known. */
  get isDown(): boolean {
    return (
      this.pool.isDown || (this.outage !== undefined && this.#clock.now() - this.#outageSeenAt < freshForMs)
    )
  }

  /** Its upstreams for the log: which, where, and what is wrong with each; a few of them. */
  get upstreamsInWords(): string[] {
    return this.pool.upstreams.slice(0, mostInALine).map((upstream) => {
      const { name, target, lastError } = upstream
      const state = this.pool.stateOf(upstream)
      const at = target.socketPath ?? target.host
      const where = name.includes(at) ? name : `${name} at ${at}`
      return `${where}: ${state === 'drained' ? state : (lastError ?? state)}`
    })
  }

  /**
   * Counts a client that found no upstream. Now and then the result is how many there were since the last time: the
   * log says it once for all of them, because a dead backend turns away every client.
   */
  turnedAway(now: MonotonicMs): number | undefined {
    this.#turnedAway++
    if (now - this.#saidAt < sayEvery) return undefined
    this.#saidAt = now
    const clients = this.#turnedAway
    this.#turnedAway = 0
    return clients
  }

  info(connections: Iterable<Connection>): RouteInfo {
    const counters: RouteCounters = {
      ...this.counts.shown(),
      auth: { ...this.auth.counts },
      ...(this.options.resume && { sessions: { ...this.sessions.counts } }),
    }
    const byState = { open: 0, held: 0, closing: 0 }
    const held: number[] = []
    for (const { route, pipe } of connections) {
      if (route !== this.options.name) continue
      byState[shownState(pipe)]++
      if (pipe.heldForMs !== undefined) held.push(pipe.heldForMs)
      addTraffic(counters, pipe.traffic.here)
    }
    const upstreams = this.pool.upstreams.map((upstream) => {
      const { name, target, healthy, connections, lastError, triedAt } = upstream
      const address = addressOf(target)
      return { name, address, healthy, state: this.pool.stateOf(upstream), triedAt, connections, lastError }
    })
    const { name } = this.options
    const givesUpInMs = this.#givesUpInMs(held)
    return {
      name,
      connections: byState,
      waiting: this.room.size,
      ...(givesUpInMs !== undefined && { givesUpInMs }),
      ...(this.options.resume && { sessions: this.sessions.size }),
      upstreams,
      counters,
    }
  }

  /** Until the first of the held and the waiting clients is sent away. */
  #givesUpInMs(held: readonly number[]): number | undefined {
    const { hold } = this.options
    const waiting = this.room.givesUpInMs
    const left = hold ? held.map((ms) => Math.max(0, hold.for - ms)) : []
    if (waiting !== undefined) left.push(waiting)
    return left.length === 0 ? undefined : Math.round(left.reduce((a, b) => Math.min(a, b)))
  }
}
