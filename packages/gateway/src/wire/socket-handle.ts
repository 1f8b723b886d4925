// A socket's handle, taken out of one process's net.Socket and put into another's. Node moves sockets between processes
// by handle, but offers no way to look at one; that internal of its sockets lives in this file and in handle-wire.ts.
import net from 'node:net'
import { TLSSocket } from 'node:tls'
import type { Handle } from '../core/index.ts'

/** The part of Node's own TCP handle that is used here. */
interface TcpHandle extends Handle {
  reading: boolean
  readStart(): void
  readStop(): void
  onread: unknown
}

type Inside = net.Socket & { _handle: TcpHandle | null }

/** Whether its reading can be stopped, and its handle taken. */
export function isSocketWithHandle(socket: net.Socket): boolean {
  return typeof (socket as Inside)._handle?.readStop === 'function'
}

/** The handle of a socket that nobody has read, which stays its own. */
export function handleOf(socket: net.Socket): Handle | undefined {
  return (socket as Inside)._handle ?? undefined
}

/** Reads nothing more from the socket; what was read already is emitted now. */
export function stopReading(socket: net.Socket): void {
  socket.pause()
  // Each of them emits 'data'; it also makes the stream ask for more, so that the handle is stopped after that.
  while (socket.read() !== null);
  const { _handle: handle } = socket as Inside
  if (!handle) return
  handle.reading = false
  handle.readStop()
}

/** Lets a socket be read again after `stopReading`. */
export function readOn(socket: net.Socket): void {
  const { _handle: handle } = socket as Inside
  if (!handle) return
  // The stream may believe that a read is under way and would not ask for another.
  handle.reading = true
  handle.readStart()
}

const nothing = Buffer.alloc(0)

/**
 * Asks a socket that is not read whether its peer has reset it: a write of no bytes sends nothing, and fails then, so that
 * the socket closes. Bytes that wait to be written find it out by themselves. HTTP/2 reads below its streams, and Bun
 * watches paused sockets, too.
 */
export function askWhetherReset(stream: object): void {
  const socket = stream instanceof TLSSocket ? (stream as { _parent?: unknown })._parent : stream
  if (socket instanceof net.Socket && socket.writable && socket.writableLength === 0) socket.write(nothing)
}

/** Takes the handle out of the socket, which closes without touching the connection. */
export function takeHandle(socket: net.Socket): Handle {
  const inside = socket as Inside
  const handle = inside._handle!
  handle.onread = () => {}
  inside._handle = null
  socket.setTimeout(0)
  socket.destroy()
  return handle
}

/** A socket for a handle, paused. */
export function socketOf(handle: Handle): net.Socket {
  const options = { handle, allowHalfOpen: true, pauseOnCreate: true }
  return new net.Socket(options as net.SocketConstructorOpts)
}
