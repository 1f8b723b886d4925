// In: the client's stream after its 101 and, unless the client is held, the upstream's. Out: frames both
// ways with back-pressure, until connection.ts says closed. Next: close-mapping.ts, close-handshake.ts.

import type { Duplex } from 'node:stream'
import { code } from '@holdfast/close-codes'
import type { Clock, Direction, Handle, MonotonicMs, Traffic } from '../core/index.ts'
import { Hold, type HoldDeps, type PackedHold } from '../hold/index.ts'
import type { Replay } from '../hold/replay/index.ts'
import { deflateRsv } from '../http/index.ts'
import { type Carry, closeFrame, type Wire, wireOf } from '../wire/index.ts'
import type { CloseCause, ClosePolicy, SideName } from './close-cause.ts'
import { awaitTcpEnd, endTcp } from './close-handshake.ts'
import { words } from './close-mapping.ts'
import { next } from './connection.ts'
import type { ConnectionAction, ConnectionEvent, ConnectionState, Verdict } from './connection-state.ts'
import type { KeepaliveOptions } from './keepalive.ts'
import { Side } from './side.ts'
import type { PackedSide } from './side-host.ts'

/** What a Pipe joins; without an upstream while the client is held. */
export interface Ends {
  client: Duplex | Wire
  upstream?: Duplex | Wire | undefined
}

export interface PipeOptions {
  /** RSV bits that the agreed extensions use. */
  rsv: number
  closePolicy: ClosePolicy
  /** Milliseconds that a side has to answer a Close. */
  closeTimeout: number
  keepalive: KeepaliveOptions | false
  /** Whether the client's stream itself watches who is behind it. */
  watchesClient?: boolean
  /** Payload bytes in one message, either way. */
  messageBytes?: number
  /** Messages of the client in one second. */
  messagesPerSecond?: number
  /** For how many milliseconds of silence it may make up at once. Default: a second. */
  savesMs?: number
  clock: Clock
  /** The delay, in milliseconds, for a `retry=` that the gateway adds of its own. */
  retry: () => number
  /** A fault of the gateway's own; the connection is closed with 1011. */
  onError: (error: unknown) => void
  /** The upstream has closed or ended TCP, and not because it was asked to go. */
  onUpstreamEnded?: () => void
  /** It has left a Ping unanswered: `gone`, and is given up; else it may still answer. */
  onUnanswered?: (gone: boolean) => void
  /** Present where the route holds its clients. */
  hold?: HoldDeps
  /** The state of a connection that comes from another process. */
  packed?: PackedPipe
  onClosed: (verdict: Verdict) => void
}

/** A pipe's state as data that JSON can carry. */
export interface PackedPipe {
  client: PackedSide
  /** Absent while the connection is held. */
  upstream?: PackedSide
  /** What was handed on so far. */
  carried: Traffic
  hold?: PackedHold
}

/** Milliseconds for the upstream's answers to a client that then broke a rule. */
const answersWithin = 1000
/** Towards the client a frame up to this size, header included, is sent on whole or not at all. */
const wholeFrames = 64 * 1024

/**
 * Joins the two streams of one connection. This file is where all wires meet: bytes go from Side to Side, what ends a
 * side becomes an event for the pure `next`, and what that returns is done here.
 */
export class Pipe {
  readonly client: Side
  /** Another Side for each upstream that the connection has. */
  upstream: Side
  readonly #options: PipeOptions
  readonly #hold: Hold | undefined
  /** Whose timers come in by `enter`. */
  readonly #clock: Clock
  #state: ConnectionState = { name: 'open' }
  /** A fault before that, in the constructor, waits until the caller has the Pipe. */
  #started = false
  #faults = 0
  #closeTimer: unknown
  /** Milliseconds for the closing handshake that is under way. */
  #closeTimeout: number
  /** When its end began. */
  #closingAt: MonotonicMs | undefined
  /** What upstreams before this one sent. */
  #messagesBefore = 0
  #bytesBefore = 0
  /** What the readers had counted in another process. */
  #before: Traffic = noTraffic

