// In: chunks of one direction as the socket gave them. Out: the same bytes, in runs that start and end where a
// frame of the gateway's own may be put, and control frames one by one. Next: pipe.ts.
import assert from 'node:assert'
import {
  closePayloadFault,
  dataHeader,
  finBit,
  headerLength,
  maskBit,
  maxControlPayload,
  opcode,
  payloadLength,
  unmasked,
} from './frames.ts'

/** Why a direction cannot go on. */
export type Fault = 'protocol' | 'not-utf8' | 'too-big' | 'too-fast'

/** What a direction must keep to. */
export interface FrameRules {
  /** RFC 6455 5.1: frames from a client are masked, frames from a server are not. */
  masked: boolean
  /** RSV bits that the agreed extensions may set, as they stand in the first byte (RSV1 = 0x40). */
  rsv: number
  /** Payload bytes allowed in one message; Infinity for no limit. */
  messageBytes: number
  /**
   * A data frame of at most this many bytes, header included, is handed on only when all of it is here, so that a
   * Close can follow when the sender dies inside it. Longer frames stream. 0: everything streams.
   */
  wholeFrames: number
  /**
   * Hand a longer frame on as fragments, one for each piece that comes, so that a Close can follow even when the
   * sender dies inside it. RFC 6455 5.4 lets an intermediary do so while it knows the meaning of all RSV bits in use.
   */
  split: boolean
  /** `onUnfinished` is to be called. */
  tellUnfinished?: boolean
  /** Nobody refuses a message, so that `onMessage` need not be asked. */
  unlimited?: boolean
}

/** A reader's state as data that JSON can carry; byte strings in base64. */
export interface PackedReader {
  begun: string
  stash: string
  stashing: boolean
  remaining: number
  fragment?: number
  inMessage: boolean
  messageBytes: number
  messageAt: number
  messages: number
  bytes: number
}

/** Gets what the reader finds, in the order of the stream. */
export interface FrameSink {
  /** Bytes of data frames to hand on as they are. */
  onBytes(bytes: Buffer): void
  /** A message begins. False refuses it: nothing of it is handed on, and the reader stops with 'too-fast'. */
  onMessage(): boolean
  /** A whole control frame: its payload unmasked, and the frame as it came. */
  onControl(op: number, payload: Buffer, frame: Buffer): void
  /** The end of a data frame; called only after `tellNextBoundary()`. */
  onBoundary(): void
  /** The end of a message; called only after `tellMessageEnd()`. */
  onMessageEnd(): void
  /**
   * All whole messages read so far have been handed on, and the first bytes of one follow that does not end in this
   * read; called only with `tellUnfinished`.
   */
  onUnfinished(): void
  /** Nothing more will come from this reader. */
  onFault(fault: Fault): void
}

const rsvBits = 0x70
/** Bytes that a collected frame gets at once; for a longer one there is more as it comes. */
const stashAtLeast = 32 * 1024
const nothing = Buffer.alloc(0)

/** Follows the frame headers of one direction. It neither unmasks nor copies what it can hand on at once. */
export class FrameReader {
  readonly #rules: FrameRules
  /** The beginning of a frame whose header, or whose control payload, is not complete. At most 138 bytes. */
  #begun: Buffer = nothing
  /** A short data frame that waits for its end: allocated as it grows, filled up to #stashed. */
  #stash: Buffer = nothing
  #stashed = 0
  /** Bytes of the current data frame still to come. */
  #remaining = 0
  /** Whether the current data frame is being collected in #stash instead of handed on. */
  #stashing = false
  /** RFC 6455 5.4: a message whose FIN has not come. */
  #inMessage = false
  #messageBytes = 0
  #stopped = false
  #boundaryWanted = false
  #messageEndWanted = false
  /** Where in the chunk that is being read the current message began; -1 when it began before that. */
  #startedAt = -1
  /** First byte of the next fragment of a frame that is split; undefined while no frame is. */
  #fragment: number | undefined
  /** What `bytes` was, or will be, where the current message begins. */
  #messageAt = 0
  /** Messages begun. */
  messages = 0
  /** Bytes handed on. */
  bytes = 0

