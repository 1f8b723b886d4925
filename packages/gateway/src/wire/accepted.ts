// A connection that a server has accepted, without a stream of Node's: what comes first is read here, and then it becomes a wire, or
// a socket of Node's with what was read put back. Most connections become a wire.
import net from 'node:net'
import { HandleWire } from './handle-wire.ts'
import { endOfFile, libuv, type TcpHandle } from './libuv.ts'
import { StreamWire } from './stream-wire.ts'
import type { Wire } from './wire.ts'

const { owner, streamBaseState, kReadBytesOrError } = libuv ?? {
  ...{ owner: Symbol('owner'), streamBaseState: new Int32Array(1), kReadBytesOrError: 0 },
}

type Owned = TcpHandle & { [key: symbol]: unknown; fd?: number }

const nothing = Buffer.alloc(0)

/** The handle of a listening server. */
interface Listening {
  onconnection?: (this: unknown, status: number, handle: unknown) => void
}

/**
 * Calls `onAccepted` with each TCP connection that the server accepts from now on, in place of its 'connection'. That is still emitted
 * for what has no such handle: sockets of the file system, and all where this runtime has none. To be called once it listens.
 */
export function acceptHandles(server: net.Server, onAccepted: (accepted: Accepted) => void): void {
  const listening = (server as unknown as { _handle?: Listening | null })._handle
  const byNode = listening?.onconnection
  if (!libuv || !listening || typeof byNode !== 'function') return
  const { isTcp } = libuv
  listening.onconnection = function (status, handle) {
    if (status === 0 && isTcp(handle)) onAccepted(new Accepted(handle))
    else byNode.call(this, status, handle)
  }
}

/** Who reads what comes first. */
export interface FirstReader {
  /** The bytes are its own. */
  onBytes(bytes: Buffer): void
  /** The peer sends nothing more, or is gone; in the first case nothing has been closed for that. */
  onLeft(): void
}

/** The names are those of `net.Socket`. */
export class Accepted {
  /** Undefined: it is closed, or has become something else. */
  #handle: Owned | undefined
  #reader: FirstReader | undefined
  /** What it has become, if that is a socket. */
  #socket: net.Socket | undefined
  #hasRead = false
  /** What is written, and what is read, first by whatever it becomes. */
  #first: Buffer | undefined
  #early: Buffer | undefined
  readonly #onClose: (() => void)[] = []

  constructor(handle: TcpHandle) {
    this.#handle = handle as Owned
    this.#handle[owner] = this
    this.#handle.onread = onRead as Owned['onread']
  }

  /** The descriptor; -1 where there is none. */
  get fd(): number {
    return this.#handle?.fd ?? -1
  }

  get writable(): boolean {
    return this.#handle !== undefined
  }

  /** Undefined: the peer has gone meanwhile. */
  get remoteAddress(): string | undefined {
    const name: { address?: string } = {}
    this.#handle?.getpeername(name)
    return name.address
  }

  setNoDelay(on: boolean): void {
    this.#handle?.setNoDelay(on)
  }

  /** Reads for this reader until `stop`. */
  read(reader: FirstReader): void {
    this.#reader = reader
    if (this.#handle && this.#handle.readStart() !== 0) this.destroy()
  }

  stop(): void {
    this.#reader = undefined
    this.pause()
  }

  /** Reads no more; the reader still hears that the peer is gone. */
  pause(): void {
    this.#handle?.readStop()
  }

  /** For libuv: so many bytes, or why there are none. */
  onRead(length: number, memory: ArrayBuffer | undefined): void {
    if (length > 0) {
      this.#hasRead = true
      this.#reader?.onBytes(Buffer.from(memory!, 0, length))
    } else if (length === endOfFile) this.#reader?.onLeft()
    else if (length < 0) this.destroy()
  }

  /** For one that is not read: a write of no bytes sends nothing, and fails where the peer has reset it. */
  askWhetherReset(): void {
    if (this.#handle && this.#handle.writeBuffer(new libuv!.WriteWrap(), nothing) !== 0) this.destroy()
  }

  /** Is written by whatever it becomes. */
  write(bytes: Buffer): void {
    this.#first = bytes
  }

  /** Is read first by whatever it becomes. */
  unshift(bytes: Buffer): void {
    this.#early = bytes
  }

  /** Becomes a wire, paused. Who waits for 'close' hears it now: the wire has its own. */
  wire(): Wire {
    const handle = this.#letGo()
    if (!handle) return new StreamWire(this.socket())
    const wire = new HandleWire(handle, this.#early && [this.#early])
    if (this.#first) wire.write(this.#first)
    this.onClosed()
    return wire
  }

  /** Becomes a socket of Node's: as fresh as a server gives it, or paused where something was read of it. Its errors show as its 'close'. */
  socket(): net.Socket {
    if (this.#socket) return this.#socket
    const handle = this.#letGo()
    this.#reader = undefined
    const options = { allowHalfOpen: true, readable: true, writable: true, ...(handle && { handle }) }
    const socket = new net.Socket(options as net.SocketConstructorOpts).on('error', ignore)
    this.#socket = socket
    if (!handle) return socket.destroy()
    for (const listener of this.#onClose.splice(0)) socket.once('close', listener)
    if (this.#hasRead) socket.pause()
    if (this.#early) socket.unshift(this.#early)
    if (this.#first) socket.write(this.#first)
    return socket
  }

  /** Ends both halves at once. */
  destroy(): void {
    this.#letGo()?.close(onClosed as () => void)
    this.#socket?.destroy()
  }

  once(event: 'close', listener: () => void): void {
    if (this.#socket) this.#socket.once(event, listener)
    else this.#onClose.push(listener)
  }

  off(event: 'close', listener: () => void): void {
    this.#socket?.off(event, listener)
    const at = this.#onClose.indexOf(listener)
    if (at >= 0) this.#onClose.splice(at, 1)
  }

  #letGo(): Owned | undefined {
    const handle = this.#handle
    this.#handle = undefined
    handle?.readStop()
    return handle
  }

  /** For libuv, too. */
  onClosed(): void {
    const reader = this.#reader
    this.#reader = undefined
    reader?.onLeft()
    for (const listener of this.#onClose.splice(0)) listener()
  }
}

function ignore(): void {}

// Shared by all: a connection must not cost closures.

function onRead(this: Owned, memory?: ArrayBuffer): void {
  const accepted = this[owner] as Accepted | undefined
  accepted?.onRead(streamBaseState[kReadBytesOrError]!, memory)
}

function onClosed(this: Owned): void {
  const accepted = this[owner] as Accepted | undefined
  this[owner] = undefined
  accepted?.onClosed()
}
