// One route: which requests it serves, what it changes in them, and how long each step may take.

import type { AuthOptions, LimitOptions } from './admission-options.ts'
import type { HoldOptions, ResumeOptions } from './hold-options.ts'
import type { Balance, HealthOptions, UpstreamOptions } from './upstream-options.ts'

/** How long each step may take. */
export interface TimeoutOptions {
  /**
   * Milliseconds for TCP and TLS to an upstream.
   *
   * @default 2000 (2s)
   */
  connect: number
  /**
   * Milliseconds from there to the upstream's answer to the handshake. Then: 1014.
   *
   * @default 5000 (5s)
   */
  handshake: number
  /**
   * Milliseconds for a peer's answer to a Close; then the connection is cut. Source: RFC 6455 7.1.1.
   *
   * @default 5000 (5s)
   */
  close: number
  /**
   * Milliseconds of plain HTTP from the end of a request to the head of its answer; `false`: no limit. Then: 504.
   *
   * @default 300000 (5m)
   */
  response: number | false
  /**
   * Milliseconds of plain HTTP without a byte to or from the upstream; `false`: no limit.
   *
   * @default false (off)
   */
  idle: number | false
}

/** Which requests a route serves. */
export interface MatchOptions {
  /**
   * Exact host, or `*.example.com` for any one or more labels before it.
   *
   * @default every host
   */
  host?: string
  /**
   * Exact path, or a prefix followed by `*`.
   *
   * @default every path
   */
  path?: string
}

/** Pings of the gateway's own to client and upstream. Source: RFC 6455 5.5.2. */
export interface KeepaliveOptions {
  /**
   * Milliseconds of silence of a side after which it gets a Ping.
   *
   * @default 25000 (25s)
   */
  ping: number
  /**
   * Milliseconds from the Ping after which a side that stays silent counts as gone.
   *
   * @default 10000 (10s)
   */
  timeout: number
}

/** Close codes for clients that do not take the usual ones: 1000 to 1014 those that a server may send, or 3000 to 4999. */
export interface CloseCodeOptions {
  /**
   * Close code when no upstream can serve the client, or the upstream is lost.
   *
   * @default 1014
   */
  badGateway: number
  /**
   * Close code when the gateway lets go of the connection, or the upstream restarts.
   *
   * @default 1012
   */
  restart: number
  /**
   * Close code when a limit is reached, or the upstream answers 503 or 429.
   *
   * @default 1013
   */
  tryAgain: number
}

/** Fields that the gateway sets, adds or removes. Names as they are written; environment variables are filled in. */
export interface FieldChanges {
  /** Each in place of every field of its name. A field without a value is left out. */
  set?: [name: string, value: string][]
  /** Each behind what is there. */
  add?: [name: string, value: string][]
  /** Names of fields that are left out. */
  remove?: string[]
}

/** What a route changes in a request for its upstreams, and in their answers. */
export interface RouteChanges {
  /**
   * Beginning of the path, whole segments, that the upstream does not get: `/chat` makes `/chat/ws` to `/ws`.
   *
   * @default the path goes as it came, behind that of the upstream's URL
   */
  strip?: string
  /**
   * One path in place of another: both exact, or both a beginning that ends in `/*`.
   *
   * @default the path goes as it came, behind that of the upstream's URL
   */
  rewrite?: { from: string; to: string }
  /**
   * The Host field for the upstream: that of the client, that of the upstream's URL, or a name.
   *
   * @default 'client'
   */
  host?: 'client' | 'upstream' | { name: string }
  /**
   * Fields towards the upstream, and in its answers towards the client. Values towards the upstream may hold
   * `{client.address}` and `{session}`.
   *
   * @default fields go as they came
   */
  headers?: FieldChanges & { response?: FieldChanges }
}

/** One route: which requests it serves, by which upstreams, and how. */
export interface RouteOptions extends RouteChanges {
  /** Names the route in metrics, log and commands; 1 to 64 letters, digits, dots, dashes or underscores. */
  name: string
  /**
   * Which requests it serves.
   *
   * @default every request
   */
  match: MatchOptions
  /** The servers behind it, at least one. */
  upstreams: UpstreamOptions[]
  /**
   * How an upstream is picked for a new connection.
   *
   * @default least-connections
   */
  balance: Balance
  /**
   * How many dials one client may cost before it is told of the failure; 1 to 100.
   *
   * @default 3
   */
  attempts: number
  /** How long each step may take. */
  timeouts: TimeoutOptions
  /**
   * Probes of each upstream.
   *
   * @default none are sent: an upstream that cannot be dialled is avoided for a while
   */
  health?: HealthOptions
  /** Pings to both sides; `false`: none, and a peer whose network is gone is noticed only when something is sent to it. */
  keepalive: KeepaliveOptions | false
  /**
   * An upstream's 3xx or 4xx: handed on as it is, or said as a close code.
   *
   * @default 'pass'
   */
  rejections: 'pass' | 'close'
  /**
   * How a client is told that gets no connection. `close`: a close code after a 101, which a page can see. `http`: HTTP 502,
   * 503 or 504 with `Retry-After` and a short JSON body. `auto`: in band those clients that show that they understand it,
   * all others by HTTP.
   *
   * @default 'auto'
   */
  badGateway: 'auto' | 'close' | 'http'
  /**
   * Milliseconds that a handshake waits for an upstream when there is none; 0: it is told at once.
   *
   * @default 3500 (3.5s), or `hold.for` where that is longer
   */
  wait?: number
  /**
   * How many of the clients that waited are let in a second, over all workers, and of those that come in the 10 s after;
   * `auto`: what the upstream can take, by the times of its handshakes, and fast enough that none's time runs out.
   *
   * @default 'auto'
   */
  admit?: number | 'auto'
  /** What the gateway itself closes with. */
  closeCodes: CloseCodeOptions
  /**
   * `Origin` values that may connect; others, and requests without one, get HTTP 403. Source: RFC 6455 10.2.
   *
   * @default every origin
   */
  origins?: string[]
  /**
   * A service that says who may come in.
   *
   * @default everybody may, as far as the upstream lets them
   */
  auth?: AuthOptions
  /** How much the route may carry. */
  limits: LimitOptions
  /**
   * Clients stay connected while their upstream restarts.
   *
   * @default a connection ends with its upstream
   */
  hold?: HoldOptions
  /**
   * A client whose network broke comes back to its session, where it speaks `holdfast.v1` (PROTOCOL.md).
   *
   * @default no sessions
   */
  resume?: ResumeOptions
}