  constructor(rules: FrameRules) {
    this.#rules = rules
  }

  /** All that another reader needs to go on in the middle of the stream. */
  pack(): PackedReader {
    return {
      begun: this.#begun.toString('base64'),
      stash: this.#stash.toString('base64', 0, this.#stashed),
      stashing: this.#stashing,
      remaining: this.#remaining,
      fragment: this.#fragment,
      inMessage: this.#inMessage,
      messageBytes: this.#messageBytes,
      messageAt: this.#messageAt,
      messages: this.messages,
      bytes: this.bytes,
    }
  }

  unpack(packed: PackedReader): void {
    assert(
      this.bytes === 0 && this.#begun.length === 0,
      'a reader that has read goes on with what another has',
    )
    this.#begun = Buffer.from(packed.begun, 'base64')
    this.#stash = Buffer.from(packed.stash, 'base64')
    this.#stashed = this.#stash.length
    this.#stashing = packed.stashing
    this.#remaining = packed.remaining
    this.#fragment = packed.fragment
    this.#inMessage = packed.inMessage
    this.#messageBytes = packed.messageBytes
    this.#messageAt = packed.messageAt
    this.messages = packed.messages
    this.bytes = packed.bytes
  }

  /** Whether what was handed on so far ends at a frame's end, so that another frame may follow it. */
  get between(): boolean {
    return this.#remaining === 0 || this.#stashing || this.#fragment !== undefined
  }

  /** Whether what was handed on so far ends at a message's end, and not between two of its fragments. */
  get betweenMessages(): boolean {
    const next = this.#stashing ? this.#stash[0] : this.#fragment
    if (next !== undefined) return (next & 0x0f) !== opcode.continuation
    return !this.midMessage
  }

  /** Whether a message has begun and not ended, as far as its frames' headers tell. */
  get midMessage(): boolean {
    return this.#inMessage || this.#remaining > 0
  }

  /** Messages that have ended. */
  get completed(): number {
    return this.midMessage ? this.messages - 1 : this.messages
  }

