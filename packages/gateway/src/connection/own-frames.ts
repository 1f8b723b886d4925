// The gateway's own frames for one side, each until there is a place for it between those that stream to that side: a Close
// until the frame has ended, a Ping or Pong until the message has. Next: side.ts.
import { randomBytes } from 'node:crypto'
import type { Clock } from '../core/index.ts'
import { controlFrame, type FrameReader, opcode, type Wire } from '../wire/index.ts'
import type { SideName } from './close-cause.ts'

/**
 * Milliseconds that a Ping or Pong of our own waits for the end of a message. After that it goes between two of the
 * message's frames: RFC 6455 5.4 allows it, and a message without end must not hide a peer that is gone.
 */
const waitsAtMostMs = 10_000

/** The side that they are for. */
export interface OwnFramesHost {
  readonly name: SideName
  readonly wire: Wire | undefined
  /** Whose frames they go between. */
  readonly opposite: {
    readonly reader: Pick<FrameReader, 'between' | 'betweenMessages' | 'tellNextBoundary' | 'tellMessageEnd'>
    readonly hasEnded: boolean
    unblock(): void
  }
  /** Whether a Close has gone out: nothing follows. Set here; the side looks at it with each read of the opposite. */
  closeWritten: boolean
  /** Whether nothing of the opposite's is handed on to it: there is a place at any time. */
  readonly isQuiet: boolean
  /** Writes a frame, with the bytes of the opposite that go out now. */
  send(frame: Buffer): void
  /** A Close could not be said, and never can. */
  onUnsaid(): void
}

export class OwnFrames {
  readonly #side: OwnFramesHost
  readonly #clock: Clock
  /** Pings and Pongs that wait for room and for the end of the message that streams to the side: at most one of each. */
  #waiting: Buffer[] = []
  #waitingSince = 0
  /** After a Close nothing may follow (RFC 6455 5.5.1); it may still wait in #waitingClose. */
  #closing = false
  #waitingClose: Buffer | undefined
  /** Payload of the Ping behind all that the side was sent. */
  #lastPing: Buffer | undefined

  constructor(side: OwnFramesHost, clock: Clock) {
    this.#side = side
    this.#clock = clock
  }

  /** Whether the side was told a Close, or is as soon as there is a place for it. */
  get closing(): boolean {
    return this.#closing
  }

  /** Whether a Close waits for the end of a frame that streams to the side. */
  get closeWaits(): boolean {
    return this.#waitingClose !== undefined
  }

  /** Whether a Ping or Pong waits. */
  get waits(): boolean {
    return this.#waiting.length > 0
  }

  /** Whether no frame of the opposite is half written to the side. */
  get mayBeTold(): boolean {
    const { opposite, isQuiet } = this.#side
    return opposite.reader.between || isQuiet
  }

  get #isBetweenMessages(): boolean {
    const { opposite, isQuiet } = this.#side
    return opposite.reader.betweenMessages || isQuiet
  }

  /**
   * Writes a Ping or Pong of our own when there is room and no message of the opposite is under way. RFC 6455 5.4:
   * "Control frames MAY be injected in the middle of a fragmented message", but peers are in use that then lose a
   * compressed message.
   */
  say(frame: Buffer): void {
    if (this.#closing || !this.#side.wire) return
    if (this.#waiting.length === 0) this.#waitingSince = this.#clock.now()
    // RFC 6455 5.5.3: an endpoint that has not answered earlier Pings yet "MAY elect to send a Pong frame for only the
    // most recently processed Ping frame". One Ping asks as much as two.
    this.#waiting = [...this.#waiting.filter((other) => other[0] !== frame[0]), frame]
    this.sayWaiting()
  }

  /** Writes the Pings and Pongs that wait, if they may go now. */
  sayWaiting(mayNow = this.#isBetweenMessages): void {
    if (this.#waiting.length === 0 || this.#side.wire?.writableNeedDrain) return
    if (!mayNow) return this.#side.opposite.reader.tellMessageEnd()
    const frames = this.#waiting
    this.#waiting = []
    for (const frame of frames) this.#side.send(frame)
  }

  /** Says what has waited too long, or whose reason to wait is gone. */
  sayOverdue(now: number): void {
    if (this.#waiting.length === 0) return
    const overdue = now - this.#waitingSince >= waitsAtMostMs
    if (this.#isBetweenMessages || (overdue && this.mayBeTold)) this.sayWaiting(true)
    else if (overdue) this.#side.opposite.reader.tellNextBoundary()
  }

  /** Asks whether the side has read, and answered, all that it was sent; nothing more of the opposite's follows. */
  askLast(): void {
    const { name, wire } = this.#side
    if (!wire || this.#closing || !this.mayBeTold) return
    // RFC 6455 5.5.3: the Pong says that this Ping was read, and what it answers to earlier messages mostly stands before.
    this.#lastPing = randomBytes(8)
    this.#side.send(controlFrame(opcode.ping, this.#lastPing, name === 'upstream'))
  }

  /** Whether this Pong answers `askLast`. */
  isLastAnswer(pong: Buffer): boolean {
    return this.#lastPing?.equals(pong) === true
  }

  /** Writes a Close, our own or one handed on, as soon as no frame of the opposite is half written. */
  sayClose(frame: Buffer): void {
    const { opposite, wire } = this.#side
    if (this.#closing || !wire) return
    this.#closing = true
    this.#waiting = []
    if (this.mayBeTold) return this.#closeNow(frame)
    if (opposite.hasEnded) return this.giveUpClose()
    this.#waitingClose = frame
    opposite.reader.tellNextBoundary()
  }

  #closeNow(frame: Buffer): void {
    this.#side.closeWritten = true
    this.#side.send(frame)
    // What the opposite still sends is read, to see its Close, and dropped.
    this.#side.opposite.unblock()
  }

  /** The rest of a frame can never come, so that what waits for its end cannot be said. */
  giveUpClose(): void {
    this.#waitingClose = undefined
    this.#side.onUnsaid()
  }

  /** A frame of the opposite has ended: what waits for that is said. */
  onBoundary(): void {
    const close = this.#waitingClose
    this.#waitingClose = undefined
    if (close) this.#closeNow(close)
    else this.sayWaiting(true)
  }
}
