// A front: a carrier that also takes clients. It speaks TLS with them and joins what it decrypts to sockets that workers serve as they
// serve any plain one, so that a live upgrade moves these and leaves the front as it is (docs/decisions/0072).
import net from 'node:net'
import type { Duplex } from 'node:stream'
import type { Logger } from 'pino'
import {
  attempt,
  type Clock,
  createLogger,
  Descriptors,
  type GatewayOptions,
  type Handle,
  isShortage,
  type ListenOptions,
  logLinesDropped,
  noneRefused,
  type SocketCounts,
  shortageLine,
  systemClock,
  ThrottledLine,
} from '../core/index.ts'
import { defaultPending, Listeners, type Secured } from '../listen/index.ts'
import { wireOf } from '../wire/index.ts'
import { JointCarrier } from './carrier.ts'
import { frontRevision, frontsFrom } from './front-revision.ts'
import { ProcessUsage } from './process-usage.ts'
import { version } from './version.ts'
import {
  type FromWorker,
  listenerKeys,
  protocol,
  type Request,
  type Requests,
  type ToWorker,
  type WorkerReport,
} from './worker-messages.ts'

/** Milliseconds that the last bytes of clients get when the gateway ends. */
const lastBytesWithinMs = 500
/** Milliseconds that clients get to be told the end by workers when the supervisor is gone. */
const orphanWithinMs = 5000
/** What the way to its own socket says when somebody has removed that, or its folder. libuv says EACCES for a folder that is not there. */
const removedCodes = new Set<unknown>(['ENOENT', 'ECONNREFUSED', 'EACCES'])
/** Milliseconds between two looks at what is left. */
const checkMs = 20
/** Milliseconds between two messages about how many sockets are left. */
const leftEveryMs = 25

export interface FrontDeps {
  /** Says something to the supervisor, with a socket where the message has one. */
  post: (message: FromWorker, handle?: Handle) => void
  /** Called when the process shall end. */
  end: () => void
  /** A directory of the supervisor's, for the sockets to workers. */
  directory: string
  clock?: Clock
}

