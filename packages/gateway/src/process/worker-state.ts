// Where a worker is between its start and its end, as its supervisor sees it.

/**
 * `starting`: not ready yet; `ready`: serves; `leaving`: others have its place, it moves or ends what it has; `carrying`: it
 * has none of its own any more, and keeps streams that cannot move for those of others.
 */
export type WorkerState = 'starting' | 'ready' | 'leaving' | 'carrying' | 'gone'

/** What is not foreseen changes nothing. */
export function next(state: WorkerState, event: 'ready' | 'leave' | 'return' | 'carry' | 'end'): WorkerState {
  switch (event) {
    case 'ready':
      return 'ready'
    case 'leave':
      return state === 'ready' ? 'leaving' : state
    case 'return':
      return state === 'leaving' ? 'ready' : state
    case 'carry':
      return state === 'leaving' ? 'carrying' : state
    case 'end':
      return 'gone'
  }
}
