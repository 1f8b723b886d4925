// A live upgrade as it goes, and what one would do. Plain data.
import type { UnixMs } from './clock.ts'

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
  /** How many processes that do TLS were replaced, because the new version or its Node does it in another way; absent when they stayed. */
  fronts?: number
  /** Milliseconds from the start to its end. */
  ms?: number
  /** Process id of the supervisor that has taken the place of another; absent when that stayed. */
  supervisor?: number
  /** Why it failed. */
  error?: string
}

/** What a live upgrade would do with the connections of one kind. */
export interface PlannedKind {
  /** How its client is connected: plainly, over TLS, over HTTP/2, or by a session that it comes back to. */
  client: 'ws' | 'wss' | 'http2' | 'session'
  /** How its upstream is connected; none: the connection is held. */
  upstream: 'ws' | 'wss' | 'none'
  /** How many would go to a new worker. */
  move: number
  /** How many would go to a new worker, with a stream that their old worker carries. */
  carry: number
  /** How many would be told to come back at `drain.deadline`, unless they have ended by then. */
  close: number
}

/** A carrier whose connections would be told to come back. */
export interface PlannedDrain {
  /** Number of the worker. */
  id: number
  /** Process id. */
  pid: number
  /** How many connections it carries. */
  connections: number
  /** Which limit of `upgrade` it would be past, in words. */
  why: string
}

/** What would become of the processes that do TLS. */
export interface PlannedFronts {
  /** How many connections come through them. */
  connections: number
  /** Whether others would take the clients that come then. */
  replaced: boolean
  /** Why, in words; absent when they would stay as they are. */
  why?: string
}

/** What a live upgrade would do now. */
export interface UpgradePlan {
  /** The connections that there are, by kind. */
  kinds: PlannedKind[]
  /** Carriers that would be past a limit then. */
  carriers: PlannedDrain[]
  /** The processes that do TLS; absent where there are none. */
  fronts?: PlannedFronts
  /** Why what would have to be carried is told to come back, in words; absent when it is carried. */
  whyNotCarry?: string
  /** Close code that those are told who come back: 1012. Source: the IANA registry of close codes. */
  code: number
  /** Number of each worker that did not answer; its connections are not in this. */
  silent: number[]
}