  constructor({ client, upstream }: Ends, options: PipeOptions) {
    this.#options = options
    this.#closeTimeout = options.closeTimeout
    const { clock } = options
    this.#clock = {
      ...clock,
      setTimeout: (callback, ms) => clock.setTimeout(() => this.enter(callback), ms),
    }
    if (options.hold) {
      const compressed = options.rsv === deflateRsv
      this.#hold = new Hold(this, options.hold, this.#clock, compressed, options.packed?.hold)
    }
    this.client = new Side(this, 'client', {
      rules: {
        masked: true,
        ...this.#rules,
        wholeFrames: 0,
        split: false,
        unlimited: options.messagesPerSecond === undefined,
      },
      messagesPerSecond: options.messagesPerSecond,
      savesMs: options.savesMs,
      keepalive: options.watchesClient ? false : options.keepalive,
      clock: this.#clock,
      hold: this.#hold,
    })
    this.client.reader.wholeApart = this.#hold !== undefined
    this.upstream = this.#newUpstream()
    if (options.packed) this.#unpack(options.packed)
    this.client.attach(client)
    if (upstream) this.upstream.attach(upstream)
    if (this.#state.name === 'held') this.enter(() => this.#hold?.searchOn())
    this.#started = true
  }

  get #rules(): { rsv: number; messageBytes: number } {
    return { rsv: this.#options.rsv, messageBytes: this.#options.messageBytes ?? Number.POSITIVE_INFINITY }
  }

  #newUpstream(): Side {
    const { rsv, keepalive } = this.#options
    // Held clients must be told 1012 whenever an upstream dies, so that no frame of theirs may be half sent.
    const split = this.#hold !== undefined && (rsv === 0 || rsv === deflateRsv)
    const side = new Side(this, 'upstream', {
      rules: { masked: false, ...this.#rules, wholeFrames, split, unlimited: true },
      keepalive,
      clock: this.#clock,
      hold: this.#hold,
    })
    this.client.opposite = side
    side.opposite = this.client
    if (this.client.isFrozen) side.freeze()
    return side
  }

  get state(): ConnectionState['name'] {
    return this.#state.name
  }

