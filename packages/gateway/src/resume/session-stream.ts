// What a Pipe has for its client on a route that resumes: a stream that ends when the session does, and not before. It
// holds nothing of its own: session.ts does.
import { Duplex } from 'node:stream'

/** What happens on the Pipe's end of the stream. */
export interface SessionEnds {
  /** Frames for the client, lent until `done` is called. */
  onFrames(chunks: readonly Buffer[], done: () => void): void
  /** There is room for what the client says. */
  onRoom(): void
  /** Nothing more comes for the client. */
  onPipeEnded(): void
}

/** Bytes of the client's that wait for the upstream, before the client is not read any more. */
const readableHighWaterMark = 64 * 1024
/** Bytes for the client that wait outside of the session, while it keeps as much as it may. */
const writableHighWaterMark = 128 * 1024

export class SessionStream extends Duplex {
  readonly #ends: SessionEnds

  constructor(ends: SessionEnds) {
    super({ readableHighWaterMark, writableHighWaterMark })
    this.#ends = ends
  }

  override _read(): void {
    this.#ends.onRoom()
  }

  override _write(chunk: Buffer, _: BufferEncoding, done: () => void): void {
    this.#ends.onFrames([chunk], done)
  }

  override _writev(chunks: { chunk: Buffer }[], done: () => void): void {
    this.#ends.onFrames(
      chunks.map(({ chunk }) => chunk),
      done,
    )
  }

  override _final(done: () => void): void {
    this.#ends.onPipeEnded()
    this.push(null)
    done()
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    this.#ends.onPipeEnded()
    done(error)
  }
}
