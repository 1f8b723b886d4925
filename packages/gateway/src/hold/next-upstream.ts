// The search of one held connection for its next upstream: when it is tried, for how long, and what comes of it. Who is dialled is
// upstream-search.ts's part.
import assert from 'node:assert/strict'
import type { Duplex } from 'node:stream'
import type { Clock, MonotonicMs } from '../core/index.ts'
import type { Wire } from '../wire/index.ts'

export type Redialled =
  /** `restored`: whether the upstream says that it has restored the client's session; undefined: it says nothing. */
  | { ok: true; stream: Duplex | Wire; restored?: boolean | undefined }
  | { ok: false; result: 'refused' | 'too-late' }

export interface NextUpstreamDeps {
  /** Milliseconds for all of it. */
  for: number
  clock: Clock
  /** Finds the next upstream within so many milliseconds; `departed` is the code that the last one went with. */
  redial: (departed: number, within: number, signal: AbortSignal) => Promise<Redialled>
  onFound: (found: Redialled) => void
  fault: (error: unknown) => void
}

/** An upstream that lets go of its client within so many milliseconds is no better than none. */
const staysMs = 1000
/** Milliseconds before the attempt after such a one; twice as long each time after one that said nothing at all. */
const firstPauseMs = 50
const longestPauseMs = 1000

export class NextUpstream {
  readonly #deps: NextUpstreamDeps
  /** Since when the client has had no upstream, or none that stayed. */
  #heldAt: MonotonicMs = 0
  #attachedAt: MonotonicMs = Number.NEGATIVE_INFINITY
  /** Milliseconds to wait before the next attempt. */
  #pauseMs = 0
  /** The code with which the last upstream went. */
  #departed = 0
  #search: AbortController | undefined

  constructor(deps: NextUpstreamDeps) {
    this.#deps = deps
  }

  get underWay(): boolean {
    return this.#search !== undefined
  }

  get departed(): number {
    return this.#departed
  }

  /** Milliseconds since the client has been without an upstream. */
  get heldForMs(): number {
    return this.#deps.clock.now() - this.#heldAt
  }

  /** The upstream has gone with this code; `spoke`: it had sent a message. */
  lost(departed: number, spoke: boolean): void {
    const now = this.#deps.clock.now()
    this.#departed = departed
    // Whether the hold begins now or goes on, and when the next attempt is.
    if (now - this.#attachedAt >= staysMs) {
      this.#heldAt = now
      this.#pauseMs = 0
    } else {
      this.#pauseMs = spoke ? firstPauseMs : Math.min(longestPauseMs, this.#pauseMs * 2 || firstPauseMs)
    }
  }

  /** Looks for another one, with the time that is left. */
  begin(): void {
    assert(!this.#search, 'the next upstream is looked for twice at a time')
    const { clock, redial, fault } = this.#deps
    const search = new AbortController()
    this.#search = search
    const { signal } = search
    const left = () => Math.max(0, this.#deps.for - this.heldForMs)
    const dial = () => {
      redial(this.#departed, left(), signal)
        .then((found) => this.#found(found, signal))
        .catch(fault)
    }
    if (this.#pauseMs === 0) return dial()
    const inTime = this.#pauseMs < left()
    const then = () => (inTime ? dial() : this.#found({ ok: false, result: 'too-late' }, signal))
    const timer = clock.setTimeout(then, Math.min(this.#pauseMs, left()))
    signal.addEventListener('abort', () => clock.clearTimeout(timer))
  }

  #found(found: Redialled, signal: AbortSignal): void {
    if (!signal.aborted) this.#deps.onFound(found)
    else if (found.ok) found.stream.destroy()
  }

  /** What was found is the connection's upstream now. */
  attached(): void {
    assert(this.#search, 'an upstream is there that nobody looks for')
    this.#search = undefined
    this.#attachedAt = this.#deps.clock.now()
  }

  /** Ends the search, if one is under way. */
  callOff(): void {
    this.#search?.abort()
    this.#search = undefined
  }

  pack(): { heldFor: number; departed: number } {
    return { heldFor: this.heldForMs, departed: this.#departed }
  }

  unpack({ heldFor, departed }: { heldFor: number; departed: number }): void {
    this.#heldAt = this.#deps.clock.now() - heldFor
    this.#departed = departed
  }
}
