// One connection as operators see it, and the words for how handshakes, connections and holds end. Plain data.
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

/** Which connections an operator wants to see. */
export interface ConnectionFilter {
  /** Name of their route. Absent: of any. */
  route?: string
  /** What `GET /api/connections` shows as their state. Absent: any. */
  state?: string
  /** How many at most. */
  limit: number
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
