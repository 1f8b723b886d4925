// The keys of TLS session tickets, which all workers have in common: a client resumes its session at any of them, and at the
// workers of the next version.
import { randomBytes } from 'node:crypto'
import type { Clock } from '../core/index.ts'

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
  #current = randomBytes(keyBytes).toString('base64')
  #timer: unknown

  constructor(clock: Clock, onRotated: (keys: string) => void) {
    this.#clock = clock
    this.#onRotated = onRotated
    this.#schedule()
  }

  /** Base64. */
  get current(): string {
    return this.#current
  }

  stop(): void {
    this.#clock.clearTimeout(this.#timer)
  }

  #schedule(): void {
    this.#timer = this.#clock.setTimeout(() => {
      this.#current = randomBytes(keyBytes).toString('base64')
      this.#onRotated(this.#current)
      this.#schedule()
    }, ticketKeysEveryMs)
  }
}
