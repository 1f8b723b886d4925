// In: a connection on a route with `hold`. Out: what its Pipe needs to go on with another upstream. Next: reattach.ts.

import type { HoldOptions } from '../core/index.ts'
import { type HoldDeps, reattach } from '../hold/index.ts'
import { addressOf, type Upstream } from '../upstream/index.ts'
import type { ConnectionDeps } from './connection-deps.ts'
import { type Connection, connectionInfo } from './connections.ts'
import type { Opening, Place } from './opening.ts'
import type { RouteState } from './route-state.ts'
import type { Visits } from './visits.ts'

/** Names the client to every upstream that it has, so that a backend can find again what it knew of it. */
export const sessionHeader = 'Holdfast-Session'
/** How many times the client has been handed on, and the close code of the upstream before. */
const reattachHeader = 'Holdfast-Reattach'

/** What the next upstream is told, and the options of the route that are the connection's own. */
export type Held = NonNullable<Opening['held']> & { hold: HoldOptions }

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
  { request, session, hold }: Held,
  state: RouteState,
  visits: Visits,
  deps: ConnectionDeps,
): HoldDeps {
  const { opening } = connection
  const agreed = { protocol: opening.protocol, extensions: opening.extensions }
  let { upstream } = opening
  let tries = connection.reattached
  /** Something was lost with the upstream that has just gone. */
  let hasLost = false
  const dialNext = (departed: number, within: number, signal: AbortSignal) =>
    reattach({
      route: () => state.options,
      pool: () => (deps.draining(state.options.name) ? undefined : state.pool),
      request,
      agreed,
      headers: [
        [sessionHeader, session],
        [reattachHeader, `${++tries}; code=${departed}`],
      ],
      departed: upstream,
      search: state.search,
      within,
      signal,
      clock: deps.clock,
      random: deps.random,
    })
  /** What the next upstream says to the handshake of a client that has been let go. */
  async function inquire(departed: number, signal: AbortSignal): Promise<boolean | undefined> {
    const result = await dialNext(departed, hold.for, signal)
    if (!result.ok) return undefined
    result.release()
    connection.pipe.dismiss(result.dialled.wire)
    return result.dialled.restored ?? false
  }
  return {
    answers: opening.answers,
    options: hold,
    replay: opening.replay,
    // A reload may have taken `hold` from the route: then nobody would let its clients go on.
    mayHold: () => state.options.hold !== undefined,
    judges: () => state.options.hold?.stopping !== false,
    async stops(signal) {
      const stops = await visits.stops(request, opening.protocol, signal)
      state.counts.judged(signal.aborted ? 'left' : stops ? 'restart' : 'kick')
      return stops
    },
    async redial(departed, within, signal) {
      visits.over()
      const lost = hasLost
      hasLost = false
      if (connection.onFree) {
        connection.onFree(lost)
        return aborted(signal)
      }
      const result = await dialNext(departed, within, signal)
      if (!result.ok) {
        if (!signal.aborted) {
          const { words, result: why } = result
          deps.log.debug({ ...connectionInfo(connection), why, words }, 'held client cannot go on')
        }
        return result
      }
      const { dialled } = result
      if (signal.aborted) {
        result.release()
        return { ok: true, stream: dialled.wire }
      }
      upstream = result.upstream
      visits.begin(upstream, result.release)
      return { ok: true, stream: dialled.wire, restored: dialled.restored }
    },
    worthAsking: () => state.restoring.worthAsking,
    mayWaitOn: () => state.restoring.mayWaitOn,
    onAsking: (by) => state.restoring.asking(by),
    onAnswer: (restored) => state.restoring.answered(restored),
    shortRetry: () => Math.round(deps.random() * spreadFor(state.news.away)),
    onReattached(by) {
      connection.wentOn(upstream && placeOf(upstream), tries, by)
      state.news.restored(by)
    },
    onLetGo(why, departed) {
      if (why === 'not-restored') state.restoring.ask((signal) => inquire(departed, signal))
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
      hasLost = true
      state.counts.lost(direction, messages)
    },
  }
}

/** Nothing is found, and nobody hears of it before the search ends. */
function aborted(signal: AbortSignal): Promise<{ ok: false; result: 'too-late' }> {
  return new Promise((resolve) =>
    signal.addEventListener('abort', () => resolve({ ok: false, result: 'too-late' }), { once: true }),
  )
}
