// At what rate waiting clients are let in to an upstream that has just come back. Pure but for its own numbers.

/** Handshakes that shall be under way with an upstream at a time: it is busy, and does not queue. */
const underWay = 8
/** Milliseconds that a handshake is taken to last before any has been seen: 500 a second. */
const assumedMs = 16
/** Milliseconds between two clients, at the least and at the most. */
const shortest = 1
const longest = 100
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

  /** Milliseconds from one client to the next. */
  get interval(): number {
    const perSecond = this.#perSecond()
    if (perSecond !== 'auto') return 1000 / perSecond
    return Math.min(longest, Math.max(shortest, this.#mean / underWay))
  }

  /** A handshake with the upstream took so many milliseconds. */
  took(ms: number): void {
    this.#mean += (ms - this.#mean) * weight
  }
}
