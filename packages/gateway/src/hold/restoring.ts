// What a route has learnt about whether its servers restore sessions: whether a client without a proof of its own is
// worth holding. Next: proof.ts.

/**
 * A server that restores sessions says so only when it is asked, behind a restart. Until one has been asked, clients are
 * held and ask. Once the answer was no, one client for each outage asks, and the others are let go as soon as they lose
 * their upstream, so that their own libraries know at once. One yes, and all are held again: a server may have restored
 * one session and not another.
 */
export class Restoring {
  #restores: boolean | undefined
  #asking = 0

  get worthAsking(): boolean {
    return this.#restores !== false || this.#asking === 0
  }

  /** One more client, or one less, waits for an upstream that it asks. */
  asking(by: 1 | -1): void {
    this.#asking += by
  }

  answered(restored: boolean): void {
    if (restored) this.#restores = true
    else this.#restores ??= false
  }

  /** The upstreams may be others now. */
  forget(): void {
    this.#restores = undefined
  }
}
