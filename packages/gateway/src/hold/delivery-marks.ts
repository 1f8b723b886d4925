// When a Ping of the gateway's own goes behind what an upstream was sent, so that its Pong says what has been read: often
// enough for whoever talks seldom, and seldom enough for whoever talks all the time (docs/decisions/0085). Next:
// delivery-tracker.ts.
import type { Clock, MonotonicMs } from '../core/index.ts'
import { DeliveryTracker } from './delivery-tracker.ts'
import type { HoldHost } from './hold-host.ts'
import type { PendingBuffer } from './pending-buffer.ts'

/**
 * A Ping that asks what the upstream has read goes behind a read of the client when so many times as long has passed as the last one
 * took to be answered, or so many milliseconds; after as many it goes behind the last read by itself.
 */
const roundTripsPerMark = 8
const markWithinMs = 100

export class DeliveryMarks {
  readonly #pipe: HoldHost
  readonly #pending: PendingBuffer
  readonly #clock: Clock
  readonly tracker = new DeliveryTracker()
  #markedAt: MonotonicMs = Number.NEGATIVE_INFINITY
  /** When a read is worth the next mark. A field, because each read looks. */
  due: MonotonicMs = Number.NEGATIVE_INFINITY
  /** For the last read: from a mark on, until nothing has come for long enough. */
  #timer: unknown

  /** Nothing is marked while `pending` keeps what the client sends. */
  constructor(pipe: HoldHost, pending: PendingBuffer, clock: Clock) {
    this.#pipe = pipe
    this.#pending = pending
    this.#clock = clock
  }

  /** What the client has sent so far went to the upstream, unless it is kept. */
  count(): void {
    if (!this.#pending.keeps) this.tracker.sent = this.#pipe.client.reader.completed
  }

  /** Asks the upstream whether it has read all messages; the place must be behind the last of them. */
  mark(): void {
    if (this.#pending.keeps) return
    this.count()
    const mark = this.tracker.mark()
    if (!mark) return
    this.#pipe.upstream.write(mark)
    this.#pipe.upstream.expectAnswer()
    this.#markedAt = this.#clock.now()
    this.due = this.#markedAt + markWithinMs
    this.#pipe.client.reader.wholeApart = false
    this.#timer ??= this.#clock.setTimeout(() => this.#markLast(), markWithinMs)
  }

  #markLast(): void {
    this.#timer = undefined
    const leftMs = this.#markedAt + markWithinMs - this.#clock.now()
    if (leftMs > 0) {
      this.#timer = this.#clock.setTimeout(() => this.#markLast(), leftMs)
      return
    }
    const { reader } = this.#pipe.client
    reader.wholeApart = true
    if (reader.unfinished === 0) this.mark()
  }

  /** A Pong came; true when it answers a mark. */
  heard(pong: Buffer): boolean {
    if (!this.tracker.heard(pong)) return false
    const dueMs = roundTripsPerMark * (this.#clock.now() - this.#markedAt)
    if (this.tracker.answered) this.due = Math.min(this.due, this.#markedAt + dueMs)
    return true
  }

  /** The upstream gets no more; the next one's first read is marked. */
  stop(): void {
    this.#clock.clearTimeout(this.#timer)
    this.#timer = undefined
    this.due = Number.NEGATIVE_INFINITY
    this.#pipe.client.reader.wholeApart = true
  }

  /** Goes on in another process: what was not marked there may be the last that the client says. */
  goOn(): void {
    this.#timer = this.#clock.setTimeout(() => this.#markLast(), markWithinMs)
  }
}
