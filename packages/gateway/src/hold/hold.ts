// What becomes of a connection on a route with `hold` when its upstream goes: the events of that, in the order in which they
// come. Next: client-bytes.ts, absence.ts, conversation.ts.

import { code } from '@holdfast/close-codes'
import type { Clock, HoldOptions, LetGo } from '../core/index.ts'
import { controlFrame, opcode } from '../wire/index.ts'
import { Absence } from './absence.ts'
import { ClientBytes } from './client-bytes.ts'
import { Conversation } from './conversation.ts'
import type { Holdable, HoldDeps, HoldHost, PackedHold } from './hold-host.ts'
import type { Replay } from './replay/index.ts'

/** What @holdfast/restart puts into the Ping that asks for silence; a test holds the two together. */
export const drainPayload = Buffer.from('holdfast:drain')

export class Hold {
  readonly #pipe: HoldHost
  readonly #deps: HoldDeps
  /** What the client says, on its way to the upstream. */
  readonly clientBytes: ClientBytes
  /** Payload of the client's last Ping, until the upstream has answered it. */
  #ping: Buffer | undefined
  readonly #conversation: Conversation
  readonly #absence: Absence
  /** While it is found out whether the upstream stops. */
  #judging: AbortController | undefined
  /** While the session is restored, and what was kept waits for others: calls that off. */
  #waitsForOthers: (() => void) | undefined
  /** Whether permessage-deflate is agreed, and nothing else. */
  readonly #compressed: boolean

