import { code, parseReason, returnAfter } from '@holdfast/close-codes'
import { absolute, closing, dial, resolveValue, sendable } from './arguments.ts'
import { type Close, closeEvent, errorEvent } from './close-event.ts'
import type { Connection, Data } from './connection.ts'
import {
  attemptAt,
  next,
  readyStateOf,
  type State,
  type StateEvent,
  type Waiting,
} from './connection-state.ts'
import { WebSocketEventTarget } from './event-target.ts'
import { hostError, hostEvent, nativeWebSocket, page, safely } from './host.ts'
import type { Clock, InternalOptions, ReconnectingWebSocketOptions, ValueOrFactory } from './options.ts'
import { asksWhy, terminate } from './platform.ts'
import { askWhy, type Refusal } from './refusal.ts'
import { byteLength, type SendQueue, sendQueue } from './send-queue.ts'

// WHATWG: a connection that never was, or that was failed, has this close event.
export const failed: Close = { code: code.abnormalClosure, reason: '', wasClean: false }

/** The longest time that a timer of a browser or of Node keeps; a longer one would be over at once. */
export const maxTimerMs = 2 ** 31 - 1

/** How long a connection must stay open before it counts, where the last one was refused after it had opened. */
const proofMs = 250

/** Events of a page or a worker that shorten a wait. */
export const wakeEvents = ['visibilitychange', 'online']

export const systemClock: Clock = {
  now: () => performance.now(),
  setTimeout: (callback, ms) => setTimeout(callback, ms),
  clearTimeout: (timer) => clearTimeout(timer as never),
}

/**
 * A `WebSocket` that comes back. It has the shape, the events and the errors of the WHATWG WebSocket, and decides by
 * the close code whether and when to connect again.
 *
 * - Each loss dispatches `close` with code, reason and wasClean as they were, and with `retryIn`: milliseconds until
 *   the next attempt, or null when there is none. After a return `open` is dispatched again.
 * - `send()` keeps messages while there is no connection, within `buffer`, and sends them in order before `open` is
 *   dispatched. A message that was handed to a connection just before its loss may be lost; it is never sent twice. One
 *   that a gateway says it has not handed on (`sent=0` in the reason) waits for the next connection.
 * - After 1014 or `sent=0` a connection is open once it has sent a message or has lasted 250 ms.
 * - `readyState` is CLOSED only when it does not come back. While it waits it is CONNECTING.
 * - `close()` ends it, in every state; `reconnect()` connects anew at once, in every state.
 *
 * `url` and `protocols` may be functions, also async ones; they are asked before every attempt.
 *
 * Source: WHATWG WebSockets, "The WebSocket interface".
 */
export class ReconnectingWebSocket extends WebSocketEventTarget {
  /** `readyState` 0: it connects, or waits for a return. */
  declare static readonly CONNECTING: 0
  /** `readyState` 1: messages go to the server at once. */
  declare static readonly OPEN: 1
  /** `readyState` 2: a closing handshake is under way. */
  declare static readonly CLOSING: 2
  /** `readyState` 3: it does not come back by itself. */
  declare static readonly CLOSED: 3
  /** `readyState` 0: it connects, or waits for a return. */
  declare readonly CONNECTING: 0
  /** `readyState` 1: messages go to the server at once. */
  declare readonly OPEN: 1
  /** `readyState` 2: a closing handshake is under way. */
  declare readonly CLOSING: 2
  /** `readyState` 3: it does not come back by itself. */
  declare readonly CLOSED: 3

  readonly #url: ValueOrFactory<string | URL>
  readonly #protocols: ValueOrFactory<string | string[]>
  readonly #options: InternalOptions
  readonly #clock: Clock
  readonly #queue: SendQueue
  readonly #minUptime: number
  #state: State
  #connection: Connection | undefined
  #binaryType: 'blob' | 'arraybuffer' = 'blob'
  /** Bytes given to `send()` that will never be sent. */
  #discarded = 0
  /** One timer at a time: each state has at most one thing to wait for. */
  #timer: unknown
  /** What the open connection said went wrong; told with its end. */
  #error: object | undefined
  /** A gateway has closed the last connection although it was open: the next one has to prove itself. */
  #doubted = false
  /** When the connection was opened. */
  #since = 0

