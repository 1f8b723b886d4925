// One side of a Pipe: the stream, the reader of what comes from it, and the frames of the gateway's own that wait
// until they may be written to it.
import { randomBytes } from 'node:crypto'
import type { Duplex } from 'node:stream'
import type { Clock, Handle, MonotonicMs } from '../core/index.ts'
import type { Hold } from '../hold/index.ts'
import {
  askWhetherReset,
  canReadFast,
  controlFrame,
  type Fault,
  FrameReader,
  type FrameRules,
  type FrameSink,
  isCarriable,
  isMovable,
  mustReadFast,
  opcode,
  type PackedReader,
  readByEvents,
  readFast,
  readOn,
  type StreamSide,
  staysHere,
  stopReading,
  takeHandle,
  unwire,
  WriteBatch,
  wire,
} from '../wire/index.ts'
import type { CloseCause, SideName } from './close-mapping.ts'
import type { CloseCame } from './connection-state.ts'
import { beat, firstPulse, type KeepaliveOptions, type Pulse } from './keepalive.ts'

export interface SideOptions {
  rules: FrameRules
  messagesPerSecond?: number
  keepalive: KeepaliveOptions | false
  clock: Clock
  /** What this side's bytes and control frames pass by on a route with `hold`. */
  hold?: Hold
}

/** A side's state as data that JSON can carry. */
export interface PackedSide {
  reader: PackedReader
  /** The Ping of ours that waits for its Pong, in base64. */
  ping?: string
}

/**
 * Milliseconds that a Ping or Pong of our own waits for the end of a message. After that it goes between two of the
 * message's frames: RFC 6455 5.4 allows it, and a message without end must not hide a peer that is gone.
 */
const waitsAtMostMs = 10_000

/** Joins a stream that cannot leave this process to a socket, of which the other end is the result. */
export type Carry = (stream: Duplex) => Handle

/** What a side tells the connection that it belongs to. */
export interface SideHost {
  step(
    event:
      | CloseCame
      | { type: 'unsaid'; side: SideName }
      | { type: 'ended'; side: SideName; insideFrame: boolean }
      | { type: 'answered' }
      | { type: 'happened'; cause: CloseCause },
  ): void
  /** What was marked has not been answered for as long as a Ping may take. */
  unanswered(): void
  /** Does something of which a fault ends this connection, and no other. */
  enter(work: () => void): void
  fault(error: unknown): void
}

/** What ends a stream after its last frame: see close-handshake.ts. */
type Ending = (stream: Duplex, clock: Clock) => void

export class Side implements FrameSink, StreamSide {
  readonly name: SideName
  readonly reader: FrameReader
  readonly #pipe: SideHost
  readonly #options: SideOptions
  readonly #hold: Hold | undefined
  opposite!: Side
  stream: Duplex | undefined
  /** How often the stream has been read. */
  reads = 0
  /**
   * Pings and Pongs of our own for this side, waiting for room and for the end of the message that streams to it: at
   * most one of each.
   */
  #waiting: Buffer[] = []
  #waitingSince = 0
  /** After a Close nothing may follow (RFC 6455 5.5.1); it may still wait in #waitingClose. */
  #closing = false
  /** The Close for this side, waiting for the end of the frame that streams to it. */
  #waitingClose: Buffer | undefined
  #closeWritten = false
  #ended = false
  /** How this side ends as soon as nothing waits for the end of a frame any more. */
  #ending: Ending | undefined
  readonly #writes = new WriteBatch()
  /** Not read, because the opposite takes no more. */
  #blocked = false
  /** Not read, because the connection is about to be taken to another process. */
  #frozen = false
  #heard = false
  /** Since when an answer is due to a Ping behind what it was sent; until anything comes. */
  #dueSince: MonotonicMs | undefined
  #pulse: Pulse | undefined
  /** Whether it was sent anything of the opposite's, or in its name. */
  wasSent = false
  /** Payload of the Ping behind all that it was sent. */
  #lastPing: Buffer | undefined
  /** Payload of our Pings to this side: always the same, so that a late Pong is known, too. */
  #ping: Buffer | undefined
  #unsent = 0
  #allowance: number
  #allowanceAt: MonotonicMs

