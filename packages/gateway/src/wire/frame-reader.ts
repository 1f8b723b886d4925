// In: chunks of one direction as the socket gave them. Out: the same bytes, in runs that start and end where a
// frame of the gateway's own may be put, and control frames one by one. Next: pipe.ts.
import assert from 'node:assert'
import { type Fault, type FrameRules, isWrongHeader } from './frame-rules.ts'
import type { FrameSink } from './frame-sink.ts'
import { FrameStash } from './frame-stash.ts'
import {
  closePayloadFault,
  dataHeader,
  finBit,
  headerLength,
  maxControlPayload,
  opcode,
  payloadLength,
  unmasked,
} from './frames.ts'
import type { PackedReader } from './packed-reader.ts'
import { usualRun } from './usual-run.ts'

const nothing = Buffer.alloc(0)

/** Follows the frame headers of one direction. It neither unmasks nor copies what it can hand on at once. */
export class FrameReader {
  readonly #rules: FrameRules
  /** The beginning of a frame whose header, or whose control payload, is not complete. At most 138 bytes. */
  #begun: Buffer = nothing
  /** A short data frame that waits for its end, in place of being handed on. */
  #stash: FrameStash | undefined
  /** Bytes of the current data frame still to come. */
  #remaining = 0
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
  /** Hand whole messages on apart from the first bytes of one that does not end with them, so that a frame may go between. */
  wholeApart = false
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
      stash: this.#stash?.bytes.toString('base64') ?? '',
      stashing: this.#stash !== undefined,
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
    assert(this.bytes + this.#begun.length === 0, 'a reader that has read goes on with what another has')
    this.#begun = Buffer.from(packed.begun, 'base64')
    this.#stash = packed.stashing ? new FrameStash(Buffer.from(packed.stash, 'base64')) : undefined
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
    return this.#remaining === 0 || this.#stash !== undefined || this.#fragment !== undefined
  }

  /** Whether what was handed on so far ends at a message's end, and not between two of its fragments. */
  get betweenMessages(): boolean {
    const next = this.#stash ? this.#stash.bytes[0] : this.#fragment
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
    return this.#begun.length + (this.#stash?.bytes.length ?? 0)
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
    if (this.#begun.length > 0) chunk = Buffer.concat([this.#begun, chunk])
    this.#begun = nothing
    this.#startedAt = -1
    let run = 0 // where the bytes begin that can be handed on together
    let at = 0
    const end = chunk.length
    while (at < end) {
      if (this.#remaining > 0) {
        const take = Math.min(this.#remaining, end - at)
        if (this.#stash || this.#fragment !== undefined) {
          this.#takePiece(chunk.subarray(at, at + take), sink)
          run = at + take
        }
        at += take
        this.#remaining -= take
        if (this.#remaining > 0) break
        run = this.#tellEnd(chunk, run, at, sink)
        continue
      }
      at = this.#pastUsual(chunk, at)
      const header = headerLength(chunk, at)
      if (header > end - at) break
      const op = chunk[at]! & 0x0f
      const length = payloadLength(chunk, at)
      const isCut = op >= opcode.close && length <= maxControlPayload && header + length > end - at
      const fault = isCut ? this.#judge(chunk, at, length) : this.#enter(chunk, at, length, run, sink)
      if (fault) {
        this.#emit(chunk, run, at, sink)
        return this.#fail(fault, sink)
      }
      if (isCut) break
      if (op >= opcode.close) {
        this.#emit(chunk, run, at, sink)
        run = at + header + length
        if (!this.#control(op, chunk.subarray(at, run), header, sink)) return
        at = run
        continue
      }
      this.#remaining = length
      const whole = header + length
      if (length === 0) {
        run = this.#tellEnd(chunk, run, at + header, sink)
      } else if (whole > end - at && whole <= this.#rules.wholeFrames) {
        this.#emit(chunk, run, at, sink)
        this.#stash = FrameStash.begin(chunk, at, whole)
        this.#remaining = whole - (end - at)
        return
      } else if (whole > end - at && this.#rules.split) {
        this.#emit(chunk, run, at, sink)
        this.#fragment = chunk[at]!
        run = at + header
      }
      at += header
    }
    this.#emit(chunk, run, at, sink)
    if (at < end) this.#begun = Buffer.from(chunk.subarray(at))
  }

  /** Where almost all there is ends. */
  #pastUsual(chunk: Buffer, from: number): number {
    if (this.#inMessage || this.#messageEndWanted || !this.#rules.unlimited) return from
    const { end, messages } = usualRun(chunk, from, this.#rules)
    this.messages += messages
    return end
  }

  #emit(chunk: Buffer, from: number, to: number, sink: FrameSink): void {
    if (to <= from) return
    const start = this.#startedAt
    if (start > from && start < to && this.wholeApart && this.midMessage) {
      this.#emit(chunk, from, start, sink)
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

  /** A piece of a frame that is not handed on as it comes. */
  #takePiece(piece: Buffer, sink: FrameSink): void {
    if (!this.#stash) {
      const isLast = piece.length === this.#remaining
      this.#handOnFragment(piece, isLast, sink)
      if (isLast) this.#fragment = undefined
      return
    }
    const frame = this.#stash.add(piece, this.#remaining)
    if (!frame) return
    this.bytes += frame.length
    sink.onBytes(frame)
    this.#stash = undefined
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

  /** Judges a frame by its header; the state of the message moves on when it is good. */
  #enter(chunk: Buffer, at: number, length: number, run: number, sink: FrameSink): Fault | undefined {
    const fault = this.#judge(chunk, at, length)
    if (fault) return fault
    const op = chunk[at]! & 0x0f
    if (op >= opcode.close) return undefined
    const first = op !== opcode.continuation
    const size = (first ? 0 : this.#messageBytes) + length
    if (size > this.#rules.messageBytes) return 'too-big'
    if (first) {
      if (!sink.onMessage()) return 'too-fast'
      this.messages++
      this.#messageAt = this.bytes + at - run
      this.#startedAt = at
    }
    this.#messageBytes = size
    this.#inMessage = (chunk[at]! & finBit) === 0
    return undefined
  }

  #judge(chunk: Buffer, at: number, length: number): Fault | undefined {
    return isWrongHeader(chunk, at, length, this.#rules, this.#inMessage) ? 'protocol' : undefined
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
