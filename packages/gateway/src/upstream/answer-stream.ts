// An upstream's connection to which the request has been written already, for Node's HTTP client: it reads the answer,
// and what it writes is dropped.
import { Duplex } from 'node:stream'
import { keep, type Wire, type WireUser } from '../wire/index.ts'

export class AnswerStream extends Duplex implements WireUser {
  /** Undefined once it is somebody else's. */
  #wire: Wire | undefined

  /** `first`: what has been read of the answer so far. */
  constructor(wire: Wire, first: Buffer) {
    super()
    this.#wire = wire
    wire.user = this
    this.push(first)
  }

  onPieces(pieces: readonly Buffer[]): undefined {
    for (const piece of pieces) if (!this.push(keep(piece))) this.#wire?.pause()
  }

  onDrain(): void {}

  onEndOfInput(): void {
    this.push(null)
  }

  onError(error: NodeJS.ErrnoException): void {
    this.destroy(error)
  }

  onClose(): void {
    this.destroy()
  }

  /** The wire is somebody else's from now on; returns what was read of it and not asked for. */
  letGo(): Buffer {
    const rest: Buffer | null = this.read()
    this.#leave()?.pause()
    return rest ?? Buffer.alloc(0)
  }

  #leave(): Wire | undefined {
    const wire = this.#wire
    this.#wire = undefined
    if (wire?.user === this) wire.user = undefined
    return wire
  }

  override _read(): void {
    this.#wire?.resume()
  }

  override _write(_chunk: Buffer, _encoding: BufferEncoding, done: () => void): void {
    done()
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    this.#leave()?.destroy()
    done(error)
  }
}
