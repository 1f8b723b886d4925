/** What a gateway counts and shows. Plain data: it crosses from worker to supervisor as JSON. */
import type { UnixMs } from './clock.ts'

/** Who ended a connection. */
export type ClosedBy = 'client' | 'upstream' | 'gateway'
/** held: its upstream is gone, and the next is being looked for. */
export type ShownState = 'open' | 'held' | 'closing'
/** Where bytes go. */
export type Direction = 'to-upstream' | 'to-client'

/** What was handed on. Bytes include frame headers. */
export interface Traffic {
  /** How many messages, by direction. */
  messages: Record<Direction, number>
  /** Bytes, frame headers included, by direction. Source: RFC 6455 5.2. */
  bytes: Record<Direction, number>
}

/** Monotonic counts of one route. Keys of the inner records are label values. */
export interface RouteCounters extends Traffic {
  /**
   * How many handshakes, by result: 'accepted', 'bad-gateway', 'busy', 'rejected', 'origin-refused', 'over-limit',
   * 'unchecked', 'unauthorized', 'auth-failed', 'draining', 'abandoned', 'fault'.
   */
  handshakes: Record<string, number>
  /**
   * How many closes, by `${code}:${by}`; code 1006 stands for a connection that ended without a Close frame, and
   * `4xxx` for all codes of that thousand that nobody knows.
   */
  closes: Record<string, number>
  /** How many messages an upstream may not have read before it went, or sent only in part, by direction. */
  lost: Record<Direction, number>
  /**
   * How many holds have ended, by how: 'attached', 'refused', 'too-late', 'not-restored' and 'lost-again' (told 1012),
   * 'abandoned' (the client left), 'ended' (drain, fault).
   */
  reattachments: Record<string, number>
  /**
   * How many re-attachments took at most that many seconds from the loss of an upstream to the next one: the upper
   * bound of each bucket, with 'Infinity' as the last.
   */
  reattachSeconds: Record<string, number>
  /** Seconds of all re-attachments together. */
  reattachSum: number
  /**
   * How many handshakes waited for an upstream, by how that ended: 'answered' (one was there), 'over', 'left' (the client
   * went away), 'drains', 'flooded' (it sent instead of waiting), 'no-room' (it could not wait). Absent in the reports of
   * workers of an earlier version.
   */
  waits?: Record<string, number>
  /**
   * How many clients were told that they get no connection, by how: `close:${code}` in band, `http:${status}`. Absent in
   * the reports of workers of an earlier version.
   */
  turnedAway?: Record<string, number>
  /**
   * How many closes of upstreams may have been a restart (`hold.stopping`), by what they were found to be: 'restart', 'kick' (told
   * to the client with its own code), 'left' (the client went, or a drain came, before that was known). Absent in the reports of
   * workers of an earlier version.
   */
  judged?: Record<string, number>
  /**
   * How many questions there were to the authentication service, by answer: 'allowed', 'refused', 'failed' (it was away, or said 429
   * or 5xx), 'cached' (it was not asked again). Absent in the reports of workers of an earlier version.
   */
  auth?: Record<string, number>
  /**
   * How many sessions there were, by what became of them: `parked`, `resumed`, `expired`, `evicted`; and returns that were `refused` or came with a token
   * that is `unknown`. Absent in the reports of workers of an earlier version.
   */
  sessions?: Record<string, number>
}

/**
 * What is known of an upstream. `healthy`, `unhealthy`: as probes and dials say, on a route with `health`. `failing`: its last dial
 * failed, or its name cannot be looked up, and nothing probes it. `not probed`: nothing probes it, or no probe has ended yet, and no
 * dial has failed since. `drained`: the operator has taken it out.
 */
export type UpstreamState = 'healthy' | 'unhealthy' | 'failing' | 'not probed' | 'drained'

/** One upstream of a route. */
export interface UpstreamInfo {
  /** The URL of the configuration, normalised. */
  name: string
  /** The address dialled; differs from `name` for `dns:` upstreams. */
  address: string
  /**
   * False after `health.unhealthy` failures in a row, until as many probes as `health.healthy` have gone well. Always
   * true on a route without `health`.
   */
  healthy: boolean
  /** Absent in the reports of workers of an earlier version. */
  state?: UpstreamState
  /** Unix milliseconds of its last dial or probe; absent before the first. */
  triedAt?: UnixMs
  /** How many connections go through it, plain HTTP requests under way included. */
  connections: number
  /** The last failure in words, when there was one since it last worked. */
  lastError?: string
}

