// In: a connection of a gateway that goes, whose client comes back to its session. Out: another gateway has the session, and the client is
// let go without a word; or nobody takes it. docs/decisions/0081.
import type { Reservation, Session, SessionGiver } from '../resume/index.ts'
import type { ConnectionDeps } from './connection-deps.ts'
import type { Connection } from './connections.ts'
import { writeGiven } from './given-session.ts'
import type { RouteState } from './route-state.ts'

/** Bytes of a session besides what is kept for its client, about. */
const ownBytes = 16 * 1024

/** Whether other gateways could find it. */
export function mayGive(session: Session, { sessions }: RouteState): boolean {
  return session.mayLeave && sessions.entryOf(session)?.listing !== undefined
}

/**
 * Gives its session to another gateway, in so many milliseconds: one is looked for first, then its upstream is let go, so that all that it
 * has said is there, and then what there is goes. False: it is where it was, and perhaps without its upstream.
 */
export async function give(
  connection: Connection,
  session: Session,
  giver: SessionGiver,
  withinMs: number,
  state: RouteState,
  deps: ConnectionDeps,
): Promise<boolean> {
  const { pipe, route } = connection
  const { clock, log, connections } = deps
  const until = clock.now() + withinMs
  let reservation: Reservation | undefined
  let isFree = false
  try {
    while (clock.now() < until && (isFree || pipe.mayLeave)) {
      reservation = await giver.reserve(route, ownBytes + session.bytes, until - clock.now())
      if (!reservation || !session.mayLeave) break
      isFree ||= pipe.mayLeave && (await freed(connection, until - clock.now(), deps))
      if (!isFree || pipe.state !== 'held' || !session.mayLeave) break
      const outcome = await reservation.hand(writeGiven(connection, state))
      reservation = undefined
      // It has ended meanwhile, and its client was told so.
      if (pipe.state !== 'held') break
      if (outcome === 'refused' && session.state !== 'over') continue
      leave(connection, session, connections)
      return true
    }
  } catch (error) {
    log.warn({ id: connection.id, error: String(error) }, 'a session cannot be given to another node')
  }
  reservation?.cancel()
  connection.onFree = undefined
  session.stay()
  state.sessions.count('not-given')
  return false
}

/**
 * Lets its upstream go. Resolves when it has, and all that it said is with the session; to false when that is not so in time, or when it
 * may not have read all that the client said, who is to hear of that.
 */
function freed(
  connection: Connection,
  withinMs: number,
  { clock, connections }: Pick<ConnectionDeps, 'clock' | 'connections'>,
): Promise<boolean> {
  return new Promise((resolve) => {
    const settle = (isFree: boolean) => {
      clock.clearTimeout(timer)
      stopWatching()
      resolve(isFree)
    }
    const timer = clock.setTimeout(() => settle(false), withinMs)
    const stopWatching = connections.watch((one) => {
      if (one === connection) settle(false)
    })
    connection.onFree = (hasLost) => settle(!hasLost)
    connection.pipe.freeUpstream()
  })
}

function leave(connection: Connection, session: Session, connections: ConnectionDeps['connections']): void {
  connections.moved(connection)
  // Before its stream ends, by which it would say that the upstream was lost.
  session.given()
  connection.pipe.leave()
  connection.leave()
  connection.admission.release()
}
