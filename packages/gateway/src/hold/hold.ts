// What a connection on a route with `hold` has besides its two sides, so that it can go on with another upstream.
// Next: pending-buffer.ts, delivery-tracker.ts, message-reader.ts, and held-connection.ts for the next upstream.
import type { Duplex } from 'node:stream'
import { code } from '@holdfast/close-codes'
import type {
  Clock,
  Direction,
  HoldOptions,
  HoldResult,
  LetGo,
  MonotonicMs,
  RestoredBy,
} from '../core/index.ts'
import {
  controlFrame,
  type FrameReader,
  MessageReader,
  messageFrame,
  opcode,
  type PackedMessageReader,
} from '../wire/index.ts'
import { DeliveryTracker, type PackedConfirmed } from './delivery-tracker.ts'
import { FreshStart, type PackedFreshStart } from './fresh-start.ts'
import { type PackedPending, PendingBuffer } from './pending-buffer.ts'
import { type Objections, type PackedProof, Proof, type RestoringDeps } from './proof.ts'
import type { Replay, ReplayModule } from './replay/index.ts'
import { ReplayPace } from './replay-pace.ts'

export type Redialled =
  /** `restored`: whether the upstream says that it has restored the client's session; undefined: it says nothing. */
  { ok: true; stream: Duplex; restored?: boolean | undefined } | { ok: false; result: 'refused' | 'too-late' }

/** What a connection on a route with `hold` can bear. */
export interface Holdable extends Objections {
  /** What of the upstream's is answered by holding. */
  on: readonly (number | 'lost')[]
  /** Whether it is to be found out if an upstream stops that closes as one does that stops. */
  stopping: boolean
  /** Whether the client's message that is under way can be sent again, whole. */
  resendable: boolean
  /** Whether the client has got a part of a message whose rest can now never come. */
  partlyTold: boolean
}

/** A side of the connection, as far as a hold touches it. */
interface HeldSide {
  readonly reader: Pick<
    FrameReader,
    'messages' | 'completed' | 'unfinished' | 'midMessage' | 'betweenMessages' | 'stopped' | 'tellMessageEnd'
  >
  attach(stream: Duplex): void
  write(bytes: Buffer): void
  /** It has to answer what was just written some time. */
  expectAnswer(): void
  say(frame: Buffer): void
  block(): void
  unblock(): void
}

/** What a hold asks of the connection that it belongs to. */
export interface HoldHost {
  readonly state: string
  readonly client: HeldSide
  readonly upstream: HeldSide
  /** The delay, in milliseconds, for a `retry=` of the gateway's own. */
  retry(): number
  /** Does something of which a fault ends this connection, and no other. */
  enter(work: () => void): void
  fault(error: unknown): void
  /** Tells an upstream that it is not wanted after all, and lets go of it. */
  dismiss(upstream: Duplex): void
  step(
    event:
      | { type: 'drain-ping' | 'quiet' | 'attached' }
      | { type: 'judged'; stops: boolean }
      | {
          type: 'happened'
          cause:
            | { what: 'upstream-not-back' | 'session-not-restored'; retry: number }
            | { what: 'upstream-silent' }
        },
  ): void
}

/** What a Pipe is given to hold its client. */
export interface HoldDeps extends RestoringDeps {
  options: HoldOptions
  replay?: ReplayModule
  /** Whether the route still holds its clients. */
  mayHold: () => boolean
  /** Whether a Close that may say that the upstream stops is taken for its word only when it is found not to. */
  judges: () => boolean
  /** Whether the upstream that has just closed stops; false, too, when the signal fires. */
  stops: (signal: AbortSignal) => Promise<boolean>
  /** Finds the next upstream within so many milliseconds; `departed` is the code that the last one went with. */
  redial: (departed: number, within: number, signal: AbortSignal) => Promise<Redialled>
  /** It has lost its upstream, which went with this code; 1006: without a Close. */
  onHeld: (departed: number) => void
  /** The client is without a restored session; the result is called once, when it has one, or has ended. */
  onAway: () => () => void
  /** Calls when what it has said may follow: when others of the route are back, or soon. The result calls it off. */
  whenOthersBack: (then: () => void) => () => void
  /** While held, the connection comes from another process (1) or goes to one (-1). */
  onCarried: (by: 1 | -1) => void
  /** The session was restored, and the connection goes on with its next upstream. */
  onReattached: (by: RestoredBy) => void
  /** `ms` is the time without an upstream. */
  onHoldEnded: (result: HoldResult, ms: number) => void
  /** A client was let go at once in place of a hold. */
  onLetGo: (why: LetGo, departed: number) => void
  /** Messages that an upstream may not have read, or of which it sent only a part. */
  onLost: (direction: Direction, messages: number) => void
  /** The client compresses with a context that the next upstream does not have, though it agreed not to. */
  onContextKept: () => void
}

