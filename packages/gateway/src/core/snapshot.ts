// What a gateway counts and shows. Plain data: it crosses from worker to supervisor as JSON.

import type { UnixMs } from './clock.ts'
import type { ClosedBy, Direction, ShownState, Traffic } from './connection-info.ts'

export type * from './certificate-info.ts'
export type * from './connection-info.ts'
export type * from './fleet-info.ts'
export type * from './process-info.ts'
export type * from './upgrade-info.ts'

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
  /** How many messages at most an upstream had not read before it went, or sent only in part, by direction. */
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
  /** Number of the drain, the same in each worker that it concerns; absent where a worker drains of its own accord. */
  id?: number
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