  /** Bytes handed on of a message that has not ended. */
  get unfinished(): number {
    return this.midMessage ? Math.max(0, this.bytes - this.#messageAt) : 0
  }

  /** Whether the reader has seen a Close or a fault. */
  get stopped(): boolean {
    return this.#stopped
  }

  /** Bytes kept back, waiting for the rest of their frame. */
  get held(): number {
    return this.#begun.length + this.#stashed
  }

  /** Asks for one `onBoundary` at the end of the data frame that is under way, or of the next. */
  tellNextBoundary(): void {
    this.#boundaryWanted = true
  }

  /** Asks for one `onMessageEnd` at the end of the message that is under way. */
  tellMessageEnd(): void {
    this.#messageEndWanted = true
  }

  /** Reads one chunk. After a Close or a fault every further byte is dropped (RFC 6455 1.4). */
  read(chunk: Buffer, sink: FrameSink): void {
    if (this.#stopped) return
    if (this.#begun.length > 0) {
      chunk = Buffer.concat([this.#begun, chunk])
      this.#begun = nothing
    }
    this.#startedAt = -1
    let run = 0 // where the bytes begin that can be handed on together
    let at = 0
    const end = chunk.length
    while (at < end) {
      if (this.#remaining > 0) {
        const take = Math.min(this.#remaining, end - at)
        if (this.#stashing) {
          this.#collect(chunk.subarray(at, at + take), sink)
          run = at + take
        } else if (this.#fragment !== undefined) {
          this.#handOnFragment(chunk.subarray(at, at + take), take === this.#remaining, sink)
          run = at + take
        }
        at += take
        this.#remaining -= take
        if (this.#remaining > 0) break
        this.#stashing = false
        this.#fragment = undefined
        run = this.#tellEnd(chunk, run, at, sink)
        continue
      }
      const past = this.#pastUsual(chunk, at)
      if (past > at) {
        at = past
        continue
      }
      const header = headerLength(chunk, at)
      if (header > end - at) break
      const op = chunk[at]! & 0x0f
      const length = payloadLength(chunk, at)
      if (op >= opcode.close && length <= maxControlPayload && header + length > end - at) {
        if (this.#wrongHeader(chunk, at, length)) {
          this.#emit(chunk, run, at, sink)
          return this.#fail('protocol', sink)
        }
        break
      }
      const fault = this.#enter(chunk, at, length, this.bytes + at - run, sink)
      if (fault) {
        this.#emit(chunk, run, at, sink)
        return this.#fail(fault, sink)
      }
      if (op >= opcode.close) {
        this.#emit(chunk, run, at, sink)
        run = at + header + length
        if (!this.#control(op, chunk.subarray(at, run), header, sink)) return
        at = run
        continue
      }
      const available = end - at - header
      this.#remaining = length
      if (length === 0) {
        at += header
        run = this.#tellEnd(chunk, run, at, sink)
        continue
      }
      if (length > available && this.#rules.split && header + length > this.#rules.wholeFrames) {
        this.#emit(chunk, run, at, sink)
        this.#fragment = chunk[at]!
        at += header
        run = at
        continue
      }
      if (length > available && header + length <= this.#rules.wholeFrames) {
        this.#emit(chunk, run, at, sink)
        this.#stashing = true
        this.#stash = Buffer.allocUnsafe(Math.min(header + length, Math.max(stashAtLeast, 2 * (end - at))))
        this.#stashed = chunk.copy(this.#stash, 0, at, end)
        this.#remaining -= available
        return
      }
      at += header
    }
    this.#emit(chunk, run, at, sink)
    if (at < end) this.#begun = Buffer.from(chunk.subarray(at))
  }

  /** Where the run of whole messages ends that have one frame each and nothing to be judged: almost all there are. */
  #pastUsual(chunk: Buffer, from: number): number {
    const { masked, rsv, messageBytes, unlimited } = this.#rules
    if (this.#inMessage || this.#messageEndWanted || !unlimited) return from
    const end = chunk.length
    const mask = masked ? maskBit : 0
    const least = masked ? 6 : 2
    let at = from
    while (at + least <= end) {
      const first = chunk[at]!
      const op = first & 0x0f
      if (op === 0 || op > opcode.binary || (first & finBit) === 0 || (first & rsvBits & ~rsv) !== 0) break
      const second = chunk[at + 1]!
      if ((second & maskBit) !== mask) break
      let length = second & 0x7f
      let header = least
      if (length === 126) {
        length = (chunk[at + 2]! << 8) | chunk[at + 3]!
        header += 2
        if (length < 126) break
      } else if (length === 127) break
      if (length > messageBytes || at + header + length > end) break
      at += header + length
      this.messages++
    }
    return at
  }

  #emit(chunk: Buffer, from: number, to: number, sink: FrameSink): void {
    if (to <= from) return
    const start = this.#startedAt
    if (start >= from && start < to && this.#rules.tellUnfinished && this.midMessage) {
      this.#emit(chunk, from, start, sink)
      sink.onUnfinished()
      from = start
    }
    this.bytes += to - from
    sink.onBytes(from === 0 && to === chunk.length ? chunk : chunk.subarray(from, to))
  }

  /** Tells the end of a frame, and of a message, when that was asked for; returns where the next run begins. */
  #tellEnd(chunk: Buffer, run: number, at: number, sink: FrameSink): number {
    const message = this.#messageEndWanted && !this.#inMessage
    if (!message && !this.#boundaryWanted) return run
    this.#emit(chunk, run, at, sink)
    if (this.#boundaryWanted) {
      this.#boundaryWanted = false
      sink.onBoundary()
    }
    if (message) {
      this.#messageEndWanted = false
      sink.onMessageEnd()
    }
    return at
  }

  /** Hands a piece of a long frame on as a frame of its own; frames that are split are never masked. */
  #handOnFragment(piece: Buffer, isLast: boolean, sink: FrameSink): void {
    const first = this.#fragment!
    const header = dataHeader(isLast ? first : first & ~finBit, piece.length)
    // RFC 7692 6.1: only the first fragment of a compressed message has RSV1 set.
    this.#fragment = opcode.continuation | (first & finBit)
    this.bytes += header.length + piece.length
    sink.onBytes(header)
    sink.onBytes(piece)
  }

  /** Adds a piece of a short frame; hands the frame on when this was its last piece. */
  #collect(piece: Buffer, sink: FrameSink): void {
    const size = this.#stashed + piece.length
    if (size > this.#stash.length) {
      const larger = Buffer.allocUnsafe(Math.min(this.#stashed + this.#remaining, 2 * size))
      this.#stash.copy(larger, 0, 0, this.#stashed)
      this.#stash = larger
    }
    piece.copy(this.#stash, this.#stashed)
    this.#stashed = size
    if (piece.length < this.#remaining) return
    const frame = this.#stash.subarray(0, size)
    this.#stash = nothing
    this.#stashed = 0
    this.bytes += size
    sink.onBytes(frame)
  }

  /** Judges a frame by its header; the state of the message moves on when it is good. */
  #enter(chunk: Buffer, at: number, length: number, handedOn: number, sink: FrameSink): Fault | undefined {
    if (this.#wrongHeader(chunk, at, length)) return 'protocol'
    const op = chunk[at]! & 0x0f
    if (op >= opcode.close) return undefined
    const first = op !== opcode.continuation
    const size = (first ? 0 : this.#messageBytes) + length
    if (size > this.#rules.messageBytes) return 'too-big'
    if (first) {
      if (!sink.onMessage()) return 'too-fast'
      this.messages++
      this.#messageAt = handedOn
      this.#startedAt = at
    }
    this.#messageBytes = size
    this.#inMessage = (chunk[at]! & finBit) === 0
    return undefined
  }

  #wrongHeader(chunk: Buffer, at: number, length: number): boolean {
    const first = chunk[at]!
    const op = first & 0x0f
    const rsv = first & rsvBits
    // RFC 6455 5.1: "a client MUST mask all frames that it sends to the server", "A server MUST NOT mask any frames".
    if (((chunk[at + 1]! & maskBit) !== 0) !== this.#rules.masked) return true
    // RFC 6455 5.2: "If a nonzero value is received and none of the negotiated extensions defines the meaning of
    // such a nonzero value, the receiving endpoint MUST _Fail the WebSocket Connection_."
    if ((rsv & ~this.#rules.rsv) !== 0) return true
    if (op >= opcode.close) {
      // RFC 6455 5.5: control frames have "a payload length of 125 bytes or less and MUST NOT be fragmented".
      // RFC 7692 6.1: "An endpoint MUST NOT set the 'Per-Message Compressed' bit of control frames".
      const compressed = (rsv & 0x40) !== 0 && this.#rules.rsv === 0x40
      return op > opcode.pong || (first & finBit) === 0 || length > maxControlPayload || compressed
    }
    // RFC 6455 5.2: opcodes 3-7 are reserved.
    if (op > opcode.binary) return true
    // RFC 6455 5.4: a continuation continues something, and nothing new begins before the last one has ended.
    if ((op === opcode.continuation) !== this.#inMessage) return true
    // RFC 6455 5.2: "the minimal number of bytes MUST be used to encode the length", and of 64 bits
    // "the most significant bit MUST be 0".
    const form = chunk[at + 1]! & 0x7f
    return (form === 126 && length < 126) || (form === 127 && !(length > 0xffff))
  }

  /** False when the reader stops here. */
  #control(op: number, frame: Buffer, header: number, sink: FrameSink): boolean {
    const payload = this.#rules.masked ? unmasked(frame, header) : frame.subarray(header)
    if (op === opcode.close) {
      const fault = closePayloadFault(payload)
      if (fault) {
        this.#fail(fault, sink)
        return false
      }
      this.#stopped = true
    }
    sink.onControl(op, payload, frame)
    return !this.#stopped
  }

  #fail(fault: Fault, sink: FrameSink): void {
    this.#stopped = true
    sink.onFault(fault)
  }
}
