// What a connection begins with.
import type { Duplex } from 'node:stream'
import type { PackedRenewal } from '../auth/index.ts'
import type { PackedPipe, SideName } from '../connection/index.ts'
import type { Asked, HoldOptions, RestoredBy, ResumeOptions, UnixMs } from '../core/index.ts'
import type { ReplayModule } from '../hold/replay/index.ts'
import type { UpgradeRequest } from '../http/index.ts'
import type { Over } from '../resume/index.ts'
import type { Upstream } from '../upstream/index.ts'
/** What a connection begins with. */
export interface Opening {
  client: Duplex
  /** The upstream's stream; absent while the connection is held. */
  socket?: Duplex
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
  /** Whether the upstream has said in its 101 that it restores sessions. */
  answers?: boolean
  /** What goes with these options. */
  replay?: ReplayModule
  release: { upstream: () => void; admission: () => void }
  /** Number of the admission in the ledger of all workers. */
  admission?: number
  /** Present when the authentication service wants to be asked again. */
  auth?: PackedRenewal<UpgradeRequest>
  /** For the access log, where there is one. */
  asked?: Asked
  /** Present when the connection comes from another process. */
  before?: Before
  /** Present when a stream of it stayed in another process. */
  carried?: Carried
}

/** The workers in which a connection's streams stayed, and which join them to it. */
export type Carried = Partial<Record<SideName, number>>

/** A session that begins with this connection. */
export interface Resuming {
  options: ResumeOptions
  /** How the session ended that the client came back to. */
  over?: Over
  /** What it is bound to. */
  identity?: string
}

/** What another process knew of a connection. */
export interface Before {
  id: string
  openedAt: UnixMs
  reattached: number
  restoredBy?: RestoredBy
  place?: { name: string; address: string }
  pipe: PackedPipe
}