/** What @holdfast/restart puts into the Ping that asks for silence; a test holds the two together. */
export const drainPayload = Buffer.from('holdfast:drain')

const nothing = Buffer.alloc(0)

/**
 * Milliseconds in which the next upstream has to say that it restores sessions, where none ever has: so much later than
 * without a gateway a client is back that has to come by itself.
 */
const firstMomentMs = 250

/** An upstream that lets go of its client within so many milliseconds is no better than none. */
const stays = 1000
/** Milliseconds before the attempt after such a one; twice as long each time after one that said nothing at all. */
const firstPause = 50
const longestPause = 1000

/** A Hold's state as data that JSON can carry. */
export interface PackedHold {
  kept: PackedPending
  confirmed: PackedConfirmed
  /** Milliseconds without an upstream so far, while there is none. */
  heldFor: number
  departed: number
  /** In base64. */
  ping?: string
  restOwed: boolean
  reattached: boolean
  proof: PackedProof
  replay?: unknown
  freshStart?: PackedFreshStart
  fromClient?: PackedMessageReader
  fromUpstream?: PackedMessageReader
}

export class Hold {
  readonly #pipe: HoldHost
  readonly #deps: HoldDeps
  readonly #clock: Clock
  readonly #kept: PendingBuffer
  readonly #confirmed = new DeliveryTracker()
  /** Payload of the client's last Ping, until the upstream has answered it. */
  #ping: Buffer | undefined
  /** Since when the client has had no upstream, or none that stayed. */
  #heldAt: MonotonicMs = 0
  #attachedAt: MonotonicMs = Number.NEGATIVE_INFINITY
  /** Milliseconds to wait before the next attempt. */
  #pause = 0
  /** The code with which the last upstream went. */
  #departed = 0
  #search: AbortController | undefined
  /** While it is found out whether the upstream stops. */
  #judging: AbortController | undefined
  #next: Duplex | undefined
  #refusal: 'refused' | 'too-late' | 'not-restored' | undefined
  readonly #proof: Proof
  #momentTimer: unknown
  /** To be called when the session is restored, or the connection has ended. */
  #isBack: (() => void) | undefined
  /** While the session is restored, and what was kept waits for others: calls that off. */
  #waitsForOthers: (() => void) | undefined
  /** Who has restored the session, as long as `resume` has not acted on it. */
  #restoredBy: RestoredBy | undefined
  #replay: Replay | undefined
  readonly #pace: ReplayPace
  /** The replay module waits for a word of the new upstream before it says the rest. */
  #restOwed = false
  /** It has been told the rest, and has yet to answer. */
  #restTold = false
  #restTimer: unknown
  #fromClient: MessageReader | undefined
  #fromUpstream: MessageReader | undefined
  #reattached = false
  /** Whether permessage-deflate is agreed, and nothing else. */
  readonly #compressed: boolean
  /** Behind a re-attachment, until the client has shown that it starts afresh. */
  #freshStart: FreshStart | undefined

