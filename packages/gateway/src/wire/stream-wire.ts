// A wire on any Duplex of Node's: TLS, HTTP/2, and every socket where handles cannot be had. Next: side.ts.
import type { ServerHttp2Stream } from 'node:http2'
import net from 'node:net'
import type { Duplex } from 'node:stream'
import { TLSSocket } from 'node:tls'
import type { Handle } from '../core/index.ts'
import { mostHeld, putBack } from './read-buffers.ts'
import { askWhetherReset, isSocketWithHandle, readOn, stopReading, takeHandle } from './socket-handle.ts'
import type { Carry, Leaves, SocketWire, WireUser } from './wire.ts'

const wire = Symbol('wire')
type Wired = Duplex & { [wire]: StreamWire }

export class StreamWire implements SocketWire {
  user: WireUser | undefined
  readonly stream: Duplex
  #held: Buffer[] = none

  constructor(stream: Duplex) {
    this.stream = stream
    const isHeard = wire in stream
    ;(stream as Wired)[wire] = this
    stream.pause()
    // One that takes the place of another has its listeners.
    if (!isHeard) for (const [event, listener] of listeners) stream.on(event, listener)
  }

  get destroyed(): boolean {
    return this.stream.destroyed
  }

  get readableEnded(): boolean {
    return this.stream.readableEnded
  }

  get readableLength(): number {
    return this.stream.readableLength
  }

  get writable(): boolean {
    return this.stream.writable
  }

  get writableEnded(): boolean {
    return this.stream.writableEnded
  }

  get writableFinished(): boolean {
    return this.stream.writableFinished
  }

  get writableLength(): number {
    return this.stream.writableLength
  }

  get writableNeedDrain(): boolean {
    return this.stream.writableNeedDrain
  }

  /** TLS and HTTP/2 may have it somewhere else. */
  get isIdle(): boolean {
    return false
  }

  get paused(): boolean {
    return this.stream.isPaused()
  }

  get socket(): object {
    return (this.stream as Partial<ServerHttp2Stream>).session ?? this.stream
  }

  pause(): void {
    this.stream.pause()
  }

  resume(): void {
    this.stream.resume()
  }

  unread(bytes: Buffer): void {
    this.stream.unshift(bytes)
  }

  write(bytes: Buffer): boolean {
    return !this.stream.writable || this.stream.write(bytes)
  }

  writeAll(pieces: readonly Buffer[]): boolean {
    this.stream.cork()
    let room = true
    for (const piece of pieces) room = this.write(piece) && room
    this.stream.uncork()
    return room
  }

  putBackLater(buffer: Buffer): void {
    // No 'drain' comes where there was room.
    if (!this.writableNeedDrain || this.#held.length === mostHeld) return
    this.#held = [...this.#held, buffer]
  }

  onDrain(): void {
    const held = this.#held
    this.#held = none
    for (const buffer of held) putBack(buffer)
    this.user?.onDrain()
  }

  end(): void {
    this.stream.end()
  }

  destroy(): void {
    this.stream.destroy()
  }

  askWhetherReset(unless?: () => void): void {
    if (!unless) return askWhetherReset(this.stream)
    this.stream.write(nothing, (error) => {
      if (!error) unless()
    })
  }

  get leaves(): Leaves {
    const { stream } = this
    if (stream.destroyed || stream.readableEnded || stream.writableEnded) return 'not'
    if (!isPlain(stream)) return 'joined'
    return isSocketWithHandle(stream) ? 'moved' : 'not'
  }

  freeze(): void {
    // A stream that stays keeps what is on its way for its next reader.
    if (isPlain(this.stream)) stopReading(this.stream)
    else this.stream.pause()
  }

  thaw(reads: boolean): void {
    if (isPlain(this.stream)) readOn(this.stream)
    // A paused stream reads until its buffer is full, as ever.
    if (reads) this.stream.resume()
  }

  giveAway(carry?: Carry): Handle {
    const { stream } = this
    this.user = undefined
    if (!isPlain(stream)) return carry!(this)
    for (const [event, listener] of listeners) stream.off(event, listener)
    // 'close' follows.
    stream.on('error', () => {})
    return takeHandle(stream)
  }
}

const none: Buffer[] = []
const nothing = Buffer.alloc(0)

/** A socket that holds nothing of this process's: no keys of TLS, no session of HTTP/2. */
function isPlain(stream: Duplex): stream is net.Socket {
  return stream instanceof net.Socket && !(stream instanceof TLSSocket)
}

// Shared by all streams: a connection must not cost closures.
const listeners: readonly [string, (this: Duplex, told: Buffer & Error) => void][] = [
  ['data', onData],
  ['drain', onDrain],
  ['end', onEnd],
  ['finish', onFinish],
  ['close', onClose],
  ['aborted', onAborted],
  ['error', onError],
]

function onData(this: Duplex, bytes: Buffer): void {
  ;(this as Wired)[wire].user?.onPieces([bytes])
}

function onDrain(this: Duplex): void {
  ;(this as Wired)[wire].onDrain()
}

function onEnd(this: Duplex): void {
  ;(this as Wired)[wire].user?.onEndOfInput()
}

function onFinish(this: Duplex): void {
  ;(this as Wired)[wire].user?.onFinish?.()
}

function onClose(this: Duplex): void {
  ;(this as Wired)[wire].user?.onClose()
}

function onAborted(this: Duplex): void {
  ;(this as Wired)[wire].user?.onAborted?.()
}

/** 'close' follows; a reset is one way for TCP to end. */
function onError(this: Duplex, error: Error): void {
  ;(this as Wired)[wire].user?.onError?.(error)
}
