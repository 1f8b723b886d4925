// A socket's handle, taken out of one process's net.Socket and put into another's. Node moves sockets between processes
// by handle, but offers no way to look at one; that internal lives in this file alone.
import net from 'node:net'
import type { Duplex } from 'node:stream'
import { TLSSocket } from 'node:tls'
import type { Handle } from '../core/index.ts'
import { FastSocket } from './fast-socket.ts'

/** The part of Node's own TCP handle that is used here. */
interface TcpHandle extends Handle {
  reading: boolean
  readStart(): void
  readStop(): void
  onread: unknown
}

type Inside = net.Socket & { _handle: TcpHandle | null }

/** Whether the stream is a plain TCP socket that can be taken to another process. */
export function isMovable(stream: Duplex | undefined): boolean {
  if (!(stream instanceof net.Socket) || stream instanceof TLSSocket || stream.destroyed) return false
  const handle = (stream as Inside)._handle
  return typeof handle?.readStop === 'function' && !stream.readableEnded && !stream.writableEnded
}

/** Whether the stream holds what cannot leave this process: the keys of TLS, a session of HTTP/2. */
export function staysHere(stream: Duplex): boolean {
  return !(stream instanceof net.Socket) || stream instanceof TLSSocket
}

/** Whether the stream has to stay, and can be joined to another process (joint.ts). */
export function isCarriable(stream: Duplex | undefined): boolean {
  if (!stream || stream.destroyed || stream.readableEnded || stream.writableEnded) return false
  return staysHere(stream)
}

/** Reads nothing more from the socket; what was read already is emitted now. */
export function stopReading(stream: Duplex): void {
  stream.pause()
  // Each of them emits 'data'; it also makes the stream ask for more, so that the handle is stopped after that.
  if (stream instanceof FastSocket) stream.flush()
  else while (stream.read() !== null);
  const { _handle: handle } = stream as Inside
  if (!handle) return
  handle.reading = false
  handle.readStop()
}

const nothing = Buffer.alloc(0)

/**
 * Asks a socket that is not read whether its peer has reset it: a write of no bytes sends nothing, and fails then, so that
 * the socket closes. Bytes that wait to be written find it out by themselves. HTTP/2 reads below its streams, and Bun
 * watches paused sockets, too.
 */
export function askWhetherReset(stream: Duplex): void {
  const socket = stream instanceof TLSSocket ? (stream as { _parent?: unknown })._parent : stream
  if (socket instanceof net.Socket && socket.writable && socket.writableLength === 0) socket.write(nothing)
}

/** Goes on with a socket whose reading was stopped. */
export function readOn(stream: Duplex, flow: boolean): void {
  const { _handle: handle } = stream as Inside
  // The stream may believe that a read is under way and would not ask for another.
  if (handle) {
    handle.reading = true
    handle.readStart()
  }
  // A paused stream reads until its buffer is full, as ever.
  if (flow) stream.resume()
}

/** Takes the handle out of the socket, which closes without touching the connection. */
export function takeHandle(stream: Duplex): Handle {
  const socket = stream as Inside
  const handle = socket._handle!
  handle.onread = () => {}
  socket._handle = null
  socket.setTimeout(0)
  socket.destroy()
  return handle
}

/** A socket for a handle, paused. */
export function socketOf(handle: Handle): net.Socket {
  const options = { handle, allowHalfOpen: true, pauseOnCreate: true }
  return new net.Socket(options as net.SocketConstructorOpts)
}