  constructor(pipe: HoldHost, deps: HoldDeps, clock: Clock, compressed: boolean, packed?: PackedHold) {
    this.#pipe = pipe
    this.#deps = deps
    this.#compressed = compressed
    this.#clock = clock
    this.#kept = new PendingBuffer(deps.options.buffer)
    this.#pace = new ReplayPace({
      clock,
      say: (message) => pipe.upstream.write(messageFrame(message, true)),
      heard: () => pipe.upstream.reader.messages,
      onSaid: () => this.#tellRest(),
    })
    this.#proof = new Proof(deps.options.state, () => this.#replay, deps, clock)
    const create = () => {
      this.#replay = deps.replay?.create(packed?.replay)
    }
    // A connection of another process is refused when that fails, and goes on where it was.
    if (packed) create()
    else pipe.enter(create)
    this.#follow()
  }

  get options(): HoldOptions {
    return this.#deps.options
  }

  /** What `next` in connection.ts needs to know; undefined: when its upstream goes, so does the client. */
  get holdable(): Holdable | undefined {
    if (!this.#deps.mayHold() || this.#replay?.holds?.() === false) return undefined
    const { upstream } = this.#pipe
    const partlyTold = this.#fromUpstream ? this.#fromUpstream.passing : upstream.reader.unfinished > 0
    const objections = this.#proof.objections(this.#upstreamSpoke)
    const stopping = this.#deps.judges()
    return { on: this.#deps.options.on, stopping, resendable: !this.#kept.tooLong, partlyTold, ...objections }
  }

  get #upstreamSpoke(): boolean {
    return this.#pipe.upstream.reader.messages > 0
  }

  /** Whether the client's bytes are kept instead of handed on. */
  get keeps(): boolean {
    return this.#kept.keeps
  }

  /** The client's bytes: on to the upstream, or kept for the next one. */
  fromClient(bytes: Buffer): void {
    if (this.#kept.keeps) {
      if (this.#kept.add(bytes) >= this.#deps.options.buffer) this.#pipe.client.block()
      return
    }
    this.#kept.handOn(bytes)
    if (this.#freshStart) this.#readAfresh(this.#freshStart, bytes)
    else this.#pipe.upstream.write(bytes)
    this.#fromClient?.read(bytes, {
      onWhole: (message) => this.#replay?.onClient(message),
      onPassing: () => this.#replay?.onUnread?.('client'),
    })
    this.#followOn()
  }

  #readAfresh(freshStart: FreshStart, bytes: Buffer): void {
    const { upstream } = this.#pipe
    const reads = freshStart.read(bytes, (judged) => upstream.write(judged))
    if (freshStart.over) this.#freshStart = undefined
    if (reads) return
    this.#kept.keep()
    this.#deps.onContextKept()
    this.#notBack()
  }

  #notBack(): void {
    const cause = { what: 'upstream-not-back', retry: this.#pipe.retry() } as const
    this.#pipe.step({ type: 'happened', cause })
  }

  /** The upstream's bytes: on to the client, unless the replay module keeps a message from it. */
  fromUpstream(bytes: Buffer): void {
    this.#toClient(bytes)
    this.#pace.onHeard()
  }

  #toClient(bytes: Buffer): void {
    const { client } = this.#pipe
    if (!this.#fromUpstream) return client.write(bytes)
    this.#fromUpstream.read(bytes, {
      onWhole: (message, frames) => {
        const instead = this.#reattached && this.#replay?.swallow(message)
        if (instead === false || instead === undefined) {
          this.#replay?.onUpstream(message)
          client.write(frames)
        } else if (instead !== true) {
          for (const other of instead) client.write(messageFrame(other, false))
        }
        if (instead !== undefined && instead !== false && !this.#restores) return this.#giveUp()
        this.#tellRest()
      },
      onPassing: (passing) => {
        this.#replay?.onUnread?.('upstream')
        client.write(passing)
      },
    })
    this.#followOn()
  }

  /** Reads the conversation no further when the module wants no more of it. */
  #followOn(): void {
    if (!this.#replay?.over?.()) return
    this.#fromClient = undefined
    const rest = this.#fromUpstream ? this.#fromUpstream.unfinished : nothing
    if (!rest) return
    this.#fromUpstream = undefined
    if (rest.length > 0) this.#pipe.client.write(rest)
  }

  /** Called when what one read of the client brought has been handed on. */
  afterRead(): void {
    if (this.#kept.keeps) return
    this.#takeStock()
    if (this.#pipe.client.reader.betweenMessages) this.#mark()
  }

  /** Called when the first bytes of a message follow that one read of the client does not complete. */
  onUnfinished(): void {
    this.#mark()
  }

  /** Asks the upstream whether it has read all messages; the place must be behind the last of them. */
  #mark(): void {
    if (this.#kept.keeps) return
    this.#confirmed.sent = this.#pipe.client.reader.completed
    const mark = this.#confirmed.mark()
    if (!mark) return
    this.#pipe.upstream.write(mark)
    this.#pipe.upstream.expectAnswer()
  }

  #takeStock(): void {
    const { completed, unfinished } = this.#pipe.client.reader
    this.#confirmed.sent = completed
    this.#kept.takeStock(unfinished)
  }

  /** A control frame that is not to be handed on; true when it was dealt with. */
  control(from: 'client' | 'upstream', op: number, payload: Buffer): boolean {
    if (from === 'client') {
      if (op === opcode.ping) this.#ping = payload
      if (this.#kept.keeps) this.#answerPing()
      return this.#kept.keeps
    }
    if (op === opcode.ping && payload.equals(drainPayload) && this.holdable?.unproven === false) {
      this.#proof.ask()
      this.#pipe.step({ type: 'drain-ping' })
      return true
    }
    if (op !== opcode.pong) return false
    if (this.#ping?.equals(payload)) this.#ping = undefined
    return this.#confirmed.heard(payload)
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
    if (this.#kept.keeps) this.#pipe.step({ type: 'quiet' })
    else if (client.reader.midMessage) client.reader.tellMessageEnd()
    else this.onMessageEnd()
  }

  onMessageEnd(): void {
    // The upstream may have gone, and the next one come, before the message ended.
    if (this.#pipe.state !== 'leaving' || this.#kept.keeps) return
    this.#takeStock()
    this.#mark()
    this.#kept.keep()
    this.#pipe.step({ type: 'quiet' })
  }

  /** Tells an upstream that asked for silence that it has got everything: it has read what is before this. */
  answerDrain(): void {
    this.#pipe.upstream.say(controlFrame(opcode.pong, drainPayload, true))
  }

  /** The upstream has closed, and may stop: until that is known, what the client sends is kept. */
  judge(): void {
    if (!this.#kept.keeps) this.#takeStock()
    this.#restDone()
    this.#kept.keep()
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
    if (!this.#kept.keeps) this.#takeStock()
    // The answer to our Close: what stood before that has been read, and RFC 6455 5.5.2 spares it the last Pong. A Close
    // after a drain Ping proves nothing: the upstream may have given up waiting for the Pong.
    const answers = departed === code.goingAway && !this.#judging
    if (answers && this.#pipe.upstream.reader.stopped) this.#confirmed.all()
    this.#restDone()
    this.countLost()
    this.#freshStart = undefined
    this.#kept.keep()
    this.#answerPing()
    this.#judge(this.#upstreamSpoke)
    this.#proof.departed(this.#upstreamSpoke, departed === code.abnormalClosure)
    this.#departed = departed
    this.#deps.onHeld(departed)
    this.#isBack ??= this.#deps.onAway()
    this.#lookForUpstream()
    this.#waitForMoment()
  }

  /** A client of which nobody knows anything is held for long only if it is the one that asks. */
  #waitForMoment(): void {
    const over = () => {
      if (this.#search && this.#proof.idle) this.#notRestored()
    }
    this.#momentTimer = this.#clock.setTimeout(over, firstMomentMs)
  }

  /** Milliseconds since the hold began. */
  get heldForMs(): number {
    return this.#clock.now() - this.#heldAt
  }

  /** What the last upstream was worth: whether the hold begins now or goes on, and when the next attempt is. */
  #judge(spoke: boolean): void {
    const now = this.#clock.now()
    if (now - this.#attachedAt >= stays) {
      this.#heldAt = now
      this.#pause = 0
    } else {
      this.#pause = spoke ? firstPause : Math.min(longestPause, this.#pause * 2 || firstPause)
    }
  }

  #lookForUpstream(): void {
    const search = new AbortController()
    this.#search = search
    const { signal } = search
    const left = () => Math.max(0, this.#deps.options.for - (this.#clock.now() - this.#heldAt))
    const redial = () => {
      this.#deps
        .redial(this.#departed, left(), signal)
        .then((found) => this.#found(found, signal))
        .catch((error) => this.#pipe.fault(error))
    }
    if (this.#pause === 0) return redial()
    const inTime = this.#pause < left()
    const then = () => (inTime ? redial() : this.#found({ ok: false, result: 'too-late' }, signal))
    const timer = this.#clock.setTimeout(then, Math.min(this.#pause, left()))
    signal.addEventListener('abort', () => this.#clock.clearTimeout(timer))
  }

  /** Counts the messages that went to the upstream and were not confirmed, and one from it that broke off. */
  countLost(): void {
    this.#judging = undefined
    const { reader } = this.#pipe.upstream
    const lost = this.#confirmed.takeLost()
    if (lost > 0) this.#deps.onLost('to-upstream', lost)
    if (reader.midMessage) this.#deps.onLost('to-client', 1)
  }

  #found(found: Redialled, signal: AbortSignal): void {
    if (signal.aborted) {
      if (found.ok) found.stream.destroy()
      return
    }
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
    const stream = this.#next!
    this.#next = undefined
    this.#search = undefined
    this.#clock.clearTimeout(this.#momentTimer)
    this.#attachedAt = this.#clock.now()
    const by = this.#restoredBy!
    this.#proof.asked()
    this.#deps.onReattached(by)
    this.#deps.onHoldEnded('attached', this.#attachedAt - this.#heldAt)
    this.#reattached = true
    if (this.#compressed) this.#freshStart = new FreshStart()
    this.#follow()
    upstream.attach(stream)
    client.unblock()
    stream.cork()
    try {
      // Who has restored the session itself would hear all of it twice.
      if (by !== 'replay') return this.#restored()
      for (const message of this.#replay?.answer?.() ?? []) client.write(messageFrame(message, false))
      this.#oweRest()
      this.#pace.begin(this.#replay?.replay() ?? [])
    } finally {
      stream.uncork()
    }
  }

  #oweRest(): void {
    this.#restOwed = true
    this.#restTold = false
    // An upstream that never answers what it was told is as good as none.
    const silent = () => this.#pipe.step({ type: 'happened', cause: { what: 'upstream-silent' } })
    this.#restTimer = this.#clock.setTimeout(silent, this.#deps.options.for)
  }

  /** Once the replay module has said everything, and has the answers that it waits for, what was kept follows. */
  #tellRest(): void {
    if (!this.#restOwed || this.#pace.waits || this.#pipe.state !== 'open') return
    const rest = this.#replay?.rest && !this.#restTold ? this.#replay.rest() : []
    if (!this.#restores) return this.#giveUp()
    if (!rest) return
    this.#restTold = true
    for (const message of rest) this.#pipe.upstream.write(messageFrame(message, true))
    if (!(this.#replay?.settled?.() ?? true)) return
    this.#restored()
  }

  /** What was kept follows when others of the route can hear what comes of it. */
  #restored(): void {
    this.#restDone()
    this.#back()
    const release = () => this.#pipe.enter(() => this.release())
    const callOff = this.#deps.whenOthersBack(release)
    if (this.#kept.keeps) this.#waitsForOthers = callOff
  }

  #back(): void {
    this.#isBack?.()
    this.#isBack = undefined
  }

  get #restores(): boolean {
    return this.#replay?.restores?.() ?? true
  }

  /** The module has met what it does not know while it set the session up again. */
  #giveUp(): void {
    this.#deps.onLetGo('not-restored', this.#departed)
    this.#notRestored()
  }

  #restDone(): void {
    this.#restOwed = false
    this.#waitsForOthers?.()
    this.#waitsForOthers = undefined
    this.#pace.stop()
    this.#clock.clearTimeout(this.#restTimer)
  }

  /** Hands on what was kept. */
  release(): void {
    this.#restDone()
    const { client } = this.#pipe
    const kept = this.#kept.release()
    client.unblock()
    const whole = kept.length - client.reader.unfinished
    if (whole > 0) this.fromClient(kept.subarray(0, whole))
    this.#mark()
    if (whole < kept.length) this.fromClient(kept.subarray(whole))
    this.afterRead()
  }

  /** The connection ends: the search does, too, and what was kept is lost. */
  end(clientLeft: boolean): void {
    this.#restDone()
    this.#back()
    this.#clock.clearTimeout(this.#momentTimer)
    this.#proof.asked()
    if (this.#search) {
      this.#search.abort()
      this.#search = undefined
      const result = this.#refusal ?? (clientLeft ? 'abandoned' : 'ended')
      this.#deps.onHoldEnded(result, this.#clock.now() - this.#heldAt)
    }
    if (!this.#kept.keeps) return
    const { client } = this.#pipe
    // What a client sends after its upstream's Close is lost without a gateway, too.
    if (this.#judging) this.#confirmed.sent = client.reader.completed
    this.#judging?.abort()
    const unsent = client.reader.completed - this.#confirmed.sent
    if (unsent > 0) this.#deps.onLost('to-upstream', unsent)
    this.#kept.discard()
    // Its answer to the Close stands behind what it sent before.
    client.unblock()
  }

  /** Whether it could be taken to another process now: not while it is in the middle of what is said again. */
  get isMovable(): boolean {
    return !this.#pace.waits && !this.#waitsForOthers
  }

  /** What its replay module knows. */
  get replay(): Replay | undefined {
    return this.#replay
  }

  /** The connection goes to another process: the search for an upstream, if one is under way, ends here. */
  leave(): void {
    if (this.#search) this.#deps.onCarried(-1)
    this.#search?.abort()
    this.#search = undefined
    this.#back()
    this.#proof.asked()
    this.#clock.clearTimeout(this.#restTimer)
    this.#clock.clearTimeout(this.#momentTimer)
  }

  /** The state as data that JSON can carry. */
  pack(): PackedHold {
    return {
      kept: this.#kept.pack(),
      confirmed: this.#confirmed.pack(),
      heldFor: this.#clock.now() - this.#heldAt,
      departed: this.#departed,
      ping: this.#ping?.toString('base64'),
      restOwed: this.#restOwed,
      reattached: this.#reattached,
      proof: this.#proof.pack(),
      replay: this.#replay?.save?.(),
      freshStart: this.#freshStart?.pack(),
      fromClient: this.#fromClient?.pack(),
      fromUpstream: this.#fromUpstream?.pack(),
    }
  }

  unpack(packed: PackedHold): void {
    this.#kept.unpack(packed.kept)
    this.#confirmed.unpack(packed.confirmed)
    this.#heldAt = this.#clock.now() - packed.heldFor
    this.#departed = packed.departed
    if (packed.ping !== undefined) this.#ping = Buffer.from(packed.ping, 'base64')
    this.#reattached = packed.reattached
    this.#proof.unpack(packed.proof)
    if (!packed.fromClient) this.#fromClient = undefined
    if (!packed.fromUpstream) this.#fromUpstream = undefined
    if (packed.freshStart) {
      this.#freshStart = new FreshStart()
      this.#freshStart.unpack(packed.freshStart)
    }
    if (packed.fromClient) this.#fromClient?.unpack(packed.fromClient)
    if (packed.fromUpstream) this.#fromUpstream?.unpack(packed.fromUpstream)
    if (packed.restOwed) {
      this.#isBack ??= this.#deps.onAway()
      this.#oweRest()
    }
  }

  /** Looks on for an upstream, with the time that is left. */
  searchOn(): void {
    this.#deps.onCarried(1)
    this.#isBack ??= this.#deps.onAway()
    this.#proof.ask()
    this.#lookForUpstream()
    this.#waitForMoment()
  }

  /** Each upstream's conversation is read from its first frame on. */
  #follow(): void {
    if (!this.#replay || this.#replay.over?.()) return
    const { buffer } = this.#deps.options
    this.#fromClient = new MessageReader(buffer)
    if (this.#deps.replay?.needsUpstream !== false) this.#fromUpstream = new MessageReader(buffer)
  }
}
