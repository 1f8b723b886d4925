// The worker's end of the limits that count over all workers: it asks the supervisor, which keeps the one ledger.
import type { Clock } from './clock.ts'
import type { Admission } from './limits.ts'
import type { LimitOptions } from './options.ts'
import type { AdmissionAnswer, FromWorker } from './worker-messages.ts'

/** Milliseconds that an answer may take. */
const patience = 2000

/** What a client is told when the supervisor did not answer in time. */
const unanswered: Admission = { ok: false, limit: 'handshakesPerSecond', retry: 1000 }

/** Asks for admissions in the name of one worker. Routes without such limits are not asked about. */
export class RemoteLedger {
  readonly #post: (message: FromWorker) => void
  readonly #clock: Clock
  readonly #waiting = new Map<number, (answer: AdmissionAnswer) => void>()
  #requests = 0

  constructor(post: (message: FromWorker) => void, clock: Clock) {
    this.#post = post
    this.#clock = clock
  }

  admit(route: string, limits: LimitOptions, address: string): Admission | Promise<Admission> {
    const { connections, perAddress, handshakesPerSecond } = limits
    if (connections === undefined && perAddress === undefined && handshakesPerSecond === undefined) {
      return { ok: true, release() {} }
    }
    const request = ++this.#requests
    this.#post({ type: 'admit', request, route, limits, address })
    return new Promise((resolve) => {
      const timer = this.#clock.setTimeout(() => {
        // An admission that comes after all must not stay counted.
        this.#waiting.set(request, (answer) => answer.ok && this.#release(answer.admission))
        resolve(unanswered)
      }, patience)
      this.#waiting.set(request, (answer) => {
        this.#clock.clearTimeout(timer)
        resolve(this.#admission(answer))
      })
    })
  }

  /** Takes over an admission that came with a connection from another worker. The result gives it back, once. */
  readmit(admission: number | undefined): () => void {
    if (admission === undefined) return () => {}
    let released = false
    return () => {
      if (!released) this.#release(admission)
      released = true
    }
  }

  /** Takes the supervisor's answer to an earlier request. */
  answer(request: number, answer: AdmissionAnswer): void {
    this.#waiting.get(request)?.(answer)
    this.#waiting.delete(request)
  }

  #admission(answer: AdmissionAnswer): Admission {
    if (!answer.ok) return answer
    return { ok: true, id: answer.admission, release: this.readmit(answer.admission) }
  }

  #release(admission: number): void {
    this.#post({ type: 'release', admission })
  }
}
