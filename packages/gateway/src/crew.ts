// Keeps so many workers running, replaces those that end, and keeps what they had counted.
import type { Logger } from 'pino'
import { type AdmissionLedger, Admissions } from './admissions.ts'
import type { Channel } from './channel.ts'
import type { Clock } from './clock.ts'
import type { LogOptions } from './log.ts'
import type { GatewayOptions } from './options.ts'
import { recentCrashes, restartDelay } from './restart-delay.ts'
import type { GatewayEvent, GatewaySnapshot } from './snapshot.ts'
import { mergeSnapshots, retire, type Totals } from './totals.ts'
import { WorkerLink } from './worker-link.ts'
import type { FromWorker, Requests, RequestType } from './worker-messages.ts'

/** Milliseconds in which a worker must be ready. */
const readyWithin = 10_000
/** A worker that ends sooner than this, in milliseconds, after it was ready counts as crashed at start. */
const settledAfter = 1000
/** Milliseconds between the snapshots that are kept for the case that a worker dies, and for an answer. */
const snapshotEvery = 1000
/** Snapshots in a row that a worker may leave unanswered, two seconds each, before it is taken for dead. */
const silencesAtMost = 15

export interface CrewDeps {
  size: number
  startWorker: () => Channel
  /** The options to serve with now. */
  options: () => GatewayOptions
  logging: LogOptions
  ledger: AdmissionLedger
  log: Logger
  clock: Clock
  /** The worker can be given sockets from now on. One for which this fails is killed. */
  onReady: (worker: WorkerLink) => Promise<void>
  /** The worker has ended. */
  onGone: (worker: WorkerLink) => void
  onSocketTaken: (worker: WorkerLink, id: number) => void
  onSocketsClosed: (worker: WorkerLink, count: number) => void
  onEvents: (worker: WorkerLink, events: GatewayEvent[], dropped: number) => void
}

export class Crew {
  readonly #deps: CrewDeps
  readonly #workers = new Map<number, WorkerLink>()
  readonly #admissions: Admissions
  #phase: 'starting' | 'running' | 'stopping' = 'starting'
  #ended: Totals = new Map()
  #crashes: number[] = []
  #ids = 0
  #restarts = 0
  #refreshTimer: unknown

  constructor(deps: CrewDeps) {
    this.#deps = deps
    this.#admissions = new Admissions(deps.ledger)
  }

  /** How many workers were started in place of one that ended. */
  get restarts(): number {
    return this.#restarts
  }

