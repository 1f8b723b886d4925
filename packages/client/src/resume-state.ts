/** What a session is doing. */
export type SessionState =
  /** Has no connection. */
  | 'away'
  /** Shakes hands, or waits for `welcome`. */
  | 'greeting'
  /** Has a connection, which said `welcome`. */
  | 'attached'
  /** Has met a server that does not resume: this is a connection as any other. */
  | 'plain'

/**
 * The state after an event, which is named by the state that it brings. Pure; one that cannot follow changes nothing: what is
 * away greets, what greets may become any other, and all may be away again.
 */
export function next(state: SessionState, event: SessionState): SessionState {
  const before = event === 'greeting' ? 'away' : 'greeting'
  return event === 'away' || state === before ? event : state
}
