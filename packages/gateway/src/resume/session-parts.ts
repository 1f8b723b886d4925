// What the parts of a session know of it and of each other. Types alone.
import type { CloseCause } from '../connection/index.ts'
import type { ClientLink } from './client-link.ts'
import type { Outgoing } from './outgoing.ts'
import type { Passing } from './passing.ts'
import type { Received } from './received.ts'
import type { SessionOptions, Untold } from './session-options.ts'
import type { SessionEvent, SessionState } from './session-state.ts'
import type { SessionStream } from './session-stream.ts'

/** The client's side, as the others know it. */
export interface ClientSide {
  /** The connection is gone, or is given up. */
  onClose(link: ClientLink): void
  /** Takes what has waited for the upstream: `all` of it, or as much as there is room for. */
  takeBacklog(link: ClientLink, all: boolean): void
  /** The upstream takes more again. */
  onRoom(): void
}

/** The upstream's side, as the others know it. */
export interface UpstreamSide {
  /** Sends the client what is due and what it takes. */
  pump(): void
  /** Lets the Pipe go on, if there is room. */
  makeRoom(): void
}

export interface Watch {
  /** The client has acknowledged something, or begins anew. */
  acknowledged(): void
  /** Whether a Pong with this payload answers one of the gateway's own Pings. */
  isAnswer(payload: Buffer): boolean
}

export interface SessionParts {
  readonly options: SessionOptions
  /** What the Pipe has for its client. */
  readonly stream: SessionStream
  /** What is read of the client at this moment, on its way there. */
  passing: Passing | undefined
  /** What of the client's has arrived. */
  readonly received: Received
  readonly outgoing: Outgoing
  readonly fromClient: ClientSide
  readonly toClient: UpstreamSide
  readonly watch: Watch
  readonly state: SessionState
  /** The client's connection. */
  link: ClientLink | undefined
  /** The Close for the client. */
  close: Buffer | undefined
  /** The client's Close frame that is to be handed on. */
  clientClose: Buffer | undefined
  /** The Pipe writes nothing more. */
  pipeOver: boolean
  /** Payload of the Ping from the Pipe that the client has not answered. */
  pingOwed: Buffer | undefined
  /** What its client has not acknowledged to have been told of a gateway that was lost. */
  untold: Untold | undefined
  /** It may go to another gateway: what its client says waits with the link, and is not acknowledged. */
  readonly holdsBack: boolean
  /** It goes to another gateway: nothing more of its client is taken here. */
  readonly isLeaving: boolean

  /** Does something of which a fault ends this session's connection, and no other. */
  enter(work: () => void): void
  fault(error: unknown): void
  /** The client has been heard of just now. */
  heard(): void
  step(event: SessionEvent): void
  /** Has something for the Pipe. */
  push(bytes: Buffer): void
  /** Says something in the client's place; not while the Pipe is still writing what it answers. */
  answer(frame: Buffer): void
  /** What a client is told by the close table. */
  told(cause: CloseCause): Buffer | undefined
  /** Lets go of a connection: with a Close where there is one to say and a place for it. */
  giveUpLink(last: Buffer | undefined): void
  /** For the host: the client has used its connection, is owed an acknowledgement; more is kept for one that is away. */
  used(): void
  owesAck(): void
  grown(): void
}
