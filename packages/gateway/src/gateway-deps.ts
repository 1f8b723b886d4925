// What a Gateway is given besides its configuration.
import type { Logger } from 'pino'
import type { Clock, TlsRefusal } from './core/index.ts'
import type { Admit, HandshakeDeps } from './handshake/index.ts'
import type { SessionDirectory, SessionGiver } from './resume/index.ts'
import type { LineTo } from './session/index.ts'
import type { Tracing } from './trace/index.ts'

/** An upstream that has left something unanswered. */
export interface UnansweredUpstream {
  /** Name of its route. */
  route: string
  /** Its name in the configuration. */
  upstream: string
  /** The address dialled. */
  address: string
}

/** What a Gateway takes besides its options. */
export interface GatewayDeps {
  /** Where it logs: a logger of pino. */
  log: Logger
  /**
   * Time and timers, for tests that turn the clock by hand.
   *
   * @default {@link systemClock}
   */
  clock?: Clock
  /**
   * A number in [0, 1); it spreads closes, delays and probes.
   *
   * @default Math.random
   */
  random?: () => number
  /**
   * Decides who may come in under the limits of a route.
   *
   * @default a ledger of this gateway's own
   */
  admit?: Admit
  /**
   * Told of connections that come with a live upgrade and that another gateway has let in; the result is called when
   * they have ended.
   *
   * @default nothing is called
   */
  entered?: HandshakeDeps['entered']
  /**
   * Called with the route of a connection that was accepted.
   *
   * @default nothing is called
   */
  onOpened?: HandshakeDeps['onOpened']
  /**
   * Called with the route of a connection that has ended, and as what that counts: `1000:client`.
   *
   * @default nothing is called
   */
  onClosed?: HandshakeDeps['onClosed']
  /**
   * Where handshakes are traced.
   *
   * @default nowhere
   */
  tracing?: Tracing
  /**
   * Called when a socket without a request had to give way to another; see `pending`.
   *
   * @default nothing is called
   */
  onPendingRefused?: () => void
  /**
   * Called when the TLS handshake of a client did not succeed, with why.
   *
   * @default nothing is called
   */
  onTlsRefused?: (reason: TlsRefusal) => void
  /**
   * Called when an upstream could not be dialled, because this process has too many open files.
   *
   * @default nothing is called
   */
  onNoDescriptor?: () => void
  /**
   * Called when an upstream has left something unanswered, and its connections are asked for a sign of life: other
   * gateways may have more of them, and are told with `unanswered`.
   *
   * @default nothing is called
   */
  onUnanswered?: (upstream: UnansweredUpstream) => void
  /**
   * Looks for the session of a token that this gateway does not know, and lets the gateway that keeps it serve the client; false: there
   * is none; an object: it cannot be reached. See `serveReturn`.
   *
   * @default nobody is asked
   */
  elsewhere?: HandshakeDeps['elsewhere']
  /**
   * Makes sessions findable for the other gateways of a fleet.
   *
   * @default nothing does
   */
  directory?: SessionDirectory | undefined
  /**
   * Gives sessions to the other gateways of a fleet when this one drains.
   *
   * @default their clients are told 1012, as all others
   */
  giver?: SessionGiver | undefined
  /**
   * Reaches the worker that has the session of a connection of here since a live upgrade, so that it is given, too; see `giveFor`.
   *
   * @default their clients are told 1012
   */
  lineTo?: LineTo | undefined
  /**
   * How many gateways like this one share the limits of the routes: `limits.waiting` and `admit`.
   *
   * @default 1
   */
  workers?: number
  /**
   * Put before connection ids, so that they are unique among several gateways.
   *
   * @default ''
   */
  idPrefix?: string
  /**
   * Id of this gateway's node in its fleet: the tokens of its sessions say it.
   *
   * @default none: it is in no fleet
   */
  node?: string | undefined
}

/** What part of the connections is meant; nothing: all. */
export interface Scope {
  /** Name of a route. Absent: all routes. */
  route?: string
  /** Name of an upstream. Absent: all upstreams. */
  upstream?: string
  /** Number of the worker that carries a stream of them. Absent: whether carried or not. */
  carrier?: number
}
