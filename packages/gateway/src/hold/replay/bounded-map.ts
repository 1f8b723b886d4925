// What a replay module keeps of a connection: entries under keys, in the order in which they came, with a cap.
import { LetGo } from './let-go.ts'

/** The most that the modules of the gateway's own keep for one connection. Over it, they let go. */
export const replayLimits = {
  /** Subscriptions, channels, operations or requests in flight, together. */
  entries: 4096,
  /** Bytes of the messages that are kept to be sent again, their keys included. */
  bytes: 1024 * 1024,
} as const

/** Entries in order; throws when they are too many or too big. An entry that is set again goes to the end. */
export class BoundedMap<Value> {
  readonly #entries = new Map<string, { value: Value; bytes: number }>()
  #bytes = 0

  get size(): number {
    return this.#entries.size
  }

  get(key: string): Value | undefined {
    return this.#entries.get(key)?.value
  }

  has(key: string): boolean {
    return this.#entries.has(key)
  }

  /** `bytes`: what the value weighs. */
  set(key: string, value: Value, bytes = 0): void {
    this.delete(key)
    const whole = key.length + bytes
    this.#bytes += whole
    this.#entries.set(key, { value, bytes: whole })
    if (this.#entries.size > replayLimits.entries) throw tooMuch(`${replayLimits.entries} entries`)
    if (this.#bytes > replayLimits.bytes) throw tooMuch(`${replayLimits.bytes} bytes`)
  }

  delete(key: string): boolean {
    const entry = this.#entries.get(key)
    if (!entry) return false
    this.#bytes -= entry.bytes
    return this.#entries.delete(key)
  }

  /** A copy of it, so that entries can be deleted on the way. */
  entries(): [key: string, value: Value][] {
    return [...this.#entries].map(([key, { value }]) => [key, value])
  }

  values(): Value[] {
    return [...this.#entries.values()].map(({ value }) => value)
  }
}

/** What a module throws for a connection that has set up more than it keeps. */
export function tooMuch(limit: string): LetGo {
  return new LetGo(
    `the client has set up more than can be replayed for one connection (${limit}); ` +
      'set hold.replay of the route to none, or write a module that keeps less',
  )
}
