// The upstream's side of a session: what the Pipe has for the client is kept, and sent as far as its connection takes it; behind
// it the Close, for which there is a limit. Next: outgoing.ts, client-link.ts.
import { controlFrame, opcode } from '../wire/index.ts'
import type { ClientLink } from './client-link.ts'
import type { OutgoingSink } from './outgoing.ts'
import { plainMessage } from './plain-message.ts'
import type { SessionParts, UpstreamSide } from './session-parts.ts'
import type { SessionEnds } from './session-stream.ts'

export class ToClient implements UpstreamSide, SessionEnds, OutgoingSink {
  readonly #core: SessionParts
  #pumping = false
  #partTimer: unknown

  constructor(core: SessionParts) {
    this.#core = core
  }

  // SessionEnds

  onFrames(bytes: Buffer): boolean {
    const core = this.#core
    // Nobody will come back for it.
    if (!core.link && core.state.name === 'over') return true
    try {
      core.outgoing.take(bytes, this)
    } catch (error) {
      core.fault(error)
    }
    return this.#takesMore
  }

  onFramesEnd(): void {
    const core = this.#core
    this.pump()
    if (core.state.name === 'parked') core.enter(() => core.grown())
  }

  onRoom(): void {
    this.#core.fromClient.onRoom()
  }

  /** Nothing more comes from the Pipe: it has said Close, and has the answer or its time is over; or it was cut. */
  onPipeEnded(): void {
    this.#core.enter(() => this.#endPipe())
  }

  #endPipe(): void {
    const core = this.#core
    if (core.pipeOver) return
    core.pipeOver = true
    core.step({ type: core.close ? 'ended' : 'lost' })
    // Nobody gets it; but the client's Close may be among it.
    if (core.link) core.fromClient.takeBacklog(core.link, true)
    this.pump()
    if (core.link && !this.#isParting) this.#limitParting()
  }

  // OutgoingSink

  onUpstreamControl(op: number, payload: Buffer, frame: Buffer): void {
    const core = this.#core
    if (op === opcode.close) {
      core.close = frame
      return core.step({ type: 'close-said' })
    }
    // Who is about to give it away asks the session itself, and not its client.
    if (op === opcode.ping && (!core.link || core.holdsBack))
      return core.answer(controlFrame(opcode.pong, payload, true))
    if (op === opcode.ping) core.pingOwed = payload
    core.link?.sayFrame(frame)
  }

  /** Whether the Pipe may go on. A client that has closed acknowledges nothing, and its upstream's Close is still to come. */
  get #takesMore(): boolean {
    const { close, outgoing, options, state } = this.#core
    if (close || state.name === 'over') return true
    return outgoing.hasRoom || (state.name === 'closing' && outgoing.bytes <= 4 * options.window)
  }

  makeRoom(): void {
    const { stream } = this.#core
    if (stream.writableNeedDrain && this.#takesMore) stream.drained()
  }

  // What the client is sent.

  pump(): void {
    const core = this.#core
    const { link } = core
    if (!link || this.#pumping) return
    this.#pumping = true
    link.begin()
    try {
      if (core.received.isOwed) this.acknowledge(link)
      this.#send(link)
    } catch (error) {
      core.fault(error)
    }
    this.#pumping = false
    link.flush()
    // Of a client that breaks RFC 6455 nothing more is read, also no echo.
    if (link.incoming.refused && link.closeSent && core.pipeOver)
      core.step({ type: 'client-closed', stays: false })
    if (link === core.link && this.#isParting) this.#part(link)
  }

  acknowledge(link: ClientLink): void {
    link.say({ type: 'ack', received: this.#core.received.say() })
  }

  #send(link: ClientLink): void {
    const core = this.#core
    const { outgoing } = core
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
      if (!core.close || outgoing.place === 'inside a frame' || !outgoing.isSent) return
      link.closeSent = true
      link.write(core.close)
      if (core.pipeOver) this.#limitParting()
    }
  }

  // Parting.

  /** What the client is still owed has its time, and so has its answer to the Close. */
  #limitParting(): void {
    const core = this.#core
    this.waitNoLonger()
    this.#partTimer = core.options.clock.setTimeout(() => {
      const { link } = core
      if (link) core.enter(() => core.fromClient.onClose(link))
    }, core.options.closeTimeoutMs)
  }

  waitNoLonger(): void {
    this.#core.options.clock.clearTimeout(this.#partTimer)
  }

  /** Whether the client has been told all, and nobody waits for its answer. */
  get #isParting(): boolean {
    const { link, pipeOver, state } = this.#core
    return link?.closeSent === true && pipeOver && state.name === 'over'
  }

  #part(link: ClientLink): void {
    this.waitNoLonger()
    this.#core.link = undefined
    link.end(undefined, this.#core.options.clock)
  }
}
