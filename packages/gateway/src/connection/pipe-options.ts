// What a Pipe is given, and what of it goes to another process.
import type { Duplex } from 'node:stream'
import type { Clock, Handle, Traffic } from '../core/index.ts'
import type { HoldDeps, PackedHold } from '../hold/index.ts'
import type { Replay } from '../hold/replay/index.ts'
import type { Wire } from '../wire/index.ts'
import type { ClosePolicy } from './close-cause.ts'
import type { Verdict } from './connection-state.ts'
import type { KeepaliveOptions } from './keepalive.ts'
import type { PackedSide } from './side-host.ts'

/** What a Pipe joins; without an upstream while the client is held. */
export interface Ends {
  client: Duplex | Wire
  upstream?: Duplex | Wire | undefined
}

export interface PipeOptions {
  /** RSV bits that the agreed extensions use. */
  rsv: number
  closePolicy: ClosePolicy
  /** Milliseconds that a side has to answer a Close. */
  closeTimeout: number
  keepalive: KeepaliveOptions | false
  /** Whether the client's stream itself watches who is behind it. */
  watchesClient?: boolean
  /** Payload bytes in one message, either way. */
  messageBytes?: number
  /** Messages of the client in one second. */
  messagesPerSecond?: number
  /** For how many milliseconds of silence it may make up at once. Default: a second. */
  savesMs?: number
  clock: Clock
  /** The delay, in milliseconds, for a `retry=` that the gateway adds of its own. */
  retry: () => number
  /** A fault of the gateway's own; the connection is closed with 1011. */
  onError: (error: unknown) => void
  /** The upstream has closed or ended TCP, and not because it was asked to go. */
  onUpstreamEnded?: () => void
  /** It has left a Ping unanswered: `gone`, and is given up; else it may still answer. */
  onUnanswered?: (gone: boolean) => void
  /** Present where the route holds its clients. */
  hold?: HoldDeps
  /** The state of a connection that comes from another process. */
  packed?: PackedPipe
  onClosed: (verdict: Verdict) => void
}

/** A pipe's state as data that JSON can carry. */
export interface PackedPipe {
  client: PackedSide
  /** Absent while the connection is held. */
  upstream?: PackedSide
  /** What was handed on so far. */
  carried: Traffic
  hold?: PackedHold
}

/** What goes with it. */
export interface GivenAway {
  client: Handle
  upstream?: Handle
  replay?: Replay
}
