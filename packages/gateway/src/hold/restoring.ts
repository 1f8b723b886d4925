// What a route has learnt about whether its servers restore sessions: whether a client without a proof of its own is
// worth holding. Next: proof.ts.
import assert from 'node:assert/strict'

/** Asks the next upstream; undefined: there was none to ask. */
type Question = (signal: AbortSignal) => Promise<boolean | undefined>

/**
 * A server may say only behind a restart that it restores sessions. Until one has been asked, clients are held for a
 * moment, in case another upstream is there, and one of them for as long as it takes. Once the answer was no, all are let
 * go as soon as they lose their upstream, so that their own libraries know at once, and the gateway asks in the place of
 * one of them: what it hears counts for the next outage. One yes, and all are held again: a server may have restored one
 * session and not another.
 */
export class Restoring {
  #restores: boolean | undefined
  #asking = 0
  #question: AbortController | undefined

  /** Whether a client that loses its upstream now is held, to hear what the next one says. */
  get worthAsking(): boolean {
    return this.#restores !== false
  }

  /** Whether a client that has waited for the first moment may wait on. */
  get mayWaitOn(): boolean {
    return this.#restores ?? this.#asking === 1
  }

  /** One more client, or one less, waits for an upstream that it asks. */
  asking(by: 1 | -1): void {
    this.#asking += by
    assert(this.#asking >= 0, 'fewer clients ask than none')
  }

  answered(restored: boolean): void {
    if (restored) this.#restores = true
    else this.#restores ??= false
  }

  /** A client was let go: asks in its place, unless somebody asks already or nothing could be learnt. */
  ask(question: Question): void {
    if (this.#question || this.#asking > 0 || this.#restores !== false) return
    const asked = new AbortController()
    this.#question = asked
    const over = () => {
      if (this.#question === asked) this.#question = undefined
    }
    question(asked.signal).then((restored) => {
      if (restored !== undefined && !asked.signal.aborted) this.answered(restored)
      over()
    }, over)
  }

  /** Asks no more. */
  dismiss(): void {
    this.#question?.abort()
    this.#question = undefined
  }

  /** The upstreams may be others now. */
  forget(): void {
    this.dismiss()
    this.#restores = undefined
  }
}
