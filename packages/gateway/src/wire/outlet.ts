// What one read of a side brings becomes one write to the other.
import type { Duplex } from 'node:stream'

export class Outlet {
  /** While bytes are gathered: how many pieces there are so far. */
  #gathering: 'nothing' | 'one' | 'many' | undefined
  /** The one piece: a lone one, the usual case, is written without any gathering. */
  #lone: Buffer | undefined

  /** Gathers what is sent until `flush`. */
  gather(): void {
    this.#gathering = 'nothing'
  }

  /** Writes the bytes, at once or with those that are gathered. False: there is no room for more. */
  send(stream: Duplex | undefined, bytes: Buffer): boolean {
    switch (this.#gathering) {
      case 'nothing':
        this.#lone = bytes
        this.#gathering = 'one'
        return true
      case 'one': {
        stream?.cork()
        this.#gathering = 'many'
        const room = write(stream, this.#lone!)
        return write(stream, bytes) && room
      }
      default:
        return write(stream, bytes)
    }
  }

  /** Writes what was gathered. False: there is no room for more. */
  flush(stream: Duplex | undefined): boolean {
    const was = this.#gathering
    const lone = this.#lone
    this.#gathering = undefined
    this.#lone = undefined
    if (was === 'many') stream?.uncork()
    return was !== 'one' || write(stream, lone!)
  }
}

/** A stream that takes nothing any more has no need to be waited for. */
function write(stream: Duplex | undefined, bytes: Buffer): boolean {
  return !stream?.writable || stream.write(bytes)
}
