// A worker whose place others have: it moves its connections to them, a few at a time, and tries again those that
// cannot be moved yet. The supervisor carries them over (relay.ts); arrivals.ts takes them in.
import type { Handle } from './channel.ts'
import type { Clock } from './clock.ts'
import type { Gateway } from './gateway.ts'
import type { Packed } from './pack.ts'
import type { FromWorker, MoveOutcome } from './worker-messages.ts'

/** Connections on their way at the same time. More are hardly faster, and each of them stands still for longer. */
const lanes = 2
/** Milliseconds in which a connection's write queues must become empty; else it goes on and is tried again. */
const emptyWithin = 25
/** Milliseconds between two rounds. */
const roundEvery = 150
/** Milliseconds after which a connection is given up that nobody has said anything about. */
const answerWithin = 10_000
/** So many times a connection is offered to workers that refuse it. */
const offersAtMost = 3

export interface HandOverDeps {
  gateway: Pick<Gateway, 'movable' | 'pack' | 'unpack'>
  /** How many sockets and connections there are in all; some may become connections that can be moved. */
  left: () => number
  post: (message: FromWorker, handle?: Handle) => void
  clock: Clock
  /** Takes over an admission again that was packed with its connection; the result gives it back. */
  readmit: (admission: number | undefined) => () => void
}

export class HandOver {
  readonly #deps: HandOverDeps
  readonly #flying = new Map<number, (outcome: MoveOutcome) => void>()
  readonly #refusals = new Map<string, number>()
  /** For how many milliseconds each connection stood still. */
  readonly #pauses: number[] = []
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
      if (!this.#halted) this.#round = this.#moveAll()
      await this.#round
      if (this.#stopped || clock.now() >= deadline || left() === 0) return onRound()
      await new Promise<void>((resolve) => clock.setTimeout(resolve, roundEvery))
    }
  }

  /** Moves nothing until `goOn`. Resolves when nothing is on its way. */
  async halt(): Promise<void> {
    this.#halted = true
    await this.#round
  }

  goOn(): void {
    this.#halted = this.#stopped
  }

  /** Moves nothing any more. */
  stop(): void {
    this.#halted = true
    this.#stopped = true
  }

  /** What has become of a connection on its way. */
  settle(move: number, outcome: MoveOutcome): void {
    this.#flying.get(move)?.(outcome)
  }

  async #moveAll(): Promise<void> {
    const ids = this.#deps.gateway.movable().values()
    const lane = async () => {
      for (const id of ids) {
        if (this.#halted) return
        if ((this.#refusals.get(id) ?? 0) >= offersAtMost) continue
        if ((await this.#move(id)) === 'later') return
      }
    }
    await Promise.all(Array.from({ length: lanes }, lane))
  }

  /** How many were moved, and the milliseconds that they stood still for. */
  get summary(): { moved: number; pauseP99: number; longestPause: number } {
    const pauses = this.#pauses.toSorted((a, b) => a - b)
    const at = (part: number) => pauses[Math.min(pauses.length - 1, Math.floor(pauses.length * part))] ?? 0
    return { moved: pauses.length, pauseP99: at(0.99), longestPause: at(1) }
  }

  /** Undefined: it cannot be moved now. */
  async #move(id: string): Promise<MoveOutcome | undefined> {
    const { gateway, readmit, clock } = this.#deps
    const start = clock.now()
    const packed = await gateway.pack(id, emptyWithin)
    if (!packed) return undefined
    const { state, client, upstream, admission } = packed
    const outcome = await this.#send(packed)
    if (outcome === 'moved') this.#pauses.push(clock.now() - start)
    if (outcome === 'refused') this.#refusals.set(id, (this.#refusals.get(id) ?? 0) + 1)
    if (outcome === 'refused' || outcome === 'later') {
      gateway.unpack(state, client, upstream, readmit(admission))
    } else {
      // Of a connection that is lost these may be the last descriptors: its peers see TCP end.
      client.close()
      upstream?.close()
    }
    return outcome
  }

  #send({ state, client, upstream, admission }: Packed): Promise<MoveOutcome> {
    const { post, clock } = this.#deps
    const move = ++this.#moves
    return new Promise((resolve) => {
      const settle = (outcome: MoveOutcome) => {
        clock.clearTimeout(timer)
        this.#flying.delete(move)
        resolve(outcome)
      }
      const timer = clock.setTimeout(() => settle('lost'), answerWithin)
      this.#flying.set(move, settle)
      post({ type: 'move', move, state, upstream: upstream !== undefined, admission }, client)
      if (upstream) post({ type: 'move-upstream', move }, upstream)
    })
  }
}
