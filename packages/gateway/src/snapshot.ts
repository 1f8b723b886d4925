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
  messages: Record<Direction, number>
  bytes: Record<Direction, number>
}

/** Monotonic counts of one route. Keys of the inner records are label values. */
export interface RouteCounters extends Traffic {
  /** By result: 'accepted', 'bad-gateway', 'busy', 'rejected', 'origin-refused', 'over-limit', 'unchecked', 'draining', 'abandoned', 'fault'. */
  handshakes: Record<string, number>
  /**
   * By `${code}:${by}`; code 1006 stands for a connection that ended without a Close frame, and `4xxx` for all codes of
   * that thousand that nobody knows.
   */
  closes: Record<string, number>
  /** Messages that an upstream may not have read before it went, or of which it sent only a part. */
  lost: Record<Direction, number>
  /** How holds ended: 'attached', 'refused', 'too-late', 'abandoned' (the client left), 'ended' (drain, fault). */
  reattachments: Record<string, number>
  /** Seconds from the loss of an upstream to the next one: upper bound of a bucket → how many in it; 'Infinity' is the last. */
  reattachSeconds: Record<string, number>
  /** The sum of those seconds. */
  reattachSum: number
}

/** One upstream of a route. */
export interface UpstreamInfo {
  name: string
  /** The address dialled; differs from `name` for `dns:` upstreams. */
  address: string
  healthy: boolean
  connections: number
  /** The last failure in words, when there was one since it last worked. */
  lastError?: string
}

/** One route. */
export interface RouteInfo {
  name: string
  /** Connections by state. */
  connections: Record<ShownState, number>
  upstreams: UpstreamInfo[]
  counters: RouteCounters
}

/** How far a drain is. */
export interface DrainInfo {
  /** What is drained: 'gateway', 'route chat', 'upstream ws://…'. */
  scope: string
  /** Connections at the start; closed, gone on with another upstream, and cut so far. */
  total: number
  closed: number
  moved: number
  cut: number
  done: boolean
}

/** Everything a gateway counts and shows at one moment. */
export interface GatewaySnapshot {
  routes: RouteInfo[]
  drains: DrainInfo[]
}

/** One live connection. */
export interface ConnectionInfo extends Traffic {
  id: string
  route: string
  upstream: string
  address: string
  state: ShownState
  /** How many times the connection went on with another upstream. */
  reattached: number
  openedAt: UnixMs
  protocol?: string
  http: '1.1' | '2'
}

/** Something that an operator may want to see as it happens. */
export type GatewayEvent =
  | { type: 'close'; at: UnixMs; route: string; code: number; reason: string; by: ClosedBy }
  | { type: 'health'; at: UnixMs; route: string; upstream: string; healthy: boolean; error?: string }
  | { type: 'drain'; at: UnixMs; drain: DrainInfo }
  /**
   * Connections of a route lost their upstream and are held, or held ones have ended: how many of each since the last
   * such event, and how many are held now.
   */
  | { type: 'hold'; at: UnixMs; route: string; lost: number; ended: Record<string, number>; held: number }
