// Keeps `size` workers of one generation running, replaces those that end, and keeps what they had counted.
import type { Logger } from 'pino'
import {
  addRefused,
  type Clock,
  GatewayError,
  type GatewayEvent,
  type GatewayOptions,
  type GatewaySnapshot,
  guarded,
  type Handle,
  type LogOptions,
  type MonotonicMs,
  noneRefused,
  type SocketCounts,
} from '../core/index.ts'
import {
  addUnrouted,
  type Channel,
  emptyCounters,
  type FromWorker,
  mergeSnapshots,
  noneUnrouted,
  type Requests,
  type RequestType,
  retire,
  type Totals,
} from '../worker/index.ts'
import { type AdmissionLedger, Admissions } from './admissions.ts'
import type { RemovedRoutes } from './removed-routes.ts'
import { recentCrashes, restartDelay } from './restart-delay.ts'
import { WorkerLink } from './worker-link.ts'

/** Milliseconds in which a worker must be ready. */
const readyWithinMs = 10_000
/** A worker that ends sooner than this, in milliseconds, after it was ready counts as crashed at start. */
const settledAfterMs = 1000
/** Milliseconds between the reports that are kept for the case that a worker dies. */
const reportEveryMs = 1000
/** Milliseconds after which whoever looks gets what a worker reported before. */
const reportTimeoutMs = 5000
/** A worker that has said nothing for this long is taken for dead. */
const maxSilentMs = 30_000

/** About a worker that does not answer in a reload. */
const silentWorkerHint = 'one that stands still is replaced after half a minute: reload again then'

export interface WorkerPoolDeps {
  size: number
  startWorker: () => Channel
  /** The options to serve with now. */
  options: () => GatewayOptions
  logging: LogOptions
  /** The keys of TLS session tickets of now. */
  ticketKeys: () => string
  ledger: AdmissionLedger
  log: Logger
  clock: Clock
  /** The worker can be given sockets from now on. One for which this fails is killed. */
  onReady: (worker: WorkerLink) => Promise<void>
  /** The worker has ended. */
  onGone: (worker: WorkerLink) => void
  /** The worker drains: it gets no more sockets. */
  onFaulty: (worker: WorkerLink) => void
  /** Routes that are not in the configuration any more, and whose counters are still shown. */
  removed: Pick<RemovedRoutes, 'names' | 'has'>
  onSocketTaken: (worker: WorkerLink, id: number) => void
  onSocketsLeft: (worker: WorkerLink, count: number) => void
  onEvents: (worker: WorkerLink, events: GatewayEvent[], dropped: number) => void
  /** What a worker says about connections that go from one to another. */
  onMove: (worker: WorkerLink, message: MoveMessage, handle?: Handle) => void
}

/** What workers say while connections go from one to another. */
export type MoveMessage = Extract<
  FromWorker,
  { type: 'move' | 'move-upstream' | 'adopted' | 'not-adopted' | 'leaving' }
>

export class WorkerPool {
  readonly #deps: WorkerPoolDeps
  readonly #workers = new Map<number, WorkerLink>()
  readonly #admissions: Admissions
  #phase: 'starting' | 'running' | 'stopping' = 'starting'
  /** Nobody replaces it when it ends: it was told to, or drains after a fault. */
  readonly #stopping = new WeakSet<WorkerLink>()
  /** CloseAction to end by this pool, and not because of a fault. */
  readonly #stoppedInOrder = new WeakSet<WorkerLink>()
  #ended: Totals = new Map()
  #crashes: MonotonicMs[] = []
  #ids = 0
  #generation = 1
  #restarts = 0
  /** By workers that have ended. */
  #logLinesDropped = 0
  /** By workers that have ended. */
  #accessLinesDropped = 0
  /** By workers that have ended. */
  #unrouted = noneUnrouted
  /** By workers that have ended. */
  #refused = noneRefused()
  #silenceTimer: unknown

  constructor(deps: WorkerPoolDeps) {
    this.#deps = deps
    this.#admissions = new Admissions(deps.ledger)
  }

  /** How many workers were started in place of one that ended. */
  get restarts(): number {
    return this.#restarts
  }

