// A session: the stream that a Pipe has for its client, and below it the client's connections, one after the other. It
// counts messages both ways and keeps what the client has not acknowledged. Next: session-state.ts, sessions.ts.
import { randomBytes } from 'node:crypto'
import { code } from '@holdfast/close-codes'
import {
  beat,
  type CloseCause,
  type ClosePolicy,
  closeMapping,
  firstPulse,
  type KeepaliveOptions,
} from '../connection/index.ts'
import type { Clock, MonotonicMs } from '../core/index.ts'
import { closeFrame, controlFrame, opcode, type Wire } from '../wire/index.ts'
import { ClientLink, type LinkEvents, type LinkOptions } from './client-link.ts'
import type { ClientSays, Welcome } from './control-message.ts'
import type { IncomingSink } from './incoming.ts'
import { Outgoing, type OutgoingSink } from './outgoing.ts'
import { plainMessage } from './plain-message.ts'
import {
  next,
  type SessionAction,
  type SessionEnd,
  type SessionEvent,
  type SessionState,
} from './session-state.ts'
import { type SessionEnds, SessionStream } from './session-stream.ts'

/** A session without its connections, as data that JSON can carry. */
export interface PackedSession {
  /** As the client's counts say. */
  received: number
  acknowledged: number
  /** Messages of the upstream; and the greatest number that the client may have. */
  taken: number
  highest: number
  /** Those that are not acknowledged, in frames, as Base64. */
  frames: string
  /** What the client has sent, and nobody has read; as Base64. */
  waiting: string
  /** Milliseconds that the client has been away. */
  awayMs: number
  /** What its client has not acknowledged to have been told of a gateway that was lost. */
  untold?: { lost?: number; doubled?: number }
}

export interface SessionOptions {
  /** Bytes that are kept for the client. */
  window: number
  /** Milliseconds that a client may acknowledge nothing, although it was sent something. */
  stallMs: number
  /** Milliseconds for a closing handshake. */
  closeTimeoutMs: number
  keepalive: KeepaliveOptions | false
  closePolicy: ClosePolicy
  messageBytes: number
  clock: Clock
}

/** What another gateway has left of a session. */
export interface Before {
  received: number
  sent: number
  untold?: Session['untold']
}

/** What becomes of a session. */
export interface SessionHost {
  /** The client has acknowledged something on this connection, or has used it in another way. */
  onUsed(session: Session): void
  /** `sayAck` is to be called soon: an acknowledgement by itself costs as much as a message. */
  onOwesAck(session: Session): void
  onParked(session: Session): void
  /** What is kept for a parked client has grown. */
  onGrown(session: Session): void
  /** Nothing but its end is left to be told. */
  onEnding(session: Session): void
  onOver(session: Session, why: SessionEnd): void
  /** The client broke a rule of PROTOCOL.md, and its Pipe ends it with 1002. False: the Pipe is in another process. */
  onBroken(): boolean
  onFault(error: unknown): void
}

/** After so many messages, or half of the window, and at most so many bytes, the gateway acknowledges. */
const acknowledgeAfter = { messages: 64, bytes: 64 * 1024 }

export class Session implements LinkEvents, IncomingSink, OutgoingSink, SessionEnds {
  readonly stream: SessionStream
  readonly #options: SessionOptions
  readonly #host: SessionHost
  readonly #outgoing: Outgoing
  #state: SessionState = { name: 'connected' }
  #link: ClientLink | undefined
  /** Data messages that the client's counts say it has sent; and of those what it was not told yet. */
  #received = 0
  #unsaidMessages = 0
  #unsaidBytes = 0
  /** They are to be acknowledged with the next that the client is sent, or soon. */
  #owesAck = false
  /** What a read of the client has for the Pipe so far; undefined outside of a read. */
  #passing: Buffer[] | undefined
  /** The wire in which a write of what was read waits. */
  #holder: Wire | undefined
  /** The Close for the client. */
  #close: Buffer | undefined
  /** The client's Close frame that is to be handed on. */
  #clientClose: Buffer | undefined
  /** The Pipe writes nothing more. */
  #pipeOver = false
  /** Payload of the Ping from the Pipe that the client has not answered. */
  #pingOwed: Buffer | undefined
  /** Payload of the gateway's own Pings. */
  #ping: Buffer | undefined
  /** Since when the client could have acknowledged something. */
  #owesSince: MonotonicMs | undefined
  #partTimer: unknown
  #pumping = false
  parkedAt: MonotonicMs | undefined
  #heardAt: MonotonicMs
  /** What its client has not acknowledged to have been told of a gateway that was lost. */
  untold: Pick<Welcome, 'lost' | 'doubled'> | undefined

