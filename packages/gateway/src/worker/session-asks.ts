// What a worker asks about sessions of its fleet. Its supervisor answers out of the store, or nobody does in time.
import type { Clock } from '../core/index.ts'
import type { FromWorker, SessionAnswer, SessionAsk } from './worker-messages.ts'

/** Milliseconds that an answer may take: the store has 250 for each of two calls. */
const answerWithinMs = 600

type What = SessionAsk['what']
export type AnswerTo<W extends What> = Extract<SessionAnswer, { what: W }>
export type Away = Extract<SessionAnswer, { what: 'away' }>

export interface SessionAsksDeps {
  post: (message: FromWorker) => void
  clock: Clock
}

export class SessionAsks {
  readonly #deps: SessionAsksDeps
  readonly #waiting = new Map<number, (answer: SessionAnswer) => void>()
  #count = 0
  #isAway = false

  constructor(deps: SessionAsksDeps) {
    this.#deps = deps
  }

  /** The last question had no answer: nobody waits for the store. */
  get isAway(): boolean {
    return this.#isAway
  }

  /** The store is there, as the supervisor says. */
  isBack(): void {
    this.#isAway = false
  }

  ask<W extends What>(about: Extract<SessionAsk, { what: W }>): Promise<AnswerTo<W> | Away> {
    const { clock, post } = this.#deps
    const ask = ++this.#count
    return new Promise((resolve) => {
      const settle = (answer: SessionAnswer) => {
        clock.clearTimeout(timer)
        this.#waiting.delete(ask)
        this.#isAway = answer.what === 'away'
        resolve(answer as AnswerTo<W>)
      }
      const timer = clock.setTimeout(() => settle({ what: 'away' }), answerWithinMs)
      this.#waiting.set(ask, settle)
      post({ type: 'session-ask', ask, about })
    })
  }

  /** What the supervisor says to the question with this number. */
  answer(ask: number, answer: SessionAnswer): void {
    this.#waiting.get(ask)?.(answer)
  }
}
