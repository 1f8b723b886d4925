// Which kind of wire carries what: a handle of libuv where the stream is a plain socket and this runtime has them, else the
// stream as it is.
import type net from 'node:net'
import type { Duplex } from 'node:stream'
import type { Handle } from '../core/index.ts'
import { Accepted } from './accepted.ts'
import { HandleWire, handleWireOf } from './handle-wire.ts'
import { libuv } from './libuv.ts'
import { socketOf } from './socket-handle.ts'
import { StreamWire } from './stream-wire.ts'
import { tlsWireOf } from './tls-wire.ts'
import { isWire, type Wire } from './wire.ts'

/**
 * The wire of a stream, which must not be used any more: a plain socket gives its handle away and closes, without an end of
 * its connection. What the stream has read is the wire's. It is paused.
 */
export function wireOf(stream: Duplex | Wire | Accepted): Wire {
  if (stream instanceof Accepted) return stream.wire()
  return isWire(stream) ? stream : (handleWireOf(stream) ?? new StreamWire(stream))
}

/** The connection as a stream of Node's. */
export function streamOf<Stream extends Duplex>(connection: Stream | Accepted): Stream | net.Socket {
  return connection instanceof Accepted ? connection.socket() : connection
}

/** The wire of a socket that has come from another process, or was given away and comes back. */
export function wireOfHandle(handle: Handle): Wire {
  return libuv?.isStream(handle) ? new HandleWire(handle) : new StreamWire(socketOf(handle))
}

/** The same wire, to be used in place of the one given: of TLS one that costs less, where that can be had. */
export function lightest(wire: Wire): Wire {
  return wire instanceof StreamWire ? (tlsWireOf(wire.stream) ?? wire) : wire
}
