// Sessions of other nodes that cannot be asked: for how long their clients have been coming back here.
import type { MonotonicMs } from '../core/index.ts'

/** Of more the ones that were asked for first are forgotten; a client asks again each few seconds. */
const most = 16_384

export class AskedFor {
  readonly #since = new Map<string, MonotonicMs>()

  /** Milliseconds since this session was asked for first; 0 for one that had not been. */
  forMs(id: string, now: MonotonicMs): number {
    const since = this.#since.get(id)
    if (since !== undefined) return now - since
    this.#since.set(id, now)
    for (const oldest of this.#since.keys()) {
      if (this.#since.size <= most) break
      this.#since.delete(oldest)
    }
    return 0
  }

  /** It is known what has become of it. */
  found(id: string): void {
    this.#since.delete(id)
  }
}
