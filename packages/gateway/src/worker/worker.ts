// One worker: a gateway that acts on the supervisor's messages. It knows nothing of processes; worker-main.ts runs it
// in one of its own, single-process.ts beside the supervisor.
import net from 'node:net'
import { setImmediate as turnOfTheLoop } from 'node:timers/promises'
import { code } from '@holdfast/close-codes'
import type { Logger } from 'pino'
import {
  attempt,
  type Clock,
  createLogger,
  Descriptors,
  type DrainCounts,
  type DrainScope,
  type GatewayEvent,
  type GatewayOptions,
  type Handle,
  type ListenOptions,
  logLinesDropped,
  noneRefused,
  type ProcessInfo,
  type SocketCounts,
  shortageLine,
  systemClock,
  ThrottledLine,
} from '../core/index.ts'
import { Gateway } from '../gateway.ts'
import { noTracing, startTracing, wantsTracing } from '../trace/index.ts'
import { JointCarrier } from './carrier.ts'
import { EventBatch } from './event-batch.ts'
import { HandoverReceiver } from './handover-receiver.ts'
import { HandoverSender } from './handover-sender.ts'
import { ProcessUsage } from './process-usage.ts'
import { RemoteLedger } from './remote-ledger.ts'
import { SessionExchange } from './session-exchange.ts'
import { SinceReport } from './since-report.ts'
import { version } from './version.ts'
import { WorkerListeners } from './worker-listeners.ts'
import {
  type FromWorker,
  listenerKeys,
  protocol,
  type Request,
  type Requests,
  type RequestType,
  type ToWorker,
  type WorkerReport,
} from './worker-messages.ts'

const protocolMismatch = `version ${version} speaks another IPC protocol than the running supervisor: drain this gateway and start it anew`

/** Milliseconds that the last traces get; the supervisor waits a second for the end. */
const tracesWithinMs = 500

/** Milliseconds that the last report may take to go out. */
const lastReportWithinMs = 500

/** Milliseconds between two messages about how many sockets are left; each costs as much as a tenth of a connection. */
const leftEveryMs = 25

/** Milliseconds that what is carried gets for its end when the gateway ends. */
const carriedEndWithinMs = 500
/** Milliseconds between two looks at what is left of what is carried. */
const carriedCheckMs = 20

/** How long connections get to close when the supervisor is gone. */
const orphanDrain = { spread: 1000, deadline: 3000 }

type Handlers = {
  [T in RequestType]: (
    ask: Requests[T]['ask'],
    handle: unknown,
  ) => Requests[T]['answer'] | Promise<Requests[T]['answer']>
}

export interface WorkerDeps {
  /** Says something to the supervisor, with a socket where the message asks for one. `sent`: it is on its way. */
  post: (message: FromWorker, handle?: Handle, sent?: () => void) => void
  /** Called when the worker shall end. */
  end: () => void
  clock?: Clock
  /** Where workers find the sessions of each other; nothing: they do not. */
  sessionFolder?: string | undefined
}

