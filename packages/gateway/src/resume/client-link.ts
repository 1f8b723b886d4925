// One connection of a session's client: its stream, what was read of it so far, and what is to be said on it besides
// messages. A session has one after the other.
import { randomBytes } from 'node:crypto'
import type { Duplex } from 'node:stream'
import { endTcp, type Pulse } from '../connection/index.ts'
import type { Clock } from '../core/index.ts'
import { controlMessage, type GatewaySays, prefixOf, type Welcome } from './control-message.ts'
import { Incoming } from './incoming.ts'

/** Answers to Pings and `ping`s that wait for their turn; a client that sends more has the latest answered. */
const mostAnswers = 16

export interface LinkOptions {
  stream: Duplex
  /** RSV1 says that a message is compressed. */
  deflate: boolean
  /** What the upstream compresses is to be inflated. */
  inflates?: boolean
  /** Payload of one message at most. */
  messageBytes: number
  /** The one of a connection that another process has begun. */
  nonce?: string
}

/** What a session hears of a link. */
export interface LinkEvents {
  onData(link: ClientLink, chunk: Buffer): void
  onDrain(link: ClientLink): void
  onEndOfInput(link: ClientLink): void
  onClose(link: ClientLink): void
}

export class ClientLink {
  readonly stream: Duplex
  readonly nonce: string
  readonly incoming: Incoming
  readonly inflates: boolean
  /** Control messages that wait for the end of a message. */
  #messages: Buffer[] = []
  /** Control frames, the same; they may go between two frames of a message that is on its way from the upstream. */
  #frames: Buffer[] = []
  /** The session's Close was sent. */
  closeSent = false
  /** The client has said that it goes for good. */
  saidBye = false
  /** Something came since the last look. */
  heard = false
  /** The session has stopped reading it. */
  paused = false
  /** What its write queue held at the last look. */
  unsent = 0
  pulse: Pulse | undefined
  #unwire = () => {}

  constructor({ stream, deflate, inflates = false, messageBytes, nonce }: LinkOptions) {
    this.stream = stream
    this.inflates = inflates
    this.nonce = nonce ?? randomBytes(12).toString('base64url')
    this.incoming = new Incoming(prefixOf(this.nonce), messageBytes, deflate)
  }

  /** Begins to read. */
  wire(events: LinkEvents): void {
    const { stream } = this
    const onData = (chunk: Buffer) => events.onData(this, chunk)
    const onDrain = () => events.onDrain(this)
    const onEnd = () => events.onEndOfInput(this)
    const onClose = () => events.onClose(this)
    stream.on('data', onData).on('drain', onDrain).on('end', onEnd)
    // An HTTP/2 stream that was reset tells its end itself only when it is read.
    stream.on('close', onClose).on('aborted', onClose).on('error', ignored)
    this.#unwire = () => {
      stream.off('data', onData).off('drain', onDrain).off('end', onEnd)
      stream.off('close', onClose).off('aborted', onClose)
    }
    if (stream.destroyed || stream.readableEnded) queueMicrotask(onClose)
    else if (!this.paused) stream.resume()
  }

  /** Nothing of the stream is heard any more. */
  leave(): void {
    this.#unwire()
    this.#unwire = () => {}
  }

  pause(): void {
    this.paused = true
    this.stream.pause()
  }

  resume(): void {
    if (!this.paused) return
    this.paused = false
    this.stream.resume()
  }

  /** Whether it takes more without its queue growing. */
  get hasRoom(): boolean {
    return this.stream.writable && !this.stream.writableNeedDrain
  }

  write(bytes: Buffer): void {
    if (this.stream.writable) this.stream.write(bytes)
  }

  /** Says a control message as soon as a message has ended. */
  say(says: GatewaySays | Welcome): void {
    this.#messages = [...this.#messages.slice(1 - mostAnswers), controlMessage(this.nonce, says)]
  }

  sayFrame(frame: Buffer): void {
    this.#frames = [...this.#frames.slice(1 - mostAnswers), frame]
  }

  /** What is to be said now, between two messages or between two frames. */
  *due(place: 'between messages' | 'between frames'): Iterable<Buffer> {
    while (this.#frames.length > 0) yield this.#frames.shift()!
    while (place === 'between messages' && this.#messages.length > 0) yield this.#messages.shift()!
  }

  /** Whether something waits for its turn. */
  get hasDue(): boolean {
    return this.#messages.length + this.#frames.length > 0
  }

  /** Ends it behind what it was sent, and does not listen any more; `last` is a Close. */
  end(last: Buffer | undefined, clock: Clock): void {
    this.leave()
    if (last) this.write(last)
    endTcp(this.stream, clock)
  }

  destroy(): void {
    this.leave()
    this.stream.destroy()
  }
}

/** 'close' follows. */
function ignored(): void {}
