// In: the handshake of a client that offers `holdfast.v1`, and perhaps comes back to a session. Out: a handshake that
// nobody else need know more of, or the client on its session again. PROTOCOL.md, sections 2 and 6.
import { closeMapping } from '../connection/index.ts'
import type { Asked, LimitOptions, RouteOptions } from '../core/index.ts'
import { type ClientHandshake, withoutClientTakeover } from '../http/index.ts'
import {
  type Authorisation,
  allows,
  type Entry,
  isDeflated,
  type Offer,
  type Over,
  resumes,
  resumesNot,
  withoutOffer,
} from '../resume/index.ts'
import type { RouteState } from '../session/index.ts'
import { wireOf } from '../wire/index.ts'
import type { HandshakeDeps } from './handshake-deps.ts'
import type { Admission } from './limits.ts'
import { tellInBand } from './turn-away.ts'

/**
 * The handshake without the offer, which the upstream, the log and all others do not see; whatever is accepted selects what
 * PROTOCOL.md says.
 */
export function withOffer(handshake: ClientHandshake, offer: Offer, route: RouteOptions): ClientHandshake {
  const speaks = offer.v1 && route.resume !== undefined
  return {
    ...handshake,
    request: withoutOffer(handshake.request),
    // Its `open` waits for `welcome`, so that a Close in its place takes nothing from it.
    ours: handshake.ours || speaks,
    accept(answer) {
      const protocol = speaks ? resumes : answer.protocol || (offer.none ? resumesNot : undefined)
      return handshake.accept({ ...answer, ...(protocol !== undefined && { protocol }) })
    },
  }
}

/** The limits for a client that comes back: its session has a place already. */
export function limitsOfReturn(limits: LimitOptions, { address }: Entry, from: string): LimitOptions {
  // Another gateway has given it to this one: that it has a place was said there.
  if (address === '') return limits
  const { scope, handshakesPerSecond, perAddress } = limits
  return {
    ...(scope !== undefined && { scope }),
    ...(handshakesPerSecond !== undefined && { handshakesPerSecond }),
    ...(perAddress !== undefined && from !== address && { perAddress }),
  }
}

/** A client that comes back. */
export interface Returning {
  handshake: ClientHandshake
  back: NonNullable<Offer['back']>
  /** Who it is, as far as the route can tell. */
  identity: string | undefined
  admission: Extract<Admission, { ok: true }>
  authorisation: Authorisation | undefined
  asked: Asked | undefined
}

/**
 * Puts a client on its session again, or says that it may not; `elsewhere`: it has to come again. The result is an `Over` where none of
 * these is so: the client gets a new session, and is told why.
 */
export function resumeSession(
  { handshake, back: { token, received }, identity, admission, authorisation, asked }: Returning,
  state: RouteState,
  deps: HandshakeDeps,
): 'accepted' | 'rejected' | 'abandoned' | 'elsewhere' | Over {
  const { options: route, sessions } = state
  const found = sessions.find(token)
  if ('over' in found) {
    if (found.over.why === 'unknown') sessions.count('unknown')
    return found.over
  }
  if (handshake.signal.aborted) return 'abandoned'
  const { entry, hash } = found
  // Since it was found, it has begun to go to another gateway, which has what is here as of then.
  if (entry.session.isLeaving) return 'elsewhere'
  const refuse = (what: 'other-identity' | 'client-breaks-protocol') => {
    sessions.count('refused')
    const { client } = closeMapping({ what }, route)
    if (client.by === 'close') {
      const said = { code: client.code!, reason: client.reason, pause: 0, line: asked }
      tellInBand(handshake, said, { what }, state, deps)
    }
    return 'rejected' as const
  }
  if (identity !== entry.identity) return refuse('other-identity')
  const { received: arrived } = entry.session
  switch (entry.session.judge(received)) {
    case 'never sent':
      entry.session.miscounted()
      return refuse('client-breaks-protocol')
    case 'gone':
      sessions.count('refused')
      entry.session.miscounted()
      return { why: 'counters', received: arrived }
  }
  goOn(handshake, received, { entry, hash }, { admission, authorisation }, state)
  return 'accepted'
}

function goOn(
  handshake: ClientHandshake,
  received: number,
  { entry, hash }: { entry: Entry; hash: string },
  { admission, authorisation }: Pick<Returning, 'admission' | 'authorisation'>,
  { options: route, sessions }: RouteState,
): void {
  const { session, protocol = '', extensions } = entry
  const { address, httpVersion: http } = handshake.request
  const { awayMs } = session
  const token = sessions.exchange(entry, hash)
  session.returned(received)
  sessions.unparked(session)
  entry.address = address
  const { front } = handshake
  entry.owner.onReturned({ address, http, front, awayMs, admission, ...(authorisation && { authorisation }) })
  // Another network may have a proxy that removes the offer.
  const agreed = allows(handshake.request.extensions, extensions) ? extensions : undefined
  const told = withoutClientTakeover(agreed)
  const stream = handshake.accept({ ...(told && { extensions: told }), headers: [] })
  session.connect(
    { stream: wireOf(stream), deflate: isDeflated(agreed), inflates: isDeflated(extensions) && !agreed },
    { token, protocol, resumed: true, for: route.resume?.for ?? 0 },
  )
}
