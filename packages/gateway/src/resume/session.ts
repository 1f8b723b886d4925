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
import { askWhetherReset, closeFrame, controlFrame, opcode } from '../wire/index.ts'
import { ClientLink, type LinkEvents, type LinkOptions } from './client-link.ts'
import type { ClientSays, Welcome } from './control-message.ts'
import type { IncomingSink } from './incoming.ts'
import { Outgoing } from './outgoing.ts'
import { plainMessage } from './plain-message.ts'
import {
  next,
  type SessionAction,
  type SessionEnd,
  type SessionEvent,
  type SessionState,
} from './session-state.ts'
import { SessionStream } from './session-stream.ts'

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

/** What becomes of a session. */
export interface SessionHost {
  /** The client has acknowledged something on this connection, or has used it in another way. */
  onUsed(): void
  onParked(): void
  /** What is kept for a parked client has grown. */
  onGrown(): void
  onOver(why: SessionEnd): void
  /** The client broke a rule of PROTOCOL.md, and its Pipe ends it with 1002. False: the Pipe is in another process. */
  onBroken(): boolean
  onFault(error: unknown): void
}

/** After so many messages, or half of the window, and at most so many bytes, the gateway acknowledges. */
const acknowledgeAfter = { messages: 64, bytes: 64 * 1024 }

export class Session implements LinkEvents, IncomingSink {
  readonly stream: SessionStream
  readonly #options: SessionOptions
  readonly #host: SessionHost
  readonly #outgoing: Outgoing
  #state: SessionState = { name: 'connected' }
  #link: ClientLink | undefined
  /** Data messages that the client's counts say it has sent; and of those what it was not told yet. */
  #received = 0
  #unsaid = { messages: 0, bytes: 0 }
  /** The Close for the client. */
  #close: Buffer | undefined
  /** The client's Close frame that is to be handed on. */
  #clientClose: Buffer | undefined
  /** The Pipe writes nothing more. */
  #pipeOver = false
  /** The Pipe's write that waits for an acknowledgement. */
  #waiting: (() => void) | undefined
  /** Payload of the Ping from the Pipe that the client has not answered. */
  #pingOwed: Buffer | undefined
  readonly #ping = randomBytes(8)
  /** Since when the client could have acknowledged something. */
  #owesSince: MonotonicMs | undefined
  #partTimer: unknown
  #pumping = false
  parkedAt: MonotonicMs | undefined
  #heardAt: MonotonicMs

  constructor(options: SessionOptions, host: SessionHost) {
    this.#options = options
    this.#host = host
    this.#outgoing = new Outgoing(options.window)
    this.#heardAt = options.clock.now()
    this.stream = new SessionStream({
      onFrames: (chunks, done) => this.#enter(() => this.#onFrames(chunks, done)),
      onRoom: () => this.#link?.resume(),
      onPipeEnded: () => this.#enter(() => this.#onPipeEnded()),
    })
  }

  get state(): SessionState['name'] {
    return this.#state.name
  }

  /** Data messages received of the client. */
  get received(): number {
    return this.#received
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
    welcome: Omit<Welcome, 'type' | 'received' | 'window'>,
  ): void {
    const { messageBytes, keepalive, clock, window } = this.#options
    const made = new ClientLink({ ...link, messageBytes })
    this.#link = made
    if (keepalive) made.pulse = firstPulse(clock.now(), keepalive)
    made.say({ type: 'welcome', ...welcome, received: this.#received, window })
    this.#unsaid = { messages: 0, bytes: 0 }
    this.#enter(() => {
      made.wire(this)
      this.#pump()
    })
  }

  /** The client is back, and has received so many of the session's messages. Its old connection is closed. */
  returned(received: number): void {
    this.#enter(() => {
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
    this.#enter(() => this.#step({ type: 'given-up', why }))
  }

