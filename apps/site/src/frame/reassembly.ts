// One direction of a TCP connection, put together from segments in any order (RFC 9293 3.4 and 3.10.7.4).
import type { Stream } from './conversation.ts'

interface Piece {
  readonly offset: number
  readonly data: Uint8Array
  readonly order: number
  readonly time?: number | undefined
}

/** A longer hole is no hole of a capture, but a wrong sequence number. */
const maxGap = 16 * 1024 * 1024

/** How many bytes of holes may still be filled with zeros, in all connections of a capture. */
export interface Holes {
  left: number
}

/** Takes segments as they come, and gives the bytes in order. Where two say different things the first counts. */
export class Reassembly {
  /** The sequence number of offset 0; undefined before the first segment. */
  #base: number | undefined
  #buffer = new Uint8Array()
  #length = 0
  #waiting: Piece[] = []
  /** The lowest offset of those that wait. */
  #nearest = Number.POSITIVE_INFINITY
  /** Bytes behind holes that are too long to fill. */
  #lost = 0
  readonly #holes: Holes
  readonly #chunks: { offset: number; order: number; time?: number }[] = []
  readonly #gaps: { offset: number; length: number }[] = []
  #begins = false
  /** Whether a segment brought other bytes than those that were there. */
  overlaps = false

  constructor(holes: Holes) {
    this.#holes = holes
  }

  syn(sequence: number): void {
    if (this.#base !== undefined) return
    this.#base = (sequence + 1) >>> 0
    this.#begins = true
  }

  get isEmpty(): boolean {
    return this.#length === 0 && this.#waiting.length === 0
  }

  data(sequence: number, data: Uint8Array, order: number, time: number | undefined): void {
    if (data.length === 0) return
    this.#base ??= sequence
    // Sequence numbers go round: what counts is the difference to what is expected.
    const ahead = (sequence - ((this.#base + this.#length) >>> 0)) | 0
    const piece = { offset: this.#length + ahead, data, order, time }
    if (ahead > maxGap) this.#lost += data.length
    if (ahead > maxGap || ahead + data.length < -this.#length) return
    if (ahead > 0) {
      this.#waiting.push(piece)
      this.#nearest = Math.min(this.#nearest, piece.offset)
      return
    }
    this.#append(piece)
    if (this.#nearest <= this.#length) this.#drain(false)
  }

  #append({ offset, data, order, time }: Piece): void {
    const known = this.#length - offset
    this.#compare(offset, data.subarray(0, Math.min(known, data.length)))
    const fresh = data.subarray(Math.min(known, data.length))
    if (fresh.length === 0) return
    this.#grow(fresh.length)
    this.#chunks.push({ offset: this.#length, order, ...(time !== undefined && { time }) })
    this.#buffer.set(fresh, this.#length)
    this.#length += fresh.length
  }

  #compare(offset: number, again: Uint8Array): void {
    const from = Math.max(0, -offset)
    // A byte more or less before the beginning is a keep-alive (RFC 9293 3.8.4); holes hold nothing to compare.
    if (this.overlaps || again.length <= 1 || this.#gaps.length > 0) return
    for (let i = from; i < again.length; i++) {
      if (this.#buffer[offset + i] !== again[i]) {
        this.overlaps = true
        return
      }
    }
  }

  #grow(by: number): void {
    if (this.#length + by <= this.#buffer.length) return
    const larger = new Uint8Array(Math.max(2 * this.#buffer.length, this.#length + by))
    larger.set(this.#buffer.subarray(0, this.#length))
    this.#buffer = larger
  }

  /** Appends what fits now; at the end of the capture what is left, too, with holes between. */
  #drain(last: boolean): void {
    const sorted = this.#waiting.sort((a, b) => a.offset - b.offset || a.order - b.order)
    let used = 0
    for (const piece of sorted) {
      const gap = piece.offset - this.#length
      if (gap > 0 && (!last || gap > this.#holes.left)) break
      used++
      if (gap > 0) {
        this.#grow(gap)
        this.#gaps.push({ offset: this.#length, length: gap })
        this.#length += gap
        this.#holes.left -= gap
      }
      this.#append(piece)
    }
    this.#waiting = sorted.slice(used)
    this.#nearest = this.#waiting[0]?.offset ?? Number.POSITIVE_INFINITY
  }

  end(): Stream {
    this.#drain(true)
    for (const { data } of this.#waiting) this.#lost += data.length
    // What is lost is said; it stands behind the last byte.
    if (this.#lost > 0) this.#gaps.push({ offset: this.#length, length: this.#lost })
    return {
      bytes: this.#buffer.subarray(0, this.#length),
      chunks: this.#chunks,
      gaps: this.#gaps,
      begins: this.#begins,
    }
  }
}
