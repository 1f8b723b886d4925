// Where a restart is, as plain data, and how it moves on. Everything else only acts on this.

/** How many connections a restart has met, and what has become of them: total = open + closed + left + cut. */
export interface Counts {
  /** How many connections there were when the drain began, and the few whose handshake was under way then. */
  readonly total: number
  /** How many are still there. */
  readonly open: number
  /** How many were told to come back, and went. */
  readonly closed: number
  /** How many went by themselves before their turn. */
  readonly left: number
  /** How many were ended at the deadline, without a closing handshake: their clients see 1006. */
  readonly cut: number
  /** How many did not answer the drain ping within `pongTimeout`; they count among the others too. */
  readonly unanswered: number
}

/**
 * A restart, from `serving` to `done`; the phases come in this order and none is left out.
 * - `serving`: nothing has happened yet
 * - `refusing`: new connections are answered with 503
 * - `draining`: each connection is told 1012 in its turn
 * - `closing`: the listeners close, requests come to their end
 * - `done`: nothing is left; if nothing else keeps it alive, the process ends
 */
export type RestartState =
  | { readonly phase: 'serving' }
  | { readonly phase: 'refusing' }
  | ({ readonly phase: 'draining' } & Counts)
  | ({ readonly phase: 'closing' } & Counts)
  | ({ readonly phase: 'done'; readonly ms: number } & Counts)

/** The name of a state. */
export type Phase = RestartState['phase']

/** What can happen to a restart. */
export type RestartEvent =
  | { readonly what: 'started' }
  | { readonly what: 'found'; readonly sockets: number }
  | { readonly what: 'unanswered' }
  | { readonly what: 'gone'; readonly how: 'closed' | 'left' | 'cut' }
  | { readonly what: 'drained' }
  | { readonly what: 'ended'; readonly ms: number }

/** The state after an event. Pure; an event that makes no sense in a state changes nothing. */
export function next(state: RestartState, event: RestartEvent): RestartState {
  switch (state.phase) {
    case 'serving':
      return event.what === 'started' ? { phase: 'refusing' } : state
    case 'refusing':
      return event.what === 'found' ? { phase: 'draining', ...none, ...found(none, event.sockets) } : state
    case 'draining':
      if (event.what === 'drained') return { ...state, phase: 'closing' }
      return { ...state, ...counted(state, event) }
    case 'closing':
      if (event.what === 'ended') return { ...state, phase: 'done', ms: event.ms }
      return { ...state, ...counted(state, event) }
    case 'done':
      return state
  }
}

const none: Counts = { total: 0, open: 0, closed: 0, left: 0, cut: 0, unanswered: 0 }

function counted(counts: Counts, event: RestartEvent): Partial<Counts> {
  if (event.what === 'found') return found(counts, event.sockets)
  if (event.what === 'unanswered') return { unanswered: counts.unanswered + 1 }
  if (event.what === 'gone' && counts.open > 0) {
    return { open: counts.open - 1, [event.how]: counts[event.how] + 1 }
  }
  return {}
}

function found(counts: Counts, sockets: number): Partial<Counts> {
  return { total: counts.total + sockets, open: counts.open + sockets }
}
