import { code } from '@holdfast/close-codes'
import type { Data } from './connection.ts'
import { hostEvent } from './host.ts'

/**
 * How a connection ended: the three facts of a WHATWG CloseEvent. Source: WHATWG WebSockets, "The CloseEvent
 * interface".
 */
export interface Close {
  /**
   * Close code that the peer sent, 1000 to 4999. 1005: its Close had none; 1006: there was no Close. Source: RFC 6455
   * 7.1.5 and 7.4.
   */
  readonly code: number
  /**
   * The words of the Close, at most 123 bytes of UTF-8; '' without any. `parseReason` of `@holdfast/close-codes`
   * takes a `retry=` out of it. Source: RFC 6455 7.1.6.
   */
  readonly reason: string
  /** Whether both sides have sent a Close and TCP was closed after that. False with 1006. Source: RFC 6455 7.1.4. */
  readonly wasClean: boolean
}

/** The event of each loss: what the connection's own `close` event said, and when the socket comes back. */
export interface ReconnectCloseEvent extends Event, Close {
  /** Milliseconds until the next attempt: 0 means at once. Null: it does not come back, this was the last event. */
  readonly retryIn: number | null
  /** With `resume`: what became of the messages of the session that has ended with this. Undefined: there was none. */
  readonly session?: SessionEnd | undefined
}

/** What became of the messages of a session that is over. Source: PROTOCOL.md section 8. */
export interface SessionEnd {
  /**
   * Why the gateway no longer had the session: 'expired', 'evicted', 'closed' or 'counters'; then nothing of `unconfirmed`
   * has arrived. 'unknown', or undefined, as after a Close of the server's: some of it may have.
   */
  readonly why: string | undefined
  /** How many messages, from the first of the session on, are known to have arrived at the gateway. */
  readonly confirmed: number
  /** The messages after those, in order; a binary one is a Blob or a Uint8Array. */
  readonly unconfirmed: Data[]
}

/** The session goes on, on a new connection: with `resume`. Source: PROTOCOL.md sections 4 and 6. */
export interface ResumeEvent extends Event {
  /** Milliseconds from the loss of the connection until the session went on. */
  readonly awayMs: number
  /**
   * How many messages, of either direction, are missing at most. 0 unless a gateway was lost; then it is a bound, mostly far above
   * what is missing, since nobody knows what a lost gateway still had. Source: PROTOCOL.md section 11.
   */
  readonly lost: number
  /** How many messages reach the server twice at most: those that were sent again. 0 unless a gateway was lost. */
  readonly doubled: number
}

/**
 * A `close` event with exactly this code, reason and wasClean. Only a code that no Close can have is not taken over:
 * Deno reports 0 for a connection that was cut, and RFC 6455 7.1.5 has 1006 for that.
 */
export function closeEvent(
  { code: given, reason, wasClean }: Close,
  retryIn: number | null = null,
): Event & Close & { retryIn: number | null } {
  const known = given >= code.normalClosure && given < 5000 ? given : code.abnormalClosure
  return Object.assign(hostEvent('close', 'CloseEvent', { code: known, reason, wasClean }), { retryIn })
}

/** An `error` event, as plain as WHATWG has it, but with `error` and `message` where the cause is known. */
export function errorEvent({ error }: { error?: unknown }): Event {
  return Object.assign(hostEvent('error'), error && { error, message: (error as Error).message })
}
