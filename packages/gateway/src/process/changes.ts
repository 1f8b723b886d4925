// Reloads and starts of upgrades: one after the other.
import type { ReloadResult } from '../operate/index.ts'

export class Changes {
  #last: Promise<unknown> = Promise.resolve()
  /** How many are under way or wait. */
  #count = 0
  #waitingReload: Promise<ReloadResult> | undefined

  /** Behind all that were asked for before. */
  run<T>(change: () => Promise<T>): Promise<T> {
    this.#count++
    const result = this.#last.then(change)
    this.#last = result
      .catch(() => {})
      .finally(() => {
        this.#count--
      })
    return result
  }

  /** Whoever asks while another reload waits for its turn gets the answer of that one: it has read nothing yet. */
  reload(reload: () => Promise<ReloadResult>): Promise<ReloadResult> {
    if (this.#waitingReload) return this.#waitingReload
    const result = this.run(() => {
      this.#waitingReload = undefined
      return reload()
    })
    if (this.#count > 1) this.#waitingReload = result
    return result
  }
}