  /** What became of sockets that became no connection, in all workers. */
  get sockets(): SocketCounts {
    const live = this.#all.flatMap(({ report }) => report?.process.sockets ?? [])
    return {
      pending: live.reduce((sum, { pending }) => sum + pending, 0),
      refused: live.map(({ refused }) => refused).reduce(addRefused, this.#refused),
      short: live.some(({ short }) => short),
    }
  }

  /** Lines of the log that workers in processes of their own dropped. */
  get logLinesDropped(): number {
    return this.#all.reduce((sum, worker) => sum + linesDroppedBy(worker), this.#logLinesDropped)
  }

  /** Lines of the access log that workers dropped. */
  get accessLinesDropped(): number {
    return this.#all.reduce(
      (sum, { report }) => sum + (report?.process.accessLinesDropped ?? 0),
      this.#accessLinesDropped,
    )
  }

  /** Has every worker open the file of the access log again. */
  reopenLogs(): void {
    for (const worker of this.#all) worker.send({ type: 'reopen-log' })
  }

  /** All that have not ended. */
  get #all(): WorkerLink[] {
    return [...this.#workers.values()]
  }

  /** All workers that have not ended, but for those that only carry. */
  get workers(): WorkerLink[] {
    return this.#all.filter(({ state }) => state !== 'carrying')
  }

  /** Those that have no connection of their own and keep streams for those of others, the oldest first. */
  get carriers(): WorkerLink[] {
    return this.#all.filter(({ state }) => state === 'carrying')
  }

  /** Those that get new connections. */
  get ready(): WorkerLink[] {
    return this.workers.filter(
      ({ state, generation }) => state === 'ready' && generation === this.#generation,
    )
  }

  get #serving(): WorkerLink[] {
    return this.workers.filter(({ state }) => state === 'ready' || state === 'leaving')
  }

  /** Those of earlier generations that still have connections. */
  get leaving(): WorkerLink[] {
    return this.workers.filter(({ state }) => state === 'leaving')
  }

