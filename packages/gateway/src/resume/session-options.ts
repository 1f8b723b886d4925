// What a session is made with, what it tells of itself, and what of it goes to another gateway.
import type { ClosePolicy, KeepaliveOptions } from '../connection/index.ts'
import type { Clock } from '../core/index.ts'
import type { Welcome } from './control-message.ts'
import type { SessionEnd } from './session-state.ts'

/** A session without its connections, as data that JSON can carry. */
export interface PackedSession {
  /** As the client's counts say. */
  received: number
  acknowledged: number
  /** Messages of the upstream; and the greatest number that the client may have. */
  taken: number
  highest: number
  /** Those that are not acknowledged, in frames, as Base64. */
  frames: string
  /** What the client has sent, and nobody has read; as Base64. */
  waiting: string
  /** Milliseconds that the client has been away. */
  awayMs: number
  /** What its client has not acknowledged to have been told of a gateway that was lost. */
  untold?: { lost?: number; doubled?: number }
}

export interface SessionOptions {
  /** Bytes that are kept for the client. */
  window: number
  /** Milliseconds that a client may acknowledge nothing, although it was sent something. */
  stallMs: number
  /** Milliseconds for a closing handshake. */
  closeTimeoutMs: number
  keepalive: KeepaliveOptions | false
  closePolicy: ClosePolicy
  messageBytes: number
  clock: Clock
}

/** What its client has not acknowledged to have been told of a gateway that was lost. */
export type Untold = Pick<Welcome, 'lost' | 'doubled'>

/** What another gateway has left of a session. */
export interface Before {
  received: number
  sent: number
  untold?: Untold | undefined
}

/** What becomes of a session, an `S`. */
export interface HostOf<S> {
  /** The client has acknowledged something on this connection, or has used it in another way. */
  onUsed(session: S): void
  /** `sayAck` is to be called soon: an acknowledgement by itself costs as much as a message. */
  onOwesAck(session: S): void
  onParked(session: S): void
  /** What is kept for a parked client has grown. */
  onGrown(session: S): void
  /** Nothing but its end is left to be told. */
  onEnding(session: S): void
  onOver(session: S, why: SessionEnd): void
  /** The client broke a rule of PROTOCOL.md, and its Pipe ends it with 1002. False: the Pipe is in another process. */
  onBroken(): boolean
  onFault(error: unknown): void
}
