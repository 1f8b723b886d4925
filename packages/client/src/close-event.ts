import { code } from '@holdfast/close-codes'
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
