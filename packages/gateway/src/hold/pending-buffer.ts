// The client's bytes that must outlive an upstream: those of the message that is under way, and those that come while no
// upstream is there. Next: hold.ts.
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
  /** What was handed on since the last `takeStock`. */
  #run: Buffer[] = []
  /** The bytes of the unfinished message that were handed on. */
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

  /** These bytes are handed on. */
  handOn(bytes: Buffer): void {
    this.#run.push(bytes)
  }

  /** Keeps a copy of these bytes; returns how many are kept now. */
  add(bytes: Buffer): number {
    if (!this.#discards) this.#waiting!.append(bytes)
    return this.#waiting!.length
  }

  /** Of what was handed on, copies the last `unfinished` bytes, which belong to a message that has not ended. */
  takeStock(unfinished: number): void {
    const run = this.#run
    if (run.length > 0) this.#run = []
    const fresh = run.reduce((sum, { length }) => sum + length, 0)
    if (unfinished <= fresh) {
      if (this.#progress.length > 0) this.#progress = new Bytes()
      this.#tooLong = false
    }
    const wanted = Math.min(unfinished, fresh)
    if (wanted === 0) return
    if (this.#tooLong || this.#progress.length + wanted > this.#cap) {
      this.#tooLong = true
      this.#progress = new Bytes()
      return
    }
    let skip = fresh - wanted
    for (const bytes of run) {
      if (skip < bytes.length) this.#progress.append(bytes.subarray(skip))
      skip = Math.max(0, skip - bytes.length)
    }
  }

  /** From now on bytes are kept; those of the unfinished message come first. */
  keep(): void {
    this.#waiting ??= this.#progress
    this.#progress = new Bytes()
    this.#run = []
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
