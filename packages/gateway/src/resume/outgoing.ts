// What a session has for its client: the upstream's messages as raw frames, from the first that is not acknowledged on, and
// how far the connection of the moment has got with them. No stream, no timer. Next: session.ts.
import assert from 'node:assert'
import { isLent } from '../wire/index.ts'
import { FrameWalk, findRun, isControl, Run, type RunRules } from './frame-walk.ts'
import { costOfKept, costOfPiece, type Kept, keptRun, mostKept, shortened, spread } from './kept.ts'
import { Slabs } from './slabs.ts'

export interface OutgoingSink {
  /** A whole control frame of the upstream's, and its payload. */
  onUpstreamControl(op: number, payload: Buffer, frame: Buffer): void
}

/** Where a connection stands in what it is sent. */
export type Place = 'between messages' | 'between frames' | 'inside a frame'

const rules: RunRules = { masked: false }
/** What was found last: nobody needs it longer. */
const run = new Run()
const nothing = Buffer.alloc(0)
const none: Kept[] = []

export class Outgoing {
  readonly #window: number
  /** Present inside a frame. */
  #walk: FrameWalk | undefined
  /** A control frame that has not ended. */
  #control: Buffer = nothing
  /** From message number #acknowledged + 1 on; `none` where there are none. */
  #kept = none
  /** Where their bytes are, as far as they were lent. */
  #slabs: Slabs | undefined
  #acknowledged = 0
  #bytes = 0
  /** Of all messages: one that comes in very small parts has many. */
  #pieces = 0
  /** Whole messages that this connection has been sent, as a number of the session's. */
  #sent = 0
  /** What it is sent next: a place in #kept, and a piece of what is there. */
  #at = 0
  #piece = 0
  /** The greatest number that any connection has been sent whole. */
  #highest = 0
  /** Whole messages that the upstream has sent. */
  #taken = 0

  /** `window`: bytes that are kept; no more is taken then, but to the end of a message. `from`: messages that the client has already. */
  constructor(window: number, from = 0) {
    this.#window = window
    this.#acknowledged = this.#sent = this.#highest = this.#taken = from
  }

  /** What is kept: bytes, and what they cost in memory. */
  get bytes(): number {
    return this.#bytes
  }

  get cost(): number {
    const own = this.#kept.length * costOfKept + this.#pieces * costOfPiece
    return this.#bytes + own + (this.#slabs?.cost ?? 0)
  }

  get acknowledged(): number {
    return this.#acknowledged
  }

  /** Whole messages that the upstream has sent, as a number of the session's. */
  get taken(): number {
    return this.#taken
  }

  /** How many messages there are that the client may have and has not acknowledged. */
  get unacknowledged(): number {
    return this.#highest - this.#acknowledged
  }

  /**
   * Whether more may be taken: one message may go over the window, since half of it is of no use to anybody. What was taken
   * of the next one with its last bytes waits: the client can acknowledge others.
   */
  get hasRoom(): boolean {
    const whole = this.#bytes - (this.#unfinished?.bytes ?? 0)
    return whole <= this.#window && this.#kept.length < mostKept
  }

