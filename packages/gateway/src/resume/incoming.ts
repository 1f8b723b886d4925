// In: what one connection of a client sends. Out: whole data messages as the frames that they came in, control messages
// (taken out), and control frames. A message that is cut is dropped: the client sends it again from its beginning.
import { keep, maxControlPayload, opcode, putBack, unmasked } from '../wire/index.ts'
import { BegunMessage } from './begun-message.ts'
import {
  type ClientSays,
  inflated,
  longestFromClient,
  prefixLength,
  readControlMessage,
} from './control-message.ts'
import { mayBeginWithNul, shortestDeflated } from './first-literal.ts'
import { type FrameHead, FrameWalk, findRun, isControl, Run, type RunRules } from './frame-walk.ts'

/** Bytes that a sink gets are lent. */
export interface IncomingSink {
  /** Whole data messages: how many, bytes of payload in them, and their frames. */
  onMessages(count: number, payload: number, frames: readonly Buffer[]): void
  onControlMessage(says: ClientSays | 'malformed'): void
  /** A whole control frame of RFC 6455, its payload unmasked. */
  onControlFrame(op: number, payload: Buffer, frame: Buffer): void
  /** What breaks RFC 6455, or is longer than a message may be: the frame reader behind this one will say so. */
  onRefused(bytes: Buffer): void
}

const none: readonly Buffer[] = []
/** Frames of one message. An empty one adds nothing to the payload, which alone would be limited. */
const mostFrames = 65_536
/** What was found last: nobody needs it longer. */
const run = new Run()

/** Whether a text may be a control message, as far as its first byte of payload tells. */
function mayBeControl(chunk: Buffer, first: number, payloadAt: number, payload: number): boolean {
  if ((first & 0x0f) !== opcode.text || payload < prefixLength) return false
  // PROTOCOL.md 3: it begins with U+0000; masked, that is the first byte of the key.
  return chunk[payloadAt] === chunk[payloadAt - 4]
}

function mayBeControlDeflated(chunk: Buffer, first: number, payloadAt: number, payload: number): boolean {
  const isCompressed = (first & 0x40) !== 0
  if (!isCompressed) return mayBeControl(chunk, first, payloadAt, payload)
  if ((first & 0x0f) !== opcode.text || payload > longestFromClient) return false
  return payload >= shortestDeflated && mayBeginWithNul(chunk, payloadAt)
}

/** What is a message of the application's, and what may be none. */
const plainRules: RunRules = { masked: true, isSpecial: mayBeControl }
const deflateRules: RunRules = { masked: true, isSpecial: mayBeControlDeflated }

export class Incoming {
  readonly #nonce: string
  readonly #messageBytes: number
  readonly #rules: RunRules
  /** Present inside a frame. */
  #walk: FrameWalk | undefined
  /** The message that has not ended. */
  #begun: BegunMessage | undefined
  /** Pieces of the control frame that has not ended. */
  #control = none
  #refused = false
  /** Buffers of pieces of messages that have ended in this read. */
  #handedOn: Buffer[] | undefined

  /** `messageBytes`: payload of one message at most. `deflate`: RSV1 says that a message is compressed. */
  constructor(nonce: string, messageBytes: number, deflate: boolean) {
    this.#nonce = nonce
    this.#messageBytes = messageBytes
    this.#rules = deflate ? deflateRules : plainRules
  }

