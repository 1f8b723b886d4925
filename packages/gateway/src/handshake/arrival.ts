// A client's handshake from its arrival to its answer: what every step of it knows, and how it ends without a connection.
import type { CloseCause } from '../connection/index.ts'
import type { Asked, DrainOptions, HandshakeResult, MonotonicMs, RouteOptions } from '../core/index.ts'
import { askedOf, type ClientHandshake } from '../http/index.ts'
import { type Offer, readOffer } from '../resume/index.ts'
import type { RouteState } from '../session/index.ts'
import type { HandshakeSpan } from '../trace/index.ts'
import type { HandshakeDeps } from './handshake-deps.ts'
import { type Admission, overLimit } from './limits.ts'
import { clientLeft, logRefusal } from './log-refusal.ts'
import { withOffer } from './resume-session.ts'
import { turnAway } from './turn-away.ts'

/** The least and greatest milliseconds after which a client comes back whose session is on a node that cannot be reached. */
const unreachableRetryMs: DrainOptions['retry'] = [500, 2000]

export class Arrival {
  /** As it came. */
  readonly given: ClientHandshake
  /** Without the offer of this gateway's own protocol. */
  readonly handshake: ClientHandshake
  readonly state: RouteState
  readonly deps: HandshakeDeps
  /** The options of the route when it arrived. */
  readonly route: RouteOptions
  readonly offer: Offer | undefined
  readonly at: MonotonicMs
  /** For the access log. */
  readonly asked: Asked | undefined
  readonly span: HandshakeSpan

  constructor(given: ClientHandshake, state: RouteState, deps: HandshakeDeps) {
    const { options: route } = state
    this.given = given
    this.state = state
    this.deps = deps
    this.route = route
    this.at = deps.clock.now()
    this.offer = readOffer(given.request.protocols)
    this.handshake = this.offer ? withOffer(given, this.offer, route) : given
    const { request } = this.handshake
    this.asked = deps.accessLog.isOn ? askedOf(request, deps.clock.wall()) : undefined
    this.span = deps.tracing.handshake(request, route)
  }

  /** What the client comes back to. */
  get back(): Offer['back'] {
    return this.route.resume && this.offer?.v1 ? this.offer.back : undefined
  }

  /** Tells the client that it gets no connection. */
  leave(cause: CloseCause, result: HandshakeResult): void {
    const { handshake, state, deps, asked, span, route } = this
    state.counts.handshake(result)
    const answer = turnAway(handshake, cause, state, deps, asked)
    span.end(result, answer)
    logRefusal(handshake.request, asked, answer, route.name, deps)
  }

  /** Who may have its session cannot be asked, or does not answer. */
  unreachable(): void {
    const { state, deps } = this
    state.sessions.count('unreachable')
    this.leave({ what: 'session-unreachable', retry: between(unreachableRetryMs, deps.random) }, 'busy')
  }

  /** The route, or all, is drained; its clients come back after a time between these two. */
  drains(retry: DrainOptions['retry']): void {
    this.leave({ what: 'route-drains', retry: between(retry, this.deps.random) }, 'draining')
  }

  tooMany(denied: Extract<Admission, { ok: false }>): void {
    this.leave(overLimit(denied), denied.limit === 'unknown' ? 'unchecked' : 'over-limit')
  }

  originRefused(): void {
    this.leave({ what: 'origin-refused' }, 'origin-refused')
  }

  /** The client has left. */
  abandoned(): void {
    const { handshake, state, deps, asked, span, route } = this
    span.end('abandoned')
    logRefusal(handshake.request, asked, { status: clientLeft }, route.name, deps)
    state.counts.handshake('abandoned')
  }
}

/** A random delay between the two. */
export function between([least, greatest]: DrainOptions['retry'], random: () => number): number {
  return Math.round(least + random() * (greatest - least))
}