  /** The client comes back with a count that cannot be. */
  miscounted(): void {
    this.#enter(() => this.#step({ type: 'miscounted' }))
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
    this.#enter(() => {
      if (this.#unsaid.messages > 0) this.#acknowledge(link)
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
    if (link.paused) askWhetherReset(link.stream)
    if (!keepalive || !link.pulse) return
    const unsent = link.stream.writableLength
    const alive = link.heard || unsent < link.unsent
    link.heard = false
    link.unsent = unsent
    const signs = { now, alive, unread: link.paused, tested: link.paused, unasked: false }
    const [pulse, what] = beat(link.pulse, signs, keepalive)
    link.pulse = pulse
    if (what === 'ping') link.sayFrame(controlFrame(opcode.ping, this.#ping, false))
    if (what === 'silent') {
      this.#giveUpLink(undefined)
      this.#step({ type: 'broken' })
    }
  }

  // What the client sends.

  onData(link: ClientLink, chunk: Buffer): void {
    if (link !== this.#link) return
    link.heard = true
    this.#heardAt = this.#options.clock.now()
    this.#enter(() => {
      link.incoming.read(chunk, this)
      const { messages, bytes } = this.#unsaid
      const most = Math.min(acknowledgeAfter.bytes, this.#options.window / 2)
      if (messages >= acknowledgeAfter.messages || bytes >= most) this.#acknowledge(link)
      this.#pump()
    })
  }

  onDrain(link: ClientLink): void {
    link.heard = true
    if (link === this.#link) this.#enter(() => this.#pump())
  }

  /** A client that sent its Close and then ended its half can still be told the answer. */
  onEndOfInput(link: ClientLink): void {
    if (this.#state.name !== 'closing' && this.#state.name !== 'over') this.onClose(link)
  }

  onClose(link: ClientLink): void {
    if (link !== this.#link) return
    this.#enter(() => {
      const left = link.saidBye
      this.#giveUpLink(undefined)
      this.#step({ type: left ? 'client-left' : 'broken' })
    })
  }

  onMessage(frames: readonly Buffer[], payload: number): void {
    // The upstream is gone: what comes now does not arrive, and is not counted.
    if (this.#state.name !== 'connected') return
    this.#received++
    this.#unsaid.messages++
    this.#unsaid.bytes += payload
    for (const frame of frames) this.#push(frame)
  }

  onControlMessage(says: ClientSays | 'malformed'): void {
    if (says === 'malformed') return this.#step({ type: 'miscounted' })
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
    if (!this.#outgoing.acknowledge(received)) return this.#step({ type: 'miscounted' })
    this.#host.onUsed()
    if (this.#outgoing.acknowledged > before) this.#owesSince = undefined
    this.#makeRoom()
  }

  onControlFrame(op: number, payload: Buffer, frame: Buffer): void {
    if (op === opcode.close) return this.#onClientClose(payload, frame)
    if (op === opcode.pong && payload.equals(this.#ping)) return
    if (op === opcode.pong) this.#pingOwed = undefined
    if (!this.#pipeOver) this.#push(frame)
    else if (op === opcode.ping) this.#link?.sayFrame(controlFrame(opcode.pong, payload, false))
  }

  onRefused(bytes: Buffer): void {
    if (this.#state.name === 'connected') this.#push(bytes)
  }

  #onClientClose(payload: Buffer, frame: Buffer): void {
    this.#clientClose = frame
    const said = payload.length >= 2 ? payload.readUInt16BE(0) : undefined
    // PROTOCOL.md 8: "A Close with 1001 without `bye` [...] parks the session".
    this.#step({ type: 'client-closed', stays: said === code.goingAway && !this.#link?.saidBye })
  }

  #push(bytes: Buffer): void {
    if (this.#pipeOver) return
    if (!this.stream.push(bytes)) this.#link?.pause()
  }

  /** Says something in the client's place; not while the Pipe is still writing what it answers. */
  #answer(frame: Buffer): void {
    queueMicrotask(() => this.#enter(() => this.#push(frame)))
  }

  #acknowledge(link: ClientLink): void {
    this.#unsaid = { messages: 0, bytes: 0 }
    link.say({ type: 'ack', received: this.#received })
  }

  // What the other side has for the client.

  #onFrames(chunks: readonly Buffer[], done: () => void): void {
    // Nobody will come back for it.
    if (!this.#link && this.#state.name === 'over') return done()
    for (const chunk of chunks) {
      // It is lent, and kept for longer than that.
      this.#outgoing.take(Buffer.from(chunk), (op, payload, frame) => this.#onFrame(op, payload, frame))
    }
    this.#pump()
    if (this.#state.name === 'parked') this.#host.onGrown()
    if (this.#takesMore) done()
    else this.#waiting = done
  }

  /** Whether the Pipe may go on. A client that has closed acknowledges nothing, and its upstream's Close is still to come. */
  get #takesMore(): boolean {
    const { name } = this.#state
    if (this.#close || name === 'over') return true
    return this.#outgoing.hasRoom || (name === 'closing' && this.bytes <= 4 * this.#options.window)
  }

  #onFrame(op: number, payload: Buffer, frame: Buffer): void {
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
    if (!this.#waiting || !this.#takesMore) return
    const done = this.#waiting
    this.#waiting = undefined
    done()
  }

  /** Nothing more comes from the Pipe: it has said Close, and has the answer or its time is over; or it was cut. */
  #onPipeEnded(): void {
    if (this.#pipeOver) return
    this.#pipeOver = true
    this.#waiting = undefined
    this.#step({ type: this.#close ? 'ended' : 'lost' })
    this.#pump()
    if (!this.#link || this.#isParting) return
    // What the client is still owed has its time, too.
    this.#partTimer = this.#options.clock.setTimeout(() => {
      const link = this.#link
      if (link) this.onClose(link)
    }, this.#options.closeTimeoutMs)
  }

  /** Sends the client what is due and what it takes. */
  #pump(): void {
    const link = this.#link
    if (!link || this.#pumping) return
    this.#pumping = true
    link.stream.cork()
    try {
      this.#send(link)
    } finally {
      this.#pumping = false
      link.stream.uncork()
    }
    // Of a client that breaks RFC 6455 nothing more is read, also no echo.
    if (link.incoming.refused && link.closeSent && this.#pipeOver)
      this.#step({ type: 'client-closed', stays: false })
    if (link === this.#link && this.#isParting) this.#part(link)
  }

  #send(link: ClientLink): void {
    const outgoing = this.#outgoing
    while (link.hasRoom && !link.closeSent) {
      const { place } = outgoing
      if (place !== 'inside a frame' && link.hasDue) for (const due of link.due(place)) link.write(due)
      const whole = link.inflates ? outgoing.nextWhole() : undefined
      const bytes = whole ? plainMessage(whole) : link.inflates ? undefined : outgoing.next()
      if (bytes) {
        link.write(bytes)
        continue
      }
      if (!this.#close || place === 'inside a frame' || !outgoing.isSent) return
      link.closeSent = true
      link.write(this.#close)
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
    const [state, actions] = next(this.#state, event)
    this.#state = state
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
      case 'echo':
        return this.#answer(controlFrame(opcode.close, this.#close!.subarray(2, 4), true))
      case 'answer-client':
        return this.#giveUpLink(closeFrame(code.goingAway, '', false))
      case 'say-lost':
        return this.#sayLost()
      case 'forget':
        return this.#host.onOver((this.#state as { why: SessionEnd }).why)
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
    this.#host.onParked()
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

  #enter(work: () => void): void {
    try {
      work()
    } catch (error) {
      this.#host.onFault(error)
    }
  }
}
