// In: a wire that cannot leave this process (TLS, HTTP/2), and this end of a Unix domain socket whose other end has gone
// to another process. Out: the bytes of one are the bytes of the other, both ways, with back-pressure and each end's end.
import type { Clock } from '../core/index.ts'
import { keep } from './read-buffers.ts'
import type { Wire, WireUser } from './wire.ts'

/** Milliseconds that what is on its way to the other process may take when the stream has ended without a word. */
const lastBytesWithinMs = 2000

/**
 * Joins them until both have ended. A byte pipe says only 'no more bytes', so that ends are told apart by what the
 * socket's halves say: an end of one half is passed on as such (close_notify, END_STREAM), and a socket that is closed
 * whole, which a write of no bytes finds out, destroys the wire.
 */
export class Joint implements WireUser {
  readonly #wire: Wire
  readonly #far: Wire
  readonly #clock: Clock
  readonly #onOver: () => void
  #limit: unknown
  /** The socket is closed as soon as its last bytes have gone out. */
  #closesFar = false
  /** The other process writes nothing more; whether it has closed the socket is asked when what waits has gone out. */
  #farHasEnded = false
  #over = false

  /** `far`: the end of the socket. */
  constructor(wire: Wire, far: Wire, clock: Clock, onOver: () => void) {
    this.#wire = wire
    this.#far = far
    this.#clock = clock
    this.#onOver = onOver
    wire.user = this
    far.user = {
      onPieces: (pieces) => pass(pieces, far, wire),
      onDrain: () => this.#onFarDrain(),
      onEndOfInput: () => this.#onFarEnd(),
      onFinish: () => this.#onFarFinish(),
      onClose: () => this.#onFarClose(),
    }
    if (wire.destroyed) queueMicrotask(() => this.onClose())
    if (far.destroyed) queueMicrotask(() => this.#onFarClose())
    wire.resume()
    far.resume()
  }

  /** What several joints of clients may have in common: the socket below streams of HTTP/2. */
  get socket(): object {
    return this.#wire.socket
  }

  /** Asks what no event says: whether a peer that is not read, or that has ended its half, is gone altogether. */
  look(): void {
    if (this.#wire.paused) this.#wire.askWhetherReset()
    const far = this.#far
    if (far.writable && (far.readableEnded || far.paused)) far.askWhetherReset(() => {})
  }

  /** Ends both at once. */
  destroy(): void {
    this.#wire.destroy()
    this.#far.destroy()
  }

  onPieces(pieces: readonly Buffer[]): undefined {
    pass(pieces, this.#wire, this.#far)
  }

  onDrain(): void {
    this.#far.resume()
  }

  onEndOfInput(): void {
    this.#far.end()
  }

  /** One that is read tells its end itself, behind its last bytes. */
  onAborted(): void {
    if (this.#wire.paused) this.#wire.destroy()
  }

  onClose(): void {
    const far = this.#far
    if ((far.writableLength === 0 && !this.#wire.readableEnded) || far.writableFinished) far.destroy()
    else {
      this.#closesFar = true
      far.end()
      this.#limit ??= this.#clock.setTimeout(() => far.destroy(), lastBytesWithinMs)
    }
    this.#whenOver()
  }

  #onFarDrain(): void {
    this.#wire.resume()
    if (this.#farHasEnded) this.#onFarEnd()
  }

  #onFarFinish(): void {
    if (this.#closesFar) this.#far.destroy()
    else if (this.#farHasEnded) this.#onFarEnd()
  }

  /** The other process writes nothing more: it has ended its half, or has closed the socket. */
  #onFarEnd(): void {
    const far = this.#far
    this.#farHasEnded = far.writable && far.writableNeedDrain
    if (this.#farHasEnded) return
    if (far.writable) far.askWhetherReset(() => this.#wire.end())
    else this.#wire.end()
  }

  #onFarClose(): void {
    const wire = this.#wire
    const finished = wire.writableFinished && wire.readableEnded
    // Its last bytes may still be on their way to a peer that has ended its half already.
    if (!finished && !(wire.writableEnded && wire.readableEnded)) wire.destroy()
    else if (!wire.destroyed && !finished) {
      this.#limit ??= this.#clock.setTimeout(() => wire.destroy(), lastBytesWithinMs)
    }
    this.#whenOver()
  }

  #whenOver(): void {
    if (this.#over || !this.#wire.destroyed || !this.#far.destroyed) return
    this.#over = true
    this.#clock.clearTimeout(this.#limit)
    this.#onOver()
  }
}

/** Writes what one has read to the other; without room there, no more is read. */
function pass(pieces: readonly Buffer[], from: Wire, to: Wire): undefined {
  for (const piece of pieces) {
    if (to.writable && !to.write(keep(piece))) from.pause()
  }
}
