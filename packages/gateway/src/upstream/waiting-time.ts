// How long one handshake may wait: for an upstream, and a little longer for its turn once there is one. Next: waiting-room.ts.
import type { Clock, MonotonicMs } from '../core/index.ts'

/**
 * Milliseconds that a handshake may wait in all where an upstream is there and its turn will come, when it may wait so long for
 * an upstream. Of client libraries the most impatient break a handshake off after 4,000 (test/handshake-times.ts): whoever
 * configures a longer `wait` knows his clients.
 */
export function longestWait(wait: number): number {
  return wait <= 3_750 ? 3_750 : wait * 1.25
}

export interface WaitingTimeDeps {
  /** Milliseconds that handshakes may wait for an upstream, from their arrival on; asked each time. */
  wait: () => number
  /** Whether an upstream is there, so that its turn will come. */
  isNext: () => boolean
  onOver: () => void
  clock: Clock
}

export class WaitingTime {
  readonly #arrivedAt: MonotonicMs
  /** Milliseconds that it waits at most, whatever the route says. */
  readonly #waitsAtMostMs: number
  readonly #deps: WaitingTimeDeps
  #timer: unknown

  constructor(arrivedAt: MonotonicMs, waitsAtMostMs = Number.POSITIVE_INFINITY, deps: WaitingTimeDeps) {
    this.#arrivedAt = arrivedAt
    this.#waitsAtMostMs = waitsAtMostMs
    this.#deps = deps
    this.limit()
  }

  /** Whether it waits for less long than others. */
  get isShort(): boolean {
    return this.#waitsAtMostMs < longestWait(this.#deps.wait())
  }

  /** Milliseconds that are left where an upstream is there. */
  get left(): number {
    return this.#until(longestWait(this.#deps.wait()))
  }

  /** Milliseconds that are left while no upstream is there. */
  get leftWithoutMs(): number {
    return this.#until(this.#deps.wait())
  }

  /** By what `wait` says now. */
  limit(): void {
    const { clock, wait, isNext, onOver } = this.#deps
    const over = () => {
      const left = isNext() ? this.left : 0
      if (left > 0) this.#timer = clock.setTimeout(onOver, left)
      else onOver()
    }
    this.stop()
    this.#timer = clock.setTimeout(over, Math.max(0, this.#until(wait())))
  }

  stop(): void {
    this.#deps.clock.clearTimeout(this.#timer)
  }

  #until(ms: number): number {
    return this.#arrivedAt + Math.min(ms, this.#waitsAtMostMs) - this.#deps.clock.now()
  }
}