  /** It goes to another gateway: nothing more of its client is taken here. */
  #isLeaving = false

  /** `before`: what another gateway has counted, of the client's messages and of those that the client has; and what is to be told of it. */
  constructor(options: SessionOptions, host: SessionHost, before: Before = { received: 0, sent: 0 }) {
    this.#options = options
    this.#host = host
    this.#received = before.received
    this.untold = before.untold
    this.#outgoing = new Outgoing(options.window, before.sent)
    this.#heardAt = options.clock.now()
    this.stream = new SessionStream(this)
  }

  /**
   * One that another gateway has given away; its client comes back to it.
   *
   * @throws {Error} It is not what it should be.
   */
  static unpack(packed: PackedSession, options: SessionOptions, host: SessionHost): Session {
    const { received, acknowledged, taken, highest, frames, waiting, awayMs, untold } = packed
    const session = new Session(options, host, { received, sent: acknowledged, untold })
    session.#outgoing.unpack(Buffer.from(frames, 'base64'), highest, taken)
    if (waiting !== '') session.stream.pass([Buffer.from(waiting, 'base64')])
    session.#state = { name: 'parked' }
    session.#heardAt -= awayMs
    session.parkedAt = session.#heardAt
    return session
  }

  /** Whether it is on its way to another gateway: who comes back to it now has to come again. */
  get isLeaving(): boolean {
    return this.#isLeaving
  }

  /** Whether another gateway could go on with it. */
  get mayLeave(): boolean {
    const { name } = this.#state
    return (name === 'connected' || name === 'parked') && !this.#close && !this.#link?.saidBye
  }

