/** What a gateway counts and shows. Plain data: it crosses from worker to supervisor as JSON. */

/** Who ended a connection. */
export type ClosedBy = 'client' | 'upstream' | 'gateway'
/** Where bytes go. */
export type Direction = 'to-upstream' | 'to-client'

/** What was handed on. Bytes include frame headers. */
export interface Traffic {
  messages: Record<Direction, number>
  bytes: Record<Direction, number>
}

/** Monotonic counts of one route. Keys of the inner records are label values. */
export interface RouteCounters extends Traffic {
  /** By result: 'accepted', 'bad-gateway', 'busy', 'rejected', 'origin-refused', 'over-limit', 'draining', 'abandoned', 'fault'. */
  handshakes: Record<string, number>
  /** By `${code}:${by}`; code 1006 stands for a connection that ended without a Close frame. */
  closes: Record<string, number>
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
  connections: Record<'open' | 'closing', number>
  upstreams: UpstreamInfo[]
  counters: RouteCounters
}

/** How far a drain is. */
export interface DrainInfo {
  /** What is drained: 'gateway', 'route chat', 'upstream ws://…'. */
  scope: string
  /** Connections at the start, closed so far, cut so far. */
  total: number
  closed: number
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
  state: 'open' | 'closing'
  /** Unix milliseconds. */
  openedAt: number
  protocol?: string
  http: '1.1' | '2'
}

/** Something that an operator may want to see as it happens. */
export type GatewayEvent =
  | { type: 'close'; at: number; route: string; code: number; reason: string; by: ClosedBy }
  | { type: 'health'; at: number; route: string; upstream: string; healthy: boolean; error?: string }
  | { type: 'drain'; at: number; drain: DrainInfo }
