// What a session has for its client: the upstream's messages as raw frames, from the first that is not acknowledged on, and
// how far the connection of the moment has got with them. No stream, no timer. Next: session.ts.
import assert from 'node:assert'
import { type FrameHead, FrameWalk, isControl, type PackedWalk } from './frame-walk.ts'

interface KeptMessage {
  pieces: Buffer[]
  bytes: number
  whole: boolean
}

/** Where a connection stands in what it is sent. */
export type Place = 'between messages' | 'between frames' | 'inside a frame'

/** Messages that are kept at most, whatever their size: an empty one costs memory, too. */
const mostMessages = 16_384
/** What a kept message costs besides its bytes. */
const costOfMessage = 128

export interface PackedOutgoing {
  walk: PackedWalk
  control: string
  acknowledged: number
  messages: { bytes: string; whole: boolean }[]
  sent: number
  /** Bytes of message `sent` + 1 that the connection was sent. */
  offset: number
  highest: number
}

export class Outgoing {
  readonly #window: number
  readonly #walk = new FrameWalk()
  #control: Buffer[] = []
  /** Kept messages: the first is number #acknowledged + 1. */
  #kept: KeptMessage[] = []
  #acknowledged = 0
  #bytes = 0
  /** Whole messages that this connection has been sent, as a number of the session's; and pieces of the next one. */
  #sent = 0
  #piece = 0
  /** The greatest number that any connection has been sent whole. */
  #highest = 0

  /** `window`: bytes that are kept; no more is taken then, but to the end of a message. */
  constructor(window: number) {
    this.#window = window
  }

  /** What is kept: bytes, and what they cost in memory. */
  get bytes(): number {
    return this.#bytes
  }

  get cost(): number {
    return this.#bytes + this.#kept.length * costOfMessage
  }

  get acknowledged(): number {
    return this.#acknowledged
  }

  /** How many messages there are that the client may have and has not acknowledged. */
  get unacknowledged(): number {
    return this.#highest - this.#acknowledged
  }

  /** Whether more may be taken. One message may go over the window: half of it is of no use to anybody. */
  get hasRoom(): boolean {
    const last = this.#kept.at(-1)
    if (last && !last.whole) return true
    return this.#bytes <= this.#window && this.#kept.length < mostMessages
  }

  /** Takes what the upstream sent, which must stay as it is; `onControl` gets whole control frames. */
  take(chunk: Buffer, onControl: (op: number, payload: Buffer, frame: Buffer) => void): void {
    this.#walk.walk(chunk, (bytes, frame, begins, ends) => {
      if (isControl(frame)) {
        this.#control.push(bytes)
        if (!ends) return true
        const whole = this.#control.length === 1 ? bytes : Buffer.concat(this.#control)
        this.#control = []
        onControl(frame.op, whole.subarray(frame.header), whole)
      } else this.#keep(bytes, frame, begins, ends)
      return true
    })
  }

  #keep(bytes: Buffer, frame: FrameHead, begins: boolean, ends: boolean): void {
    let last = this.#kept.at(-1)
    if (!last || last.whole) {
      assert(begins, 'a message begins with a frame')
      last = { pieces: [], bytes: 0, whole: false }
      this.#kept.push(last)
    }
    last.pieces.push(bytes)
    last.bytes += bytes.length
    this.#bytes += bytes.length
    if (ends && frame.fin) last.whole = true
  }

  /** Where the connection stands. */
  get place(): Place {
    if (this.#piece === 0) return 'between messages'
    const message = this.#kept[this.#sent - this.#acknowledged]!
    const live = !message.whole && this.#piece === message.pieces.length
    return live && !this.#walk.inside && this.#control.length === 0 ? 'between frames' : 'inside a frame'
  }

  /** Whether the connection has been sent all that there is. */
  get isSent(): boolean {
    const message = this.#kept[this.#sent - this.#acknowledged]
    return !message || this.#piece === message.pieces.length
  }

  /** What the connection is to be sent next; undefined: nothing for now. */
  next(): Buffer | undefined {
    const message = this.#kept[this.#sent - this.#acknowledged]
    const piece = message?.pieces[this.#piece]
    if (!message || !piece) return undefined
    this.#piece++
    if (message.whole && this.#piece === message.pieces.length) {
      this.#sent++
      this.#piece = 0
      this.#highest = Math.max(this.#highest, this.#sent)
    }
    return piece
  }

  /** The same, in whole messages: the frames of the next one, once its end is there. */
  nextWhole(): Buffer | undefined {
    const message = this.#kept[this.#sent - this.#acknowledged]
    if (!message?.whole) return undefined
    this.#sent++
    this.#highest = Math.max(this.#highest, this.#sent)
    return Buffer.concat(message.pieces)
  }

  /** The client has received so many. False: it was never sent that many. */
  acknowledge(received: number): boolean {
    if (received > this.#sent) return false
    this.#drop(received)
    return true
  }

  /** How a count fits that a client comes back with. */
  judge(received: number): 'good' | 'never sent' | 'gone' {
    if (received > this.#highest) return 'never sent'
    return received < this.#acknowledged ? 'gone' : 'good'
  }

  /** A new connection begins, behind what the client has. */
  startAt(received: number): void {
    this.#drop(received)
    this.#sent = received
    this.#piece = 0
  }

  /** The upstream is gone: the message that it did not end is of no use. */
  dropUnfinished(): void {
    const last = this.#kept.at(-1)
    if (!last || last.whole) return
    // Half of it was sent: whoever has it has to go.
    if (this.#sent - this.#acknowledged === this.#kept.length - 1) this.#piece = 0
    this.#kept.pop()
    this.#bytes -= last.bytes
  }

  #drop(received: number): void {
    const count = received - this.#acknowledged
    if (count <= 0) return
    for (const { bytes } of this.#kept.splice(0, count)) this.#bytes -= bytes
    this.#acknowledged = received
  }

  pack(): PackedOutgoing {
    const current = this.#kept[this.#sent - this.#acknowledged]
    return {
      walk: this.#walk.pack(),
      control: Buffer.concat(this.#control).toString('base64'),
      acknowledged: this.#acknowledged,
      messages: this.#kept.map(({ pieces, whole }) => ({
        bytes: Buffer.concat(pieces).toString('base64'),
        whole,
      })),
      sent: this.#sent,
      offset: current?.pieces.slice(0, this.#piece).reduce((sum, { length }) => sum + length, 0) ?? 0,
      highest: this.#highest,
    }
  }

  unpack(packed: PackedOutgoing): void {
    this.#walk.unpack(packed.walk)
    this.#control = packed.control === '' ? [] : [Buffer.from(packed.control, 'base64')]
    this.#acknowledged = packed.acknowledged
    this.#sent = packed.sent
    this.#highest = packed.highest
    this.#kept = packed.messages.map(({ bytes, whole }) => {
      const all = Buffer.from(bytes, 'base64')
      return { pieces: [all], bytes: all.length, whole }
    })
    this.#bytes = this.#kept.reduce((sum, { bytes }) => sum + bytes, 0)
    const current = this.#kept[this.#sent - this.#acknowledged]
    if (!current || packed.offset === 0) return
    const [all] = current.pieces as [Buffer]
    current.pieces = [all.subarray(0, packed.offset), all.subarray(packed.offset)].filter(
      ({ length }) => length > 0,
    )
    this.#piece = 1
  }
}
