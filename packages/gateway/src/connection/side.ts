// One side of a Pipe: the way of what is read from its wire to the opposite, and how it ends. Next: frame-reader.ts,
// own-frames.ts, liveness.ts.
import type { MonotonicMs } from '../core/index.ts'
import type { ClientBytes, Hold } from '../hold/index.ts'
import { type Fault, FrameReader, type FrameSink, opcode, type Wire, WriteBatch } from '../wire/index.ts'
import { faultCause, type SideName } from './close-cause.ts'
import { Liveness } from './liveness.ts'
import { MessageRate } from './message-rate.ts'
import { OwnFrames } from './own-frames.ts'
import type { PackedSide, SideHost } from './side-host.ts'
import type { SideOptions } from './side-options.ts'
import { type Ending, WireSide } from './wire-side.ts'

export class Side extends WireSide implements FrameSink {
  readonly name: SideName
  readonly reader: FrameReader
  /** What the gateway itself says to this side. */
  readonly ownFrames: OwnFrames
  /** Absent where its wire itself watches who is behind it. */
  readonly liveness: Liveness | undefined
  readonly #pipe: SideHost
  readonly #hold: Hold | undefined
  /** Where the client's bytes go on a route with `hold`. */
  readonly #clientBytes: ClientBytes | undefined
  /** Absent where it may begin as many messages as it likes. */
  readonly #rate: MessageRate | undefined
  opposite!: Side
  // What each read sets or looks at lies here, and not in the parts that it is for.
  heard = false
  dueSince: MonotonicMs | undefined
  closeWritten = false
  #ended = false
  /** How this side ends as soon as nothing waits for the end of a frame any more. */
  #ending: Ending | undefined
  readonly #writes = new WriteBatch()
  /** Whether it was sent anything of the opposite's, or in its name. */
  wasSent = false

  constructor(pipe: SideHost, name: SideName, options: SideOptions) {
    const { rules, keepalive, clock, messagesPerSecond, savesMs = 0 } = options
    super(clock)
    this.#pipe = pipe
    this.name = name
    this.#hold = options.hold
    this.#clientBytes = name === 'client' ? options.hold?.clientBytes : undefined
    this.reader = new FrameReader(rules)
    this.ownFrames = new OwnFrames(this, clock)
    if (keepalive !== undefined) this.liveness = new Liveness(this, pipe, keepalive, clock)
    if (messagesPerSecond !== undefined) this.#rate = new MessageRate(messagesPerSecond, savesMs, clock)
  }

  /**
   * Whether its wire can be taken to another process as things are: nothing of the gateway's own waits. `carried`: or
   * can be joined to one.
   */
  isMovable(carried: boolean): boolean {
    // A Ping that waits is no obstacle: who gets the connection asks anew.
    const rest = this.ownFrames.closing || this.#ended || this.#ending || this.reader.stopped
    return !rest && this.canLeave(carried)
  }

  /** Whether what was said or handed on to this side has not all gone out. */
  get hasUnsent(): boolean {
    return this.closeWaits || (this.wire?.writableLength ?? 0) > 0
  }

  pack(): PackedSide {
    return { reader: this.reader.pack(), ping: this.liveness?.pack() }
  }

  unpack({ reader, ping }: PackedSide): void {
    this.wasSent = true
    this.reader.unpack(reader)
    this.liveness?.unpack(ping)
  }

