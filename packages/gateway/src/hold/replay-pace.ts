// What the next upstream is told first: one message after the other, and where a message wants an answer, the next one waits
// for the upstream to have said something. Next: hold.ts.
import assert from 'node:assert/strict'
import type { Clock } from '../core/index.ts'
import type { ReplayMessage } from './replay/index.ts'

/** What a pace acts on. */
export interface ReplayPaceDeps {
  clock: Clock
  /** Sends a message to the upstream. */
  say: (message: ReplayMessage) => void
  /** How many messages the upstream has begun to send. */
  heard: () => number
  /** All has been said, and the last of it answered. */
  onSaid: () => void
}

export class ReplayPace {
  readonly #deps: ReplayPaceDeps
  #left: readonly ReplayMessage[] = []
  #awaits: { heard: number; timer: unknown } | undefined

  constructor(deps: ReplayPaceDeps) {
    this.#deps = deps
  }

  /** Whether an answer is awaited. */
  get waits(): boolean {
    return this.#awaits !== undefined
  }

  begin(messages: readonly ReplayMessage[]): void {
    assert(!this.#awaits, 'an upstream is told anew while its answer is awaited')
    this.#left = messages
    this.#goOn()
  }

  /** The upstream has sent something. */
  onHeard(): void {
    if (this.#awaits && this.#deps.heard() > this.#awaits.heard) this.#goOn()
  }

  /** The upstream has gone, or the connection has ended: says no more. */
  stop(): void {
    if (this.#awaits) this.#deps.clock.clearTimeout(this.#awaits.timer)
    this.#awaits = undefined
    this.#left = []
  }

  #goOn(): void {
    const { clock, say, heard, onSaid } = this.#deps
    const left = this.#left
    this.stop()
    for (const [index, message] of left.entries()) {
      say(message)
      const { answerWithinMs = 0 } = message
      if (answerWithinMs === 0) continue
      this.#left = left.slice(index + 1)
      this.#awaits = { heard: heard(), timer: clock.setTimeout(() => this.#goOn(), answerWithinMs) }
      return
    }
    onSaid()
  }
}
