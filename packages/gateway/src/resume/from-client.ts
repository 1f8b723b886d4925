// The client's side of a session: what its connection of the moment brings is counted, answered, or handed to the Pipe.
// Next: client-link.ts, incoming.ts, backlog.ts.
import { code } from '@holdfast/close-codes'
import { controlFrame, opcode, type Wire } from '../wire/index.ts'
import type { ClientLink, LinkEvents } from './client-link.ts'
import type { ClientSays } from './control-message.ts'
import type { IncomingSink } from './incoming.ts'
import { Passing, passTogether } from './passing.ts'
import type { ClientSide, SessionParts } from './session-parts.ts'

export class FromClient implements ClientSide, LinkEvents, IncomingSink {
  readonly #core: SessionParts

  constructor(core: SessionParts) {
    this.#core = core
  }

  // LinkEvents

  enter(work: () => void): void {
    this.#core.enter(work)
  }

  onPieces(link: ClientLink, pieces: readonly Buffer[]): Wire | undefined {
    const core = this.#core
    if (link !== core.link) return undefined
    const { toClient } = core
    const passing = new Passing(core.stream)
    core.passing = passing
    link.heard = true
    core.heard()
    const { saidBye } = link
    const isHeldUp = (core.stream.isFull || core.holdsBack) && !core.pipeOver
    try {
      const sink = isHeldUp ? link.backlogFor(this) : this
      for (const piece of pieces) link.incoming.read(piece, sink)
      link.spoke ||= link.incoming.isInMessage
      passing.pass()
      link.incoming.giveBack(passing.holder === undefined)
      core.passing = undefined
      if (isHeldUp) this.#holdUp(link, link.saidBye && !saidBye)
      this.#oweAck()
      if (link.hasDue || !core.outgoing.isSent || core.close) toClient.pump()
    } catch (error) {
      core.passing = undefined
      link.incoming.giveBack(false)
      core.fault(error)
    }
    return passing.holder
  }

  onDrain(link: ClientLink): void {
    link.heard = true
    if (link === this.#core.link) this.#core.toClient.pump()
  }

  /** A client that sent its Close and then ended its half can still be told the answer. */
  onEndOfInput(link: ClientLink): void {
    const { name } = this.#core.state
    if (name === 'closing' || name === 'over') return
    if (link.backlog && !link.backlog.isEmpty) link.backlog.isLast = true
    else this.onClose(link)
  }

  onClose(link: ClientLink): void {
    const left = link.saidBye
    if (left) this.takeBacklog(link, true)
    if (link !== this.#core.link) return
    this.#core.giveUpLink(undefined)
    this.#core.step({ type: left ? 'client-left' : 'broken' })
  }

  // What waits while the upstream takes nothing.

  /** The upstream takes nothing for now. A last word is taken all the same: behind it the client sends no more. */
  #holdUp(link: ClientLink, saysBye: boolean): void {
    if (saysBye || link.backlog?.closes) this.takeBacklog(link, true)
    if (link.backlog?.isFull(this.#core.options.window)) link.pause()
  }

  takeBacklog(link: ClientLink, all: boolean): void {
    const core = this.#core
    const { backlog } = link
    core.passing?.pass()
    while (backlog && !backlog.isEmpty && link === core.link && (all || !core.stream.isFull))
      passTogether(core, () => backlog.takeNext(this))
    this.#oweAck()
  }

  onRoom(): void {
    const core = this.#core
    const { link } = core
    if (!link || core.holdsBack || core.isLeaving) return
    core.enter(() => {
      this.takeBacklog(link, false)
      if (link !== core.link || link.backlog?.isFull(core.options.window)) return
      link.resume()
      if (link.backlog?.isLast && link.backlog.isEmpty) this.onClose(link)
    })
  }

  // IncomingSink

  onMessages(count: number, payload: number, frames: readonly Buffer[]): void {
    const core = this.#core
    // The upstream is gone: what comes now does not arrive, and is not counted.
    if (core.state.name !== 'connected') return
    core.received.add(count, payload)
    if (core.link) core.link.spoke = true
    for (const frame of frames) core.push(frame)
  }

  onControlMessage(says: ClientSays | 'malformed'): void {
    const { link } = this.#core
    if (says === 'malformed') return this.#core.step({ type: 'miscounted' })
    if (link) link.spoke = true
    switch (says.type) {
      case 'ack':
        return this.#onAck(says.received)
      case 'ping':
        return link?.say({ type: 'pong', id: says.id })
      case 'bye':
        if (link) link.saidBye = true
    }
  }

  #onAck(received: number): void {
    const core = this.#core
    const before = core.outgoing.acknowledged
    if (!core.outgoing.acknowledge(received, core.link?.isIdle === true))
      return core.step({ type: 'miscounted' })
    core.untold = undefined
    core.used()
    if (core.outgoing.acknowledged > before) core.watch.acknowledged()
    core.toClient.makeRoom()
  }

  onControlFrame(op: number, payload: Buffer, frame: Buffer): void {
    const core = this.#core
    if (op === opcode.close) return this.#onClientClose(payload, frame)
    if (op === opcode.pong && core.watch.isAnswer(payload)) return
    if (op === opcode.pong) core.pingOwed = undefined
    if (!core.pipeOver) core.push(frame)
    else if (op === opcode.ping) core.link?.sayFrame(controlFrame(opcode.pong, payload, false))
  }

  onRefused(bytes: Buffer): void {
    if (this.#core.state.name === 'connected') this.#core.push(bytes)
  }

  #onClientClose(payload: Buffer, frame: Buffer): void {
    const core = this.#core
    core.clientClose = Buffer.from(frame)
    const said = payload.length >= 2 ? payload.readUInt16BE(0) : undefined
    // PROTOCOL.md 8: "A Close with 1001 without `bye` [...] parks the session".
    core.step({ type: 'client-closed', stays: said === code.goingAway && !core.link?.saidBye })
  }

  #oweAck(): void {
    const core = this.#core
    const { received } = core
    if (!received.isDue) return
    if (!received.isOwed) core.owesAck()
    received.isOwed = true
    if (received.isUrgent) core.toClient.pump()
  }
}
