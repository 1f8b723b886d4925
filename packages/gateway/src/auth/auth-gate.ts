// In: a request on a route with `auth`. Out: whether it may come in, with what the service says of it. Next: ask-service.ts.
import type { AuthOptions, Clock, MonotonicMs } from '../core/index.ts'
import { ThrottledLine } from '../core/index.ts'
import type { HeaderList } from '../http/index.ts'
import { type AuthAnswer, type AuthFailure, type AuthRefusal, askService } from './ask-service.ts'
import { type Authorisable, questionFields, questionKey } from './auth-request.ts'

export type AuthVerdict =
  /** `names`: fields that only the service may set. `expiresInMs`: when it is to be asked again. */
  | { kind: 'allowed'; names: readonly string[]; headers: HeaderList; expiresInMs?: number }
  | { kind: 'refused'; refusal: AuthRefusal }
  /** `mayStay`: a client that is in stays meanwhile, however long. */
  | { kind: 'failed'; failure: AuthFailure; mayStay?: true }
  | { kind: 'aborted' }

/** Answers that are kept at most. */
const mostKept = 10_000
/** Milliseconds after which one who was let in while the service was away is asked about. */
const allowedForMs = 30_000

type Result = 'allowed' | 'cached' | 'refused' | 'failed'

export interface AuthGateDeps {
  options: () => AuthOptions | undefined
  clock: Clock
  /** The service has not answered; now and then, with how many it was. */
  onFailure: (failure: AuthFailure, times: number) => void
}

/** 429 is a word about this client. */
function isOutage(answer: AuthAnswer): answer is Extract<AuthAnswer, { kind: 'failed' }> {
  return answer.kind === 'failed' && !(answer.failure.kind === 'busy' && answer.failure.status === 429)
}

/** One route's question to its service: answers that are kept, and how many there were of each. */
export class AuthGate {
  readonly counts: Partial<Record<Result, number>> = {}
  readonly #deps: AuthGateDeps
  readonly #kept = new Map<string, { until: MonotonicMs; headers: HeaderList; expiresAt?: MonotonicMs }>()
  readonly #failures: ThrottledLine

  constructor(deps: AuthGateDeps) {
    this.#deps = deps
    this.#failures = new ThrottledLine((times, failure) => deps.onFailure(failure as AuthFailure, times))
  }

  get isOn(): boolean {
    return this.#deps.options() !== undefined
  }

  /** Another configuration: what was kept may be an answer to another question. */
  forget(): void {
    this.#kept.clear()
  }

  /** Whether a client may come in. `mustKnow`: not without an answer, whatever `onError` says. */
  async admit(request: Authorisable, signal: AbortSignal, mustKnow = false): Promise<AuthVerdict> {
    const options = this.#deps.options()
    if (!options) return { kind: 'allowed', names: [], headers: [] }
    const { headers: names } = options
    const answer = await this.#answer(options, request, signal, true)
    if (answer.kind === 'allowed') return { ...answer, names }
    if (!isOutage(answer) || options.onError === 'deny' || mustKnow) return answer
    return { kind: 'allowed', names, headers: [], expiresInMs: allowedForMs }
  }

  /** Whether a client that is in may stay; undefined: nobody asks any more. */
  async renew(request: Authorisable, signal: AbortSignal): Promise<AuthVerdict | undefined> {
    const options = this.#deps.options()
    if (!options) return undefined
    const answer = await this.#answer(options, request, signal, false)
    if (answer.kind === 'allowed') return { ...answer, names: options.headers }
    return isOutage(answer) && options.onError === 'allow' ? { ...answer, mayStay: true } : answer
  }

  async #answer(
    options: AuthOptions,
    request: Authorisable,
    signal: AbortSignal,
    mayBeKept: boolean,
  ): Promise<AuthAnswer> {
    const { clock } = this.#deps
    const fields = questionFields(request)
    const key = options.cache === undefined ? undefined : questionKey(fields)
    const kept = key !== undefined && mayBeKept ? this.#kept.get(key) : undefined
    const now = clock.now()
    if (kept && kept.until > now) {
      this.#count('cached')
      const { headers, expiresAt } = kept
      return { kind: 'allowed', headers, ...(expiresAt !== undefined && { expiresInMs: expiresAt - now }) }
    }
    const answer = await askService(options, fields, signal, clock)
    if (answer.kind !== 'aborted') this.#count(answer.kind)
    if (answer.kind === 'failed') this.#failures.happened(answer.failure)
    if (key !== undefined) this.#keep(key, answer, options.cache!)
    return answer
  }

  #keep(key: string, answer: AuthAnswer, forMs: number): void {
    this.#kept.delete(key)
    if (answer.kind !== 'allowed') return
    const now = this.#deps.clock.now()
    const { headers, expiresInMs } = answer
    if (this.#kept.size >= mostKept) this.#kept.delete(this.#kept.keys().next().value!)
    const until = now + Math.min(forMs, expiresInMs ?? forMs)
    this.#kept.set(key, {
      until,
      headers,
      ...(expiresInMs !== undefined && { expiresAt: now + expiresInMs }),
    })
  }

  #count(result: Result): void {
    this.counts[result] = (this.counts[result] ?? 0) + 1
  }
}
