// Samples the gateway periodically and sends all pages the same frame: however many are open, it costs one sample.

import type { Clock, MonotonicMs, RouteInfo, UnixMs } from '../core/index.ts'
import { certificateTroubles } from './certificate-trouble.ts'
import { CloseHistory, historySeconds } from './close-history.ts'
import { closesBetween, type DashboardFrame, type Rates, ratesOf } from './dashboard-frame.ts'
import type { GatewayState, Operations } from './operations.ts'
import { RecentEvents } from './recent-events.ts'

/** Milliseconds between two samples while somebody watches; while nobody does, for the history; and at least. */
const watchedEveryMs = 1000
const unwatchedEveryMs = 5000
const minIntervalMs = 250
/** Milliseconds over which rates are taken. */
const ratesOverMs = 900

/** The routes as they were counted at some moment. */
interface Sample {
  at: MonotonicMs
  /** What the history counts by. */
  wall: UnixMs
  routes: RouteInfo[]
}

export class DashboardFeed {
  readonly #operations: Operations
  readonly #clock: Clock
  readonly #watchers = new Set<(frame: string) => void>()
  /** They have not had a whole frame yet. */
  readonly #newcomers = new Set<(frame: string) => void>()
  readonly #history = new CloseHistory()
  readonly #recent = new RecentEvents()
  #unwatchEvents: (() => void) | undefined
  #timer: unknown
  #dueAt = 0
  #sampling = false
  #last: Sample | undefined
  #rated: Sample | undefined
  #rates = new Map<string, Rates>()

  constructor(operations: Operations, clock: Clock) {
    this.#operations = operations
    this.#clock = clock
  }

  /** Starts sampling. */
  start(): void {
    const { events } = this.#operations
    for (const event of events.after(0)) this.#recent.add(event)
    this.#unwatchEvents = events.watch((event) => {
      if (this.#recent.add(event)) this.#sampleSoon()
    })
    this.#sampleIn(0)
  }

  stop(): void {
    this.#unwatchEvents?.()
    this.#unwatchEvents = undefined
    this.#clock.clearTimeout(this.#timer)
  }

  /** Calls the watcher with every frame as JSON from now on, first with a whole one; the result ends that. */
  watch(watcher: (frame: string) => void): () => void {
    this.#watchers.add(watcher)
    this.#newcomers.add(watcher)
    this.#sampleSoon()
    return () => {
      this.#watchers.delete(watcher)
      this.#newcomers.delete(watcher)
    }
  }

  #sampleIn(ms: number): void {
    this.#clock.clearTimeout(this.#timer)
    this.#dueAt = this.#clock.now() + ms
    this.#timer = this.#clock.setTimeout(() => void this.#sample(), ms)
  }

  /** Samples soon instead of later. */
  #sampleSoon(): void {
    if (this.#sampling || this.#watchers.size === 0) return
    const now = this.#clock.now()
    const soonest = Math.max(now, (this.#last?.at ?? Number.NEGATIVE_INFINITY) + minIntervalMs)
    if (soonest < this.#dueAt) this.#sampleIn(soonest - now)
  }

  async #sample(): Promise<void> {
    if (this.#sampling) return
    this.#sampling = true
    try {
      this.#send(await this.#operations.state())
    } catch {
      // Nothing to show this time.
    } finally {
      this.#sampling = false
    }
    // Stopped meanwhile.
    if (!this.#unwatchEvents) return
    this.#sampleIn(this.#watchers.size > 0 ? watchedEveryMs : unwatchedEveryMs)
    if (this.#newcomers.size > 0) this.#sampleSoon()
  }

  #send(state: GatewayState): void {
    const at = this.#clock.wall()
    const from = this.#last?.wall ?? at
    this.#count({ at: this.#clock.now(), wall: at, routes: state.routes })
    if (this.#watchers.size === 0) return
    const frame = this.#frame(state, at)
    const newcomers = [...this.#newcomers]
    this.#newcomers.clear()
    const others = [...this.#watchers].filter((watcher) => !newcomers.includes(watcher))
    if (others.length > 0) {
      const text = JSON.stringify({ ...frame, closes: this.#history.since(Math.floor(from / 1000)) })
      for (const watcher of others) watcher(text)
    }
    if (newcomers.length > 0) {
      const closes = this.#history.since(Math.floor(at / 1000) - historySeconds)
      const text = JSON.stringify({ ...frame, whole: true, closes })
      for (const watcher of newcomers) watcher(text)
    }
  }

  #count(sample: Sample): void {
    const { at, wall, routes } = sample
    if (this.#last) this.#history.add(this.#last.wall, wall, closesBetween(this.#last.routes, routes))
    this.#last = sample
    const rated = this.#rated
    if (rated && at - rated.at < ratesOverMs) return
    this.#rated = sample
    this.#rates = new Map(
      routes.map(({ name, counters }) => {
        const before = rated?.routes.find((route) => route.name === name)
        // A first sample has nothing to compare with: the counts may be days old.
        return [name, ratesOf(counters, before?.counters ?? counters, rated ? at - rated.at : 0)]
      }),
    )
  }

  #frame(state: GatewayState, at: UnixMs): DashboardFrame {
    const { version, phase, uptime, listen, workers, workerRestarts, socketsDropped, upgrade, drains } = state
    const { drainPlan, carriers, fronts, frontRestarts, fleet } = state
    const { closes: recent, news, unlisted } = this.#recent
    const unready = this.#operations.unready()
    const certificates = certificateTroubles(state, at)
    return {
      at,
      whole: false,
      version,
      phase,
      ...(unready !== undefined && { unready }),
      uptime,
      listen,
      workers,
      workerRestarts,
      socketsDropped,
      carriers,
      ...(fronts && { fronts, frontRestarts }),
      ...(certificates.length > 0 && { certificates }),
      ...(fleet && { fleet }),
      ...(upgrade && { upgrade }),
      drains,
      ...(drainPlan && { drainPlan }),
      routes: state.routes
        .filter(({ removed }) => !removed)
        .map(({ name, connections, sessions, waiting = 0, givesUpInMs, drained, upstreams, counters }) => ({
          name,
          connections,
          waiting,
          ...(sessions && sessions.parked > 0 && { parked: sessions.parked }),
          ...(givesUpInMs !== undefined && { givesUpInMs }),
          ...(drained && { drained }),
          upstreams,
          rates: this.#rates.get(name) ?? ratesOf(counters, undefined, 0),
          closes: counters.closes,
          lost: counters.lost,
          reattachments: counters.reattachments,
        })),
      closes: [],
      recent,
      unlisted,
      news,
    }
  }
}
