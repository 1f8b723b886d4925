// The supervisor's end of the limits that count over all workers: one ledger, and who holds what of it.

import type { LimitOptions } from '../core/index.ts'
import type { Ledger } from '../handshake/index.ts'
import type { AdmissionAnswer } from '../worker/index.ts'

/** What is needed of the ledger. */
export type AdmissionLedger = Pick<Ledger, 'admit' | 'enter'>

/** Admissions by worker, so that those of a dead worker can be given back. */
export class Admissions {
  readonly #ledger: AdmissionLedger
  readonly #held = new Map<number, Map<number, () => void>>()
  #ids = 0

  constructor(ledger: AdmissionLedger) {
    this.#ledger = ledger
  }

  admit(worker: number, route: string, limits: LimitOptions, address: string): AdmissionAnswer {
    const admission = this.#ledger.admit(route, limits, address)
    return admission.ok ? this.#hold(worker, admission.release) : admission
  }

  /** A worker has let a connection in by itself, or before its route had limits. */
  enter(worker: number, route: string, address: string): AdmissionAnswer {
    return this.#hold(worker, this.#ledger.enter(route, address))
  }

  #hold(worker: number, release: () => void): AdmissionAnswer {
    const id = ++this.#ids
    const held = this.#held.get(worker) ?? new Map<number, () => void>()
    this.#held.set(worker, held.set(id, release))
    return { ok: true, admission: id }
  }

  release(worker: number, admission: number): void {
    const held = this.#held.get(worker)
    held?.get(admission)?.()
    held?.delete(admission)
  }

  /** A connection goes from one worker to another, and its admission with it. */
  move(from: number, to: number, admission: number): void {
    const release = this.#held.get(from)?.get(admission)
    if (!release) return
    this.#held.get(from)!.delete(admission)
    this.#held.set(to, (this.#held.get(to) ?? new Map<number, () => void>()).set(admission, release))
  }

  /** Gives back everything that a worker holds: its connections ended with it. */
  releaseAll(worker: number): void {
    for (const release of this.#held.get(worker)?.values() ?? []) release()
    this.#held.delete(worker)
  }
}
