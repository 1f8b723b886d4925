// A side as far as its wire goes: whether that is read, and how it is let go of, or taken to another process. Next: side.ts.
import type { Duplex } from 'node:stream'
import type { Clock, Handle } from '../core/index.ts'
import { type Carry, type Wire, type WireUser, wireOf } from '../wire/index.ts'

/** What ends a stream after its last frame: see close-handshake.ts. */
export type Ending = (wire: Wire, clock: Clock) => void

export abstract class WireSide implements WireUser {
  /** Absent before there is one, and once it was let go of. */
  wire: Wire | undefined
  protected readonly clock: Clock
  /** Not read, because the opposite takes no more. */
  #blocked = false
  /** Not read, because the connection is about to be taken to another process. */
  #frozen = false

  constructor(clock: Clock) {
    this.clock = clock
  }

  /** Writes what waits for the end of a read. */
  protected abstract flush(): void
  abstract onPieces(pieces: readonly Buffer[]): Wire | undefined
  abstract onDrain(): void
  abstract onEndOfInput(): void
  abstract onClose(): void

  attach(stream: Duplex | Wire): void {
    const wire = wireOf(stream)
    this.wire = wire
    wire.user = this
    if (wire.destroyed || wire.readableEnded) queueMicrotask(() => this.onClose())
    else if (this.#frozen) wire.freeze()
    else wire.resume()
  }

  /** Lets go of the wire, which from now on ends by itself: as `ending` does, or at once. */
  detach(last: Buffer | undefined, ending: Ending | undefined): void {
    const { wire } = this
    if (!wire) return
    this.flush()
    this.#leave()
    if (!ending || wire.destroyed) return wire.destroy()
    if (last) wire.write(last)
    ending(wire, this.clock)
  }

  /** Hears nothing of the wire any more. */
  #leave(): void {
    const { wire } = this
    this.wire = undefined
    if (wire?.user === this) wire.user = undefined
  }

  /** Stops reading; what is read already goes on. */
  block(): void {
    if (this.#blocked) return
    this.#blocked = true
    this.wire?.pause()
  }

  unblock(): void {
    if (!this.#blocked) return
    this.#blocked = false
    if (!this.#frozen) this.wire?.resume()
  }

  /** Whether it is not read, because the opposite takes no more. */
  get isBlocked(): boolean {
    return this.#blocked
  }

  /** Reads nothing more, not even what is on its way from the kernel. */
  freeze(): void {
    this.wire?.freeze()
    this.#frozen = true
  }

  /** Whether nothing more is read until `thaw`. */
  get isFrozen(): boolean {
    return this.#frozen
  }

  thaw(): void {
    this.#frozen = false
    this.wire?.thaw(!this.#blocked)
  }

  /** Whether its wire can go to another process; `carried`: or can be joined to one. */
  protected canLeave(carried: boolean): boolean {
    return this.wire?.leaves === 'moved' || (carried && this.needsCarrier)
  }

  /** Whether its wire has to stay in this process, joined to the next one. */
  get needsCarrier(): boolean {
    return this.wire?.leaves === 'joined'
  }

  /**
   * Whether everything read has been handed on, and everything written has gone out; of a wire that stays and is joined
   * to the next process neither has to be waited for.
   */
  get isEmpty(): boolean {
    const { wire } = this
    return !wire || this.needsCarrier || wire.writableLength + wire.readableLength === 0
  }

  /** Gives the connection away; nothing of the wire is heard any more. `carry` joins one that has to stay. */
  giveAway(carry?: Carry): Handle | undefined {
    const { wire } = this
    this.#leave()
    return wire?.giveAway(carry)
  }

  /** An HTTP/2 stream was reset. A stream that is read tells its end itself, behind its last bytes. */
  onAborted(): void {
    if (this.#blocked) this.onClose()
  }
}
