// In: a connection of a gateway that goes, whose client comes back to its session. Out: another gateway has the session, and the client is
// let go without a word; or nobody takes it. docs/decisions/0081.
import type { Reservation, Session } from '../resume/index.ts'
import type { ConnectionDeps } from './connection-deps.ts'
import type { Connection, Giving } from './connections.ts'
import { writeGiven } from './given-session.ts'
import type { RouteState } from './route-state.ts'

/** Bytes of a session besides what is kept for its client, about. */
const ownBytes = 16 * 1024
/** Milliseconds for the upstream's answer to its Close, after which the place at another gateway is for others, and looked for anew. */
const placeKeptMs = 250

/** Whether other gateways could find it. */
export function mayGive(session: Session, { sessions }: RouteState): boolean {
  return session.mayLeave && sessions.entryOf(session)?.listing !== undefined
}

/**
 * Gives its session to another gateway, in so many milliseconds: one is looked for first, then its upstream is let go, so that all that it
 * has said is there, and then what there is goes. False: it is where it was, and looks for another upstream if it has none any more.
 */
export async function give(
  connection: Connection,
  session: Session,
  { giver, to, withinMs, onStays }: Giving,
  state: RouteState,
  deps: ConnectionDeps,
): Promise<boolean> {
  const { pipe, route } = connection
  const { clock, log, connections } = deps
  const until = clock.now() + withinMs
  let reservation: Reservation | undefined
  const cancel = () => {
    reservation?.cancel()
    reservation = undefined
  }
  let isFree = false
  try {
    while (clock.now() < until && (isFree || pipe.mayLeave())) {
      reservation = await giver.reserve(route, ownBytes + session.bytes, until - clock.now(), to)
      if (!reservation || !session.mayLeave) break
      if (!isFree) {
        if (!pipe.mayLeave()) break
        session.holdBack()
        isFree = await freed(connection, until - clock.now(), deps, cancel)
      }
      if (!isFree || pipe.state !== 'held' || !session.mayLeave) break
      const place: Reservation | undefined = reservation
      if (!place) continue
      reservation = undefined
      const outcome = await place.hand(writeGiven(connection, state))
      // It has ended meanwhile, and its client was told so.
      if (pipe.state !== 'held') break
      if (outcome === 'refused' && session.state !== 'over') continue
      leave(connection, session, connections)
      return true
    }
  } catch (error) {
    log.warn({ id: connection.id, error: String(error) }, 'a session cannot be given to another node')
  }
  cancel()
  state.sessions.count('not-given')
  onStays?.()
  stay(connection, session)
  return false
}

/** It goes on where it is. What it was told before that is said first: behind a Close nothing of its client counts any more. */
function stay(connection: Connection, session: Session): void {
  const { pipe, onFree } = connection
  connection.onFree = undefined
  if (onFree && pipe.state === 'held') pipe.freeUpstream()
  session.stay()
}

/**
 * Lets its upstream go. Resolves when it has, and all that it said is with the session; to false when that is not so in time, or when it
 * may not have read all that the client said, who is to hear of that. `onSlow`: others should not wait for that upstream, too.
 */
function freed(
  connection: Connection,
  withinMs: number,
  { clock, connections }: Pick<ConnectionDeps, 'clock' | 'connections'>,
  onSlow: () => void,
): Promise<boolean> {
  return new Promise((resolve) => {
    const settle = (isFree: boolean) => {
      clock.clearTimeout(timer)
      clock.clearTimeout(slow)
      stopWatching()
      resolve(isFree)
    }
    const timer = clock.setTimeout(() => settle(false), withinMs)
    const slow = clock.setTimeout(onSlow, placeKeptMs)
    const stopWatching = connections.watch((one) => {
      if (one === connection) settle(false)
    })
    connection.onFree = (hasLost) => settle(!hasLost)
    connection.pipe.freeUpstream()
  })
}

function leave(connection: Connection, session: Session, connections: ConnectionDeps['connections']): void {
  connections.given(connection)
  // Before its stream ends, by which it would say that the upstream was lost.
  session.given()
  connection.pipe.leave()
  connection.leave()
  connection.admission.release()
}
