// The routes of a gateway while it runs: those of its configuration, which of them are drained, and removed ones.
import type { Logger } from 'pino'
import {
  type Clock,
  type DrainScope,
  filesForClients,
  type GatewayEvent,
  type RouteInfo,
  type RouteOptions,
} from '../core/index.ts'
import { HoldEvents } from '../hold/index.ts'
import { type Upstream, UpstreamPool } from '../upstream/index.ts'
import type { Connection, Connections } from './connections.ts'
import type { DrainRuns } from './drain-runs.ts'
import { RouteState } from './route-state.ts'

export interface RoutesDeps {
  connections: Connections
  drains: DrainRuns
  clock: Clock
  random: () => number
  log: Logger
  emit: (event: GatewayEvent) => void
  /** An upstream of a route has left something unanswered. */
  onUnanswered: (upstream: { route: string; upstream: string; address: string }) => void
  /** How many workers share the limits of the routes. */
  workers: number
  /** Stands in front of the tokens of sessions. */
  sessionHint: string
}

/** Removed routes of which the counters are kept. */
const maxRemovedKept = 20

export class Routes {
  readonly #deps: RoutesDeps
  readonly #openFiles = filesForClients()
  #live = new Map<string, RouteState>()
  /** Routes that a reload has removed, for their counters: whoever reads these may not have seen the last of them. */
  readonly #removed: RouteState[] = []
  /** Routes that the operator drained, until `undrain`. */
  readonly #drained = new Set<string>()

  constructor(options: readonly RouteOptions[], deps: RoutesDeps) {
    this.#deps = deps
    for (const route of options) this.#add(route)
  }

  get(name: string): RouteState | undefined {
    return this.#live.get(name)
  }

  /** Those of the configuration, in its order. */
  get live(): Iterable<RouteState> {
    return this.#live.values()
  }

  /** Also removed ones: they may have sessions whose clients are to be told. */
  get all(): RouteState[] {
    return [...this.#live.values(), ...this.#removed]
  }

  /** Takes other options over; the result is how many connections are drained for it. */
  reload(options: readonly RouteOptions[], drainId: number | undefined): number {
    for (const name of this.#drained)
      if (!options.some((route) => route.name === name)) this.#drained.delete(name)
    let drained = 0
    const before = this.#live
    this.#live = new Map()
    for (const route of options) {
      const state = before.get(route.name)
      if (!state) {
        this.#add(route).pool.start()
        continue
      }
      before.delete(route.name)
      this.#live.set(route.name, state)
      drained += this.#reconfigure(state, route, drainId)
    }
    for (const [route, state] of before) {
      state.pool.stop()
      state.dismiss()
      this.#removed.push(state)
      if (this.#removed.length > maxRemovedKept) this.#removed.shift()
      drained += this.#deps.drains.start({ route }, drainId)
    }
    return drained
  }

  #reconfigure(state: RouteState, options: RouteOptions, drainId: number | undefined): number {
    const { drains } = this.#deps
    const route = options.name
    let drained = 0
    state.configure(options)
    if (!options.hold) drained += drains.start({ route }, drainId, this.#lookingFor(route))
    for (const upstream of new Set(state.pool.reconfigure(options).removed.map(({ name }) => name)))
      drained += drains.start({ route, upstream }, drainId)
    state.configured()
    return drained
  }

  /** Connections for which nobody would look for an upstream any more. */
  #lookingFor(route: string): Connection[] {
    return this.#deps.drains
      .of({ route })
      .filter(({ pipe }) => pipe.state === 'held' || pipe.state === 'leaving')
  }

  /** Takes no clients for a route, or for an upstream of it or of all, until `undrain`. */
  drain({ route, upstream }: DrainScope): void {
    if (upstream !== undefined) {
      for (const state of this.#live.values())
        if (route === undefined || state.options.name === route) state.pool.drain(upstream)
    } else if (route !== undefined) {
      this.#drained.add(route)
      this.#live.get(route)?.dismiss()
    }
  }

  /** Takes a drained route or upstream back in; false when it is not drained. */
  undrain({ route, upstream }: DrainScope): boolean {
    let found = false
    for (const state of this.#live.values()) {
      if (route !== undefined && state.options.name !== route) continue
      const is =
        upstream === undefined ? this.#drained.delete(state.options.name) : state.pool.undrain(upstream)
      if (is) state.search.found()
      found ||= is
    }
    return found
  }

  /** Whether a route takes no clients, or an upstream of it. */
  isDrained(route: string, upstream?: string): boolean {
    const state = this.#live.get(route)
    if (!state || this.#drained.has(route)) return true
    return upstream !== undefined && !state.pool.upstreams.some(({ name }) => name === upstream)
  }

  /** What each has counted, removed ones last. */
  info(): RouteInfo[] {
    const connections = [...this.#deps.connections]
    const routes = [...this.#live.values()].map((state) => {
      const info = state.info(connections)
      return this.#drained.has(info.name) ? { ...info, drained: true } : info
    })
    const removed = this.#removed.map((state) => {
      const again = this.#live.has(state.options.name)
      return { ...state.info(again ? [] : connections), waiting: 0, upstreams: [], removed: true }
    })
    return [...routes, ...removed]
  }

  #add(route: RouteOptions): RouteState {
    const { clock, random, log, emit, workers, sessionHint } = this.#deps
    const pool = new UpstreamPool(route, {
      clock,
      random,
      log,
      onUnanswered: ({ name, address }) =>
        this.#deps.onUnanswered({ route: route.name, upstream: name, address }),
    })
    const onChange = (upstream: Upstream) =>
      emit({
        type: 'health',
        at: clock.wall(),
        route: route.name,
        upstream: upstream.name,
        healthy: upstream.healthy && !upstream.fails,
        state: pool.stateOf(upstream),
        error: upstream.lastError,
      })
    pool.onHealthChange(onChange)
    pool.onFailsChange(onChange)
    const holds = new HoldEvents({ route: route.name, clock, log, emit })
    const state = new RouteState(route, pool, holds, {
      clock,
      random,
      workers,
      openFiles: this.#openFiles,
      onAuthFailure: (failure, times) =>
        log.warn(
          { route: route.name, failure, times },
          'the authentication service does not answer, or is out of order',
        ),
      sessionHint,
    })
    this.#live.set(route.name, state)
    return state
  }
}
