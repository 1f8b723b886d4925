// In: a stream on which frames begin. Out: the same connection, read without a new buffer for each chunk where the
// runtime allows it, by 'data' events where not. Next: side.ts.
import net from 'node:net'
import type { Duplex } from 'node:stream'
import { TLSSocket } from 'node:tls'

/**
 * Gets what a stream has read. The bytes are lent: after the call they may be overwritten. Copy what is to be kept; when a
 * write of them may still be waiting (`writableLength > 0`), return the stream that was written to.
 */
export type OnBytes = (bytes: Buffer) => Duplex | undefined

/** Bytes that one read takes at most; Node's own number. */
const readSize = 64 * 1024
/** A read of up to this many bytes is copied out, which is cheaper than to lend: no write can hold the buffer. */
const maxCopiedBytes = 4096
/** Sockets that may have a buffer of their own at a time; the others copy their long reads, too. 32 MiB. */
const maxOwnBuffers = 512
/** How many short reads in a row give a socket's own buffer back. */
const maxShortReads = 8

/** What every socket reads into until it reads much. Between two reads nothing in it is needed. */
const shared = Buffer.allocUnsafeSlow(readSize)
let ownBuffers = 0

/** Buffers that nobody uses: a fresh one costs more than the reading and the writing of what goes into it. 16 MiB. */
const spare: Buffer[] = []
const maxSpare = 256

function takeBuffer(): Buffer {
  return spare.pop() ?? Buffer.allocUnsafeSlow(readSize)
}

function putBack(buffer: Buffer): void {
  if (spare.length < maxSpare) spare.push(buffer)
}

/** The parts of a libuv stream that Node's own sockets use. */
interface Handle {
  reading: boolean
  readStop(): number
  useUserBuffer(buffer: Buffer): void
}

type WithHandle = net.Socket & { _handle: Handle | null }

/**
 * Hands a stream's bytes to `onBytes` from the next `resume()` on, those that it has read already first. Returns the
 * stream to write to, pause, resume, end and destroy from now on; it emits 'drain', 'end', 'close' and 'error'.
 *
 * A plain TCP socket gives its handle to a new one, which reads into a reused buffer (`onread` of `net.Socket`). The
 * given one closes and must not be used any more. Any other stream is returned as it is.
 */
export function readFast(stream: Duplex, onBytes: OnBytes): Duplex {
  stream.pause()
  const handle = takeableHandle(stream)
  if (!handle) {
    stream.on('data', onBytes)
    return stream
  }
  const given = stream as WithHandle
  const early: Buffer[] = []
  for (let bytes = given.read(); bytes !== null; bytes = given.read()) early.push(bytes)
  handle.readStop()
  handle.reading = false
  given._handle = null
  ours.add(handle)
  const socket = new FastSocket(handle, given.allowHalfOpen, early, onBytes)
  // Closes without touching the connection, so that whoever watched it releases it.
  given.destroy()
  return socket
}

/** Whether `readFast` can do something for this stream: never, not while it has bytes to write, or now. */
export function canReadFast(stream: Duplex): 'never' | 'later' | 'now' {
  if (process.versions.bun || !(stream instanceof net.Socket) || stream instanceof TLSSocket) return 'never'
  if (stream instanceof FastSocket) return 'never'
  const { _handle: handle } = stream as WithHandle
  const known = typeof handle?.useUserBuffer === 'function' && typeof handle.readStop === 'function'
  const over = stream.destroyed || stream.writableEnded || stream.readableEnded || stream.errored
  if (!known || over) return 'never'
  return stream.connecting || stream.writableLength > 0 ? 'later' : 'now'
}

/** Handles that read into a buffer of ours; Node has no way back from that. */
const ours = new WeakSet<object>()

/** Whether a socket on this handle can be read in no other way than by `readFast`. */
export function mustReadFast(stream: Duplex): boolean {
  const { _handle: handle } = stream as WithHandle
  return handle !== null && typeof handle === 'object' && ours.has(handle) && !(stream instanceof FastSocket)
}

/** The handle of a socket that can do without it: plain TCP, on Node, with nothing waiting to be written. */
function takeableHandle(stream: Duplex): Handle | undefined {
  return canReadFast(stream) === 'now' ? (stream as WithHandle)._handle! : undefined
}

/** A socket on a handle that another has let go of. */
export class FastSocket extends net.Socket {
  readonly #reading: Reading
  /** What the other one had read. */
  readonly #early: Buffer[]
  #stopped = true

  constructor(handle: Handle, allowHalfOpen: boolean, early: Buffer[], onBytes: OnBytes) {
    const reading = new Reading(onBytes)
    const onread = { buffer: () => reading.into, callback: (length: number) => reading.take(length) }
    super({ handle, allowHalfOpen, manualStart: true, onread } as net.SocketConstructorOpts)
    this.#reading = reading
    this.#early = early
    this.once('close', giveBack)
  }

  override pause(): this {
    this.#stopped = true
    return super.pause()
  }

  override resume(): this {
    if (this.#early.length === 0) {
      this.#stopped = false
      return super.resume()
    }
    if (!this.#stopped) return this
    this.#stopped = false
    process.nextTick(() => this.#readEarly())
    return this
  }

  /** Hands over what has been read, although the socket is paused. */
  flush(): void {
    while (this.#early.length > 0) this.#reading.onBytes(this.#early.shift()!)
  }

  #readEarly(): void {
    while (!this.#stopped && this.#early.length > 0) this.#reading.onBytes(this.#early.shift()!)
    if (!this.#stopped) super.resume()
  }

  giveBack(): void {
    this.#reading.giveBack()
  }
}

function giveBack(this: FastSocket): void {
  this.giveBack()
}

/** Where one socket reads to. */
class Reading {
  readonly onBytes: OnBytes
  /** A buffer that only this socket reads into: a write may hold it while other sockets read. */
  #own: Buffer | undefined
  #shortReads = 0

  constructor(onBytes: OnBytes) {
    this.onBytes = onBytes
  }

  /** The buffer for the next read. */
  get into(): Buffer {
    return this.#own ?? shared
  }

  /** `length` bytes have been read. Always true: it is `pause` that stops the reading. */
  take(length: number): true {
    if (this.#own) this.#lend(this.#own, length)
    else {
      if (length > maxCopiedBytes && ownBuffers < maxOwnBuffers) this.#getOwn()
      const bytes = Buffer.allocUnsafe(length)
      shared.copy(bytes, 0, 0, length)
      this.onBytes(bytes)
    }
    return true
  }

  #lend(own: Buffer, length: number): void {
    const holder = this.onBytes(own.subarray(0, length))
    this.#shortReads = length <= maxCopiedBytes ? this.#shortReads + 1 : 0
    if (!this.#own) return
    if (holder) {
      // 'drain' says that everything has gone out; where none will come, the buffer is left to the garbage collector.
      if (holder.writableNeedDrain && holder.listenerCount('drain') < 4) {
        holder.once('drain', () => putBack(own))
      }
      this.#own = takeBuffer()
    }
    if (this.#shortReads === maxShortReads) this.giveBack()
  }

  #getOwn(): void {
    ownBuffers++
    this.#own = takeBuffer()
    this.#shortReads = 0
  }

  giveBack(): void {
    if (!this.#own) return
    putBack(this.#own)
    this.#own = undefined
    ownBuffers--
  }
}