export class Worker {
  readonly #post: WorkerDeps['post']
  readonly #end: () => void
  readonly #clock: Clock
  readonly #sessionFolder: string | undefined
  #exchange: SessionExchange | undefined
  readonly #ledger: RemoteLedger
  readonly #sinceReport: SinceReport
  readonly #usage = new ProcessUsage()
  readonly #handlers: Handlers
  #listeners!: WorkerListeners
  #gateway!: Gateway
  #handoverSender!: HandoverSender
  #handoverReceiver!: HandoverReceiver
  #carrier!: JointCarrier
  #log!: Logger
  #tracing = noTracing
  #options!: GatewayOptions
  readonly #events: EventBatch
  /** Taken and not closed, nor moved away. */
  #sockets = 0
  #leftInFlight = false
  /** It has changed since it was last said. */
  #leftChanged = false
  /** Others have this worker's place. */
  #leaving = false
  /** The supervisor has asked for that, and hears how far it is. */
  #handingOver = false
  /** Of the whole gateway. */
  #drained: Promise<DrainCounts> | undefined
  /** Connections that ended since it began to leave, by code and by whom. */
  #closes: Record<string, number> = {}
  /** Connections that it cut without a Close, since it last said so. */
  #cutWithoutClose = 0
  #faulty = false
  /** It has given all that it had to others, and keeps only what it carries for them. */
  #carries = false
  readonly #refused: SocketCounts['refused'] = noneRefused()
  readonly #shortage = new ThrottledLine((times) => this.#log.error({ times }, shortageLine))
  readonly #descriptors = new Descriptors((why) => {
    this.#refused[why]++
    this.#shortage.happened()
  })

  constructor({ post, end, clock = systemClock, sessionFolder }: WorkerDeps) {
    this.#sessionFolder = sessionFolder
    this.#post = post
    this.#end = end
    this.#clock = clock
    this.#ledger = new RemoteLedger({ post, clock })
    this.#sinceReport = new SinceReport(post)
    this.#events = new EventBatch(post, clock)
    this.#handlers = {
      listen: ({ listener }, handle) => (this.#leaving ? {} : this.#listeners.listen(listener, handle)),
      unlisten: ({ listener }) => {
        this.#listeners.unlisten(listener)
        return {}
      },
      'prepare-reload': async ({ options }) => {
        await this.#gateway.prepareReload(options)
        // A fault of what was loaded is told before the answer.
        await turnOfTheLoop()
        return {}
      },
      reload: ({ options }) => this.#reload(options),
      drain: ({ scope }) => this.#drain(scope),
      undrain: ({ scope }) => ({ found: this.#gateway.undrain(scope) }),
      snapshot: () => this.#report(),
      connections: ({ filter }) => ({ connections: this.#gateway.connections(filter) }),
      'close-connection': ({ id, code, reason }) => ({
        found: this.#gateway.closeConnection(id, code, reason),
      }),
      leave: ({ within, carry }) => this.#leave(within, carry),
      'move-canaries': ({ share, carry }) => this.#moveCanaries(share, carry),
      'halt-moves': async () => {
        await this.#handoverSender.halt()
        return {}
      },
    }
  }

  /** Acts on one message of the supervisor. `handle` is what came with it. */
  receive(message: ToWorker, handle?: unknown): void {
    attempt(
      () => this.#onMessage(message, handle),
      (error) => {
        this.#log?.error(
          { err: error, message: message?.type },
          'fault while handling a message of the supervisor',
        )
        if (handle instanceof net.Socket) handle.destroy()
      },
    )
  }

  #onMessage(message: ToWorker, handle?: unknown): void {
    switch (message.type) {
      case 'configure':
        void this.#configure(message)
        break
      case 'socket':
        this.#onSocket(message.id, message.listener, handle)
        break
      case 'admission':
        this.#ledger.answer(message.request, message.answer)
        break
      case 'adopt':
        this.#handoverReceiver.client(message, handle as Handle | undefined)
        break
      case 'adopt-upstream':
        this.#handoverReceiver.upstream(message.move, handle as Handle | undefined)
        break
      case 'moved':
        this.#handoverSender.settle(message.move, message.outcome)
        break
      case 'unanswered':
        this.#gateway?.unanswered(message)
        break
      case 'reopen-log':
        this.reopenLog()
        break
      case 'ticket-keys':
        this.#gateway?.setTicketKeys(Buffer.from(message.keys, 'base64'))
        break
      case 'go-on':
        this.#handoverSender.resume()
        break
      case 'stop':
        void this.#stopCarrying()
        break
      default:
        void this.#answer(message, handle)
    }
  }

  /**
   * The supervisor is gone: nobody would restart, reload or drain this worker. It stops listening at once, so that a
   * new supervisor gets the ports, tells its clients 1012 within seconds and ends.
   */
  async abandon(): Promise<void> {
    if (this.#gateway) {
      this.#listeners.unlisten()
      void this.#carrier.close()
      this.#gateway.reload({ ...this.#options, drain: { ...this.#options.drain, ...orphanDrain } })
      this.#handoverSender.stop()
      await this.#gateway.drain()
      // The workers that have these connections tell their clients.
      if (this.#carries) await this.#carriedEnd(orphanDrain.deadline)
    }
    this.stop()
  }

  /**
   * A fault that nobody caught, so that nobody knows what it was about. What this worker holds can no longer be trusted,
   * but its clients can still be told: another takes its place, and it drains (docs/decisions/0021).
   */
  fault(error: unknown): void {
    if (this.#carries) {
      // All that it has are streams that are joined to sockets: nothing that a fault could have spoilt for the others.
      this.#log.error({ err: error }, 'fault in a carrier; what it carries goes on')
      return
    }
    this.#log?.fatal({ err: error }, 'worker drains after a fault that no connection can be blamed for')
    if (this.#faulty) return
    this.#faulty = true
    if (!this.#gateway) return this.#end()
    this.#post({ type: 'faulty' })
    this.#leaving = true
    this.#handoverReceiver.stop()
    attempt(
      async () => {
        this.#listeners.unlisten()
        await this.#drainAll()
        this.#events.send()
        this.stop()
      },
      () => this.#end(),
    )
  }

  /** Opens the file of the access log again. */
  reopenLog(): void {
    this.#gateway?.reopenAccessLog()
  }

  /** Ends at once, but for the last bytes of what it carries: the other workers have just ended that. */
  async #stopCarrying(): Promise<void> {
    if (this.#carrier && this.#carrier.size > 0) await this.#carriedEnd(carriedEndWithinMs)
    this.stop()
  }

  stop(): void {
    this.#listeners?.unlisten()
    void this.#carrier?.close()
    this.#carrier?.destroy()
    this.#exchange?.stop()
    this.#gateway?.stop()
    const said = this.#sendLastReport()
    this.#usage.stop()
    void Promise.all([this.#tracing.end(tracesWithinMs), said]).then(() => this.#end())
  }

  /** What it has counted since it last reported. Resolves when that is on its way. */
  #sendLastReport(): Promise<void> {
    if (!this.#gateway) return Promise.resolve()
    this.#events.send()
    const report = this.#report()
    return new Promise((resolve) => {
      this.#clock.setTimeout(resolve, lastReportWithinMs)
      this.#post({ type: 'last-report', report }, undefined, resolve)
    })
  }

  async #configure({
    worker,
    options,
    log,
    ...its
  }: Extract<ToWorker, { type: 'configure' }>): Promise<void> {
    try {
      if (its.protocol !== protocol) throw new Error(protocolMismatch)
      this.#options = options
      this.#ledger.configure(options, its.workers)
      this.#log = createLogger(log).child({ worker })
      if (wantsTracing(process.env)) this.#tracing = await startTracing(process.env, this.#log)
      this.#gateway = new Gateway(options, {
        log: this.#log,
        tracing: this.#tracing,
        clock: this.#clock,
        admit: (route, limits, address) => this.#ledger.admit(route, limits, address),
        entered: (connection) => this.#ledger.entered(connection),
        onOpened: (route) => this.#sinceReport.opened(route),
        onClosed: (route, as) => this.#sinceReport.closed(route, as),
        onUnanswered: (about) => this.#post({ type: 'unanswered', ...about }),
        elsewhere: async (handshake, token) => (await this.#exchange?.elsewhere(handshake, token)) ?? false,
        workers: its.workers,
        idPrefix: `${worker}-`,
        onPendingRefused: () => this.#refused.pending++,
        onNoDescriptor: () => this.#descriptors.ranShort('dial-descriptors'),
      })
      if (its.ticketKeys) this.#gateway.setTicketKeys(Buffer.from(its.ticketKeys, 'base64'))
      this.#gateway.on((event) => {
        this.#collect(event)
        if (event.type === 'close') this.#reportLeft()
      })
      this.#listeners = new WorkerListeners(
        (listener, socket) => this.#serve(listener, socket),
        this.#log,
        () => this.#descriptors.ranShort('descriptors'),
      )
      this.#carrier = new JointCarrier({
        worker,
        clock: this.#clock,
        onEmpty: () => void this.#onCarriedNothing(),
      })
      const readmit = (admission: number | undefined) => this.#ledger.readmit(admission)
      const ends = { gateway: this.#gateway, post: this.#post, clock: this.#clock, readmit }
      this.#handoverSender = new HandoverSender({ ...ends, left: () => this.#left, log: this.#log })
      this.#handoverReceiver = new HandoverReceiver(ends)
      const { gateway } = ends
      if (this.#sessionFolder && worker !== undefined)
        this.#exchange = new SessionExchange({
          folder: this.#sessionFolder,
          worker,
          gateway,
          clock: this.#clock,
          log: this.#log,
        })
      this.#findSessions(options)
      await this.#gateway.prepare()
      this.#gateway.start()
      this.#post({ type: 'ready', protocol, version, report: this.#report(), node: process.version })
    } catch (error) {
      this.#post({ type: 'failed', message: errorMessage(error) })
      this.#end()
    }
  }

  async #answer(ask: Request, handle: unknown): Promise<void> {
    const { request } = ask
    try {
      const handler = this.#handlers[ask.type] as (
        ask: Request,
        handle: unknown,
      ) => Requests[RequestType]['answer'] | Promise<Requests[RequestType]['answer']>
      const answer = handler(ask, handle)
      // Not awaited in vain: what this worker says after it has made a report is not in that report, and must follow it.
      this.#post({ type: 'answer', request, value: answer instanceof Promise ? await answer : answer })
    } catch (error) {
      this.#post({ type: 'refusal', request, message: errorMessage(error) })
    }
  }

  #onSocket(id: number, listener: string, handle: unknown): void {
    // Said before the first byte is read: without it the supervisor gives its copy of the socket to another worker.
    this.#post({ type: 'took', id })
    // A socket whose client has already left arrives as nothing.
    if (!(handle instanceof net.Socket)) {
      this.#reportLeft()
      return
    }
    // The receiving process builds the socket with Node's defaults.
    handle.allowHalfOpen = true
    this.#serve(listener, handle)
  }

  #serve(listener: string, socket: net.Socket): void {
    const options = this.#listener(listener)
    if (!this.#descriptors.admits(socket)) return this.#reportLeft()
    this.#sockets++
    socket.once('close', () => {
      this.#sockets--
      this.#reportLeft()
    })
    if (options) this.#gateway.accept(options, socket)
    else socket.destroy()
  }

  /** By the options of now: a reload may have changed them since the listener was opened. */
  #listener(key: string): ListenOptions | undefined {
    return this.#options.listen[listenerKeys(this.#options.listen).indexOf(key)]
  }

  /** Clients may come back to a session that another worker keeps. */
  #findSessions({ routes }: GatewayOptions): void {
    if (routes.some(({ resume }) => resume)) this.#exchange?.listen()
  }

  #reload(options: GatewayOptions): { drained: number } {
    this.#ledger.configure(options)
    const result = this.#gateway.reload(options)
    this.#findSessions(options)
    this.#options = options
    return result
  }

  async #drain(scope?: DrainScope): Promise<Requests['drain']['answer']> {
    const { closed, moved, cut } = await (scope ? this.#gateway.drain(scope) : this.#drainAll())
    this.#events.send()
    return { closed, moved, cut, report: this.#report() }
  }

  #drainAll(): Promise<DrainCounts> {
    this.#handoverSender.stop()
    this.#drained ??= this.#gateway.drain()
    return this.#drained
  }

  async #leave(withinMs: number, carry?: { directory: string }): Promise<Requests['leave']['answer']> {
    this.#leaving = true
    this.#handingOver = true
    this.#closes = {}
    this.#listeners.unlisten()
    this.#exchange?.leave()
    this.#gateway.retire()
    if (carry) this.#carrier.open(carry.directory)
    const carrier = carry && this.#carrier
    await this.#handoverSender.run(withinMs, () => this.#reportProgress(), carrier)
    if (this.#drained || this.#left > 0) await this.#drainAll()
    if (this.#handoverSender.inTransit > 0) {
      // What was on its way to a new worker that ended instead of taking it comes back.
      await this.#handoverSender.settled()
      this.#drained = this.#gateway.drain()
      await this.#drained
    }
    this.#reportProgress()
    this.#log.info(
      { ...this.#handoverSender.summary, closes: this.#closes },
      'connections have moved to a new worker',
    )
    this.#events.send()
    const carried = this.#carrier.size
    if (carried > 0) {
      this.#carries = true
      this.#gateway.rest()
    }
    return { report: this.#report(), carried }
  }

  async #moveCanaries(
    share: number,
    carry?: { directory: string },
  ): Promise<Requests['move-canaries']['answer']> {
    if (carry) this.#carrier.open(carry.directory)
    const ids = this.#gateway.canaries(share, carry !== undefined)
    return { outcomes: await this.#handoverSender.moveSome(ids, carry && this.#carrier) }
  }

  /** Resolves when nothing is carried any more, after `withinMs` at the latest. */
  #carriedEnd(withinMs: number): Promise<void> {
    return this.#until(() => this.#carrier.size === 0, withinMs)
  }

  async #until(done: () => boolean, withinMs: number): Promise<void> {
    const until = this.#clock.now() + withinMs
    while (!done() && this.#clock.now() < until) {
      await new Promise<void>((resolve) => this.#clock.setTimeout(resolve, carriedCheckMs))
    }
  }

  /** The last stream that was carried has ended: this process is not needed any more. */
  async #onCarriedNothing(): Promise<void> {
    if (!this.#carries) return
    // A plain request may be under way on a connection of HTTP/2 that carried a WebSocket.
    await this.#until(() => this.#left === 0, this.#options.drain.deadline)
    this.stop()
  }

  #reportProgress(): void {
    const left = this.#left + this.#handoverSender.inTransit
    this.#post({ type: 'leaving', left, closes: this.#closes, lost: this.#cutWithoutClose })
    this.#cutWithoutClose = 0
  }

  #report(): WorkerReport {
    this.#sinceReport.reported()
    return { snapshot: this.#gateway.snapshot(), process: this.#process() }
  }

  #process(): ProcessInfo {
    const { pending, accessLinesDropped } = this.#gateway
    const sockets = { pending, refused: { ...this.#refused }, short: this.#descriptors.isShort }
    const carried = this.#carrier?.size ?? 0
    const dropped = { logLinesDropped: logLinesDropped(), accessLinesDropped }
    return { ...this.#usage.measure(), ...dropped, sockets, carried }
  }

  /** How many sockets or connections would be lost if this process ended now. */
  get #left(): number {
    // Sockets without a handshake are no connections; connections that came from another worker were not taken here.
    return Math.max(this.#sockets - this.#carrier.clientSockets, this.#gateway.connectionCount)
  }

  /** Tells the supervisor after sockets have closed, all those of a short while in one message. */
  #reportLeft(): void {
    this.#leftChanged = true
    if (this.#leftInFlight) return
    this.#leftInFlight = true
    this.#clock.setTimeout(() => {
      this.#leftChanged = false
      this.#sinceReport.send()
      this.#post({ type: 'left', sockets: this.#left }, undefined, () => {
        this.#leftInFlight = false
        if (this.#leftChanged) this.#reportLeft()
      })
      if (this.#handingOver) this.#reportProgress()
    }, leftEveryMs)
  }

  #collect(event: GatewayEvent): void {
    if (event.type === 'close') {
      this.#countEnd(event.code, event.by)
      // One that came from another worker has no socket here that would say it.
      this.#reportLeft()
    }
    this.#events.add(event)
  }

  #countEnd(ended: number, by: string): void {
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

function errorMessage(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
