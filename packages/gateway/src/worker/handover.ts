// A worker whose place others have: it moves its connections to them, a few at a time, and tries again those that
// cannot be moved yet. The supervisor carries them over (relay.ts); arrivals.ts takes them in.
import type { Logger } from 'pino'
import type { Clock, Handle, MonotonicMs } from '../core/index.ts'
import type { Gateway } from '../gateway.ts'
import type { Packed } from '../session/index.ts'
import type { FromWorker, MoveOutcome } from './worker-messages.ts'

/**
 * Connections on their way at the same time. Node sends the next descriptor when the one before has been received, so
 * that more of them are no faster, and each stands still for longer.
 */
const lanes = 2
/** Connections at the same time whose write queues are waited for; they wait for their peers, not for a descriptor. */
const busyLanes = 16
/** Milliseconds in which a connection's write queues must become empty; else it goes on and is tried again. */
const emptyWithin = 25
/** Milliseconds between two rounds. */
const roundEvery = 150
/** Milliseconds after which a lane goes on with the next connection, because a new worker is slow to take this one. */
const laneWithinMs = 1000
/**
 * Milliseconds after which a connection is given up that nobody has said anything about. Before that a new worker that
 * stands still is killed, and what was on its way to it comes back; a supervisor that was stopped goes on.
 */
const answerWithinMs = 600_000
/** So many times a connection is offered to workers that refuse it, or fails to be packed. */
const offersAtMost = 3

export interface HandOverDeps {
  gateway: Pick<Gateway, 'movable' | 'pack' | 'unpack'>
  /** How many sockets and connections there are in all; some may become connections that can be moved. */
  left: () => number
  post: (message: FromWorker, handle?: Handle) => void
  clock: Clock
  /** Takes over an admission again that was packed with its connection; the result gives it back. */
  readmit: (admission: number | undefined) => () => void
  log: Pick<Logger, 'warn'>
}

export class HandOver {
  readonly #deps: HandOverDeps
  readonly #flying = new Map<number, (outcome: MoveOutcome) => void>()
  readonly #refusals = new Map<string, number>()
  /** For how many milliseconds each connection stood still. */
  readonly #pauses: number[] = []
  readonly #landings = new Set<() => void>()
  #moves = 0
  #halted = false
  #stopped = false
  #round: Promise<void> = Promise.resolve()

  constructor(deps: HandOverDeps) {
    this.#deps = deps
  }

  /** Moves connections until none is left, for so many milliseconds at most. `onRound` is called before each round. */
  async run(within: number, onRound: () => void): Promise<void> {
    const { left, clock } = this.#deps
    const deadline = clock.now() + within
    for (;;) {
      onRound()
      if (!this.#halted) this.#round = this.#moveAll(deadline)
      await this.#round
      const nothingLeft = left() + this.underWay === 0
      if (this.#stopped || clock.now() >= deadline || nothingLeft) return onRound()
      await new Promise<void>((resolve) => clock.setTimeout(resolve, roundEvery))
    }
  }

  /** Moves nothing until `goOn`. Resolves when nothing is on its way. */
  async halt(): Promise<void> {
    this.#halted = true
    await this.#round
    await this.landed()
  }

  goOn(): void {
    this.#halted = this.#stopped
  }

  /** Moves nothing any more. */
  stop(): void {
    this.#halted = true
    this.#stopped = true
  }

  /** How many are on their way. */
  get underWay(): number {
    return this.#flying.size
  }

  /** Resolves when nothing is on its way. */
  landed(): Promise<void> {
    return this.#flying.size === 0 ? Promise.resolve() : new Promise((resolve) => this.#landings.add(resolve))
  }

  /** What has become of a connection on its way. */
  settle(move: number, outcome: MoveOutcome): void {
    this.#flying.get(move)?.(outcome)
  }

  /** How many were moved, and the milliseconds that they stood still for. */
  get summary(): { moved: number; pauseP99: number; longestPause: number } {
    const pauses = this.#pauses.toSorted((a, b) => a - b)
    const at = (part: number) =>
      Math.round(pauses[Math.min(pauses.length - 1, Math.floor(pauses.length * part))] ?? 0)
    return { moved: pauses.length, pauseP99: at(0.99), longestPause: at(1) }
  }

  async #moveAll(deadline: MonotonicMs): Promise<void> {
    const { gateway, clock } = this.#deps
    const { idle, busy } = gateway.movable()
    const move = async (all: string[], lanes: number) => {
      const ids = all.values()
      const lane = async () => {
        for (const id of ids) {
          if (this.#halted || clock.now() >= deadline) return
          if ((this.#refusals.get(id) ?? 0) >= offersAtMost) continue
          if ((await this.#move(id)) === 'later') return
        }
      }
      await Promise.all(Array.from({ length: lanes }, lane))
    }
    await move(idle, lanes)
    await move(busy, busyLanes)
  }

  /** Undefined: it cannot be moved now, or what becomes of it is not known yet. */
  async #move(id: string): Promise<MoveOutcome | undefined> {
    const { gateway, clock, log } = this.#deps
    const start = clock.now()
    let packed: Packed | undefined
    try {
      packed = await gateway.pack(id, emptyWithin)
    } catch (error) {
      if (this.#refused(id) === offersAtMost)
        log.warn({ id, error: wordsOf(error) }, 'a connection cannot be moved and stays until the deadline')
    }
    if (!packed) return undefined
    const landed = this.#send(packed).then((outcome) => {
      if (outcome === 'moved') this.#pauses.push(clock.now() - start)
      this.#land(id, packed, outcome)
      return outcome
    })
    return this.#orSlow(landed)
  }

  /** What becomes of the connection, if that is known soon: a slow new worker is no reason for the others to wait. */
  #orSlow(landed: Promise<MoveOutcome>): Promise<MoveOutcome | undefined> {
    const { clock } = this.#deps
    return new Promise((resolve) => {
      const timer = clock.setTimeout(() => resolve(undefined), laneWithinMs)
      void landed.then((outcome) => {
        clock.clearTimeout(timer)
        resolve(outcome)
      })
    })
  }

  #land(id: string, packed: Packed, outcome: MoveOutcome): void {
    const { gateway, readmit, log } = this.#deps
    if (outcome === 'refused') this.#refused(id)
    if (outcome === 'refused' || outcome === 'later') {
      try {
        gateway.unpack(packed, readmit(packed.admission))
        return
      } catch (error) {
        log.warn({ id, error: wordsOf(error) }, 'a connection that was not taken over is lost')
      }
    }
    // Of a connection that is lost these may be the last descriptors: its peers see TCP end.
    packed.client.close()
    packed.upstream?.close()
  }

  #refused(id: string): number {
    const refusals = (this.#refusals.get(id) ?? 0) + 1
    this.#refusals.set(id, refusals)
    return refusals
  }

  #send({ record, route, client, upstream, admission }: Packed): Promise<MoveOutcome> {
    const { post, clock } = this.#deps
    const move = ++this.#moves
    return new Promise((resolve) => {
      const settle = (outcome: MoveOutcome) => {
        clock.clearTimeout(timer)
        this.#flying.delete(move)
        resolve(outcome)
        if (this.#flying.size > 0) return
        for (const landing of this.#landings) landing()
        this.#landings.clear()
      }
      const timer = clock.setTimeout(() => settle('lost'), answerWithinMs)
      this.#flying.set(move, settle)
      post({ type: 'move', move, route, record, upstream: upstream !== undefined, admission }, client)
      if (upstream) post({ type: 'move-upstream', move }, upstream)
    })
  }
}

function wordsOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
