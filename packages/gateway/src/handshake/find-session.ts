// In: a client that comes back. Out: where the session is that it comes back to.
import type { RouteOptions, SessionElsewhere } from '../core/index.ts'
import { type AbandonedSession, type Entry, readSeriesToken } from '../resume/index.ts'
import type { Arrival } from './arrival.ts'
import type { HandshakeDeps } from './handshake-deps.ts'

export type FoundSession =
  /** There is none, or it is over. */
  | { at: 'nowhere' }
  | { at: 'here'; entry: Entry }
  /** With another worker or node, which serves the client now. */
  | { at: 'elsewhere' }
  /** With one that cannot be asked, or does not answer. */
  | { at: 'unreachable' }
  /** With one that is dead; it can go on here. */
  | { at: 'abandoned'; abandoned: AbandonedSession }

const noSession: FoundSession = { at: 'nowhere' }

/** What this worker knows of it; `unknown`: others may know more. */
export function sessionHere({ back, state }: Arrival): FoundSession | 'unknown' {
  if (!back) return noSession
  const here = state.sessions.find(back.token)
  if ('entry' in here) {
    // One that is on its way to another node is neither here nor there yet.
    const { entry } = here
    return entry.session.isLeaving ? { at: 'unreachable' } : { at: 'here', entry }
  }
  return here.over.why === 'unknown' ? 'unknown' : noSession
}

/** `token`: what the client has of its session. */
export async function findElsewhere(
  { given, state, route, deps }: Arrival,
  token: string,
): Promise<FoundSession> {
  const elsewhere = (await deps.elsewhere?.(given, token)) ?? false
  if (elsewhere === 'relayed') state.sessions.count('relayed')
  if (elsewhere === true || elsewhere === 'relayed') return { at: 'elsewhere' }
  const missed: Extract<SessionElsewhere, object> = typeof elsewhere === 'object' ? elsewhere : {}
  const found = await seek(token, missed, route, deps)
  if (found === 'kept') return { at: 'unreachable' }
  const isAway = found === 'away'
  if (!isAway && found?.isOwn) {
    // Another worker may have taken it over after it was asked: who finds this epoch in the store asks once more.
    const again = await deps.elsewhere?.(given, token)
    if (again === true || again === 'relayed') return { at: 'elsewhere' }
    if (typeof again === 'object' && again.isUnsure) return { at: 'unreachable' }
  }
  if (!isAway && found) return { at: 'abandoned', abandoned: found }
  // A worker that has not answered may have it: a new one would be in its place.
  return missed.isUnsure || mayBeKept(token, missed, isAway, state, deps) ? { at: 'unreachable' } : noSession
}

/** Whether another node may keep it: none does for longer than `for` after its client has left. `isAway`: the store does not answer. */
function mayBeKept(
  token: string,
  { unreachableForMs, without }: Extract<SessionElsewhere, object>,
  isAway: boolean,
  { sessions, options: { resume } }: Arrival['state'],
  { clock }: HandshakeDeps,
): boolean {
  const id = readSeriesToken(token)?.id
  // The node of the token has it no more: which one has only the store knows.
  const hasMoved = isAway && without !== undefined && unreachableForMs === undefined
  if (id === undefined || !resume || (unreachableForMs === undefined && !hasMoved)) return false
  // Whoever has it may have had the client until a moment ago, by a way that is open: what counts is how long that has been coming back here.
  const askedForMs = sessions.askedFor.forMs(id, clock.now())
  if (Math.min(askedForMs, unreachableForMs ?? Number.POSITIVE_INFINITY) < resume.for) return true
  sessions.askedFor.found(id)
  return false
}

/** Whether the node is gone that had the session of this token, as the fleet's store says. `missed`: what the others have said. */
async function seek(
  token: string,
  { without, isUnsure }: Extract<SessionElsewhere, object>,
  { resume }: RouteOptions,
  { directory }: HandshakeDeps,
) {
  const id = readSeriesToken(token)?.id
  return id !== undefined && resume ? directory?.seek(id, resume.for, without, isUnsure) : undefined
}
