// A wire on a handle of libuv: no machinery of Node's streams, reads into buffers that are used again, and writes that the
// kernel takes in the call, as it takes nearly all, cost nothing afterwards. Next: side.ts.
import type { Handle } from '../core/index.ts'
import {
  finish,
  type HandleOwner,
  newShutdown,
  newWrite,
  type OwnedHandle,
  onClosed,
  onRead,
  readEarly,
  streamBase,
  type WriteRequest,
} from './handle-calls.ts'
import { endOfFile, libuv, type StreamHandle, systemError } from './libuv.ts'
import { endLoan, lend, mostHeld, putBack, readSize, takeBuffer } from './read-buffers.ts'
import type { Leaves, SocketWire, WireUser } from './wire.ts'

/** A read of up to this many bytes is copied out, which is cheaper than to lend: no write can hold the buffer. */
const maxCopiedBytes = 4096
/** Wires that may have a buffer of their own at a time; the others copy their long reads, too. 34 MiB. */
const maxOwnBuffers = 512
/** How many short reads in a row give a wire's own buffer back. */
const maxShortReads = 8

const nothing = Buffer.alloc(0)

/** What every wire reads into until it reads much. Between two reads nothing in it is needed. */
const shared = Buffer.allocUnsafeSlow(libuv ? readSize : 0)
let ownBuffers = 0

const { owner, streamBaseState, kBytesWritten, kLastWriteWasAsync } = streamBase

/** For the next write of any wire: it is used up only by one that the kernel has not taken at once. */
let spareWrite: WriteRequest | undefined

export class HandleWire implements SocketWire, HandleOwner {
  user: WireUser | undefined
  paused = true
  readableEnded = false
  writableEnded = false
  writableFinished = false
  writableLength = 0
  writableNeedDrain = false
  #handle: OwnedHandle | undefined
  /** What was read before the handle came here, or was put back. */
  #early: Buffer[] | undefined
  /** A buffer that only this wire reads into: a write may hold it while others read. */
  #own: Buffer | undefined
  #shortReads = 0
  /** Buffers of those whose bytes wait here. */
  #held: Buffer[] | undefined

  constructor(handle: StreamHandle, early: Buffer[] = []) {
    if (early.length > 0) this.#early = early
    const owned = handle as OwnedHandle
    this.#handle = owned
    owned[owner] = this
    owned.onread = onRead
    owned.useUserBuffer(shared)
  }

  get destroyed(): boolean {
    return this.#handle === undefined
  }

  get readableLength(): number {
    return this.#early?.reduce((sum, { length }) => sum + length, 0) ?? 0
  }

  get writable(): boolean {
    return !this.writableEnded && this.#handle !== undefined
  }

  get isIdle(): boolean {
    return this.writableLength === 0
  }

  get socket(): object {
    return this
  }

  pause(): void {
    if (this.paused) return
    this.paused = true
    this.#handle?.readStop()
  }

  resume(): void {
    if (!this.paused) return
    this.paused = false
    if (this.#early) process.nextTick(readEarly, this)
    else this.#readOn()
  }

  #readOn(): void {
    if (!this.paused && !this.readableEnded) this.#handle?.readStart()
  }

  unread(bytes: Buffer): void {
    this.#early ??= []
    this.#early.unshift(bytes)
  }

  readEarly(): void {
    while (!this.paused && this.#early) this.#handEarly()
    this.#readOn()
  }

  #handEarly(): void {
    const bytes = this.#early!.shift()!
    if (this.#early!.length === 0) this.#early = undefined
    this.user?.onPieces([bytes])
  }

  /** So many bytes have been read, or there was an error. The result: the buffer for the next read, where it is another one. */
  onRead(length: number): Buffer | undefined {
    if (length > 0) return this.#take(length)
    if (length === 0 || this.readableEnded) return undefined
    if (length !== endOfFile) {
      this.#fail(length, 'read')
      return undefined
    }
    this.readableEnded = true
    this.user?.onEndOfInput()
    this.#closeWhenOver()
    return undefined
  }

  #take(length: number): Buffer | undefined {
    if (this.#own) return this.#lend(this.#own, length)
    const bytes = Buffer.allocUnsafe(length)
    shared.copy(bytes, 0, 0, length)
    if (length > maxCopiedBytes && ownBuffers < maxOwnBuffers) {
      ownBuffers++
      this.#own = takeBuffer()
      this.#shortReads = 0
    }
    this.user?.onPieces([bytes])
    return this.#own
  }

  #lend(own: Buffer, length: number): Buffer | undefined {
    // Nobody else gets it before it is known whether a write holds it, not even when the wire is given up meanwhile.
    this.#own = undefined
    lend(own)
    const holder = this.user?.onPieces([own.subarray(0, length)])
    const isTaken = !endLoan()
    if (!isTaken) holder?.putBackLater(own)
    const isFree = !isTaken && !holder
    this.#shortReads = length <= maxCopiedBytes ? this.#shortReads + 1 : 0
    if (this.destroyed || this.#shortReads === maxShortReads) {
      ownBuffers--
      if (isFree) putBack(own)
      return shared
    }
    this.#own = isFree ? own : takeBuffer()
    return isFree ? undefined : this.#own
  }

