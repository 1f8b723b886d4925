// What becomes of a worker's connections when others have its place: they move, drain, or are carried. While it has them, it
// can have its place again.
import { code } from '@holdfast/close-codes'
import type { Logger } from 'pino'
import type { Clock, DrainCounts, GatewayOptions } from '../core/index.ts'
import type { Gateway } from '../gateway.ts'
import type { JointCarrier } from './carrier.ts'
import type { EventBatch } from './event-batch.ts'
import type { HandoverReceiver } from './handover-receiver.ts'
import type { HandoverSender } from './handover-sender.ts'
import type { Relays } from './relays.ts'
import type { SessionExchange } from './session-exchange.ts'
import type { WorkerListeners } from './worker-listeners.ts'
import type { FromWorker, Requests, WorkerReport } from './worker-messages.ts'

/** Milliseconds that what is carried gets for its end when the gateway ends. */
const carriedEndWithinMs = 500
/** Milliseconds between two looks at what is left of what is carried. */
const carriedCheckMs = 20
/** How long connections get to close when the supervisor is gone. */
const orphanDrain = { spread: 1000, deadline: 3000 }

/**
 * `own`: it serves. `others`: the supervisor has told it to leave, and hears how far it is. `returning`: it is to serve again, once
 * nothing is on its way. `carrying`: it has given all that it had to others, and keeps only what it carries for them.
 */
export type Place = 'own' | 'others' | 'returning' | 'carrying'

export function next(place: Place, event: 'leave' | 'return' | 'returned' | 'rest'): Place {
  if (place === 'carrying' || event === 'rest') return 'carrying'
  if (event === 'leave') return 'others'
  if (event === 'return') return place === 'others' ? 'returning' : place
  return place === 'returning' ? 'own' : place
}

export interface LeavingDeps {
  gateway: Pick<Gateway, 'drain' | 'reload' | 'retire' | 'resume' | 'rest' | 'owedEnds'>
  listeners: WorkerListeners
  sender: HandoverSender
  receiver: HandoverReceiver
  carrier: JointCarrier
  exchange: SessionExchange | undefined
  relays: Relays | undefined
  events: EventBatch
  /** How many sockets or connections would be lost if this process ended now. */
  left: () => number
  /** Those of now. */
  options: () => GatewayOptions
  report: () => WorkerReport
  post: (message: FromWorker) => void
  /** Ends the worker: it is not needed any more. */
  stop: () => void
  clock: Clock
  log: Logger
}

export class Leaving {
  readonly #deps: LeavingDeps
  #place: Place = 'own'
  /** Its answer to `leave`. */
  #hasLeft: Promise<unknown> | undefined
  /** Of the whole gateway. */
  #drained: Promise<DrainCounts> | undefined
  /** Connections that ended since it began to leave, by code and by whom. */
  #closes: Record<string, number> = {}
  /** Connections that it cut without a Close, since it last said so. */
  #cutWithoutClose = 0
  #isFaulty = false
  /** The upgrade lets old workers stay for what they carry. */
  #mayCarry = false

  constructor(deps: LeavingDeps) {
    this.#deps = deps
  }

  /** Others have this worker's place, for now at least. */
  get hasBegun(): boolean {
    return this.#isFaulty || this.#place === 'others' || this.#place === 'carrying'
  }

  /** All that it has are streams that it carries for others. */
  get carries(): boolean {
    return this.#place === 'carrying'
  }

  leave({ within, carry, stay = false }: Requests['leave']['ask']): Promise<Requests['leave']['answer']> {
    const left = this.#leave(within, carry, stay)
    this.#hasLeft = left
    return left
  }

