// Sessions that the store has and shall forget: at once those that are over, later those that others may still take over.
import type { MonotonicMs } from '../core/index.ts'

/** Of each kind, at most. Of more the store forgets by itself, in time. */
const mostOver = 16_384

interface GoneSession {
  id: string
  epoch: number
}

export class SessionsToForget {
  /** Sessions that are over. */
  #over: GoneSession[] = []
  /** Sessions that were given up, and stay in the store until then for whoever takes them over. */
  #givenUp: (GoneSession & { until: MonotonicMs })[] = []

  get areThere(): boolean {
    return this.#over.length > 0
  }

  /** It is over. */
  add({ id, epoch }: GoneSession): void {
    if (this.#over.length < mostOver) this.#over.push({ id, epoch })
  }

  /** It was given up. */
  addLater({ id, epoch }: GoneSession, until: MonotonicMs): void {
    if (this.#givenUp.length < mostOver) this.#givenUp.push({ id, epoch, until })
  }

  /** Those whose time has come are over. */
  follow(now: MonotonicMs): void {
    const isTime = ({ until }: { until: MonotonicMs }) => until <= now
    if (!this.#givenUp.some(isTime)) return
    this.#over.push(...this.#givenUp.filter(isTime))
    this.#givenUp = this.#givenUp.filter((one) => !isTime(one))
  }

  /** The first of those that are over; they are not here any more. */
  take(most: number): GoneSession[] {
    return this.#over.splice(0, most)
  }

  /** The store has not heard of them. */
  putBack(sessions: GoneSession[]): void {
    this.#over.push(...sessions)
  }
}
