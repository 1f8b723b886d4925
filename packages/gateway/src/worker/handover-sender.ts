// A worker whose place others have: it moves its connections to them, a few at a time, and tries again those that
// cannot be moved yet. The supervisor carries them over (relay.ts); handover-receiver.ts takes them in.
import type { Logger } from 'pino'
import { type Clock, errorMessage, type Handle, type MonotonicMs } from '../core/index.ts'
import type { Carrier, Gateway } from '../gateway.ts'
import type { Packed } from '../session/index.ts'
import type { FromWorker, MoveOutcome } from './worker-messages.ts'

/**
 * Connections on their way at the same time. Node sends the next descriptor when the one before has been received, so
 * that more of them are no faster, and each stands still for longer.
 */
const idleConcurrency = 2
/** Connections at the same time whose write queues are waited for; they wait for their peers, not for a descriptor. */
const busyConcurrency = 16
/** Milliseconds in which a connection's write queues must become empty; else it goes on and is tried again. */
const flushWithinMs = 25
/** Milliseconds between two rounds. */
const roundEveryMs = 150
/** Milliseconds after which the next connection is sent, because a new worker is slow to take this one. */
const laneTimeoutMs = 1000
/**
 * Milliseconds after which a connection is given up that nobody has said anything about. Before that a new worker that
 * stands still is killed, and what was on its way to it comes back; a supervisor that was stopped goes on.
 */
const answerWithinMs = 600_000
/** How many times a connection is offered to workers that refuse it, or fails to be packed. */
const maxOffers = 3

export interface HandoverSenderDeps {
  gateway: Pick<Gateway, 'movable' | 'pack' | 'unpack'>
  /** How many sockets and connections there are in all; some may become connections that can be moved. */
  left: () => number
  post: (message: FromWorker, handle?: Handle) => void
  clock: Clock
  /** Takes over an admission again that was packed with its connection; the result gives it back. */
  readmit: (admission: number | undefined) => () => void
  log: Pick<Logger, 'warn'>
}

export class HandoverSender {
  readonly #deps: HandoverSenderDeps
  readonly #inTransit = new Map<number, (outcome: MoveOutcome) => void>()
  readonly #refusals = new Map<string, number>()
  /** For how many milliseconds each connection stood still. */
  readonly #pauses: number[] = []
  readonly #settledWaiters = new Set<() => void>()
  #moves = 0
  #halted = false
  #stopped = false
  #carrier: Carrier | undefined
  #round: Promise<void> = Promise.resolve()

  constructor(deps: HandoverSenderDeps) {
    this.#deps = deps
  }

