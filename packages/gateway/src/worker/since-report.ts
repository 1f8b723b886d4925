// What came and went in a worker since it last reported. The supervisor is told within milliseconds, so that of a worker that
// dies or stands still before its next report no connection is forgotten but those that have just opened.
import type { Clock, MonotonicMs } from '../core/index.ts'
import { emptyCounters } from './totals.ts'
import type { FromWorker, RouteChanges, WorkerReport } from './worker-messages.ts'

/** Milliseconds between two messages; each costs the two processes a fifth of what a connection does. */
const changedEveryMs = 5
/** The same where connections open without end, and how many messages may go at the shorter distance before. */
const lastingEveryMs = 25
const quickMessages = 100

/** In a worker. While one message has not been taken, what happens waits for the next. */
export class SinceReport {
  readonly #post: (message: FromWorker, handle: undefined, taken: () => void) => void
  readonly #clock: Clock
  #changes: Record<string, RouteChanges> = {}
  #inFlight = false
  #sentAt: MonotonicMs = Number.NEGATIVE_INFINITY
  /** How many may go at the shorter distance; one more for each of the longer ones that has passed. */
  #quick = quickMessages
  #timer: unknown

  constructor(post: (message: FromWorker, handle: undefined, taken: () => void) => void, clock: Clock) {
    this.#post = post
    this.#clock = clock
  }

  opened(route: string): void {
    this.#of(route).opened++
    this.#sendSoon()
  }

  /** `as`: by code and by whom. It is not told before somebody calls `send`, or another connection opens. */
  closed(route: string, as: string): void {
    const { closes } = this.#of(route)
    closes[as] = (closes[as] ?? 0) + 1
  }

  /** A report goes out, with all of this in it. */
  reported(): void {
    this.#changes = {}
  }

  send(): void {
    if (this.#inFlight || Object.keys(this.#changes).length === 0) return
    this.#clock.clearTimeout(this.#timer)
    this.#timer = undefined
    const routes = this.#changes
    this.#changes = {}
    this.#inFlight = true
    const now = this.#clock.now()
    const earned = (now - this.#sentAt) / lastingEveryMs
    this.#quick = Math.max(0, Math.min(quickMessages, this.#quick + earned) - 1)
    this.#sentAt = now
    this.#post({ type: 'changed', routes }, undefined, () => {
      this.#inFlight = false
      this.#sendSoon()
    })
  }

  /** One that opens alone is told at once; of many, all those of a short while in one message, and of very many, of a longer one. */
  #sendSoon(): void {
    if (this.#inFlight || this.#timer !== undefined) return
    const everyMs = this.#quick >= 1 ? changedEveryMs : lastingEveryMs
    const waitMs = this.#sentAt + everyMs - this.#clock.now()
    if (waitMs <= 0) return this.send()
    this.#timer = this.#clock.setTimeout(() => {
      this.#timer = undefined
      this.send()
    }, waitMs)
  }

  #of(route: string): RouteChanges {
    this.#changes[route] ??= { opened: 0, closes: {} }
    return this.#changes[route]
  }
}

/** In the supervisor: brings the last report up to date. */
export function applyChanges({ snapshot }: WorkerReport, changes: Record<string, RouteChanges>): void {
  for (const [name, { opened, closes }] of Object.entries(changes)) {
    let route = snapshot.routes.find((each) => each.name === name)
    if (!route) {
      const connections = { open: 0, held: 0, closing: 0 }
      route = { name, connections, upstreams: [], counters: emptyCounters() }
      snapshot.routes.push(route)
    }
    const { connections, counters } = route
    connections.open += opened
    counters.handshakes.accepted = (counters.handshakes.accepted ?? 0) + opened
    for (const [as, count] of Object.entries(closes)) {
      counters.closes[as] = (counters.closes[as] ?? 0) + count
      let left = count
      // As what the report counts them is not known; the sum is what matters.
      for (const state of ['closing', 'open', 'held'] as const) {
        const taken = Math.min(left, connections[state])
        connections[state] -= taken
        left -= taken
      }
    }
  }
}
