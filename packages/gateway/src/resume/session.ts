// A session: the stream that a Pipe has for its client, and below it the client's connections, one after the other. It
// counts messages both ways and keeps what the client has not acknowledged. Next: session-core.ts, sessions.ts.
import { firstPulse } from '../connection/index.ts'
import type { MonotonicMs } from '../core/index.ts'
import { ClientLink, type LinkOptions } from './client-link.ts'
import type { Welcome } from './control-message.ts'
import type { Outgoing } from './outgoing.ts'
import { SessionCore } from './session-core.ts'
import type { Before, HostOf, PackedSession, SessionOptions, Untold } from './session-options.ts'
import type { SessionState } from './session-state.ts'
import type { SessionStream } from './session-stream.ts'

/** What becomes of a session. */
export type SessionHost = HostOf<Session>

export class Session {
  readonly #core: SessionCore<Session>

  /** `before`: what another gateway has counted, of the client's messages and of those that the client has; and what is to be told of it. */
  constructor(options: SessionOptions, host: SessionHost, before: Before = { received: 0, sent: 0 }) {
    this.#core = new SessionCore(this, options, host, before)
  }

  /**
   * One that another gateway has given away; its client comes back to it.
   *
   * @throws {Error} It is not what it should be.
   */
  static unpack(packed: PackedSession, options: SessionOptions, host: SessionHost): Session {
    const { received, acknowledged, taken, highest, frames, waiting, awayMs, untold } = packed
    const session = new Session(options, host, { received, sent: acknowledged, untold })
    const core = session.#core
    core.outgoing.unpack(Buffer.from(frames, 'base64'), highest, taken)
    if (waiting !== '') core.stream.pass([Buffer.from(waiting, 'base64')])
    core.state = { name: 'parked' }
    core.heardAt -= Math.trunc(awayMs)
    core.parkedAt = core.heardAt
    return session
  }

  // Giving it to another gateway.

  /** Whether it is on its way to another gateway: who comes back to it now has to come again. */
  get isLeaving(): boolean {
    return this.#core.isLeaving
  }

  /** Whether another gateway could go on with it. */
  get mayLeave(): boolean {
    const { state, close, link } = this.#core
    return (state.name === 'connected' || state.name === 'parked') && !close && !link?.saidBye
  }

  /**
   * It may go to another gateway: from now on, until `stay`, what its client says waits for whoever goes on with it, and is not counted.
   * Acknowledgements are heard, since the upstream may have much to say before it goes.
   */
  holdBack(): void {
    this.#core.holdsBack = true
  }

  /** All of it, for another gateway; from now on nothing of its client is read. Its upstream must be gone. */
  pack(): PackedSession {
    const core = this.#core
    core.isLeaving = true
    core.link?.pause()
    const { acknowledged, highest, frames } = core.outgoing.pack()
    return {
      ...{ received: this.received, acknowledged, taken: this.taken, highest },
      frames: frames.toString('base64'),
      waiting: core.stream.waiting.toString('base64'),
      awayMs: core.state.name === 'parked' ? this.awayMs : 0,
      ...(core.untold && { untold: core.untold }),
    }
  }

  /** After `pack`: another gateway has it. Its client is let go, and finds it there. */
  given(): void {
    const core = this.#core
    core.enter(() => core.step({ type: 'given' }))
  }

  /** After `holdBack` or `pack`: it stays after all, and what its client has said meanwhile is read. */
  stay(): void {
    this.#core.stay()
  }

  // What there is to know of it.

  /** What the Pipe has for its client. */
  get stream(): SessionStream {
    return this.#core.stream
  }

  get state(): SessionState['name'] {
    return this.#core.state.name
  }

  /** Since when its client has had no connection; undefined: it has one. */
  get parkedAt(): MonotonicMs | undefined {
    return this.#core.parkedAt
  }

  /** What its client has not acknowledged to have been told of a gateway that was lost. */
  get untold(): Untold | undefined {
    return this.#core.untold
  }

