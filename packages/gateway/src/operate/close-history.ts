// Closes by code over time, one count for each second of the last minutes.
import type { CloseCount } from './dashboard-frame.ts'

/** Seconds that are kept. */
export const historySeconds = 600

export class CloseHistory {
  /** By second, in order. */
  readonly #seconds = new Map<number, Map<number, number>>()

  /**
   * Counts closes that happened after `from` and up to `to` (Unix milliseconds), spread evenly over the seconds
   * between: the counts are looked at now and then, not at the turn of a second.
   */
  add(from: number, to: number, closes: ReadonlyMap<number, number>): void {
    // The wall clock may have been set back between the two looks.
    const start = Math.min(to, Math.max(from, to - historySeconds * 1000))
    for (const [code, count] of closes) {
      let told = 0
      for (let second = Math.floor(start / 1000); second * 1000 < to || told < count; second++) {
        const share = to > start ? (Math.min((second + 1) * 1000, to) - start) / (to - start) : 1
        const upToHere = Math.round(count * Math.min(1, share))
        if (upToHere > told) this.#count(second, code, upToHere - told)
        told = upToHere
      }
    }
    this.#forgetBefore(Math.floor(to / 1000) - historySeconds)
  }

  /** The counts of this second (Unix time) and of all after it. */
  since(second: number): CloseCount[] {
    const result: CloseCount[] = []
    for (const [at, codes] of this.#seconds) {
      if (at >= second) for (const [code, count] of codes) result.push([at, code, count])
    }
    return result
  }

  #count(second: number, code: number, closes: number): void {
    const codes = this.#seconds.get(second) ?? new Map<number, number>()
    codes.set(code, (codes.get(code) ?? 0) + closes)
    this.#seconds.set(second, codes)
  }

  #forgetBefore(second: number): void {
    for (const at of this.#seconds.keys()) if (at < second) this.#seconds.delete(at)
  }
}
