/**
 * What the socket is doing. `attempt` counts the returns of this series: 0 for the first connection, and again
 * after a connection that lived.
 */
export type State =
  /** Made with `startClosed`: nothing was tried yet. */
  | { readonly name: 'idle' }
  /** Asks for the URL, or shakes hands. */
  | { readonly name: 'connecting'; readonly attempt: number }
  | { readonly name: 'open'; readonly attempt: number; readonly since: number }
  | Waiting
  /** `close()` was called; its `close` event is still to come. */
  | { readonly name: 'closing' }
  | { readonly name: 'closed' }

/** Between two connections. No wake brings it back before `earliest`. */
export interface Waiting {
  readonly name: 'waiting'
  readonly attempt: number
  readonly earliest: number
}

export type StateEvent =
  | { readonly type: 'opened'; readonly now: number }
  /** There is no connection any more, or it never came. `earliest` null: it does not come back. */
  | { readonly type: 'lost'; readonly attempt: number; readonly earliest: number | null }
  /** The wait is over. */
  | { readonly type: 'due' }
  /** The application called `close()`. */
  | { readonly type: 'close' }
  /** The application called `reconnect()`. */
  | { readonly type: 'reconnect' }

/** The state after an event. Pure; an event that has no meaning in a state changes nothing. */
export function next(state: State, event: StateEvent): State {
  const { name } = state
  switch (event.type) {
    case 'opened':
      return name === 'connecting' ? { name: 'open', attempt: state.attempt, since: event.now } : state
    case 'lost':
      if (name === 'closing') return { name: 'closed' }
      if (name !== 'connecting' && name !== 'open') return state
      return event.earliest === null
        ? { name: 'closed' }
        : { name: 'waiting', attempt: event.attempt + 1, earliest: event.earliest }
    case 'due':
      return name === 'waiting' ? { name: 'connecting', attempt: state.attempt } : state
    case 'close':
      return name === 'closed' || name === 'idle' ? { name: 'closed' } : { name: 'closing' }
    case 'reconnect':
      return { name: 'connecting', attempt: 0 }
  }
}

/**
 * How many returns of this series have been made when the connection is lost now. A connection that lived less
 * than `minUptime` goes on counting, so that `open` followed at once by a loss still backs off.
 */
export function attemptAt(state: State, now: number, minUptime: number): number {
  const { attempt = 0 } = state as { attempt?: number }
  return state.name === 'open' && now - state.since >= minUptime ? 0 : attempt
}

/** The `readyState` of WHATWG. While it waits it is CONNECTING: CLOSED means that it does not come back by itself. */
export function readyStateOf(state: State): 0 | 1 | 2 | 3 {
  if (state.name === 'open') return 1
  if (state.name === 'closing') return 2
  return 'attempt' in state ? 0 : 3
}
