// What a client has sent, on its way to the Pipe: all of one read together, so that it is one write to the upstream. It is there
// for the time of that read.
import type { Wire } from '../wire/index.ts'
import type { SessionStream } from './session-stream.ts'

export class Passing {
  readonly #stream: SessionStream
  /** What was read and not handed over. */
  #pieces: Buffer[] = []
  /** The wire in which a write of what was read waits. */
  holder: Wire | undefined

  constructor(stream: SessionStream) {
    this.#stream = stream
  }

  /** Has something for the Pipe, with what else there is. */
  push(bytes: Buffer): void {
    this.#pieces.push(bytes)
  }

  /** Hands over what there is so far. */
  pass(): void {
    const pieces = this.#pieces
    if (pieces.length === 0) return
    this.#pieces = []
    this.holder = this.#stream.pass(pieces) ?? this.holder
  }
}

/** Hands over together what `work` brings, be it within a read or not. */
export function passTogether(
  core: { readonly stream: SessionStream; passing: Passing | undefined },
  work: () => void,
): void {
  const outer = core.passing
  outer?.pass()
  const its = new Passing(core.stream)
  core.passing = its
  try {
    work()
    its.pass()
  } finally {
    core.passing = outer
    if (outer) outer.holder = its.holder ?? outer.holder
  }
}
