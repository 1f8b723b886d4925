/** Milliseconds between two lines about the same thing, unless said otherwise. */
const usualEveryMs = 10_000

/** For what strangers can cause at will: at most one line of the log in 10 s, or in so many milliseconds, with how often it happened. */
export class ThrottledLine {
  readonly #write: (times: number, detail: unknown) => void
  #times = 0
  #lastAt = Number.NEGATIVE_INFINITY
  readonly #everyMs: number

  constructor(write: (times: number, detail: unknown) => void, everyMs = usualEveryMs) {
    this.#write = write
    this.#everyMs = everyMs
  }

  happened(detail?: unknown): void {
    this.#times++
    const now = performance.now()
    if (now - this.#lastAt < this.#everyMs) return
    this.#lastAt = now
    this.#write(this.#times, detail)
    this.#times = 0
  }
}
