// What carries one end of a connection: bytes in and out, whatever they travel by. handle-wire.ts and stream-wire.ts are the two kinds
// that the system's streams have, wire-of.ts chooses; a session (session-stream.ts) is a third, which ends at no socket.
// The words are those of Node's streams.
import type { Handle } from '../core/index.ts'

/** What happens to a wire, told to the one who uses it. */
export interface WireUser {
  /**
   * Gets what was read at once. The bytes are lent: after the call they may be overwritten, so that whoever keeps some has to
   * `keep` them (read-buffers.ts). The result: the wire in which a write of them still waits.
   */
  onPieces(pieces: readonly Buffer[]): Wire | undefined
  /** There is room again, after a write said that there was none. */
  onDrain(): void
  /** The peer sends nothing more. */
  onEndOfInput(): void
  /** What was written before `end` has gone out, and the end itself. */
  onFinish?(): void
  /** It has failed, for a reason of the system's or of TLS; `onClose` follows. */
  onError?(error: NodeJS.ErrnoException): void
  /** Nothing comes or goes any more. */
  onClose(): void
  /** The peer has reset an HTTP/2 stream, which tells its end behind its last bytes only if it is read. */
  onAborted?(): void
}

/** How a wire gets to another process: with its socket, by a joint to a socket that moves (joint.ts), or not at all. */
export type Leaves = 'moved' | 'joined' | 'not'

/** Joins a wire that cannot leave this process to a socket, of which the other end is the result. */
export type Carry = (wire: Wire) => Handle

export interface Wire {
  /** Who is told what happens; nobody before, and nobody after. */
  user: WireUser | undefined
  readonly destroyed: boolean
  readonly readableEnded: boolean
  /** Bytes that were read and not handed over. */
  readonly readableLength: number
  /** Whether it takes bytes: it has not been ended. */
  readonly writable: boolean
  readonly writableEnded: boolean
  readonly writableFinished: boolean
  /** Bytes that have not gone out. */
  readonly writableLength: number
  /** No more should be written before `onDrain`. */
  readonly writableNeedDrain: boolean
  /** Whether all that was written is the kernel's, so that nothing of it need stay as it is. */
  readonly isIdle: boolean
  /** Whether it is not read. A new wire is not. */
  readonly paused: boolean
  /** The socket below it, which streams of HTTP/2 share. */
  readonly socket: object
  pause(): void
  resume(): void
  /** Bytes that have not gone out afterwards must stay as they are. False: there is no room for more. */
  write(bytes: Buffer): boolean
  /** The same for several pieces, in one. */
  writeAll(pieces: readonly Buffer[]): boolean
  /** Gives one of the buffers of read-buffers.ts back once all that was written has gone out. */
  putBackLater(buffer: Buffer): void
  /** Ends this half; the other one goes on. */
  end(): void
  /** Ends both halves at once; what has not gone out is lost. */
  destroy(): void
  /** Finds out, of one that is not read, or of which nothing waits to go out, whether its peer has reset it; then it closes. Else `unless` is called. */
  askWhetherReset(unless?: () => void): void

  readonly leaves: Leaves
  /** Reads nothing more, not even from the kernel where it can be moved; what was read before is handed over now. */
  freeze(): void
  /** Goes on after `freeze`; `reads`: and is read. */
  thaw(reads: boolean): void
  /** Lets go of the connection, for another process: the socket itself, or what `carry` has joined it to. */
  giveAway(carry?: Carry): Handle
}

/** A wire that ends at a socket of this process's, which somebody else may have read first. */
export interface SocketWire extends Wire {
  /** Puts back what was read and is to be read first, while it is paused. The bytes are its own from now on. */
  unread(bytes: Buffer): void
}

export function isWire(stream: object): stream is Wire {
  return 'giveAway' in stream
}
