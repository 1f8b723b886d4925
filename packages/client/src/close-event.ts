import { code } from '@holdfast/close-codes'
import { hostEvent } from './host.ts'

/** How a connection ended: the three facts of a WHATWG CloseEvent. */
export interface Close {
  readonly code: number
  readonly reason: string
  readonly wasClean: boolean
}

/** The event of each loss: what the connection's own `close` event said, and when the socket comes back. */
export interface ReconnectCloseEvent extends Event, Close {
  /** Milliseconds until the next attempt. Null: it does not come back, this was the last event. */
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
export function errorEvent({ error, message }: { error?: unknown; message?: string }): Event {
  const told = error && { error, message: message ?? (error as Error).message }
  return Object.assign(hostEvent('error', 'Event', {}), told)
}
