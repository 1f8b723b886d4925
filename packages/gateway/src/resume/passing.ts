// What a client has sent, on its way to the Pipe: all of one read together, so that it is one write to the upstream.
import type { Wire } from '../wire/index.ts'
import type { SessionStream } from './session-stream.ts'

export class Passing {
  readonly #stream: SessionStream
  /** What a read has brought so far; undefined outside of a read. */
  #pieces: Buffer[] | undefined
  #holder: Wire | undefined

  constructor(stream: SessionStream) {
    this.#stream = stream
  }

  /** A read begins. */
  begin(): void {
    this.#holder = undefined
    this.#pieces = []
  }

  /** Has something for the Pipe: now, or with what else a read brings. */
  push(bytes: Buffer): void {
    if (this.#pieces) this.#pieces.push(bytes)
    else this.#stream.pass([bytes])
  }

  /** Hands over what the read has brought so far. */
  pass(): void {
    const pieces = this.#pieces
    if (!pieces || pieces.length === 0) return
    this.#pieces = []
    this.#holder = this.#stream.pass(pieces) ?? this.#holder
  }

  /** The wire in which a write of what was read waits. */
  get holder(): Wire | undefined {
    return this.#holder
  }

  /** Hands over together what `work` brings, be it within a read or not. */
  passAllOf(work: () => void): void {
    this.pass()
    const outer = this.#pieces
    this.#pieces = []
    try {
      work()
      this.pass()
    } finally {
      this.#pieces = outer
    }
  }

  /** The read is over. */
  end(): void {
    this.#pieces = undefined
  }
}
