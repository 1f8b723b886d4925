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

/** Which states each can follow. */
const after: { readonly [state in SessionState]: readonly SessionState[] } = {
  away: ['greeting', 'attached', 'plain'],
  greeting: ['away'],
  attached: ['greeting'],
  plain: ['greeting'],
}

/** The state after an event, which is named by the state that it brings. Pure; one that cannot follow changes nothing. */
export function next(state: SessionState, event: SessionState): SessionState {
  return after[event].includes(state) ? event : state
}