  /** The message whose end has not come. */
  get #unfinished(): Kept | undefined {
    const last = this.#kept[this.#kept.length - 1]
    return last && !last.whole ? last : undefined
  }

  /** Takes what the upstream sent, which is lent; `sink` gets whole control frames. */
  take(chunk: Buffer, sink: OutgoingSink): void {
    if (this.#walk) chunk = this.#walk.joined(chunk)
    if (!isLent(chunk)) this.#read(chunk, sink)
    else {
      this.#slabs ??= new Slabs()
      chunk = this.#slabs.keep(chunk)
      this.#read(chunk, sink)
      this.#slabs.settle(chunk)
    }
    if (!this.#walk?.inside) this.#walk = undefined
  }

  #read(chunk: Buffer, sink: OutgoingSink): void {
    for (let at = 0; at < chunk.length; ) {
      if (!this.#walk?.inside && !this.#unfinished) {
        findRun(chunk, at, rules, Number.POSITIVE_INFINITY, run)
        const { end, messages } = run
        if (messages > 0) {
          const all = end - at === chunk.length
          this.#add(keptRun(all ? chunk : chunk.subarray(at, end), messages))
          at = end
          continue
        }
      }
      this.#walk ??= new FrameWalk()
      const walk = this.#walk
      const end = walk.next(chunk, at)
      if (end === undefined) return
      const piece = chunk.subarray(at, end)
      at = end
      if (!isControl(walk.frame)) this.#keepPiece(piece, walk)
      else {
        const whole = Buffer.concat([this.#control, piece])
        this.#control = walk.ends ? nothing : whole
        if (!walk.ends) continue
        sink.onUpstreamControl(walk.frame.op, whole.subarray(walk.frame.header), whole)
      }
    }
  }

  #add(kept: Kept): void {
    this.#slabs?.hold(kept.pieces[0]!)
    if (this.#kept === none) this.#kept = [kept]
    else this.#kept.push(kept)
    this.#bytes += kept.bytes
    this.#pieces++
    if (kept.whole) this.#taken += kept.messages
  }

  #keepPiece(piece: Buffer, { frame, begins, ends }: FrameWalk): void {
    const whole = ends && frame.fin
    const last = this.#unfinished
    if (!last) {
      assert(begins, 'a message begins with a frame')
      return this.#add({ pieces: [piece], bytes: piece.length, messages: 1, whole })
    }
    this.#slabs?.hold(piece)
    last.pieces.push(piece)
    this.#pieces++
    last.bytes += piece.length
    this.#bytes += piece.length
    last.whole = whole
    if (whole) this.#taken++
  }

  /** Where the connection stands. */
  get place(): Place {
    if (this.#piece === 0) return 'between messages'
    const kept = this.#kept[this.#at]!
    const live = !kept.whole && this.#piece === kept.pieces.length
    return live && !this.#walk?.inside && this.#control.length === 0 ? 'between frames' : 'inside a frame'
  }

  /** Whether the connection has been sent all that there is. */
  get isSent(): boolean {
    const kept = this.#kept[this.#at]
    return !kept || this.#piece === kept.pieces.length
  }

  /**
   * What is kept, in bytes; all of it are whole messages. `highest`: the greatest number that a client may have, which is all of it: its
   * connection is sent what there is for as long as it lasts.
   */
  pack(): { acknowledged: number; highest: number; frames: Buffer } {
    assert(!this.#unfinished && this.#control.length === 0 && !this.#walk?.inside, 'a message has not ended')
    const frames = Buffer.concat(this.#kept.flatMap(({ pieces }) => pieces))
    return { acknowledged: this.#acknowledged, highest: this.#taken, frames }
  }

  /**
   * Goes on with what another process has kept.
   *
   * @throws {Error} It is not that.
   */
  unpack(frames: Buffer, highest: number, taken: number): void {
    this.take(frames, { onUpstreamControl: () => assert.fail('no message of an application') })
    const isWhole = !this.#unfinished && !this.#walk?.inside
    assert(isWhole && this.#taken === taken && highest <= taken, 'it is not what was counted')
    this.#highest = Math.max(this.#highest, highest)
  }

  /** What the connection is to be sent next; undefined: nothing for now. */
  next(): Buffer | undefined {
    const kept = this.#kept[this.#at]
    const piece = kept?.pieces[this.#piece]
    if (!kept || !piece) return undefined
    // Of a message that is not taken to its end nothing is sent: no control message could go until it ends.
    if (!kept.whole && this.#piece === 0 && !this.hasRoom) return undefined
    this.#piece++
    if (kept.whole && this.#piece === kept.pieces.length) this.#wasSent(kept)
    return piece
  }

  /** The same, in whole messages: the frames of the next one, once its end is there. */
  nextWhole(): Buffer | undefined {
    if (!this.#kept[this.#at]?.whole) return undefined
    this.#spread(this.#at)
    const kept = this.#kept[this.#at]!
    this.#wasSent(kept)
    return kept.pieces.length === 1 ? kept.pieces[0]! : Buffer.concat(kept.pieces)
  }

  #wasSent({ messages }: Kept): void {
    this.#sent += messages
    this.#at++
    this.#piece = 0
    if (this.#sent > this.#highest) this.#highest = this.#sent
  }

  /** Makes each message of an entry one of its own. */
  #spread(index: number): void {
    const kept = this.#kept[index]!
    if (kept.messages === 1) return
    const each = spread(kept)
    this.#slabs?.hold(kept.pieces[0]!, each.length - 1)
    this.#pieces += each.length - 1
    this.#kept.splice(index, 1, ...each)
  }

  /** The client has received so many. `isIdle`: nothing waits to be written to it. False: it was never sent that many. */
  acknowledge(received: number, isIdle: boolean): boolean {
    if (received > this.#sent) return false
    this.#drop(received, isIdle)
    return true
  }

  /** How a count fits that a client comes back with. */
  judge(received: number): 'good' | 'never sent' | 'gone' {
    if (received > this.#highest) return 'never sent'
    return received < this.#acknowledged ? 'gone' : 'good'
  }

  /** A new connection begins, behind what the client has. */
  startAt(received: number): void {
    this.#slabs?.leave()
    this.#drop(received, false)
    this.#sent = received
    this.#at = 0
    this.#piece = 0
  }

  /** The upstream is gone: the message that it did not end is of no use. */
  dropUnfinished(): void {
    const last = this.#unfinished
    if (!last) return
    // Half of it was sent: whoever has it has to go.
    if (this.#at === this.#kept.length - 1) this.#piece = 0
    this.#kept.pop()
    this.#release(last, false)
    this.#bytes -= last.bytes
  }

  #release({ pieces }: Kept, mayReuse: boolean): void {
    this.#pieces -= pieces.length
    if (this.#slabs) for (const piece of pieces) this.#slabs.release(piece, mayReuse)
  }

  #drop(received: number, mayReuse: boolean): void {
    let left = received - this.#acknowledged
    if (left <= 0) return
    this.#acknowledged = received
    let gone = 0
    while (left > 0) {
      const kept = this.#kept[gone]!
      if (kept.messages > left) {
        const rest = shortened(kept, left, (piece) => this.#slabs?.has(piece) === true)
        this.#bytes -= kept.bytes - rest.bytes
        this.#kept[gone] = rest
        break
      }
      left -= kept.messages
      this.#release(kept, mayReuse)
      this.#bytes -= kept.bytes
      gone++
    }
    if (gone === 0) return
    if (gone === this.#kept.length) this.#kept = none
    else this.#kept.splice(0, gone)
    this.#at -= gone
  }
}