  /** Hands bytes of the opposite on to this side. Without room the opposite is not read until there is. */
  write(bytes: Buffer): void {
    this.wasSent = true
    if (!this.closeWritten && !this.#writes.send(this.wire, bytes)) this.opposite.block()
  }

  inOneWrite(work: () => void): void {
    this.#writes.begin()
    try {
      work()
    } finally {
      this.flush()
    }
  }

  protected flush(): void {
    if (!this.#writes.flush(this.wire)) this.opposite.block()
  }

  // For its own frames and what watches it

  send(frame: Buffer): void {
    this.#writes.send(this.wire, frame)
  }

  get hasEnded(): boolean {
    return this.#ended
  }

  get isQuiet(): boolean {
    return this.name === 'upstream' && this.#hold?.keeps === true
  }

  get rests(): boolean {
    return this.ownFrames.closing || this.#ended || this.isFrozen
  }

  onUnsaid(): void {
    queueMicrotask(() => {
      this.#pipe.step({ type: 'unsaid', side: this.name })
      this.enter(() => this.#ending && this.#endWith(this.#ending))
    })
  }

  // For the Pipe and its hold

  say(frame: Buffer): void {
    this.ownFrames.say(frame)
  }

  expectAnswer(): void {
    this.liveness?.expectAnswer()
  }

  /** Lets it send at once what it may send in so many milliseconds. */
  allow(ms: number): void {
    this.#rate?.allow(ms)
  }

  /** Whether a Close waits for the end of a frame that streams to this side. */
  get closeWaits(): boolean {
    return this.ownFrames.closeWaits
  }

  /** Ends TCP, but not before what waits for this side, or for the end of a frame from this side, has been said. */
  end(ending: Ending): void {
    if (this.closeWaits || this.opposite.closeWaits) this.#ending = ending
    else this.#endWith(ending)
  }

  #endWith(ending: Ending): void {
    this.#ending = undefined
    this.opposite.unblock()
    this.flush()
    if (this.wire && !this.wire.destroyed) ending(this.wire, this.clock)
  }

  destroy(): void {
    this.wire?.destroy()
    this.opposite.unblock()
  }

  /** What happens to the wire; a fault in it ends this connection alone. */
  enter(work: () => void): void {
    this.#pipe.enter(work)
  }

  // WireUser

  onPieces(pieces: readonly Buffer[]): Wire | undefined {
    if (!this.wire) return undefined
    this.heard = true
    this.dueSince = undefined
    const to = this.opposite
    // It may be let go of behind what was read.
    const before = to.wire
    const drops = to.closeWritten
    to.#writes.begin()
    try {
      for (const piece of pieces) this.reader.read(piece, this)
    } catch (error) {
      this.#pipe.fault(error)
    }
    to.flush()
    const wire = to.wire ?? before
    return wire && !drops && !wire.destroyed && wire.writableLength > 0 ? wire : undefined
  }

  onDrain(): void {
    if (!this.wire) return
    this.heard = true // it takes what it is sent
    this.enter(() => {
      this.opposite.unblock()
      this.ownFrames.sayWaiting()
    })
  }

  /** A peer that sent its Close and then ended its half can still be told the answer; Chromium does so over HTTP/2. */
  onEndOfInput(): void {
    if (!this.reader.stopped) this.onClose()
  }

  onClose(): void {
    if (this.wire) this.enter(() => this.#onEnd())
  }

  #onEnd(): void {
    if (this.#ended) return
    this.#ended = true
    if (this.opposite.closeWaits) this.opposite.ownFrames.giveUpClose()
    this.#pipe.step({ type: 'ended', side: this.name, insideFrame: !this.reader.between })
  }

  // FrameSink

  onBytes(bytes: Buffer): void {
    if (!this.#hold) this.opposite.write(bytes)
    else if (this.#clientBytes) this.#clientBytes.take(bytes)
    else this.#hold.fromUpstream(bytes)
  }

  onMessageEnd(): void {
    this.opposite.ownFrames.sayWaiting()
    if (this.name === 'client') this.#hold?.onMessageEnd()
  }

  onMessage(): boolean {
    return this.#rate === undefined || this.#rate.take()
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
    } else if (op === opcode.pong && this.liveness?.isAnswer(payload)) {
      return // The answer to our own Ping: the other side never asked.
    } else if (op === opcode.pong && this.ownFrames.isLastAnswer(payload)) {
      this.#pipe.step({ type: 'answered' })
    } else if (!this.#hold?.control(this.name, op, payload)) {
      this.opposite.write(frame)
    }
  }

  onBoundary(): void {
    const { opposite } = this
    opposite.ownFrames.onBoundary()
    if (opposite.#ending) opposite.#endWith(opposite.#ending)
    if (this.#ending) this.#endWith(this.#ending)
  }

  onFault(fault: Fault): void {
    this.#pipe.step({ type: 'happened', cause: faultCause(fault, this.name) })
  }
}
