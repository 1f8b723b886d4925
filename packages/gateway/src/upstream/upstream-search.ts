// A route's one search for an upstream, by all who have none: held clients, and the room in which new ones wait. They dial
// in turns, so that a server that has just come back is not flooded; while none is found only one after the other dials, so
// that many of them together dial no more often than a few; and when one gets through, the others wait no longer.
import type { Clock } from '../core/index.ts'

/** Dials under way at the same time: Node and nginx let 511 connections wait to be accepted. */
const dialsAtOnce = 256
/** Milliseconds from the end of one client's pause to the end of the next one's. */
const wakeEvery = 10
/** Milliseconds that a client pauses at least, give or take a half. */
const leastPause = 50

interface Resting {
  /** The time before which it does not dial again. */
  until: number
  /** `found`: because somebody got through. */
  wake: (found: boolean) => void
}

export class UpstreamSearch {
  #dialling = 0
  /** Those that wait for their turn, in order. */
  readonly #queue = new Set<() => void>()
  /** Those that dialled in vain and wait to dial again, in order. */
  readonly #resting = new Set<Resting>()
  #timer: unknown
  #wokenAt = Number.NEGATIVE_INFINITY
  readonly #listeners = new Set<() => void>()

  /** Calls `dial` when its turn has come; at once, out of turn, when the signal fires. */
  async inTurn<T>(signal: AbortSignal, dial: () => Promise<T>): Promise<T> {
    if (this.#dialling >= dialsAtOnce && !signal.aborted) await this.#turn(signal)
    this.#dialling++
    try {
      return await dial()
    } finally {
      this.#dialling--
      const [next] = this.#queue
      if (this.#dialling < dialsAtOnce) next?.()
    }
  }

  #turn(signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const go = () => {
        this.#queue.delete(go)
        signal.removeEventListener('abort', go)
        resolve()
      }
      this.#queue.add(go)
      signal.addEventListener('abort', go)
    })
  }

  /** Somebody got through to an upstream, or a probe did: nobody rests any longer. */
  found(): void {
    for (const { wake } of [...this.#resting]) wake(true)
    for (const listener of [...this.#listeners]) listener()
  }

  /** Calls the listener whenever somebody gets through; the result ends that. */
  onFound(listener: () => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  /**
   * The pause after a dial in vain: until it is one's turn again, somebody gets through, the signal fires, or `wake` is called, which
   * `until` is given; what that returns is called when the pause is over. Resolves with whether somebody got through.
   */
  rest(
    signal: AbortSignal,
    clock: Clock,
    random: () => number,
    until?: (wake: () => void) => (() => void) | undefined,
  ): Promise<boolean> {
    return new Promise((resolve) => {
      let stopWaiting: (() => void) | undefined
      const wake = (found: boolean) => {
        this.#resting.delete(resting)
        signal.removeEventListener('abort', onAbort)
        stopWaiting?.()
        if (this.#resting.size === 0) this.#stop(clock)
        resolve(found)
      }
      const onAbort = () => wake(false)
      // RFC 6455 7.2.3 asks clients to spread their returns; so do we.
      const resting = { until: clock.now() + leastPause * (0.5 + random()), wake }
      if (signal.aborted) return resolve(false)
      this.#resting.add(resting)
      signal.addEventListener('abort', onAbort)
      stopWaiting = until?.(onAbort)
      this.#wakeNext(clock)
    })
  }

  #wakeNext(clock: Clock): void {
    const [first] = this.#resting
    if (!first || this.#timer !== undefined) return
    const at = Math.max(first.until, this.#wokenAt + wakeEvery)
    const wake = () => {
      this.#timer = undefined
      this.#wokenAt = clock.now()
      const [next] = this.#resting
      next?.wake(false)
      this.#wakeNext(clock)
    }
    this.#timer = clock.setTimeout(wake, Math.max(0, at - clock.now()))
  }

  #stop(clock: Clock): void {
    clock.clearTimeout(this.#timer)
    this.#timer = undefined
  }
}
