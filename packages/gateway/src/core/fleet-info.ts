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
  /** Whether it is the gateway that says this. */
  self: boolean
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
}
