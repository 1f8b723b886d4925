// What a Pipe has for its client on a route that resumes: a stream that ends when the session does, and not before. It is
// none of Node's: what is written goes to the session in the same call, and what the client has sent to the Pipe.
import type { Handle } from '../core/index.ts'
import { type Carry, keep, type Leaves, type Wire, type WireUser } from '../wire/index.ts'

/** What happens on the Pipe's end of the stream. */
export interface SessionEnds {
  /** Frames for the client, lent. False: no more should come before `drained` of the stream is called. */
  onFrames(bytes: Buffer): boolean
  /** All frames of one read have come. */
  onFramesEnd(): void
  /** There is room for what the client says. */
  onRoom(): void
  /** Nothing more comes for the client. */
  onPipeEnded(): void
}

/** Bytes of the client's that wait for the upstream, before the client is not read any more. */
const mostWaiting = 64 * 1024

export class SessionStream implements Wire {
  readonly #ends: SessionEnds
  user: WireUser | undefined
  paused = false
  /** Pieces that the Pipe has not read, because it is paused. */
  #waiting: Buffer[] | undefined
  readableLength = 0
  /** No more should come before `onRoom`. */
  isFull = false
  readableEnded = false
  writableEnded = false
  writableFinished = false
  writableNeedDrain = false
  destroyed = false
  constructor(ends: SessionEnds) {
    this.#ends = ends
  }

  /** The session has taken all of it, and may need some of it again. */
  get isIdle(): boolean {
    return false
  }

  get socket(): object {
    return this
  }

  // What the client has sent.

  /**
   * Hands the Pipe what was read at once; it is lent. The result: the wire in which a write of it waits. Once `isFull`,
   * no more should come before `onRoom`.
   */
  pass(pieces: readonly Buffer[]): Wire | undefined {
    if (this.destroyed || this.readableEnded) return undefined
    if (!this.paused && !this.#waiting && this.user) return this.user.onPieces(pieces)
    this.#waiting ??= []
    for (const piece of pieces) {
      this.#waiting.push(keep(piece))
      this.readableLength += piece.length
    }
    this.isFull ||= this.readableLength >= mostWaiting
    return undefined
  }

  /** What the Pipe has not read. */
  get waiting(): Buffer {
    return Buffer.concat(this.#waiting ?? [])
  }

  pause(): void {
    this.paused = true
  }

  resume(): void {
    this.paused = false
    const isEnding = this.writableEnded && !this.readableEnded
    if (this.#waiting || this.isFull || isEnding) process.nextTick(goOn, this)
  }

  /** Hands over what has waited, and then its end. */
  goOn(): void {
    if (this.paused || this.destroyed) return
    const waiting = this.#waiting
    this.#waiting = undefined
    this.readableLength = 0
    if (waiting) this.pass(waiting)
    // Who took it may have no room again.
    if (this.paused || this.#waiting) return
    if (this.isFull) {
      this.isFull = false
      this.#ends.onRoom()
    }
    if (!this.writableEnded || this.readableEnded || this.destroyed) return
    this.readableEnded = true
    this.user?.onEndOfInput()
    this.#closeWhenOver()
  }

  // What the Pipe has for the client.

  get writable(): boolean {
    return !this.writableEnded && !this.destroyed
  }

  /** The session has taken all of it. */
  get writableLength(): number {
    return 0
  }

  write(bytes: Buffer): boolean {
    return this.writeAll([bytes])
  }

  writeAll(pieces: readonly Buffer[]): boolean {
    for (const piece of pieces) {
      if (!this.writable) break
      if (!this.#ends.onFrames(piece)) this.writableNeedDrain = true
      else this.drained()
    }
    if (!this.destroyed) this.#ends.onFramesEnd()
    return !this.writableNeedDrain
  }

  /** What is lent was copied where it is needed. */
  putBackLater(): void {}

  /** There is room again for what the Pipe has. */
  drained(): void {
    if (!this.writableNeedDrain || this.destroyed) return
    this.writableNeedDrain = false
    this.user?.onDrain()
  }

  end(): void {
    if (!this.writable) return
    this.writableEnded = true
    this.#ends.onPipeEnded()
    process.nextTick(finish, this)
  }

  /** Its last write was taken long ago; its end is told later, as other streams do. */
  finish(): void {
    if (this.destroyed) return
    this.writableFinished = true
    this.user?.onFinish?.()
    this.goOn()
    this.#closeWhenOver()
  }

  #closeWhenOver(): void {
    if (this.writableFinished && this.readableEnded) this.destroy()
  }

  destroy(): void {
    if (this.destroyed) return
    this.destroyed = true
    this.#waiting = undefined
    this.readableLength = 0
    this.#ends.onPipeEnded()
    process.nextTick(close, this)
  }

  /** The session itself watches its client. */
  askWhetherReset(): void {}

  // It stays with its session, joined to the next process.

  get leaves(): Leaves {
    return this.destroyed || this.readableEnded || this.writableEnded ? 'not' : 'joined'
  }

  freeze(): void {
    this.pause()
  }

  thaw(reads: boolean): void {
    if (reads) this.resume()
  }

  giveAway(carry?: Carry): Handle {
    this.user = undefined
    return carry!(this)
  }
}

function goOn(stream: SessionStream): void {
  stream.goOn()
}

function finish(stream: SessionStream): void {
  stream.finish()
}

function close(stream: SessionStream): void {
  stream.user?.onClose()
}
