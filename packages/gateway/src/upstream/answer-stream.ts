// An upstream's connection to which the request has been written already, for Node's HTTP client: it reads the answer,
// and what it writes is dropped.
import type { Socket } from 'node:net'
import { Duplex } from 'node:stream'

export class AnswerStream extends Duplex {
  readonly #socket: Socket

  /** `first`: what has been read of the answer so far. */
  constructor(socket: Socket, first: Buffer) {
    super()
    this.#socket = socket
    this.push(first)
    socket
      .on('data', this.#onData)
      .on('end', this.#onEnd)
      .on('error', this.#onError)
      .on('close', this.#onClose)
  }

  readonly #onData = (bytes: Buffer) => {
    if (!this.push(bytes)) this.#socket.pause()
  }

  readonly #onEnd = () => void this.push(null)
  readonly #onError = (error: Error) => void this.destroy(error)
  readonly #onClose = () => void this.destroy()

  /** The socket is somebody else's from now on; returns what was read of it and not asked for. */
  letGo(): Buffer {
    this.#unwire()
    this.#socket.pause()
    return this.read() ?? Buffer.alloc(0)
  }

  #unwire(): void {
    const socket = this.#socket
    socket
      .off('data', this.#onData)
      .off('end', this.#onEnd)
      .off('error', this.#onError)
      .off('close', this.#onClose)
  }

  override _read(): void {
    this.#socket.resume()
  }

  override _write(_chunk: Buffer, _encoding: BufferEncoding, done: () => void): void {
    done()
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    this.#unwire()
    this.#socket.destroy()
    done(error)
  }
}