  #giveBack(): void {
    if (!this.#own) return
    putBack(this.#own)
    this.#own = undefined
    ownBuffers--
  }

  write(bytes: Buffer): boolean {
    const handle = this.#handle
    if (!handle || this.writableEnded) return true
    spareWrite ??= newWrite()
    return this.#written(handle.writeBuffer(spareWrite, bytes), bytes)
  }

  writeAll(pieces: readonly Buffer[]): boolean {
    const handle = this.#handle
    if (!handle || this.writableEnded) return true
    spareWrite ??= newWrite()
    return this.#written(handle.writev(spareWrite, pieces, true), pieces)
  }

  #written(error: number, bytes: Buffer | readonly Buffer[]): boolean {
    if (error !== 0) {
      this.#fail(error, 'write')
      return true
    }
    if (streamBaseState[kLastWriteWasAsync] !== 0) {
      const request = spareWrite!
      spareWrite = undefined
      request.wire = this
      request.bytes = bytes
      request.length = streamBaseState[kBytesWritten]!
      this.writableLength += request.length
      this.writableNeedDrain = true
    }
    return !this.writableNeedDrain
  }

  /** So many bytes have gone out, later than their write. */
  onWritten(length: number, status: number): void {
    if (status < 0) return this.#fail(status, 'write')
    this.writableLength -= length
    if (this.writableLength > 0 || !this.writableNeedDrain) return
    this.writableNeedDrain = false
    const held = this.#held
    this.#held = undefined
    if (held) for (const buffer of held) putBack(buffer)
    if (this.writable) this.user?.onDrain()
  }

  #fail(status: number, syscall: string): void {
    if (this.destroyed) return
    this.user?.onError?.(systemError(status, syscall))
    this.destroy()
  }

  putBackLater(buffer: Buffer): void {
    if (this.writableLength === 0) return putBack(buffer)
    // The garbage collector has the others: of a wire that is gone nothing is written, and nothing is heard any more.
    if (!this.#handle || this.#held?.length === mostHeld) return
    this.#held ??= []
    this.#held.push(buffer)
  }

  end(): void {
    const handle = this.#handle
    if (!handle || this.writableEnded) return
    this.writableEnded = true
    // An error here says that nothing goes out any more, which is what was asked for.
    if (handle.shutdown(newShutdown(this)) !== 0) process.nextTick(finish, this)
  }

  onFinish(): void {
    if (this.destroyed) return
    this.writableFinished = true
    this.user?.onFinish?.()
    this.#closeWhenOver()
  }

  #closeWhenOver(): void {
    if (this.readableEnded && this.writableFinished) this.destroy()
  }

  destroy(): void {
    this.#letGo()?.close(onClosed)
  }

  askWhetherReset(unless?: () => void): void {
    // A write of no bytes sends nothing, and fails then.
    if (this.writableLength === 0) this.write(nothing)
    if (!this.destroyed) unless?.()
  }

  get leaves(): Leaves {
    return this.destroyed || this.readableEnded || this.writableEnded ? 'not' : 'moved'
  }

  freeze(): void {
    this.pause()
    while (this.#early) this.#handEarly()
  }

  thaw(reads: boolean): void {
    if (reads) this.resume()
  }

  giveAway(): Handle {
    const handle = this.#handle!
    handle.readStop()
    this.#letGo()
    handle[owner] = undefined
    this.user = undefined
    return handle
  }

  #letGo(): OwnedHandle | undefined {
    const handle = this.#handle
    this.#handle = undefined
    this.#early = undefined
    this.#held = undefined
    this.#giveBack()
    return handle
  }
}
