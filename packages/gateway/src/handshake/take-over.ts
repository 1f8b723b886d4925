// In: a client that comes back to a session whose node is dead, and what that node has written of it. Out: the session goes on here, and
// its connection is held until it has an upstream. docs/decisions/0070.
import { authorised } from '../auth/index.ts'
import { closeMapping } from '../connection/index.ts'
import type { HoldOptions, RouteOptions } from '../core/index.ts'
import { holdFor, loadedReplay } from '../hold/replay/index.ts'
import { withoutClientTakeover } from '../http/index.ts'
import { type AbandonedSession, allows, type Over, readSeriesToken, TokenSeries } from '../resume/index.ts'
import {
  boundsOf,
  heldPipe,
  openConnection,
  type RouteState,
  readCounters,
  readRecipe,
  type SessionCounters,
  type SessionRecipe,
} from '../session/index.ts'
import { wireOf } from '../wire/index.ts'
import type { HandshakeDeps } from './handshake-deps.ts'
import type { Returning } from './resume-session.ts'
import { tellInBand } from './turn-away.ts'

const unknown: Over = { why: 'unknown' }

/**
 * Puts a client on the session of a dead node, or says that it may not. The result is an `Over` where it gets a new session; `lost
 * race`: another node has it by now.
 */
export async function takeOver(
  returning: Returning,
  abandoned: AbandonedSession,
  state: RouteState,
  deps: HandshakeDeps,
): Promise<'accepted' | 'rejected' | 'abandoned' | 'elsewhere' | Over> {
  const { handshake, back, identity, asked } = returning
  const { options: route } = state
  const recipe = readRecipe(abandoned.recipe)
  const token = readSeriesToken(back.token)
  if (!recipe || !token || recipe.route !== route.name) return unknown
  const series = new TokenSeries(token.id, Buffer.from(recipe.key, 'base64url'), token.number)
  // Nothing changes for who does not have the session's token, or is somebody else.
  if (!series.has(token)) return unknown
  if (identity !== recipe.identity) {
    state.sessions.count('refused')
    const { client } = closeMapping({ what: 'other-identity' }, route)
    if (client.by === 'close')
      tellInBand(
        handshake,
        { code: client.code!, reason: client.reason, pause: 0, line: asked },
        { what: 'other-identity' },
        state,
        deps,
      )
    return 'rejected'
  }
  // Used up, by what is known; its owner has a newer one. So is one of which nothing can be known.
  const isUsedUp = (its: SessionCounters | undefined) => !its || token.number < its.token - 1
  if (abandoned.counters !== undefined && isUsedUp(readCounters(abandoned.counters))) return unknown
  if (handshake.signal.aborted) return 'abandoned'
  // A drain has begun meanwhile: another node goes on with it.
  if (deps.draining(route.name)) return 'elsewhere'
  const taken = await abandoned.take(series)
  if (!taken) return 'elsewhere'
  const counters = readCounters(taken.counters)
  if (!counters || isUsedUp(counters)) {
    taken.listing.leave()
    return unknown
  }
  goOn(returning, { recipe, counters, silentMs: abandoned.silentMs, listing: taken.listing }, state, deps)
  return 'accepted'
}

interface Taken {
  recipe: SessionRecipe
  counters: SessionCounters
  silentMs: number
  listing: NonNullable<Awaited<ReturnType<AbandonedSession['take']>>>['listing']
}

function goOn(
  { handshake, back, admission, authorisation, asked, identity }: Returning,
  { recipe, counters, silentMs, listing }: Taken,
  state: RouteState,
  deps: HandshakeDeps,
): void {
  const { options: route } = state
  const { protocol, extensions } = recipe
  const { address, httpVersion: http } = handshake.request
  const { epoch } = listing
  const bounds = boundsOf(counters, { epoch, window: route.resume!.buffer, silentMs })
  const held = heldAs(recipe, handshake.request.address, authorisation, route)
  // Another network may have a proxy that removes the offer.
  const agreed = allows(handshake.request.extensions, extensions) ? extensions : undefined
  const told = withoutClientTakeover(agreed)
  const client = handshake.accept({ ...(told && { extensions: told }), headers: [] })
  const auth = authorisation?.renewal
  const connection = openConnection(
    {
      ...{ protocol, extensions, address, http, held, auth, asked, admission },
      resume: {
        options: route.resume!,
        identity,
        listing,
        taken: { ...bounds, clientReceived: back.received, token: back.token, agreed },
      },
      answers: recipe.held?.answers === true,
      replay: held && loadedReplay(held.hold.replay),
      releaseUpstream: () => {},
      before: {
        id: deps.newId(),
        openedAt: deps.clock.wall(),
        reattached: counters.reattached,
        pipe: heldPipe(recipe, held !== undefined),
      },
    },
    { client: wireOf(client) },
    state,
    deps,
  )
  state.sessions.count('taken-over')
  const { lost, doubled } = bounds
  deps.log.debug(
    { route: route.name, id: connection.id, lost, doubled },
    'session of a dead node goes on here',
  )
  // Without `hold` there is no next upstream for anybody.
  if (!held) connection.pipe.end({ what: 'upstream-not-back', retry: connection.pipe.retry() })
}

/** How its next upstream is found, by the options of this node. */
export function heldAs(
  {
    held,
    protocol,
    extensions,
  }: Pick<SessionRecipe, 'protocol' | 'extensions'> & {
    held?: Pick<NonNullable<SessionRecipe['held']>, 'session' | 'request'> | undefined
  },
  address: string,
  authorisation: Returning['authorisation'],
  { hold }: RouteOptions,
):
  | { session: string; request: NonNullable<SessionRecipe['held']>['request']; hold: HoldOptions }
  | undefined {
  const options = held && hold && holdFor(hold, held.request.target, protocol)
  if (!held || !options) return undefined
  const first = { ...held.request, address }
  const request = authorisation ? authorised(first, authorisation.names, authorisation.headers) : first
  const unread = options.replay.by === 'auto' && extensions !== undefined
  return { session: held.session, request, hold: unread ? { ...options, replay: { by: 'none' } } : options }
}
