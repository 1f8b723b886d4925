// One connection of a session's client: its stream, what was read of it so far, and what is to be said on it besides
// messages. A session has one after the other.
import { randomBytes } from 'node:crypto'
import type { Duplex } from 'node:stream'
import { endTcp, type Pulse } from '../connection/index.ts'
import type { Clock, MonotonicMs } from '../core/index.ts'
import { type Wire, type WireUser, WriteBatch, wireOf } from '../wire/index.ts'
import { Backlog } from './backlog.ts'
import { controlMessage, type GatewaySays, type Welcome } from './control-message.ts'
import { Incoming, type IncomingSink } from './incoming.ts'

/** In one write at most, but for its last piece. */
const muchBytes = 64 * 1024

/** Answers to Pings and `ping`s that wait for their turn; a client that sends more has the latest answered. */
const mostAnswers = 16

export interface LinkOptions {
  stream: Duplex | Wire
  /** RSV1 says that a message is compressed. */
  deflate: boolean
  /** What the upstream compresses is to be inflated. */
  inflates?: boolean
  /** Payload of one message at most. */
  messageBytes: number
}

/** What a session hears of a link. */
export interface LinkEvents {
  enter(work: () => void): void
  /** The pieces are lent. The result: the wire in which a write of them waits. */
  onPieces(link: ClientLink, pieces: readonly Buffer[]): Wire | undefined
  onDrain(link: ClientLink): void
  onEndOfInput(link: ClientLink): void
  onClose(link: ClientLink): void
}

/**
 * Milliseconds of silence after which a client is asked whether it is there, and in which it has to answer then. Together with a look
 * each quarter of a second less than ten seconds, in which nobody may have two upstreams.
 */
const askAfterMs = 3000
const answerWithinMs = 5000

const none: readonly Buffer[] = []
/** For whichever link writes next: one that is idle needs none. */
let spareWrites: WriteBatch | undefined

export class ClientLink implements WireUser {
  readonly wire: Wire
  readonly nonce = randomBytes(12).toString('base64url')
  readonly incoming: Incoming
  readonly inflates: boolean
  /** Control messages that wait for the end of a message. */
  #messages = none
  /** Control frames, the same; they may go between two frames of a message that is on its way from the upstream. */
  #frames = none
  /** What goes out in one; present between `begin` and `flush`. */
  #writes: WriteBatch | undefined
  /** What was read and waits for the upstream; undefined until something had to. */
  backlog: Backlog | undefined
  /** The session's Close was sent. */
  closeSent = false
  /** The client has said that it goes for good. */
  saidBye = false
  /** Something came since the last look. */
  heard = false
  /** The client itself has said something since `isThere` looked last, or is about to: no Pong, which a browser sends for a script that is gone. */
  spoke = true
  #silentSince: MonotonicMs = 0
  #isAsked = false
  /** The session has stopped reading it. */
  paused = false
  /** What its write queue held at the last look. */
  unsent = 0
  pulse: Pulse | undefined
  /** Who hears of it; nobody before and after. */
  #events: LinkEvents | undefined

  constructor({ stream, deflate, inflates = false, messageBytes }: LinkOptions) {
    this.wire = wireOf(stream)
    this.inflates = inflates
    this.incoming = new Incoming(this.nonce, messageBytes, deflate)
  }

  /** Whether the client may be at the other end, and not only its browser. It is asked when it has said nothing for a while. */
  isThere(now: MonotonicMs): boolean {
    // Of one that is not read nothing can be said.
    if (this.spoke || this.paused) {
      this.spoke = false
      this.#silentSince = now
      this.#isAsked = false
    }
    const silentMs = now - this.#silentSince
    if (silentMs >= askAfterMs && !this.#isAsked) {
      this.#isAsked = true
      this.say({ type: 'ping', id: 0 })
    }
    return silentMs < askAfterMs + answerWithinMs
  }

  /** Where what is read waits for the upstream. Control messages of PROTOCOL.md do not wait: `sink` gets them at once. */
  backlogFor(sink: IncomingSink): Backlog {
    this.backlog ??= new Backlog(sink)
    return this.backlog
  }

  /** Begins to read. */
  read(events: LinkEvents): void {
    this.#events = events
    const { wire } = this
    wire.user = this
    if (wire.destroyed || wire.readableEnded) queueMicrotask(() => this.onClose())
    else if (!this.paused) wire.resume()
  }

  /** Nothing of the wire is heard any more. */
  leave(): void {
    if (!this.#events) return
    this.#events = undefined
    if (this.wire.user === this) this.wire.user = undefined
  }

  // WireUser

  onPieces(pieces: readonly Buffer[]): Wire | undefined {
    return this.#events?.onPieces(this, pieces)
  }

  onDrain(): void {
    this.#events?.enter(() => this.#events?.onDrain(this))
  }

  onEndOfInput(): void {
    this.#events?.enter(() => this.#events?.onEndOfInput(this))
  }

  onClose(): void {
    this.#events?.enter(() => this.#events?.onClose(this))
  }

  /** An HTTP/2 stream that was reset tells its end itself only when it is read. */
  onAborted(): void {
    this.onClose()
  }

  pause(): void {
    if (this.paused) return
    this.paused = true
    this.wire.pause()
  }

  resume(): void {
    if (!this.paused) return
    this.paused = false
    this.wire.resume()
  }

  /** Whether it takes more without its queue growing. */
  get hasRoom(): boolean {
    return this.wire.writable && !this.wire.writableNeedDrain
  }

  /** Whether all that was written to it is the kernel's. */
  get isIdle(): boolean {
    return this.wire.isIdle
  }

  /** What is written between these two goes out in one. */
  begin(): void {
    this.#writes = spareWrites ?? new WriteBatch()
    spareWrites = undefined
    this.#writes.begin()
  }

  flush(): void {
    const writes = this.#writes
    if (!writes) return
    this.#writes = undefined
    writes.flush(this.wire)
    spareWrites = writes
  }

  /** Writes what there is when it is much, so that `hasRoom` tells whether more is taken. */
  flushMuch(): void {
    if (!this.#writes || this.#writes.bytes < muchBytes) return
    this.flush()
    this.begin()
  }

  write(bytes: Buffer): void {
    if (this.#writes) this.#writes.send(this.wire, bytes)
    else if (this.wire.writable) this.wire.write(bytes)
  }

  /** Says a control message as soon as a message has ended. */
  say(says: GatewaySays | Welcome): void {
    this.#messages = [...this.#messages.slice(1 - mostAnswers), controlMessage(this.nonce, says)]
  }

  sayFrame(frame: Buffer): void {
    this.#frames = [...this.#frames.slice(1 - mostAnswers), frame]
  }

  /** Says what is due now, between two messages or between two frames. */
  sayDue(place: 'between messages' | 'between frames'): void {
    for (const frame of this.#frames) this.write(frame)
    this.#frames = none
    if (place === 'between frames') return
    for (const message of this.#messages) this.write(message)
    this.#messages = none
  }

  /** Whether something waits for its turn. */
  get hasDue(): boolean {
    return this.#messages.length + this.#frames.length > 0
  }

  /** Ends it behind what it was sent, and does not listen any more; `last` is a Close. */
  end(last: Buffer | undefined, clock: Clock): void {
    this.leave()
    if (last) this.write(last)
    endTcp(this.wire, clock)
  }

  destroy(): void {
    this.leave()
    this.wire.destroy()
  }
}