export class Front {
  readonly #deps: FrontDeps
  readonly #clock: Clock
  readonly #usage = new ProcessUsage()
  readonly #refused: SocketCounts['refused'] = noneRefused()
  readonly #shortage = new ThrottledLine((times) => this.#log?.error({ times }, shortageLine))
  readonly #descriptors = new Descriptors((why) => {
    this.#refused[why]++
    this.#shortage.happened()
  })
  readonly #notHandedOn = new ThrottledLine((times, err: unknown) =>
    this.#log?.error({ times, err }, 'a client over TLS cannot be handed to a worker'),
  )
  #log: Logger | undefined
  #options!: GatewayOptions
  #listeners!: Listeners
  #carrier!: JointCarrier
  #sockets = 0
  #connections = 0
  #leftIsDue = false
  /** Others take the new clients. */
  #leaving = false

  constructor(deps: FrontDeps) {
    this.#deps = deps
    this.#clock = deps.clock ?? systemClock
  }

  /** Acts on one message of the supervisor. `handle` is what came with it. */
  receive(message: ToWorker, handle?: unknown): void {
    attempt(
      () => this.#onMessage(message, handle),
      (err) => {
        this.#log?.error({ err, message: message.type }, 'fault while handling a message of the supervisor')
        if (handle instanceof net.Socket) handle.destroy()
      },
    )
  }

  /** A fault that nobody caught: another takes the clients that come, and it ends behind those that it has. */
  fault(err: unknown): void {
    if (!this.#log) return this.#deps.end()
    this.#log.error({ err }, 'fault in a front: it is replaced, and its clients go on')
    this.#replaceMe()
  }

  #replaceMe(): void {
    if (this.#leaving) return
    this.#leaving = true
    this.#deps.post({ type: 'faulty' })
    setImmediate(() => this.#endIfDone())
  }

  /** The supervisor is gone: workers tell the clients, and then it ends. */
  async abandon(): Promise<void> {
    await this.#until(() => this.#isEmpty, orphanWithinMs)
    this.#end()
  }

  #onMessage(message: ToWorker, handle: unknown): void {
    switch (message.type) {
      case 'configure':
        return this.#configure(message)
      case 'socket':
        return this.#onSocket(message, handle)
      case 'ticket-keys':
        return this.#listeners?.setTicketKeys(Buffer.from(message.keys, 'base64'))
      case 'stop':
        return void this.#stop()
      default:
        // What is about connections is not for a front.
        if ('request' in message && message.type !== 'admission') this.#answer(message)
    }
  }

  #configure({ worker, options, log, ticketKeys, ...its }: Extract<ToWorker, { type: 'configure' }>): void {
    const { post, directory } = this.#deps
    if (its.protocol !== protocol) {
      post({ type: 'failed', message: `version ${version} speaks another IPC protocol` })
      return this.#end()
    }
    this.#options = options
    this.#log = createLogger(log).child({ front: worker - frontsFrom })
    this.#carrier = new JointCarrier({ worker, clock: this.#clock, onEmpty: () => this.#endIfDone() })
    this.#carrier.open(directory)
    this.#listeners = new Listeners({
      log: this.#log,
      trustedProxies: () => this.#options.trustedProxies,
      onUpgrade: () => {},
      onRequest: () => {},
      onFault: (err) =>
        this.#log?.error({ err }, 'fault while serving a connection; the connection was ended'),
      onPendingRefused: () => this.#refused.pending++,
      onTlsRefused: ({ reason }) => this.#refused[reason]++,
      pending: () => this.#options.pending ?? defaultPending,
      onSecured: (listener, stream, secured) => void this.#handOn(listener, stream, secured),
    })
    if (ticketKeys) this.#listeners.setTicketKeys(Buffer.from(ticketKeys, 'base64'))
    const knows = { version, node: process.version, front: frontRevision }
    post({ type: 'ready', protocol, ...knows, report: this.#report() })
  }

  #onSocket({ id, listener }: Extract<ToWorker, { type: 'socket' }>, socket: unknown): void {
    this.#deps.post({ type: 'took', id })
    // A socket whose client has already left arrives as nothing.
    if (!(socket instanceof net.Socket)) return this.#reportLeft()
    socket.allowHalfOpen = true
    const options = this.#options.listen[listenerKeys(this.#options.listen).indexOf(listener)]
    if (!this.#descriptors.admits(socket)) return this.#reportLeft()
    this.#sockets++
    socket.once('close', () => {
      this.#sockets--
      this.#reportLeft()
      this.#endIfDone()
    })
    if (options) this.#listeners.accept(options, socket)
    else socket.destroy()
  }

  /** Joins what is decrypted to a socket, whose other end goes to a worker. */
  async #handOn({ host, port }: ListenOptions, stream: Duplex, secured: Secured): Promise<void> {
    const { listen } = this.#options
    const at = listen.findIndex((listener) => listener.host === host && listener.port === port)
    try {
      const way = await this.#carrier.way('client', String(++this.#connections))
      if (stream.destroyed || at < 0) {
        way.discard()
        stream.destroy()
        return
      }
      const handle = way.carry(wireOf(stream))
      this.#deps.post({ type: 'secured', listener: listenerKeys(listen)[at]!, secured }, handle)
    } catch (err) {
      stream.destroy()
      if (isShortage(err)) this.#descriptors.ranShort('descriptors')
      else this.#notHandedOn.happened(err)
      // One that is started now gets a folder that is there.
      if (removedCodes.has((err as NodeJS.ErrnoException).code)) this.#replaceMe()
    }
  }

  #answer(ask: Request): void {
    const { request } = ask
    try {
      this.#deps.post({ type: 'answer', request, value: this.#do(ask) })
    } catch (error) {
      this.#deps.post({
        type: 'refusal',
        request,
        message: error instanceof Error ? error.message : String(error),
      })
    }
  }

  #do(ask: Request): Requests[Request['type']]['answer'] {
    switch (ask.type) {
      case 'prepare-reload':
        return {}
      case 'reload':
        this.#options = ask.options
        this.#listeners.reload(ask.options.listen)
        return { drained: 0 }
      case 'certificates':
        this.#listeners.share(ask.shared)
        return {}
      case 'snapshot':
        return this.#report()
      case 'leave':
        this.#leaving = true
        setImmediate(() => this.#endIfDone())
        return { report: this.#report(), carried: this.#carrier.size }
      default:
        throw new Error(`a front does not do '${ask.type}'`)
    }
  }

  #report(): WorkerReport {
    const { pending } = this.#listeners
    const sockets = { pending, refused: { ...this.#refused }, short: this.#descriptors.isShort }
    const its = { logLinesDropped: logLinesDropped(), sockets, carried: this.#carrier.size }
    return { snapshot: { routes: [], drains: [] }, process: { ...this.#usage.measure(), ...its } }
  }

  /** The size of a carrier is counted anew each time: not while sockets of clients are left. */
  get #isEmpty(): boolean {
    return this.#sockets === 0 && (this.#carrier?.size ?? 0) === 0
  }

  /** Those of a short while in one message. */
  #reportLeft(): void {
    if (this.#leftIsDue) return
    this.#leftIsDue = true
    this.#clock.setTimeout(() => {
      this.#leftIsDue = false
      this.#deps.post({ type: 'left', sockets: this.#sockets })
    }, leftEveryMs)
  }

  #endIfDone(): void {
    if (this.#leaving && this.#isEmpty) this.#end()
  }

  async #stop(): Promise<void> {
    await this.#until(() => this.#isEmpty, lastBytesWithinMs)
    this.#end()
  }

  async #until(done: () => boolean, withinMs: number): Promise<void> {
    const until = this.#clock.now() + withinMs
    while (!done() && this.#clock.now() < until)
      await new Promise<void>((resolve) => this.#clock.setTimeout(resolve, checkMs))
  }

  #end(): void {
    this.#listeners?.close()
    void this.#carrier?.close()
    this.#carrier?.destroy()
    this.#usage.stop()
    this.#deps.end()
  }
}
