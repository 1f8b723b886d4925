// Whether a client that has a connection still takes part in it: one that acknowledges nothing, or that nothing is heard of.
import { randomBytes } from 'node:crypto'
import { beat } from '../connection/index.ts'
import type { MonotonicMs } from '../core/index.ts'
import { controlFrame, opcode } from '../wire/index.ts'
import type { ClientLink } from './client-link.ts'
import type { SessionParts, Watch } from './session-parts.ts'

export class LinkWatch implements Watch {
  readonly #core: SessionParts
  /** Since when the client could have acknowledged something. */
  #owesSince: MonotonicMs | undefined
  /** Payload of the gateway's own Pings. */
  #ping: Buffer | undefined

  constructor(core: SessionParts) {
    this.#core = core
  }

  acknowledged(): void {
    this.#owesSince = undefined
  }

  isAnswer(payload: Buffer): boolean {
    return this.#ping?.equals(payload) === true
  }

  /** Called at every sweep of the keepalive. */
  tick(now: MonotonicMs, link: ClientLink): void {
    this.#watchStall(now)
    if (this.#core.link === link) this.#watchSilence(now, link)
  }

  /** PROTOCOL.md 5: a client that acknowledges nothing, though something was sent, is closed, and its session parked. */
  #watchStall(now: MonotonicMs): void {
    const core = this.#core
    if (core.outgoing.unacknowledged === 0) this.#owesSince = undefined
    else this.#owesSince ??= now
    if (this.#owesSince === undefined || now - this.#owesSince < core.options.stallMs) return
    this.#owesSince = undefined
    core.giveUpLink(core.told({ what: 'client-acknowledges-nothing' }))
    core.step({ type: 'broken' })
  }

  #watchSilence(now: MonotonicMs, link: ClientLink): void {
    const core = this.#core
    const { keepalive } = core.options
    if (link.paused) link.wire.askWhetherReset()
    if (!keepalive || !link.pulse) return
    const unsent = link.wire.writableLength
    const alive = link.heard || unsent < link.unsent
    link.heard = false
    link.unsent = unsent
    const signs = { now, alive, unread: link.paused, tested: link.paused, unasked: false }
    const [pulse, what] = beat(link.pulse, signs, keepalive)
    link.pulse = pulse
    if (what === 'ping') {
      this.#ping ??= randomBytes(8)
      link.sayFrame(controlFrame(opcode.ping, this.#ping, false))
    }
    if (what === 'silent') {
      core.giveUpLink(undefined)
      core.step({ type: 'broken' })
    }
  }
}
