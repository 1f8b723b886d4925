// In: what the connections of one upstream, and those that ask for one, have met. Out: whether it is about to stop. Pure;
// upstream-watch.ts acts on it.
import type { MonotonicMs } from '../core/index.ts'

/**
 * What shows that an upstream stops or restarts. refuses: a new connection was refused, reset or ended without an answer;
 * busy: it was answered 503; throws-out: it was let in and ended at once, and no other stays; closes-most: within a second
 * more than half of the upstream's connections ended, by its doing; silent: most of its connections were asked for an answer,
 * and gave none.
 */
export type StopProof = 'refuses' | 'busy' | 'throws-out' | 'closes-most' | 'silent'
/** What a new connection can show. */
type Shown = 'refuses' | 'busy' | 'throws-out'

/** What is kept of its connections. */
interface Counts {
  /** How many are open. */
  open: number
  /** Those that it ended within the last second: how many at about the same time. */
  ends: readonly { at: MonotonicMs; count: number }[]
}

export type Stopping = Counts &
  ({ name: 'serving' } | { name: 'stopping'; by: StopProof; provenAt: MonotonicMs })

export type StopEvent =
  /** A connection through it stands. */
  | { type: 'opened' }
  /** One has ended: by its doing, or by its client's or the gateway's. */
  | { type: 'ended'; by: 'upstream' | 'other' }
  /** What a new connection met. */
  | { type: 'newcomer'; met: Shown | 'let-in' }
  /** Most of those that were asked do not answer. */
  | { type: 'silent' }

/** Milliseconds within which it must have ended most of its connections, and for which a proof is one. */
export const proofLastsMs = 1000
/** So many clients may be sent away within that time, the last of an upstream among them: two tabs of one user. */
const fewEnds = 2
/** Milliseconds that are counted as the same time. */
const togetherMs = 50

export const serving: Stopping = { name: 'serving', open: 0, ends: [] }

export function nextStopping(state: Stopping, event: StopEvent, now: MonotonicMs): Stopping {
  switch (event.type) {
    case 'opened':
      return { ...state, open: state.open + 1 }
    case 'ended': {
      const open = Math.max(0, state.open - 1)
      if (event.by === 'other') return { ...state, open }
      const ends = counted(recent(state.ends, now), now)
      const ended = ends.reduce((sum, { count }) => sum + count, 0)
      const most = ended > fewEnds && ended > open
      return most ? proven({ open, ends }, 'closes-most', now) : { ...state, open, ends }
    }
    case 'newcomer':
      if (event.met === 'let-in') return letIn(state, now)
      if (!mayShow(event.met, state, now)) return state
      return proven(state, event.met, now)
    case 'silent':
      return proven(state, 'silent', now)
  }
}

/** Whether this says that it stops, and not only that it is down, that it is full, or that it wants nothing of a stranger. */
function mayShow(met: Shown, { open, ends }: Counts, now: MonotonicMs): boolean {
  const closes = recent(ends, now).length > 0
  switch (met) {
    case 'refuses':
      return closes || open > 0
    case 'busy':
      return closes
    case 'throws-out':
      return closes && open === 0
  }
}

function proven({ open, ends }: Counts, by: StopProof, now: MonotonicMs): Stopping {
  return { name: 'stopping', open, ends, by, provenAt: now }
}

/** Workers that are replaced one by one close their clients while others already let new ones in. */
function letIn(state: Stopping, now: MonotonicMs): Stopping {
  const { open, ends } = state
  if (state.name === 'stopping' && state.by === 'closes-most' && isProven(state, now)) return state
  return { name: 'serving', open, ends: recent(ends, now) }
}

/** Whether what it closes now it closes because it stops. */
export function isProven(state: Stopping, now: MonotonicMs): boolean {
  return state.name === 'stopping' && now - state.provenAt < proofLastsMs
}

function recent(ends: Counts['ends'], now: MonotonicMs): Counts['ends'] {
  return ends.filter(({ at }) => now - at < proofLastsMs)
}

function counted(ends: Counts['ends'], now: MonotonicMs): Counts['ends'] {
  const last = ends.at(-1)
  if (!last || now - last.at >= togetherMs) return [...ends, { at: now, count: 1 }]
  return [...ends.slice(0, -1), { ...last, count: last.count + 1 }]
}
