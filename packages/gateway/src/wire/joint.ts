// In: a stream that cannot leave this process (TLS, HTTP/2), and this end of a Unix domain socket whose other end has gone
// to another process. Out: the bytes of one are the bytes of the other, both ways, with back-pressure and each end's end.
import type net from 'node:net'
import type { Duplex } from 'node:stream'
import type { Clock } from '../core/index.ts'
import { askWhetherReset } from './socket-handle.ts'

/** Milliseconds that what is on its way to the other process may take when the stream has ended without a word. */
const lastBytesWithinMs = 2000

const nothing = Buffer.alloc(0)

/**
 * Joins them until both have ended. A byte pipe says only 'no more bytes', so that ends are told apart by what the
 * socket's halves say: an end of one half is passed on as such (close_notify, END_STREAM), and a socket that is closed
 * whole, which a write of no bytes finds out, destroys the stream.
 */
export class Joint {
  readonly #stream: Duplex
  readonly #socket: net.Socket
  readonly #clock: Clock
  readonly #onOver: () => void
  #limit: unknown
  #over = false

  constructor(stream: Duplex, socket: net.Socket, clock: Clock, onOver: () => void) {
    this.#stream = stream
    this.#socket = socket
    this.#clock = clock
    this.#onOver = onOver
    // What goes wrong shows in 'close'.
    socket.on('error', () => {})
    stream.on('error', () => {})
    this.#follow(stream, socket)
    this.#follow(socket, stream)
    stream.on('end', () => socket.end())
    socket.on('end', () => this.#onSocketEnd())
    stream.on('close', () => this.#onStreamClose())
    // An HTTP/2 stream that was reset. One that is read tells its end itself, behind its last bytes.
    stream.on('aborted', () => stream.isPaused() && stream.destroy())
    socket.on('close', () => this.#onSocketClose())
    if (stream.destroyed) queueMicrotask(() => this.#onStreamClose())
    stream.resume()
    socket.resume()
  }

  /** The stream that cannot leave. */
  get stream(): Duplex {
    return this.#stream
  }

  /** Asks what no event says: whether a peer that is not read, or that has ended its half, is gone altogether. */
  look(): void {
    if (this.#stream.isPaused()) askWhetherReset(this.#stream)
    const socket = this.#socket
    if (socket.writable && (socket.readableEnded || socket.isPaused())) socket.write(nothing)
  }

  /** Ends both at once. */
  destroy(): void {
    this.#stream.destroy()
    this.#socket.destroy()
  }

  #follow(from: Duplex, to: Duplex): void {
    from.on('data', (bytes: Buffer) => {
      if (to.writable && !to.write(bytes)) from.pause()
    })
    to.on('drain', () => from.resume())
  }

  /** The other process writes nothing more: it has ended its half, or has closed the socket. */
  #onSocketEnd(): void {
    const socket = this.#socket
    if (!socket.writable) return void this.#stream.end()
    socket.write(nothing, (error) => {
      if (!error) this.#stream.end()
    })
  }

  #onStreamClose(): void {
    const socket = this.#socket
    if (socket.writableLength === 0 && !this.#stream.readableEnded) socket.destroy()
    else {
      socket.destroySoon()
      this.#limit ??= this.#clock.setTimeout(() => socket.destroy(), lastBytesWithinMs)
    }
    this.#whenOver()
  }

  #onSocketClose(): void {
    const stream = this.#stream
    const finished = stream.writableFinished && stream.readableEnded
    // Its last bytes may still be on their way to a peer that has ended its half already.
    if (!finished && !(stream.writableEnded && stream.readableEnded)) stream.destroy()
    else if (!stream.destroyed && !finished) {
      this.#limit ??= this.#clock.setTimeout(() => stream.destroy(), lastBytesWithinMs)
    }
    this.#whenOver()
  }

  #whenOver(): void {
    if (this.#over || !this.#stream.destroyed || !this.#socket.destroyed) return
    this.#over = true
    this.#clock.clearTimeout(this.#limit)
    this.#onOver()
  }
}
