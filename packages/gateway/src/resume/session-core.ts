// What a session consists of, and what is done as its state changes. Next: session-state.ts, from-client.ts, to-client.ts.
import { code } from '@holdfast/close-codes'
import { type CloseCause, closeMapping } from '../connection/index.ts'
import type { MonotonicMs } from '../core/index.ts'
import { closeFrame, controlFrame, opcode } from '../wire/index.ts'
import type { ClientLink } from './client-link.ts'
import { FromClient } from './from-client.ts'
import { LinkWatch } from './link-watch.ts'
import { Outgoing } from './outgoing.ts'
import type { Passing } from './passing.ts'
import { Received } from './received.ts'
import type { Before, HostOf, SessionOptions, Untold } from './session-options.ts'
import type { SessionParts } from './session-parts.ts'
import {
  next,
  type SessionAction,
  type SessionEnd,
  type SessionEvent,
  type SessionState,
} from './session-state.ts'
import { SessionStream } from './session-stream.ts'
import { ToClient } from './to-client.ts'

const connected: SessionState = { name: 'connected' }

/** `S`: the session as its host knows it. */
export class SessionCore<S> implements SessionParts {
  readonly options: SessionOptions
  readonly #host: HostOf<S>
  readonly #session: S
  readonly stream: SessionStream
  readonly received: Received
  passing: Passing | undefined
  readonly outgoing: Outgoing
  readonly fromClient: FromClient
  readonly toClient: ToClient
  readonly watch = new LinkWatch(this)
  state = connected
  link: ClientLink | undefined
  close: Buffer | undefined
  clientClose: Buffer | undefined
  pipeOver = false
  pingOwed: Buffer | undefined
  parkedAt: MonotonicMs | undefined
  heardAt: MonotonicMs = 0
  untold: Untold | undefined
  holdsBack = false
  isLeaving = false

  constructor(session: S, options: SessionOptions, host: HostOf<S>, before: Before) {
    this.#session = session
    this.options = options
    this.#host = host
    this.untold = before.untold
    this.heard()
    this.received = new Received(options.window, before.received)
    this.outgoing = new Outgoing(options.window, before.sent)
    this.fromClient = new FromClient(this)
    this.toClient = new ToClient(this)
    this.stream = new SessionStream(this.toClient)
  }

  /** Whole milliseconds: a number with a fraction would be an object by itself. */
  heard(): void {
    this.heardAt = Math.trunc(this.options.clock.now())
  }

  enter(work: () => void): void {
    try {
      work()
    } catch (error) {
      this.fault(error)
    }
  }

  fault(error: unknown): void {
    this.#host.onFault(error)
  }

  used(): void {
    this.#host.onUsed(this.#session)
  }

  owesAck(): void {
    this.#host.onOwesAck(this.#session)
  }

  grown(): void {
    this.#host.onGrown(this.#session)
  }

  step(event: SessionEvent): void {
    this.passing?.pass()
    const [state, actions] = next(this.state, event)
    const wasEnding = isEnding(this.state)
    this.state = state
    if (isEnding(state) && !wasEnding) this.#host.onEnding(this.#session)
    for (const action of actions) this.#do(action)
    this.toClient.makeRoom()
    // Behind its Close nothing of the client's counts any more.
    if (isEnding(state) && (this.holdsBack || this.isLeaving)) this.stay()
  }

  stay(): void {
    this.holdsBack = false
    this.isLeaving = false
    this.fromClient.onRoom()
  }

  push(bytes: Buffer): void {
    if (this.pipeOver) return
    if (this.passing) this.passing.push(bytes)
    else this.stream.pass([bytes])
  }

  answer(frame: Buffer): void {
    queueMicrotask(() => this.enter(() => this.push(frame)))
  }

  told(cause: CloseCause): Buffer | undefined {
    const { client } = closeMapping(cause, this.options.closePolicy)
    return client.by === 'close' ? closeFrame(client.code, client.reason, false) : undefined
  }

  giveUpLink(last: Buffer | undefined): void {
    const { link } = this
    if (!link) return
    this.toClient.waitNoLonger()
    this.link = undefined
    const mayBeTold = last && !link.closeSent && this.outgoing.place !== 'inside a frame'
    if (mayBeTold) link.end(last, this.options.clock)
    else link.destroy()
  }

  #do(action: SessionAction): void {
    switch (action) {
      case 'park':
        return this.#park()
      case 'hand-on-close':
        return this.push(this.clientClose!)
      case 'tell-left':
        return this.#tell({ what: 'client-left' })
      case 'tell-not-back':
        return this.#tell({ what: 'client-not-back' })
      case 'end-upstream':
        return this.#endBroken()
      case 'drop-client':
        return this.giveUpLink(this.told({ what: 'session-taken-over' }))
      case 'let-client-go':
        return this.#letGo()
      case 'echo':
        return this.answer(controlFrame(opcode.close, this.close!.subarray(2, 4), true))
      case 'answer-client':
        return this.giveUpLink(closeFrame(code.goingAway, '', false))
      case 'say-lost':
        return this.#sayLost()
      case 'forget':
        return this.#host.onOver(this.#session, (this.state as { why: SessionEnd }).why)
    }
  }

  #park(): void {
    this.parkedAt = this.options.clock.now()
    if (this.pingOwed) this.push(controlFrame(opcode.pong, this.pingOwed, true))
    this.pingOwed = undefined
    this.outgoing.startAt(this.outgoing.acknowledged)
    this.#host.onParked(this.#session)
  }

  /** What the upstream is told in the client's name. */
  #tell(cause: CloseCause): void {
    const { upstream } = closeMapping(cause, this.options.closePolicy)
    if (upstream.by === 'close') this.push(closeFrame(upstream.code, upstream.reason, true))
  }

  /** A client that breaks a rule is told 1002, and the upstream sees the end of TCP. */
  #endBroken(): void {
    if (this.#host.onBroken()) return
    this.giveUpLink(this.told({ what: 'client-breaks-protocol' }))
    this.stream.destroy()
  }

  /** Ends its connection behind what it was sent, and says nothing: it comes back at once. */
  #letGo(): void {
    const { link } = this
    this.link = undefined
    link?.end(undefined, this.options.clock)
  }

  /** The upstream went inside a message, so that no Close could be said behind what was sent of it. */
  #sayLost(): void {
    this.close = this.told({ what: 'upstream-lost' })
    const begun = this.outgoing.place !== 'between messages'
    this.outgoing.dropUnfinished()
    if (!begun || !this.link) return
    this.giveUpLink(undefined)
    this.step({ type: 'broken' })
  }
}

/** Its upstream is gone, and its client still to be told. */
function isEnding({ name }: SessionState): boolean {
  return name === 'telling' || name === 'owing'
}