  /** What has been handed on in this process. */
  get traffic(): Traffic {
    return subtract(this.#passed, this.#before)
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

  /** What has been handed on since the connection began. */
  get total(): Traffic {
    const { messages, bytes } = this.#options.packed?.carried ?? noTraffic
    const here = this.traffic
    return {
      messages: sum(here.messages, messages),
      bytes: sum(here.bytes, bytes),
    }
  }

  get #passed(): Traffic {
    const { client, upstream } = this
    return {
      messages: {
        'to-upstream': client.reader.messages,
        'to-client': this.#messagesBefore + upstream.reader.messages,
      },
      bytes: {
        'to-upstream': client.reader.bytes,
        'to-client': this.#bytesBefore + upstream.reader.bytes,
      },
    }
  }

  /** Something outside the two streams ends the connection: a drain, or the operator. */
  end(cause: CloseCause, closeTimeout = this.#options.closeTimeout): void {
    if (this.#state.name === 'closing' || this.#state.name === 'closed') return
    this.#closeTimeout = closeTimeout
    this.step({ type: 'happened', cause })
  }

  /** The operator takes the upstream away: a held client goes on with another, others are told to come back. */
  leaveUpstream(retry: number, closeTimeout: number): void {
    const holdable = this.#hold?.holdable
    if (holdable && !holdable.unproven) this.step({ type: 'upstream-drained' })
    else this.end({ what: 'gateway-drains', retry }, closeTimeout)
  }

  /** Whether another gateway could go on with it, once its upstream has gone as `leaveUpstream` has it go. */
  get mayLeave(): boolean {
    const { name } = this.#state
    return (name === 'open' || name === 'held') && this.#hold?.mayLeave === true
  }

  /** As `leaveUpstream`; of one that is held the next upstream is looked for anew. */
  freeUpstream(): void {
    if (this.#state.name === 'held') this.enter(() => this.#hold?.searchAnew())
    else this.step({ type: 'upstream-drained' })
  }

  /** Another gateway goes on with it: nothing of it is left here, but for the client's stream. To be called while it is held. */
  leave(): void {
    this.#hold?.leave()
    this.#state = { name: 'closed', verdict: { code: code.abnormalClosure, reason: '', by: 'gateway' } }
    this.client.detach(undefined, undefined)
  }

  /** Tells an upstream that it is not wanted after all, and lets go of it. */
  dismiss(upstream: Duplex | Wire): void {
    const wire = wireOf(upstream)
    wire.write(closeFrame(code.goingAway, words.serviceRestart, true))
    awaitTcpEnd(wire, this.#clock)
  }

  /** The client was away for so long: it may send what it would have sent meanwhile. */
  allowClient(awayMs: number): void {
    this.client.allow(awayMs)
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
      carried: this.total,
      hold: this.#hold?.pack(),
    }
  }

  /** Gives both sockets away, and what the replay module knows; to be called while frozen and movable. */
  giveAway(carries: Partial<Record<SideName, Carry>> = {}): {
    client: Handle
    upstream?: Handle
    replay?: Replay
  } {
    this.#hold?.leave()
    this.#state = { name: 'closed', verdict: { code: code.abnormalClosure, reason: '', by: 'gateway' } }
    const client = this.client.giveAway(carries.client)!
    return { client, upstream: this.upstream.giveAway(carries.upstream), replay: this.#hold?.replay }
  }

  #unpack({ client, upstream, hold }: PackedPipe): void {
    this.client.unpack(client)
    if (upstream) this.upstream.unpack(upstream)
    if (hold) this.#hold?.unpack(hold)
    if (!upstream) this.#state = { name: 'held' }
    this.#before = this.#passed
  }

  /** Called at every sweep of the keepalive. */
  tick(now: MonotonicMs): void {
    if (this.#state.name === 'closed') return
    this.enter(() => {
      this.client.liveness.tick(now)
      if (this.upstream.wire) this.upstream.liveness.tick(now)
    })
  }

  /** Asks the upstream for a sign of life by then, as the keepalive does on its own. */
  askUpstream(answerBy: MonotonicMs): void {
    if (this.#state.name !== 'open' && this.#state.name !== 'leaving') return
    this.enter(() => this.upstream.liveness.ask(answerBy))
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
      this.#state = { name: 'closed', verdict: { code: code.abnormalClosure, reason: '', by: 'gateway' } }
      this.#destroy()
    }
  }

  step(event: ConnectionEvent): void {
    this.enter(() => this.#step(event))
  }

  #step(event: ConnectionEvent): void {
    const was = this.#state
    if (was.name === 'closed') return
    // Whom the gateway has asked to go does so, and says nothing of other connections by that.
    const isAsked = was.name === 'leaving' && was.by === 'gateway'
    if (was.name === 'open' || (was.name === 'leaving' && !isAsked)) this.#tellUpstreamsDoing(event)
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
    for (const action of actions) this.enter(() => this.#do(action))
    if (state.name === 'closing' || state.name === 'closed') this.enter(() => this.#endHold(was, event))
    if (state.name === 'closed') {
      this.#clock.clearTimeout(this.#closeTimer)
      // A last Close may still wait for the end of a frame that streams; that, too, has its limit.
      if (this.client.closeWaits || this.upstream.closeWaits) {
        this.#clock.setTimeout(() => this.#destroy(), this.#options.closeTimeout)
      }
      this.#options.onClosed(state.verdict)
    }
  }

  /** An upstream ends this connection of its own accord, or is given up. */
  #tellUpstreamsDoing(event: ConnectionEvent): void {
    if (event.type === 'happened' && event.cause.what === 'upstream-silent') this.unanswered(true)
    const closes = event.type === 'close-frame' && event.from === 'upstream'
    const ends = event.type === 'ended' && event.side === 'upstream'
    if (closes || ends) this.#options.onUpstreamEnded?.()
  }

  #endHold(was: ConnectionState, event: ConnectionEvent): void {
    if (was.name === 'closing') return
    if (this.#hold && isLoss(event, this.#hold.options.on)) this.#hold.countLost()
    const byClient = event.type === 'close-frame' || event.type === 'ended'
    this.#hold?.end(was.name === 'held' && byClient)
  }

  #destroy(): void {
    this.client.destroy()
    this.upstream.destroy()
  }

  #do(action: ConnectionAction): void {
    switch (action.do) {
      case 'forward-close':
        this[action.to].ownFrames.sayClose(action.frame)
        return
      case 'send-close':
        this[action.to].ownFrames.sayClose(closeFrame(action.code, action.reason, action.to === 'upstream'))
        return
      case 'end':
        this[action.side].end(endTcp)
        return
      case 'await-end':
        this[action.side].end(awaitTcpEnd)
        return
      case 'destroy':
        this[action.side].destroy()
        return
      case 'wait':
        return this.#wait(this.#closeTimeout)
      case 'ask-last':
        this.upstream.ownFrames.askLast()
        return this.#wait(Math.min(answersWithin, this.#closeTimeout))
      case 'wait-departure':
        return this.#wait(this.#hold!.options.for)
      case 'quieten':
        return this.#hold!.quieten()
      case 'answer-drain':
        return this.#hold!.answerDrain()
      case 'release':
        return this.#hold!.release()
      case 'judge':
        return this.#judge(action.code)
      case 'hold':
        return this.#holdClient(action)
      case 'let-go':
        return this.#hold!.letGo(action.why, action.departed)
      case 'resume':
        return this.#hold!.resume()
    }
  }

  #wait(ms: number): void {
    this.#clock.clearTimeout(this.#closeTimer)
    this.#closeTimer = this.#clock.setTimeout(() => this.step({ type: 'too-late' }), ms)
  }

  /** Lets go of the upstream, which may be waiting for its answer before it stops; the client hears nothing yet. */
  #judge(said: number | undefined): void {
    this.#clock.clearTimeout(this.#closeTimer)
    const gone = this.upstream
    const answer = gone.ownFrames.mayBeTold ? closeFrame(said, '', true) : undefined
    this.#hold!.judge()
    gone.detach(answer, answer ? awaitTcpEnd : endTcp)
    this.client.unblock()
  }

  /** Lets the upstream go; the client stays. */
  #holdClient({ code: departed, echo }: Extract<ConnectionAction, { do: 'hold' }>): void {
    this.#clock.clearTimeout(this.#closeTimer)
    const gone = this.upstream
    // RFC 6455 5.5.1: a Close is answered with a Close; inside a frame of the client's there is no place for one.
    const answer = echo && gone.ownFrames.mayBeTold ? closeFrame(departed, '', true) : undefined
    this.#hold!.begin(departed)
    this.#messagesBefore += gone.reader.messages
    this.#bytesBefore += gone.reader.bytes
    this.upstream = this.#newUpstream()
    const afterClose = echo && !answer ? endTcp : awaitTcpEnd
    gone.detach(answer, gone.reader.stopped ? afterClose : undefined)
    this.client.unblock()
  }
}

/** Whether this is an upstream's end that its client could have been held over. */
function isLoss(event: ConnectionEvent, on: readonly (number | 'lost')[]): boolean {
  if (event.type === 'close-frame') {
    return event.from === 'upstream' && event.code !== undefined && on.includes(event.code)
  }
  if (event.type === 'judged') return event.stops
  if (event.type === 'happened') return event.cause.what === 'upstream-silent'
  return event.type === 'ended' && event.side === 'upstream'
}

const noTraffic: Traffic = {
  messages: { 'to-upstream': 0, 'to-client': 0 },
  bytes: { 'to-upstream': 0, 'to-client': 0 },
}

type ByDirection = Record<Direction, number>

function sum(a: ByDirection, b: ByDirection, sign = 1): ByDirection {
  return {
    'to-upstream': a['to-upstream'] + sign * b['to-upstream'],
    'to-client': a['to-client'] + sign * b['to-client'],
  }
}

function subtract(a: Traffic, b: Traffic): Traffic {
  return { messages: sum(a.messages, b.messages, -1), bytes: sum(a.bytes, b.bytes, -1) }
}
