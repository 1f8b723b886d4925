// The clients of a route whose sessions are not restored yet. Whoever is restored first gives the others a moment, so that
// they hear what it has said meanwhile: a server sends that to those who are there, and keeps it for nobody. Next: hold.ts.
import type { Clock } from '../core/index.ts'

/** Milliseconds after which what a client has said follows, whoever is still away. */
const momentMs = 250

export class Returns {
  readonly #clock: Clock
  #away = 0
  readonly #waiting = new Set<() => void>()

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** One more client is away; the result is to be called when its session is restored, or it has ended. */
  left(): () => void {
    this.#away++
    let isBack = false
    return () => {
      if (isBack) return
      isBack = true
      this.#away--
      if (this.#away > 0) return
      for (const goOn of [...this.#waiting]) goOn()
    }
  }

  /** Calls once all are back, or after a moment; at once if nobody is away. The result calls it off. */
  whenBack(then: () => void): () => void {
    if (this.#away === 0) {
      then()
      return () => {}
    }
    const over = () => {
      this.#clock.clearTimeout(timer)
      this.#waiting.delete(goOn)
    }
    const goOn = () => {
      over()
      then()
    }
    const timer = this.#clock.setTimeout(goOn, momentMs)
    this.#waiting.add(goOn)
    return over
  }
}
