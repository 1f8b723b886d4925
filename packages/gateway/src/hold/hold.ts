// What a connection on a route with `hold` has besides its two sides, so that it can go on with another upstream.
// Next: pending-buffer.ts, delivery-tracker.ts, conversation.ts, next-upstream.ts.

import assert from 'node:assert/strict'
import type { Duplex } from 'node:stream'
import { code } from '@holdfast/close-codes'
import type { Clock, HoldOptions, LetGo, MonotonicMs, RestoredBy } from '../core/index.ts'
import { controlFrame, opcode, type Wire } from '../wire/index.ts'
import { Conversation } from './conversation.ts'
import { DeliveryTracker } from './delivery-tracker.ts'
import { FreshStart } from './fresh-start.ts'
import type { Holdable, HoldDeps, HoldHost, PackedHold } from './hold-host.ts'
import { NextUpstream, type Redialled } from './next-upstream.ts'
import { PendingBuffer } from './pending-buffer.ts'
import { Proof } from './proof.ts'
import type { Replay } from './replay/index.ts'

/** What @holdfast/restart puts into the Ping that asks for silence; a test holds the two together. */
export const drainPayload = Buffer.from('holdfast:drain')

/**
 * Milliseconds in which the next upstream has to say that it restores sessions, where none ever has: so much later than
 * without a gateway a client is back that has to come by itself.
 */
const firstMomentMs = 250

/**
 * A Ping that asks what the upstream has read goes behind a read of the client when so many times as long has passed as the last one
 * took to be answered, or so many milliseconds; after as many it goes behind the last read by itself.
 */
const roundTripsPerMark = 8
const markWithinMs = 100

export class Hold {
  readonly #pipe: HoldHost
  readonly #deps: HoldDeps
  readonly #clock: Clock
  readonly #pending: PendingBuffer
  readonly #delivery = new DeliveryTracker()
  #markedAt: MonotonicMs = Number.NEGATIVE_INFINITY
  /** When a read is worth the next mark. */
  #markDue: MonotonicMs = Number.NEGATIVE_INFINITY
  /** For the last read: from a mark on, until nothing has come for long enough. */
  #markTimer: unknown
  /** Payload of the client's last Ping, until the upstream has answered it. */
  #ping: Buffer | undefined
  readonly #search: NextUpstream
  readonly #conversation: Conversation
  /** While it is found out whether the upstream stops. */
  #judging: AbortController | undefined
  #next: Duplex | Wire | undefined
  #refusal: 'refused' | 'too-late' | 'not-restored' | undefined
  readonly #proof: Proof
  #momentTimer: unknown
  /** To be called when the session is restored, or the connection has ended. */
  #isBack: (() => void) | undefined
  /** While the session is restored, and what was kept waits for others: calls that off. */
  #waitsForOthers: (() => void) | undefined
  /** Who has restored the session, as long as `resume` has not acted on it. */
  #restoredBy: RestoredBy | undefined
  /** Whether permessage-deflate is agreed, and nothing else. */
  readonly #compressed: boolean
  /** Behind a re-attachment, until the client has shown that it starts afresh. */
  #freshStart: FreshStart | undefined