/** One route. */
export interface RouteInfo {
  /** Its name in the configuration. */
  name: string
  /** How many connections, by state. */
  connections: Record<ShownState, number>
  /** How many handshakes wait for an upstream. Absent in the reports of workers of an earlier version. */
  waiting?: number
  /** Milliseconds until the first of those that wait or are held is sent away; absent when there is none. */
  givesUpInMs?: number
  /** On a route with `resume`: its sessions, how many of them have no connection, and bytes kept for those. */
  sessions?: { connected: number; parked: number; parkedBytes: number }
  /** Whether the operator has drained the route: it takes no clients. */
  drained?: boolean
  /** Whether it is not in the configuration any more, and is here for its counters. */
  removed?: boolean
  /** Its upstreams; of a `dns` entry, one for each address. */
  upstreams: UpstreamInfo[]
  /** What it has counted since the start. */
  counters: RouteCounters
}

/** How far a drain is. */
export interface DrainInfo {
  /** What is drained: 'gateway', 'route chat', 'upstream ws://…'. */
  scope: string
  /** How many connections there were at the start. */
  total: number
  /** How many have been closed with a Close so far. */
  closed: number
  /** How many were held and have gone on with another upstream so far. */
  moved: number
  /** How many were cut at the deadline. */
  cut: number
  /** Whether none is left. */
  done: boolean
}

/** Everything a gateway counts and shows at one moment. */
export interface GatewaySnapshot {
  /** The routes, in the order of the configuration. */
  routes: RouteInfo[]
  /** Drains that are under way, and the last ten that are done. */
  drains: DrainInfo[]
  /** Requests that no route serves. Absent in the reports of workers of an earlier version. */
  unrouted?: Unrouted
}

/** Requests that no route serves, since the start. */
export interface Unrouted {
  /** How many WebSocket handshakes. */
  handshakes: number
  /** How many plain HTTP requests. */
  requests: number
}

/** A certificate that a listener shows to its clients. */
export interface CertificateInfo {
  /** The address of the listener, as configured. */
  listener: string
  /** The names and addresses that it is for (subjectAltName); may be none. */
  names: string[]
  /** Unix milliseconds of its end. */
  expiresAt: UnixMs
  /** Milliseconds until then; less than 0 once it has expired. */
  leftMs: number
  /** Whether it should have been renewed by now: a fifth of its life is left, and 30 days at most. */
  expiresSoon: boolean
}

/** One live connection. */
export interface ConnectionInfo extends Traffic {
  /** Its id, unique in the gateway; `holdfast connections` shows it. */
  id: string
  /** Name of its route. */
  route: string
  /** Name of its upstream; '' while it is held. */
  upstream: string
  /** The client's address: of its socket, of its PROXY header, or as a trusted proxy says. Source: RFC 7239 5.2. */
  address: string
  /** open; held: its upstream is gone, and the next is being looked for; closing: a Close is under way. */
  state: ShownState
  /** How many times the connection went on with another upstream. */
  reattached: number
  /**
   * Who restored its session the last time: 'upstream' (by its own word), 'replay', or 'stateless' (the route says
   * `state: none`). Absent while it has its first upstream.
   */
  restoredBy?: RestoredBy
  /** Unix milliseconds of its handshake. */
  openedAt: UnixMs
  /** Its subprotocol; absent without one. Source: RFC 6455 1.9. */
  protocol?: string
  /** Over which HTTP it came: a connection of its own, or a stream of HTTP/2. Source: RFC 6455 4, RFC 8441 5. */
  http: '1.1' | '2'
}

/** Something that an operator may want to see as it happens. */
export type GatewayEvent =
  | { type: 'close'; at: UnixMs; route: string; code: number; reason: string; by: ClosedBy }
  | {
      type: 'health'
      at: UnixMs
      route: string
      upstream: string
      healthy: boolean
      /** Absent from workers of an earlier version. */
      state?: UpstreamState
      error?: string
    }
  | { type: 'drain'; at: UnixMs; drain: DrainInfo }
  /**
   * Connections of a route lost their upstream and are held, or held ones have ended: how many of each since the last
   * such event, and how many are held now.
   */
  | { type: 'hold'; at: UnixMs; route: string; lost: number; ended: Record<string, number>; held: number }

/** A part of the gateway; absent in a message: all of it. */
export interface DrainScope {
  /** Name of a route. Absent: all routes. */
  route?: string
  /** An upstream's name. */
  upstream?: string
  /** Number of the worker that carries a stream of them. */
  carrier?: number
}

/** What has become of the connections of a drain. */
export interface DrainCounts {
  /** How many were closed with a Close frame. */
  closed: number
  /** How many were held and went on with another upstream. */
  moved: number
  /** How many were cut at the deadline. */
  cut: number
}

