// In: the handshake of a client that offers `holdfast.v1`, and perhaps comes back to a session. Out: a handshake that
// nobody else need know more of, or the client on its session again. PROTOCOL.md, sections 2 and 6.
import { closeMapping } from '../connection/index.ts'
import type { Asked, LimitOptions, RouteOptions } from '../core/index.ts'
import { type ClientHandshake, withoutClientTakeover } from '../http/index.ts'
import {
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
  const { handshakesPerSecond, perAddress } = limits
  return {
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
  asked: Asked | undefined
}

/**
 * Puts a client on its session again, or says that it may not. The result is an `Over` where neither is so: the client gets
 * a new session, and is told why.
 */
export function resumeSession(
  { handshake, back: { token, received }, identity, admission, asked }: Returning,
  state: RouteState,
  deps: HandshakeDeps,
): 'accepted' | 'rejected' | 'abandoned' | Over {
  const { options: route, sessions } = state
  const found = sessions.find(token)
  if ('over' in found) {
    if (found.over.why === 'unknown') sessions.count('unknown')
    return found.over
  }
  if (handshake.signal.aborted) return 'abandoned'
  const { entry, hash } = found
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
  goOn(handshake, received, { entry, hash }, admission, state)
  return 'accepted'
}

function goOn(
  handshake: ClientHandshake,
  received: number,
  { entry, hash }: { entry: Entry; hash: string },
  admission: Extract<Admission, { ok: true }>,
  { options: route, sessions }: RouteState,
): void {
  const { session, protocol = '', extensions } = entry
  const { address, httpVersion: http } = handshake.request
  const { awayMs } = session
  const token = sessions.exchange(entry, hash)
  session.returned(received)
  sessions.unparked(session)
  entry.address = address
  entry.onReturned({ address, http, awayMs, admission })
  // Another network may have a proxy that removes the offer.
  const agreed = allows(handshake.request.extensions, extensions) ? extensions : undefined
  const told = withoutClientTakeover(agreed)
  const stream = handshake.accept({ ...(told && { extensions: told }), headers: [] })
  session.connect(
    { stream, deflate: isDeflated(agreed), inflates: isDeflated(extensions) && !agreed },
    { token, protocol, resumed: true, for: route.resume?.for ?? 0 },
  )
}
