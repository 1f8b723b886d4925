// Closes by code, second by second, as far back as the gateway knows.
import type { CloseCount } from './frame.ts'

/** Seconds that are kept, and shown. */
const keptSeconds = 600
export const shownSeconds = 300

export class CloseSeries {
  readonly #seconds = new Map<number, Map<number, number>>()

  /** Takes over counts: those of a second replace what was known of it. */
  take(closes: readonly CloseCount[], now: number): void {
    for (const [second, code, count] of closes) {
      const codes = this.#seconds.get(second) ?? new Map<number, number>()
      codes.set(code, count)
      this.#seconds.set(second, codes)
    }
    for (const second of this.#seconds.keys()) {
      if (second < now / 1000 - keptSeconds) this.#seconds.delete(second)
    }
  }

  get all(): CloseCount[] {
    return [...this.#seconds].flatMap(([second, codes]) =>
      [...codes].map(([code, count]): CloseCount => [second, code, count]),
    )
  }

  /** Closes by code in the seconds from `from` to before `to`. */
  sums(from: number, to: number): Map<number, number> {
    const sums = new Map<number, number>()
    for (const [second, codes] of this.#seconds) {
      if (second < from || second >= to) continue
      for (const [code, count] of codes) sums.set(code, (sums.get(code) ?? 0) + count)
    }
    return sums
  }

  at(second: number, code: number): number {
    return this.#seconds.get(second)?.get(code) ?? 0
  }
}
