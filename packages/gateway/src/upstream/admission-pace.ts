// At what rate waiting clients are let in to an upstream that has just come back. Pure but for its own numbers.

/** Handshakes that shall be under way with an upstream at a time: it is busy, and does not queue. */
const underWay = 8
/** Milliseconds that a handshake is taken to last before any has been seen: 500 a second. */
const assumedMs = 16
/** Milliseconds between two clients, at the least and at the most. */
const shortest = 5
const longest = 100
/** With a great many, milliseconds in which all of them are let in. */
const spreadMs = 4_000
/** How much the last handshake counts in the mean. */
const weight = 0.2

/** Learns from the handshakes of an upstream how many a second it can take, unless the configuration says so. */
export class AdmissionPace {
  readonly #perSecond: () => number | 'auto'
  #mean = assumedMs

  /** `perSecond` is asked each time. */
  constructor(perSecond: () => number | 'auto') {
    this.#perSecond = perSecond
  }

  /**
   * Milliseconds from one client to the next, when so many wait. No faster than they have to be let in: an upstream that
   * has just come back has more to do than to answer handshakes.
   */
  interval(waiting: number): number {
    const perSecond = this.#perSecond()
    if (perSecond !== 'auto') return 1000 / perSecond
    return Math.min(longest, Math.max(Math.min(shortest, spreadMs / waiting), this.#mean / underWay))
  }

  /** A handshake with the upstream took so many milliseconds. */
  took(ms: number): void {
    this.#mean += (ms - this.#mean) * weight
  }
}
