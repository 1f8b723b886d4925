// In: a connection of a gateway that goes, whose client comes back to its session. Out: another gateway has the session, and the client is
// let go without a word; or nobody takes it. docs/decisions/0081.
import type { Reservation, Session } from '../resume/index.ts'
import type { ConnectionDeps } from './connection-deps.ts'
import type { Connection, Giving } from './connections.ts'
import type { Departing } from './departing.ts'
import { writeGiven, writeHeld } from './given-session.ts'
import type { RouteState } from './route-state.ts'

/** Bytes of a session besides what is kept for its client, about. */
const ownBytes = 16 * 1024
/** Milliseconds for the upstream's answer to its Close, after which the place at another gateway is for others, and looked for anew. */
export const placeKeptMs = 250

/** Whether other gateways could find it. */
export function mayGive(session: Session, { sessions }: RouteState): boolean {
  return session.mayLeave && sessions.entryOf(session)?.listing !== undefined
}

/**
 * Gives its session to another gateway, in so many milliseconds: one is looked for first, then its upstream is let go, so that all that it
 * has said is there, and then what there is goes. False: it is where it was, and looks for another upstream if it has none any more.
 */
export async function give(
  connection: Pick<Connection, 'id' | 'route' | 'opening' | 'session'>,
  session: Session,
  departing: Departing,
  { giver, to, withinMs }: Pick<Giving, 'giver' | 'to' | 'withinMs'>,
  state: RouteState,
  { clock, log }: Pick<ConnectionDeps, 'clock' | 'log'>,
): Promise<boolean> {
  const { route } = connection
  const until = clock.now() + withinMs
  let reservation: Reservation | undefined
  const cancel = () => {
    reservation?.cancel()
    reservation = undefined
  }
  let isFree = false
  try {
    while (clock.now() < until && (isFree || departing.mayLeave())) {
      reservation = await giver.reserve(route, ownBytes + session.bytes, until - clock.now(), to)
      if (!reservation || !session.mayLeave) break
      if (!isFree) {
        if (!departing.mayLeave()) break
        session.holdBack()
        isFree = await departing.free(until - clock.now(), cancel)
      }
      if (!isFree || !departing.isHeld || !departing.isWhole || !session.mayLeave) break
      const place: Reservation | undefined = reservation
      if (!place) continue
      reservation = undefined
      const outcome = await place.hand(writeGiven(departing.write(), connection, state))
      // It has ended meanwhile, and its client was told so.
      if (!departing.isHeld) break
      if (outcome === 'refused' && session.state !== 'over') continue
      // Before its stream ends, by which it would say that the upstream was lost.
      session.given()
      departing.leave()
      return true
    }
  } catch (error) {
    log.warn({ id: connection.id, error: String(error) }, 'a session cannot be given to another node')
  }
  cancel()
  await departing.stay()
  return false
}

/** One that is here. `onStays`: said first, since behind a Close nothing of its client counts any more. */
export function departingHere(
  connection: Connection,
  session: Session,
  onStays: Giving['onStays'],
  state: RouteState,
  deps: ConnectionDeps,
): Departing {
  const { pipe } = connection
  return {
    mayLeave: () => pipe.mayLeave(),
    free: (withinMs, onSlow) => freed(connection, withinMs, deps, onSlow),
    get isHeld() {
      return pipe.state === 'held'
    },
    isWhole: true,
    write: () => writeHeld(connection),
    leave: () => leave(connection, deps.connections),
    stay() {
      // Another gateway has it after all, and the client finds it there.
      if (session.state === 'over' && pipe.state === 'held') return leave(connection, deps.connections)
      state.sessions.count('not-given')
      onStays?.()
      goOn(connection)
      session.stay()
    },
  }
}

/** It was to be given, and looks for an upstream again. */
export function goOn(connection: Connection): void {
  const { pipe, onFree } = connection
  connection.onFree = undefined
  if (onFree && pipe.state === 'held') pipe.freeUpstream()
}

/** As `Departing.free`. */
export function freed(
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

/** Its session is with another gateway. */
export function leave(connection: Connection, connections: ConnectionDeps['connections']): void {
  connections.given(connection)
  connection.pipe.leave()
  connection.leave()
  connection.admission.release()
}
