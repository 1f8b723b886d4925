// Keeps `size` workers of one generation running, and replaces those that end.
import { GatewayError, type GatewayOptions } from '../core/index.ts'
import type { Channel } from '../worker/index.ts'
import { prepareReload } from './ask-workers.ts'
import { configureWorker } from './configure-worker.ts'
import { EndingWorkers } from './ending-workers.ts'
import { Restarts } from './restarts.ts'
import { watchSilence } from './silence.ts'
import { startChannel } from './start-channel.ts'
import type { LinkState, PoolTotals } from './succession.ts'
import type { WorkerLink } from './worker-link.ts'
import type { WorkerPoolDeps } from './worker-pool-deps.ts'
import { WorkerSet } from './worker-set.ts'

export class WorkerPool extends WorkerSet {
  #phase: 'starting' | 'running' | 'stopping' = 'starting'
  readonly #ending: EndingWorkers
  readonly #restarts: Restarts
  /** Drains that have begun. */
  #drains = 0
  #ids = 0
  #stopWatching: () => void = () => {}

  constructor(deps: WorkerPoolDeps) {
    super(deps)
    this.#ids = (deps.firstId ?? 1) - 1
    this.#ending = new EndingWorkers(deps.clock)
    this.#restarts = new Restarts(deps.clock)
  }

  /** How many workers were started in place of one that ended. */
  get restarts(): number {
    return this.#restarts.count
  }

  /** Numbers of the last worker and the last generation; the next numbers, as many as workers, are another process's from now on. */
  reserve(): { ids: number; generation: number } {
    const ids = this.#ids
    this.#ids += this.deps.size
    return { ids, generation: this.currentGeneration }
  }

  /** Goes on with workers that another process has started. Of those that are known only the report is newer. */
  adopt(states: readonly LinkState[], channelTo: (state: LinkState) => Channel): void {
    for (const state of states) {
      const known = this.byId.get(state.id)
      if (known) known.report = state.report ?? known.report
      else {
        const worker = this.link(state.id, state.generation, channelTo(state), state)
        // It ends by itself when it has nothing left.
        if (state.state !== 'ready') this.#ending.add(worker)
      }
    }
  }

  /** Before the first own worker: those of another process are numbered up to here, and it will say what is held of limits. */
  continue({ ids, generation }: { ids: number; generation: number }): void {
    this.#ids = ids
    this.currentGeneration = generation
    this.admissions.await()
  }

  /** What another process needs besides the workers themselves. */
  get totals(): PoolTotals {
    return {
      ids: this.#ids,
      drains: this.#drains,
      restarts: this.restarts,
      ...this.ended.all,
      admissions: this.admissions.all,
    }
  }

  /** Goes on with what another process had counted. */
  goOn(totals: PoolTotals): void {
    this.#ids = Math.max(this.#ids, totals.ids)
    this.#drains = Math.max(this.#drains, totals.drains)
    this.#restarts.count = totals.restarts
    this.ended.goOn(totals)
    this.admissions.goOn(totals.admissions)
  }

  /** Replaces those that end, from now on. */
  run(): void {
    this.#phase = 'running'
    for (let missing = this.deps.size - this.ready.length; missing > 0; missing--) this.#replace()
    this.#watchSilence()
  }

