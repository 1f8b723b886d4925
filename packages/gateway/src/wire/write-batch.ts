// What one read of a side brings becomes one write to the other.
import type { Wire } from './wire.ts'

export class WriteBatch {
  #open = false
  /** The one piece: a lone one, the usual case, costs no array. */
  #lone: Buffer | undefined
  #pieces: Buffer[] | undefined
  /** Bytes in the open batch. */
  bytes = 0

  /** Opens a batch: what is sent is written by `flush`. */
  begin(): void {
    this.#open = true
  }

  /** Writes the bytes, at once or with the open batch. False: there is no room for more. */
  send(wire: Wire | undefined, bytes: Buffer): boolean {
    if (!this.#open) return !wire?.writable || wire.write(bytes)
    this.bytes += bytes.length
    if (this.#pieces) this.#pieces.push(bytes)
    else if (this.#lone) this.#pieces = [this.#lone, bytes]
    else this.#lone = bytes
    return true
  }

  /** Writes the batch. False: there is no room for more. */
  flush(wire: Wire | undefined): boolean {
    const lone = this.#lone
    const pieces = this.#pieces
    this.#open = false
    this.bytes = 0
    this.#lone = undefined
    this.#pieces = undefined
    // A wire that takes nothing any more has no need to be waited for.
    if (!lone || !wire?.writable) return true
    return pieces ? wire.writeAll(pieces) : wire.write(lone)
  }
}
