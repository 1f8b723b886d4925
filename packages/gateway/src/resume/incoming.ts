// In: what one connection of a client sends. Out: whole data messages as the frames that they came in, control messages
// (taken out), and control frames. A message that is cut is dropped: the client sends it again from its beginning.
import { maxControlPayload, opcode, unmasked } from '../wire/index.ts'
import {
  type ClientSays,
  inflated,
  longestFromClient,
  prefixLength,
  readControlMessage,
} from './control-message.ts'
import { type FrameHead, FrameWalk, isControl, type PackedWalk } from './frame-walk.ts'

export interface IncomingSink {
  /** A whole data message: its frames, and bytes of payload in them. */
  onMessage(frames: readonly Buffer[], payload: number): void
  onControlMessage(says: ClientSays | 'malformed'): void
  /** A whole control frame of RFC 6455, its payload unmasked. */
  onControlFrame(op: number, payload: Buffer, frame: Buffer): void
  /** What breaks RFC 6455, or is longer than a message may be: the frame reader behind this one will say so. */
  onRefused(bytes: Buffer): void
}

export interface PackedIncoming {
  walk: PackedWalk
  pieces: string
  control: string
  text: boolean
  compressed: boolean
  payload: number
  inMessage: boolean
  frames: number
}

export class Incoming {
  readonly #prefix: Buffer
  readonly #messageBytes: number
  readonly #deflate: boolean
  readonly #walk = new FrameWalk()
  /** Pieces of the message that has not ended. */
  #pieces: Buffer[] = []
  /** Pieces of the control frame that has not ended. */
  #control: Buffer[] = []
  #inMessage = false
  #text = false
  #compressed = false
  /** Bytes of payload of the message so far, and frames that it has begun. */
  #payload = 0
  #frames = 0
  #refused = false

  /** `messageBytes`: payload of one message at most. `deflate`: RSV1 says that a message is compressed. */
  constructor(prefix: Buffer, messageBytes: number, deflate: boolean) {
    this.#prefix = prefix
    this.#messageBytes = messageBytes
    this.#deflate = deflate
  }

  /** Reads one chunk, whose bytes must stay as they are. */
  read(chunk: Buffer, sink: IncomingSink): void {
    if (this.#refused) return sink.onRefused(chunk)
    const rest = this.#walk.walk(chunk, (bytes, frame, begins, ends) => {
      if (begins && this.#isWrong(frame)) return false
      if (isControl(frame)) this.#onControlPiece(bytes, frame, ends, sink)
      else this.#onPiece(bytes, frame, begins, ends, sink)
      return !this.#refused
    })
    if (!rest) return
    this.#refused = true
    for (const piece of this.#pieces) sink.onRefused(piece)
    this.#pieces = []
    sink.onRefused(rest)
  }

  /** Whether nothing more is read: a Close came, or what breaks RFC 6455. */
  get refused(): boolean {
    return this.#refused
  }

  /** Bytes that wait for the end of their message. */
  get waiting(): number {
    return this.#payload
  }

  /** What would make this reader misunderstand what follows. */
  #isWrong(frame: FrameHead): boolean {
    const { op, fin, masked, payload } = frame
    if (!masked || Number.isNaN(payload)) return true
    if (isControl(frame)) return !fin || payload > maxControlPayload || op > opcode.pong
    const first = op !== opcode.continuation
    return op > opcode.binary || first === this.#inMessage || this.#payload + payload > this.#messageBytes
  }

  #onControlPiece(bytes: Buffer, frame: FrameHead, ends: boolean, sink: IncomingSink): void {
    this.#control.push(bytes)
    if (!ends) return
    const whole = joined(this.#control)
    this.#control = []
    // RFC 6455 5.5.1: nothing follows a Close.
    if (frame.op === opcode.close) this.#refused = true
    sink.onControlFrame(frame.op, unmasked(whole, frame.header), whole)
  }

  #onPiece(bytes: Buffer, frame: FrameHead, begins: boolean, ends: boolean, sink: IncomingSink): void {
    if (begins) {
      if (!this.#inMessage) {
        this.#text = frame.op === opcode.text
        this.#compressed = this.#deflate && frame.rsv1
        this.#frames = 0
      }
      this.#inMessage = true
      this.#frames++
      this.#payload += frame.payload
    }
    this.#pieces.push(bytes)
    if (!ends || !frame.fin) return
    const pieces = this.#pieces
    const payload = this.#payload
    this.#pieces = []
    this.#payload = 0
    this.#inMessage = false
    const says = this.#text ? this.#controlMessageIn(pieces, payload, frame) : undefined
    if (says) sink.onControlMessage(says)
    else sink.onMessage(pieces, payload)
  }

  /** PROTOCOL.md 3: a control message is a single frame of at most 128 bytes, compressed and uncompressed alike. */
  #controlMessageIn(
    pieces: Buffer[],
    payload: number,
    frame: FrameHead,
  ): ClientSays | 'malformed' | undefined {
    if (this.#compressed) {
      if (this.#frames > 1 || payload > longestFromClient) return undefined
      const text = inflated(unmasked(joined(pieces), frame.header), longestFromClient)
      return text && readControlMessage(text, this.#prefix)
    }
    if (payload < prefixLength) return undefined
    if (this.#frames > 1) return undefined
    const whole = payload <= longestFromClient
    const first = whole ? joined(pieces) : startOf(pieces, frame.header + prefixLength)
    const says = readControlMessage(unmasked(first, frame.header), this.#prefix)
    return says && !whole ? 'malformed' : says
  }

  pack(): PackedIncoming {
    return {
      walk: this.#walk.pack(),
      pieces: joined(this.#pieces).toString('base64'),
      control: joined(this.#control).toString('base64'),
      text: this.#text,
      compressed: this.#compressed,
      payload: this.#payload,
      inMessage: this.#inMessage,
      frames: this.#frames,
    }
  }

  unpack(packed: PackedIncoming): void {
    this.#walk.unpack(packed.walk)
    this.#pieces = packed.pieces === '' ? [] : [Buffer.from(packed.pieces, 'base64')]
    this.#control = packed.control === '' ? [] : [Buffer.from(packed.control, 'base64')]
    this.#text = packed.text
    this.#compressed = packed.compressed
    this.#payload = packed.payload
    this.#inMessage = packed.inMessage
    this.#frames = packed.frames
  }
}

function joined(pieces: readonly Buffer[]): Buffer {
  return pieces.length === 1 ? pieces[0]! : Buffer.concat(pieces)
}

function startOf(pieces: readonly Buffer[], length: number): Buffer {
  return pieces[0]!.length >= length ? pieces[0]!.subarray(0, length) : joined(pieces).subarray(0, length)
}
