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

/** A `close` event with exactly this code, reason and wasClean. */
export function closeEvent({ code, reason, wasClean }: Close): Event & Close & { retryIn: number | null } {
  return Object.assign(hostEvent('close', 'CloseEvent', { code, reason, wasClean }), { retryIn: null })
}

/** An `error` event, as plain as WHATWG has it, but with the connection's own `error` where it tells one. */
export function errorEvent({ error, message }: { error?: unknown; message?: string }): Event {
  return Object.assign(hostEvent('error', 'Event', {}), error ? { error, message } : {})
}
