// The supervisor's end of one worker: its state, questions with a time limit, and what it last reported.
import type { Socket } from 'node:net'
import {
  type Clock,
  GatewayError,
  type GatewayOptions,
  type Handle,
  type LogOptions,
  type MonotonicMs,
  type UnixMs,
} from '../core/index.ts'
import type { WorkerInfo } from '../operate/index.ts'
import {
  applyChanges,
  type Channel,
  type FromWorker,
  protocol,
  type Requests,
  type RequestType,
  type RouteChanges,
  type ToWorker,
  type WorkerReport,
} from '../worker/index.ts'

/**
 * `starting`: not ready yet; `ready`: serves; `leaving`: others have its place, it moves or ends what it has; `carrying`: it
 * has none of its own any more, and keeps streams that cannot move for those of others.
 */
export type WorkerState = 'starting' | 'ready' | 'leaving' | 'carrying' | 'gone'

/** Gets all that a worker sends unasked, with the socket that came with it. */
export type OnWorkerMessage = (message: FromWorker, handle?: Handle) => void

interface PendingRequest {
  resolve(value: never): void
  reject(error: GatewayError): void
  cancel(): void
}

interface AskOptions<T extends RequestType> {
  /** Milliseconds. */
  timeoutMs?: number
  handle?: Handle
  /** Called with the answer before anything else that the worker says is read. */
  onAnswer?: (answer: Requests[T]['answer']) => void
}

/** Milliseconds that an ordinary request may take. */
const requestTimeoutMs = 5000
/** A timer that is this late shows that this process was stopped; then the worker's messages get this long to be read. */
const stoppedMs = 2000
const readAfterStopMs = 2000
/** A request for a report waits for as long as a silent worker lives, so that whoever looks next can share it. */
const reportTimeoutMs = 120_000

export class WorkerLink {
  /** The worker's number; its successor has another. */
  readonly id: number
  /** All workers of one start or upgrade have the same. */
  readonly generation: number
  readonly pid: number
  readonly startedAt: UnixMs
  /** Resolves when the worker has ended, with how it ended in words. */
  readonly gone: Promise<string>
  /** What it counted and used when it was last heard. */
  report: WorkerReport | undefined
  #version = ''
  #node: string | undefined
  #carriesSince: { wall: UnixMs; now: MonotonicMs } | undefined
  #state: WorkerState = 'starting'
  #readyAt: MonotonicMs = Number.POSITIVE_INFINITY
  #starting: { resolve(): void; reject(error: GatewayError): void } | undefined
  #reason: string | undefined
  #silentMs = 0
  #reporting: Promise<void> | undefined
  readonly #channel: Channel
  readonly #clock: Clock
  readonly #pending = new Map<number, PendingRequest>()
  #lastRequest = 0

