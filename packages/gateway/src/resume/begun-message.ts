// A client's message whose end has not come: its pieces, copied where they were lent. It is there only for so long. Next: incoming.ts.
import { isLent, opcode, readSize, takeBuffer } from '../wire/index.ts'
import type { FrameHead } from './frame-walk.ts'

/** Bytes from which on a piece that has to wait gets a buffer of those that are used again. */
const worthBuffer = readSize / 8
/** Bytes of memory that are taken for what has to wait and is shorter. */
const shortBuffer = 1024

export class BegunMessage {
  readonly isText: boolean
  readonly isCompressed: boolean
  pieces: Buffer[] = []
  /** Bytes of payload so far, and frames that it has begun. */
  payload = 0
  frames = 0
  /** Buffers that its pieces are in. */
  borrowed: Buffer[] | undefined
  /** Memory behind the last piece, and how much of it is taken. */
  #memory: Buffer | undefined
  #taken = 0

  constructor({ op, rsv1 }: FrameHead) {
    this.isText = op === opcode.text
    this.isCompressed = rsv1
  }

  /** Another frame of it begins. */
  begin({ payload }: FrameHead): void {
    this.frames++
    this.payload += payload
  }

  /** Keeps a piece: behind the last one, where there is room, so that many short ones are not as many buffers. */
  keep(bytes: Buffer): void {
    if (this.#append(bytes)) return
    if (!isLent(bytes) && bytes.length >= worthBuffer) {
      this.#memory = undefined
      this.pieces.push(bytes)
      return
    }
    const isShort = this.pieces.length === 0 && bytes.length < worthBuffer
    const memory = isShort ? Buffer.allocUnsafe(Math.max(bytes.length, shortBuffer)) : takeBuffer()
    if (!isShort) this.borrowed = [...(this.borrowed ?? []), memory]
    bytes.copy(memory)
    this.#memory = memory
    this.#taken = bytes.length
    this.pieces.push(memory.subarray(0, bytes.length))
  }

  /** The last piece, which is used at once. A short one goes behind the piece that waited, so that both are written as one. */
  end(bytes: Buffer): void {
    if (bytes.length > worthBuffer || !this.#append(bytes)) this.pieces.push(bytes)
  }

  /** Nothing more of it is needed. */
  drop(): void {
    this.pieces = []
  }

  #append(bytes: Buffer): boolean {
    const memory = this.#memory
    const end = this.#taken + bytes.length
    if (!memory || end > memory.length) return false
    bytes.copy(memory, this.#taken)
    this.#taken = end
    this.pieces[this.pieces.length - 1] = memory.subarray(0, end)
    return true
  }
}
