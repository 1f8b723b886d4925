// The client's bytes that must outlive an upstream: those of the message that is under way, and those that come while no
// upstream is there. Next: hold.ts.
import assert from 'node:assert/strict'
import { Bytes } from '../core/index.ts'

const nothing = Buffer.alloc(0)

/** Its state as data that JSON can carry; byte strings in base64. */
export interface PackedPending {
  progress: string
  tooLong: boolean
  waiting?: string
}

export class PendingBuffer {
  /** Bytes of the unfinished message that are kept at most. */
  readonly #cap: number
  /** A copy of the bytes of the unfinished message that were handed on. */
  #progress = new Bytes()
  #tooLong = false
  /** What came since bytes are no more handed on. */
  #waiting: Bytes | undefined
  #discards = false

  constructor(cap: number) {
    this.#cap = cap
  }

  /** Whether bytes are kept for the next upstream instead of handed on. */
  get keeps(): boolean {
    return this.#waiting !== undefined
  }

  /** Whether the unfinished message has outgrown the cap, so that it cannot be sent again. */
  get tooLong(): boolean {
    return this.#tooLong
  }

  /** These bytes are handed on. With them, what was handed on of a message that has not ended is `unfinished` bytes long. */
  handOn(bytes: Buffer, unfinished: number): void {
    assert(!this.#waiting, 'bytes are handed on past those that wait')
    if (unfinished <= bytes.length) {
      if (this.#progress.length > 0) this.#progress = new Bytes()
      this.#tooLong = false
      if (unfinished === 0) return
    }
    const fresh = Math.min(unfinished, bytes.length)
    this.#tooLong ||= this.#progress.length + fresh > this.#cap
    if (this.#tooLong) this.#progress = new Bytes()
    else this.#progress.append(fresh === bytes.length ? bytes : bytes.subarray(-fresh))
  }

  /** Keeps a copy of these bytes; returns how many are kept now. */
  add(bytes: Buffer): number {
    assert(this.#waiting, 'bytes are kept, and nothing is to be kept')
    if (!this.#discards) this.#waiting.append(bytes)
    return this.#waiting.length
  }

  /** From now on bytes are kept; those of the unfinished message come first. */
  keep(): void {
    this.#waiting ??= this.#progress
    this.#progress = new Bytes()
  }

  /** What was kept. From now on bytes are handed on. */
  release(): Buffer {
    const kept = this.#waiting?.all ?? nothing
    this.#waiting = undefined
    return kept
  }

  /** Forgets what was kept; nobody will want it, nor what still comes. */
  discard(): void {
    this.#waiting = new Bytes()
    this.#discards = true
  }

  pack(): PackedPending {
    return {
      progress: this.#progress.all.toString('base64'),
      tooLong: this.#tooLong,
      waiting: this.#waiting?.all.toString('base64'),
    }
  }

  unpack({ progress, tooLong, waiting }: PackedPending): void {
    this.#progress.append(Buffer.from(progress, 'base64'))
    this.#tooLong = tooLong
    if (waiting === undefined) return
    this.#waiting = new Bytes()
    this.#waiting.append(Buffer.from(waiting, 'base64'))
  }
}
