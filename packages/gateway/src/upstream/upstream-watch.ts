// The one place where all that is known of an upstream's stop comes together: its connections, the handshakes of newcomers,
// and those that a client waits for to know whether its Close was a kick. Next: stopping.ts, newcomer.ts.
import type { Clock } from '../core/index.ts'
import { AnswerCheck, type Member } from './answer-check.ts'
import type { DialTarget } from './dial.ts'
import { askAsStranger, type Met, type Stranger } from './newcomer.ts'
import { isProven, nextStopping, type StopEvent, type StopProof, type Stopping, serving } from './stopping.ts'
import { wait } from './wait.ts'

export interface UpstreamWatchDeps {
  /** Asked each time: a reload may have changed it. */
  target: () => DialTarget
  clock: Clock
  /** Milliseconds that it has to answer a Ping; undefined: none is sent. Asked each time. */
  timeoutMs: () => number | undefined
  /** Called when it was found to be stopping, with the proof, and when it takes newcomers again. */
  onChange: (stops: StopProof | undefined) => void
  /** Called when something was not answered, and its connections are asked; other workers may have more. */
  onUnanswered: () => void
  ask?: typeof askAsStranger
}

/** Milliseconds that a client waits for the proof that its upstream stops; then its Close counts as a kick. */
export const proofWithinMs = 1000
/** Milliseconds from one question that proved nothing to the next. */
const askEveryMs = 200

/** A connection's place among those of its upstream. */
export interface Visit {
  /** The upstream has ended it. */
  endedByUpstream(): void
  /** The gateway has given the upstream up, which did not answer. */
  gaveUp(): void
  /** It has ended in another way, or is over after all; without effect after the first call of any of these. */
  over(): void
}

export class UpstreamWatch {
  readonly #deps: Required<UpstreamWatchDeps>
  #state: Stopping = serving
  /** Those that wait for a proof. */
  readonly #waiting = new Set<() => void>()
  #asking: AbortController | undefined
  readonly #answers: AnswerCheck

  constructor(deps: UpstreamWatchDeps) {
    this.#deps = { ask: askAsStranger, ...deps }
    const { clock, timeoutMs, onUnanswered: onProof } = deps
    const onSilent = () => this.#step({ type: 'silent' })
    this.#answers = new AnswerCheck({ clock, timeoutMs, onProof, onSilent })
  }

  /** What it was found by, as long as it takes no newcomers again. */
  get stopsBy(): StopProof | undefined {
    return this.#state.name === 'stopping' ? this.#state.by : undefined
  }

  /** A connection through it stands. */
  opened(member: Member): Visit {
    this.#step({ type: 'opened' })
    this.#answers.add(member)
    let open = true
    const end = (by: 'upstream' | 'other') => {
      if (!open) return
      open = false
      this.#answers.remove(member)
      this.#step({ type: 'ended', by })
    }
    return {
      endedByUpstream: () => end('upstream'),
      gaveUp: () => {
        if (open) this.#answers.gaveUp(member)
        end('other')
      },
      over: () => end('other'),
    }
  }

  /**
   * A Ping on one of its connections, a handshake or a health check was not answered in time: the others are asked.
   * `elsewhere`: in another worker.
   */
  unanswered(elsewhere = false): void {
    this.#answers.unanswered(elsewhere)
  }

  /** What a client's handshake has met. */
  newcomer(met: Met | undefined): void {
    // Some servers refuse newcomers for a while before they end their connections, or throw away what comes on them.
    if (met === 'silent' || met === 'refuses') this.unanswered()
    if (met !== undefined && met !== 'silent' && met !== 'answers') this.#step({ type: 'newcomer', met })
  }

  /**
   * Whether it stops, as it has just closed a connection with a code that may say so. False after `proofWithinMs` without a
   * proof, or when the signal fires.
   */
  stops(stranger: Stranger, signal: AbortSignal): Promise<boolean> {
    const { clock } = this.#deps
    if (isProven(this.#state, clock.now())) return Promise.resolve(true)
    return new Promise((resolve) => {
      const finish = (stops: boolean) => {
        clock.clearTimeout(timer)
        signal.removeEventListener('abort', giveUp)
        this.#waiting.delete(onProof)
        if (this.#waiting.size === 0) this.#stopAsking()
        resolve(stops)
      }
      const onProof = () => finish(true)
      const giveUp = () => finish(false)
      const timer = clock.setTimeout(giveUp, proofWithinMs)
      if (signal.aborted) return giveUp()
      signal.addEventListener('abort', giveUp)
      this.#waiting.add(onProof)
      void this.#ask(stranger)
    })
  }

  /** One stranger at a time asks for all who wait, until none is left. */
  async #ask(stranger: Stranger): Promise<void> {
    if (this.#asking) return
    const { target, clock, ask } = this.#deps
    const asking = new AbortController()
    this.#asking = asking
    const { signal } = asking
    while (!signal.aborted) {
      const met = await ask(target(), stranger, proofWithinMs, signal, clock)
      // A server may take longer for an answer than a client should wait for its Close.
      if (!signal.aborted && met !== 'silent') this.newcomer(met)
      if (!signal.aborted) await wait(askEveryMs, signal, clock)
    }
  }

  #stopAsking(): void {
    this.#asking?.abort()
    this.#asking = undefined
  }

  #step(event: StopEvent): void {
    const before = this.stopsBy
    const now = this.#deps.clock.now()
    this.#state = nextStopping(this.#state, event, now)
    if (isProven(this.#state, now)) for (const onProof of [...this.#waiting]) onProof()
    if ((before === undefined) !== (this.stopsBy === undefined)) this.#deps.onChange(this.stopsBy)
  }
}
