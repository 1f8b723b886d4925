// A connection that begins as a handle of libuv, without a stream of Node's: to one address, which is looked up nowhere.
import { isIPv6 } from 'node:net'
import { HandleWire } from './handle-wire.ts'
import { libuv, type StreamHandle, systemError } from './libuv.ts'
import type { SocketWire } from './wire.ts'

/** Where to: an IP address (with a zone, if need be) and a port, or a socket of the file system. */
export type Place = { address: string; port: number } | { path: string }

/** Whether this runtime has such handles. */
export const canConnect = libuv !== undefined

/** What is asked of libuv and answered later. */
interface Request {
  connecting: Connecting | undefined
  oncomplete(this: Request, status: number): void
}

/**
 * Begins to connect. `done` is called once, later: with a paused wire, or with an error as a socket of Node's has it. It has no
 * limit of its own but that of the system.
 */
export class Connecting {
  readonly #place: Place
  readonly #done: (result: SocketWire | NodeJS.ErrnoException) => void
  #handle: StreamHandle | undefined

  constructor(place: Place, done: (result: SocketWire | NodeJS.ErrnoException) => void) {
    this.#place = place
    this.#done = done
    const error = 'path' in place ? this.#toPath(place.path) : this.#toAddress(place.address, place.port)
    if (error) process.nextTick(complete, this, error)
  }

  #toAddress(address: string, port: number): number {
    const handle = libuv!.newTcp()
    this.#handle = handle
    handle.setNoDelay(true)
    const request = this.#request(libuv!.TCPConnectWrap)
    return isIPv6(address) ? handle.connect6(request, address, port) : handle.connect(request, address, port)
  }

  #toPath(path: string): number | undefined {
    const handle = libuv!.newPipe()
    this.#handle = handle
    return handle.connect(this.#request(libuv!.PipeConnectWrap), path)
  }

  #request(Wrap: new () => object): Request {
    const request = new Wrap() as Request
    request.connecting = this
    request.oncomplete = onComplete
    return request
  }

  onComplete(status: number): void {
    const handle = this.#handle
    // It was called off.
    if (!handle) return
    this.#handle = undefined
    if (status === 0) return this.#done(new HandleWire(handle))
    handle.close()
    const place = this.#place
    this.#done(systemError(status, 'connect', 'path' in place ? { address: place.path } : place))
  }

  /** Calls it off: `done` is not called any more. */
  destroy(): void {
    this.#handle?.close()
    this.#handle = undefined
  }
}

// Shared by all: a connection must not cost closures.

function onComplete(this: Request, status: number): void {
  const { connecting } = this
  this.connecting = undefined
  connecting?.onComplete(status)
}

function complete(connecting: Connecting, status: number): void {
  connecting.onComplete(status)
}
