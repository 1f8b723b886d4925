// The keys of TLS session tickets, which all workers have in common: a client resumes its session at any of them, and at the
// workers of the next version.
import { randomBytes } from 'node:crypto'
import type { Clock, MonotonicMs } from '../core/index.ts'

/** What Node wants: 16 bytes each for the name, for HMAC and for AES. */
const keyBytes = 48
/**
 * Milliseconds until the next keys. Node has one set at a time, so that the tickets of before end here; whoever gets hold of the
 * keys can read what resumed TLS 1.2 sessions of this time have said.
 */
export const ticketKeysEveryMs = 24 * 3_600_000

export class TicketKeys {
  readonly #clock: Clock
  readonly #onRotated: (keys: string) => void
  #current: string
  #due: MonotonicMs = 0
  #timer: unknown

  /** `before`: the keys of another process, and how long they are still good. */
  constructor(
    clock: Clock,
    onRotated: (keys: string) => void,
    before: { keys: string; dueInMs: number } = {
      keys: randomBytes(keyBytes).toString('base64'),
      dueInMs: ticketKeysEveryMs,
    },
  ) {
    this.#clock = clock
    this.#onRotated = onRotated
    this.#current = before.keys
    this.#schedule(before.dueInMs)
  }

  /** Milliseconds until the next keys. */
  get dueInMs(): number {
    return Math.max(0, this.#due - this.#clock.now())
  }

  /** Base64. */
  get current(): string {
    return this.#current
  }

  /** Takes over the keys of a fleet. Those of this gateway alone come again when it has heard of no others for as long. */
  adopt(keys: string): void {
    this.#clock.clearTimeout(this.#timer)
    this.#schedule()
    if (keys === this.#current) return
    this.#current = keys
    this.#onRotated(keys)
  }

  stop(): void {
    this.#clock.clearTimeout(this.#timer)
  }

  #schedule(ms = ticketKeysEveryMs): void {
    this.#due = this.#clock.now() + ms
    this.#timer = this.#clock.setTimeout(() => {
      this.#current = randomBytes(keyBytes).toString('base64')
      this.#onRotated(this.#current)
      this.#schedule()
    }, ms)
  }
}
