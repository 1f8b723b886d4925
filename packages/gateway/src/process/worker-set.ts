// The workers that have not ended: who of them does what, what they are told and asked together, and what they and those
// before them have counted.
import { type GatewaySnapshot, guarded, type Handle, type SocketCounts } from '../core/index.ts'
import type { Channel, FromWorker, Requests, RequestType } from '../worker/index.ts'
import { Admissions } from './admissions.ts'
import { type Answered, askWorkers, refreshWorkers } from './ask-workers.ts'
import { EndedWorkers } from './ended-workers.ts'
import { type FromWorkerHooks, onWorkerMessage } from './from-worker.ts'
import type { HeldAdmission, LinkState } from './succession.ts'
import { WorkerLink } from './worker-link.ts'
import type { WorkerPoolDeps } from './worker-pool-deps.ts'

/** Milliseconds after which whoever looks gets what a worker reported before. */
const reportTimeoutMs = 5000

export abstract class WorkerSet {
  protected readonly deps: WorkerPoolDeps
  protected readonly byId = new Map<number, WorkerLink>()
  protected readonly ended = new EndedWorkers()
  protected readonly admissions: Admissions
  protected currentGeneration = 1
  readonly #hooks: FromWorkerHooks

  constructor(deps: WorkerPoolDeps) {
    this.deps = deps
    this.admissions = new Admissions(deps.ledger)
    this.#hooks = {
      ...deps,
      admissions: this.admissions,
      isThere: ({ id }) => this.byId.has(id),
      serving: () => this.serving,
      onFaulty: (worker) => this.onFaulty(worker),
    }
  }

  /** It drains after a fault. */
  protected abstract onFaulty(worker: WorkerLink): void

  /** It has ended, and this is how, in words. */
  protected abstract onEnded(worker: WorkerLink, ending: string): void

  /** Adds a worker. `known`: what another process knows of one that was started there. */
  protected link(id: number, generation: number, channel: Channel, known?: LinkState): WorkerLink {
    const { clock, log } = this.deps
    const onMessage = guarded(
      (message: FromWorker, handle?: Handle) => onWorkerMessage(worker, message, handle, this.#hooks),
      (err, { type }) => log.error({ err, worker: id, type }, 'fault while handling a message of a worker'),
    )
    const worker = new WorkerLink(id, generation, channel, clock, onMessage, known)
    this.byId.set(id, worker)
    void worker.gone.then((ending) => {
      this.byId.delete(id)
      this.admissions.releaseAll(id)
      this.ended.add(worker)
      this.onEnded(worker, ending)
    })
    return worker
  }

  /** Number of the round that started those that get new connections. */
  get generation(): number {
    return this.currentGeneration
  }

  /** All that have not ended. */
  protected get all(): WorkerLink[] {
    return [...this.byId.values()]
  }

  /** All workers that have not ended, but for those that only carry. */
  get workers(): WorkerLink[] {
    return this.all.filter(({ state }) => state !== 'carrying')
  }

  /** Those that have no connection of their own and keep streams for those of others, the oldest first. */
  get carriers(): WorkerLink[] {
    return this.all.filter(({ state }) => state === 'carrying')
  }

  /** Those that get new connections. */
  get ready(): WorkerLink[] {
    return this.workers.filter(
      ({ state, generation }) => state === 'ready' && generation === this.currentGeneration,
    )
  }

  /** Those of earlier generations that still have connections. */
  get leaving(): WorkerLink[] {
    return this.workers.filter(({ state }) => state === 'leaving')
  }

  /** Those that have connections of their own. */
  protected get serving(): WorkerLink[] {
    return this.workers.filter(({ state }) => state === 'ready' || state === 'leaving')
  }

  /** Those that another process can go on with. */
  get known(): WorkerLink[] {
    return this.all.filter(({ known }) => known)
  }

  /** The fleet's store is there, perhaps anew: every worker says which sessions it has. */
  announceSessions(): void {
    for (const worker of this.all) worker.send({ type: 'announce-sessions' })
  }

  /** Other nodes have these sessions now. */
  tellTaken(sessions: readonly { id: string; epoch: number }[]): void {
    for (const worker of this.all) worker.send({ type: 'sessions-taken', sessions })
  }

  /** So many milliseconds ago this node said for the last time that it is there. */
  tellRenewed(agoMs: number): void {
    for (const worker of this.all) worker.send({ type: 'node-renewed', agoMs })
  }

  /** Has every worker open the file of the access log again. */
  reopenLogs(): void {
    for (const worker of this.all) worker.send({ type: 'reopen-log' })
  }

  /** Asks all workers that have connections. A worker that does not answer is left out and logged. */
  ask<T extends RequestType>(type: T, ask: Requests[T]['ask'], withinMs?: number): Promise<Answered<T>[]> {
    return askWorkers(this.serving, type, ask, { withinMs, log: this.deps.log })
  }

  /** Asks all of them while no connection is on its way from one to another, so that it reaches each of them. */
  async askAtRest<T extends RequestType>(
    type: T,
    ask: Requests[T]['ask'],
    withinMs?: number,
  ): Promise<Answered<T>[]> {
    const { leaving } = this
    await Promise.allSettled(leaving.map((worker) => worker.ask('halt-moves', {})))
    const answers = this.ask(type, ask, withinMs)
    // On its channel everybody hears the question before the next connection.
    for (const worker of leaving) worker.send({ type: 'go-on' })
    return answers
  }

  /** Has every worker report; of one that does not within `withinMs`, the last report stays. */
  refresh(withinMs = reportTimeoutMs): Promise<void> {
    return refreshWorkers([...this.serving, ...this.carriers], withinMs, this.deps.clock)
  }

  /** What all workers last reported, and what those that have ended had counted. */
  snapshot(): GatewaySnapshot {
    const { options, removed } = this.deps
    const names = [...options().routes.map(({ name }) => name), ...removed.names]
    return this.ended.snapshot(this.all, names, removed)
  }

  /** What became of sockets that became no connection, in all workers. */
  get sockets(): SocketCounts {
    return this.ended.sockets(this.all)
  }

  /** Lines of the log that workers in processes of their own dropped. */
  get logLinesDropped(): number {
    return this.ended.logLinesDropped(this.all)
  }

  /** Lines of the access log that workers dropped. */
  get accessLinesDropped(): number {
    return this.ended.accessLinesDropped(this.all)
  }

  /** A connection has gone from one worker to another, and its admission with it. */
  moveAdmission(from: Pick<WorkerLink, 'id'>, to: Pick<WorkerLink, 'id'>, admission: number): void {
    this.admissions.move(from.id, to.id, admission)
  }

  /** A connection that is in no worker any more held this. */
  releaseAdmission(worker: number, admission: number): void {
    this.admissions.release(worker, admission)
  }

  /** Another process has given this to a connection that is in a worker of here. */
  keepAdmission(held: HeldAdmission): void {
    this.admissions.keep(held)
  }

  /** No worker has this connection any more, and none will report it. */
  countLost(route: string): void {
    this.ended.addLost(route)
  }
}
