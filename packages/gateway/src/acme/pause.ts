// How long nothing is ordered at all, because what went wrong concerns every name.
import type { UnixMs } from '../core/index.ts'
import type { AcmeFailure } from './acme-error.ts'
import { delayOf } from './plan.ts'

/** Milliseconds that the other names wait when one was told to come later. */
const othersWaitMs = 60_000

export class Pause {
  /** Times in a row that the authority did not answer. */
  #silences = 0
  /** No order before. */
  until: UnixMs = 0

  /** An order has come to its end. */
  succeeded(): void {
    this.#silences = 0
  }

  /** Nothing can be kept, or something is wrong here: a minute. */
  troubled(now: UnixMs): void {
    this.until = now + othersWaitMs
  }

  /** The order of one name has failed; `notBefore` is when that name is ordered again. */
  failed(failure: AcmeFailure, notBefore: UnixMs, now: UnixMs, random: () => number): void {
    if (failure !== 'unreachable') this.#silences = 0
    if (failure === 'unreachable') this.until = now + delayOf(failure, ++this.#silences, random())
    else if (failure === 'rate-limited' || failure === 'storage')
      this.until = Math.min(notBefore, now + othersWaitMs)
  }
}