  /** All workers that have not ended. */
  get workers(): WorkerLink[] {
    return [...this.#workers.values()]
  }

  get ready(): WorkerLink[] {
    return this.workers.filter(({ state }) => state === 'ready')
  }

  /** Resolves when each of the first workers is ready or has failed; rejects when all of them have failed. */
  async start(): Promise<void> {
    const first = Array.from({ length: this.#deps.size }, () => this.#startWorker())
    const results = await Promise.allSettled(first)
    if (this.#phase === 'stopping') return
    const failure = results.find((result) => result.status === 'rejected')
    if (failure && !results.some(({ status }) => status === 'fulfilled')) {
      this.retire()
      throw failure.reason
    }
    this.#phase = 'running'
    for (let missing = this.#deps.size - this.workers.length; missing > 0; missing--) this.#replace()
    this.#refreshLater()
  }

  /** Asks all ready workers. A worker that does not answer is left out and logged. */
  async ask<T extends RequestType>(
    type: T,
    ask: Requests[T]['ask'],
    within?: number,
  ): Promise<{ worker: WorkerLink; answer: Requests[T]['answer'] }[]> {
    const asked = this.ready.map(async (worker) => ({
      worker,
      answer: await worker.ask(type, ask, { within }),
    }))
    const results = await Promise.allSettled(asked)
    return results.flatMap((result) => {
      if (result.status === 'fulfilled') return [result.value]
      this.#deps.log.warn({ error: result.reason.message }, 'a worker did not answer')
      return []
    })
  }

  /** Has every worker report, and keeps the reports; of a worker that does not in time, the last one stays. */
  async refresh(within?: number): Promise<void> {
    const asked = this.ready.map(async (worker) => {
      worker.silences++
      worker.report = await worker.ask('snapshot', {}, { within })
      worker.silences = 0
    })
    await Promise.allSettled(asked)
  }

  /** What all workers last reported, and what those that have ended had counted. */
  snapshot(): GatewaySnapshot {
    const live = this.workers.flatMap(({ report }) => (report ? [report.snapshot] : []))
    const names = this.#deps.options().routes.map(({ name }) => name)
    return mergeSnapshots(live, this.#ended, names)
  }

  /** From now on nobody who ends is replaced. */
  retire(): void {
    this.#phase = 'stopping'
    this.#deps.clock.clearTimeout(this.#refreshTimer)
  }

  /** Ends all workers; those that have not ended within so many milliseconds are killed. */
  async stop(within: number): Promise<void> {
    this.retire()
    const gone = this.workers.map((worker) => worker.gone)
    for (const worker of this.workers) worker.send({ type: 'stop' })
    const killer = this.#deps.clock.setTimeout(() => this.kill(), within)
    await Promise.all(gone)
    this.#deps.clock.clearTimeout(killer)
  }

  /** Ends all workers at once. */
  kill(): void {
    this.retire()
    for (const worker of this.workers) worker.kill()
  }

  /** Resolves when the worker is ready; rejects when it ends before. */
  async #startWorker(): Promise<void> {
    const { clock, logging, startWorker, options, onReady } = this.#deps
    const worker = new WorkerLink(++this.#ids, startWorker(), clock, (message) => this.#obey(worker, message))
    this.#workers.set(worker.id, worker)
    void worker.gone.then((ending) => this.#mourn(worker, ending))
    const given = options()
    await worker.configure(given, logging, readyWithin)
    try {
      // The configuration may have been replaced while the worker started.
      const current = options()
      if (current !== given) await worker.ask('reload', { options: current })
      if (this.#phase !== 'stopping') await onReady(worker)
    } catch (error) {
      worker.kill()
      throw error
    }
  }

  #obey(worker: WorkerLink, message: FromWorker): void {
    const { onSocketTaken, onSocketsClosed, onEvents } = this.#deps
    switch (message.type) {
      case 'took':
        onSocketTaken(worker, message.id)
        break
      case 'closed':
        onSocketsClosed(worker, message.sockets)
        break
      case 'events':
        onEvents(worker, message.events, message.dropped)
        break
      case 'admit': {
        const answer = this.#admissions.admit(worker.id, message.route, message.limits, message.address)
        worker.send({ type: 'admission', request: message.request, answer })
        break
      }
      case 'release':
        this.#admissions.release(worker.id, message.admission)
        break
    }
  }

  #mourn(worker: WorkerLink, ending: string): void {
    const { clock, log, onGone } = this.#deps
    this.#workers.delete(worker.id)
    this.#admissions.releaseAll(worker.id)
    if (worker.report) this.#ended = retire(this.#ended, worker.report.snapshot)
    onGone(worker)
    if (this.#phase === 'stopping') return
    log.warn({ worker: worker.id, pid: worker.pid, ending }, 'a worker has ended')
    const now = clock.now()
    if (now - worker.readyAt < settledAfter) this.#crashes = [...recentCrashes(this.#crashes, now), now]
    // Before the crew runs, start() decides.
    if (this.#phase === 'running') this.#replace()
  }

  #replace(): void {
    const { clock, log } = this.#deps
    const delay = restartDelay(this.#crashes, clock.now())
    const start = () => {
      if (this.#phase === 'stopping') return
      this.#restarts++
      this.#startWorker().catch((error) => log.error({ error: error.message }, 'a worker was not replaced'))
    }
    if (delay === 0) start()
    else clock.setTimeout(start, delay)
  }

  #refreshLater(): void {
    this.#refreshTimer = this.#deps.clock.setTimeout(() => {
      void this.refresh(snapshotEvery).then(() => {
        if (this.#phase !== 'running') return
        // Its event loop stands still: its connections are lost already, and others shall not follow.
        for (const worker of this.ready) if (worker.silences >= silencesAtMost) worker.kill()
        this.#refreshLater()
      })
    }, snapshotEvery)
  }
}
