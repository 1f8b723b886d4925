// In: a connection that its service lets in until a certain time. Out, then: whether it may stay. A refusal ends it; a service
// that is away gives it time.
import type { Clock, MonotonicMs } from '../core/index.ts'
import type { AuthVerdict } from './auth-gate.ts'
import type { Authorisable } from './auth-request.ts'

/** Milliseconds between two questions while the service does not answer: at first, and at most. */
const again = { firstMs: 1000, mostMs: 30_000 }
/** Milliseconds for which a connection may go on while nobody says whether it may. */
export const graceMs = 5 * 60_000

export interface RenewalDeps<R extends Authorisable> {
  /** The first handshake, as the client made it. */
  request: R
  expiresInMs: number
  /** For how long nobody has answered, of a connection that comes from another process. */
  failingForMs?: number
  ask: (request: R, signal: AbortSignal) => Promise<AuthVerdict | undefined>
  clock: Clock
  random: () => number
  onRenewed: (verdict: Extract<AuthVerdict, { kind: 'allowed' }>) => void
  onRefused: () => void
  /** The time of grace is over. */
  onUnknown: () => void
}

/** What goes to another process. */
export interface PackedRenewal<R extends Authorisable> {
  request: R
  expiresInMs: number
  failingForMs?: number
}

export class Renewal<R extends Authorisable> {
  readonly #deps: RenewalDeps<R>
  readonly #left = new AbortController()
  #expiresAt: MonotonicMs
  #failingSince: MonotonicMs | undefined
  #failures = 0
  #timer: unknown

  constructor(deps: RenewalDeps<R>) {
    this.#deps = deps
    const { clock, failingForMs, expiresInMs } = deps
    const now = clock.now()
    this.#expiresAt = now + expiresInMs
    if (failingForMs !== undefined) this.#failingSince = now - failingForMs
    this.#askIn(expiresInMs)
  }

  /** Nobody is asked any more. */
  stop(): void {
    this.#deps.clock.clearTimeout(this.#timer)
    this.#left.abort()
  }

  /** What another process needs to go on; a question that is under way is put again there. */
  pack(): PackedRenewal<R> | undefined {
    if (this.#left.signal.aborted) return undefined
    const { clock, request } = this.#deps
    const now = clock.now()
    const failing = this.#failingSince
    return {
      request,
      expiresInMs: Math.max(0, Math.round(this.#expiresAt - now)),
      ...(failing !== undefined && { failingForMs: Math.round(now - failing) }),
    }
  }

  #askIn(ms: number): void {
    this.#timer = this.#deps.clock.setTimeout(() => void this.#ask(), ms)
  }

  async #ask(): Promise<void> {
    const { request, ask, clock, random, onRenewed, onRefused, onUnknown } = this.#deps
    const verdict = await ask(request, this.#left.signal).catch(
      (): AuthVerdict => ({
        kind: 'failed',
        failure: { kind: 'bad-answer', words: 'answer not understood' },
      }),
    )
    if (this.#left.signal.aborted) return
    switch (verdict?.kind) {
      case 'allowed':
        this.#failures = 0
        this.#failingSince = undefined
        onRenewed(verdict)
        if (verdict.expiresInMs === undefined) return this.stop()
        this.#expiresAt = clock.now() + verdict.expiresInMs
        return this.#askIn(verdict.expiresInMs)
      case 'refused':
        this.stop()
        return onRefused()
      case 'failed': {
        const now = clock.now()
        this.#failingSince ??= now
        // With `onError: allow` an outage keeps nobody out, and so it sends nobody away.
        const left = verdict.mayStay ? Number.POSITIVE_INFINITY : graceMs - (now - this.#failingSince)
        if (left <= 0) {
          this.stop()
          return onUnknown()
        }
        const wait = Math.min(again.mostMs, again.firstMs * 2 ** this.#failures++)
        // All connections of one token ask at one time: they come apart here.
        return this.#askIn(Math.min(left, wait * (0.5 + random() / 2)))
      }
      default:
        return this.stop()
    }
  }
}
