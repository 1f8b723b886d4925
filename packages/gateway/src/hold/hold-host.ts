// What a hold asks of its connection and of its route, and what it tells them.

import type { Duplex } from 'node:stream'
import type { Direction, HoldOptions, HoldResult, LetGo, RestoredBy } from '../core/index.ts'
import type { FrameReader, Wire } from '../wire/index.ts'
import type { PackedConversation } from './conversation.ts'
import type { PackedConfirmed } from './delivery-tracker.ts'
import type { PackedFreshStart } from './fresh-start.ts'
import type { Redialled } from './next-upstream.ts'
import type { PackedPending } from './pending-buffer.ts'
import type { Objections, PackedProof, RestoringDeps } from './proof.ts'
import type { ReplayModule } from './replay/index.ts'

/** What a connection on a route with `hold` can bear. */
export interface Holdable extends Objections {
  /** What of the upstream's is answered by holding. */
  on: readonly (number | 'lost')[]
  /** Whether it is to be found out if an upstream stops that closes as one does that stops. */
  stopping: boolean
  /** Whether the client's message that is under way can be sent again, whole. */
  resendable: boolean
  /** Whether the client has got a part of a message whose rest can now never come. */
  partlyTold: boolean
}

/** A side of the connection, as far as a hold touches it. */
interface HeldSide {
  readonly reader: Pick<
    FrameReader,
    'messages' | 'completed' | 'unfinished' | 'midMessage' | 'stopped' | 'tellMessageEnd' | 'wholeApart'
  >
  attach(stream: Duplex | Wire): void
  write(bytes: Buffer): void
  /** What this does writes to it goes out in one. */
  inOneWrite(work: () => void): void
  /** It has to answer what was just written some time. */
  expectAnswer(): void
  say(frame: Buffer): void
  block(): void
  unblock(): void
}

/** What a hold asks of the connection that it belongs to. */
export interface HoldHost {
  readonly state: string
  readonly client: HeldSide
  readonly upstream: HeldSide
  /** The delay, in milliseconds, for a `retry=` of the gateway's own. */
  retry(): number
  /** Does something of which a fault ends this connection, and no other. */
  enter(work: () => void): void
  fault(error: unknown): void
  /** Tells an upstream that it is not wanted after all, and lets go of it. */
  dismiss(upstream: Duplex | Wire): void
  step(
    event:
      | { type: 'drain-ping' | 'quiet' | 'attached' }
      | { type: 'judged'; stops: boolean }
      | {
          type: 'happened'
          cause:
            | { what: 'upstream-not-back' | 'session-not-restored'; retry: number }
            | { what: 'upstream-silent' }
        },
  ): void
}

/** What a Pipe is given to hold its client. */
export interface HoldDeps extends RestoringDeps {
  options: HoldOptions
  replay?: ReplayModule
  /** Whether the route still holds its clients. */
  mayHold: () => boolean
  /** Whether a Close that may say that the upstream stops is taken for its word only when it is found not to. */
  judges: () => boolean
  /** Whether the upstream that has just closed stops; false, too, when the signal fires. */
  stops: (signal: AbortSignal) => Promise<boolean>
  /** Finds the next upstream within so many milliseconds; `departed` is the code that the last one went with. */
  redial: (departed: number, within: number, signal: AbortSignal) => Promise<Redialled>
  /** It has lost its upstream, which went with this code; 1006: without a Close. */
  onHeld: (departed: number) => void
  /** The client is without a restored session; the result is called once, when it has one, or has ended. */
  onAway: () => () => void
  /** Calls when what it has said may follow: when others of the route are back, or soon. The result calls it off. */
  whenOthersBack: (then: () => void) => () => void
  /** While held, the connection comes from another process (1) or goes to one (-1). */
  onCarried: (by: 1 | -1) => void
  /** The session was restored, and the connection goes on with its next upstream. */
  onReattached: (by: RestoredBy) => void
  /** `ms` is the time without an upstream. */
  onHoldEnded: (result: HoldResult, ms: number) => void
  /** A client was let go at once in place of a hold. */
  onLetGo: (why: LetGo, departed: number) => void
  /** Messages that an upstream is not known to have read, or of which it sent only a part. */
  onLost: (direction: Direction, messages: number) => void
  /** The client compresses with a context that the next upstream does not have, though it agreed not to. */
  onContextKept: () => void
}

/** A Hold's state as data that JSON can carry. */
export interface PackedHold extends PackedConversation {
  kept: PackedPending
  confirmed: PackedConfirmed
  /** Milliseconds without an upstream so far, while there is none. */
  heldFor: number
  departed: number
  /** In base64. */
  ping?: string
  proof: PackedProof
  freshStart?: PackedFreshStart
}