  constructor(pipe: SideHost, name: SideName, options: SideOptions) {
    this.#pipe = pipe
    this.name = name
    this.#options = options
    this.#hold = options.hold
    this.reader = new FrameReader(options.rules)
    const now = options.clock.now()
    if (options.keepalive) this.#pulse = firstPulse(now, options.keepalive)
    this.#allowance = options.messagesPerSecond ?? 0
    this.#allowanceAt = now
  }

  attach(stream: Duplex): void {
    if (mustReadFast(stream)) stream = readFast(stream, (bytes) => this.onData(bytes))
    else readByEvents(stream)
    this.#wire(stream)
    if (stream.destroyed || stream.readableEnded) queueMicrotask(() => this.onEnd())
    else if (this.#frozen) stop(stream)
    else stream.resume()
  }

  /** Lets go of the stream, which from now on ends by itself: as `ending` does, or at once. */
  detach(last: Buffer | undefined, ending: Ending | undefined): void {
    const { stream } = this
    if (!stream) return
    this.#flush()
    this.#unwire(stream)
    if (!ending || stream.destroyed) return void stream.destroy()
    if (last && stream.writable) stream.write(last)
    ending(stream, this.#options.clock)
  }

  /**
   * Whether its stream can be taken to another process as things are: nothing of the gateway's own waits. `carried`: or
   * can be joined to one.
   */
  isMovable(carried: boolean): boolean {
    // A Ping that waits is no obstacle: who gets the connection asks anew.
    const rest = this.#closing || this.#ended || this.#ending || this.reader.stopped
    return !rest && (isMovable(this.stream) || (carried && this.needsCarrier))
  }

  /** Whether its stream has to stay in this process, joined to the next one. */
  get needsCarrier(): boolean {
    return isCarriable(this.stream)
  }

  /**
   * Whether everything read has been handed on, and everything written has gone out; of a stream that stays and is joined
   * to the next process neither has to be waited for.
   */
  get isEmpty(): boolean {
    const { stream } = this
    return !stream || this.needsCarrier || stream.writableLength + stream.readableLength === 0
  }

  /** Whether what was said or handed on to this side has not all gone out. */
  get hasUnsent(): boolean {
    return this.waits || (this.stream?.writableLength ?? 0) > 0
  }

  pack(): PackedSide {
    return { reader: this.reader.pack(), ping: this.#ping?.toString('base64') }
  }

  unpack({ reader, ping }: PackedSide): void {
    this.wasSent = true
    this.reader.unpack(reader)
    if (ping !== undefined) this.#ping = Buffer.from(ping, 'base64')
  }

  /** Reads nothing more, not even what is on its way from the kernel. */
  freeze(): void {
    if (this.stream) stop(this.stream)
    this.#frozen = true
  }

  /** Whether nothing more is read until `thaw`. */
  get isFrozen(): boolean {
    return this.#frozen
  }

  thaw(): void {
    this.#frozen = false
    const { stream } = this
    if (!stream) return
    if (!staysHere(stream)) readOn(stream, !this.#blocked)
    else if (!this.#blocked) stream.resume()
  }

  /** Gives the connection away; nothing of the stream is heard any more. `carry` joins one that has to stay. */
  giveAway(carry?: Carry): Handle | undefined {
    const { stream } = this
    if (!stream) return undefined
    this.#unwire(stream)
    return staysHere(stream) ? carry!(stream) : takeHandle(stream)
  }

  #wire(stream: Duplex): void {
    this.stream = stream
    wire(stream, this)
  }

  /** A stream that is worth it is read in the fast way from now on, if the runtime can. */
  enableFastRead(): void {
    const { stream } = this
    if (!stream || this.#frozen || this.#ended || this.#closing) return
    const way = canReadFast(stream)
    if (way !== 'now') {
      // What waits to be written goes out some time.
      this.reads = way === 'later' ? 0 : Number.NEGATIVE_INFINITY
      return
    }
    this.#unwire(stream)
    const fast = readFast(stream, (bytes) => this.onData(bytes))
    this.#wire(fast)
    if (!this.#blocked) fast.resume()
  }

  #unwire(stream: Duplex): void {
    unwire(stream)
    this.stream = undefined
  }

  /** Hands bytes of the opposite on to this side. Without room the opposite is not read until there is. */
  write(bytes: Buffer): void {
    this.wasSent = true
    if (!this.#closeWritten && !this.#writes.send(this.stream, bytes)) this.opposite.block()
  }

  #flush(): void {
    if (!this.#writes.flush(this.stream)) this.opposite.block()
  }

  /**
   * Writes a Ping or Pong of our own when there is room and no message of the opposite is under way. RFC 6455 5.4:
   * "Control frames MAY be injected in the middle of a fragmented message", but peers are in use that then lose a
   * compressed message.
   */
  say(frame: Buffer): void {
    if (this.#closing || !this.stream) return
    if (this.#waiting.length === 0) this.#waitingSince = this.#options.clock.now()
    // RFC 6455 5.5.3: an endpoint that has not answered earlier Pings yet "MAY elect to send a Pong frame for only the
    // most recently processed Ping frame". One Ping asks as much as two.
    this.#waiting = [...this.#waiting.filter((other) => other[0] !== frame[0]), frame]
    this.#sayWaiting()
  }

  /** Asks whether it has read, and answered, all that it was sent; nothing more of the opposite's follows. */
  askLast(): void {
    if (!this.stream || this.#closing || !this.mayBeTold) return
    // RFC 6455 5.5.3: the Pong says that this Ping was read, and what it answers to earlier messages mostly stands before.
    this.#lastPing = randomBytes(8)
    this.#writes.send(this.stream, controlFrame(opcode.ping, this.#lastPing, this.name === 'upstream'))
  }

  /** Writes a Close, our own or one handed on, as soon as no frame of the opposite is half written. */
  sayClose(frame: Buffer): void {
    if (this.#closing || !this.stream) return
    this.#closing = true
    this.#waiting = []
    if (this.mayBeTold) return this.#closeNow(frame)
    if (this.opposite.#ended) return this.#unsaid()
    this.#waitingClose = frame
    this.opposite.reader.tellNextBoundary()
  }

  /** Whether no frame of the opposite is half written to this side. */
  get mayBeTold(): boolean {
    return this.opposite.reader.between || (this.name === 'upstream' && this.#hold?.keeps === true)
  }

  get #isBetweenMessages(): boolean {
    return this.opposite.reader.betweenMessages || (this.name === 'upstream' && this.#hold?.keeps === true)
  }

  #sayWaiting(mayNow = this.#isBetweenMessages): void {
    if (this.#waiting.length === 0 || this.stream?.writableNeedDrain) return
    if (!mayNow) return this.opposite.reader.tellMessageEnd()
    const frames = this.#waiting
    this.#waiting = []
    for (const frame of frames) this.#writes.send(this.stream, frame)
  }

  /** Says what has waited too long, or whose reason to wait is gone. */
  #sayOverdue(now: number): void {
    if (this.#waiting.length === 0) return
    const overdue = now - this.#waitingSince >= waitsAtMostMs
    if (this.#isBetweenMessages || (overdue && this.mayBeTold)) this.#sayWaiting(true)
    else if (overdue) this.opposite.reader.tellNextBoundary()
  }

  #closeNow(frame: Buffer): void {
    this.#closeWritten = true
    this.#writes.send(this.stream, frame)
    // What the opposite still sends is read, to see its Close, and dropped.
    this.opposite.unblock()
  }

  /** The rest of a frame can never come, so that what waits for its end cannot be said. */
  #unsaid(): void {
    this.#waitingClose = undefined
    queueMicrotask(() => {
      this.#pipe.step({ type: 'unsaid', side: this.name })
      this.enter(() => this.#ending && this.#endWith(this.#ending))
    })
  }

  /** Whether a Close waits for the end of a frame that streams to this side. */
  get waits(): boolean {
    return this.#waitingClose !== undefined
  }

  /** Ends TCP, but not before what waits for this side, or for the end of a frame from this side, has been said. */
  end(ending: Ending): void {
    if (this.waits || this.opposite.waits) this.#ending = ending
    else this.#endWith(ending)
  }

  #endWith(ending: Ending): void {
    this.#ending = undefined
    this.opposite.unblock()
    this.#flush()
    if (this.stream && !this.stream.destroyed) ending(this.stream, this.#options.clock)
  }

  destroy(): void {
    this.stream?.destroy()
    this.opposite.unblock()
  }

  /** Stops reading; what is read already goes on. */
  block(): void {
    if (this.#blocked) return
    this.#blocked = true
    this.stream?.pause()
  }

  unblock(): void {
    if (!this.#blocked) return
    this.#blocked = false
    if (!this.#frozen) this.stream?.resume()
  }

  /** What happens to the stream; a fault in it ends this connection alone. */
  enter(work: () => void): void {
    this.#pipe.enter(work)
  }

  /** Takes what was read. The result is the stream in which a write of it waits: the bytes must stay as they are. */
  onData(chunk: Buffer): Duplex | undefined {
    if (!this.stream) return undefined
    this.#heard = true
    this.#dueSince = undefined
    const to = this.opposite
    to.#writes.begin()
    try {
      this.reader.read(chunk, this)
      if (this.#hold && this.name === 'client') this.#hold.afterRead()
    } catch (error) {
      this.#pipe.fault(error)
    }
    to.#flush()
    return to.stream && to.stream.writableLength > 0 ? to.stream : undefined
  }

  onDrain(): void {
    this.#heard = true // it takes what it is sent
    this.opposite.unblock()
    this.#sayWaiting()
  }

  /** A peer that sent its Close and then ended its half can still be told the answer; Chromium does so over HTTP/2. */
  onEndOfInput(): void {
    if (!this.reader.stopped) this.onEnd()
  }

  /** An HTTP/2 stream was reset. A stream that is read tells its end itself, behind its last bytes. */
  onAborted(): void {
    if (this.#blocked) this.onEnd()
  }

  onEnd(): void {
    if (this.#ended) return
    this.#ended = true
    if (this.opposite.waits) this.opposite.#unsaid()
    this.#pipe.step({ type: 'ended', side: this.name, insideFrame: !this.reader.between })
  }

  // FrameSink

  onBytes(bytes: Buffer): void {
    if (!this.#hold) this.opposite.write(bytes)
    else if (this.name === 'client') this.#hold.fromClient(bytes)
    else this.#hold.fromUpstream(bytes)
  }

  onMessageEnd(): void {
    this.opposite.#sayWaiting()
    if (this.name === 'client') this.#hold?.onMessageEnd()
  }

  onUnfinished(): void {
    this.#hold?.onUnfinished()
  }

  onMessage(): boolean {
    const limit = this.#options.messagesPerSecond
    if (limit === undefined) return true
    const now = this.#options.clock.now()
    const most = Math.max(limit, this.#allowance)
    this.#allowance = Math.min(most, this.#allowance + ((now - this.#allowanceAt) * limit) / 1000)
    this.#allowanceAt = now
    if (this.#allowance < 1) return false
    this.#allowance--
    return true
  }

  /** Lets it send at once what it may send in so many milliseconds. */
  allow(ms: number): void {
    this.#allowance += (ms * (this.#options.messagesPerSecond ?? 0)) / 1000
  }

  onControl(op: number, payload: Buffer, frame: Buffer): void {
    if (op === opcode.close) {
      this.#pipe.step({
        type: 'close-frame',
        from: this.name,
        code: payload.length > 0 ? payload.readUInt16BE(0) : undefined,
        reason: payload.toString('utf8', 2),
        // It lies in a buffer that is read into again, and may wait.
        frame: Buffer.from(frame),
      })
    } else if (op === opcode.pong && this.#ping?.equals(payload)) {
      return // The answer to our own Ping: the other side never asked.
    } else if (op === opcode.pong && this.#lastPing?.equals(payload)) {
      this.#pipe.step({ type: 'answered' })
    } else if (!this.#hold?.control(this.name, op, payload)) {
      this.opposite.write(frame)
    }
  }

  onBoundary(): void {
    const { opposite } = this
    const close = opposite.#waitingClose
    opposite.#waitingClose = undefined
    if (close) opposite.#closeNow(close)
    else opposite.#sayWaiting(true)
    if (opposite.#ending) opposite.#endWith(opposite.#ending)
    if (this.#ending) this.#endWith(this.#ending)
  }

  onFault(fault: Fault): void {
    this.#pipe.step({ type: 'happened', cause: faultCause(fault, this.name) })
  }

  /** It was sent a Ping that is not the keepalive's own, and has to answer it some time. */
  expectAnswer(): void {
    this.#dueSince ??= this.#options.clock.now()
  }

  /** Sends a Ping now, to be answered by then. */
  ask(answerBy: MonotonicMs): void {
    const { keepalive, clock } = this.#options
    const now = clock.now()
    // What has come so far answers what was asked so far.
    this.tick(now)
    if (!keepalive || !this.#pulse || !this.stream || this.#closing || this.#ended || this.#frozen) return
    if (this.#blocked) return
    const due = Math.min(answerBy, this.#pulse.answerBy ?? answerBy)
    this.#pulse = { pingAt: now + keepalive.ping, answerBy: due }
    this.#sayPing()
  }

  #sayPing(): void {
    this.#ping ??= randomBytes(8)
    this.say(controlFrame(opcode.ping, this.#ping, this.name === 'upstream'))
  }

  tick(now: MonotonicMs): void {
    const { keepalive } = this.#options
    const { stream } = this
    if (!stream || this.#closing || this.#ended || this.#frozen) return
    // What an upstream sent before it went is still to be read; of a client that is gone nothing is wanted any more.
    const tested = this.#blocked && this.name === 'client'
    if (tested) askWhetherReset(stream)
    if (!keepalive || !this.#pulse) return
    const unsent = stream.writableLength
    const alive = this.#heard || unsent < this.#unsent
    this.#heard = false
    this.#unsent = unsent
    this.#sayOverdue(now)
    const unasked = this.#waiting.length > 0 && unsent === 0
    const signs = { now, alive, unread: this.#blocked, tested, unasked }
    const [pulse, what] = beat(this.#pulse, signs, keepalive)
    this.#pulse = pulse
    if (what === 'silent') {
      this.#pipe.step({ type: 'happened', cause: { what: `${this.name}-silent` } })
    } else if (what === 'ping') {
      this.#sayPing()
    }
    if (this.#dueSince === undefined || now - this.#dueSince < keepalive.timeout) return
    this.#dueSince = undefined
    if (!this.#blocked) this.#pipe.unanswered()
  }
}

/** Reads nothing more, not even what is on its way from the kernel; a stream that stays keeps that for its next reader. */
function stop(stream: Duplex): void {
  if (staysHere(stream)) stream.pause()
  else stopReading(stream)
}

function faultCause(fault: Fault, from: SideName): CloseCause {
  switch (fault) {
    case 'protocol':
      return { what: `${from}-breaks-protocol` }
    case 'not-utf8':
      return { what: `${from}-reason-not-utf8` }
    case 'too-big':
      return { what: 'message-too-big', from }
    case 'too-fast':
      return { what: 'too-many-messages' }
  }
}
