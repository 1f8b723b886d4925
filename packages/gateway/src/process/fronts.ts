// The fronts: processes that do TLS for listeners with `front`. They are a pool of their own, which an upgrade of the workers leaves as it is.
import type { AcmeShared, FrontInfo, PlannedFronts, SocketCounts } from '../core/index.ts'
import { Ledger } from '../handshake/index.ts'
import { type Channel, frontsFrom } from '../worker/index.ts'
import { accepted } from './accepted.ts'
import { Carriers } from './carriers.ts'
import type { FrontKind } from './front-on-disk.ts'
import type { FrontsDeps } from './fronts-deps.ts'
import { planFronts, whyReplaceFronts } from './plan-fronts.ts'
import { SocketBalancer } from './socket-balancer.ts'
import type { FrontsState, LinkState } from './succession.ts'
import type { WorkerLink } from './worker-link.ts'
import { WorkerPool } from './worker-pool.ts'

/** Milliseconds that a front may take to end. */
const exitWithinMs = 2000

export class Fronts {
  /** Who gets the next client of a listener with `front`. */
  readonly balancer: SocketBalancer
  readonly #deps: FrontsDeps
  readonly #pool: WorkerPool
  /** Those that others have replaced, and that have clients left. */
  readonly #replaced: Carriers
  #isRunning = false
  /** Another process has started the first of them. */
  #isAdopted = false

