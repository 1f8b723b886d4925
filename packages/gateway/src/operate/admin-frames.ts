// Looks at the gateway now and then and tells all pages the same: however many are open, it costs one look.

import type { Clock, MonotonicMs, RouteInfo, UnixMs } from '../core/index.ts'
import { CloseHistory, historySeconds } from './admin-closes.ts'
import { closesBetween, type Frame, type Rates, ratesOf } from './admin-frame.ts'
import { RecentEvents } from './admin-recent.ts'
import type { GatewayState, Operations } from './operations.ts'

/** Milliseconds between two looks while somebody watches; while nobody does, for the history; and at least. */
const watchedEvery = 1000
const unwatchedEvery = 5000
const notBefore = 250
/** Milliseconds over which rates are taken. */
const ratesOver = 900

/** The routes as they were counted at some moment. */
interface Look {
  at: MonotonicMs
  /** What the history counts by. */
  wall: UnixMs
  routes: RouteInfo[]
}

export class Frames {
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
  #looking = false
  #last: Look | undefined
  #rated: Look | undefined
  #rates = new Map<string, Rates>()

  constructor(operations: Operations, clock: Clock) {
    this.#operations = operations
    this.#clock = clock
  }

  /** Starts to look. */
  start(): void {
    const { events } = this.#operations
    for (const event of events.after(0)) this.#recent.add(event)
    this.#unwatchEvents = events.watch((event) => {
      if (this.#recent.add(event)) this.#hurry()
    })
    this.#lookIn(0)
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
    this.#hurry()
    return () => {
      this.#watchers.delete(watcher)
      this.#newcomers.delete(watcher)
    }
  }

  #lookIn(ms: number): void {
    this.#clock.clearTimeout(this.#timer)
    this.#dueAt = this.#clock.now() + ms
    this.#timer = this.#clock.setTimeout(() => void this.#look(), ms)
  }

  /** Looks soon instead of later. */
  #hurry(): void {
    if (this.#looking || this.#watchers.size === 0) return
    const now = this.#clock.now()
    const soonest = Math.max(now, (this.#last?.at ?? Number.NEGATIVE_INFINITY) + notBefore)
    if (soonest < this.#dueAt) this.#lookIn(soonest - now)
  }

  async #look(): Promise<void> {
    if (this.#looking) return
    this.#looking = true
    try {
      this.#tell(await this.#operations.state())
    } catch {
      // Nothing to show this time.
    } finally {
      this.#looking = false
    }
    // Stopped meanwhile.
    if (!this.#unwatchEvents) return
    this.#lookIn(this.#watchers.size > 0 ? watchedEvery : unwatchedEvery)
    if (this.#newcomers.size > 0) this.#hurry()
  }

  #tell(state: GatewayState): void {
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

  #count(look: Look): void {
    const { at, wall, routes } = look
    if (this.#last) this.#history.add(this.#last.wall, wall, closesBetween(this.#last.routes, routes))
    this.#last = look
    const rated = this.#rated
    if (rated && at - rated.at < ratesOver) return
    this.#rated = look
    this.#rates = new Map(
      routes.map(({ name, counters }) => {
        const before = rated?.routes.find((route) => route.name === name)
        // A first look has nothing to compare with: the counts may be days old.
        return [name, ratesOf(counters, before?.counters ?? counters, rated ? at - rated.at : 0)]
      }),
    )
  }

  #frame(state: GatewayState, at: UnixMs): Frame {
    const { version, phase, uptime, listen, workers, workerRestarts, socketsDropped, upgrade, drains } = state
    const { closes: recent, news, unlisted } = this.#recent
    const unready = this.#operations.unready()
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
      ...(upgrade && { upgrade }),
      drains,
      routes: state.routes.map(({ name, connections, waiting = 0, upstreams, counters }) => ({
        name,
        connections,
        waiting,
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