  /** All of it, for another gateway; from now on nothing of its client is read. Its upstream must be gone. */
  pack(): PackedSession {
    this.#isLeaving = true
    this.#link?.pause()
    const { acknowledged, highest, frames } = this.#outgoing.pack()
    return {
      ...{ received: this.#received, acknowledged, taken: this.#outgoing.taken, highest },
      frames: frames.toString('base64'),
      waiting: this.stream.waiting.toString('base64'),
      awayMs: this.#state.name === 'parked' ? this.awayMs : 0,
      ...(this.untold && { untold: this.untold }),
    }
  }

  /** After `pack`: another gateway has it. Its client is let go, and finds it there. */
  given(): void {
    this.enter(() => this.#step({ type: 'given' }))
  }

  /** After `pack`: it stays after all. */
  stay(): void {
    if (!this.#isLeaving) return
    this.#isLeaving = false
    this.enter(() => this.#link?.resume())
  }

  get state(): SessionState['name'] {
    return this.#state.name
  }

  /** Bytes that are kept for the client at most, but for one message. */
  get window(): number {
    return this.#options.window
  }

  /** Data messages received of the client. */
  get received(): number {
    return this.#received
  }

  /** Data messages that the upstream has sent for the client. */
  get taken(): number {
    return this.#outgoing.taken
  }

  /** Bytes kept for the client; `cost`: what they take in memory. */
  get bytes(): number {
    return this.#outgoing.bytes
  }

  get cost(): number {
    return this.#outgoing.cost
  }

  /** Milliseconds since the client was last heard of. */
  get awayMs(): number {
    return this.#options.clock.now() - this.#heardAt
  }

  /** How a client's count fits. */
  judge(received: number): ReturnType<Outgoing['judge']> {
    return this.#outgoing.judge(received)
  }

  /** The first connection begins, or, after `returned`, the next one. */
  connect(
    link: Omit<LinkOptions, 'messageBytes'>,
    welcome: Omit<Welcome, 'type' | 'received' | 'window' | 'lost' | 'doubled'>,
  ): void {
    const { messageBytes, keepalive, clock, window } = this.#options
    const made = new ClientLink({ ...link, messageBytes })
    this.#link = made
    if (keepalive) made.pulse = firstPulse(clock.now(), keepalive)
    made.say({ type: 'welcome', ...welcome, ...this.untold, received: this.#received, window })
    this.#unsaidMessages = 0
    this.#unsaidBytes = 0
    this.#owesAck = false
    this.enter(() => {
      made.read(this)
      this.#pump()
    })
  }

  /** The client is back, and has received so many of the session's messages. Its old connection is closed. */
  returned(received: number): void {
    this.enter(() => {
      if (this.#link) this.#giveUpLink(this.#told({ what: 'session-taken-over' }))
      if (this.#close) this.#outgoing.dropUnfinished()
      this.#outgoing.startAt(received)
      this.#owesSince = undefined
      this.parkedAt = undefined
      this.#step({ type: 'returned' })
      this.#makeRoom()
    })
  }

  /** The client has not come back in time, or the memory is needed. */
  giveUp(why: 'expired' | 'evicted'): void {
    this.enter(() => this.#step({ type: 'given-up', why }))
  }

  /** Another gateway has it, or may have. */
  takenOver(): void {
    this.enter(() => this.#step({ type: this.#isLeaving ? 'given' : 'taken-over' }))
  }

  /** Whether its client may be there; one that does not answer is parked, since it may be somewhere else by now. To be called often. */
  checkClient(now: MonotonicMs): boolean {
    const link = this.#link
    if (!link || this.#state.name !== 'connected') return true
    if (!link.isThere(now)) {
      this.enter(() => this.onClose(link))
      return false
    }
    if (link.hasDue) this.enter(() => this.#pump())
    return true
  }

  /** The client comes back with a count that cannot be. */
  miscounted(): void {
    this.enter(() => this.#step({ type: 'miscounted' }))
  }

  /** Its process ends. */
  discard(): void {
    this.#state = { name: 'over', why: 'closed' }
    this.#options.clock.clearTimeout(this.#partTimer)
    this.#link?.destroy()
    this.#link = undefined
  }

  /** Called at every sweep of the keepalive. */
  tick(now: MonotonicMs): void {
    const link = this.#link
    if (!link || link.closeSent) return
    this.enter(() => {
      if (this.#unsaidMessages > 0) this.#acknowledge(link)
      this.#watchStall(now, link)
      if (this.#link === link) this.#watchSilence(now, link)
      this.#pump()
    })
  }

  /** PROTOCOL.md 5: a client that acknowledges nothing, though something was sent, is closed, and its session parked. */
  #watchStall(now: MonotonicMs, link: ClientLink): void {
    if (this.#outgoing.unacknowledged === 0) this.#owesSince = undefined
    else this.#owesSince ??= now
    if (this.#owesSince === undefined || now - this.#owesSince < this.#options.stallMs) return
    this.#owesSince = undefined
    if (this.#link === link) this.#giveUpLink(this.#told({ what: 'client-acknowledges-nothing' }))
    this.#step({ type: 'broken' })
  }

  #watchSilence(now: MonotonicMs, link: ClientLink): void {
    const { keepalive } = this.#options
    if (link.paused) link.wire.askWhetherReset()
    if (!keepalive || !link.pulse) return
    const unsent = link.wire.writableLength
    const alive = link.heard || unsent < link.unsent
    link.heard = false
    link.unsent = unsent
    const signs = { now, alive, unread: link.paused, tested: link.paused, unasked: false }
    const [pulse, what] = beat(link.pulse, signs, keepalive)
    link.pulse = pulse
    if (what === 'ping') {
      this.#ping ??= randomBytes(8)
      link.sayFrame(controlFrame(opcode.ping, this.#ping, false))
    }
    if (what === 'silent') {
      this.#giveUpLink(undefined)
      this.#step({ type: 'broken' })
    }
  }

  // What the client sends.

  onPieces(link: ClientLink, pieces: readonly Buffer[]): Wire | undefined {
    if (link !== this.#link) return undefined
    link.heard = true
    this.#heardAt = this.#options.clock.now()
    this.#holder = undefined
    this.#passing = []
    const { saidBye } = link
    const isHeldUp = this.stream.isFull && !this.#pipeOver
    try {
      const sink = isHeldUp ? link.backlogFor(this) : this
      for (const piece of pieces) link.incoming.read(piece, sink)
      link.spoke ||= link.incoming.isInMessage
      this.#pass()
      link.incoming.giveBack(this.#holder === undefined)
      this.#passing = undefined
      if (isHeldUp) this.#holdUp(link, link.saidBye && !saidBye)
      this.#oweAck()
      if (link.hasDue || !this.#outgoing.isSent || this.#close) this.#pump()
    } catch (error) {
      this.#passing = undefined
      link.incoming.giveBack(false)
      this.#host.onFault(error)
    }
    return this.#holder
  }

  /** The upstream takes nothing for now. A last word is taken all the same: behind it the client sends no more. */
  #holdUp(link: ClientLink, saysBye: boolean): void {
    if (saysBye || link.backlog?.closes) this.#takeBacklog(link, true)
    if (link.backlog?.isFull(this.#options.window)) link.pause()
  }

  /** Takes what has waited for the upstream: `all` of it, or as much as there is room for. */
  #takeBacklog(link: ClientLink, all: boolean): void {
    const { backlog } = link
    this.#pass()
    const outer = this.#passing
    while (backlog && !backlog.isEmpty && link === this.#link && (all || !this.stream.isFull)) {
      this.#passing = []
      try {
        backlog.takeNext(this)
        this.#pass()
      } finally {
        this.#passing = outer
      }
    }
    this.#oweAck()
  }

  #oweAck(): void {
    const { window } = this.#options
    const most = Math.min(acknowledgeAfter.bytes, window / 2)
    const isDue = this.#unsaidMessages >= acknowledgeAfter.messages || this.#unsaidBytes >= most
    if (!isDue) return
    if (!this.#owesAck) this.#host.onOwesAck(this)
    this.#owesAck = true
    // A client that sends much must not wait for it: it may be a window ahead, and no more.
    if (this.#unsaidBytes >= window / 4) this.#pump()
  }

  onDrain(link: ClientLink): void {
    link.heard = true
    if (link === this.#link) this.#pump()
  }

  /** A client that sent its Close and then ended its half can still be told the answer. */
  onEndOfInput(link: ClientLink): void {
    if (this.#state.name === 'closing' || this.#state.name === 'over') return
    if (link.backlog && !link.backlog.isEmpty) link.backlog.isLast = true
    else this.onClose(link)
  }

  onClose(link: ClientLink): void {
    const left = link.saidBye
    if (left) this.#takeBacklog(link, true)
    if (link !== this.#link) return
    this.#giveUpLink(undefined)
    this.#step({ type: left ? 'client-left' : 'broken' })
  }

  onMessages(count: number, payload: number, frames: readonly Buffer[]): void {
    // The upstream is gone: what comes now does not arrive, and is not counted.
    if (this.#state.name !== 'connected') return
    this.#received += count
    if (this.#link) this.#link.spoke = true
    this.#unsaidMessages += count
    this.#unsaidBytes += payload
    for (const frame of frames) this.#push(frame)
  }

  onControlMessage(says: ClientSays | 'malformed'): void {
    if (says === 'malformed') return this.#step({ type: 'miscounted' })
    if (this.#link) this.#link.spoke = true
    switch (says.type) {
      case 'ack':
        return this.#onAck(says.received)
      case 'ping':
        return this.#link?.say({ type: 'pong', id: says.id })
      case 'bye':
        if (this.#link) this.#link.saidBye = true
    }
  }

  #onAck(received: number): void {
    const before = this.#outgoing.acknowledged
    if (!this.#outgoing.acknowledge(received, this.#link?.isIdle === true))
      return this.#step({ type: 'miscounted' })
    this.untold = undefined
    this.#host.onUsed(this)
    if (this.#outgoing.acknowledged > before) this.#owesSince = undefined
    this.#makeRoom()
  }

  onControlFrame(op: number, payload: Buffer, frame: Buffer): void {
    if (op === opcode.close) return this.#onClientClose(payload, frame)
    if (op === opcode.pong && this.#ping?.equals(payload)) return
    if (op === opcode.pong) this.#pingOwed = undefined
    if (!this.#pipeOver) this.#push(frame)
    else if (op === opcode.ping) this.#link?.sayFrame(controlFrame(opcode.pong, payload, false))
  }

  onRefused(bytes: Buffer): void {
    if (this.#state.name === 'connected') this.#push(bytes)
  }

  #onClientClose(payload: Buffer, frame: Buffer): void {
    this.#clientClose = Buffer.from(frame)
    const said = payload.length >= 2 ? payload.readUInt16BE(0) : undefined
    // PROTOCOL.md 8: "A Close with 1001 without `bye` [...] parks the session".
    this.#step({ type: 'client-closed', stays: said === code.goingAway && !this.#link?.saidBye })
  }

  /** Has something for the Pipe: now, or with what else a read brings. */
  #push(bytes: Buffer): void {
    if (this.#pipeOver) return
    if (this.#passing) this.#passing.push(bytes)
    else this.#passNow([bytes])
  }

  /** Hands over what a read has brought so far. */
  #pass(): void {
    const pieces = this.#passing
    if (!pieces || pieces.length === 0) return
    this.#passing = []
    this.#holder = this.#passNow(pieces) ?? this.#holder
  }

  #passNow(pieces: readonly Buffer[]): Wire | undefined {
    return this.stream.pass(pieces)
  }

  onRoom(): void {
    const link = this.#link
    if (!link || this.#isLeaving) return
    this.enter(() => {
      this.#takeBacklog(link, false)
      if (link !== this.#link || link.backlog?.isFull(this.#options.window)) return
      link.resume()
      if (link.backlog?.isLast && link.backlog.isEmpty) this.onClose(link)
    })
  }

  /** Says something in the client's place; not while the Pipe is still writing what it answers. */
  #answer(frame: Buffer): void {
    queueMicrotask(() => this.enter(() => this.#push(frame)))
  }

  /** Says the acknowledgement that is due. */
  sayAck(): void {
    if (this.#owesAck) this.enter(() => this.#pump())
  }

  #acknowledge(link: ClientLink): void {
    this.#owesAck = false
    this.#unsaidMessages = 0
    this.#unsaidBytes = 0
    link.say({ type: 'ack', received: this.#received })
  }

  // What the other side has for the client.

  onFrames(bytes: Buffer): boolean {
    // Nobody will come back for it.
    if (!this.#link && this.#state.name === 'over') return true
    try {
      this.#outgoing.take(bytes, this)
    } catch (error) {
      this.#host.onFault(error)
    }
    return this.#takesMore
  }

  onFramesEnd(): void {
    this.#pump()
    if (this.#state.name === 'parked') this.enter(() => this.#host.onGrown(this))
  }

  /** Whether the Pipe may go on. A client that has closed acknowledges nothing, and its upstream's Close is still to come. */
  get #takesMore(): boolean {
    const { name } = this.#state
    if (this.#close || name === 'over') return true
    return this.#outgoing.hasRoom || (name === 'closing' && this.bytes <= 4 * this.#options.window)
  }

  onUpstreamControl(op: number, payload: Buffer, frame: Buffer): void {
    if (op === opcode.close) {
      this.#close = frame
      return this.#step({ type: 'close-said' })
    }
    if (this.#link) {
      if (op === opcode.ping) this.#pingOwed = payload
      this.#link.sayFrame(frame)
    } else if (op === opcode.ping) this.#answer(controlFrame(opcode.pong, payload, true))
  }

  #makeRoom(): void {
    if (this.stream.writableNeedDrain && this.#takesMore) this.stream.drained()
  }

  /** Nothing more comes from the Pipe: it has said Close, and has the answer or its time is over; or it was cut. */
  onPipeEnded(): void {
    this.enter(() => this.#endPipe())
  }

  #endPipe(): void {
    if (this.#pipeOver) return
    this.#pipeOver = true
    this.#step({ type: this.#close ? 'ended' : 'lost' })
    // Nobody gets it; but the client's Close may be among it.
    if (this.#link) this.#takeBacklog(this.#link, true)
    this.#pump()
    if (this.#link && !this.#isParting) this.#limitParting()
  }

  /** What the client is still owed has its time, and so has its answer to the Close. */
  #limitParting(): void {
    this.#options.clock.clearTimeout(this.#partTimer)
    this.#partTimer = this.#options.clock.setTimeout(() => {
      const link = this.#link
      if (link) this.enter(() => this.onClose(link))
    }, this.#options.closeTimeoutMs)
  }

  /** Sends the client what is due and what it takes. */
  #pump(): void {
    const link = this.#link
    if (!link || this.#pumping) return
    this.#pumping = true
    link.begin()
    try {
      if (this.#owesAck) this.#acknowledge(link)
      this.#send(link)
    } catch (error) {
      this.#host.onFault(error)
    }
    this.#pumping = false
    link.flush()
    // Of a client that breaks RFC 6455 nothing more is read, also no echo.
    if (link.incoming.refused && link.closeSent && this.#pipeOver)
      this.#step({ type: 'client-closed', stays: false })
    if (link === this.#link && this.#isParting) this.#part(link)
  }

  #send(link: ClientLink): void {
    const outgoing = this.#outgoing
    while (link.hasRoom && !link.closeSent) {
      if (link.hasDue) {
        const { place } = outgoing
        if (place !== 'inside a frame') link.sayDue(place)
      }
      const whole = link.inflates ? outgoing.nextWhole() : undefined
      const bytes = whole ? plainMessage(whole) : link.inflates ? undefined : outgoing.next()
      if (bytes) {
        link.write(bytes)
        link.flushMuch()
        continue
      }
      if (!this.#close || outgoing.place === 'inside a frame' || !outgoing.isSent) return
      link.closeSent = true
      link.write(this.#close)
      if (this.#pipeOver) this.#limitParting()
    }
  }

  /** Whether the client has been told all, and nobody waits for its answer. */
  get #isParting(): boolean {
    return this.#link?.closeSent === true && this.#pipeOver && this.#state.name === 'over'
  }

  #part(link: ClientLink): void {
    this.#options.clock.clearTimeout(this.#partTimer)
    this.#link = undefined
    link.end(undefined, this.#options.clock)
  }

  /** Lets go of a connection: with a Close where there is one to say and a place for it. */
  #giveUpLink(last: Buffer | undefined): void {
    const link = this.#link
    if (!link) return
    this.#options.clock.clearTimeout(this.#partTimer)
    this.#link = undefined
    const mayBeTold = last && !link.closeSent && this.#outgoing.place !== 'inside a frame'
    if (mayBeTold) link.end(last, this.#options.clock)
    else link.destroy()
  }

  /** Ends its connection behind what it was sent, and says nothing: it comes back at once. */
  #letGo(): void {
    const link = this.#link
    this.#link = undefined
    link?.end(undefined, this.#options.clock)
  }

  /** What a client is told by the close table. */
  #told(cause: CloseCause): Buffer | undefined {
    const { client } = closeMapping(cause, this.#options.closePolicy)
    return client.by === 'close' ? closeFrame(client.code, client.reason, false) : undefined
  }

  /** What the upstream is told in the client's name. */
  #tell(cause: CloseCause): void {
    const { upstream } = closeMapping(cause, this.#options.closePolicy)
    if (upstream.by === 'close') this.#push(closeFrame(upstream.code, upstream.reason, true))
  }

  #step(event: SessionEvent): void {
    this.#pass()
    const [state, actions] = next(this.#state, event)
    const wasEnding = isEnding(this.#state)
    this.#state = state
    if (isEnding(state) && !wasEnding) this.#host.onEnding(this)
    for (const action of actions) this.#do(action)
    this.#makeRoom()
  }

  #do(action: SessionAction): void {
    switch (action) {
      case 'park':
        return this.#park()
      case 'hand-on-close':
        return this.#push(this.#clientClose!)
      case 'tell-left':
        return this.#tell({ what: 'client-left' })
      case 'tell-not-back':
        return this.#tell({ what: 'client-not-back' })
      case 'end-upstream':
        return this.#endBroken()
      case 'drop-client':
        return this.#giveUpLink(this.#told({ what: 'session-taken-over' }))
      case 'let-client-go':
        return this.#letGo()
      case 'echo':
        return this.#answer(controlFrame(opcode.close, this.#close!.subarray(2, 4), true))
      case 'answer-client':
        return this.#giveUpLink(closeFrame(code.goingAway, '', false))
      case 'say-lost':
        return this.#sayLost()
      case 'forget':
        return this.#host.onOver(this, (this.#state as { why: SessionEnd }).why)
    }
  }

  /** A client that breaks a rule is told 1002, and the upstream sees the end of TCP. */
  #endBroken(): void {
    if (this.#host.onBroken()) return
    this.#giveUpLink(this.#told({ what: 'client-breaks-protocol' }))
    this.stream.destroy()
  }

  #park(): void {
    this.parkedAt = this.#options.clock.now()
    if (this.#pingOwed) this.#push(controlFrame(opcode.pong, this.#pingOwed, true))
    this.#pingOwed = undefined
    this.#outgoing.startAt(this.#outgoing.acknowledged)
    this.#host.onParked(this)
  }

  /** The upstream went inside a message, so that no Close could be said behind what was sent of it. */
  #sayLost(): void {
    this.#close = this.#told({ what: 'upstream-lost' })
    const begun = this.#outgoing.place !== 'between messages'
    this.#outgoing.dropUnfinished()
    if (!begun || !this.#link) return
    this.#giveUpLink(undefined)
    this.#step({ type: 'broken' })
  }

  /** Does something of which a fault ends this session's connection, and no other. */
  enter(work: () => void): void {
    try {
      work()
    } catch (error) {
      this.#host.onFault(error)
    }
  }
}

/** Its upstream is gone, and its client still to be told. */
function isEnding({ name }: SessionState): boolean {
  return name === 'telling' || name === 'owing'
}
