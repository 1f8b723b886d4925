import type { ReconnectCloseEvent } from './close-event.ts'
import type { Connection, Data, WebSocketClass } from './connection.ts'

/** A value, or a function that is asked for it before every attempt: for a fresh token, another host. */
export type ValueOrFactory<T> = T | (() => T | Promise<T>)

/** The third argument of `ReconnectingWebSocket`. All of it may be left out. */
export interface ReconnectingWebSocketOptions {
  /**
   * Decides when to come back, in place of the close codes table. `event.retryIn` is what the table says. Return
   * milliseconds, null to stay away for good, or undefined to go by the table. Not asked after `maxRetries`. What it
   * throws is reported as a listener's exception is, and the table decides.
   *
   * `attempt` counts from 0, and starts again after a connection that lived for `minUptime`.
   *
   * @default the table: see `adviceFor` of `@holdfast/close-codes`
   */
  retry?: ((event: ReconnectCloseEvent, attempt: number) => number | null | undefined) | undefined
  /**
   * How many returns in a row, without a connection that lived, before it stays away. 0: never comes back, like
   * the native WebSocket. Ten returns after 1006 take two minutes on average: 2.5 + 5 + 10 + 7 * 15 s.
   *
   * @default Infinity
   */
  maxRetries?: number | undefined
  /**
   * Milliseconds that a connection must live to start the backoff again. Less makes a server that accepts and
   * drops at once see its clients at full rate; more makes a client wait longer than it needs after a good
   * connection.
   *
   * @default 5000
   */
  minUptime?: number | undefined
  /**
   * Milliseconds for one attempt, from asking for the URL to `open`; then `error` and `close` with
   * 1006 follow, and the next attempt is waited for. The `error` property of that `error` event is a DOMException
   * named TimeoutError. The same time is given to the closing handshake after `close()`.
   *
   * @default 10000
   */
  connectTimeout?: number | undefined
  /**
   * Starts CLOSED and tries nothing before `reconnect()` is called. `send()` keeps messages meanwhile.
   *
   * @default false
   */
  startClosed?: boolean | undefined
  /**
   * Limits of what `send()` keeps while there is no connection.
   *
   * @default 1 MiB and any number of messages; beyond that `send()` throws
   */
  buffer?: BufferOptions | undefined
  /**
   * Notices a connection that is dead although nobody closed it: browsers cannot send a Ping. Without it a cut
   * cable is noticed when the system gives up, after minutes; with it after 35 s, `interval` and `timeout`.
   *
   * @default none
   */
  heartbeat?: HeartbeatOptions | undefined
  /**
   * The class of `@holdfast/client/resume` has it: this one does not, so that nobody pays for it who does not use it.
   *
   * @default false
   */
  resume?: undefined
  /**
   * Closes the socket for good when it is aborted, like `close()`. One that is aborted already makes a socket that
   * fails without an attempt.
   *
   * @default none
   */
  signal?: AbortSignal | undefined
  /**
   * The class of the connections. Give it where there is no global one: the class of the package `ws` on Node 20.
   * Without any, as when a page is rendered on Node 20, `error`, which says so, and `close` follow, and no return.
   *
   * @default the global WebSocket
   */
  WebSocket?: WebSocketClass | undefined
  /**
   * Where the spread of returns comes from: a number in [0, 1).
   *
   * @default Math.random
   */
  random?: (() => number) | undefined
  /**
   * Time and timers, for tests that turn the clock by hand.
   *
   * @default performance.now and the global timers
   */
  clock?: Clock | undefined

  /**
   * Takes a line for each decision: connecting, opened, closed with its code and what follows from it, a message that
   * waits; true: `console.debug`. A query is left out of the URL, since it may hold a token. What it throws is reported
   * as a listener's exception is.
   *
   * @default none
   */
  debug?: boolean | ((line: string) => void) | undefined
}

/**
 * Limits of what waits for a connection. With `messages: 0` `send()` fails while CONNECTING, as a native one does.
 */
export interface BufferOptions {
  /**
   * Bytes of all waiting messages together, as they go on the wire: UTF-8 for text, without frame headers.
   *
   * @default 1048576 (1 MiB)
   */
  bytes?: number | undefined
  /**
   * How many messages may wait.
   *
   * @default Infinity
   */
  messages?: number | undefined
  /**
   * What `send()` does when there is no room: `throw` an InvalidStateError, as a native WebSocket does while
   * CONNECTING; `drop-oldest` makes room at the front; `drop-newest` drops the message in hand. A message
   * that alone is larger than `bytes` is never kept.
   *
   * @default 'throw'
   */
  overflow?: 'throw' | 'drop-oldest' | 'drop-newest' | undefined
}

/** How a silent connection is asked whether it lives. */
export interface HeartbeatOptions {
  /** What is sent after `interval` of silence. The server must answer it with any message. */
  message: Data | (() => Data)
  /**
   * Milliseconds without a message from the server before one is asked for.
   *
   * @default 25000
   */
  interval?: number | undefined
  /**
   * Milliseconds to wait for any message then; after that the connection counts as lost: `error`, `close` with 1006.
   *
   * @default 10000
   */
  timeout?: number | undefined
  /**
   * Tells the answers to a heartbeat from other messages; they are then not dispatched. What it throws is reported as
   * a listener's exception is, and the message is dispatched.
   *
   * @default none (every message is dispatched)
   */
  isReply?: ((data: unknown) => boolean) | undefined
}

/** Time and timers. */
export interface Clock {
  /** Milliseconds from an arbitrary start; never goes back. */
  now(): number
  /** Calls `callback` once, `ms` milliseconds from now. What it returns is handed to `clearTimeout`. */
  setTimeout(callback: () => void, ms: number): unknown
  /** Cancels a timer of `setTimeout`. One that has fired, or undefined, is passed over. */
  clearTimeout(timer: unknown): void
}

/** What the class of `@holdfast/client/resume` sets besides. */
export interface InternalOptions extends Omit<ReconnectingWebSocketOptions, 'retry'> {
  /** `least`: milliseconds that the server or the table asks for at least. */
  retry?:
    | ((event: ReconnectCloseEvent, attempt: number, least: number) => number | null | undefined)
    | undefined
  /** Makes a connection. */
  connect?: ((Class: WebSocketClass, url: string, protocols: string | string[]) => Connection) | undefined
}