  /**
   * Connects at once, unless `startClosed` is set or `signal` is aborted. A relative URL is resolved against that of
   * the page, and http(s) stands for ws(s).
   *
   * What is wrong with a `url` or `protocols` that a function gave cannot be thrown: it is an `error` and a `close`
   * with 1006, and the function is asked again at the next attempt. Source: WHATWG WebSockets, the `new
   * WebSocket(url, protocols)` steps.
   *
   * @throws {SyntaxError} A DOMException of that name: no URL for a WebSocket, one with a fragment, or a subprotocol
   * that is invalid or given twice.
   * @throws {TypeError} Without arguments.
   */
  constructor(
    url: ValueOrFactory<string | URL>,
    protocols: ValueOrFactory<string | string[]> = [],
    options: ReconnectingWebSocketOptions = {},
  ) {
    super()
    // biome-ignore lint/complexity/noArguments: WebIDL counts the arguments
    if (!arguments.length) throw new TypeError('no URL for a WebSocket')
    this.#url = url
    this.#protocols = protocols
    this.#options = options
    this.#clock = options.clock ?? systemClock
    this.#minUptime = options.minUptime ?? 5000
    const { bytes = 2 ** 20, messages = Infinity, overflow = 'throw' } = options.buffer ?? {}
    this.#queue = sendQueue(bytes, messages, overflow)
    const { signal, startClosed } = options
    this.#state = startClosed ? { name: 'idle' } : { name: 'connecting', attempt: 0 }
    if (startClosed) {
      if (typeof url !== 'function') absolute(`${url}`)
    } else if (signal?.aborted) this.close()
    else if (typeof url === 'function' || typeof protocols === 'function') this.#connect()
    else {
      this.#dial(url, protocols)
      if (this.#connection) this.#limit()
    }
    signal?.addEventListener('abort', this.#abort)
  }

  /** The URL of the current or last connection; '' before the first. Where `url` is a function, what that gave. */
  get url(): string {
    return this.#connection?.url ?? ''
  }

  /**
   * The subprotocol that the server of the current or last connection chose; '' without one. Source: RFC 6455 4.2.2.
   */
  get protocol(): string {
    return this.#connection?.protocol ?? ''
  }

  /**
   * The extensions of the current or last connection, such as 'permessage-deflate'; '' without any. Source: RFC 6455
   * 9.1.
   */
  get extensions(): string {
    return this.#connection?.extensions ?? ''
  }

  /**
   * CONNECTING (0) while it connects and while it waits for a return, OPEN (1), CLOSING (2), or CLOSED (3), which
   * means that it does not come back by itself.
   */
  get readyState(): 0 | 1 | 2 | 3 {
    // A connection that the server closes is CLOSING before its `close` event comes.
    return this.#state.name === 'open' && this.#connection?.readyState === 2 ? 2 : readyStateOf(this.#state)
  }

  /** Bytes of UTF-8 or binary that were given to `send()` and are not yet on the network, the waiting ones too. */
  get bufferedAmount(): number {
    // What the last connection took with it is not waiting any more.
    const taken = readyStateOf(this.#state) ? (this.#connection?.bufferedAmount ?? 0) : 0
    return taken + this.#queue.bytes + this.#discarded
  }

  /** How many returns of this series it has begun or waits for: 0 at first, and after a connection that lived. */
  get retryCount(): number {
    return attemptAt(this.#state, this.#clock.now(), this.#minUptime)
  }

  /**
   * What binary messages arrive as: 'blob', at first, or 'arraybuffer'. It holds for the open connection and for all
   * later ones; another value is ignored.
   */
  get binaryType(): 'blob' | 'arraybuffer' {
    return this.#binaryType
  }

  set binaryType(type) {
    // WebIDL: a value that is not in the enumeration is ignored.
    if (type !== 'blob' && type !== 'arraybuffer') return
    this.#binaryType = type
    if (this.#connection) this.#connection.binaryType = type
  }

  /**
   * Sends a message, or keeps it while there is no connection, within `buffer`. After `close()` it does nothing but
   * count in `bufferedAmount`. Source: WHATWG WebSockets, the `send(data)` steps.
   *
   * @throws {InvalidStateError} A DOMException of that name: there is no connection, and no room in `buffer`, whose
   * `overflow` is 'throw'.
   * @throws {TypeError} Without an argument.
   */
  send(data: Data): void {
    // biome-ignore lint/complexity/noArguments: WebIDL counts the arguments
    if (!arguments.length) throw new TypeError('no message')
    const message = sendable(data)
    const { name } = this.#state
    if (this.#state.name === 'open' && this.#connection!.readyState === 1) {
      this.#connection!.send(message)
      // Nobody refuses a connection that has lived.
      if (this.#clock.now() - this.#state.since < this.#minUptime) this.#queue.sent(message)
    } else if (name === 'closing' || name === 'closed' || (name === 'open' && this.#options.maxRetries === 0))
      this.#discarded += byteLength(message)
    else if (!this.#queue.push(message)) throw hostError('InvalidStateError', 'no room in buffer')
    else this.#debug(`buffered: ${this.#queue.bytes} bytes`)
  }

  /**
   * Takes out the messages that wait for a connection, in order, so that another socket can send them: one with
   * another URL, say; at the latest in the `close` event that has `retryIn` null. What was handed to a connection is not
   * among them.
   */
  drainQueuedMessages(): Data[] {
    return this.#queue.drain()
  }

  /**
   * Connects anew now, in every state, also after `close()` and when it stayed away: with a fresh token, after a
   * change of networks. URL and subprotocols are asked for again, and the backoff starts again. An open connection is
   * closed with this code and reason, whose answer is not waited for; its `close` event has code 1006 and `retryIn`
   * 0. What `send()` has kept stays. Does nothing once `signal` is aborted.
   *
   * @throws {InvalidAccessError} A DOMException of that name: the code is neither 1000 nor 3000 to 4999.
   * @throws {SyntaxError} A DOMException of that name: the reason is longer than 123 bytes of UTF-8.
   */
  reconnect(code?: number, reason?: string): void {
    const end = closing(code, reason)
    if (this.#options.signal?.aborted) return
    // Detached is one whose end has been told.
    const ends = this.readyState && this.#connection?.onclose
    this.#drop((connection) => connection.close(...end))
    this.#become({ type: 'reconnect' })
    this.#options.signal?.addEventListener('abort', this.#abort)
    const mine = this.#state
    // WHATWG dispatches nothing within a call.
    this.#wait(0, () => {
      if (ends) this.dispatchEvent(closeEvent(failed, 0))
      if (this.#state === mine) this.#connect()
    })
  }

  /**
   * Closes; only `reconnect()` brings it back. What waits in the buffer is dropped and stays counted in
   * `bufferedAmount`. Source: WHATWG WebSockets, the `close(code, reason)` steps; RFC 6455 5.5.1.
   *
   * @throws {InvalidAccessError} A DOMException of that name: the code is neither 1000 nor 3000 to 4999.
   * @throws {SyntaxError} A DOMException of that name: the reason is longer than 123 bytes of UTF-8.
   */
  close(code?: number, reason?: string): void {
    const end = closing(code, reason)
    const { name } = this.#state
    if (name === 'closing' || name === 'closed') return
    this.#become({ type: 'close' })
    this.#discard()
    if (name === 'open') {
      this.#limit()
      this.#connection!.close(...end)
    } else if (name !== 'idle') {
      // WHATWG: in CONNECTING, fail the connection: `error` and `close`, but not within this call.
      this.#drop()
      this.#wait(0, () => this.#lost(failed, this.#error ?? {}))
    }
  }

  /** Every change of state ends what the state before it waited for. `line`: what `debug` is told of it. */
  #become(event: StateEvent, line: string = event.type): void {
    this.#debug(line)
    this.#clock.clearTimeout(this.#timer)
    for (const type of wakeEvents) page.removeEventListener?.(type, this.#wake)
    this.#state = next(this.#state, event)
  }

  /** A line for the `debug` of the application. */
  #debug(line: string): void {
    const { debug } = this.#options
    if (debug) safely(() => (debug === true ? console.debug : debug)(line))
  }

  #wait(ms: number, act: () => void): void {
    this.#clock.clearTimeout(this.#timer)
    this.#timer = this.#clock.setTimeout(act, Math.min(ms, maxTimerMs))
  }

  async #connect(): Promise<void> {
    const mine = this.#state
    this.#limit()
    try {
      const url = await resolveValue(this.#url)
      const protocols = await resolveValue(this.#protocols)
      if (this.#state === mine) this.#dial(url, protocols)
    } catch (error) {
      if (this.#state === mine) this.#lost(failed, { error })
    }
  }

  /** Gives the connection up when it does not answer in time; without `ms` in that of a handshake, opening or closing. */
  #limit(ms = this.#options.connectTimeout ?? 10_000): void {
    this.#wait(ms, () => {
      this.#drop()
      this.#lost(failed, { error: hostError('TimeoutError', `no answer in ${ms} ms`) })
    })
  }

  #dial(url: string | URL, protocols: string | string[]): void {
    let Class = this.#options.WebSocket ?? page.WebSocket
    // A page may put this class, or one made of it, in the place of the native one.
    if (Class?.prototype instanceof WebSocketEventTarget) Class = nativeWebSocket
    const address = absolute(`${url}`)
    this.#debug(`connecting: ${address.split('?', 1)}`)
    if (!Class) {
      // A page that is rendered on a server must not fail, and must not try for ever there.
      this.#error = { error: new TypeError('no global WebSocket: set option WebSocket') }
      return this.close()
    }
    const connection = (this.#options.connect ?? dial)(Class, address, protocols)
    this.#connection = connection
    connection.binaryType = this.#binaryType
    connection.onopen = () => {
      this.#since = this.#clock.now()
      connection.onerror = (event) => (this.#error = event)
      if (!this.#doubted) this.#opened()
      else this.#wait(proofMs, () => connection.readyState === 1 && this.#opened())
    }
    connection.onmessage = (event) => this.#received(event)
    // Node 20 and 22 have no `close` event after a handshake that failed. There is nothing to wait for: WHATWG gives
    // such a connection one and the same close event.
    connection.onerror = (error) => {
      if (!asksWhy || this.#options.maxRetries === 0) return this.#lost(failed, error)
      // The server says why, within the time of the attempt.
      const mine = this.#state
      detach(connection)
      askWhy(connection.url).then((told) => {
        if (this.#state === mine) this.#lost(failed, error, told)
      })
    }
    connection.onclose = (event) => this.#lost(event, this.#error)
  }

  #opened(): void {
    this.#become({ type: 'opened', now: this.#since })
    this.#queue.settle(false, true)
    this.#watch()
    const connection = this.#connection!
    try {
      for (let message: Data | undefined; connection.readyState === 1; connection.send(message)) {
        message = this.#queue.shift()
        if (message === undefined) break
      }
    } finally {
      this.dispatchEvent(hostEvent('open'))
    }
  }

  #received({ data }: { data: unknown }): void {
    if (this.#state.name === 'connecting') this.#opened()
    // WHATWG: "If ready state is not OPEN (1), then return."
    if (this.#state.name !== 'open') return
    this.#queue.settle(false)
    this.#watch()
    if (safely(() => this.#options.heartbeat?.isReply?.(data))) return
    // `ws` has no origin in its events, Deno the whole URL: it is scheme and host.
    this.dispatchEvent(
      hostEvent('message', 'MessageEvent', { data, origin: this.url.split('/', 3).join('/') }),
    )
  }

  /** Waits for silence, then asks for a sign of life, then gives the connection up. */
  #watch(): void {
    const { heartbeat } = this.#options
    if (!heartbeat) return this.#clock.clearTimeout(this.#timer)
    const { message, interval = 25_000, timeout = 10_000 } = heartbeat
    this.#wait(interval, () => {
      this.#limit(timeout)
      this.#connection!.send(sendable(typeof message === 'function' ? message() : message))
    })
  }

  /** Lets go of the connection, whatever it does from now on. */
  #drop(end = terminate): void {
    const connection = this.#connection
    if (!connection) return
    this.#queue.settle(false)
    detach(connection)
    try {
      end(connection)
    } catch {}
  }

  /** There is no connection any more, or none came of the attempt; `told`: what the server said when it was asked why. */
  #lost(close: Close, error?: object, told?: Refusal): void {
    if (this.#connection) detach(this.#connection)
    this.#error = undefined
    const event = closeEvent(close)
    const nothingSent = parseReason(event.reason).sent === 0
    this.#queue.settle(nothingSent)
    // Nothing is in the way any more: it comes back at once, but not twice in a row.
    const atOnce = told?.reason === 'retry=0' && !this.#doubted
    this.#doubted = nothingSent || event.code === code.badGateway || atOnce

    const { maxRetries = Infinity, random = Math.random, retry } = this.#options
    const before = this.#state
    const attempt = this.retryCount
    let least = 0
    let why = before.name === 'closing' ? before.name : 'maxRetries'
    if (before.name !== 'closing' && attempt < maxRetries) {
      const table = returnAfter(told ?? event, atOnce ? 0 : attempt, random)
      event.retryIn = table.delay
      why = told?.reason ?? 'code'
      const own = safely(() => retry?.(event, attempt, table.least))
      // It may have called close() or reconnect().
      if (this.#state !== before) event.retryIn = this.#state.name === 'closing' ? null : 0
      // So is null, but neither undefined nor NaN.
      else if (own! >= 0) {
        event.retryIn = own!
        why = 'retry'
      } else least = table.least
    }

    const delay = event.retryIn
    this.#become(
      { type: 'lost', attempt, earliest: delay === null ? null : this.#clock.now() + least },
      `closed ${event.code} ${event.reason}: ${delay === null ? 'gave up' : `next try in ${delay} ms`} (${why})`,
    )
    if (delay === null) this.#options.signal?.removeEventListener('abort', this.#abort)
    else {
      this.#wait(delay, this.#due)
      for (const type of wakeEvents) page.addEventListener?.(type, this.#wake)
    }
    if (error) this.dispatchEvent(errorEvent(error))
    this.dispatchEvent(event)
    // A listener may have taken out what waits, or have brought it back.
    if (readyStateOf(this.#state) === 3) this.#discard()
  }

  #discard(): void {
    this.#discarded += this.#queue.bytes
    this.#queue.drain()
  }

  #due = (): void => {
    this.#become({ type: 'due' })
    this.#connect()
  }

  #wake = ({ type }: Event): void => {
    if (type === 'online' || !page.document?.hidden)
      this.#wait((this.#state as Waiting).earliest - this.#clock.now(), this.#due)
  }

  #abort = (): void => this.close()
}

for (const owner of [ReconnectingWebSocket, ReconnectingWebSocket.prototype])
  ['CONNECTING', 'OPEN', 'CLOSING', 'CLOSED'].forEach((name, value) => {
    Object.defineProperty(owner, name, { value, enumerable: true })
  })

/** Listens to a connection no more. */
export function detach(connection: Connection): void {
  connection.onopen = connection.onmessage = connection.onclose = null
  // `ws` throws an error that nobody listens to.
  connection.onerror = () => {}
}