  /** Resolves when each of the first workers is ready or has failed; rejects when all of them have failed. */
  async start(): Promise<void> {
    // It may have been told to end before.
    const size = this.#phase === 'stopping' ? 0 : this.deps.size
    const first = Array.from({ length: size }, () => this.#startServing())
    const results = await Promise.allSettled(first)
    if (this.#phase === 'stopping') return
    const failure = results.find((result) => result.status === 'rejected')
    if (failure && !results.some(({ status }) => status === 'fulfilled')) {
      this.retire()
      throw failure.reason
    }
    this.#phase = 'running'
    for (let missing = this.deps.size - this.workers.length; missing > 0; missing--) this.#replace()
    this.#watchSilence()
  }

  /**
   * Starts the workers of the next generation from the code now on disk. Resolves when all of them are ready; nobody
   * gives them connections yet. Rejects when one is not: then none of them stays, and nothing has changed.
   */
  async startNext(): Promise<WorkerLink[]> {
    // Those of an upgrade that was undone may still carry something.
    const next = Math.max(this.currentGeneration, ...this.all.map(({ generation }) => generation)) + 1
    const started = Array.from({ length: this.deps.size }, () => this.#startWorker(next))
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
  stopWorkers(workers: readonly WorkerLink[], withinMs: number): Promise<void> {
    return this.#ending.stop(workers, withinMs)
  }

  /** It has moved or ended all that it had; it ends by itself when it carries nothing any more. */
  carry(worker: WorkerLink): void {
    this.#ending.add(worker)
    worker.carry()
  }

  /** The new workers take over. The result is those that they replace; they are leaving now. */
  activate(newWorkers: readonly WorkerLink[]): WorkerLink[] {
    const old = this.workers.filter((worker) => !newWorkers.includes(worker))
    this.currentGeneration = newWorkers[0]!.generation
    this.#restarts.forget()
    void this.stopWorkers(
      old.filter(({ state }) => state === 'starting'),
      0,
    )
    for (const worker of old) worker.leave()
    const ended = newWorkers.filter(({ state }) => state === 'gone')
    for (const _ of ended) this.#replace()
    return this.leaving
  }

  /**
   * Workers that were leaving have their place again. The result is those that had it meanwhile; they are leaving now.
   */
  reinstate(old: readonly WorkerLink[]): WorkerLink[] {
    this.currentGeneration = old[0]!.generation
    this.#restarts.forget()
    const others = this.workers.filter((worker) => !old.includes(worker))
    void this.stopWorkers(
      others.filter(({ state }) => state === 'starting'),
      0,
    )
    const newer = others.filter(({ state }) => state === 'ready')
    for (const worker of old) worker.return()
    for (const worker of newer) worker.leave()
    return newer
  }

  /** Whether this worker can be among those: it is there, and neither was told to end nor drains after a fault. */
  mayReturn(worker: WorkerLink): boolean {
    return worker.state === 'leaving' && !this.#ending.has(worker)
  }

  /** Starts as many workers of the code now on disk as are missing. */
  refill(): void {
    const serving = this.workers.filter(
      ({ state, generation }) => generation === this.currentGeneration && state !== 'leaving',
    )
    if (this.#phase !== 'running') return
    for (let missing = this.deps.size - serving.length; missing > 0; missing--) this.#replace()
  }

  /**
   * Has every worker load what a reload needs; nothing changes. The result says why it cannot be: a worker that does not
   * answer would go on with the old configuration while the others have the new one, and what one ends by, or has a
   * fault by, would end the others, too. One that has moved all that it had, and was told to end, is asked in vain.
   */
  prepareReload(options: GatewayOptions, withinMs: number): Promise<string[]> {
    return prepareReload(this.serving, options, withinMs, (worker) => this.#ending.isInOrder(worker))
  }

  /** The id of a drain that begins, the same for all workers. */
  newDrain(): number {
    return ++this.#drains
  }

  /** After {@link retire}, where none serves: it may be started again, and those that still have something are watched. */
  rest(): void {
    this.#phase = 'starting'
    if (this.all.length > 0) this.#watchSilence()
  }

  /** From now on nobody who ends is replaced. */
  retire(): void {
    this.#phase = 'stopping'
    this.#stopWatching()
  }

  /** Ends all workers; those that have not ended within `withinMs` are killed. */
  async stop(withinMs: number): Promise<void> {
    this.retire()
    await this.stopWorkers(this.all, withinMs)
  }

  /** Ends all workers at once. */
  kill(): void {
    this.retire()
    for (const worker of this.all) worker.kill()
  }

  /** `configured` resolves when the worker is ready with the options of now; rejects when it ends before. */
  #startWorker(generation: number): { worker: WorkerLink; configured: Promise<void> } {
    const worker = this.link(++this.#ids, generation, startChannel(this.deps.startWorker))
    return { worker, configured: configureWorker(worker, this.deps) }
  }

  /** Starts a worker of this generation. Resolves when it serves; rejects when it ends before. */
  async #startServing(): Promise<void> {
    const { worker, configured } = this.#startWorker(this.currentGeneration)
    await configured
    try {
      if (this.#phase !== 'stopping') await this.deps.onReady(worker)
    } catch (error) {
      worker.kill()
      throw error
    }
  }

  /** A worker that drains after a fault: another has its place from now on. */
  protected onFaulty(worker: WorkerLink): void {
    const { log, onFaulty } = this.deps
    if (this.#ending.has(worker)) return
    log.warn({ worker: worker.id, pid: worker.pid }, 'a worker drains after a fault and is replaced')
    const served = worker.state === 'ready' && worker.generation === this.currentGeneration
    this.#ending.addFaulty(worker)
    worker.leave()
    onFaulty(worker)
    if (!served || this.#phase !== 'running' || !this.deps.replaces(worker)) return
    this.#restarts.failed(worker.readyAt)
    this.#replace()
  }

  protected onEnded(worker: WorkerLink, ending: string): void {
    const { log, onGone } = this.deps
    this.#tellLostCarrier(worker, ending)
    onGone(worker)
    if (this.#phase === 'stopping' || this.#ending.has(worker)) return
    log.warn({ worker: worker.id, pid: worker.pid, ending }, 'a worker has ended')
    // A leaving worker has been replaced, and a new one does not serve yet.
    if (worker.generation !== this.currentGeneration || !this.deps.replaces(worker)) return
    this.#restarts.failed(worker.readyAt)
    // Before the pool runs, start() decides.
    if (this.#phase === 'running') this.#replace()
  }

  /** What it carried ends with it: the workers that have these connections see TCP end, and count them. */
  #tellLostCarrier({ id, pid, carriesSince, report }: WorkerLink, ending: string): void {
    const connections = report?.process.carried ?? 0
    if (carriesSince === undefined || connections === 0 || this.#phase === 'stopping') return
    this.deps.log.error({ worker: id, pid, ending, connections }, 'a carrier has ended, and what it carried')
  }

  #replace(): void {
    const { log } = this.deps
    const generation = this.currentGeneration
    this.#restarts.schedule(() => {
      if (this.#phase === 'stopping' || generation !== this.currentGeneration) return
      this.#restarts.count++
      this.#startServing().catch((error) => {
        if (generation === this.currentGeneration)
          log.error({ error: error.message }, 'a worker was not replaced')
      })
    })
  }

  #watchSilence(): void {
    this.#stopWatching()
    this.#stopWatching = watchSilence(() => [...this.serving, ...this.carriers], this.deps.clock)
  }
}
