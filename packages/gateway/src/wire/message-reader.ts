// In: the bytes of data frames of one direction, on a route whose replay module follows the conversation. Out: whole
// messages, unmasked. Only where no extension is agreed, so that payloads are what the application wrote.
import { Bytes } from '../core/index.ts'
import { finBit, headerLength, maskBit, opcode, payloadLength, unmasked } from './frames.ts'

/** One WebSocket message as the application wrote it: fragments joined, not compressed, not masked. */
export type Message = { type: 'text'; data: string } | { type: 'binary'; data: Buffer }

export interface MessageSink {
  /** A whole message and the frames that it came in. */
  onWhole(message: Message, frames: Buffer): void
  /** Bytes of a message over the cap, which nobody is shown. */
  onPassing(bytes: Buffer): void
}

export interface PackedMessageReader {
  rest: string
  frameAt: number
  passing?: { remaining: number; last: boolean }
}

export class MessageReader {
  readonly #cap: number
  /** Bytes of the message that is under way; while passing, of a frame header that is not complete. */
  #rest = new Bytes()
  /** Where in #rest the frame begins that is not complete. */
  #frameAt = 0
  /** A message over the cap is under way: bytes of its frame still to come, and whether that frame is its last. */
  #passing: { remaining: number; last: boolean } | undefined

  /** `cap`: bytes of frames in one message that are kept at most. */
  constructor(cap: number) {
    this.#cap = cap
  }

  /** Its state, as data that JSON can carry. */
  pack(): PackedMessageReader {
    return { rest: this.#rest.all.toString('base64'), frameAt: this.#frameAt, passing: this.#passing }
  }

  unpack({ rest, frameAt, passing }: PackedMessageReader): void {
    this.#rest = new Bytes()
    this.#rest.append(Buffer.from(rest, 'base64'))
    this.#frameAt = frameAt
    this.#passing = passing
  }

  /** Whether a part of a message has been passed on whose end has not come. */
  get passing(): boolean {
    return this.#passing !== undefined
  }

  /** The bytes of the message that is under way; undefined while passing. */
  get unfinished(): Buffer | undefined {
    return this.#passing ? undefined : this.#rest.all
  }

  read(bytes: Buffer, sink: MessageSink): void {
    const rest = this.#rest
    let data = bytes
    if (rest.length > 0) {
      rest.append(bytes)
      data = rest.all
    }
    if (this.#passing) {
      data = this.#pass(this.#passing, data, sink)
      if (this.#passing) return
    }
    let at = 0
    let frameAt = this.#frameAt
    for (;;) {
      const frame = frameFrom(data, frameAt)
      if (!frame || frame.end > data.length) {
        if (frame && data.length - at > this.#cap) {
          sink.onPassing(data.subarray(at))
          this.#passing = { remaining: frame.end - data.length, last: frame.last }
          this.#frameAt = 0
          this.#rest = new Bytes()
          return
        }
        break
      }
      frameAt = frame.end
      if (!frame.last) continue
      sink.onWhole(messageOf(data, at, frameAt), data.subarray(at, frameAt))
      at = frameAt
    }
    // While nothing has become whole, what was kept stays where it is: each byte is copied a bounded number of times.
    if (at > 0 || this.#rest.length === 0) this.#keep(data.subarray(at))
    this.#frameAt = frameAt - at
  }

  /** Passes on what belongs to the long message; returns what follows it. */
  #pass(passing: { remaining: number; last: boolean }, data: Buffer, sink: MessageSink): Buffer {
    let at = 0
    for (;;) {
      const take = Math.min(passing.remaining, data.length - at)
      passing.remaining -= take
      at += take
      if (passing.remaining > 0) break
      if (passing.last) {
        this.#passing = undefined
        break
      }
      const frame = frameFrom(data, at)
      if (!frame) break
      passing.remaining = frame.end - at
      passing.last = frame.last
    }
    if (at > 0) sink.onPassing(data.subarray(0, at))
    this.#rest = new Bytes()
    if (this.#passing) this.#keep(data.subarray(at))
    return data.subarray(at)
  }

  #keep(bytes: Buffer): void {
    this.#rest = new Bytes()
    this.#rest.append(bytes)
  }
}

interface Frame {
  last: boolean
  payloadAt: number
  end: number
}

/** Undefined while the header is not complete. The frame reader has judged it already. */
function frameFrom(data: Buffer, at: number): Frame | undefined {
  const payloadAt = at + headerLength(data, at)
  if (data.length < payloadAt) return undefined
  return { last: (data[at]! & finBit) !== 0, payloadAt, end: payloadAt + payloadLength(data, at) }
}

function messageOf(data: Buffer, from: number, to: number): Message {
  const parts: Buffer[] = []
  for (let at = from; at < to; ) {
    const { payloadAt, end } = frameFrom(data, at)!
    const isMasked = (data[at + 1]! & maskBit) !== 0
    parts.push(
      isMasked
        ? unmasked(data.subarray(at, end), payloadAt - at)
        : Buffer.from(data.subarray(payloadAt, end)),
    )
    at = end
  }
  const payload = parts.length === 1 ? parts[0]! : Buffer.concat(parts)
  return (data[from]! & 0x0f) === opcode.text
    ? { type: 'text', data: payload.toString() }
    : { type: 'binary', data: payload }
}
