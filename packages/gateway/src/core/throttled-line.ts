/** Milliseconds between two lines about the same thing. */
const lineEveryMs = 10_000

/** For what a stranger can bring about as often as he likes: one line of the log at a time, with how often it was. */
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
