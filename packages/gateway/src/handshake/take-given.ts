// In: a session that another node gives away, and the word of the store that it is this node's now. Out: it goes on here, its connection
// held until it has an upstream, and its client finds it. docs/decisions/0081.
import { loadedReplay } from '../hold/replay/index.ts'
import type { Listing } from '../resume/index.ts'
import { type Given, openConnection, type RouteState } from '../session/index.ts'
import type { HandshakeDeps } from './handshake-deps.ts'
import { heldAs } from './take-over.ts'

/** Why no session of this route can come here; undefined: one can. `bytes`: what it costs while its client is away. */
export function noRoomFor(
  state: RouteState | undefined,
  bytes: number,
  deps: Pick<HandshakeDeps, 'draining' | 'directory'>,
): string | undefined {
  if (!state?.options.resume || !state.options.hold || !deps.directory) return 'it has no such route'
  if (deps.draining(state.options.name)) return 'it drains'
  if (!state.sessions.hasRoomFor(bytes)) return 'it is full'
  return undefined
}

/** Whether the route would hold its connection. */
export function mayTake({ connection }: Given, state: RouteState): boolean {
  return held(connection, state) !== undefined && state.options.resume !== undefined
}

/**
 * Goes on with it.
 *
 * @throws {Error} Something of it cannot be: what its replay module remembers, for one.
 */
export function takeGiven(given: Given, listing: Listing, state: RouteState, deps: HandshakeDeps): void {
  const { connection: packed, session, tokens, base, identity, answers } = given
  const { protocol, extensions, address, http, auth, asked, before } = packed
  const its = held(packed, state)
  const opened = openConnection(
    {
      ...{ protocol, extensions, address, http, held: its, auth, asked, answers },
      resume: {
        options: state.options.resume!,
        ...(identity !== undefined && { identity }),
        listing,
        given: { session, tokens, base },
      },
      replay: its && loadedReplay(its.hold.replay),
      releaseUpstream() {},
      admission: { release() {} },
      before: { ...before, id: deps.newId() },
    },
    {},
    state,
    deps,
  )
  deps.log.debug({ route: state.options.name, id: opened.id }, 'session of a node that drains goes on here')
}

function held({ held, protocol, extensions, address }: Given['connection'], { options }: RouteState) {
  return heldAs({ held, protocol, extensions }, address, undefined, options)
}
