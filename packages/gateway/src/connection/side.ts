// One side of a Pipe: its wire, the reader of what comes from it, and the frames of the gateway's own that wait
// until they may be written to it.
import { randomBytes } from 'node:crypto'
import type { Duplex } from 'node:stream'
import type { Clock, Handle, MonotonicMs } from '../core/index.ts'
import type { Hold } from '../hold/index.ts'
import {
  type Carry,
  controlFrame,
  type Fault,
  FrameReader,
  type FrameRules,
  type FrameSink,
  opcode,
  type PackedReader,
  type Wire,
  type WireUser,
  WriteBatch,
  wireOf,
} from '../wire/index.ts'
import type { CloseCause, SideName } from './close-cause.ts'
import type { CloseCame } from './connection-state.ts'
import { beat, firstPulse, type KeepaliveOptions, type Pulse } from './keepalive.ts'

export interface SideOptions {
  rules: FrameRules
  messagesPerSecond?: number
  /** For how many milliseconds of silence it may make up at once. Default: a second. */
  savesMs?: number
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
type Ending = (wire: Wire, clock: Clock) => void

export class Side implements FrameSink, WireUser {
  readonly name: SideName
  readonly reader: FrameReader
  readonly #pipe: SideHost
  readonly #options: SideOptions
  readonly #hold: Hold | undefined
  opposite!: Side
  wire: Wire | undefined
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

