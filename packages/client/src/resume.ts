// The class with sessions that outlive their connections, of an entry of its own: who does not import it does not pay for
// it.
import { closing } from './arguments.ts'
import { closeEvent, type ReconnectCloseEvent } from './close-event.ts'
import { hostEvent } from './host.ts'
import type {
  InternalOptions,
  ReconnectingWebSocketOptions as PlainOptions,
  ValueOrFactory,
} from './options.ts'
import {
  failed,
  ReconnectingWebSocket as PlainReconnectingWebSocket,
  systemClock,
} from './reconnecting-websocket.ts'
import { newSession } from './resume-session.ts'
import type { Session } from './session.ts'

export type { Close, ReconnectCloseEvent, ResumeEvent, SessionEnd } from './close-event.ts'
export type { Connection, Data, WebSocketClass } from './connection.ts'
export type { ReconnectingWebSocketEventMap } from './event-target.ts'
export type { BufferOptions, Clock, HeartbeatOptions, ValueOrFactory } from './options.ts'

/** The third argument of this `ReconnectingWebSocket`. All of it may be left out. */
export interface ReconnectingWebSocketOptions extends Omit<PlainOptions, 'resume'> {
  /**
   * Keeps the session when the network breaks, behind a Holdfast gateway whose route resumes: no `close` and no `open`,
   * no message lost, doubled or out of order. With any other server it changes nothing.
   *
   * @default false
   */
  resume?: boolean | undefined
}

/**
 * The `ReconnectingWebSocket` of `@holdfast/client` with one option more, `resume`, and without it the same.
 *
 * With `resume: true` behind a gateway that resumes:
 *
 * - when the network breaks, `suspend` is dispatched, and `resume` when the session goes on; neither `close` nor `open`.
 *   `readyState` stays OPEN meanwhile, and `send()` keeps messages, within `buffer`;
 * - each message arrives once and in order, in both directions, whatever the network does;
 * - `close` of a session that is over has `session`: how many messages have arrived, and the others;
 * - `bufferedAmount` is what no connection has been given, and not what only waits to be acknowledged; while the session is
 *   suspended it is what was sent since then. What is sent while there is a connection is never refused;
 * - `close()` while it is suspended comes back once, to send what is left and the Close, within `connectTimeout`;
 *
 * Source: PROTOCOL.md of the project.
 */
export class ReconnectingWebSocket extends PlainReconnectingWebSocket {
  readonly #session: Session | undefined
  /** Whether `signal` is aborted: nothing is tried after that. */
  readonly #signal: AbortSignal | undefined
  /** `close()` was called, with these. */
  #goodbye: [code?: number, reason?: string] | undefined
  /** It comes back for the last time, to say so. */
  #isLast = false

  /**
   * Connects at once, as the class of `@holdfast/client` does.
   *
   * @throws {SyntaxError} A DOMException of that name: no URL for a WebSocket, one with a fragment, or a subprotocol
   * that is invalid or given twice.
   * @throws {TypeError} Without arguments.
   */
  constructor(
    url: ValueOrFactory<string | URL>,
    protocols: ValueOrFactory<string | string[]> = [],
    { resume, ...options }: ReconnectingWebSocketOptions = {},
  ) {
    // Not `this.#session`: the first connection is made before there is a `this`.
    const session = newSession(
      options.clock ?? systemClock,
      () => !this.#goodbye && super.dispatchEvent(this.#ended(closeEvent(failed, 0))),
    )
    const own: InternalOptions = {
      ...options,
      connect: (...connection) => session.dial(...connection),
      // PROTOCOL.md section 6: "The first attempt comes at once when a connection has broken, the next three soon".
      retry(event, attempt, least) {
        const chosen = options.retry?.(event, attempt)
        if (chosen !== undefined || session.isOver || !session.isAlive) return chosen
        if (session.moved || !attempt) return 0
        // After a loss that is 1, 2 and 3 s at most.
        return attempt > 3 || least ? chosen : event.retryIn && event.retryIn / 10
      },
    }
    // biome-ignore lint/complexity/noArguments: WebIDL counts the arguments
    super(...((arguments.length ? [url, protocols, resume ? own : options] : []) as unknown as [string]))
    this.#signal = options.signal
    if (resume) this.#session = session
  }

  /** OPEN while the session is suspended, CLOSING after `close()`. Otherwise as without `resume`. */
  override get readyState(): 0 | 1 | 2 | 3 {
    const readyState = super.readyState
    return !readyState && this.#session?.isAlive ? (this.#goodbye ? 2 : 1) : readyState
  }

  /**
   * Closes. Where there is no connection, or it breaks before the server has answered, it comes back once, to send what is
   * left and the Close, for `connectTimeout` at most; if that fails, `close` says what has not arrived.
   *
   * @throws {InvalidAccessError} A DOMException of that name: the code is neither 1000 nor 3000 to 4999.
   * @throws {SyntaxError} A DOMException of that name: the reason is longer than 123 bytes of UTF-8.
   */
  override close(code?: number, reason?: string): void {
    if (!(#session in this) || !this.#session?.isAlive || this.#signal?.aborted)
      return super.close(code, reason)
    if (this.#goodbye) return
    this.#goodbye = closing(code, reason)
    if (super.readyState) super.close(code, reason)
    else this.#again()
  }

  override dispatchEvent(event: Event): boolean {
    const session = this.#session
    const { type, retryIn } = event as ReconnectCloseEvent
    if (!session?.isAlive) return super.dispatchEvent(event)
    const isLost = type === 'close' && !session.isOver
    if (type === 'open') this.#resumed(session)
    else if (isLost && this.#goodbye && session.isCut && !this.#isLast) this.#again()
    else if (isLost && retryIn !== null) this.#lost(session)
    else if (type !== 'error') return super.dispatchEvent(type === 'close' ? this.#ended(event) : event)
    return true
  }

  /** Comes back for the last time. */
  #again(): void {
    this.#isLast = true
    // An attempt that is under way gives way to this one, and that is no end to be told.
    this.#session!.onclose = null
    super.reconnect()
  }

  /** The session has a connection: the first, or one more. */
  #resumed({ resumed }: Session): void {
    super.dispatchEvent(Object.assign(hostEvent(resumed ? 'resume' : 'open'), resumed))
    if (this.#goodbye) super.close(...this.#goodbye)
  }

  /** The session has lost its connection, or an attempt to come back has failed. */
  #lost(session: Session): void {
    if (this.#goodbye) {
      // What waits would be dropped.
      session.keep(this.drainQueuedMessages())
      super.close()
    } else if (session.isCut) super.dispatchEvent(hostEvent('suspend'))
  }

  /** Says in a `close` event what became of the session. */
  #ended(event: Event): Event {
    const session = this.#session!
    session.keep(this.drainQueuedMessages())
    this.#goodbye = undefined
    this.#isLast = false
    return Object.assign(event, { session: session.end() })
  }
}
