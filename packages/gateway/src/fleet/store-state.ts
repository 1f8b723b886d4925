// Whether the store is there, and when a new connection to it is made. Pure.
import type { MonotonicMs } from '../core/index.ts'

export type StoreState =
  | { is: 'connecting' | 'present'; since: MonotonicMs }
  /** `renewedAt`: when its connection was last made anew. */
  | { is: 'away'; since: MonotonicMs; renewedAt: MonotonicMs; error: string }

export type StoreEvent =
  | { what: 'answered'; at: MonotonicMs }
  | { what: 'failed'; at: MonotonicMs; error: string }
  /** The connection was lost and is there again: what the store had may be gone. */
  | { what: 'reconnected'; at: MonotonicMs }

/** tell: say so in the log; announce: all that this node has goes to the store again; renew: a new connection. */
export type StoreAction = 'tell' | 'announce' | 'renew'

/**
 * Milliseconds without an answer after which the connection is made anew. A client library may hang on a peer that has stopped,
 * on a primary that is none any more, or on Sentinels that were all away; a new one does not.
 */
export const renewAfterMs = 3000

export function nextStoreState(
  state: StoreState,
  event: StoreEvent,
): { state: StoreState; actions: StoreAction[] } {
  const { at } = event
  switch (event.what) {
    case 'answered':
      if (state.is === 'present') return { state, actions: [] }
      return { state: { is: 'present', since: at }, actions: ['tell', 'announce'] }
    case 'reconnected':
      return { state, actions: state.is === 'present' ? ['announce'] : [] }
    case 'failed': {
      const { error } = event
      if (state.is !== 'away')
        return { state: { is: 'away', since: at, renewedAt: at, error }, actions: ['tell'] }
      if (at - state.renewedAt < renewAfterMs) return { state: { ...state, error }, actions: [] }
      return { state: { ...state, renewedAt: at, error }, actions: ['renew'] }
    }
  }
}
