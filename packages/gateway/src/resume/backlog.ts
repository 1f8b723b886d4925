// What a client has sent on a connection while its upstream takes nothing: read all the same, because an acknowledgement may
// stand behind it. It was not received yet: it goes with the connection, and the client sends it again. PROTOCOL.md 5.
import { keep, opcode } from '../wire/index.ts'
import type { IncomingSink } from './incoming.ts'

type Entry = (sink: IncomingSink) => void

/** Messages that came together. */
interface Messages {
  count: number
  payload: number
  frames: Buffer[]
}

/** Short messages are put behind each other in memory of so many bytes: each by itself costs more than what is in it. */
const sharedBytes = 16 * 1024
const shortBytes = sharedBytes / 8
/** Bytes of what is not a client's to keep within its window: control frames, and what breaks RFC 6455. */
const mostOthers = 64 * 1024
/** What one of them costs besides its bytes. */
const costOfOther = 128
/** Places of what was handed on, from which on they are given back: it may never be empty. */
const mostTaken = 1024

export class Backlog implements IncomingSink {
  readonly #sink: IncomingSink
  #entries: Entry[] = []
  #at = 0
  /** Bytes of data messages with their frames, and of what came last of them. */
  #bytes = 0
  #lastBytes = 0
  #others = 0
  /** The last entry, as long as short messages can be put behind it, and its memory. */
  #last: Messages | undefined
  #memory: Buffer | undefined
  #taken = 0
  /** The client's Close is here. */
  closes = false
  /** Nothing follows: the client has ended its half of the connection. */
  isLast = false

  /** Control messages of PROTOCOL.md do not wait: `sink` gets them at once. */
  constructor(sink: IncomingSink) {
    this.#sink = sink
  }

  get isEmpty(): boolean {
    return this.#entries.length === 0
  }

  /**
   * Whether more was sent than by a client that obeys PROTOCOL.md 5: `window` bytes, and one message. A quarter on top is for
   * headers of frames that a browser makes of a message.
   */
  isFull(window: number): boolean {
    return this.#bytes - this.#lastBytes > 1.25 * window || this.#others > mostOthers
  }

  onControlMessage(...says: Parameters<IncomingSink['onControlMessage']>): void {
    this.#sink.onControlMessage(...says)
  }

  onMessages(count: number, payload: number, frames: readonly Buffer[]): void {
    const length = frames.reduce((sum, frame) => sum + frame.length, 0)
    this.#bytes += length
    this.#lastBytes = length
    if (length < shortBytes) return this.#share(count, payload, frames, length)
    this.#last = undefined
    this.#add({ count, payload, frames: frames.map(keep) })
  }

  #share(count: number, payload: number, frames: readonly Buffer[], length: number): void {
    if (!this.#memory || this.#taken + length > sharedBytes) {
      this.#memory = Buffer.allocUnsafeSlow(sharedBytes)
      this.#taken = 0
      this.#last = undefined
    }
    const from = this.#taken
    for (const frame of frames) this.#taken += frame.copy(this.#memory, this.#taken)
    const last = this.#last
    if (last) {
      last.count += count
      last.payload += payload
      const [before] = last.frames as [Buffer]
      last.frames = [this.#memory.subarray(from - before.length, this.#taken)]
    } else {
      this.#last = { count, payload, frames: [this.#memory.subarray(from, this.#taken)] }
      this.#add(this.#last)
    }
  }

  #add(messages: Messages): void {
    this.#entries.push((sink) => {
      const { count, payload, frames } = messages
      for (const frame of frames) this.#bytes -= frame.length
      sink.onMessages(count, payload, frames)
    })
  }

  onControlFrame(op: number, payload: Buffer, frame: Buffer): void {
    if (op === opcode.close) this.closes = true
    const [data, whole] = [keep(payload), keep(frame)]
    this.#addOther(whole.length, (sink) => sink.onControlFrame(op, data, whole))
  }

  onRefused(bytes: Buffer): void {
    const whole = keep(bytes)
    this.#addOther(whole.length, (sink) => sink.onRefused(whole))
  }

  #addOther(length: number, entry: Entry): void {
    const cost = length + costOfOther
    this.#others += cost
    this.#last = undefined
    this.#entries.push((sink) => {
      this.#others -= cost
      entry(sink)
    })
  }

  /** Hands on what came first of what is here. */
  takeNext(sink: IncomingSink): void {
    const entry = this.#entries[this.#at++]
    if (this.#at === this.#entries.length) {
      this.#entries = []
      this.#at = 0
      this.#last = this.#memory = undefined
      this.closes = false
    } else if (this.#at >= mostTaken && 2 * this.#at >= this.#entries.length) {
      this.#entries.splice(0, this.#at)
      this.#at = 0
    } else if (entry) this.#entries[this.#at - 1] = nothing
    entry?.(sink)
  }
}

const nothing: Entry = () => {}