  /**
   * Moves connections until none is left, for `withinMs` at most. `onRound` is called before each round. `carrier` joins what
   * has to stay in this process; without it such a connection is not moved.
   */
  async run(withinMs: number, onRound: () => void, carrier?: Carrier): Promise<void> {
    const { left, clock } = this.#deps
    this.#carrier = carrier
    const deadline = clock.now() + withinMs
    for (;;) {
      onRound()
      if (!this.#halted) this.#round = this.#moveAll(deadline)
      await this.#round
      const nothingLeft = left() + this.inTransit === 0
      if (this.#stopped || clock.now() >= deadline || nothingLeft) return onRound()
      await new Promise<void>((resolve) => clock.setTimeout(resolve, roundEveryMs))
    }
  }

  /** Moves these, each at most once; those that cannot be moved now stay. Resolves to what became of them. */
  async moveSome(ids: readonly string[], carrier?: Carrier): Promise<Partial<Record<MoveOutcome, number>>> {
    this.#carrier = carrier
    const outcomes: Partial<Record<MoveOutcome, number>> = {}
    for (const id of ids) {
      const outcome = await this.#move(id)
      if (outcome) outcomes[outcome] = (outcomes[outcome] ?? 0) + 1
    }
    return outcomes
  }

  /** Moves a connection of this worker's own to that worker. Nothing becomes of one that is not taken. */
  async moveOwn(packed: Packed, to: number): Promise<MoveOutcome> {
    const outcome = await this.#send(packed, to)
    packed.client.close()
    packed.upstream?.close()
    return outcome
  }

  /** Moves nothing until `goOn`. Resolves when nothing is on its way. */
  async halt(): Promise<void> {
    this.#halted = true
    await this.#round
    await this.settled()
  }

  resume(): void {
    this.#halted = this.#stopped
  }

  /** Moves nothing any more. */
  stop(): void {
    this.#halted = true
    this.#stopped = true
  }

  /** Can run again after `stop`. */
  reset(): void {
    this.#stopped = false
    this.#halted = false
  }

  /** How many are on their way. */
  get inTransit(): number {
    return this.#inTransit.size
  }

  /** Resolves when nothing is on its way. */
  settled(): Promise<void> {
    return this.#inTransit.size === 0
      ? Promise.resolve()
      : new Promise((resolve) => this.#settledWaiters.add(resolve))
  }

  /** What has become of a connection on its way. */
  settle(move: number, outcome: MoveOutcome): void {
    this.#inTransit.get(move)?.(outcome)
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
    const { idle, busy } = gateway.movable(this.#carrier !== undefined)
    const move = async (all: string[], concurrency: number) => {
      const ids = all.values()
      const lane = async () => {
        for (const id of ids) {
          if (this.#halted || clock.now() >= deadline) return
          if ((this.#refusals.get(id) ?? 0) >= maxOffers) continue
          if ((await this.#move(id)) === 'later') return
        }
      }
      await Promise.all(Array.from({ length: concurrency }, lane))
    }
    await move(idle, idleConcurrency)
    await move(busy, busyConcurrency)
  }

  /** Undefined: it cannot be moved now, or what becomes of it is not known yet. */
  async #move(id: string): Promise<MoveOutcome | undefined> {
    const { gateway, clock, log } = this.#deps
    const start = clock.now()
    let packed: Packed | undefined
    try {
      packed = await gateway.pack(id, flushWithinMs, this.#carrier)
    } catch (error) {
      if (this.#refused(id) === maxOffers)
        log.warn(
          { id, error: errorMessage(error) },
          'a connection cannot be moved and stays until the deadline',
        )
    }
    if (!packed) return undefined
    const settled = this.#send(packed).then((outcome) => {
      if (outcome === 'moved') this.#pauses.push(clock.now() - start)
      this.#afterMove(id, packed, outcome)
      return outcome
    })
    return this.#withLaneTimeout(settled)
  }

  /** What becomes of the connection, if that is known soon: a slow new worker is no reason for the others to wait. */
  #withLaneTimeout(settled: Promise<MoveOutcome>): Promise<MoveOutcome | undefined> {
    const { clock } = this.#deps
    return new Promise((resolve) => {
      const timer = clock.setTimeout(() => resolve(undefined), laneTimeoutMs)
      void settled.then((outcome) => {
        clock.clearTimeout(timer)
        resolve(outcome)
      })
    })
  }

  #afterMove(id: string, packed: Packed, outcome: MoveOutcome): void {
    const { gateway, readmit, log } = this.#deps
    if (outcome === 'refused') this.#refused(id)
    if (outcome === 'refused' || outcome === 'later') {
      try {
        gateway.unpack(packed, readmit(packed.admission))
        return
      } catch (error) {
        log.warn({ id, error: errorMessage(error) }, 'a connection that was not taken over is lost')
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

  #send({ record, route, client, upstream, admission }: Packed, own?: number): Promise<MoveOutcome> {
    const { post, clock } = this.#deps
    const move = ++this.#moves
    return new Promise((resolve) => {
      const settle = (outcome: MoveOutcome) => {
        clock.clearTimeout(timer)
        this.#inTransit.delete(move)
        resolve(outcome)
        if (this.#inTransit.size > 0) return
        for (const onSettled of this.#settledWaiters) onSettled()
        this.#settledWaiters.clear()
      }
      const timer = clock.setTimeout(() => settle('lost'), answerWithinMs)
      this.#inTransit.set(move, settle)
      const known = own === undefined ? { route, admission } : { own }
      post({ type: 'move', move, record, upstream: upstream !== undefined, ...known }, client)
      if (upstream) post({ type: 'move-upstream', move }, upstream)
    })
  }
}
