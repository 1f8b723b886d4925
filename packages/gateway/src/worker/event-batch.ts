// A worker's events on their way to the supervisor: a few at a time in one message, and no queue that grows.
import type { Clock, GatewayEvent } from '../core/index.ts'
import type { FromWorker } from './worker-messages.ts'

/** Milliseconds over which events are collected, and how many of them are sent on at most. */
const everyMs = 100
const maxEvents = 256

/** Collects events. While one message has not been taken, others wait: a supervisor that stands still gets no queue of them. */
export class EventBatch {
  readonly #post: (message: FromWorker, handle: undefined, sent: () => void) => void
  readonly #clock: Clock
  #events: GatewayEvent[] = []
  #dropped = 0
  #inFlight = false

  /** `post` sends a message to the supervisor and calls back when it has been taken. */
  constructor(post: (message: FromWorker, handle: undefined, sent: () => void) => void, clock: Clock) {
    this.#post = post
    this.#clock = clock
  }

  add(event: GatewayEvent): void {
    if (this.#events.length === 0) this.#clock.setTimeout(() => !this.#inFlight && this.send(), everyMs)
    if (this.#events.length < maxEvents) this.#events.push(event)
    else this.#dropped++
  }

  /** Sends at once what there is. */
  send(): void {
    if (this.#events.length === 0) return
    const events = this.#events
    const dropped = this.#dropped
    this.#events = []
    this.#dropped = 0
    this.#inFlight = true
    this.#post({ type: 'events', events, dropped }, undefined, () => {
      this.#inFlight = false
      this.send()
    })
  }
}
