// What a gateway knows of its fleet. Plain data.

/** Another gateway of a fleet, as workers find it. */
export interface FleetNode {
  /** Its id. */
  id: string
  /** Where it listens for others. */
  listen: { host: string; port: number }
}

/** Whether another gateway serves a client that comes back; `relayed`: one of another node. */
export type SessionElsewhere =
  | boolean
  | 'relayed'
  | {
      /** Its session is on a node that has not been reached for so many milliseconds. */
      unreachableForMs?: number
      /** Id of the node that has not got it: it says so itself, or nothing listens where it did. */
      without?: string
      /** Not all other processes of this gateway have said whether they have it. */
      isUnsure?: boolean
    }

/** A gateway of a fleet, as it last announced itself. */
export interface FleetMember {
  /** Chosen at its start. */
  id: string
  /** The name of its machine, or of its pod. */
  host: string
  /** Under which address others find it; absent when it has none. */
  listen?: string
  /** Version of its code. */
  version: string
  /** starting, serving, or draining. */
  phase: 'starting' | 'serving' | 'draining'
  /** Number of the generation of its workers: 1, and one more with each live upgrade. */
  generation: number
  /** How many connections it has. */
  connections: number
  /** How many sessions changed nodes there. Absent from gateways of an earlier version. */
  moves?: SessionMoves
  /** Whether it is the gateway that says this. */
  self: boolean
}

/** Sessions of a gateway that changed nodes since its start. */
export interface SessionMoves {
  /** How many it has gone on with whose node was dead. */
  takenOver: number
  /** How many others have given to it. */
  received: number
  /** How many it has given to others. */
  given: number
  /** How many nobody took that it was to give. */
  notGiven: number
}

/** What a gateway knows of its fleet. */
export interface FleetInfo {
  /** Of the configuration. */
  name: string
  /** This gateway's own. */
  id: string
  /** The store, as this gateway finds it. */
  store: {
    /** Where it is: no password is in it. */
    address: string
    /** away: this gateway goes on by itself. */
    state: 'connecting' | 'present' | 'away'
    /** Milliseconds that it has been so. */
    forMs: number
    /** Why it is away; absent while it is not. */
    error?: string
    /** Its `maxmemory-policy`; absent when it has not said so. */
    policy?: string
    /** How many calls there were, by how they ended. */
    calls: Record<'answered' | 'failed' | 'late', number>
  }
  /** By host and id. While the store is away: those of before. */
  members: FleetMember[]
  /** How many admissions were decided by the store, and how many by this gateway alone because it did not answer in time. */
  admissions: Record<'store' | 'local', number>
  /** The id of the node that sheds its connections now; absent when none does. */
  shedding?: string
  /** What this gateway has given to others because it had more than its share, the last time; absent: nothing since its start. */
  rebalance?: RebalanceInfo
  /** Sessions that were to be given for that since the start, by what became of them. Absent from gateways of an earlier version. */
  rebalanced?: Record<'given' | 'not-given', number>
}

/**
 * Why a gateway gives no more of its sessions to others. balanced: it has no more than its share. no-room: no other has less than that for
 * it. none-left: it has no session that could be given. refused: nobody takes any. timeout: its time was over. stopped: by the operator.
 * store-away: it does not know any more what others have. draining: it gives all that it has.
 */
export type RebalanceEnd =
  | 'balanced'
  | 'no-room'
  | 'none-left'
  | 'refused'
  | 'timeout'
  | 'stopped'
  | 'store-away'
  | 'draining'

/** How a gateway gives sessions to others, until it has no more than its share. */
export interface RebalanceInfo {
  /** Why it is over; absent while it is not. */
  why?: RebalanceEnd
  /** How many connections it had at the beginning. */
  before: number
  /** How many connections it has now. */
  connections: number
  /** How many connections each node would have if all had as many, as far as is known. */
  share: number
  /** How many sessions others have now. */
  given: number
  /** How many sessions stayed although they were to be given. */
  notGiven: number
  /** Milliseconds since the beginning, or from that to the end. */
  ms: number
  /** The node that has most of all, where that is another one. */
  fullest?: { id: string; host: string; connections: number }
}
