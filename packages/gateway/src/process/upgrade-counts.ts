// How many connections have moved in an upgrade, have ended or were lost, by the worker that had them.
import type { MoveOutcome } from '../worker/index.ts'
import { addCounts } from './trial.ts'
import { workerInfo } from './worker-info.ts'
import type { WorkerLink } from './worker-link.ts'
import type { MoveMessage } from './worker-pool-deps.ts'

/** What becomes of the connections of one leaving worker. */
interface LeavingWorker {
  /** When it began to leave; as last reported, until it says so itself. */
  total: number
  hasSaidTotal: boolean
  moved: number
  /** Ended while they were still its own, by code and by whom. */
  closes: Record<string, number>
  /** Cut without a Close. */
  lost: number
}

export class UpgradeCounts {
  /** Connections by what became of them, in all upgrades. */
  readonly handovers: Record<string, number> = {}
  #leaving = new Map<WorkerLink, LeavingWorker>()
  /** How many each new worker has got, and from whom: if it dies, they are lost after all. */
  #arrived = new Map<WorkerLink, Map<WorkerLink, number>>()

  /** An upgrade begins. */
  begin(): void {
    this.#leaving = new Map()
    this.#arrived = new Map()
  }

  /** An upgrade of another process begins, which counts it. */
  follow(): void {
    this.#leaving = new Map()
  }

  /** Goes on with what another process has counted. */
  goOn(handovers: Record<string, number>): void {
    Object.assign(this.handovers, addCounts(this.handovers, handovers))
  }

  /** Of the workers that leave in this upgrade. */
  get sums() {
    const all = [...this.#leaving.values()]
    const sum = (of: (leaving: LeavingWorker) => number) => all.reduce((total, each) => total + of(each), 0)
    return {
      total: sum(({ total }) => total),
      moved: sum(({ moved }) => moved),
      ended: sum(({ closes }) => countOf(closes)),
      lost: sum(({ lost }) => lost),
      closes: all.map(({ closes }) => closes).reduce(addCounts, {}),
    }
  }

  /** This worker begins to leave. */
  leaves(worker: WorkerLink): void {
    this.#of(worker)
  }

  /** A connection was on its way, and this has become of it. */
  settled(outcome: MoveOutcome, from: WorkerLink, to: WorkerLink | undefined): void {
    if (outcome === 'moved') {
      this.#of(from).moved++
      this.#count('moved', 1)
      if (to) this.#countArrival(from, to)
    } else if (outcome === 'lost') {
      this.#of(from).lost++
      this.#count('failed', 1)
    }
  }

  #countArrival(from: WorkerLink, to: WorkerLink): void {
    const arrived = this.#arrived.get(to) ?? new Map<WorkerLink, number>()
    this.#arrived.set(to, arrived.set(from, (arrived.get(from) ?? 0) + 1))
  }

  /** A leaving worker says how far it is. */
  progressed(worker: WorkerLink, { left, closes, lost }: Extract<MoveMessage, { type: 'leaving' }>): void {
    const leaving = this.#of(worker)
    // Its first word, before it moves anything.
    if (!leaving.hasSaidTotal) {
      const before = leaving.moved + leaving.lost
      Object.assign(leaving, { total: left + before, hasSaidTotal: true })
    }
    this.#count('ended', countOf(closes) - countOf(leaving.closes))
    leaving.closes = closes
    this.#count('failed', lost)
    leaving.lost += lost
  }

  /** A worker has ended. `isMoving`: while connections move. */
  gone(worker: WorkerLink, isMoving: boolean): void {
    if (!isMoving && !this.#arrived.has(worker)) return
    // One that ended in order had none left; what has closed in it did so after it had moved.
    let { connections: left } = workerInfo(worker)
    for (const [from, arrived] of this.#arrived.get(worker) ?? []) {
      const leaving = this.#of(from)
      const count = Math.min(arrived, left)
      left -= count
      leaving.moved -= count
      leaving.lost += count
      this.#count('failed', count)
    }
    this.#arrived.delete(worker)
  }

  /** A worker did not leave in order. `known`: how many it had to cut, when it said so; the result is how many it were. */
  cut(worker: WorkerLink, known: number | undefined): number {
    const leaving = this.#of(worker)
    const { total, moved, closes, lost } = leaving
    const cut = known ?? Math.max(0, total - moved - countOf(closes) - lost)
    leaving.lost += cut
    this.#count('failed', cut)
    return cut
  }

  #of(worker: WorkerLink): LeavingWorker {
    const known = this.#leaving.get(worker)
    if (known) return known
    const { connections } = workerInfo(worker)
    const leaving = { total: connections, hasSaidTotal: false, moved: 0, closes: {}, lost: 0 }
    this.#leaving.set(worker, leaving)
    return leaving
  }

  #count(result: 'moved' | 'ended' | 'failed', count: number): void {
    if (count > 0) this.handovers[result] = (this.handovers[result] ?? 0) + count
  }
}

function countOf(counts: Record<string, number>): number {
  return Object.values(counts).reduce((sum, count) => sum + count, 0)
}
