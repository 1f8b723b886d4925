// One worker: a gateway that obeys the supervisor's messages. It knows nothing of processes; worker-main.ts runs it
// in one of its own, single-process.ts beside the supervisor.
import net from 'node:net'
import { monitorEventLoopDelay } from 'node:perf_hooks'
import type { Logger } from 'pino'
import { type Clock, systemClock } from './clock.ts'
import { Gateway } from './gateway.ts'
import { createLogger } from './log.ts'
import type { GatewayOptions, ListenOptions } from './options.ts'
import { RemoteLedger } from './remote-ledger.ts'
import type { GatewayEvent } from './snapshot.ts'
import {
  type DrainScope,
  type FromWorker,
  listenerKeys,
  type ProcessInfo,
  type Request,
  type Requests,
  type RequestType,
  type ToWorker,
  type WorkerReport,
} from './worker-messages.ts'

/** Connections that may wait in the kernel to be accepted; it cuts this to its own limit (4,096 on Linux). */
export const backlog = 4096

/** Milliseconds over which events are collected, and how many of them are sent on at most. */
const eventsEvery = 100
const eventsAtMost = 256

/** How long connections get to close when the supervisor is gone. */
const orphanDrain = { spread: 1000, deadline: 3000 }

type Handlers = {
  [T in RequestType]: (
    ask: Requests[T]['ask'],
    handle: unknown,
  ) => Requests[T]['answer'] | Promise<Requests[T]['answer']>
}

export interface WorkerDeps {
  /** Says something to the supervisor. */
  post: (message: FromWorker) => void
  /** Called when the worker shall end. */
  end: () => void
  clock?: Clock
}

export class Worker {
  readonly #post: (message: FromWorker) => void
  readonly #end: () => void
  readonly #clock: Clock
  readonly #ledger: RemoteLedger
  readonly #servers = new Map<string, net.Server>()
  readonly #loop = monitorLoop()
  readonly #handlers: Handlers
  #gateway!: Gateway
  #log!: Logger
  #options!: GatewayOptions
  #events: GatewayEvent[] = []
  #eventsDropped = 0
  #closedSockets = 0

