// What the new supervisor is asked once it is in charge, and what it has not answered yet.
import type { Clock } from '../core/index.ts'
import type { OperationAnswer, ToSuccessor } from './succession.ts'

export class SuccessorQuestions {
  readonly #send: (message: ToSuccessor) => void
  readonly #clock: Clock
  readonly #asked = new Map<number, (answer: OperationAnswer | undefined) => void>()
  #lastRequest = 0

  constructor(send: (message: ToSuccessor) => void, clock: Clock) {
    this.#send = send
    this.#clock = clock
  }

  /** Resolves to undefined when it does not answer in time, or has ended. */
  ask(what: 'reload' | 'drain', withinMs?: number): Promise<OperationAnswer | undefined> {
    const request = ++this.#lastRequest
    return new Promise((resolve) => {
      const timer = withinMs && this.#clock.setTimeout(() => this.#asked.get(request)?.(undefined), withinMs)
      this.#asked.set(request, (answer) => {
        this.#clock.clearTimeout(timer)
        this.#asked.delete(request)
        resolve(answer)
      })
      this.#send({ type: what, request })
    })
  }

  answered(request: number, answer: OperationAnswer): void {
    this.#asked.get(request)?.(answer)
  }

  /** It has ended: nobody answers any more. */
  end(): void {
    for (const answered of [...this.#asked.values()]) answered(undefined)
  }
}