  async #leave(
    withinMs: number,
    carry: { directory: string } | undefined,
    stay: boolean,
  ): Promise<Requests['leave']['answer']> {
    const { gateway, listeners, sender, exchange, relays, left, report, events, log } = this.#deps
    this.#place = next(this.#place, 'leave')
    this.#closes = {}
    listeners.unlisten()
    exchange?.leave()
    void relays?.leave()
    gateway.retire()
    this.#mayCarry = carry !== undefined
    if (carry) this.#deps.carrier.open(carry.directory)
    const carrier = carry && this.#deps.carrier
    await sender.run(withinMs, () => this.#reportProgress(), carrier)
    // Told to `return`.
    if (!this.hasBegun) return { report: report() }
    if (this.#drained || left() > 0) await this.drainAll()
    if (sender.inTransit > 0) {
      // What was on its way to a new worker that ended instead of taking it comes back.
      await sender.settled()
      this.#drained = gateway.drain()
      await this.#drained
    }
    this.#reportProgress()
    log.info({ ...sender.summary, closes: this.#closes }, 'connections have moved to a new worker')
    events.send()
    const carried = stay && !this.#drained ? this.#carried : this.rest()
    return { report: report(), carried }
  }

  /** Closes all connections of the gateway. */
  drainAll(id?: number): Promise<DrainCounts> {
    const { sender, gateway, relays, options } = this.#deps
    sender.stop()
    const { spread } = options().drain
    this.#drained ??= Promise.all([gateway.drain({}, id), relays?.leave(spread)]).then(([counts]) => counts)
    return this.#drained
  }

  /** Streams for other workers, and sessions whose clients are away and still to be told their end, which nobody else knows. */
  get #carried(): number {
    return this.#deps.carrier.size + (this.#mayCarry ? this.#deps.gateway.owedEnds : 0)
  }

  /** All that it had is gone: from now on it only carries, or is not needed. */
  rest(): number {
    const carried = this.#carried
    if (carried > 0) {
      this.#place = next(this.#place, 'rest')
      this.#deps.gateway.rest()
      if (this.#deps.carrier.size === 0) void this.onCarriedNothing()
    }
    return carried
  }

  /** @throws {Error} It drains, or has nothing but what it carries: it cannot serve any more. */
  async return(): Promise<void> {
    const { exchange, sender, relays, gateway } = this.#deps
    if (!this.#hasLeft || this.#drained || this.carries || this.#isFaulty)
      throw new Error('it has ended, or is ending, what it had')
    this.#place = next(this.#place, 'return')
    exchange?.return()
    sender.stop()
    await sender.settled()
    await this.#hasLeft
    this.#hasLeft = undefined
    this.#place = next(this.#place, 'returned')
    sender.reset()
    relays?.stay()
    gateway.resume()
  }

  /** After a fault: another has its place, and all its clients are told. Resolves when they have been. */
  async fail(): Promise<void> {
    const { receiver, listeners, events } = this.#deps
    this.#isFaulty = true
    receiver.stop()
    listeners.unlisten()
    await this.drainAll()
    events.send()
  }

  /** The supervisor is gone. Resolves when its clients have been told, within seconds. */
  async abandon(): Promise<void> {
    const { listeners, carrier, gateway, sender, options } = this.#deps
    listeners.unlisten()
    void carrier.close()
    gateway.reload({ ...options(), drain: { ...options().drain, ...orphanDrain } })
    sender.stop()
    await gateway.drain()
    // The workers that have these connections tell their clients.
    if (this.carries) await this.#carriedEnd(orphanDrain.deadline)
  }

  /** Resolves when the last bytes of what it carries have gone, which the other workers have just ended. */
  async endCarried(): Promise<void> {
    if (this.#deps.carrier.size > 0) await this.#carriedEnd(carriedEndWithinMs)
  }

  /** The last stream that was carried has ended: this process is not needed any more. */
  async onCarriedNothing(): Promise<void> {
    const { left, options, gateway, stop } = this.#deps
    if (!this.carries) return
    // A plain request may be under way on a connection of HTTP/2 that carried a WebSocket.
    await this.#until(() => left() === 0, options().drain.deadline)
    // Sessions give up by themselves those who do not come back.
    await this.#until(() => gateway.owedEnds === 0, Number.POSITIVE_INFINITY)
    stop()
  }

  /** Resolves when nothing is carried any more, after `withinMs` at the latest. */
  #carriedEnd(withinMs: number): Promise<void> {
    return this.#until(() => this.#deps.carrier.size === 0, withinMs)
  }

  async #until(done: () => boolean, withinMs: number): Promise<void> {
    const { clock } = this.#deps
    const until = clock.now() + withinMs
    while (!done() && clock.now() < until) {
      await new Promise<void>((resolve) => clock.setTimeout(resolve, carriedCheckMs))
    }
  }

  /** Sockets have closed. */
  onSocketsTold(): void {
    if (this.#place !== 'own') this.#reportProgress()
  }

  #reportProgress(): void {
    const { sender, left, post } = this.#deps
    post({
      type: 'leaving',
      left: left() + sender.inTransit,
      closes: this.#closes,
      lost: this.#cutWithoutClose,
    })
    this.#cutWithoutClose = 0
  }

  /** A connection has ended. */
  countEnd(ended: number, by: string): void {
    // Once it drains, the only connections that it ends without a word are those that did not take one in time.
    if (this.#drained && ended === code.abnormalClosure && by === 'gateway') {
      this.#cutWithoutClose++
      return
    }
    // Codes of an application are its own, and a stranger's; the gateway's are few.
    const shown = ended < 3000 || by === 'gateway' ? ended : `${Math.floor(ended / 1000)}xxx`
    const key = `${shown}:${by}`
    this.#closes[key] = (this.#closes[key] ?? 0) + 1
  }
}