  /** `onMessage` gets all that the worker sends unasked: everything but answers and how its start went. */
  constructor(id: number, generation: number, channel: Channel, clock: Clock, onMessage: OnWorkerMessage) {
    this.id = id
    this.generation = generation
    this.pid = channel.pid
    this.startedAt = clock.wall()
    this.#channel = channel
    this.#clock = clock
    channel.onMessage((message, handle) => this.#receive(message, handle, onMessage))
    this.gone = new Promise((resolve) => channel.onExit((ending) => resolve(this.#onExit(ending))))
  }

  get state(): WorkerState {
    return this.#state
  }

  /** Of the code that it runs; empty until it is ready. */
  get version(): string {
    return this.#version
  }

  /** Version of Node that it runs; undefined until it is ready, and of earlier code. */
  get node(): string | undefined {
    return this.#node
  }

  /** Since when it has nothing but what it carries. */
  get carriesSince(): UnixMs | undefined {
    return this.#carriesSince?.wall
  }

  /** For how many milliseconds it has had nothing but that. */
  get carriesForMs(): number {
    return this.#carriesSince ? this.#clock.now() - this.#carriesSince.now : 0
  }

  /** Infinite while it is not ready. */
  get readyAt(): MonotonicMs {
    return this.#readyAt
  }

  /** Says with what to serve. Rejects when the worker cannot, or ends; one that is not ready in time is killed. */
  configure(
    options: GatewayOptions,
    log: LogOptions,
    withinMs: number,
    workers = 1,
    ticketKeys?: string,
  ): Promise<void> {
    return new Promise((resolve, reject) => {
      const cancel = timeoutUnlessStopped(this.#clock, withinMs, () =>
        this.kill(`was not ready in ${withinMs / 1000} s`),
      )
      this.#starting = {
        resolve: () => {
          cancel()
          resolve()
        },
        reject: (error) => {
          cancel()
          reject(error)
        },
      }
      this.send({ type: 'configure', protocol, worker: this.id, workers, options, log, ticketKeys })
    })
  }

  /**
   * Has the worker report: `report` is fresh when this resolves. Everybody who asks meanwhile shares the one question
   * that is under way, so that a worker that stands still is not asked more often the more people look at it.
   */
  refresh(): Promise<void> {
    // At once: what the worker says next may have been read together with its report, and changes that one.
    const onAnswer = (report: WorkerReport) => {
      this.report = report
    }
    this.#reporting ??= this.ask('snapshot', {}, { timeoutMs: reportTimeoutMs, onAnswer })
      .then(() => {})
      .finally(() => {
        this.#reporting = undefined
      })
    return this.#reporting
  }

  /** A connection has gone to another worker since the last report, or come from one. */
  shift(route: string, as: 'open' | 'held', by: 1 | -1): void {
    const reported = this.report?.snapshot.routes.find(({ name }) => name === route)
    if (reported) reported.connections[as] += by
  }

  /** Connections have come or gone since the last report. */
  change(routes: Record<string, RouteChanges>): void {
    if (this.report) applyChanges(this.report, routes)
  }

  /** So much time has passed. Returns for how long the worker has said nothing at all. */
  addSilence(ms: number): number {
    this.#silentMs += ms
    return this.#silentMs
  }

  /** Others have its place from now on. */
  leave(): void {
    if (this.#state === 'ready') this.#state = 'leaving'
  }

  /** It has moved or ended all that it had, and keeps streams for the connections of others. */
  carry(): void {
    if (this.#state !== 'leaving') return
    this.#state = 'carrying'
    this.#carriesSince = { wall: this.#clock.wall(), now: this.#clock.now() }
  }

  send(message: ToWorker, handle?: Socket | Handle): void {
    this.#channel.send(message, handle)
  }

  /** Asks the worker; rejects when it ends, refuses, or does not answer within `timeoutMs`. */
  ask<T extends RequestType>(
    type: T,
    ask: Requests[T]['ask'],
    { timeoutMs = requestTimeoutMs, handle, onAnswer }: AskOptions<T> = {},
  ): Promise<Requests[T]['answer']> {
    if (this.#state === 'gone') return Promise.reject(workerError(`worker ${this.id} has ended`))
    const request = ++this.#lastRequest
    return new Promise<Requests[T]['answer']>((resolve, reject) => {
      const cancel = timeoutUnlessStopped(this.#clock, timeoutMs, () => {
        this.#pending.delete(request)
        reject(workerError(`worker ${this.id} did not answer '${type}' in ${timeoutMs} ms`, 'worker_silent'))
      })
      const answered = (answer: Requests[T]['answer']) => {
        onAnswer?.(answer)
        resolve(answer)
      }
      this.#pending.set(request, { resolve: answered, reject, cancel })
      this.#channel.send({ type, request, ...ask } as ToWorker, handle)
    })
  }

  /** The worker has taken this socket: closes the copy here, if there is one. */
  release(socket: Socket): void {
    this.#channel.release(socket)
  }

  /** Ends it at once. `why`: what the log says instead of how the process ended. */
  kill(why?: string): void {
    this.#reason ??= why
    this.#channel.kill()
  }

  #receive(message: FromWorker, handle: Handle | undefined, onMessage: OnWorkerMessage): void {
    this.#silentMs = 0
    switch (message.type) {
      case 'ready':
        if (message.protocol !== protocol) {
          this.kill(protocolMismatch(message.version))
          return
        }
        this.#version = message.version
        this.#node = message.node
        this.report = message.report
        this.#state = 'ready'
        this.#readyAt = this.#clock.now()
        this.#starting?.resolve()
        break
      case 'failed':
        this.#reason = message.message
        return
      case 'last-report':
        this.report = message.report
        return
      case 'answer':
        this.#settle(message.request)?.resolve(message.value as never)
        break
      case 'refusal':
        this.#settle(message.request)?.reject(workerError(message.message))
        break
      default:
        onMessage(message, handle)
    }
  }

  #onExit(ending: string): string {
    this.#state = 'gone'
    const message = this.#reason ?? ending
    this.#starting?.reject(
      new GatewayError('worker_failed', 'gateway', `a worker could not start: ${message}`),
    )
    for (const request of [...this.#pending.keys()]) {
      this.#settle(request)?.reject(workerError(`worker ${this.id} has ended: ${message}`))
    }
    return message
  }

  #settle(request: number): PendingRequest | undefined {
    const pending = this.#pending.get(request)
    this.#pending.delete(request)
    pending?.cancel()
    return pending
  }
}

/**
 * Calls back after `ms`; the result prevents that. When this process itself was stopped meanwhile, or
 * its machine, what the worker said in that time is read first.
 */
function timeoutUnlessStopped(clock: Clock, ms: number, callback: () => void): () => void {
  const due = clock.now() + ms
  let timer = clock.setTimeout(() => {
    if (clock.now() - due < stoppedMs) callback()
    else timer = clock.setTimeout(callback, readAfterStopMs)
  }, ms)
  return () => clock.clearTimeout(timer)
}

/** Why a worker of another version cannot serve under this supervisor. */
function protocolMismatch(version: string): string {
  return `version ${version} speaks another IPC protocol than this supervisor; drain this gateway and start anew`
}

function workerError(message: string, code = 'worker'): GatewayError {
  return new GatewayError(code, 'gateway', message)
}

/** The worker as an operator sees it, by its last report. */
export function workerInfo(worker: WorkerLink): WorkerInfo {
  const { id, pid, state, generation, version, startedAt, report } = worker
  let connections = 0
  for (const route of report?.snapshot.routes ?? [])
    connections += route.connections.open + route.connections.held + route.connections.closing
  const shown = state === 'carrying' ? 'leaving' : state
  return { id, pid, state: shown, generation, version, startedAt, connections, process: report?.process }
}
