// Does to the two sides, and to the hold, what `next` in connection.ts returns; its timers come back as events. Next: side.ts,
// close-handshake.ts.
import type { Clock } from '../core/index.ts'
import type { Hold } from '../hold/index.ts'
import { closeFrame } from '../wire/index.ts'
import { awaitTcpEnd, endTcp } from './close-handshake.ts'
import type { ConnectionAction } from './connection-state.ts'
import type { Side } from './side.ts'

/** Milliseconds for the upstream's answers to a client that then broke a rule. */
const answersWithinMs = 1000

/** The connection whose actions these are. */
export interface ActionsHost {
  readonly client: Side
  readonly upstream: Side
  /** From now on `upstream` is a side that has no wire yet. */
  replaceUpstream(): void
  step(event: { type: 'too-late' }): void
}

export class ConnectionActions {
  readonly #pipe: ActionsHost
  readonly #hold: Hold | undefined
  readonly #clock: Clock
  #timer: unknown
  /** Milliseconds for the closing handshake that is under way, or to come. */
  closeTimeoutMs: number

  constructor(pipe: ActionsHost, hold: Hold | undefined, clock: Clock, closeTimeoutMs: number) {
    this.#pipe = pipe
    this.#hold = hold
    this.#clock = clock
    this.closeTimeoutMs = closeTimeoutMs
  }

  do(action: ConnectionAction): void {
    switch (action.do) {
      case 'forward-close':
        this.#pipe[action.to].ownFrames.sayClose(action.frame)
        return
      case 'send-close':
        this.#pipe[action.to].ownFrames.sayClose(
          closeFrame(action.code, action.reason, action.to === 'upstream'),
        )
        return
      case 'end':
        this.#pipe[action.side].end(endTcp)
        return
      case 'await-end':
        this.#pipe[action.side].end(awaitTcpEnd)
        return
      case 'destroy':
        this.#pipe[action.side].destroy()
        return
      case 'wait':
        return this.#wait(this.closeTimeoutMs)
      case 'ask-last':
        this.#pipe.upstream.ownFrames.askLast()
        return this.#wait(Math.min(answersWithinMs, this.closeTimeoutMs))
      case 'wait-departure':
        return this.#wait(this.#hold!.options.for)
      case 'quieten':
        return this.#hold!.quieten()
      case 'answer-drain':
        return this.#hold!.answerDrain()
      case 'release':
        return this.#hold!.release()
      case 'judge':
        return this.#judge(action.code)
      case 'hold':
        return this.#holdClient(action)
      case 'let-go':
        return this.#hold!.letGo(action.why, action.departed)
      case 'resume':
        return this.#hold!.resume()
    }
  }

  #wait(ms: number): void {
    this.#stopTimer()
    this.#timer = this.#clock.setTimeout(() => this.#pipe.step({ type: 'too-late' }), ms)
  }

  #stopTimer(): void {
    this.#clock.clearTimeout(this.#timer)
  }

  /** Lets go of the upstream, which may be waiting for its answer before it stops; the client hears nothing yet. */
  #judge(said: number | undefined): void {
    this.#stopTimer()
    const gone = this.#pipe.upstream
    const answer = gone.ownFrames.mayBeTold ? closeFrame(said, '', true) : undefined
    this.#hold!.judge()
    gone.detach(answer, answer ? awaitTcpEnd : endTcp)
    this.#pipe.client.unblock()
  }

  /** Lets the upstream go; the client stays. */
  #holdClient({ code: departed, echo }: Extract<ConnectionAction, { do: 'hold' }>): void {
    this.#stopTimer()
    const gone = this.#pipe.upstream
    // RFC 6455 5.5.1: a Close is answered with a Close; inside a frame of the client's there is no place for one.
    const answer = echo && gone.ownFrames.mayBeTold ? closeFrame(departed, '', true) : undefined
    this.#hold!.begin(departed)
    this.#pipe.replaceUpstream()
    const afterClose = echo && !answer ? endTcp : awaitTcpEnd
    gone.detach(answer, gone.reader.stopped ? afterClose : undefined)
    this.#pipe.client.unblock()
  }

  /** The connection is closed. A last Close may still wait for the end of a frame that streams; that, too, has its limit. */
  closed(limitMs: number): void {
    this.#stopTimer()
    const { client, upstream } = this.#pipe
    if (client.closeWaits || upstream.closeWaits) this.#clock.setTimeout(() => this.destroy(), limitMs)
  }

  /** Ends both streams now. */
  destroy(): void {
    this.#pipe.client.destroy()
    this.#pipe.upstream.destroy()
  }
}
