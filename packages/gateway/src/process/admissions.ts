// The supervisor's end of the limits that count over all workers: one ledger, and who holds what of it.

import type { LimitOptions } from '../core/index.ts'
import type { Admission, Ledger } from '../handshake/index.ts'
import type { AdmissionAnswer } from '../worker/index.ts'
import type { HeldAdmission } from './succession.ts'

/** What is needed of the ledger. */
export interface AdmissionLedger {
  /** A promise where a fleet is asked. */
  admit(route: string, limits: LimitOptions, address: string): Admission | Promise<Admission>
  enter: Ledger['enter']
}

type Held = Pick<HeldAdmission, 'route' | 'address'> & { release: () => void }

/** So many numbers a process may give, before another one goes on with it. */
const numbersOfOne = 2 ** 32

/** Admissions by worker, so that those of a dead worker can be given back. */
export class Admissions {
  readonly #ledger: AdmissionLedger
  readonly #held = new Map<number, Map<number, Held>>()
  #ids = 0
  /** What was said of admissions that another process gives, before they were known here. */
  #early: (() => void)[] | undefined

  constructor(ledger: AdmissionLedger) {
    this.#ledger = ledger
  }

  admit(
    worker: number,
    route: string,
    limits: LimitOptions,
    address: string,
  ): AdmissionAnswer | Promise<AdmissionAnswer> {
    const answer = (admission: Admission) =>
      admission.ok ? this.#hold(worker, { route, address, release: admission.release }) : admission
    const admission = this.#ledger.admit(route, limits, address)
    return admission instanceof Promise ? admission.then(answer) : answer(admission)
  }

  /** A worker has let a connection in by itself, or before its route had limits. */
  enter(worker: number, route: string, address: string): AdmissionAnswer {
    return this.#hold(worker, { route, address, release: this.#ledger.enter(route, address) })
  }

  #hold(worker: number, its: Held): AdmissionAnswer {
    const id = ++this.#ids
    this.#of(worker).set(id, its)
    return { ok: true, admission: id }
  }

  #of(worker: number): Map<number, Held> {
    const held = this.#held.get(worker) ?? new Map<number, Held>()
    this.#held.set(worker, held)
    return held
  }

  /** All that is held, for another process. */
  get all(): { ids: number; held: HeldAdmission[] } {
    const held = [...this.#held].flatMap(([worker, its]) =>
      [...its].map(([id, { route, address }]) => ({ id, worker, route, address })),
    )
    return { ids: this.#ids, held }
  }

  /** Another process will say what is held: what is said of it before that is done then. */
  await(): void {
    this.#early = []
  }

  /** Goes on with what another process had. The numbers are others than that one gives if it goes on after all. */
  goOn({ ids, held }: { ids: number; held: readonly HeldAdmission[] }): void {
    this.#ids = ids + numbersOfOne
    for (const its of held) this.keep(its)
    const early = this.#early ?? []
    this.#early = undefined
    for (const say of early) say()
  }

  /** Another process has given this. */
  keep({ id, worker, route, address }: HeldAdmission): void {
    this.#of(worker).set(id, { route, address, release: this.#ledger.enter(route, address) })
  }

  release(worker: number, admission: number): void {
    if (this.#early) return void this.#early.push(() => this.release(worker, admission))
    const held = this.#held.get(worker)
    held?.get(admission)?.release()
    held?.delete(admission)
  }

  /** A connection goes from one worker to another, and its admission with it. */
  move(from: number, to: number, admission: number): void {
    if (this.#early) return void this.#early.push(() => this.move(from, to, admission))
    const its = this.#held.get(from)?.get(admission)
    if (!its) return
    this.#held.get(from)!.delete(admission)
    this.#of(to).set(admission, its)
  }

  /** Gives back everything that a worker holds: its connections ended with it. */
  releaseAll(worker: number): void {
    for (const { release } of this.#held.get(worker)?.values() ?? []) release()
    this.#held.delete(worker)
  }
}
