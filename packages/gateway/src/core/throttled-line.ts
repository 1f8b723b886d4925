/** Milliseconds between two lines about the same thing. */
const lineEveryMs = 10_000

/** For what strangers can cause at will: at most one line of the log in 10 s, with how often it happened. */
export class ThrottledLine {
  readonly #write: (times: number, detail: unknown) => void
  #times = 0
  #lastAt = Number.NEGATIVE_INFINITY

  constructor(write: (times: number, detail: unknown) => void) {
    this.#write = write
  }

  happened(detail?: unknown): void {
    this.#times++
    const now = performance.now()
    if (now - this.#lastAt < lineEveryMs) return
    this.#lastAt = now
    this.#write(this.#times, detail)
    this.#times = 0
  }
}
