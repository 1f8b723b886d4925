// In: what one connection of a client sends. Out: whole data messages as the frames that they came in, control messages
// (taken out), and control frames. A message that is cut is dropped: the client sends it again from its beginning.
import {
  isLent,
  keep,
  maxControlPayload,
  opcode,
  putBack,
  readSize,
  takeBuffer,
  unmasked,
} from '../wire/index.ts'
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
/** Bytes from which on a piece that has to wait gets a buffer of those that are used again. */
const worthBuffer = readSize / 8
/** Bytes of memory that are taken for what has to wait and is shorter. */
const shortBuffer = 1024
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

export class Incoming {
  readonly #nonce: string
  readonly #rules: RunRules
  readonly #deflate: boolean
  readonly #walk = new FrameWalk()
  /** Pieces of the message that has not ended. */
  #pieces = none
  /** Pieces of the control frame that has not ended. */
  #control = none
  #inMessage = false
  #text = false
  #compressed = false
  /** Bytes of payload of the message so far, and frames that it has begun. */
  #payload = 0
  #frames = 0
  #refused = false
  /** Memory behind the last piece, and how much of it is taken. */
  #memory: Buffer | undefined
  #taken = 0
  /** Buffers of pieces of the message that has not ended; and of those that have ended in this read. */
  #borrowed: Buffer[] | undefined
  #handedOn: Buffer[] | undefined

  /** `messageBytes`: payload of one message at most. `deflate`: RSV1 says that a message is compressed. */
  constructor(nonce: string, messageBytes: number, deflate: boolean) {
    this.#nonce = nonce
    this.#deflate = deflate
    this.#rules = { masked: true, messageBytes, isSpecial: deflate ? mayBeControlDeflated : mayBeControl }
  }

  /** Reads one chunk, which is lent. */
  read(chunk: Buffer, sink: IncomingSink): void {
    const walk = this.#walk
    let at = 0
    if (!this.#refused) chunk = walk.joined(chunk)
    while (at < chunk.length && !this.#refused) {
      if (!this.#inMessage && !walk.inside) {
        findRun(chunk, at, this.#rules, run)
        const { end, messages, payload } = run
        if (messages > 0) {
          sink.onMessages(messages, payload, [chunk.subarray(at, end)])
          at = end
          continue
        }
      }
      const end = walk.next(chunk, at)
      if (end === undefined) return
      if (walk.begins && this.#isWrong(walk.frame)) {
        this.#refused = true
        for (const piece of this.#pieces) sink.onRefused(piece)
        this.#pieces = none
        break
      }
      if (this.#frames === mostFrames && walk.begins && !isControl(walk.frame)) {
        this.#refused = true
        this.#pieces = none
        return sink.onControlMessage('malformed')
      }
      const piece = chunk.subarray(at, end)
      at = end
      if (isControl(walk.frame)) this.#onControlPiece(piece, sink)
      else this.#onPiece(piece, sink)
    }
    if (at < chunk.length) sink.onRefused(chunk.subarray(at))
  }

  /** Whether nothing more is read: a Close came, or what breaks RFC 6455. */
  get refused(): boolean {
    return this.#refused
  }

  /** Whether a message has begun and not ended. */
  get isInMessage(): boolean {
    return this.#inMessage
  }

  /** What would make this reader misunderstand what follows. */
  #isWrong(frame: FrameHead): boolean {
    const { op, fin, masked, payload } = frame
    if (!masked || Number.isNaN(payload)) return true
    if (isControl(frame)) return !fin || payload > maxControlPayload || op > opcode.pong
    const first = op !== opcode.continuation
    const sum = this.#payload + payload
    return op > opcode.binary || first === this.#inMessage || sum > this.#rules.messageBytes
  }

  #onControlPiece(bytes: Buffer, sink: IncomingSink): void {
    const { frame, ends } = this.#walk
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

  #onPiece(bytes: Buffer, sink: IncomingSink): void {
    const { frame, begins, ends } = this.#walk
    if (begins) {
      if (!this.#inMessage) {
        this.#text = frame.op === opcode.text
        this.#compressed = this.#deflate && frame.rsv1
        this.#pieces = []
      }
      this.#inMessage = true
      this.#frames++
      this.#payload += frame.payload
    }
    const pieces = this.#pieces as Buffer[]
    if (!ends || !frame.fin) {
      this.#keep(pieces, bytes)
      return
    }
    // A short one goes behind the piece that waited, so that both are written as one.
    if (bytes.length > worthBuffer || !this.#append(pieces, bytes)) pieces.push(bytes)
    const payload = this.#payload
    this.#pieces = none
    this.#memory = undefined
    if (this.#borrowed) this.#handedOn = [...(this.#handedOn ?? []), ...this.#borrowed]
    this.#borrowed = undefined
    this.#payload = 0
    this.#inMessage = false
    const says = this.#text ? this.#controlMessageIn(pieces, payload, frame) : undefined
    this.#frames = 0
    if (says) sink.onControlMessage(says)
    else sink.onMessages(1, payload, pieces)
  }

  /** Keeps a piece: behind the last one, where there is room, so that many short ones are not as many buffers. */
  #keep(pieces: Buffer[], bytes: Buffer): void {
    if (this.#append(pieces, bytes)) return
    if (!isLent(bytes) && bytes.length >= worthBuffer) {
      this.#memory = undefined
      pieces.push(bytes)
      return
    }
    const isShort = pieces.length === 0 && bytes.length < worthBuffer
    const memory = isShort ? Buffer.allocUnsafe(Math.max(bytes.length, shortBuffer)) : takeBuffer()
    if (!isShort) this.#borrowed = [...(this.#borrowed ?? []), memory]
    bytes.copy(memory)
    this.#memory = memory
    this.#taken = bytes.length
    pieces.push(memory.subarray(0, bytes.length))
  }

  #append(pieces: Buffer[], bytes: Buffer): boolean {
    const memory = this.#memory
    const end = this.#taken + bytes.length
    if (!memory || end > memory.length) return false
    bytes.copy(memory, this.#taken)
    this.#taken = end
    pieces[pieces.length - 1] = memory.subarray(0, end)
    return true
  }

  /** What a sink got in this read was taken. `mayReuse`: nothing of it waits to be written. */
  giveBack(mayReuse: boolean): void {
    if (!this.#handedOn) return
    if (mayReuse) for (const buffer of this.#handedOn) putBack(buffer)
    this.#handedOn = undefined
  }

  /** PROTOCOL.md 3: a control message is a single frame of at most 128 bytes, compressed and uncompressed alike. */
  #controlMessageIn(
    pieces: readonly Buffer[],
    payload: number,
    frame: FrameHead,
  ): ClientSays | 'malformed' | undefined {
    if (this.#compressed) {
      if (this.#frames > 1 || payload > longestFromClient || payload < shortestDeflated) return undefined
      const whole = joined(pieces)
      if (!mayBeginWithNul(whole, frame.header)) return undefined
      const text = inflated(unmasked(whole, frame.header), longestFromClient)
      return text && readControlMessage(text, this.#nonce)
    }
    if (payload < prefixLength) return undefined
    if (this.#frames > 1) return undefined
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
