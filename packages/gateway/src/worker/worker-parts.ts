// What a worker is made of, joined once its supervisor has said with what to serve.
import type net from 'node:net'
import type { Logger } from 'pino'
import {
  type Clock,
  type GatewayEvent,
  type GatewayOptions,
  type Handle,
  type ListenOptions,
  logLinesDropped,
  type SessionElsewhere,
} from '../core/index.ts'
import { Gateway } from '../gateway.ts'
import type { ClientHandshake } from '../http/index.ts'
import type { Secured } from '../listen/index.ts'
import type { Tracing } from '../trace/index.ts'
import { type Accepted, streamOf } from '../wire/index.ts'
import { JointCarrier } from './carrier.ts'
import { EventBatch } from './event-batch.ts'
import { FleetSessions } from './fleet-sessions.ts'
import { HandoverReceiver } from './handover-receiver.ts'
import { HandoverSender } from './handover-sender.ts'
import { Leaving } from './leaving.ts'
import type { ProcessUsage } from './process-usage.ts'
import { Relays } from './relays.ts'
import { RemoteLedger } from './remote-ledger.ts'
import { SessionExchange } from './session-exchange.ts'
import { SinceReport } from './since-report.ts'
import { TakenSockets } from './taken-sockets.ts'
import { WorkerListeners } from './worker-listeners.ts'
import {
  type FromWorker,
  listenerKeys,
  relayListener,
  type ToWorker,
  type WorkerReport,
} from './worker-messages.ts'

export interface WorkerPartsDeps {
  post: (message: FromWorker, handle?: Handle, sent?: () => void) => void
  /** Ends the worker: it is not needed any more. */
  stop: () => void
  /** Where workers find the sessions of each other; nothing: they do not. */
  sessionFolder: string | undefined
  usage: ProcessUsage
  tracing: Tracing
  clock: Clock
  log: Logger
}

export class WorkerParts {
  /** Those of now. */
  options: GatewayOptions
  readonly clock: Clock
  readonly ledger: RemoteLedger
  readonly events: EventBatch
  readonly sockets: TakenSockets
  readonly gateway: Gateway
  readonly listeners: WorkerListeners
  readonly handoverSender: HandoverSender
  readonly handoverReceiver: HandoverReceiver
  readonly carrier: JointCarrier
  readonly exchange: SessionExchange | undefined
  /** Both present in a fleet. */
  readonly fleetSessions: FleetSessions | undefined
  readonly relays: Relays | undefined
  readonly leaving: Leaving
  /** No other node shall go on with what it has: that cannot be trusted, or there is no time for it. */
  givesNothing = false
  readonly #deps: WorkerPartsDeps
  readonly #sinceReport: SinceReport

  constructor(told: Extract<ToWorker, { type: 'configure' }>, deps: WorkerPartsDeps) {
    const { options, worker, node } = told
    const { post, clock, log, sessionFolder: folder } = deps
    const { fleet } = options
    this.#deps = deps
    this.clock = clock
    this.options = options
    this.ledger = new RemoteLedger({ post, clock })
    this.ledger.configure(options, told.workers)
    this.events = new EventBatch(post, clock)
    this.#sinceReport = new SinceReport(post, clock)
    this.sockets = new TakenSockets({
      post,
      sinceReport: this.#sinceReport,
      carried: () => this.carrier.clientSockets,
      connections: () => this.gateway.connectionCount,
      onTold: () => this.leaving.onSocketsTold(),
      log,
      clock,
    })
    this.fleetSessions = fleet && new FleetSessions({ fleet, post, clock, log })
    this.gateway = this.#newGateway(told)
    this.listeners = new WorkerListeners(
      (listener, socket) => this.serve(listener, socket),
      log,
      () => this.sockets.descriptors.ranShort('descriptors'),
    )
    this.carrier = new JointCarrier({ worker, clock, onEmpty: () => void this.leaving.onCarriedNothing() })
    const { gateway } = this
    const readmit = (admission: number | undefined) => this.ledger.readmit(admission)
    const ends = { gateway, post, clock, readmit }
    this.handoverSender = new HandoverSender({ ...ends, left: () => this.sockets.left, log })
    this.handoverReceiver = new HandoverReceiver(ends)
    if (folder && worker !== undefined)
      this.exchange = new SessionExchange({ folder, worker, gateway, clock, log })
    this.relays = Relays.of(options, node, {
      gateway,
      exchange: () => this.exchange,
      sessions: this.fleetSessions,
      onRefused: (reason) => this.sockets.refused[reason]++,
      clock,
      log,
    })
    this.leaving = this.#newLeaving()
    this.#findSessions()
  }

