// In: a connection on a route with `hold`. Out: what its Pipe needs to go on with another upstream, and what the route hears of
// that. Next: redial.ts.

import type { HoldDeps } from '../hold/index.ts'
import { addressOf, type Upstream } from '../upstream/index.ts'
import type { ConnectionDeps } from './connection-deps.ts'
import { type Connection, connectionInfo } from './connections.ts'
import type { Place } from './opening.ts'
import { type Held, Redial } from './redial.ts'
import type { RouteState } from './route-state.ts'
import type { Visits } from './visits.ts'

/** So many clients that are let go come back in a second. */
const returnsPerSecond = 500
/** Milliseconds over which they come back, at least and at most. */
const spreads = { least: 500, most: 5000 }

/** Milliseconds over which the returns of so many clients are spread. */
function spreadFor(clients: number): number {
  return Math.min(spreads.most, Math.max(spreads.least, (clients * 1000) / returnsPerSecond))
}

export function placeOf({ name, target }: Upstream): Place {
  return { name, address: addressOf(target) }
}

export function holdDeps(
  connection: Connection,
  held: Held,
  state: RouteState,
  visits: Visits,
  deps: ConnectionDeps,
): HoldDeps {
  const { opening } = connection
  const next = new Redial(connection, held, state, visits, deps)
  return {
    answers: opening.answers,
    options: held.hold,
    replay: opening.replay,
    // A reload may have taken `hold` from the route: then nobody would let its clients go on.
    mayHold: () => state.options.hold !== undefined,
    judges: () => state.options.hold?.stopping !== false,
    async stops(signal) {
      const stops = await visits.stops(held.request, opening.protocol, signal)
      state.counts.judged(signal.aborted ? 'left' : stops ? 'restart' : 'kick')
      return stops
    },
    redial: (departed, within, signal) => next.find(departed, within, signal),
    worthAsking: () => state.restoring.worthAsking,
    mayWaitOn: () => state.restoring.mayWaitOn,
    onAsking: (by) => state.restoring.asking(by),
    onAnswer: (restored) => state.restoring.answered(restored),
    shortRetry: () => Math.round(deps.random() * spreadFor(state.news.away)),
    onReattached(by) {
      connection.wentOn(next.upstream && placeOf(next.upstream), next.tries, by)
      state.news.restored(by)
    },
    onLetGo(why, departed) {
      if (why === 'not-restored') state.restoring.ask((signal) => next.inquire(departed, signal))
      state.news.letGo(why)
      state.counts.reattachment(why, 0)
      deps.log.debug({ ...connectionInfo(connection), why }, 'client of a route with hold is let go')
    },
    onHeld: (departed) => state.news.held(connection.upstream?.name, departed),
    onAway: () => state.returns.left(),
    whenOthersBack: (then) => state.returns.whenBack(then),
    onCarried: (by) => state.news.carried(by),
    onHoldEnded(result, ms) {
      state.news.ended(result, ms)
      state.counts.reattachment(result, ms)
    },
    onContextKept() {
      const words = 'it refers to earlier messages, though it agreed to client_no_context_takeover'
      deps.log.debug({ ...connectionInfo(connection), words }, 'held client cannot go on')
    },
    onLost(direction, messages) {
      next.hasLost = true
      state.counts.lost(direction, messages)
    },
  }
}
