// The client's bytes on a route with `hold`: on to the upstream, with a mark behind them now and then, or kept for the next
// upstream. Next: pending-buffer.ts, delivery-marks.ts, fresh-start.ts.
import type { Clock } from '../core/index.ts'
import type { Absence } from './absence.ts'
import type { Conversation } from './conversation.ts'
import { DeliveryMarks } from './delivery-marks.ts'
import { FreshStart } from './fresh-start.ts'
import type { HoldDeps, HoldHost, PackedHold } from './hold-host.ts'
import { PendingBuffer } from './pending-buffer.ts'

type Packed = Pick<PackedHold, 'kept' | 'confirmed' | 'freshStart'>

export class ClientBytes {
  readonly #pipe: HoldHost
  readonly #deps: HoldDeps
  readonly #clock: Clock
  readonly #conversation: Pick<Conversation, 'clientSaid'>
  readonly #absence: Pick<Absence, 'notBack'>
  readonly #pending: PendingBuffer
  readonly marks: DeliveryMarks
  /** Behind a re-attachment, until the client has shown that it starts afresh. */
  #freshStart: FreshStart | undefined

  constructor(
    pipe: HoldHost,
    deps: HoldDeps,
    clock: Clock,
    conversation: Pick<Conversation, 'clientSaid'>,
    absence: Pick<Absence, 'notBack'>,
  ) {
    this.#pipe = pipe
    this.#deps = deps
    this.#clock = clock
    this.#conversation = conversation
    this.#absence = absence
    this.#pending = new PendingBuffer(deps.options.buffer)
    this.marks = new DeliveryMarks(pipe, this.#pending, clock)
  }

  /** Whether they are kept instead of handed on. */
  get keeps(): boolean {
    return this.#pending.keeps
  }

  /** Whether the message that is under way can be sent again, whole. */
  get resendable(): boolean {
    return !this.#pending.tooLong
  }

  /** Hands bytes on to the upstream, or keeps them for the next one. */
  take(bytes: Buffer): void {
    if (this.#pending.keeps) {
      if (this.#pending.add(bytes) >= this.#deps.options.buffer) this.#pipe.client.block()
      return
    }
    this.#handOn(bytes, this.#pipe.client.reader.unfinished)
  }

  /** `unfinished`: how long the message is, so far, that has begun and not ended. */
  #handOn(bytes: Buffer, unfinished: number): void {
    // Nothing can be asked inside a message that may be long.
    if (unfinished === bytes.length) this.marks.mark()
    this.#pending.handOn(bytes, unfinished)
    if (this.#freshStart) this.#readAfresh(this.#freshStart, bytes)
    else this.#pipe.upstream.write(bytes)
    if (this.#deps.replay) this.#conversation.clientSaid(bytes)
    if (this.#clock.now() < this.marks.due) return
    if (unfinished === 0) this.marks.mark()
    else this.#pipe.client.reader.wholeApart = true
  }

  #readAfresh(freshStart: FreshStart, bytes: Buffer): void {
    const { upstream } = this.#pipe
    const reads = freshStart.read(bytes, (judged) => upstream.write(judged))
    if (freshStart.over) this.#freshStart = undefined
    if (reads) return this.marks.count()
    this.#pending.keep()
    this.#deps.onContextKept()
    this.#absence.notBack()
  }

  /** The upstream is another one, which has not seen what a compressed message may refer to. */
  expectFreshStart(): void {
    this.#freshStart = new FreshStart()
  }

  /** The upstream is gone, or goes: from now on bytes are kept. */
  keep(): void {
    this.marks.stop()
    this.#pending.keep()
  }

  /** The upstream is gone for good: what the client would have had to show it does not matter any more. */
  upstreamGone(): void {
    this.#freshStart = undefined
    this.keep()
  }

  /** Hands on what was kept. */
  release(): void {
    const { client } = this.#pipe
    const kept = this.#pending.release()
    client.unblock()
    const { unfinished } = client.reader
    const whole = kept.length - unfinished
    if (whole > 0) this.#handOn(kept.subarray(0, whole), 0)
    this.marks.mark()
    if (unfinished > 0) this.take(kept.subarray(whole))
  }

  /** Forgets what was kept, and what still comes; returns how many messages that were not handed on are lost. */
  discard(): number {
    this.#pending.discard()
    return this.#pipe.client.reader.completed - this.marks.tracker.sent
  }

  pack(): Packed {
    this.marks.count()
    return {
      kept: this.#pending.pack(),
      confirmed: this.marks.tracker.pack(),
      freshStart: this.#freshStart?.pack(),
    }
  }

  unpack({ kept, confirmed, freshStart }: Packed): void {
    this.#pending.unpack(kept)
    this.marks.tracker.unpack(confirmed)
    if (freshStart) {
      this.#freshStart = new FreshStart()
      this.#freshStart.unpack(freshStart)
    }
    if (!this.keeps) this.marks.goOn()
  }
}