  #newGateway({ options, worker, node, workers, ticketKeys }: Extract<ToWorker, { type: 'configure' }>) {
    const { log, tracing, clock, post } = this.#deps
    const gateway = new Gateway(options, {
      directory: this.fleetSessions,
      giver: {
        reserve: async (...wish) => (this.givesNothing ? undefined : this.relays?.giver?.reserve(...wish)),
      },
      lineTo: async (...ask) => (this.givesNothing ? undefined : this.exchange?.lineTo(...ask)),
      log,
      tracing,
      clock,
      admit: (route, limits, address) => this.ledger.admit(route, limits, address),
      entered: (connection) => this.ledger.entered(connection),
      onOpened: (route) => this.#sinceReport.opened(route),
      onClosed: (route, as) => this.#sinceReport.closed(route, as),
      onUnanswered: (about) => post({ type: 'unanswered', ...about }),
      elsewhere: (handshake, token) => this.#elsewhere(handshake, token),
      node,
      workers,
      idPrefix: `${worker}-`,
      onPendingRefused: () => this.sockets.refused.pending++,
      onTlsRefused: (reason) => this.sockets.refused[reason]++,
      onNoDescriptor: () => this.sockets.descriptors.ranShort('dial-descriptors'),
    })
    if (ticketKeys) gateway.setTicketKeys(Buffer.from(ticketKeys, 'base64'))
    gateway.on((event) => this.#collect(event))
    return gateway
  }

  #newLeaving(): Leaving {
    const { gateway, listeners, carrier, exchange, relays, events } = this
    const { post, clock, log, stop } = this.#deps
    return new Leaving({
      gateway,
      listeners,
      sender: this.handoverSender,
      receiver: this.handoverReceiver,
      carrier,
      exchange,
      relays,
      events,
      left: () => this.sockets.left,
      options: () => this.options,
      report: () => this.report(),
      post,
      stop,
      clock,
      log,
    })
  }

  /** A session that is not here may be in another worker of here, or in another node. */
  async #elsewhere(handshake: ClientHandshake, token: string): Promise<SessionElsewhere> {
    const here = await this.exchange?.elsewhere(handshake, token)
    if (here === true) return true
    const there = (await this.relays?.elsewhere(handshake, token)) ?? false
    if (here !== 'unknown' || there === true || there === 'relayed') return there
    return { ...(there || {}), isUnsure: true }
  }

  #collect(event: GatewayEvent): void {
    if (event.type === 'close') {
      this.leaving.countEnd(event.code, event.by)
      // One that came from another worker has no socket here that would say it.
      this.sockets.reportLeft()
    }
    this.events.add(event)
  }

  /** Clients may come back to a session that another worker keeps. */
  #findSessions(): void {
    if (this.options.routes.some(({ resume }) => resume)) this.exchange?.listen()
  }

  reload(options: GatewayOptions, drainId?: number): { drained: number } {
    this.ledger.configure(options)
    const result = this.gateway.reload(options, drainId)
    this.options = options
    this.#findSessions()
    return result
  }

  /** Gives it a socket that a client has opened, or a front: `secured` is what that has said of its client. */
  serve(listener: string, socket: net.Socket | Accepted, secured?: Secured): void {
    const options = this.#listener(listener)
    if (!this.sockets.take(socket)) return
    if (listener === relayListener && this.relays) {
      // What is taken on a handle does not have it of the server's options.
      socket.setNoDelay(true)
      this.relays.accept(streamOf(socket))
    } else if (options) this.gateway.accept(options, socket, secured)
    else socket.destroy()
  }

  /** By the options of now: a reload may have changed them since the listener was opened. */
  #listener(key: string): ListenOptions | undefined {
    return this.options.listen[listenerKeys(this.options.listen).indexOf(key)]
  }

  report(): WorkerReport {
    const { pending, accessLinesDropped } = this.gateway
    const { refused, descriptors } = this.sockets
    this.#sinceReport.reported()
    const snapshot = this.gateway.snapshot()
    const sockets = { pending, refused: { ...refused }, short: descriptors.isShort }
    const dropped = { logLinesDropped: logLinesDropped(), accessLinesDropped }
    const process = { ...this.#deps.usage.measure(), ...dropped, sockets, carried: this.carrier.size }
    return { snapshot, process }
  }

  stop(): void {
    this.listeners.unlisten()
    void this.carrier.close()
    this.carrier.destroy()
    this.exchange?.stop()
    this.fleetSessions?.stop()
    void this.relays?.leave()
    this.gateway.stop()
  }
}
