// The end of TCP after the last frame. In: a wire to which everything has been written. Out: the wire destroyed,
// within a limit, whatever its peer does.
import { code } from '@holdfast/close-codes'
import type { Clock } from '../core/index.ts'
import { closeFrame, type Wire, type WireUser } from '../wire/index.ts'
import { words } from './close-mapping.ts'

/** Milliseconds that a peer has to end TCP after the closing handshake. */
const endLimit = 2000

/**
 * Ends TCP first, as a WebSocket server does.
 * RFC 6455 7.1.1: "the underlying TCP connection, in most normal cases, SHOULD be closed first by the server, so that
 * it holds the TIME_WAIT state and not the client".
 */
export function endTcp(wire: Wire, clock: Clock): void {
  wire.end()
  if (!wire.destroyed) new TcpEnd(wire, clock, false)
}

/** Waits for the peer to end TCP first, as a WebSocket client does. */
export function awaitTcpEnd(wire: Wire, clock: Clock): void {
  if (wire.readableEnded) wire.end()
  if (!wire.destroyed) new TcpEnd(wire, clock, true)
}

/** Tells an upstream that it is not wanted after all, and lets go of it. */
export function dismiss(upstream: Wire, clock: Clock): void {
  upstream.write(closeFrame(code.goingAway, words.serviceRestart, true))
  awaitTcpEnd(upstream, clock)
}

/**
 * Reads on, so that the peer's end is seen; destroys the wire when both directions have ended, or at the limit. Who used the
 * wire before is still told what happens.
 */
class TcpEnd implements WireUser {
  readonly #wire: Wire
  readonly #before: WireUser | undefined
  readonly #clock: Clock
  /** Whether this half ends behind the peer's. */
  readonly #second: boolean
  readonly #timer: unknown

  constructor(wire: Wire, clock: Clock, second: boolean) {
    this.#wire = wire
    this.#before = wire.user
    this.#clock = clock
    this.#second = second
    this.#timer = clock.setTimeout(() => wire.destroy(), endLimit)
    wire.user = this
    wire.resume()
    this.#check()
  }

  onPieces(pieces: readonly Buffer[]): Wire | undefined {
    return this.#before?.onPieces(pieces)
  }

  onDrain(): void {
    this.#before?.onDrain()
  }

  onEndOfInput(): void {
    this.#before?.onEndOfInput()
    if (this.#second) this.#wire.end()
    this.#check()
  }

  onFinish(): void {
    this.#before?.onFinish?.()
    this.#check()
  }

  onAborted(): void {
    this.#before?.onAborted?.()
  }

  onClose(): void {
    this.#clock.clearTimeout(this.#timer)
    this.#before?.onClose()
  }

  #check(): void {
    if (this.#wire.readableEnded && this.#wire.writableFinished) this.#wire.destroy()
  }
}
