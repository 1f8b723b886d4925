// In: the client's stream after its 101 and, unless the client is held, the upstream's. Out: frames both
// ways with back-pressure, until connection.ts says closed. Next: side.ts, connection.ts, connection-actions.ts.

import type { Duplex } from 'node:stream'
import { code } from '@holdfast/close-codes'
import type { Clock, MonotonicMs } from '../core/index.ts'
import { Hold } from '../hold/index.ts'
import { deflateRsv } from '../http/index.ts'
import { type Carry, type Wire, wireOf } from '../wire/index.ts'
import type { CloseCause, SideName } from './close-cause.ts'
import { dismiss } from './close-handshake.ts'
import { next } from './connection.ts'
import { ConnectionActions } from './connection-actions.ts'
import type { ConnectionEvent, ConnectionState } from './connection-state.ts'
import { isLoss, upstreamsDoing } from './departure.ts'
import type { Ends, GivenAway, PackedPipe, PipeOptions } from './pipe-options.ts'
import { Side } from './side.ts'
import { clientOptions, upstreamOptions } from './side-options.ts'
import { TrafficCount } from './traffic-count.ts'

/** Nobody is told: another process goes on with it, or nothing can be said any more. */
const unspoken: ConnectionState = {
  name: 'closed',
  verdict: { code: code.abnormalClosure, reason: '', by: 'gateway' },
}

/**
 * Joins the two streams of one connection. This file is where all wires meet: bytes go from Side to Side, what ends a
 * side becomes an event for the pure `next`, and what that returns is done by ConnectionActions.
 */
export class Pipe {
  readonly client: Side
  /** Another Side for each upstream that the connection has. */
  upstream: Side
  /** What has been handed on. */
  readonly traffic: TrafficCount
  readonly #options: PipeOptions
  readonly #hold: Hold | undefined
  /** Whose timers come in by `enter`. */
  readonly #clock: Clock
  #state: ConnectionState = { name: 'open' }
  /** A fault before that, in the constructor, waits until the caller has the Pipe. */
  #started = false
  #faults = 0
  /** When its end began. */
  #closingAt: MonotonicMs | undefined
  readonly #actions: ConnectionActions
  #onClientAnswer: (() => void) | undefined

