import { CloseSeries } from './series.ts'
import type { Told } from './stream.ts'

/** What was told so far, for somebody who comes later. */
export class Memory {
  readonly #series = new CloseSeries()
  #last: Told | undefined
  #frame: Told['frame']

  take(told: Told): void {
    this.#last = told
    if (!told.frame) return
    this.#frame = told.frame
    this.#series.take(told.frame.closes, told.frame.at)
  }

  get whole(): Told | undefined {
    if (!this.#last || !this.#frame) return this.#last
    return { link: this.#last.link, frame: { ...this.#frame, whole: true, closes: this.#series.all } }
  }
}
