// Which kind of wire carries what: a handle of libuv where the stream is a plain socket and this runtime has them, else the
// stream as it is.
import net from 'node:net'
import type { Duplex } from 'node:stream'
import { TLSSocket } from 'node:tls'
import type { Handle } from '../core/index.ts'
import { Accepted } from './accepted.ts'
import { HandleWire } from './handle-wire.ts'
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

/** The wire of a socket that can do without itself: plain, connected, with nothing that waits to be written. */
export function handleWireOf(stream: object): HandleWire | undefined {
  if (!libuv || !(stream instanceof net.Socket) || stream instanceof TLSSocket) return undefined
  const socket = stream as net.Socket & { _handle: unknown }
  const over = socket.destroyed || socket.writableEnded || socket.readableEnded || socket.errored
  if (over || socket.connecting || socket.writableLength > 0) return undefined
  const handle = socket._handle
  if (!libuv.isStream(handle)) return undefined
  socket.pause()
  const early: Buffer[] = []
  for (let bytes = socket.read(); bytes !== null; bytes = socket.read()) early.push(bytes)
  handle.readStop()
  socket._handle = null
  const wire = new HandleWire(handle, early)
  // Closes without touching the connection, so that whoever watched it releases it.
  socket.destroy()
  return wire
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