  constructor({ client, upstream }: Ends, options: PipeOptions) {
    this.#options = options
    const { clock } = options
    this.#clock = {
      ...clock,
      setTimeout: (callback, ms) => clock.setTimeout(() => this.enter(callback), ms),
    }
    if (options.hold) {
      const compressed = options.rsv === deflateRsv
      this.#hold = new Hold(this, options.hold, this.#clock, compressed, options.packed?.hold)
    }
    this.#actions = new ConnectionActions(this, this.#hold, this.#clock, options.closeTimeout)
    this.traffic = new TrafficCount(this, options.packed?.carried)
    this.client = new Side(this, 'client', clientOptions(options, this.#clock, this.#hold))
    this.client.reader.wholeApart = this.#hold !== undefined
    this.upstream = this.#newUpstream()
    if (options.packed) this.#unpack(options.packed)
    this.client.attach(client)
    if (upstream) this.upstream.attach(upstream)
    if (this.#state.name === 'held') this.enter(() => this.#hold?.searchOn())
    this.#started = true
  }

  #newUpstream(): Side {
    const side = new Side(this, 'upstream', upstreamOptions(this.#options, this.#clock, this.#hold))
    this.client.opposite = side
    side.opposite = this.client
    if (this.client.isFrozen) side.freeze()
    return side
  }

  /** From now on `upstream` is a side without a wire, for the next one. */
  replaceUpstream(): void {
    this.traffic.upstreamLeft(this.upstream.reader)
    this.upstream = this.#newUpstream()
  }

  get state(): ConnectionState['name'] {
    return this.#state.name
  }

  /** Milliseconds since its end began: its Close, or the loss of a side. 0 before. */
  get closingForMs(): number {
    return this.#closingAt === undefined ? 0 : this.#clock.now() - this.#closingAt
  }

  /** How many of the client's messages its upstreams have read for certain; undefined: nobody keeps count, or not in this process. */
  get confirmed(): number | undefined {
    return this.#state.name === 'closed' ? undefined : this.#hold?.confirmed
  }

  /** What the replay module remembers; throws what that throws. */
  get remembered(): unknown {
    return this.#state.name === 'closed' ? undefined : this.#hold?.replay?.save?.()
  }

  /** Milliseconds for which it has been held; undefined when it is not. */
  get heldForMs(): number | undefined {
    return this.#state.name === 'held' ? this.#hold?.heldForMs : undefined
  }

  /** Something outside the two streams ends the connection: a drain, or the operator. */
  end(cause: CloseCause, closeTimeout = this.#options.closeTimeout): void {
    if (this.#state.name === 'closing' || this.#state.name === 'closed') return
    this.#actions.closeTimeoutMs = closeTimeout
    this.step({ type: 'happened', cause })
  }

  /** The operator takes the upstream away: a held client goes on with another, others are told to come back. */
  leaveUpstream(retry: number, closeTimeout: number): void {
    const holdable = this.#hold?.holdable
    if (holdable && !holdable.unproven) this.step({ type: 'upstream-drained' })
    else this.end({ what: 'gateway-drains', retry }, closeTimeout)
  }

  /** Whether another gateway could go on with it, once its upstream has gone as `leaveUpstream` has it go. `unnoticed`: as for Hold. */
  mayLeave({ unnoticed = false } = {}): boolean {
    const { name } = this.#state
    return (name === 'open' || name === 'held') && this.#hold?.mayLeave(unnoticed) === true
  }

  /** As `leaveUpstream`; of one that is held the next upstream is looked for anew. */
  freeUpstream(): void {
    if (this.#state.name === 'held') this.enter(() => this.#hold?.searchAnew())
    else this.step({ type: 'upstream-drained' })
  }

  /**
   * Asks the client's end for a sign behind all that it was sent; to be called while it is held. `onAnswer`: it has read that, and all that it
   * had said before was read here.
   */
  askClient(onAnswer: () => void): void {
    this.#onClientAnswer = onAnswer
    this.enter(() => this.client.ownFrames.askLast())
  }

  /** Another gateway goes on with it: nothing of it is left here, but for the client's stream. To be called while it is held. */
  leave(): void {
    this.#hold?.leave()
    this.#state = unspoken
    this.client.detach(undefined, undefined)
  }

  /** Tells an upstream that it is not wanted after all, and lets go of it. */
  dismiss(upstream: Duplex | Wire): void {
    dismiss(wireOf(upstream), this.#clock)
  }

  /** The delay for a `retry=` of the gateway's own. */
  retry(): number {
    return this.#options.retry()
  }

  /** Both streams go now. */
  cut(): void {
    this.step({ type: 'cut', untold: this.client.hasUnsent })
  }

  /** Whether it could be taken to another process now; `carried`: streams that have to stay can be joined to that one. */
  isMovable(carried = false): boolean {
    const { name } = this.#state
    if (!this.client.isMovable(carried) || this.#hold?.isMovable === false) return false
    return name === 'held' || (name === 'open' && this.upstream.isMovable(carried))
  }

  /** Which of its streams have to stay in this process. */
  get needCarriers(): SideName[] {
    const { client, upstream } = this
    return [client, upstream].flatMap((side) => (side.needsCarrier ? [side.name] : []))
  }

  /** Reads nothing more of either side. What was read before is handed on first. */
  freeze(): void {
    this.enter(() => {
      this.client.freeze()
      this.upstream.freeze()
    })
  }

  /** Goes on after `freeze`. */
  thaw(): void {
    this.enter(() => {
      this.client.thaw()
      this.upstream.thaw()
    })
  }

  /** Whether everything read has been handed on, and everything written has gone out. */
  get isEmpty(): boolean {
    return this.client.isEmpty && this.upstream.isEmpty
  }

  /** All that another process needs to go on, without the sockets. Changes nothing; throws when a replay module does. */
  pack(): PackedPipe {
    const held = this.#state.name === 'held'
    return {
      client: this.client.pack(),
      upstream: held ? undefined : this.upstream.pack(),
      carried: this.traffic.total,
      hold: this.#hold?.pack(),
    }
  }

  /** Gives both sockets away, and what the replay module knows; to be called while frozen and movable. */
  giveAway(carries: Partial<Record<SideName, Carry>> = {}): GivenAway {
    this.#hold?.leave()
    this.#state = unspoken
    const client = this.client.giveAway(carries.client)!
    return { client, upstream: this.upstream.giveAway(carries.upstream), replay: this.#hold?.replay }
  }

  #unpack({ client, upstream, hold }: PackedPipe): void {
    this.client.unpack(client)
    if (upstream) this.upstream.unpack(upstream)
    if (hold) this.#hold?.unpack(hold)
    if (!upstream) this.#state = { name: 'held' }
    this.traffic.unpacked()
  }

  /** Called at every sweep of the keepalive. */
  tick(now: MonotonicMs): void {
    if (this.#state.name === 'closed') return
    this.enter(() => {
      this.client.liveness?.tick(now)
      if (this.upstream.wire) this.upstream.liveness?.tick(now)
    })
  }

  /** Asks the upstream for a sign of life by then, as the keepalive does on its own. */
  askUpstream(answerBy: MonotonicMs): void {
    if (this.#state.name !== 'open' && this.#state.name !== 'leaving') return
    this.enter(() => this.upstream.liveness?.ask(answerBy))
  }

  /** The upstream leaves a Ping unanswered. */
  unanswered(gone = false): void {
    this.#options.onUnanswered?.(gone)
  }

  /**
   * The one way in for whatever happens outside: events of the sockets, timers, sweeps, answers to a dial. What throws
   * there, a bug of ours or a replay module, ends this connection and no other, and not the process.
   */
  enter(work: () => void): void {
    try {
      work()
    } catch (error) {
      this.fault(error)
    }
  }

  /** A bug of ours must not end the process, and must not leave two peers waiting. */
  fault(error: unknown): void {
    if (!this.#started) return queueMicrotask(() => this.fault(error))
    if (this.#faults++ === 0) this.#options.onError(error)
    // Its peers have been told, and have a limited time to answer.
    if (this.#state.name === 'closing' || this.#state.name === 'closed') return
    if (this.#faults === 1) this.step({ type: 'happened', cause: { what: 'gateway-fault' } })
    else if (this.#faults === 2) this.step({ type: 'cut' })
    else {
      this.#state = unspoken
      this.#actions.destroy()
    }
  }

  step(event: ConnectionEvent): void {
    this.enter(() => this.#step(event))
  }

  #step(event: ConnectionEvent): void {
    const was = this.#state
    if (was.name === 'closed') return
    if (was.name === 'held' && event.type === 'answered') return this.#onClientAnswer?.()
    const doing = upstreamsDoing(was, event)
    if (doing === 'silent') this.unanswered(true)
    else if (doing === 'ends') this.#options.onUpstreamEnded?.()
    const { closePolicy, retry } = this.#options
    const [state, actions] = next(was, event, {
      closePolicy,
      retry,
      hold: this.#hold?.holdable,
      owes: this.upstream.wire !== undefined && this.upstream.wasSent,
    })
    this.#state = state
    if (state.name === 'closing') this.#closingAt ??= this.#clock.now()
    // One that fails keeps none of the others back.
    for (const action of actions) this.enter(() => this.#actions.do(action))
    if (state.name === 'closing' || state.name === 'closed') this.enter(() => this.#endHold(was, event))
    if (state.name === 'closed') {
      this.#actions.closed(this.#options.closeTimeout)
      this.#options.onClosed(state.verdict)
    }
  }

  #endHold(was: ConnectionState, event: ConnectionEvent): void {
    if (was.name === 'closing') return
    if (this.#hold && isLoss(event, this.#hold.options.on)) this.#hold.countLost()
    const byClient = event.type === 'close-frame' || event.type === 'ended'
    this.#hold?.end(was.name === 'held' && byClient)
  }
}
