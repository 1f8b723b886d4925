// The first moments after all upstreams of a route were away: the others may be back as well, and a rest that each of them got for being
// refused meanwhile says nothing any more. One client at a time finds out, so that not all of them go to the first. Next: upstreams.ts.
import type { Clock, MonotonicMs } from '../core/index.ts'

/** Milliseconds after the return of the first in which the others are looked for. */
const lookForMs = 2000
/** Milliseconds between two clients that try the same one. */
const tryEveryMs = 25

export class AfterOutage<U extends object> {
  readonly #clock: Clock
  #backAt: MonotonicMs = Number.NEGATIVE_INFINITY
  #triedAt = new WeakMap<U, MonotonicMs>()

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** There was no upstream, and now there is one. */
  begin(): void {
    this.#backAt = this.#clock.now()
  }

  get isRecent(): boolean {
    return this.#clock.now() - this.#backAt < lookForMs
  }

  /** Whether it is this one's turn to be tried by a client; that client is then to dial it. */
  mayTry(upstream: U): boolean {
    const now = this.#clock.now()
    if (!this.isRecent || now - (this.#triedAt.get(upstream) ?? Number.NEGATIVE_INFINITY) < tryEveryMs)
      return false
    this.#triedAt.set(upstream, now)
    return true
  }
}
