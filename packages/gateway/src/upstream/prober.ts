import type { Clock } from '../core/index.ts'

export interface ProberOptions {
  /** One probe. It must end, also when the signal fires, and not reject. */
  run: (signal: AbortSignal) => Promise<void>
  /** Milliseconds from the end of a probe to the next; asked each time. */
  every: () => number
  clock: Clock
  /** Gives numbers in [0, 1). */
  random: () => number
}

/** The first probe comes within this, in milliseconds: soon, but not at the same moment in every worker. */
const firstWithin = 1_000

/** Probes again and again, never two at a time, until it is stopped. */
export class Prober {
  readonly #options: ProberOptions
  readonly #stopped = new AbortController()
  #timer: unknown
  /** When the next probe is due; in the past while one is under way. */
  #due = 0

  constructor(options: ProberOptions) {
    this.#options = options
    this.#schedule(Math.floor(options.random() * Math.min(firstWithin, options.every())))
  }

  /** Brings the next probe forward when by now it should come earlier. */
  hurry(): void {
    if (this.#stopped.signal.aborted) return
    const { every, clock } = this.#options
    if (clock.now() + every() < this.#due) this.#schedule(every())
  }

  /** Ends the probe under way, too. */
  stop(): void {
    this.#options.clock.clearTimeout(this.#timer)
    this.#stopped.abort()
  }

  #schedule(delay: number): void {
    const { clock } = this.#options
    clock.clearTimeout(this.#timer)
    this.#due = clock.now() + delay
    this.#timer = clock.setTimeout(() => void this.#probe(), delay)
  }

  async #probe(): Promise<void> {
    await this.#options.run(this.#stopped.signal)
    if (!this.#stopped.signal.aborted) this.#schedule(this.#options.every())
  }
}
