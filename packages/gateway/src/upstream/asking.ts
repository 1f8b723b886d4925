// When all connections of an upstream are asked whether they are still answered, because one of them, or a new one, was not.
// Pure; upstream-watch.ts acts on it.
import type { MonotonicMs } from '../core/index.ts'

export type Asking =
  /** Not asked again before that. */
  | { name: 'idle'; notBefore: MonotonicMs }
  /** `asked` have a Ping each, of which `silent` have been given up. */
  | { name: 'asking'; asked: number; silent: number; notBefore: MonotonicMs }

export type AskingEvent =
  /** A connection, a handshake or a health check was not answered in time; `open` connections can be asked. */
  | { type: 'unanswered'; open: number; timeout: number }
  /** One of them has not answered its Ping in time. */
  | { type: 'silent' }
  /** Their time is over. */
  | { type: 'over' }

export const idle: Asking = { name: 'idle', notBefore: Number.NEGATIVE_INFINITY }

/** `ask`: each open connection gets its Ping, in other workers, too; `silent`: more than half of them, and more than one, have not answered. */
export function nextAsking(
  state: Asking,
  event: AskingEvent,
  now: MonotonicMs,
): [Asking, 'ask' | 'silent' | 'nothing'] {
  switch (event.type) {
    case 'unanswered': {
      if (state.name === 'asking' || now < state.notBefore) return [state, 'nothing']
      // A handshake that a busy server answers late is no reason to ask all of them all the time.
      const notBefore = now + 2 * event.timeout
      if (event.open === 0) return [{ name: 'idle', notBefore }, 'ask']
      return [{ name: 'asking', asked: event.open, silent: 0, notBefore }, 'ask']
    }
    case 'silent':
      return [state.name === 'asking' ? { ...state, silent: state.silent + 1 } : state, 'nothing']
    case 'over': {
      if (state.name === 'idle') return [state, 'nothing']
      const most = state.silent > 1 && state.silent > state.asked / 2
      return [{ name: 'idle', notBefore: state.notBefore }, most ? 'silent' : 'nothing']
    }
  }
}