  attach(stream: Duplex | Wire): void {
    const wire = wireOf(stream)
    this.wire = wire
    wire.user = this
    if (wire.destroyed || wire.readableEnded) queueMicrotask(() => this.onClose())
    else if (this.#frozen) wire.freeze()
    else wire.resume()
  }

  /** Lets go of the wire, which from now on ends by itself: as `ending` does, or at once. */
  detach(last: Buffer | undefined, ending: Ending | undefined): void {
    const { wire } = this
    if (!wire) return
    this.#flush()
    this.#leave()
    if (!ending || wire.destroyed) return wire.destroy()
    if (last) wire.write(last)
    ending(wire, this.#options.clock)
  }

  /**
   * Whether its wire can be taken to another process as things are: nothing of the gateway's own waits. `carried`: or
   * can be joined to one.
   */
  isMovable(carried: boolean): boolean {
    // A Ping that waits is no obstacle: who gets the connection asks anew.
    const rest = this.#closing || this.#ended || this.#ending || this.reader.stopped
    return !rest && (this.wire?.leaves === 'moved' || (carried && this.needsCarrier))
  }

  /** Whether its wire has to stay in this process, joined to the next one. */
  get needsCarrier(): boolean {
    return this.wire?.leaves === 'joined'
  }

  /**
   * Whether everything read has been handed on, and everything written has gone out; of a wire that stays and is joined
   * to the next process neither has to be waited for.
   */
  get isEmpty(): boolean {
    const { wire } = this
    return !wire || this.needsCarrier || wire.writableLength + wire.readableLength === 0
  }

  /** Whether what was said or handed on to this side has not all gone out. */
  get hasUnsent(): boolean {
    return this.waits || (this.wire?.writableLength ?? 0) > 0
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
    this.wire?.freeze()
    this.#frozen = true
  }

  /** Whether nothing more is read until `thaw`. */
  get isFrozen(): boolean {
    return this.#frozen
  }

  thaw(): void {
    this.#frozen = false
    this.wire?.thaw(!this.#blocked)
  }

  /** Gives the connection away; nothing of the wire is heard any more. `carry` joins one that has to stay. */
  giveAway(carry?: Carry): Handle | undefined {
    const { wire } = this
    this.#leave()
    return wire?.giveAway(carry)
  }

  /** Hears nothing of the wire any more. */
  #leave(): void {
    const { wire } = this
    this.wire = undefined
    if (wire?.user === this) wire.user = undefined
  }

  /** Hands bytes of the opposite on to this side. Without room the opposite is not read until there is. */
  write(bytes: Buffer): void {
    this.wasSent = true
    if (!this.#closeWritten && !this.#writes.send(this.wire, bytes)) this.opposite.block()
  }

  inOneWrite(work: () => void): void {
    this.#writes.begin()
    try {
      work()
    } finally {
      this.#flush()
    }
  }

  #flush(): void {
    if (!this.#writes.flush(this.wire)) this.opposite.block()
  }

  /**
   * Writes a Ping or Pong of our own when there is room and no message of the opposite is under way. RFC 6455 5.4:
   * "Control frames MAY be injected in the middle of a fragmented message", but peers are in use that then lose a
   * compressed message.
   */
  say(frame: Buffer): void {
    if (this.#closing || !this.wire) return
    if (this.#waiting.length === 0) this.#waitingSince = this.#options.clock.now()
    // RFC 6455 5.5.3: an endpoint that has not answered earlier Pings yet "MAY elect to send a Pong frame for only the
    // most recently processed Ping frame". One Ping asks as much as two.
    this.#waiting = [...this.#waiting.filter((other) => other[0] !== frame[0]), frame]
    this.#sayWaiting()
  }

  /** Asks whether it has read, and answered, all that it was sent; nothing more of the opposite's follows. */
  askLast(): void {
    if (!this.wire || this.#closing || !this.mayBeTold) return
    // RFC 6455 5.5.3: the Pong says that this Ping was read, and what it answers to earlier messages mostly stands before.
    this.#lastPing = randomBytes(8)
    this.#writes.send(this.wire, controlFrame(opcode.ping, this.#lastPing, this.name === 'upstream'))
  }

  /** Writes a Close, our own or one handed on, as soon as no frame of the opposite is half written. */
  sayClose(frame: Buffer): void {
    if (this.#closing || !this.wire) return
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
    if (this.#waiting.length === 0 || this.wire?.writableNeedDrain) return
    if (!mayNow) return this.opposite.reader.tellMessageEnd()
    const frames = this.#waiting
    this.#waiting = []
    for (const frame of frames) this.#writes.send(this.wire, frame)
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
    this.#writes.send(this.wire, frame)
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
    if (this.wire && !this.wire.destroyed) ending(this.wire, this.#options.clock)
  }

  destroy(): void {
    this.wire?.destroy()
    this.opposite.unblock()
  }

  /** Stops reading; what is read already goes on. */
  block(): void {
    if (this.#blocked) return
    this.#blocked = true
    this.wire?.pause()
  }

  unblock(): void {
    if (!this.#blocked) return
    this.#blocked = false
    if (!this.#frozen) this.wire?.resume()
  }

  /** What happens to the wire; a fault in it ends this connection alone. */
  enter(work: () => void): void {
    this.#pipe.enter(work)
  }

  // WireUser

  onPieces(pieces: readonly Buffer[]): Wire | undefined {
    if (!this.wire) return undefined
    this.#heard = true
    this.#dueSince = undefined
    const to = this.opposite
    // It may be let go of behind what was read.
    const before = to.wire
    const drops = to.#closeWritten
    to.#writes.begin()
    try {
      for (const piece of pieces) this.reader.read(piece, this)
    } catch (error) {
      this.#pipe.fault(error)
    }
    to.#flush()
    const wire = to.wire ?? before
    return wire && !drops && !wire.destroyed && wire.writableLength > 0 ? wire : undefined
  }

  onDrain(): void {
    if (!this.wire) return
    this.#heard = true // it takes what it is sent
    this.enter(() => {
      this.opposite.unblock()
      this.#sayWaiting()
    })
  }

  /** A peer that sent its Close and then ended its half can still be told the answer; Chromium does so over HTTP/2. */
  onEndOfInput(): void {
    if (!this.reader.stopped) this.onClose()
  }

  /** An HTTP/2 stream was reset. A stream that is read tells its end itself, behind its last bytes. */
  onAborted(): void {
    if (this.#blocked) this.onClose()
  }

  onClose(): void {
    if (this.wire) this.enter(() => this.#onEnd())
  }

  #onEnd(): void {
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

  onMessage(): boolean {
    const limit = this.#options.messagesPerSecond
    if (limit === undefined) return true
    const now = this.#options.clock.now()
    const saved = (Math.max(1000, this.#options.savesMs ?? 0) * limit) / 1000
    const most = Math.max(saved, this.#allowance)
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
    if (!keepalive || !this.#pulse || !this.wire || this.#closing || this.#ended || this.#frozen) return
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
    const { wire } = this
    if (!wire || this.#closing || this.#ended || this.#frozen) return
    // What an upstream sent before it went is still to be read; of a client that is gone nothing is wanted any more.
    const tested = this.#blocked && this.name === 'client'
    if (tested) wire.askWhetherReset()
    if (!keepalive || !this.#pulse) return
    const unsent = wire.writableLength
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
