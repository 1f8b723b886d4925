// In: a connection on a route with `hold`. Out: what its Pipe needs to go on with another upstream. Next: reattach.ts.

import type { HoldOptions } from '../core/index.ts'
import { type HoldDeps, reattach } from '../hold/index.ts'
import type { ReplayModule } from '../hold/replay/index.ts'
import type { UpgradeRequest } from '../http/index.ts'
import { addressOf, type Upstream } from '../upstream/index.ts'
import type { ConnectionDeps } from './connection-deps.ts'
import { type Connection, connectionInfo } from './connections.ts'
import type { RouteState } from './route-state.ts'
import type { Visits } from './visits.ts'

/** Names the client to every upstream that it has, so that a backend can find again what it knew of it. */
export const sessionHeader = 'Holdfast-Session'
/** How many times the client has been handed on, and the close code of the upstream before. */
const reattachHeader = 'Holdfast-Reattach'

/** What a held connection began with. */
export interface Held {
  request: UpgradeRequest
  protocol?: string
  extensions?: string
  session: string
  upstream?: Upstream
  before?: { reattached: number }
  answers?: boolean
  hold: HoldOptions
  replay?: ReplayModule
  /** `upstream` ends the counting of the connection at its upstream; it is replaced at every re-attachment. */
  release: { upstream: () => void }
}

/** So many clients that are let go come back in a second. */
const returnsPerSecond = 500
/** Milliseconds over which they come back, at least and at most. */
const spreads = { least: 500, most: 5000 }

/** Milliseconds over which the returns of so many clients are spread. */
function spreadFor(clients: number): number {
  return Math.min(spreads.most, Math.max(spreads.least, (clients * 1000) / returnsPerSecond))
}

export function placeOf({ name, target }: Upstream): { name: string; address: string } {
  return { name, address: addressOf(target) }
}

export function holdDeps(
  connection: () => Connection,
  held: Held,
  state: RouteState,
  visits: Visits,
  deps: ConnectionDeps,
): HoldDeps {
  const { request, session, hold, release } = held
  const agreed = { protocol: held.protocol, extensions: held.extensions }
  let { upstream } = held
  let tries = held.before?.reattached ?? 0
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
    connection().pipe.dismiss(result.dialled.socket)
    return result.dialled.restored ?? false
  }
  return {
    answers: held.answers,
    options: hold,
    replay: held.replay,
    // A reload may have taken `hold` from the route: then nobody would let its clients go on.
    mayHold: () => state.options.hold !== undefined,
    judges: () => state.options.hold?.stopping !== false,
    async stops(signal) {
      const stops = await visits.stops(request, held.protocol, signal)
      state.countJudged(signal.aborted ? 'left' : stops ? 'restart' : 'kick')
      return stops
    },
    async redial(departed, within, signal) {
      release.upstream()
      visits.over()
      const result = await dialNext(departed, within, signal)
      if (!result.ok) {
        if (!signal.aborted) {
          const { words, result: why } = result
          deps.log.debug({ ...connectionInfo(connection()), why, words }, 'held client cannot go on')
        }
        return result
      }
      const { dialled } = result
      if (signal.aborted) {
        result.release()
        return { ok: true, stream: dialled.socket }
      }
      upstream = result.upstream
      release.upstream = result.release
      visits.begin(upstream)
      if (dialled.head.length > 0) dialled.socket.unshift(dialled.head)
      return { ok: true, stream: dialled.socket, restored: dialled.restored }
    },
    worthAsking: () => state.restoring.worthAsking,
    mayWaitOn: () => state.restoring.mayWaitOn,
    onAsking: (by) => state.restoring.asking(by),
    onAnswer: (restored) => state.restoring.answered(restored),
    shortRetry: () => Math.round(deps.random() * spreadFor(state.news.away)),
    onReattached(by) {
      const place = upstream && placeOf(upstream)
      const carried = { client: connection().carried?.client }
      Object.assign(connection(), { upstream: place, reattached: tries, restoredBy: by, carried })
      deps.connections.moved(connection())
      state.news.restored(by)
    },
    onLetGo(why, departed) {
      if (why === 'not-restored') state.restoring.ask((signal) => inquire(departed, signal))
      state.news.letGo(why)
      state.countReattachment(why, 0)
      deps.log.debug({ ...connectionInfo(connection()), why }, 'client of a route with hold is let go')
    },
    onHeld: (departed) => state.news.held(connection().upstream?.name, departed),
    onAway: () => state.returns.left(),
    whenOthersBack: (then) => state.returns.whenBack(then),
    onCarried: (by) => state.news.carried(by),
    onHoldEnded(result, ms) {
      state.news.ended(result, ms)
      state.countReattachment(result, ms)
    },
    onContextKept() {
      const words = 'it refers to earlier messages, though it agreed to client_no_context_takeover'
      deps.log.debug({ ...connectionInfo(connection()), words }, 'held client cannot go on')
    },
    onLost: (direction, messages) => state.countLost(direction, messages),
  }
}
