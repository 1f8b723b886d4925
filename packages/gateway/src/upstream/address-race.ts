// In: the addresses of a name. Out: the first connection that is made to one of them (RFC 8305). Next: connect.ts.
import { isIPv6 } from 'node:net'
import type { Clock } from '../core/index.ts'
import { Connecting, type SocketWire } from '../wire/index.ts'

/** RFC 8305 5: "One recommended value for a default delay is 250 milliseconds." */
export const attemptDelayMs = 250

/**
 * RFC 8305 4: "Whichever address family is first in the list should be followed by an endpoint of the other address family".
 * Else their order stays.
 */
export function interleaved(addresses: readonly string[]): string[] {
  const isFirst = (address: string) => isIPv6(address) === isIPv6(addresses[0]!)
  const families = [addresses.filter(isFirst), addresses.filter((address) => !isFirst(address))]
  return addresses.flatMap((_, i) => families.flatMap((family) => family.slice(i, i + 1)))
}

/**
 * Connects to one address after the other, the next one as soon as one fails, or beside those that are still under way after
 * a moment; `done` gets the first connection, or the failures of all.
 */
export class AddressRace {
  readonly #left: string[]
  readonly #port: number
  readonly #clock: Clock
  readonly #done: (result: SocketWire | NodeJS.ErrnoException) => void
  readonly #attempts = new Set<Connecting>()
  readonly #errors: NodeJS.ErrnoException[] = []
  #timer: unknown

  constructor(
    addresses: readonly string[],
    port: number,
    clock: Clock,
    done: (result: SocketWire | NodeJS.ErrnoException) => void,
  ) {
    this.#left = interleaved(addresses)
    this.#port = port
    this.#clock = clock
    this.#done = done
    this.#tryNext()
  }

  #tryNext(): void {
    this.#clock.clearTimeout(this.#timer)
    const address = this.#left.shift()
    if (address === undefined) return
    const attempt: Connecting = new Connecting({ address, port: this.#port }, (result) => {
      this.#attempts.delete(attempt)
      if (result instanceof Error) this.#failed(result)
      else {
        this.destroy()
        this.#done(result)
      }
    })
    this.#attempts.add(attempt)
    if (this.#left.length > 0) this.#timer = this.#clock.setTimeout(() => this.#tryNext(), attemptDelayMs)
  }

  #failed(error: NodeJS.ErrnoException): void {
    this.#errors.push(error)
    this.#tryNext()
    if (this.#attempts.size > 0) return
    const { errors, code } = { errors: this.#errors, code: this.#errors[0]!.code }
    this.#done(Object.assign(new AggregateError(errors), { code }) as NodeJS.ErrnoException)
  }

  /** Calls all of them off: `done` is not called any more. */
  destroy(): void {
    this.#clock.clearTimeout(this.#timer)
    this.#left.length = 0
    for (const attempt of this.#attempts) attempt.destroy()
    this.#attempts.clear()
  }
}
