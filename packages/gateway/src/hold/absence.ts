// The time in which a connection has no upstream: the search for the next one, whether the client may go on with what is found,
// and how long it waits for that. Next: next-upstream.ts, proof.ts.
import assert from 'node:assert/strict'
import type { Duplex } from 'node:stream'
import { code } from '@holdfast/close-codes'
import type { Clock, RestoredBy } from '../core/index.ts'
import type { Wire } from '../wire/index.ts'
import type { HoldDeps, HoldHost, PackedHold } from './hold-host.ts'
import { NextUpstream, type Redialled } from './next-upstream.ts'
import { type Objections, Proof } from './proof.ts'
import type { Replay } from './replay/index.ts'

/**
 * Milliseconds in which the next upstream has to say that it restores sessions, where none ever has: so much later than
 * without a gateway a client is back that has to come by itself.
 */
const firstMomentMs = 250

/** The next upstream, and who has restored the client's session. */
interface Next {
  stream: Duplex | Wire
  by: RestoredBy
}

export class Absence {
  readonly #pipe: HoldHost
  readonly #deps: HoldDeps
  readonly #clock: Clock
  readonly #search: NextUpstream
  readonly #proof: Proof
  #momentTimer: unknown
  /** As long as nobody has taken it. */
  #next: Next | undefined
  #refusal: 'refused' | 'too-late' | 'not-restored' | undefined
  /** To be called when the session is restored, or the connection has ended. */
  #isBack: (() => void) | undefined

  constructor(pipe: HoldHost, deps: HoldDeps, clock: Clock, replay: () => Replay | undefined) {
    this.#pipe = pipe
    this.#deps = deps
    this.#clock = clock
    this.#search = new NextUpstream({
      for: deps.options.for,
      clock,
      redial: deps.redial,
      onFound: (found) => this.#found(found),
      fault: (error) => pipe.fault(error),
    })
    this.#proof = new Proof(deps.options.state, replay, deps, clock)
  }

  /** What speaks against one that would begin now. */
  get objections(): Objections {
    return this.#proof.objections(this.#upstreamSpoke)
  }

  /** Whether the next upstream, or what is known here, restores the session for certain. */
  get isSure(): boolean {
    return this.#proof.isSure
  }

  /** Milliseconds since the hold began. */
  get heldForMs(): number {
    return this.#search.heldForMs
  }

  get #upstreamSpoke(): boolean {
    return this.#pipe.upstream.reader.messages > 0
  }

  /** The upstream is about to go: from now on the word of the next one counts. */
  announced(): void {
    this.#proof.ask()
  }

  /** The upstream is gone, with this code, and the next one is looked for. */
  begin(departed: number): void {
    this.#search.lost(departed, this.#upstreamSpoke)
    this.#proof.departed(this.#upstreamSpoke, departed === code.abnormalClosure)
    this.#deps.onHeld(departed)
    this.away()
    this.#search.begin()
    this.#waitForMoment()
  }

  /** Goes on in another process, with the time that is left. */
  goOn(): void {
    this.#deps.onCarried(1)
    this.away()
    this.#proof.ask()
    this.#search.begin()
    this.#waitForMoment()
  }

  /** Begins the search anew: what it is to find has changed. */
  searchAnew(): void {
    if (!this.#search.underWay) return
    this.#search.callOff()
    this.#search.begin()
  }

  /** A client of which nobody knows anything is held for long only if it is the one that asks. */
  #waitForMoment(): void {
    const over = () => {
      if (this.#search.underWay && this.#proof.idle) this.#notRestored()
    }
    this.#momentTimer = this.#clock.setTimeout(over, firstMomentMs)
  }

  #found(found: Redialled): void {
    if (!found.ok) {
      this.#refusal = found.result
      return this.notBack()
    }
    const by = this.#proof.judge(found.restored)
    if (by) {
      this.#next = { stream: found.stream, by }
      return this.#pipe.step({ type: 'attached' })
    }
    this.#pipe.dismiss(found.stream)
    this.#notRestored()
  }

  /** The connection goes on with the upstream that was found. */
  takeNext(): Next {
    const next = this.#next
    assert(next, 'a hold goes on without an upstream that was found')
    this.#next = undefined
    this.#search.attached()
    this.#nothingAsked()
    this.#deps.onReattached(next.by)
    this.#deps.onHoldEnded('attached', this.heldForMs)
    return next
  }

  #nothingAsked(): void {
    this.#clock.clearTimeout(this.#momentTimer)
    this.#proof.asked()
  }

  /** Nobody is there to go on with. */
  notBack(): void {
    const cause = { what: 'upstream-not-back', retry: this.#pipe.retry() } as const
    this.#pipe.step({ type: 'happened', cause })
  }

  #notRestored(): void {
    this.#refusal = 'not-restored'
    const cause = { what: 'session-not-restored', retry: this.#deps.shortRetry() } as const
    this.#pipe.step({ type: 'happened', cause })
  }

  /** The replay module has met what it does not know while it set the session up again. */
  giveUp(): void {
    this.#deps.onLetGo('not-restored', this.#search.departed)
    this.#notRestored()
  }

  /** The client is without a restored session. */
  away(): void {
    this.#isBack ??= this.#deps.onAway()
  }

  /** It has one again, or needs none any more. */
  back(): void {
    this.#isBack?.()
    this.#isBack = undefined
  }

  /** The connection ends: the search does, too. */
  end(clientLeft: boolean): void {
    this.back()
    this.#nothingAsked()
    if (!this.#search.underWay) return
    this.#search.callOff()
    this.#deps.onHoldEnded(this.#refusal ?? (clientLeft ? 'abandoned' : 'ended'), this.heldForMs)
  }

  /** The connection goes to another process, and with it the search, if one is under way. */
  leave(): void {
    if (this.#search.underWay) this.#deps.onCarried(-1)
    this.#search.callOff()
    this.back()
    this.#nothingAsked()
  }

  pack(): Pick<PackedHold, 'heldFor' | 'departed' | 'proof'> {
    return { ...this.#search.pack(), proof: this.#proof.pack() }
  }

  unpack(packed: Pick<PackedHold, 'heldFor' | 'departed' | 'proof'>): void {
    this.#search.unpack(packed)
    this.#proof.unpack(packed.proof)
  }
}
