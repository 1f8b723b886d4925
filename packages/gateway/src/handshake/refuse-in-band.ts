// In: the stream of a client that got its 101 from the gateway itself. Out: a Close with the reason why there is no
// upstream, at its time, its echo, and the end of TCP, each with a limit. Nothing that the client sends is handed on.
import type { Duplex } from 'node:stream'
import { code } from '@holdfast/close-codes'
import { endTcp } from '../connection/index.ts'
import { type Clock, type ClosedBy, guarded, type MonotonicMs } from '../core/index.ts'
import {
  type Accepted,
  closeFrame,
  controlFrame,
  type Fault,
  FrameReader,
  type FrameSink,
  opcode,
  type Wire,
  type WireUser,
  wireOf,
} from '../wire/index.ts'

export interface InBandRefusal {
  code: number
  reason: string
  /** Milliseconds until the Close. */
  pauseMs: number
  /** Milliseconds that the client then has to answer it. */
  closeTimeoutMs: number
  clock: Clock
  /** Called once: the Close that was last said, either way, or 1006. */
  onClosed: (code: number, by: ClosedBy) => void
  onFault: (error: unknown) => void
}

/** A client that is being told. */
export interface Refusing {
  /** The Close is due within so many milliseconds, if it would come later. */
  hurry(withinMs: number): void
  destroy(): void
  /** Resolves when it has been told and has answered, or is gone. */
  closed: Promise<void>
}

const rules = {
  masked: true,
  rsv: 0,
  messageBytes: Number.POSITIVE_INFINITY,
  wholeFrames: 0,
  split: false,
  unlimited: true,
}

export function refuseInBand(stream: Duplex | Accepted, refusal: InBandRefusal): Refusing {
  const refused = new RefusedInBand(wireOf(stream), refusal)
  refused.begin()
  return refused
}

class RefusedInBand implements Refusing, FrameSink, WireUser {
  readonly closed: Promise<void>
  readonly onPieces: WireUser['onPieces']
  readonly #wire: Wire
  readonly #refusal: InBandRefusal
  readonly #reader = new FrameReader(rules)
  #state: 'waiting' | 'told' | 'closed' = 'waiting'
  #dueAt: MonotonicMs
  #timer: unknown
  #resolveClosed = () => {}

  constructor(wire: Wire, refusal: InBandRefusal) {
    this.#wire = wire
    this.#refusal = refusal
    this.#dueAt = refusal.clock.now() + refusal.pauseMs
    this.closed = new Promise((resolve) => {
      this.#resolveClosed = resolve
    })
    const read = guarded(
      (pieces: readonly Buffer[]) => {
        for (const piece of pieces) this.#reader.read(piece, this)
      },
      (error) => {
        refusal.onFault(error)
        wire.destroy()
      },
    )
    this.onPieces = (pieces) => {
      read(pieces)
      return undefined
    }
  }

  begin(): void {
    this.#wire.user = this
    // Not before this function has returned: who is told knows it by what it returns.
    if (this.#wire.destroyed) queueMicrotask(() => this.#close(code.abnormalClosure, 'client'))
    else {
      this.#due()
      this.#wire.resume()
    }
  }

  hurry(withinMs: number): void {
    this.#dueAt = Math.min(this.#dueAt, this.#refusal.clock.now() + withinMs)
    if (this.#state === 'waiting') this.#due()
  }

  destroy(): void {
    this.#wire.destroy()
  }

  #due(): void {
    const { clock } = this.#refusal
    clock.clearTimeout(this.#timer)
    const left = this.#dueAt - clock.now()
    if (left <= 0) this.#tell()
    else this.#timer = clock.setTimeout(() => this.#tell(), left)
  }

  #tell(): void {
    const { clock, code: closeCode, reason, closeTimeoutMs } = this.#refusal
    clock.clearTimeout(this.#timer)
    if (this.#state !== 'waiting') return
    this.#state = 'told'
    this.#wire.write(closeFrame(closeCode, reason, false))
    this.#timer = clock.setTimeout(() => this.#wire.destroy(), closeTimeoutMs)
  }

  #close(as: number, by: ClosedBy): void {
    this.#refusal.clock.clearTimeout(this.#timer)
    if (this.#state === 'closed') return
    this.#state = 'closed'
    this.#resolveClosed()
    this.#refusal.onClosed(as, by)
  }

  #end(as: number, by: ClosedBy): void {
    this.#close(as, by)
    this.#wire.user = undefined
    endTcp(this.#wire, this.#refusal.clock)
  }

  // FrameSink

  onBytes(): void {}
  onMessage(): boolean {
    return true
  }
  onBoundary(): void {}
  onMessageEnd(): void {}

  onControl(op: number, payload: Buffer): void {
    if (this.#state === 'closed') return
    if (op === opcode.ping && this.#state === 'waiting' && !this.#wire.writableNeedDrain) {
      this.#wire.write(controlFrame(opcode.pong, payload, false))
    }
    if (op !== opcode.close) return
    if (this.#state === 'told') return this.#end(this.#refusal.code, 'gateway')
    // RFC 6455 5.5.1: "If an endpoint receives a Close frame and did not previously send a Close frame, the endpoint MUST
    // send a Close frame in response."
    this.#wire.write(controlFrame(opcode.close, payload.subarray(0, 2), false))
    this.#end(payload.length < 2 ? code.noStatusReceived : payload.readUInt16BE(0), 'client')
  }

  onFault(fault: Fault): void {
    if (this.#state !== 'waiting') return this.#end(this.#refusal.code, 'gateway')
    const says = fault === 'not-utf8' ? code.invalidPayload : code.protocolError
    this.#wire.write(closeFrame(says, '', false))
    this.#end(says, 'gateway')
  }

  // WireUser

  onDrain(): void {}

  onEndOfInput(): void {
    if (this.#state === 'told') this.#end(this.#refusal.code, 'gateway')
    else this.#wire.destroy()
  }

  onAborted(): void {
    this.#wire.destroy()
  }

  onClose(): void {
    if (this.#state === 'told') this.#close(this.#refusal.code, 'gateway')
    else this.#close(code.abnormalClosure, 'client')
  }
}