  constructor(pipe: HoldHost, deps: HoldDeps, clock: Clock, compressed: boolean, packed?: PackedHold) {
    this.#pipe = pipe
    this.#deps = deps
    this.#compressed = compressed
    this.#absence = new Absence(pipe, deps, clock, () => this.replay)
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
      onNotRestored: () => this.#absence.giveUp(),
      onSilent: () => pipe.step({ type: 'happened', cause: { what: 'upstream-silent' } }),
    })
    this.clientBytes = new ClientBytes(pipe, deps, clock, this.#conversation, this.#absence)
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
    const stopping = this.#deps.judges()
    return {
      on: this.#deps.options.on,
      stopping,
      resendable: this.clientBytes.resendable,
      partlyTold,
      ...this.#absence.objections,
    }
  }

  /** How many of the client's messages an upstream has read for certain. */
  get confirmed(): number {
    return this.clientBytes.marks.tracker.confirmed
  }

  /** Whether the client's bytes are kept instead of handed on. */
  get keeps(): boolean {
    return this.clientBytes.keeps
  }

  /** The upstream's bytes: on to the client, unless the replay module keeps a message from it. */
  fromUpstream(bytes: Buffer): void {
    if (this.#deps.replay) this.#conversation.fromUpstream(bytes)
    else this.#pipe.client.write(bytes)
  }

  /** A control frame that is not to be handed on; true when it was dealt with. */
  control(from: 'client' | 'upstream', op: number, payload: Buffer): boolean {
    if (from === 'client') {
      if (op === opcode.ping) this.#ping = payload
      if (this.keeps) this.#answerPing()
      return this.keeps
    }
    if (op === opcode.ping && payload.equals(drainPayload) && this.holdable?.unproven === false) {
      this.#absence.announced()
      this.#pipe.step({ type: 'drain-ping' })
      return true
    }
    if (op !== opcode.pong) return false
    if (this.#ping?.equals(payload)) this.#ping = undefined
    return this.clientBytes.marks.heard(payload)
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
    if (this.keeps) this.#pipe.step({ type: 'quiet' })
    else if (client.reader.midMessage) client.reader.tellMessageEnd()
    else this.onMessageEnd()
  }

  onMessageEnd(): void {
    // The upstream may have gone, and the next one come, before the message ended.
    if (this.#pipe.state !== 'leaving' || this.keeps) return
    this.clientBytes.marks.mark()
    this.clientBytes.keep()
    this.#pipe.step({ type: 'quiet' })
  }

  /** Tells an upstream that asked for silence that it has got everything: it has read what is before this. */
  answerDrain(): void {
    this.#pipe.upstream.say(controlFrame(opcode.pong, drainPayload, true))
  }

  /** The upstream has closed, and may stop: until that is known, what the client sends is kept. */
  judge(): void {
    this.clientBytes.marks.count()
    this.#restDone()
    this.clientBytes.keep()
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
    this.clientBytes.marks.count()
    // The answer to our Close: what stood before that has been read, and RFC 6455 5.5.2 spares it the last Pong. A Close
    // after a drain Ping proves nothing: the upstream may have given up waiting for the Pong.
    const answers = departed === code.goingAway && !this.#judging
    if (answers && this.#pipe.upstream.reader.stopped) this.clientBytes.marks.tracker.all()
    this.#restDone()
    this.countLost()
    this.clientBytes.upstreamGone()
    this.#answerPing()
    this.#absence.begin(departed)
  }

  /** Milliseconds since the hold began. */
  get heldForMs(): number {
    return this.#absence.heldForMs
  }

  /** Counts the messages that went to the upstream and were not confirmed, and one from it that broke off. */
  countLost(): void {
    this.#judging = undefined
    this.clientBytes.marks.count()
    const { reader } = this.#pipe.upstream
    const lost = this.clientBytes.marks.tracker.takeLost()
    if (lost > 0) this.#deps.onLost('to-upstream', lost)
    if (reader.midMessage) this.#deps.onLost('to-client', 1)
  }

  /** The client was let go at once, where others are held. */
  letGo(why: LetGo, departed: number): void {
    this.#deps.onLetGo(why, departed)
  }

  /** The next upstream is there: it gets what the replay module says, then what was kept. */
  resume(): void {
    const { client, upstream } = this.#pipe
    const { stream, by } = this.#absence.takeNext()
    if (this.#compressed) this.clientBytes.expectFreshStart()
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
    this.#absence.back()
    // One that is to go reads nothing more: what was kept is for the next.
    const release = () => this.#pipe.enter(() => this.#pipe.state === 'open' && this.release())
    const callOff = this.#deps.whenOthersBack(release)
    if (this.keeps) this.#waitsForOthers = callOff
  }

  #restDone(): void {
    this.#waitsForOthers?.()
    this.#waitsForOthers = undefined
    this.#conversation.stop()
  }

  /** Hands on what was kept. */
  release(): void {
    this.#restDone()
    this.clientBytes.release()
  }

  /** The connection ends: the search does, too, and what was kept is lost. */
  end(clientLeft: boolean): void {
    this.#restDone()
    this.#absence.end(clientLeft)
    this.clientBytes.marks.stop()
    if (!this.keeps) return
    const { client } = this.#pipe
    // What a client sends after its upstream's Close is lost without a gateway, too.
    if (this.#judging) this.clientBytes.marks.tracker.sent = client.reader.completed
    this.#judging?.abort()
    const unsent = this.clientBytes.discard()
    if (unsent > 0) this.#deps.onLost('to-upstream', unsent)
    // Its answer to the Close stands behind what it sent before.
    client.unblock()
  }

  /**
   * Whether another gateway could go on with it: its session is restored there as well as here. `unnoticed`: and whether its client would
   * hear nothing if none does: its upstream is between two messages, and has not been lost too often.
   */
  mayLeave(unnoticed: boolean): boolean {
    const { holdable } = this
    if (!holdable || holdable.unproven || !holdable.resendable || !this.#absence.isSure) return false
    return !unnoticed || !(holdable.partlyTold || holdable.tooOften)
  }

  /** Begins the search for the next upstream anew: what it is to find has changed. */
  searchAnew(): void {
    this.#absence.searchAnew()
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
    this.#absence.leave()
    this.#conversation.stopWaiting()
    this.clientBytes.marks.stop()
  }

  /** The state as data that JSON can carry. */
  pack(): PackedHold {
    return {
      ...this.clientBytes.pack(),
      ...this.#absence.pack(),
      ...this.#conversation.pack(),
      ping: this.#ping?.toString('base64'),
    }
  }

  unpack(packed: PackedHold): void {
    this.clientBytes.unpack(packed)
    this.#absence.unpack(packed)
    if (packed.ping !== undefined) this.#ping = Buffer.from(packed.ping, 'base64')
    this.#conversation.unpack(packed)
    if (packed.restOwed) this.#absence.away()
  }

  /** Looks on for an upstream, with the time that is left. */
  searchOn(): void {
    this.#absence.goOn()
  }
}
