// A short data frame that is handed on only when all of it is here.

/** Bytes that a collected frame gets at once; for a longer one there is more as it comes. */
const stashAtLeast = 32 * 1024

export class FrameStash {
  /** Allocated as the frame comes, filled up to #size. */
  #room: Buffer
  #size: number

  /** `begun`: what is here of it. */
  constructor(begun: Buffer, size = begun.length) {
    this.#room = begun
    this.#size = size
  }

  /** Of a frame of `length` bytes in all that begins at `at`, and not ends, in this chunk. */
  static begin(chunk: Buffer, at: number, length: number): FrameStash {
    const room = Buffer.allocUnsafe(Math.min(length, Math.max(stashAtLeast, 2 * (chunk.length - at))))
    return new FrameStash(room, chunk.copy(room, 0, at))
  }

  /** What is here of it. */
  get bytes(): Buffer {
    return this.#room.subarray(0, this.#size)
  }

  /** The next piece, of `remaining` bytes that are still to come. With the last one the result is the frame, which is kept no longer. */
  add(piece: Buffer, remaining: number): Buffer | undefined {
    const size = this.#size + piece.length
    if (size > this.#room.length) {
      const larger = Buffer.allocUnsafe(Math.min(this.#size + remaining, 2 * size))
      this.#room.copy(larger, 0, 0, this.#size)
      this.#room = larger
    }
    piece.copy(this.#room, this.#size)
    this.#size = size
    if (piece.length < remaining) return undefined
    const frame = this.bytes
    this.#room = frame.subarray(0, 0)
    this.#size = 0
    return frame
  }
}
