// What a connection begins with.
import type { PackedRenewal } from '../auth/index.ts'
import type { PackedPipe, SideName } from '../connection/index.ts'
import type { Asked, HoldOptions, RestoredBy, ResumeOptions, UnixMs } from '../core/index.ts'
import type { ReplayModule } from '../hold/replay/index.ts'
import type { UpgradeRequest } from '../http/index.ts'
import type { Listing, Over, PackedSession, Return } from '../resume/index.ts'
import type { Upstream } from '../upstream/index.ts'
import type { Bounds } from './session-counters.ts'

/** What a connection begins with, besides its ends. */
export interface Opening {
  upstream?: Upstream
  protocol?: string
  /** What the upstream agreed to; the client may have been told more. */
  extensions?: string
  address: string
  http: '1.1' | '2'
  /**
   * On routes with `hold`: what the next upstream is told, and the route's options when the connection began, which
   * stay its own. (A worker of an earlier version hands on none.)
   */
  held?: { session: string; request: UpgradeRequest; hold?: HoldOptions }
  /** Where its client speaks `holdfast.v1`: what its session begins with. */
  resume?: Resuming
  /** Its session stayed in another process. */
  resumes?: boolean
  /** Whether the upstream has said in its 101 that it restores sessions. */
  answers?: boolean
  /** What goes with these options. */
  replay?: ReplayModule
  /** Ends its counting at the upstream; nothing where there is none. */
  releaseUpstream: () => void
  admission: Admission
  /** Present when the authentication service wants to be asked again. */
  auth?: PackedRenewal<UpgradeRequest>
  /** For the access log, where there is one. */
  asked?: Asked
  /** Present when the connection comes from another process. */
  before?: Before
  /** Present when a stream of it stayed in another process. */
  carried?: Carried
}

/** Its place under the route's limits. The number in the ledger of all workers may come later. */
export type Admission = Return['admission']

/**
 * The workers in which a connection's streams stayed, and which join them to it; as the client's also the front that does TLS with it.
 * `front`: that front, where the client's stream is one of HTTP/2, and stayed in a worker, too.
 */
export type Carried = Partial<Record<SideName | 'front', number>>

/** A session that begins with this connection. */
export interface Resuming {
  options: ResumeOptions
  /** How the session ended that the client came back to. */
  over?: Over
  /** What it is bound to. */
  identity?: string
  /** Where others of a fleet find it. */
  listing?: Listing | undefined
  /** It goes on from a gateway that is dead. */
  taken?: TakenSession
  /** It goes on from a gateway that has given it away. */
  given?: GivenSession
}

/** What a session goes on with that another gateway has given away. */
export interface GivenSession {
  session: PackedSession
  /** Hash of the token that its client is known to have, and the one that it was sent since. */
  tokens: { known: string; sent?: string }
  /** Messages of its client that had arrived before what its connection itself counts. */
  base: number
}

/** What a session goes on with whose gateway is dead. */
export interface TakenSession extends Bounds {
  /** Data messages that its client has received. */
  clientReceived: number
  /** That its client came back with. */
  token: string
  /** What its client was told of extensions. */
  agreed: string | undefined
}

/** What another process knew of a connection. */
export interface Before {
  id: string
  openedAt: UnixMs
  reattached: number
  restoredBy?: RestoredBy
  place?: Place
  pipe: PackedPipe
}

/** An upstream's name and the address dialled. */
export interface Place {
  name: string
  address: string
}
