// At what rate waiting clients are let in to an upstream that has just come back. Pure but for its own numbers.
import type { MonotonicMs } from '../core/index.ts'

/** Handshakes that shall be under way with an upstream at a time: it is busy, and does not queue. */
const underWay = 8
/** Milliseconds that a handshake is taken to last before any has been seen. */
const assumedMs = 16
/**
 * Clients a second at the most, while nobody's time is running out: of a thousand who return after an outage, the busiest
 * 100 ms have less than three times what they would have if all came evenly over 5 s.
 */
const mostPerSecond = 450
const leastPerSecond = 10
/** Dials under way at a time, at first and ever. */
const atOnceAtFirst = 64
const atOnceAtMost = 256
/** Milliseconds after the return of the upstream from which on it is thought to take twice as much each second. */
const growsAfterMs = 5_000
/** How much the last handshake counts in the mean. */
const weight = 0.2
/** The most milliseconds that are made up for when somebody is let in late. */
const caughtUpMs = 10
/** Milliseconds between two looks at how fast they have to be let in. */
const neededEveryMs = 100

/** Learns from the handshakes of an upstream how many a second it can take, unless the configuration says so. */
export class AdmissionPace {
  readonly #perSecond: () => number | 'auto'
  readonly #workers: number
  #meanMs = assumedMs
  #beganAt: MonotonicMs = Number.NEGATIVE_INFINITY
  /** From when on the next client is due. */
  #due: MonotonicMs = 0
  /** Clients a second with which each is let in before its time is up, and when that was looked at. */
  #needed = 0
  #neededAt: MonotonicMs = Number.NEGATIVE_INFINITY

  /** `perSecond`, over all workers, is asked each time. */
  constructor(perSecond: () => number | 'auto', workers = 1) {
    this.#perSecond = perSecond
    this.#workers = workers
  }

  /** The upstream is back. */
  begin(now: MonotonicMs): void {
    this.#beganAt = now
    this.#due = now
    this.#neededAt = Number.NEGATIVE_INFINITY
  }

  /** Milliseconds since the upstream is back. */
  since(now: MonotonicMs): number {
    return now - this.#beganAt
  }

  /** Dials that may be under way. */
  atOnce(now: MonotonicMs): number {
    return Math.min(atOnceAtMost, atOnceAtFirst * growth(this.since(now)))
  }

  /**
   * How many are due, when those who wait have so many milliseconds `left`, in their order. No faster than the upstream
   * answers, and than they have to be let in: one that has just come back has more to do than to answer handshakes. But who
   * would be turned away otherwise does not wait for that; then only the number of dials under way protects it.
   */
  *due(now: MonotonicMs, left: () => Iterable<number>): Generator<undefined> {
    const interval = 1000 / this.#rate(now, left)
    this.#due = Math.max(this.#due, now - caughtUpMs)
    while (this.#due <= now) {
      this.#due += interval
      yield undefined
    }
  }

  /** Milliseconds until the next one is due. */
  untilNext(now: MonotonicMs): number {
    return this.#due - now
  }

  /** A handshake with the upstream took `ms`. */
  took(ms: number): void {
    this.#meanMs += (ms - this.#meanMs) * weight
  }

  /** Clients a second. */
  #rate(now: MonotonicMs, left: () => Iterable<number>): number {
    const perSecond = this.#perSecond()
    if (perSecond !== 'auto') return perSecond / this.#workers
    if (now - this.#neededAt >= neededEveryMs) {
      this.#neededAt = now
      this.#needed = neededPerSecond(left())
    }
    const learned = Math.max(leastPerSecond, (underWay * 1000) / this.#meanMs)
    const gentle = Math.min(mostPerSecond / this.#workers, learned) * growth(this.since(now))
    return Math.max(gentle, this.#needed)
  }
}

/** By how much more an upstream is thought to take than right after its return; 64 times at the most. */
function growth(sinceMs: number): number {
  return 2 ** Math.min(6, Math.max(0, (sinceMs - growsAfterMs) / 1000))
}

/** Clients a second with which each has its turn in time, when they have so many milliseconds left, in their order. */
export function neededPerSecond(left: Iterable<number>): number {
  let needed = 0
  let place = 0
  for (const ms of left) {
    place++
    if (ms > 0) needed = Math.max(needed, (place * 1000) / ms)
  }
  return needed
}
