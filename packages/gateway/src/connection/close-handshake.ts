// The end of TCP after the last frame. In: a stream to which everything has been written. Out: the stream destroyed,
// within a limit, whatever its peer does.
import type { Duplex } from 'node:stream'
import type { Clock } from '../core/index.ts'

/** Milliseconds that a peer has to end TCP after the closing handshake. */
const endLimit = 2000

/**
 * Ends TCP first, as a WebSocket server does.
 * RFC 6455 7.1.1: "the underlying TCP connection, in most normal cases, SHOULD be closed first by the server, so that
 * it holds the TIME_WAIT state and not the client".
 */
export function endTcp(stream: Duplex, clock: Clock): void {
  if (!stream.writableEnded) stream.end()
  finish(stream, clock)
}

/** Waits for the peer to end TCP first, as a WebSocket client does. */
export function awaitTcpEnd(stream: Duplex, clock: Clock): void {
  if (stream.readableEnded) stream.end()
  else stream.once('end', () => stream.end())
  finish(stream, clock)
}

/** Reads on, so that the peer's end is seen; destroys the stream when both directions have ended, or at the limit. */
function finish(stream: Duplex, clock: Clock): void {
  if (stream.destroyed) return
  const timer = clock.setTimeout(() => stream.destroy(), endLimit)
  const check = () => {
    if (stream.readableEnded && stream.writableFinished) stream.destroy()
  }
  stream.once('end', check).once('finish', check)
  stream.once('close', () => clock.clearTimeout(timer))
  stream.resume()
  check()
}
