// What one read of a side brings becomes one write to the other.
import type { Duplex } from 'node:stream'

export class WriteBatch {
  /** While a batch is open: how many pieces it has so far. */
  #pieces: 'nothing' | 'one' | 'many' | undefined
  /** The one piece: a lone one, the usual case, is written without corking. */
  #lone: Buffer | undefined

  /** Opens a batch: what is sent is written by `flush`. */
  begin(): void {
    this.#pieces = 'nothing'
  }

  /** Writes the bytes, at once or with the open batch. False: there is no room for more. */
  send(stream: Duplex | undefined, bytes: Buffer): boolean {
    switch (this.#pieces) {
      case 'nothing':
        this.#lone = bytes
        this.#pieces = 'one'
        return true
      case 'one': {
        stream?.cork()
        this.#pieces = 'many'
        const room = write(stream, this.#lone!)
        return write(stream, bytes) && room
      }
      default:
        return write(stream, bytes)
    }
  }

  /** Writes the batch. False: there is no room for more. */
  flush(stream: Duplex | undefined): boolean {
    const was = this.#pieces
    const lone = this.#lone
    this.#pieces = undefined
    this.#lone = undefined
    if (was === 'many') stream?.uncork()
    return was !== 'one' || write(stream, lone!)
  }
}

/** A stream that takes nothing any more has no need to be waited for. */
function write(stream: Duplex | undefined, bytes: Buffer): boolean {
  return !stream?.writable || stream.write(bytes)
}