  /** Reads one chunk, which is lent. */
  read(chunk: Buffer, sink: IncomingSink): void {
    this.#readAll(this.#walk && !this.#refused ? this.#walk.joined(chunk) : chunk, sink)
    if (!this.#walk?.inside) this.#walk = undefined
  }

  #readAll(chunk: Buffer, sink: IncomingSink): void {
    let at = 0
    while (at < chunk.length && !this.#refused) {
      if (!this.#begun && !this.#walk?.inside) {
        findRun(chunk, at, this.#rules, this.#messageBytes, run)
        const { end, messages, payload } = run
        if (messages > 0) {
          sink.onMessages(messages, payload, [chunk.subarray(at, end)])
          at = end
          continue
        }
      }
      this.#walk ??= new FrameWalk()
      const walk = this.#walk
      const end = walk.next(chunk, at)
      if (end === undefined) return
      if (walk.begins && this.#isWrong(walk.frame)) {
        this.#refused = true
        for (const piece of this.#begun?.pieces ?? none) sink.onRefused(piece)
        this.#begun?.drop()
        break
      }
      if (this.#begun?.frames === mostFrames && walk.begins && !isControl(walk.frame)) {
        this.#refused = true
        this.#begun.drop()
        return sink.onControlMessage('malformed')
      }
      const piece = chunk.subarray(at, end)
      at = end
      if (isControl(walk.frame)) this.#onControlPiece(piece, walk, sink)
      else this.#onPiece(piece, walk, sink)
    }
    if (at < chunk.length) sink.onRefused(chunk.subarray(at))
  }

  /** Whether nothing more is read: a Close came, or what breaks RFC 6455. */
  get refused(): boolean {
    return this.#refused
  }

  /** Whether a message has begun and not ended. */
  get isInMessage(): boolean {
    return this.#begun !== undefined
  }

  /** What would make this reader misunderstand what follows. */
  #isWrong(frame: FrameHead): boolean {
    const { op, fin, masked, payload } = frame
    if (!masked || Number.isNaN(payload)) return true
    if (isControl(frame)) return !fin || payload > maxControlPayload || op > opcode.pong
    const first = op !== opcode.continuation
    const sum = (this.#begun?.payload ?? 0) + payload
    return op > opcode.binary || first === this.isInMessage || sum > this.#messageBytes
  }

  #onControlPiece(bytes: Buffer, { frame, ends }: FrameWalk, sink: IncomingSink): void {
    if (!ends) {
      this.#control = [...this.#control, keep(bytes)]
      return
    }
    const whole = joined([...this.#control, bytes])
    this.#control = none
    // RFC 6455 5.5.1: nothing follows a Close.
    if (frame.op === opcode.close) this.#refused = true
    sink.onControlFrame(frame.op, unmasked(whole, frame.header), whole)
  }

  #onPiece(bytes: Buffer, { frame, begins, ends }: FrameWalk, sink: IncomingSink): void {
    this.#begun ??= new BegunMessage(frame)
    const message = this.#begun
    if (begins) message.begin(frame)
    if (!ends || !frame.fin) return message.keep(bytes)
    message.end(bytes)
    this.#begun = undefined
    if (message.borrowed) this.#handedOn = [...(this.#handedOn ?? []), ...message.borrowed]
    const says = message.isText ? this.#controlMessageIn(message, frame) : undefined
    if (says) sink.onControlMessage(says)
    else sink.onMessages(1, message.payload, message.pieces)
  }

  /** What a sink got in this read was taken. `mayReuse`: nothing of it waits to be written. */
  giveBack(mayReuse: boolean): void {
    if (!this.#handedOn) return
    if (mayReuse) for (const buffer of this.#handedOn) putBack(buffer)
    this.#handedOn = undefined
  }

  /** PROTOCOL.md 3: a control message is a single frame of at most 128 bytes, compressed and uncompressed alike. */
  #controlMessageIn(
    { pieces, payload, frames, isCompressed }: BegunMessage,
    frame: FrameHead,
  ): ClientSays | 'malformed' | undefined {
    if (frames > 1) return undefined
    if (this.#rules === deflateRules && isCompressed) {
      if (payload > longestFromClient || payload < shortestDeflated) return undefined
      const whole = joined(pieces)
      if (!mayBeginWithNul(whole, frame.header)) return undefined
      const text = inflated(unmasked(whole, frame.header), longestFromClient)
      return text && readControlMessage(text, this.#nonce)
    }
    if (payload < prefixLength) return undefined
    const whole = payload <= longestFromClient
    const first = whole ? joined(pieces) : startOf(pieces, frame.header + prefixLength)
    const says = readControlMessage(unmasked(first, frame.header), this.#nonce)
    return says && !whole ? 'malformed' : says
  }
}

function joined(pieces: readonly Buffer[]): Buffer {
  return pieces.length === 1 ? pieces[0]! : Buffer.concat(pieces)
}

function startOf(pieces: readonly Buffer[], length: number): Buffer {
  return pieces[0]!.length >= length ? pieces[0]!.subarray(0, length) : joined(pieces).subarray(0, length)
}
