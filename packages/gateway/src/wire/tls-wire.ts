// A wire on a TLS socket that goes around Node's streams: what was decrypted is taken from the socket's handle, and what is to be
// encrypted is given to it. All else (ends, errors, 'close') stays the stream's. Next: joint.ts.
import { TLSSocket } from 'node:tls'
import { libuv, type StreamHandle, systemError } from './libuv.ts'
import { askWhetherReset } from './socket-handle.ts'
import { StreamWire } from './stream-wire.ts'

/** What is decrypted at a time at most: a record. */
const recordSize = 16 * 1024

/** What all read into: between two reads nothing in it is needed. */
const shared = Buffer.allocUnsafeSlow(libuv ? recordSize : 0)

const nothing = Buffer.alloc(0)
const own = Symbol('wire')

/** The handle of TLS is driven as one of libuv. */
type TlsHandle = Omit<StreamHandle, 'onread'> & {
  onread: (this: TlsHandle, bytes: unknown) => unknown
  reading: boolean
  [own]?: TlsWire
}
type Inside = TLSSocket & { _handle: TlsHandle | null }

const methods = ['onread', 'readStart', 'readStop', 'useUserBuffer', 'writeBuffer', 'writev'] as const

interface WriteRequest {
  wire: TlsWire
  /** Kept as it is until it has gone out. */
  bytes: Buffer | readonly Buffer[]
  oncomplete(this: WriteRequest, status: number): void
}

/** The wire of a TLS socket whose handle can be had, and that nobody else uses. */
export function tlsWireOf(stream: object): TlsWire | undefined {
  if (!libuv || !(stream instanceof TLSSocket)) return undefined
  const over = stream.destroyed || stream.writableEnded || stream.readableEnded || stream.errored
  // A stream that ends by itself would cut a write of ours.
  const endsByItself = !stream.allowHalfOpen || stream.timeout
  const { _handle: handle } = stream as Inside
  if (over || stream.connecting || endsByItself || !handle) return undefined
  return methods.every((name) => typeof handle[name] === 'function') ? new TlsWire(stream, handle) : undefined
}

class TlsWire extends StreamWire {
  readonly #handle: TlsHandle
  /** What the stream does when there is something to read: it is told all but bytes. */
  readonly #tellStream: TlsHandle['onread']
  #paused = true
  /** Bytes of the write that is under way: TLS takes one at a time. */
  #underWay = 0
  #behind: Buffer[] = []
  #behindLength = 0
  #needDrain = false
  #ends = false

  constructor(stream: TLSSocket, handle: TlsHandle) {
    super(stream)
    this.#handle = handle
    this.#tellStream = handle.onread
    handle[own] = this
    handle.readStop()
    // The stream takes it for one that is read, and neither starts nor stops it.
    handle.reading = true
    handle.onread = onRead
    handle.useUserBuffer(shared)
    if (stream.writableLength === 0) return
    // What the stream writes goes out first. A write of no bytes sends nothing, and is done when the others are.
    this.#underWay = stream.writableLength
    stream.write(nothing, () => this.onWritten(0))
  }

  override get writable(): boolean {
    return !this.#ends && this.stream.writable
  }

  override get writableEnded(): boolean {
    return this.#ends || this.stream.writableEnded
  }

  override get writableLength(): number {
    return this.#underWay + this.#behindLength
  }

  override get writableNeedDrain(): boolean {
    return this.#needDrain
  }

  override get paused(): boolean {
    return this.#paused
  }

  override pause(): void {
    if (this.#paused) return
    this.#paused = true
    if (!this.destroyed) this.#handle.readStop()
  }

  override resume(): void {
    if (!this.#paused) return
    this.#paused = false
    process.nextTick(readOn, this)
  }

  /** Hands over what the stream has, and goes on with what comes. */
  readOn(): void {
    // What it has is a 'data' event.
    while (!this.#paused && this.stream.read() !== null);
    if (!this.#paused && !this.destroyed) this.#handle.readStart()
  }

  onRead(length: number, bytes: unknown): unknown {
    if (length <= 0 || this.destroyed) return this.#tellStream.call(this.#handle, bytes)
    const read = Buffer.allocUnsafe(length)
    shared.copy(read, 0, 0, length)
    // What came with it from the kernel is decrypted though it was paused meanwhile: the stream keeps it.
    if (this.#paused || this.stream.readableLength > 0) this.stream.push(read)
    else this.user?.onPieces([read])
    return undefined
  }

  override write(bytes: Buffer): boolean {
    if (!this.writable || bytes.length === 0) return true
    if (this.#underWay === 0) this.#start(bytes, bytes.length)
    else this.#wait(bytes)
    return this.#hasRoom()
  }

  override writeAll(pieces: readonly Buffer[]): boolean {
    const length = lengthOf(pieces)
    if (!this.writable || length === 0) return true
    if (this.#underWay === 0) this.#start(pieces, length)
    else for (const piece of pieces) this.#wait(piece)
    return this.#hasRoom()
  }

  #wait(bytes: Buffer): void {
    this.#behind.push(bytes)
    this.#behindLength += bytes.length
  }

  #start(bytes: WriteRequest['bytes'], length: number): void {
    const request = new libuv!.WriteWrap() as WriteRequest
    request.wire = this
    request.bytes = bytes
    request.oncomplete = onWritten
    const handle = this.#handle
    const error = Buffer.isBuffer(bytes)
      ? handle.writeBuffer(request, bytes)
      : handle.writev(request, bytes, true)
    if (error !== 0) this.stream.destroy(systemError(error, 'write'))
    else if (libuv!.streamBaseState[libuv!.kLastWriteWasAsync] !== 0) this.#underWay = length
  }

  #hasRoom(): boolean {
    this.#needDrain ||= this.writableLength >= this.stream.writableHighWaterMark
    return !this.#needDrain
  }

  onWritten(status: number): void {
    this.#underWay = 0
    if (this.destroyed) return
    if (status < 0) return void this.stream.destroy(systemError(status, 'write'))
    const behind = this.#behind
    if (behind.length > 0) {
      const length = this.#behindLength
      this.#behind = []
      this.#behindLength = 0
      this.#start(behind, length)
    } else if (this.#ends) this.stream.end()
    else if (this.#needDrain) {
      this.#needDrain = false
      this.onDrain()
    }
  }

  override end(): void {
    if (this.writableEnded) return
    this.#ends = true
    if (this.#underWay === 0) this.stream.end()
  }

  override askWhetherReset(unless?: () => void): void {
    // Below TLS, beside a write that may be under way.
    askWhetherReset(this.stream)
    if (!this.destroyed) unless?.()
  }

  override freeze(): void {
    this.pause()
  }

  override thaw(reads: boolean): void {
    if (reads) this.resume()
  }
}

function lengthOf(pieces: readonly Buffer[]): number {
  let length = 0
  for (const piece of pieces) length += piece.length
  return length
}

// What Node calls is shared by all wires: a connection must not cost closures.

function onRead(this: TlsHandle, bytes: unknown): unknown {
  return this[own]!.onRead(libuv!.streamBaseState[libuv!.kReadBytesOrError]!, bytes)
}

function onWritten(this: WriteRequest, status: number): void {
  this.wire.onWritten(status)
}

function readOn(wire: TlsWire): void {
  wire.readOn()
}
