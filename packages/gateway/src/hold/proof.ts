// Whether a connection whose upstream has gone may go on with another: only if somebody has restored its session, and not
// without end. Next: hold.ts.
import type { Clock, HoldOptions, MonotonicMs, RestoredBy } from '../core/index.ts'
import type { Replay } from './replay/index.ts'

/** What speaks against holding a client whose upstream goes now. */
export interface Objections {
  /** Whether nobody will restore the session of this connection, so that its client is let go at once. */
  unproven: boolean
  /** Whether a loss now would be the second one without a message of an upstream in between. */
  lostAgain: boolean
  /** Whether it has been put to other upstreams more often than is reasonable. */
  tooOften: boolean
  /** The delay, in milliseconds, for the `retry=` of a client that is let go. */
  shortRetry: () => number
}

/** What the route knows of its upstreams' word, and is told of it. */
export interface RestoringDeps {
  /** Whether the upstream has said in its 101 that it restores sessions, so that it is worth to ask the next one. */
  answers?: boolean | undefined
  /** Whether the next upstream may say that it has restored the session. */
  worthAsking: () => boolean
  /** Whether a client that nobody has told anything for a moment may wait on. */
  mayWaitOn: () => boolean
  /** One more connection, or one less, waits for the next upstream's word. */
  onAsking: (by: 1 | -1) => void
  /** What the next upstream said; one that says nothing has not restored anything. */
  onAnswer: (restored: boolean) => void
  /** Milliseconds for the `retry=` of a client that is let go. */
  shortRetry: () => number
}

/** Two losses in a row without a message of the upstream in between: the next one would go the same way. */
const lossesInARow = 2
/** Re-attachments of one connection at most, within this time. */
const atMost = 30
const within = 5 * 60_000

/** A Proof's state as data that JSON can carry. */
export interface PackedProof {
  losses: number
  answers?: boolean
  /** Milliseconds since each of the last re-attachments. */
  attached: number[]
}

export class Proof {
  readonly #state: HoldOptions['state']
  readonly #deps: RestoringDeps
  readonly #clock: Clock
  readonly #replay: () => Replay | undefined
  /** Losses since the last message of an upstream. */
  #losses = 0
  /** When the connection was put to another upstream, as far back as it matters. */
  #attached: MonotonicMs[] = []
  #asking = false
  /** Whether the last upstream has said that it restores sessions. */
  #answers: boolean

  constructor(
    state: HoldOptions['state'],
    replay: () => Replay | undefined,
    deps: RestoringDeps,
    clock: Clock,
  ) {
    this.#state = state
    this.#replay = replay
    this.#deps = deps
    this.#clock = clock
    this.#answers = deps.answers ?? false
  }

  /** What speaks against holding the client if its upstream goes now; `spoke`: that one has sent a message. */
  objections(spoke: boolean): Objections {
    const since = this.#clock.now() - within
    return {
      unproven: !this.#asking && this.#ownProof === undefined && !this.#answers && !this.#deps.worthAsking(),
      lostAgain: !spoke && this.#losses + 1 >= lossesInARow,
      tooOften: this.#attached.length >= atMost && this.#attached[0]! > since,
      shortRetry: this.#deps.shortRetry,
    }
  }

  /** The upstream goes, and the client is held. `lost`: without a Close, or it stopped answering. */
  departed(spoke: boolean, lost: boolean): void {
    if (spoke) this.#losses = 0
    if (lost) this.#losses++
    this.ask()
  }

  /** From now on the connection waits for the word of the next upstream, if only that can let it go on. */
  ask(): void {
    if (this.#asking || this.#ownProof !== undefined) return
    this.#asking = true
    this.#deps.onAsking(1)
  }

  /** Whether nothing speaks for holding the client longer than for a moment. */
  get idle(): boolean {
    return this.#asking && !this.#answers && !this.#deps.mayWaitOn()
  }

  /** Whether the next upstream, or what is known here, restores the session for certain. */
  get isSure(): boolean {
    return this.#answers || this.#ownProof !== undefined
  }

  /** The next upstream is there. The result says who restored the session; undefined: nobody. */
  judge(restored: boolean | undefined): RestoredBy | undefined {
    if (this.#asking || restored) this.#deps.onAnswer(restored ?? false)
    this.#answers = restored !== undefined
    const by = restored ? 'upstream' : this.#ownProof
    if (by) this.#attached = [...this.#attached.slice(1 - atMost), this.#clock.now()]
    return by
  }

  /** Nothing is asked any more: the client goes on, or has been let go. */
  asked(): void {
    if (this.#asking) this.#deps.onAsking(-1)
    this.#asking = false
  }

  /** Who can restore the session without the upstream's word. */
  get #ownProof(): RestoredBy | undefined {
    const replay = this.#replay()
    if (replay && (replay.restores?.() ?? true)) return 'replay'
    return this.#state === 'none' ? 'stateless' : undefined
  }

  pack(): PackedProof {
    const now = this.#clock.now()
    return {
      losses: this.#losses,
      answers: this.#answers,
      attached: this.#attached.map((at) => now - at),
    }
  }

  unpack({ losses, answers = false, attached }: PackedProof): void {
    const now = this.#clock.now()
    this.#losses = losses
    this.#answers = answers
    this.#attached = attached.slice(-atMost).map((ago) => now - ago)
  }
}