  constructor(deps: FrontsDeps) {
    const { size, start, options, logging, ticketKeys, log, clock } = deps
    this.#deps = deps
    this.balancer = new SocketBalancer(clock)
    this.#pool = new WorkerPool({
      size,
      firstId: frontsFrom + 1,
      startWorker: start,
      options,
      logging,
      ticketKeys,
      // Nobody asks for a place in a limit here.
      ledger: new Ledger({ clock, random: Math.random }),
      removed: { names: [], has: () => false },
      log: log.child({ front: true }),
      clock,
      onReady: (front) => this.#attach(front),
      onGone: (front) => this.balancer.remove(front),
      onFaulty: (front) => this.balancer.retire(front),
      replaces: () => true,
      onSocketTaken: (front, id) => this.balancer.acknowledge(front, id),
      onSocketsLeft: (front, count) => this.balancer.update(front, count),
      onEvents: () => {},
      onMove: (_front, _message, handle) => handle?.close(),
      onSecured: ({ id: front }, { listener, secured }, handle) => {
        if (handle) deps.onSecured(listener, accepted(handle), { ...secured, front })
      },
    })
    this.#replaced = new Carriers({
      pool: this.#pool,
      workers: deps.workers,
      options: deps.limits,
      drainWithinMs: deps.drainWithinMs,
      log,
      clock,
    })
  }

  async #attach(front: WorkerLink): Promise<void> {
    const shared = this.#deps.certificates()
    if (shared) await front.ask('certificates', { shared })
    this.balancer.add(front)
    this.#deps.onReady(front)
  }

  /** Whether a listener is to have them. */
  get #isNeeded(): boolean {
    return this.#deps.options().listen.some(({ front }) => front)
  }

  /** Starts them when a listener needs them. Resolves when they are ready; rejects when none gets so. */
  async start(): Promise<void> {
    if (this.#isRunning || !this.#isNeeded) return
    this.#isRunning = true
    await this.#pool.start()
  }

  /** Whether there are any that take clients, or should be. */
  get isRunning(): boolean {
    return this.#isRunning
  }

  /** Whether a client over TLS would have to wait for one. */
  get areMissing(): boolean {
    return this.#isRunning && this.#pool.ready.length === 0
  }

  get #all(): WorkerLink[] {
    return [...this.#pool.workers, ...this.#pool.carriers]
  }

  get infos(): FrontInfo[] {
    return this.#all.map(({ id, pid, state, generation, version, node, startedAt, report }) => ({
      id: id - frontsFrom,
      pid,
      state: state === 'carrying' ? 'leaving' : state,
      generation,
      version,
      node,
      startedAt,
      connections: report?.process.carried ?? 0,
      memory: report?.process.memory ?? 0,
    }))
  }

  /** What became of sockets that no worker has seen. */
  get sockets(): SocketCounts {
    return this.#pool.sockets
  }

  /** How many were started in place of one that ended. */
  get restarts(): number {
    return this.#pool.restarts
  }

  /** Lines of the log that they dropped. */
  get logLinesDropped(): number {
    return this.#pool.logLinesDropped
  }

  /** Has each report. */
  async refresh(): Promise<void> {
    if (this.#all.length > 0) await this.#pool.refresh()
  }

  /** New handshakes get what the options of now say. Starts them when a listener has come that needs them. */
  async reload(): Promise<void> {
    await this.start().catch(({ message: error }: Error) => {
      this.#deps.log.error({ error }, 'the fronts were not started; it is tried again')
      // Clients wait for one.
      this.#pool.run()
    })
    if (this.#isRunning) await this.#pool.ask('reload', { options: this.#deps.options() })
  }

  /** After a reload, when no client is handed to them any more: those that no listener needs end behind their last one. */
  async settle(): Promise<void> {
    if (!this.#isRunning || this.#isNeeded) return
    this.#isRunning = false
    await this.#leave(this.#pool.workers)
  }

  async share(shared: AcmeShared): Promise<void> {
    if (this.#isRunning) await this.#pool.ask('certificates', { shared })
  }

  setTicketKeys(keys: string): void {
    for (const front of this.#pool.workers) front.send({ type: 'ticket-keys', keys })
  }

  /** Why these would not do what fronts of that code and Node do, in words; undefined when they would. */
  whyReplace(next: FrontKind): string | undefined {
    return whyReplaceFronts(this.#pool.ready, next)
  }

  /** What an upgrade would do with them now; undefined where there are none. Nothing changes. */
  async preview(carry: boolean): Promise<PlannedFronts | undefined> {
    if (!this.#isRunning) return undefined
    await this.#pool.refresh()
    return planFronts(this.#pool, carry, this.#deps.onDisk)
  }

  /**
   * New ones, of the code now on disk, take the clients that come. The old ones stay for what they have, within the limits for carriers;
   * without `carry` their clients are told to come back. Resolves to how many were replaced.
   */
  async replace(carry: boolean): Promise<number> {
    if (!this.#isRunning) return 0
    const next = await this.#pool.startNext()
    const attached = await Promise.allSettled(next.map((front) => this.#attach(front)))
    const failure = attached.find(({ status }) => status === 'rejected')
    if (failure?.status === 'rejected') {
      // The others may have clients already.
      await this.#leave(next)
      throw failure.reason
    }
    const old = this.#pool.activate(next)
    await this.#leave(old)
    if (!carry) this.#replaced.drainAll('the upgrade is to carry nothing')
    return old.length
  }

  /** These get no client any more, and end behind their last one. */
  async #leave(fronts: readonly WorkerLink[]): Promise<void> {
    const starting = fronts.filter(({ state }) => state === 'starting')
    if (starting.length > 0) void this.#pool.stopWorkers(starting, 0)
    const leaving = fronts.filter((front) => !starting.includes(front))
    for (const front of leaving) {
      front.leave()
      this.balancer.retire(front)
    }
    const asked = leaving.map(async (front) => {
      // One that has ended, or does not answer, has nothing to say: it is watched as the others are.
      await front.ask('leave', { within: 0 }).catch(() => {})
      this.#pool.carry(front)
    })
    await Promise.all(asked)
    this.#replaced.watch()
  }

  /** Those that another process can go on with. */
  get known(): WorkerLink[] {
    return this.#pool.known
  }

  /** What another process needs to go on with them. */
  get state(): FrontsState | undefined {
    if (this.#all.length === 0) return undefined
    const { totals, known } = this.#pool
    return { links: known.map(({ known }) => known!), totals, ...this.#pool.reserve() }
  }

  /** Goes on with those that another process has started; they are given nothing yet. */
  adopt({ links, totals, ...state }: FrontsState, channelTo: (state: LinkState) => Channel): void {
    if (!this.#isAdopted) this.#pool.continue(state)
    this.#isAdopted = true
    this.#isRunning ||= links.some(({ state }) => state === 'ready')
    this.#pool.adopt(links, channelTo)
    this.#pool.goOn(totals)
  }

  /** Replaces those that end, and gives sockets to those that are ready. */
  async run(): Promise<void> {
    this.#replaced.watch()
    if (!this.#isRunning) {
      this.#pool.rest()
      return this.start()
    }
    // The configuration may have changed since.
    if (!this.#isNeeded) return this.settle()
    this.#pool.run()
    // One that has ended, or does not answer, does not keep the others from clients.
    const attached = this.#pool.ready.map(async (front) => {
      await this.#attach(front).catch(({ message: error }: Error) =>
        this.#deps.log.error({ front: front.id - frontsFrom, error }, 'a front gets no client'),
      )
    })
    await Promise.all(attached)
  }

  /** Nobody who ends is replaced any more. */
  retire(): void {
    this.#pool.retire()
    const starting = this.#pool.workers.filter(({ state }) => state === 'starting')
    if (starting.length > 0) void this.#pool.stopWorkers(starting, 0)
    this.#replaced.stop()
  }

  /** Ends all of them. */
  async stop(): Promise<void> {
    this.#replaced.stop()
    this.balancer.close()
    await this.#pool.stop(exitWithinMs)
  }

  /** Ends them at once. */
  kill(): void {
    this.#pool.kill()
  }
}
