// What libuv and the queue of ticks call for a wire on a handle. All wires share these: a connection must not cost closures.
// Next: handle-wire.ts.
import { libuv, type StreamHandle } from './libuv.ts'
import type { WireUser } from './wire.ts'

/** The wire that is told of what has happened to its handle. */
export interface HandleOwner {
  readonly user: WireUser | undefined
  readonly destroyed: boolean
  /** So many bytes have been read, or there was an error. The result: the buffer for the next read, where it is another one. */
  onRead(length: number): Buffer | undefined
  /** So many bytes have gone out, later than their write. */
  onWritten(length: number, status: number): void
  /** The end of the output has gone out. */
  onFinish(): void
  /** Hands on what was read before the handle came. */
  readEarly(): void
  destroy(): void
}

export type OwnedHandle = StreamHandle & Record<symbol, HandleOwner | undefined>

/** What is asked of libuv and answered later. */
interface Request {
  wire?: HandleOwner | undefined
  oncomplete(this: Request, status: number): void
}

export interface WriteRequest extends Request {
  /** Kept as they are until they have gone out. */
  bytes?: Buffer | readonly Buffer[] | undefined
  length?: number
}

/** Where libuv says what a read or a write has done. Without libuv nobody looks. */
export const streamBase = libuv ?? {
  ...{ owner: Symbol('owner'), streamBaseState: new Int32Array(3) },
  ...{ kReadBytesOrError: 0, kBytesWritten: 1, kLastWriteWasAsync: 2 },
}

const { owner, streamBaseState, kReadBytesOrError } = streamBase

export function onRead(this: StreamHandle): Buffer | undefined {
  const wire = (this as OwnedHandle)[owner]
  return wire?.destroyed === false ? wire.onRead(streamBaseState[kReadBytesOrError]!) : undefined
}

export function onClosed(this: StreamHandle): void {
  const wire = (this as OwnedHandle)[owner]
  ;(this as OwnedHandle)[owner] = undefined
  wire?.user?.onClose()
}

export function newWrite(): WriteRequest {
  const request = new libuv!.WriteWrap() as WriteRequest
  request.oncomplete = onWritten
  return request
}

function onWritten(this: WriteRequest, status: number): void {
  const { wire, length = 0 } = this
  this.wire = undefined
  this.bytes = undefined
  wire?.onWritten(length, status)
}

export function newShutdown(wire: HandleOwner): object {
  const request = new libuv!.ShutdownWrap() as Request
  request.wire = wire
  request.oncomplete = onShutdown
  return request
}

function onShutdown(this: Request, status: number): void {
  const { wire } = this
  this.wire = undefined
  if (status < 0) wire?.destroy()
  else wire?.onFinish()
}

export function readEarly(wire: HandleOwner): void {
  wire.readEarly()
}

export function finish(wire: HandleOwner): void {
  wire.onFinish()
}
