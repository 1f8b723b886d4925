// Whether one side is still there: what has been heard of it, and the Pings that it is asked by. When it is pinged, and when
// its silence means that it is gone, is for keepalive.ts to say. Next: own-frames.ts.
import { randomBytes } from 'node:crypto'
import type { Clock, MonotonicMs } from '../core/index.ts'
import { controlFrame, opcode, type Wire } from '../wire/index.ts'
import type { SideName } from './close-cause.ts'
import { beat, firstPulse, type KeepaliveOptions, type Pulse } from './keepalive.ts'
import type { OwnFrames } from './own-frames.ts'
import type { SideHost } from './side-host.ts'

/** The side that is watched. */
export interface LivenessHost {
  readonly name: SideName
  readonly wire: Wire | undefined
  readonly ownFrames: OwnFrames
  /** Whether anything has come from it since the last sweep, or it has taken what it was sent. */
  heard: boolean
  /** Since when an answer is due to a Ping behind what it was sent; until anything comes. */
  dueSince: MonotonicMs | undefined
  /** Whether its end has begun, or it is about to be taken to another process: nothing is asked of it. */
  readonly rests: boolean
  /** Whether it is not read, because the opposite takes no more. */
  readonly isBlocked: boolean
}

export class Liveness {
  readonly #side: LivenessHost
  readonly #pipe: Pick<SideHost, 'step' | 'unanswered'>
  readonly #keepalive: KeepaliveOptions | false
  readonly #clock: Clock
  #pulse: Pulse | undefined
  /** Payload of our Pings to this side: always the same, so that a late Pong is known, too. */
  #ping: Buffer | undefined
  /** What had not gone out at the last sweep. */
  #unsent = 0

  constructor(
    side: LivenessHost,
    pipe: Pick<SideHost, 'step' | 'unanswered'>,
    keepalive: KeepaliveOptions | false,
    clock: Clock,
  ) {
    this.#side = side
    this.#pipe = pipe
    this.#keepalive = keepalive
    this.#clock = clock
    if (keepalive) this.#pulse = firstPulse(clock.now(), keepalive)
  }

  /** It was sent a Ping that is not the keepalive's own, and has to answer it some time. */
  expectAnswer(): void {
    this.#side.dueSince ??= this.#clock.now()
  }

  /** Whether this Pong answers a Ping of the keepalive's. */
  isAnswer(pong: Buffer): boolean {
    return this.#ping?.equals(pong) === true
  }

  /** Sends a Ping now, to be answered by then. */
  ask(answerBy: MonotonicMs): void {
    const now = this.#clock.now()
    // What has come so far answers what was asked so far.
    this.tick(now)
    const { wire, rests, isBlocked } = this.#side
    if (!this.#keepalive || !this.#pulse || !wire || rests || isBlocked) return
    const due = Math.min(answerBy, this.#pulse.answerBy ?? answerBy)
    this.#pulse = { pingAt: now + this.#keepalive.ping, answerBy: due }
    this.#sayPing()
  }

  #sayPing(): void {
    this.#ping ??= randomBytes(8)
    const { name, ownFrames } = this.#side
    ownFrames.say(controlFrame(opcode.ping, this.#ping, name === 'upstream'))
  }

  /** Called at every sweep. */
  tick(now: MonotonicMs): void {
    const { name, wire, rests, ownFrames } = this.#side
    if (!wire || rests) return
    // What an upstream sent before it went is still to be read; of a client that is gone nothing is wanted any more.
    const tested = this.#side.isBlocked && name === 'client'
    if (tested) wire.askWhetherReset()
    if (!this.#keepalive || !this.#pulse) return
    const unsent = wire.writableLength
    const alive = this.#side.heard || unsent < this.#unsent
    this.#side.heard = false
    this.#unsent = unsent
    ownFrames.sayOverdue(now)
    const unasked = ownFrames.waits && unsent === 0
    const signs = { now, alive, unread: this.#side.isBlocked, tested, unasked }
    const [pulse, what] = beat(this.#pulse, signs, this.#keepalive)
    this.#pulse = pulse
    if (what === 'silent') this.#pipe.step({ type: 'happened', cause: { what: `${name}-silent` } })
    else if (what === 'ping') this.#sayPing()
    const { dueSince } = this.#side
    if (dueSince === undefined || now - dueSince < this.#keepalive.timeout) return
    this.#side.dueSince = undefined
    if (!this.#side.isBlocked) this.#pipe.unanswered()
  }

  /** The payload of its Pings, in base64. */
  pack(): string | undefined {
    return this.#ping?.toString('base64')
  }

  unpack(ping: string | undefined): void {
    if (ping !== undefined) this.#ping = Buffer.from(ping, 'base64')
  }
}
