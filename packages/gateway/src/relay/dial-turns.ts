// So many at once, and the others in the order in which they came.
import type { Clock } from '../core/index.ts'

export class DialTurns {
  readonly #most: number
  #taken = 0
  readonly #queue = new Set<() => void>()

  constructor(most: number) {
    this.#most = most
  }

  /** Nobody has a turn or waits for one. */
  get isUnused(): boolean {
    return this.#taken + this.#queue.size === 0
  }

  /** Resolves to true when the turn has come, which `end` ends; to false after so many milliseconds. */
  take(withinMs: number, clock: Clock): Promise<boolean> {
    if (this.#taken < this.#most) {
      this.#taken++
      return Promise.resolve(true)
    }
    return new Promise((resolve) => {
      const go = () => {
        clock.clearTimeout(timer)
        resolve(true)
      }
      const timer = clock.setTimeout(() => {
        this.#queue.delete(go)
        resolve(false)
      }, withinMs)
      this.#queue.add(go)
    })
  }

  end(): void {
    const [next] = this.#queue
    if (!next) this.#taken--
    else {
      // The turn goes on to who has waited longest.
      this.#queue.delete(next)
      next()
    }
  }
}
