// Memory for what is kept of lent bytes: the buffers that they were read into, where these are full enough, else copies in buffers
// that are used again. Fresh memory for each message costs more than its copy. docs/decisions/0086.
import { isLent, putBack, readSize, takeBuffer, takeOver } from '../wire/index.ts'

/** Bytes from which on a buffer is begun for them; for less it would be mostly empty. */
const worthOne = readSize / 4
/** Bytes from which on the buffer that they were read into is taken over: of less, too much of it would be empty. */
const worthAll = readSize / 2

interface Slab {
  readonly buffer: Buffer
  used: number
  /** Pieces in it that are needed. */
  pieces: number
  /** Somebody may still read what nobody needs any more. */
  leaves: boolean
}

export class Slabs {
  readonly #byMemory = new Map<unknown, Slab>()
  /** The one that is being filled. */
  #last: Slab | undefined

  /** What they take in memory. */
  get cost(): number {
    return this.#byMemory.size * readSize
  }

  /** The bytes as they may be kept, until `release` of each piece that is cut out of them. */
  keep(bytes: Buffer): Buffer {
    // It may lie in one that was taken over.
    if (!isLent(bytes) || this.has(bytes)) return bytes
    const { length } = bytes
    const whole = length >= worthAll ? takeOver(bytes) : undefined
    if (whole) {
      this.#byMemory.set(whole.buffer, { buffer: whole, used: readSize, pieces: 0, leaves: false })
      return bytes
    }
    let slab = this.#last
    if (!slab || slab.used + length > readSize) {
      if (length < worthOne) return Buffer.from(bytes)
      if (slab?.pieces === 0) this.#byMemory.delete(slab.buffer.buffer)
      slab = { buffer: takeBuffer(), used: 0, pieces: 0, leaves: false }
      this.#byMemory.set(slab.buffer.buffer, slab)
      this.#last = slab
    }
    bytes.copy(slab.buffer, slab.used)
    const copy = slab.buffer.subarray(slab.used, slab.used + length)
    slab.used += length
    return copy
  }

  /** All of what `keep` has returned is held that has to be. */
  settle(bytes: Buffer): void {
    if (this.#last?.buffer.buffer !== bytes.buffer && this.#byMemory.get(bytes.buffer)?.pieces === 0)
      this.#byMemory.delete(bytes.buffer)
  }

  /** Whether the piece lies in one of them. */
  has(piece: Buffer): boolean {
    return this.#byMemory.size > 0 && this.#byMemory.has(piece.buffer)
  }

  /** A piece is kept that was cut out of what `keep` has returned. */
  hold(piece: Buffer, times = 1): void {
    if (this.#byMemory.size === 0) return
    const slab = this.#byMemory.get(piece.buffer)
    if (slab) slab.pieces += times
  }

  /** It is not needed any more. `mayReuse`: nothing of it waits to be written either. */
  release(piece: Buffer, mayReuse: boolean): void {
    if (this.#byMemory.size === 0) return
    const slab = this.#byMemory.get(piece.buffer)
    if (!slab) return
    if (!mayReuse) slab.leaves = true
    if (--slab.pieces > 0) return
    this.#byMemory.delete(piece.buffer)
    if (this.#last === slab) this.#last = undefined
    if (!slab.leaves) putBack(slab.buffer)
  }

  /** A connection that they were written to is left: it may have more of them to write. */
  leave(): void {
    for (const slab of this.#byMemory.values()) slab.leaves = true
    this.#last = undefined
  }
}