/** Which connections an operator wants to see. */
export interface ConnectionFilter {
  /** Name of their route. Absent: of any. */
  route?: string
  /** What `GET /api/connections` shows as their state. Absent: any. */
  state?: string
  /** How many at most. */
  limit: number
}

/** What one worker process uses. */
export interface ProcessInfo {
  /** Bytes of memory. */
  memory: number
  /** Seconds of processor time since its start. */
  processor: number
  /** Milliseconds: the 99th percentile of the event loop's delay since the last report. */
  delay: number
  /** How many lines of the log it dropped since its start. */
  logLinesDropped: number
  /** How many lines of the access log. Absent from workers of earlier code. */
  accessLinesDropped?: number
  /** Absent from workers of earlier code. */
  sockets?: SocketCounts
  /** How many connections of other workers it carries; absent from workers of earlier code. */
  carried?: number
}

/** A worker that an upgrade has replaced, and that keeps what cannot move: it joins it to connections of newer workers. */
export interface CarrierInfo {
  /** Number of the worker. */
  id: number
  /** Process id. */
  pid: number
  /** Number of the round that started it. */
  generation: number
  /** Version of the code that it runs. */
  version: string
  /** Version of Node that it runs; absent when it has not said so. */
  node?: string
  /** Unix milliseconds since when it carries. */
  since: UnixMs
  /** How many connections it carries, by its last report. */
  connections: number
  /** Bytes of memory, by its last report. */
  memory: number
  /** Whether its connections are told to come back: it is over a limit of `upgrade`. */
  draining: boolean
}

/** Why a socket was closed before anything was said on it, or a dial could not be made. */
export type SocketRefusal =
  /** More sockets without a request than `pending` allows. */
  | 'pending'
  /** The limit of open files: a client, or a dial to an upstream. */
  | 'descriptors'
  | 'dial-descriptors'

/** Sockets that became no connection. */
export interface SocketCounts {
  /** How many are open now, without a whole request yet. */
  pending: number
  /** How many were closed, by why, since the start. */
  refused: Record<SocketRefusal, number>
  /** The limit of open files was met a moment ago. */
  short: boolean
}

/** How a handshake ended: the label `result` of `holdfast_handshakes_total`. */
export type HandshakeResult =
  | 'accepted'
  | 'bad-gateway'
  | 'busy'
  | 'rejected'
  | 'origin-refused'
  | 'over-limit'
  | 'unchecked'
  /** The authentication service refused it, or did not answer. */
  | 'unauthorized'
  | 'auth-failed'
  | 'draining'
  | 'abandoned'
  | 'fault'

/** Why the client of a route with `hold` is not held: nobody restores its session; another hold would end as the last. */
export type LetGo = 'not-restored' | 'lost-again'

/**
 * How a hold ended: another upstream; its refusal; nobody in time; nobody restored the session, or the next loss came too
 * soon, of which two the client was told 1012; the client left; something else ended it.
 */
export type HoldResult = 'attached' | 'refused' | 'too-late' | LetGo | 'abandoned' | 'ended'

/**
 * Who restored the session of a connection that was put to another upstream. upstream: it says so itself, with
 * `Holdfast-Restored: 1` in its 101; replay: a replay module has set up again what the client had set up; stateless: the
 * route says `state: none`, so that there was nothing to restore.
 */
export type RestoredBy = 'upstream' | 'replay' | 'stateless'

/** One live upgrade. */
export interface UpgradeInfo {
  /** Unix milliseconds of its start. */
  startedAt: UnixMs
  /** starting: the new workers are not ready; moving: connections move to them; done; failed: the old ones go on. */
  phase: 'starting' | 'moving' | 'done' | 'failed'
  /** Version of the code that ran before. */
  from: string
  /** Version of the code that runs now; absent until the first new worker has said it. */
  to?: string
  /** How many connections there were when the move began. */
  total: number
  /** How many have gone to a new worker that still runs. */
  moved: number
  /** How many of these an old worker still carries: over TLS, HTTP/2, or to a `wss:` upstream. */
  carried?: number
  /** How many ended with their old worker: by themselves, or told to come back at the deadline. */
  ended: number
  /** How many have ended, by code and by whom, as `1012:gateway`. Absent in answers of older gateways. */
  closes?: Record<string, number>
  /** How many were cut without a Close: their clients saw 1006. Absent in answers of older gateways. */
  lost?: number
  /** Milliseconds from the start to its end. */
  ms?: number
  /** Why it failed. */
  error?: string
}