  /** Bytes that are kept for the client at most, but for one message. */
  get window(): number {
    return this.#core.options.window
  }

  /** Data messages received of the client. */
  get received(): number {
    return this.#core.received.messages
  }

  /** Data messages that the upstream has sent for the client. */
  get taken(): number {
    return this.#core.outgoing.taken
  }

  /** Bytes kept for the client; `cost`: what they take in memory. */
  get bytes(): number {
    return this.#core.outgoing.bytes
  }

  get cost(): number {
    return this.#core.outgoing.cost
  }

  /** Milliseconds since the client was last heard of. */
  get awayMs(): number {
    return this.#core.options.clock.now() - this.#core.heardAt
  }

  /** How a client's count fits. */
  judge(received: number): ReturnType<Outgoing['judge']> {
    return this.#core.outgoing.judge(received)
  }

  // Its client comes and goes.

  /** The first connection begins, or, after `returned`, the next one. */
  connect(
    link: Omit<LinkOptions, 'messageBytes'>,
    welcome: Omit<Welcome, 'type' | 'received' | 'window' | 'lost' | 'doubled'>,
  ): void {
    const core = this.#core
    const { messageBytes, keepalive, clock, window } = core.options
    const made = new ClientLink({ ...link, messageBytes })
    core.link = made
    if (keepalive) made.pulse = firstPulse(clock.now(), keepalive)
    made.say({ type: 'welcome', ...welcome, ...core.untold, received: core.received.say(), window })
    core.enter(() => {
      made.read(core.fromClient)
      core.toClient.pump()
    })
  }

  /** The client is back, and has received so many of the session's messages. Its old connection is closed. */
  returned(received: number): void {
    const core = this.#core
    core.enter(() => {
      if (core.link) core.giveUpLink(core.told({ what: 'session-taken-over' }))
      if (core.close) core.outgoing.dropUnfinished()
      core.outgoing.startAt(received)
      core.watch.acknowledged()
      core.parkedAt = undefined
      core.step({ type: 'returned' })
      core.toClient.makeRoom()
    })
  }

  /** The client has not come back in time, or the memory is needed. */
  giveUp(why: 'expired' | 'evicted'): void {
    const core = this.#core
    core.enter(() => core.step({ type: 'given-up', why }))
  }

  /** Another gateway has it, or may have. */
  takenOver(): void {
    const core = this.#core
    core.enter(() => core.step({ type: core.isLeaving ? 'given' : 'taken-over' }))
  }

  /** The client comes back with a count that cannot be. */
  miscounted(): void {
    const core = this.#core
    core.enter(() => core.step({ type: 'miscounted' }))
  }

  /** Whether its client may be there; one that does not answer is parked, since it may be somewhere else by now. To be called often. */
  checkClient(now: MonotonicMs): boolean {
    const core = this.#core
    const { link } = core
    if (!link || core.state.name !== 'connected') return true
    if (!link.isThere(now)) {
      core.enter(() => core.fromClient.onClose(link))
      return false
    }
    if (link.hasDue) core.enter(() => core.toClient.pump())
    return true
  }

  /** Says the acknowledgement that is due. */
  sayAck(): void {
    const core = this.#core
    if (core.received.isOwed) core.enter(() => core.toClient.pump())
  }

  /** Called at every sweep of the keepalive. */
  tick(now: MonotonicMs): void {
    const core = this.#core
    const { link } = core
    if (!link || link.closeSent) return
    core.enter(() => {
      if (core.received.hasUnsaid) core.toClient.acknowledge(link)
      core.watch.tick(now, link)
      core.toClient.pump()
    })
  }

  /** Its process ends. */
  discard(): void {
    const core = this.#core
    core.state = { name: 'over', why: 'closed' }
    core.toClient.waitNoLonger()
    core.link?.destroy()
    core.link = undefined
  }
}