  constructor({ post, end, clock = systemClock }: WorkerDeps) {
    this.#post = post
    this.#end = end
    this.#clock = clock
    this.#ledger = new RemoteLedger(post, clock)
    this.#handlers = {
      listen: ({ listener }, handle) => this.#listen(listener, handle),
      unlisten: ({ listener }) => this.#unlisten(listener),
      reload: ({ options }) => this.#reload(options),
      drain: ({ scope }) => this.#drain(scope),
      snapshot: () => this.#report(),
      connections: ({ filter }) => ({ connections: this.#gateway.connections(filter) }),
      'close-connection': ({ id, code, reason }) => ({
        found: this.#gateway.closeConnection(id, code, reason),
      }),
    }
  }

  /** Obeys one message of the supervisor. `handle` is what came with it. */
  receive(message: ToWorker, handle?: unknown): void {
    switch (message.type) {
      case 'configure':
        this.#configure(message)
        break
      case 'socket':
        this.#take(message.id, message.listener, handle)
        break
      case 'admission':
        this.#ledger.answer(message.request, message.answer)
        break
      case 'stop':
        this.stop()
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
      this.#unlisten()
      this.#gateway.reload({ ...this.#options, drain: { ...this.#options.drain, ...orphanDrain } })
      await this.#gateway.drain()
    }
    this.stop()
  }

  /** A fault that nobody caught: what this worker holds can no longer be trusted, and it ends. */
  fault(error: unknown): void {
    this.#log?.fatal({ error: wordsOf(error) }, 'worker ends after a fault')
    this.#log?.debug({ err: error }, 'where the fault happened')
    this.#end()
  }

  stop(): void {
    for (const server of this.#servers.values()) server.close()
    this.#servers.clear()
    this.#gateway?.stop()
    this.#loop?.disable()
    this.#end()
  }

  #configure({ worker, options, log }: Extract<ToWorker, { type: 'configure' }>): void {
    try {
      this.#options = options
      this.#log = createLogger(log).child({ worker })
      this.#gateway = new Gateway(options, {
        log: this.#log,
        clock: this.#clock,
        admit: (route, limits, address) => this.#ledger.admit(route, limits, address),
        idPrefix: `${worker}-`,
      })
      this.#gateway.on((event) => this.#collect(event))
      this.#gateway.start()
      this.#post({ type: 'ready' })
    } catch (error) {
      this.#post({ type: 'failed', message: wordsOf(error) })
      this.#end()
    }
  }

  async #answer(ask: Request, handle: unknown): Promise<void> {
    const { request } = ask
    try {
      const handler = this.#handlers[ask.type] as (
        ask: Request,
        handle: unknown,
      ) => Requests[RequestType]['answer']
      this.#post({ type: 'answer', request, value: await handler(ask, handle) })
    } catch (error) {
      this.#post({ type: 'refusal', request, message: wordsOf(error) })
    }
  }

  #take(id: number, listener: string, handle: unknown): void {
    // Said before the first byte is read: without it the supervisor gives its copy of the socket to another worker.
    this.#post({ type: 'took', id })
    // A socket whose client has already left arrives as nothing.
    if (!(handle instanceof net.Socket)) {
      this.#countClosed()
      return
    }
    // The receiving process builds the socket with Node's defaults.
    handle.allowHalfOpen = true
    handle.once('close', () => this.#countClosed())
    this.#give(listener, handle)
  }

  #give(listener: string, socket: net.Socket): void {
    const options = this.#listener(listener)
    if (options) this.#gateway.take(options, socket)
    else socket.destroy()
  }

  /** By the options of now: a reload may have changed them since the listener was opened. */
  #listener(key: string): ListenOptions | undefined {
    return this.#options.listen[listenerKeys(this.#options.listen).indexOf(key)]
  }

  #listen(listener: string, handle: unknown): Promise<{ error?: string }> {
    if (this.#servers.has(listener)) return Promise.resolve({})
    const server = net.createServer({ allowHalfOpen: true, noDelay: true }, (socket) =>
      this.#give(listener, socket),
    )
    return new Promise((resolve) => {
      server.on('error', (error: NodeJS.ErrnoException) => {
        // Too many open files, most of all: worth a line, not worth a crash.
        this.#log.warn({ code: error.code, listener }, 'cannot accept connections')
        resolve({ error: error.code ?? 'UNKNOWN' })
      })
      server.listen(handle, backlog, () => {
        this.#servers.set(listener, server)
        resolve({})
      })
    })
  }

  #unlisten(listener?: string): Record<string, never> {
    for (const [key, server] of this.#servers) {
      if (listener !== undefined && key !== listener) continue
      // Stops accepting; connections live on.
      server.close()
      this.#servers.delete(key)
    }
    return {}
  }

  #reload(options: GatewayOptions): { drained: number } {
    const result = this.#gateway.reload(options)
    this.#options = options
    return result
  }

  async #drain(scope?: DrainScope): Promise<Requests['drain']['answer']> {
    const { closed, cut } = await this.#gateway.drain(scope)
    this.#sendEvents()
    return { closed, cut, report: this.#report() }
  }

  #report(): WorkerReport {
    return { snapshot: this.#gateway.snapshot(), process: this.#process() }
  }

  #process(): ProcessInfo {
    const { user, system } = process.cpuUsage()
    const delay = this.#loop ? this.#loop.percentile(99) / 1e6 : 0
    this.#loop?.reset()
    return { memory: process.memoryUsage.rss(), processor: (user + system) / 1e6, delay }
  }

  /** Tells the supervisor of closed sockets, all those of one turn of the event loop in one message. */
  #countClosed(): void {
    if (this.#closedSockets++ > 0) return
    setImmediate(() => {
      this.#post({ type: 'closed', sockets: this.#closedSockets })
      this.#closedSockets = 0
    })
  }

  #collect(event: GatewayEvent): void {
    if (this.#events.length === 0) this.#clock.setTimeout(() => this.#sendEvents(), eventsEvery)
    if (this.#events.length < eventsAtMost) this.#events.push(event)
    else this.#eventsDropped++
  }

  #sendEvents(): void {
    if (this.#events.length === 0) return
    this.#post({ type: 'events', events: this.#events, dropped: this.#eventsDropped })
    this.#events = []
    this.#eventsDropped = 0
  }
}

/** Undefined where the runtime cannot measure it. */
function monitorLoop(): ReturnType<typeof monitorEventLoopDelay> | undefined {
  try {
    const loop = monitorEventLoopDelay({ resolution: 20 })
    loop.enable()
    return loop
  } catch {
    return undefined
  }
}

function wordsOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
