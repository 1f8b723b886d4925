// The supervisor's end of one worker: its state, questions with a time limit, and what it last reported.
import type { Socket } from 'node:net'
import type { Clock, GatewayOptions, Handle, LogOptions, MonotonicMs, UnixMs } from '../core/index.ts'
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
import type { LinkState } from './succession.ts'
import { type AskOptions, WorkerQuestions } from './worker-questions.ts'
import { protocolMismatch, WorkerStart } from './worker-start.ts'
import { next, type WorkerState } from './worker-state.ts'

/** Gets all that a worker sends unasked, with the socket that came with it. */
export type OnWorkerMessage = (message: FromWorker, handle?: Handle) => void

/** Whether what the worker says is for another process, and has gone there with the socket that came with it. */
type Borrower = (message: FromWorker, handle?: Handle) => boolean

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
  /** Of the code that it runs; empty until it is ready. */
  version = ''
  /** Version of Node that it runs; undefined until it is ready, and of earlier code. */
  node: string | undefined
  /** Whether it takes over connections of a worker's own. */
  takesOwn = false
  /** The number of what a front of its code does; undefined until it is ready, and of earlier code. */
  front: number | undefined
  #carriesSince: { wall: UnixMs; now: MonotonicMs } | undefined
  #state: WorkerState = 'starting'
  #readyAt: MonotonicMs = Number.POSITIVE_INFINITY
  #start: WorkerStart | undefined
  #reason: string | undefined
  #silentMs = 0
  #reporting: Promise<void> | undefined
  readonly #channel: Channel
  readonly #onMessage: OnWorkerMessage
  readonly #clock: Clock
  readonly #questions: WorkerQuestions
  /** Another process, which goes on with this worker. */
  #borrower: Borrower | undefined

  /**
   * `onMessage` gets all that the worker sends unasked: everything but answers and how its start went. `known`: what another
   * process knows of a worker that was started there.
   */
  constructor(
    id: number,
    generation: number,
    channel: Channel,
    clock: Clock,
    onMessage: OnWorkerMessage,
    known?: LinkState,
  ) {
    this.id = id
    this.generation = generation
    this.pid = channel.pid
    this.startedAt = known?.startedAt ?? clock.wall()
    this.#channel = channel
    this.#onMessage = onMessage
    this.#clock = clock
    this.#questions = new WorkerQuestions(id, channel, clock)
    if (known) this.#goOn(known)
    channel.onMessage((message, handle) => this.#receive(message, handle))
    this.gone = new Promise((resolve) => channel.onExit((ending) => resolve(this.#onExit(ending))))
  }

  #goOn({ state, version, node, takesOwn = false, front, report, carriesForMs = 0 }: LinkState): void {
    this.#state = state
    this.version = version
    this.node = node
    this.takesOwn = takesOwn
    this.front = front
    this.report = report
    this.#readyAt = this.#clock.now()
    if (state !== 'carrying') return
    this.#carriesSince = { wall: this.#clock.wall() - carriesForMs, now: this.#clock.now() - carriesForMs }
  }

  /** What another process needs to go on with it; undefined of one that is not ready, or has ended. */
  get known(): LinkState | undefined {
    const { id, generation, pid, startedAt, state, version, node, takesOwn, front, report, carriesForMs } =
      this
    if (state === 'starting' || state === 'gone') return undefined
    return { id, generation, pid, startedAt, state, version, node, takesOwn, front, report, carriesForMs }
  }

  /**
   * Another process goes on with this worker from now on, and hears what it says: `borrower` says whether it was for that one. Without
   * a borrower it is this process's alone again.
   */
  lend(borrower: Borrower | undefined): void {
    this.#borrower = borrower
    // Answers to the one before are not for this one, whose numbers may be the same.
    this.#questions.forgetForwarded()
  }

  /** Says what the other process says. The handle is closed here. */
  forward(message: ToWorker, handle?: Socket | Handle): void {
    this.#channel.send(this.#questions.renumbered(message), handle, () => {
      // destroy() closes this process's descriptor; it does not shut the connection down.
      if (handle && 'destroy' in handle) handle.destroy()
      else handle?.close()
    })
  }

  /** Acts on what it has said to another process, which has not done so. */
  hear(message: FromWorker): void {
    this.#receive(message, undefined)
  }

  get state(): WorkerState {
    return this.#state
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
    node?: string,
  ): Promise<void> {
    const onLate = () => this.kill(`was not ready in ${withinMs / 1000} s`)
    this.#start = new WorkerStart(withinMs, onLate, this.#clock)
    const its = { worker: this.id, workers, options, log, ticketKeys, node }
    this.send({ type: 'configure', protocol, ...its })
    return this.#start.isOver
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
    this.#state = next(this.#state, 'leave')
  }

  /** Those that had its place have been given up. */
  return(): void {
    this.#state = next(this.#state, 'return')
  }

  /** It has moved or ended all that it had, and keeps streams for the connections of others. */
  carry(): void {
    if (this.#state === 'leaving') this.#carriesSince = { wall: this.#clock.wall(), now: this.#clock.now() }
    this.#state = next(this.#state, 'carry')
  }

  send(message: ToWorker, handle?: Socket | Handle): void {
    this.#channel.send(message, handle)
  }

  /** Asks the worker; rejects when it ends, refuses, or does not answer within `timeoutMs`. */
  ask<T extends RequestType>(
    type: T,
    ask: Requests[T]['ask'],
    options: AskOptions<T> = {},
  ): Promise<Requests[T]['answer']> {
    return this.#questions.ask(type, ask, options)
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

  #receive(message: FromWorker, handle: Handle | undefined): void {
    this.#silentMs = 0
    if (this.#isBorrowers(message, handle)) return
    switch (message.type) {
      case 'ready':
        if (message.protocol !== protocol) {
          this.kill(protocolMismatch(message.version))
          return
        }
        this.version = message.version
        this.node = message.node
        this.takesOwn = message.takesOwn === true
        this.front = message.front
        this.report = message.report
        this.#state = next(this.#state, 'ready')
        this.#readyAt = this.#clock.now()
        this.#start?.ready()
        break
      case 'failed':
        this.#reason = message.message
        return
      case 'last-report':
        this.report = message.report
        return
      case 'answer':
        this.#questions.answered(message.request, message.value)
        break
      case 'refusal':
        this.#questions.refused(message.request, message.message)
        break
      default:
        this.#onMessage(message, handle)
    }
  }

  #isBorrowers(message: FromWorker, handle: Handle | undefined): boolean {
    if (!this.#borrower) return false
    if (message.type !== 'answer' && message.type !== 'refusal') return this.#borrower(message, handle)
    const request = this.#questions.forwardedAs(message.request)
    return request !== undefined && this.#borrower({ ...message, request })
  }

  #onExit(ending: string): string {
    this.#state = next(this.#state, 'end')
    const message = this.#reason ?? ending
    this.#start?.failed(message)
    this.#questions.end(message)
    return message
  }
}