  constructor(pipe: HoldHost, deps: HoldDeps, clock: Clock, compressed: boolean, packed?: PackedHold) {
    this.#pipe = pipe
    this.#deps = deps
    this.#compressed = compressed
    this.#clock = clock
    this.#pending = new PendingBuffer(deps.options.buffer)
    this.#search = new NextUpstream({
      for: deps.options.for,
      clock,
      redial: deps.redial,
      onFound: (found) => this.#found(found),
      fault: (error) => pipe.fault(error),
    })
    this.#conversation = new Conversation({
      module: deps.replay,
      buffer: deps.options.buffer,
      answerWithinMs: deps.options.for,
      clock,
      toClient: (bytes) => pipe.client.write(bytes),
      toUpstream: (bytes) => pipe.upstream.write(bytes),
      heard: () => pipe.upstream.reader.messages,
      mayTell: () => pipe.state === 'open',
      onRestored: () => this.#restored(),
      onNotRestored: () => this.#giveUp(),
      onSilent: () => pipe.step({ type: 'happened', cause: { what: 'upstream-silent' } }),
    })
    this.#proof = new Proof(deps.options.state, () => this.replay, deps, clock)
    // A connection of another process is refused when that fails, and goes on where it was.
    if (packed) this.#conversation.open(packed.replay)
    else pipe.enter(() => this.#conversation.open())
  }

  get options(): HoldOptions {
    return this.#deps.options
  }

  /** What `next` in connection.ts needs to know; undefined: when its upstream goes, so does the client. */
  get holdable(): Holdable | undefined {
    if (!this.#deps.mayHold() || this.replay?.holds?.() === false) return undefined
    const { upstream } = this.#pipe
    const partlyTold = this.#conversation.passing ?? upstream.reader.unfinished > 0
    const objections = this.#proof.objections(this.#upstreamSpoke)
    const stopping = this.#deps.judges()
    return {
      on: this.#deps.options.on,
      stopping,
      resendable: !this.#pending.tooLong,
      partlyTold,
      ...objections,
    }
  }

  get #upstreamSpoke(): boolean {
    return this.#pipe.upstream.reader.messages > 0
  }

  /** How many of the client's messages an upstream has read for certain. */
  get confirmed(): number {
    return this.#delivery.confirmed
  }

  /** Whether the client's bytes are kept instead of handed on. */
  get keeps(): boolean {
    return this.#pending.keeps
  }

  /** The client's bytes: on to the upstream, or kept for the next one. */
  fromClient(bytes: Buffer): void {
    if (this.#pending.keeps) {
      if (this.#pending.add(bytes) >= this.#deps.options.buffer) this.#pipe.client.block()
      return
    }
    this.#handOn(bytes, this.#pipe.client.reader.unfinished)
  }

  /** `unfinished`: how long the message is, so far, that has begun and not ended. */
  #handOn(bytes: Buffer, unfinished: number): void {
    // Nothing can be asked inside a message that may be long.
    if (unfinished === bytes.length) this.#mark()
    this.#pending.handOn(bytes, unfinished)
    if (this.#freshStart) this.#readAfresh(this.#freshStart, bytes)
    else this.#pipe.upstream.write(bytes)
    if (this.#deps.replay) this.#conversation.clientSaid(bytes)
    if (this.#clock.now() < this.#markDue) return
    if (unfinished === 0) this.#mark()
    else this.#pipe.client.reader.wholeApart = true
  }

  #readAfresh(freshStart: FreshStart, bytes: Buffer): void {
    const { upstream } = this.#pipe
    const reads = freshStart.read(bytes, (judged) => upstream.write(judged))
    if (freshStart.over) this.#freshStart = undefined
    if (reads) return this.#count()
    this.#pending.keep()
    this.#deps.onContextKept()
    this.#notBack()
  }

  #notBack(): void {
    const cause = { what: 'upstream-not-back', retry: this.#pipe.retry() } as const
    this.#pipe.step({ type: 'happened', cause })
  }

  /** The upstream's bytes: on to the client, unless the replay module keeps a message from it. */
  fromUpstream(bytes: Buffer): void {
    if (this.#deps.replay) this.#conversation.fromUpstream(bytes)
    else this.#pipe.client.write(bytes)
  }

  /** Asks the upstream whether it has read all messages; the place must be behind the last of them. */
  #mark(): void {
    if (this.#pending.keeps) return
    this.#count()
    const mark = this.#delivery.mark()
    if (!mark) return
    this.#pipe.upstream.write(mark)
    this.#pipe.upstream.expectAnswer()
    this.#markedAt = this.#clock.now()
    this.#markDue = this.#markedAt + markWithinMs
    this.#pipe.client.reader.wholeApart = false
    this.#markTimer ??= this.#clock.setTimeout(() => this.#markLast(), markWithinMs)
  }

  #markLast(): void {
    this.#markTimer = undefined
    const leftMs = this.#markedAt + markWithinMs - this.#clock.now()
    if (leftMs > 0) {
      this.#markTimer = this.#clock.setTimeout(() => this.#markLast(), leftMs)
      return
    }
    const { reader } = this.#pipe.client
    reader.wholeApart = true
    if (reader.unfinished === 0) this.#mark()
  }

  /** A Pong came; true when it answers a mark. */
  #heard(pong: Buffer): boolean {
    if (!this.#delivery.heard(pong)) return false
    const dueMs = roundTripsPerMark * (this.#clock.now() - this.#markedAt)
    if (this.#delivery.answered) this.#markDue = Math.min(this.#markDue, this.#markedAt + dueMs)
    return true
  }

  /** The next upstream's first read is marked. */
  #stopMarking(): void {
    this.#clock.clearTimeout(this.#markTimer)
    this.#markTimer = undefined
    this.#markDue = Number.NEGATIVE_INFINITY
    this.#pipe.client.reader.wholeApart = true
  }

  /** What the client has sent so far went to the upstream, unless it is kept. */
  #count(): void {
    if (!this.#pending.keeps) this.#delivery.sent = this.#pipe.client.reader.completed
  }

  /** A control frame that is not to be handed on; true when it was dealt with. */
  control(from: 'client' | 'upstream', op: number, payload: Buffer): boolean {
    if (from === 'client') {
      if (op === opcode.ping) this.#ping = payload
      if (this.#pending.keeps) this.#answerPing()
      return this.#pending.keeps
    }
    if (op === opcode.ping && payload.equals(drainPayload) && this.holdable?.unproven === false) {
      this.#proof.ask()
      this.#pipe.step({ type: 'drain-ping' })
      return true
    }
    if (op !== opcode.pong) return false
    if (this.#ping?.equals(payload)) this.#ping = undefined
    return this.#heard(payload)
  }

  /** With no upstream there to answer: a client that pings may leave when nothing comes back. */
  #answerPing(): void {
    // RFC 6455 5.5.3: the Pong to the most recent Ping answers those before it, too.
    if (this.#ping) this.#pipe.client.say(controlFrame(opcode.pong, this.#ping, false))
    this.#ping = undefined
  }

  /** From the end of the client's current message on, its bytes are kept; then the pipe is told 'quiet'. */
  quieten(): void {
    const { client } = this.#pipe
    if (this.#pending.keeps) this.#pipe.step({ type: 'quiet' })
    else if (client.reader.midMessage) client.reader.tellMessageEnd()
    else this.onMessageEnd()
  }

  onMessageEnd(): void {
    // The upstream may have gone, and the next one come, before the message ended.
    if (this.#pipe.state !== 'leaving' || this.#pending.keeps) return
    this.#mark()
    this.#stopMarking()
    this.#pending.keep()
    this.#pipe.step({ type: 'quiet' })
  }

  /** Tells an upstream that asked for silence that it has got everything: it has read what is before this. */
  answerDrain(): void {
    this.#pipe.upstream.say(controlFrame(opcode.pong, drainPayload, true))
  }

  /** The upstream has closed, and may stop: until that is known, what the client sends is kept. */
  judge(): void {
    this.#count()
    this.#restDone()
    this.#stopMarking()
    this.#pending.keep()
    this.#answerPing()
    const judging = new AbortController()
    this.#judging = judging
    const judged = (stops: boolean) => {
      if (!judging.signal.aborted) this.#pipe.step({ type: 'judged', stops })
    }
    this.#deps
      .stops(judging.signal)
      .then(judged)
      .catch((error) => this.#pipe.fault(error))
  }

  /** The upstream is gone: counts what may be lost with it and looks for the next one. */
  begin(departed: number): void {
    this.#count()
    // The answer to our Close: what stood before that has been read, and RFC 6455 5.5.2 spares it the last Pong. A Close
    // after a drain Ping proves nothing: the upstream may have given up waiting for the Pong.
    const answers = departed === code.goingAway && !this.#judging
    if (answers && this.#pipe.upstream.reader.stopped) this.#delivery.all()
    this.#restDone()
    this.countLost()
    this.#freshStart = undefined
    this.#stopMarking()
    this.#pending.keep()
    this.#answerPing()
    this.#search.lost(departed, this.#upstreamSpoke)
    this.#proof.departed(this.#upstreamSpoke, departed === code.abnormalClosure)
    this.#deps.onHeld(departed)
    this.#isBack ??= this.#deps.onAway()
    this.#search.begin()
    this.#waitForMoment()
  }

  /** A client of which nobody knows anything is held for long only if it is the one that asks. */
  #waitForMoment(): void {
    const over = () => {
      if (this.#search.underWay && this.#proof.idle) this.#notRestored()
    }
    this.#momentTimer = this.#clock.setTimeout(over, firstMomentMs)
  }

  /** Milliseconds since the hold began. */
  get heldForMs(): number {
    return this.#search.heldForMs
  }

  /** Counts the messages that went to the upstream and were not confirmed, and one from it that broke off. */
  countLost(): void {
    this.#judging = undefined
    this.#count()
    const { reader } = this.#pipe.upstream
    const lost = this.#delivery.takeLost()
    if (lost > 0) this.#deps.onLost('to-upstream', lost)
    if (reader.midMessage) this.#deps.onLost('to-client', 1)
  }

  #found(found: Redialled): void {
    if (!found.ok) {
      this.#refusal = found.result
      return this.#notBack()
    }
    this.#restoredBy = this.#proof.judge(found.restored)
    if (this.#restoredBy) {
      this.#next = found.stream
      return this.#pipe.step({ type: 'attached' })
    }
    this.#pipe.dismiss(found.stream)
    this.#notRestored()
  }

  #notRestored(): void {
    this.#refusal = 'not-restored'
    const cause = { what: 'session-not-restored', retry: this.#deps.shortRetry() } as const
    this.#pipe.step({ type: 'happened', cause })
  }

  /** The client was let go at once, where others are held. */
  letGo(why: LetGo, departed: number): void {
    this.#deps.onLetGo(why, departed)
  }

  /** The next upstream is there: it gets what the replay module says, then what was kept. */
  resume(): void {
    const { client, upstream } = this.#pipe
    const [stream, by] = [this.#next, this.#restoredBy]
    assert(stream && by, 'a hold goes on without an upstream that was found')
    this.#next = undefined
    this.#search.attached()
    this.#clock.clearTimeout(this.#momentTimer)
    this.#proof.asked()
    this.#deps.onReattached(by)
    this.#deps.onHoldEnded('attached', this.heldForMs)
    if (this.#compressed) this.#freshStart = new FreshStart()
    this.#conversation.reattach()
    upstream.attach(stream)
    client.unblock()
    upstream.inOneWrite(() => {
      // Who has restored the session itself would hear all of it twice.
      if (by !== 'replay') this.#restored()
      else this.#conversation.restore()
    })
  }

  /** What was kept follows when others of the route can hear what comes of it. */
  #restored(): void {
    this.#restDone()
    this.#back()
    // One that is to go reads nothing more: what was kept is for the next.
    const release = () => this.#pipe.enter(() => this.#pipe.state === 'open' && this.release())
    const callOff = this.#deps.whenOthersBack(release)
    if (this.#pending.keeps) this.#waitsForOthers = callOff
  }

  #back(): void {
    this.#isBack?.()
    this.#isBack = undefined
  }

  /** The module has met what it does not know while it set the session up again. */
  #giveUp(): void {
    this.#deps.onLetGo('not-restored', this.#search.departed)
    this.#notRestored()
  }

  #restDone(): void {
    this.#waitsForOthers?.()
    this.#waitsForOthers = undefined
    this.#conversation.stop()
  }

  /** Hands on what was kept. */
  release(): void {
    this.#restDone()
    const { client } = this.#pipe
    const kept = this.#pending.release()
    client.unblock()
    const { unfinished } = client.reader
    const whole = kept.length - unfinished
    if (whole > 0) this.#handOn(kept.subarray(0, whole), 0)
    this.#mark()
    if (unfinished > 0) this.fromClient(kept.subarray(whole))
  }

  /** The connection ends: the search does, too, and what was kept is lost. */
  end(clientLeft: boolean): void {
    this.#restDone()
    this.#back()
    this.#stopMarking()
    this.#clock.clearTimeout(this.#momentTimer)
    this.#proof.asked()
    if (this.#search.underWay) {
      this.#search.callOff()
      const result = this.#refusal ?? (clientLeft ? 'abandoned' : 'ended')
      this.#deps.onHoldEnded(result, this.heldForMs)
    }
    if (!this.#pending.keeps) return
    const { client } = this.#pipe
    // What a client sends after its upstream's Close is lost without a gateway, too.
    if (this.#judging) this.#delivery.sent = client.reader.completed
    this.#judging?.abort()
    const unsent = client.reader.completed - this.#delivery.sent
    if (unsent > 0) this.#deps.onLost('to-upstream', unsent)
    this.#pending.discard()
    // Its answer to the Close stands behind what it sent before.
    client.unblock()
  }

  /** Whether another gateway could go on with it: its session is restored there as well as here. */
  get mayLeave(): boolean {
    const { holdable } = this
    return holdable !== undefined && !holdable.unproven && holdable.resendable && this.#proof.isSure
  }

  /** Begins the search for the next upstream anew: what it is to find has changed. */
  searchAnew(): void {
    if (!this.#search.underWay) return
    this.#search.callOff()
    this.#search.begin()
  }

  /** Whether it could be taken to another process now: not while it is in the middle of what is said again. */
  get isMovable(): boolean {
    return !this.#conversation.waits && !this.#waitsForOthers
  }

  /** What its replay module knows. */
  get replay(): Replay | undefined {
    return this.#conversation.replay
  }

  /** The connection goes to another process: the search for an upstream, if one is under way, ends here. */
  leave(): void {
    if (this.#search.underWay) this.#deps.onCarried(-1)
    this.#search.callOff()
    this.#back()
    this.#proof.asked()
    this.#conversation.stopWaiting()
    this.#stopMarking()
    this.#clock.clearTimeout(this.#momentTimer)
  }

  /** The state as data that JSON can carry. */
  pack(): PackedHold {
    this.#count()
    return {
      kept: this.#pending.pack(),
      confirmed: this.#delivery.pack(),
      ...this.#search.pack(),
      ...this.#conversation.pack(),
      ping: this.#ping?.toString('base64'),
      proof: this.#proof.pack(),
      freshStart: this.#freshStart?.pack(),
    }
  }

  unpack(packed: PackedHold): void {
    this.#pending.unpack(packed.kept)
    this.#delivery.unpack(packed.confirmed)
    this.#search.unpack(packed)
    if (packed.ping !== undefined) this.#ping = Buffer.from(packed.ping, 'base64')
    this.#proof.unpack(packed.proof)
    if (packed.freshStart) {
      this.#freshStart = new FreshStart()
      this.#freshStart.unpack(packed.freshStart)
    }
    this.#conversation.unpack(packed)
    if (packed.restOwed) this.#isBack ??= this.#deps.onAway()
    // What was not marked there may be the last that the client says.
    if (!this.keeps) this.#markTimer = this.#clock.setTimeout(() => this.#markLast(), markWithinMs)
  }

  /** Looks on for an upstream, with the time that is left. */
  searchOn(): void {
    this.#deps.onCarried(1)
    this.#isBack ??= this.#deps.onAway()
    this.#proof.ask()
    this.#search.begin()
    this.#waitForMoment()
  }
}
