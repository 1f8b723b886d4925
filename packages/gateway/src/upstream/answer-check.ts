// Asks all connections of one upstream whether they are still answered: a Ping each, spread in time, one deadline for all.
// Next: asking.ts.
import type { Clock, MonotonicMs } from '../core/index.ts'
import { type Asking, type AskingEvent, idle, nextAsking } from './asking.ts'

/** A connection, as far as it is asked. */
export interface Member {
  /** Pings the upstream, which has to answer by then. */
  ask(answerBy: MonotonicMs): void
  /** It is this late, and its time over: gives the upstream up if it has not answered. */
  check(now: MonotonicMs): void
}

export interface AnswerCheckDeps {
  clock: Clock
  /** Milliseconds that an upstream has to answer a Ping; undefined: none is sent on this route. Asked each time. */
  timeoutMs: () => number | undefined
  /** Called when they are asked because of a proof of this worker's own: other workers may have more of them. */
  onProof: () => void
  /** Called when more than half of them have not answered. */
  onSilent: () => void
}

/** Pings are spread over this part of the time for the answer, and over a second at the most. */
const spreadPart = 10
const spreadAtMostMs = 1000
/** Milliseconds between two groups of Pings. */
const groupEveryMs = 10

export class AnswerCheck {
  readonly #deps: AnswerCheckDeps
  readonly #members = new Set<Member>()
  #state: Asking = idle
  #timer: unknown

  constructor(deps: AnswerCheckDeps) {
    this.#deps = deps
  }

  add(member: Member): void {
    this.#members.add(member)
  }

  remove(member: Member): void {
    this.#members.delete(member)
    if (this.#members.size === 0) this.#finish()
  }

  /**
   * The first proof on one connection, or on a new one, is used for all: those that answer in time stay. `elsewhere`: it is of
   * another worker.
   */
  unanswered(elsewhere = false): void {
    const timeout = this.#deps.timeoutMs()
    if (timeout === undefined) return
    const open = this.#members.size
    if (this.#step({ type: 'unanswered', open, timeout }) !== 'ask') return
    if (open > 0) this.#askAll(timeout)
    if (!elsewhere) this.#deps.onProof()
  }

  /** This one was given up because its upstream did not answer. */
  gaveUp(member: Member): void {
    this.#members.delete(member)
    this.#step({ type: 'silent' })
    this.unanswered()
    if (this.#members.size === 0) this.#finish()
  }

  #askAll(timeout: number): void {
    const { clock } = this.#deps
    const all = [...this.#members]
    const begun = clock.now()
    const answerBy = begun + timeout
    const spread = Math.min(spreadAtMostMs, timeout / spreadPart)
    let next = 0
    const askDue = () => {
      const passed = clock.now() - begun
      const due = Math.ceil(all.length * Math.min(1, (passed + groupEveryMs) / spread))
      for (; next < due; next++) if (this.#members.has(all[next]!)) all[next]!.ask(answerBy)
      const over = next === all.length
      this.#timer = clock.setTimeout(
        over ? check : askDue,
        over ? Math.max(0, answerBy - clock.now()) : groupEveryMs,
      )
    }
    const check = () => {
      // A timer may be a part of a millisecond early.
      const now = Math.max(answerBy, clock.now())
      for (const member of all) if (this.#members.has(member)) member.check(now)
      this.#finish()
    }
    askDue()
  }

  /** Also when nobody is left to be asked. */
  #finish(): void {
    this.#deps.clock.clearTimeout(this.#timer)
    this.#timer = undefined
    if (this.#step({ type: 'over' }) === 'silent') this.#deps.onSilent()
  }

  #step(event: AskingEvent): 'ask' | 'silent' | 'nothing' {
    const [state, action] = nextAsking(this.#state, event, this.#deps.clock.now())
    this.#state = state
    return action
  }
}