  /** Resolves when each of the first workers is ready or has failed; rejects when all of them have failed. */
  async start(): Promise<void> {
    const first = Array.from({ length: this.#deps.size }, () => this.#startServing())
    const results = await Promise.allSettled(first)
    if (this.#phase === 'stopping') return
    const failure = results.find((result) => result.status === 'rejected')
    if (failure && !results.some(({ status }) => status === 'fulfilled')) {
      this.retire()
      throw failure.reason
    }
    this.#phase = 'running'
    for (let missing = this.#deps.size - this.workers.length; missing > 0; missing--) this.#replace()
    this.#watchSilence()
  }

  /**
   * Starts the workers of the next generation from the code now on disk. Resolves when all of them are ready; nobody
   * gives them connections yet. Rejects when one is not: then none of them stays, and nothing has changed.
   */
  async startNext(): Promise<WorkerLink[]> {
    const started = Array.from({ length: this.#deps.size }, () => this.#startWorker(this.#generation + 1))
    const newWorkers = started.map(({ worker }) => worker)
    try {
      await Promise.all(started.map(({ configured }) => configured))
      // Their event loops run, too.
      await Promise.all(newWorkers.map((worker) => worker.ask('snapshot', {})))
      if (this.#phase === 'stopping') throw new GatewayError('draining', 'gateway', 'the gateway is draining')
      return newWorkers
    } catch (error) {
      void this.stopWorkers(newWorkers, 0)
      throw error
    }
  }

  /** Ends workers that are not needed; nobody replaces them. Resolves when they are gone. */
  async stopWorkers(workers: readonly WorkerLink[], withinMs: number): Promise<void> {
    for (const worker of workers) {
      this.#stopping.add(worker)
      this.#stoppedInOrder.add(worker)
      worker.send({ type: 'stop' })
    }
    const kill = () => {
      for (const worker of workers) worker.kill()
    }
    const killer = this.#deps.clock.setTimeout(kill, withinMs)
    await Promise.all(workers.map(({ gone }) => gone))
    this.#deps.clock.clearTimeout(killer)
  }

  /** It has moved or ended all that it had; it ends by itself when it carries nothing any more. */
  carry(worker: WorkerLink): void {
    this.#stopping.add(worker)
    this.#stoppedInOrder.add(worker)
    worker.carry()
  }

  /** The new workers take over. The result is those that they replace; they are leaving now. */
  activate(newWorkers: readonly WorkerLink[]): WorkerLink[] {
    const old = this.workers.filter((worker) => !newWorkers.includes(worker))
    this.#generation = newWorkers[0]!.generation
    this.#crashes = []
    void this.stopWorkers(
      old.filter(({ state }) => state === 'starting'),
      0,
    )
    for (const worker of old) worker.leave()
    const ended = newWorkers.filter(({ state }) => state === 'gone')
    for (const _ of ended) this.#replace()
    return this.leaving
  }

  /** Asks all workers that have connections. A worker that does not answer is left out and logged. */
  async ask<T extends RequestType>(
    type: T,
    ask: Requests[T]['ask'],
    withinMs?: number,
  ): Promise<{ worker: WorkerLink; answer: Requests[T]['answer'] }[]> {
    const asked = this.#serving.map(async (worker) => ({
      worker,
      answer: await worker.ask(type, ask, { timeoutMs: withinMs }),
    }))
    const results = await Promise.allSettled(asked)
    return results.flatMap((result) => {
      if (result.status === 'fulfilled') return [result.value]
      this.#deps.log.warn({ error: result.reason.message }, 'a worker did not answer')
      return []
    })
  }

  /**
   * Has every worker load what a reload needs; nothing changes. The result says why it cannot be: a worker that does not
   * answer would go on with the old configuration while the others have the new one, and what one ends by, or has a
   * fault by, would end the others, too. One that has moved all that it had, and was told to end, is asked in vain.
   */
  async prepareReload(options: GatewayOptions, withinMs: number): Promise<string[]> {
    const asked = this.#serving.map(async (worker) => {
      try {
        const { state } = worker
        await worker.ask('prepare-reload', { options }, { timeoutMs: withinMs })
        return worker.state === state || this.#stoppedInOrder.has(worker) ? [] : [failedMeanwhile(worker)]
      } catch (error) {
        if (this.#stoppedInOrder.has(worker)) return []
        if (worker.state === 'gone') return [failedMeanwhile(worker)]
        const { code, message } = error as GatewayError
        return [code === 'worker_silent' ? `${message}; ${silentWorkerHint}` : message]
      }
    })
    return [...new Set((await Promise.all(asked)).flat())]
  }

  /** Asks all of them while no connection is on its way from one to another, so that it reaches each of them. */
  async askAtRest<T extends RequestType>(
    type: T,
    ask: Requests[T]['ask'],
    withinMs?: number,
  ): Promise<{ worker: WorkerLink; answer: Requests[T]['answer'] }[]> {
    const { leaving } = this
    await Promise.allSettled(leaving.map((worker) => worker.ask('halt-moves', {})))
    const answers = this.ask(type, ask, withinMs)
    // On its channel everybody hears the question before the next connection.
    for (const worker of leaving) worker.send({ type: 'go-on' })
    return answers
  }

  /** A connection has gone from one worker to another, and its admission with it. */
  moveAdmission(from: WorkerLink, to: WorkerLink, admission: number): void {
    this.#admissions.move(from.id, to.id, admission)
  }

  /** No worker has this connection any more, and none will report it. */
  countLost(route: string): void {
    const connections = { open: 1, held: 0, closing: 0 }
    const last = { name: route, connections, upstreams: [], counters: emptyCounters() }
    this.#ended = retire(this.#ended, { routes: [last], drains: [] })
  }

  /** Has every worker report; of one that does not within `withinMs`, the last report stays. */
  async refresh(withinMs = reportTimeoutMs): Promise<void> {
    const { clock } = this.#deps
    const asked = [...this.#serving, ...this.carriers]
    const all = Promise.allSettled(asked.map((worker) => worker.refresh()))
    await new Promise<void>((resolve) => {
      const timer = clock.setTimeout(resolve, withinMs)
      void all.then(() => {
        clock.clearTimeout(timer)
        resolve()
      })
    })
  }

  /** What all workers last reported, and what those that have ended had counted. */
  snapshot(): GatewaySnapshot {
    const live = this.#all.flatMap(({ report }) => (report ? [report.snapshot] : []))
    const { removed } = this.#deps
    const names = [...this.#deps.options().routes.map(({ name }) => name), ...removed.names]
    const merged = mergeSnapshots(live, this.#ended, names, (name) => !removed.has(name))
    return { ...merged, unrouted: addUnrouted(merged.unrouted ?? noneUnrouted, this.#unrouted) }
  }

  /** From now on nobody who ends is replaced. */
  retire(): void {
    this.#phase = 'stopping'
    this.#deps.clock.clearTimeout(this.#silenceTimer)
  }

  /** Ends all workers; those that have not ended within `withinMs` are killed. */
  async stop(withinMs: number): Promise<void> {
    this.retire()
    await this.stopWorkers(this.#all, withinMs)
  }

  /** Ends all workers at once. */
  kill(): void {
    this.retire()
    for (const worker of this.#all) worker.kill()
  }

  /** `configured` resolves when the worker is ready with the options of now; rejects when it ends before. */
  #startWorker(generation: number): { worker: WorkerLink; configured: Promise<void> } {
    const { clock, startWorker } = this.#deps
    const worker: WorkerLink = new WorkerLink(
      ++this.#ids,
      generation,
      startWorker(),
      clock,
      guarded(
        (message: FromWorker, handle?: Handle) => this.#onMessage(worker, message, handle),
        (err, { type }) =>
          this.#deps.log.error(
            { err, worker: worker.id, type },
            'fault while handling a message of a worker',
          ),
      ),
    )
    this.#workers.set(worker.id, worker)
    void worker.gone.then((ending) => this.#onExit(worker, ending))
    return { worker, configured: this.#configure(worker) }
  }

  async #configure(worker: WorkerLink): Promise<void> {
    const { logging, options, ticketKeys, size } = this.#deps
    const given = options()
    const keys = ticketKeys()
    await worker.configure(given, logging, readyWithinMs, size, keys)
    // What was said before it was ready it may not have heeded.
    if (ticketKeys() !== keys) worker.send({ type: 'ticket-keys', keys: ticketKeys() })
    try {
      // The configuration may have been replaced while the worker started.
      const current = options()
      if (current !== given) await worker.ask('reload', { options: current })
    } catch (error) {
      worker.kill()
      throw error
    }
  }

  /** Starts a worker of this generation. Resolves when it serves; rejects when it ends before. */
  async #startServing(): Promise<void> {
    const { worker, configured } = this.#startWorker(this.#generation)
    await configured
    try {
      if (this.#phase !== 'stopping') await this.#deps.onReady(worker)
    } catch (error) {
      worker.kill()
      throw error
    }
  }

  #onMessage(worker: WorkerLink, message: FromWorker, handle?: Handle): void {
    const { onSocketTaken, onSocketsLeft, onEvents, onMove } = this.#deps
    switch (message.type) {
      case 'faulty':
        this.#replaceFaulty(worker)
        break
      case 'took':
        onSocketTaken(worker, message.id)
        break
      case 'left':
        onSocketsLeft(worker, message.sockets)
        break
      case 'changed':
        worker.change(message.routes)
        break
      case 'unanswered':
        for (const other of this.#serving) if (other !== worker) other.send(message)
        break
      case 'events':
        onEvents(worker, message.events, message.dropped)
        break
      case 'admit': {
        const answer = this.#admissions.admit(worker.id, message.route, message.limits, message.address)
        worker.send({ type: 'admission', request: message.request, answer })
        break
      }
      case 'enter': {
        const answer = this.#admissions.enter(worker.id, message.route, message.address)
        worker.send({ type: 'admission', request: message.request, answer })
        break
      }
      case 'release':
        this.#admissions.release(worker.id, message.admission)
        break
      case 'move':
      case 'move-upstream':
      case 'adopted':
      case 'not-adopted':
      case 'leaving':
        onMove(worker, message, handle)
    }
  }

  /** A worker that drains after a fault: another has its place from now on. */
  #replaceFaulty(worker: WorkerLink): void {
    const { log, clock, onFaulty } = this.#deps
    if (this.#stopping.has(worker)) return
    log.warn({ worker: worker.id, pid: worker.pid }, 'a worker drains after a fault and is replaced')
    const served = worker.state === 'ready' && worker.generation === this.#generation
    this.#stopping.add(worker)
    worker.leave()
    onFaulty(worker)
    if (!served || this.#phase !== 'running') return
    const now = clock.now()
    if (now - worker.readyAt < settledAfterMs) this.#crashes = [...recentCrashes(this.#crashes, now), now]
    this.#replace()
  }

  #onExit(worker: WorkerLink, ending: string): void {
    const { clock, log, onGone } = this.#deps
    this.#workers.delete(worker.id)
    this.#tellLostCarrier(worker, ending)
    this.#admissions.releaseAll(worker.id)
    this.#logLinesDropped += linesDroppedBy(worker)
    this.#accessLinesDropped += worker.report?.process.accessLinesDropped ?? 0
    this.#refused = addRefused(this.#refused, worker.report?.process.sockets?.refused ?? noneRefused())
    if (worker.report) {
      const { snapshot } = worker.report
      this.#ended = retire(this.#ended, snapshot)
      this.#unrouted = addUnrouted(this.#unrouted, snapshot.unrouted ?? noneUnrouted)
    }
    onGone(worker)
    if (this.#phase === 'stopping' || this.#stopping.has(worker)) return
    log.warn({ worker: worker.id, pid: worker.pid, ending }, 'a worker has ended')
    // A leaving worker has been replaced, and a new one does not serve yet.
    if (worker.generation !== this.#generation) return
    const now = clock.now()
    if (now - worker.readyAt < settledAfterMs) this.#crashes = [...recentCrashes(this.#crashes, now), now]
    // Before the pool runs, start() decides.
    if (this.#phase === 'running') this.#replace()
  }

  /** What it carried ends with it: the workers that have these connections see TCP end, and count them. */
  #tellLostCarrier({ id, pid, carriesSince, report }: WorkerLink, ending: string): void {
    const connections = report?.process.carried ?? 0
    if (carriesSince === undefined || connections === 0 || this.#phase === 'stopping') return
    this.#deps.log.error({ worker: id, pid, ending, connections }, 'a carrier has ended, and what it carried')
  }

  #replace(): void {
    const { clock, log } = this.#deps
    const generation = this.#generation
    const delay = restartDelay(this.#crashes, clock.now())
    const start = () => {
      if (this.#phase === 'stopping' || generation !== this.#generation) return
      this.#restarts++
      this.#startServing().catch((error) => {
        if (generation === this.#generation) log.error({ error: error.message }, 'a worker was not replaced')
      })
    }
    if (delay === 0) start()
    else clock.setTimeout(start, delay)
  }

  /** Asks for reports, and counts how long each worker has been silent: time decides, not how often anybody looked. */
  #watchSilence(): void {
    const { clock } = this.#deps
    const since = clock.now()
    this.#silenceTimer = clock.setTimeout(() => {
      if (this.#phase !== 'running') return
      // Longer than that this process itself was stopped, or its machine: it could not have heard anybody.
      const passed = Math.min(clock.now() - since, 2 * reportEveryMs)
      for (const worker of [...this.#serving, ...this.carriers]) {
        // Its event loop stands still: its connections are lost already, and others shall not follow.
        if (worker.addSilence(passed) >= maxSilentMs) worker.kill(`said nothing for ${maxSilentMs / 1000} s`)
        else worker.refresh().catch(() => {})
      }
      this.#watchSilence()
    }, reportEveryMs)
  }
}

function failedMeanwhile({ id }: WorkerLink): string {
  return `worker ${id} failed while it loaded what the configuration names: see the log, and reload again`
}

/** A worker in the supervisor's process writes with the supervisor's writer. */
function linesDroppedBy({ pid, report }: WorkerLink): number {
  return pid === process.pid ? 0 : (report?.process.logLinesDropped ?? 0)
}
