// What a side asks of the connection that it belongs to, and what of it goes to another process.
import type { PackedReader } from '../wire/index.ts'
import type { CloseCause, SideName } from './close-cause.ts'
import type { CloseCame } from './connection-state.ts'

/** A side's state as data that JSON can carry. */
export interface PackedSide {
  reader: PackedReader
  /** The Ping of ours that waits for its Pong, in base64. */
  ping?: string
}

/** What a side tells the connection that it belongs to. */
export interface SideHost {
  step(
    event:
      | CloseCame
      | { type: 'unsaid'; side: SideName }
      | { type: 'ended'; side: SideName; insideFrame: boolean }
      | { type: 'answered' }
      | { type: 'happened'; cause: CloseCause },
  ): void
  /** What was marked has not been answered for as long as a Ping may take. */
  unanswered(): void
  /** Does something of which a fault ends this connection, and no other. */
  enter(work: () => void): void
  fault(error: unknown): void
}
