// The gateway as an operator runs it: bound listeners, workers behind them, the admin port, reload and drain.
// No WebSocket byte passes here.
import os from 'node:os'
import type { Logger } from 'pino'
import {
  addRefused,
  type Clock,
  type ConnectionFilter,
  type ConnectionInfo,
  createLogger,
  Descriptors,
  type DrainCounts,
  type DrainScope,
  GatewayError,
  type GatewayEvent,
  type GatewayOptions,
  type LogOptions,
  logLinesDropped,
  type MonotonicMs,
  noneRefused,
  shortageLine,
  systemClock,
  ThrottledLine,
  type UnixMs,
  type UpgradeOptions,
  unixPath,
  warnOfLowLimit,
} from '../core/index.ts'
import { Ledger } from '../handshake/index.ts'
import { canShareHandles, formatHostPort } from '../listen/index.ts'
import {
  AdminServer,
  EventFeed,
  type GatewayState,
  type Measured,
  type Operations,
  type Phase,
  type ReloadResult,
  type UpgradeResult,
} from '../operate/index.ts'
import { Carriers } from './carriers.ts'
import { CarryDirectory, whyNotCarry } from './carry-directory.ts'
import { certificateInfos } from './certificate-infos.ts'
import { DrainedParts, partWords } from './drained-parts.ts'
import { forkWorker } from './fork-worker.ts'
import { Listening } from './listening.ts'
import { type LoadResult, Reload } from './reload.ts'
import { RemovedRoutes } from './removed-routes.ts'
import { canFork, inProcessWorker } from './single-process.ts'
import { SocketBalancer } from './socket-balancer.ts'
import { TicketKeys } from './ticket-keys.ts'
import { Upgrades } from './upgrade.ts'
import { type WorkerLink, workerInfo } from './worker-link.ts'
import { WorkerPool } from './worker-pool.ts'

/** What a {@link Supervisor} needs. */
export interface SupervisorOptions {
  /** The configuration to start with, from `loadConfigFile` or `optionsFromFlags`. */
  options: GatewayOptions
  /** Reads the configuration again, for a reload. */
  load: () => LoadResult | Promise<LoadResult>
  /** How it and its workers log. */
  logging: LogOptions
  /** Shown to operators. */
  version: string
  /**
   * Time and timers, for tests that turn the clock by hand.
   *
   * @default {@link systemClock}
   */
  clock?: Clock
  /**
   * A number in [0, 1); it spreads the delays that clients are told.
   *
   * @default Math.random
   */
  random?: () => number
  /**
   * Where the code of a worker is: asked at every start of one, because a new version may lie in another folder.
   *
   * @default beside this file
   */
  workerProgram?: () => URL | undefined
  /**
   * Whether one worker serves in this process, in place of workers in theirs; always so where the runtime cannot hand
   * sockets to other processes.
   *
   * @default false
   */
  oneProcess?: boolean
}

const defaultUpgrade: UpgradeOptions = {
  canary: 0.01,
  carry: 24 * 3_600_000,
  carriers: 3,
  memory: 1024 ** 3,
}

/** Milliseconds that sockets on their way to a worker get to arrive before a drain. */
const settleWithinMs = 500
/** Milliseconds after the drain's deadline in which workers must have reported. */
const reportWithinMs = 2000
/** Milliseconds that a drained worker may take to end. */
const exitWithinMs = 1000

/**
 * A whole gateway: its listeners, its workers, its admin port. It takes no signals and prints nothing but its log; who
 * makes it decides about those.
 */
export class Supervisor implements Operations {
  /** What happens, as it happens: closes, health, drains, reloads, upgrades, workers. */
  readonly events = new EventFeed()
  /** Resolves when the gateway has been drained and everything is closed. */
  readonly finished: Promise<DrainCounts>
  #finish!: (counts: DrainCounts) => void
  readonly #oneProcess: boolean
  #options: GatewayOptions
  #phase: Phase = 'starting'
  readonly #version: string
  readonly #clock: Clock
  readonly #startedAt: UnixMs
  readonly #began: MonotonicMs
  readonly #log: Logger
  readonly #balancer: SocketBalancer
  readonly #listening: Listening
  readonly #pool: WorkerPool
  readonly #upgrades: Upgrades
  readonly #carriers: Carriers
  readonly #carryDirectory = new CarryDirectory()
  readonly #reload: Reload
  readonly #ticketKeys: TicketKeys
  #upgrading = false
  /** Sockets that this process accepts and cannot keep. */
  readonly #refused = noneRefused()
  readonly #shortage = new ThrottledLine((times) => this.#log.error({ times }, shortageLine))
  readonly #descriptors = new Descriptors((why) => {
    this.#refused[why]++
    this.#shortage.happened()
  })
  /** Workers that start later are told. */
  readonly #drainedParts = new DrainedParts()
  readonly #removed = new RemovedRoutes()
  #admin: AdminServer | undefined
  #alive: NodeJS.Timeout | undefined
  #drained: Promise<DrainCounts> | undefined
  /** Reloads and starts of upgrades happen one after the other. */
  #changing: Promise<unknown> = Promise.resolve()
  /** How many are under way or wait. */
  #changes = 0
  #waitingReload: Promise<ReloadResult> | undefined

  /** Starts nothing yet; {@link Supervisor.start} does. */
  constructor(given: SupervisorOptions) {
    const { options, load, logging, version, clock = systemClock, random = Math.random } = given
    const oneProcess = given.oneProcess || !canFork
    this.#oneProcess = oneProcess
    this.#options = options
    this.#version = version
    this.#clock = clock
    this.#startedAt = clock.wall()
    this.#began = clock.now()
    this.#log = createLogger(logging)
    this.finished = new Promise((resolve) => {
      this.#finish = resolve
    })
    const size = this.#poolSize(oneProcess)
    const ledger = new Ledger({ clock, random })
    this.#balancer = new SocketBalancer(clock)
    this.#listening = new Listening({
      mode: size === 1 && !oneProcess && canShareHandles ? 'shared' : 'handed-out',
      balancer: this.#balancer,
      otherProcess: !oneProcess,
      descriptors: this.#descriptors,
      log: this.#log,
    })
    this.#ticketKeys = new TicketKeys(clock, (keys) => {
      for (const worker of this.#pool.workers) worker.send({ type: 'ticket-keys', keys })
    })
    this.#pool = new WorkerPool({
      size,
      startWorker: oneProcess ? inProcessWorker : () => forkWorker(given.workerProgram?.()),
      options: () => this.#options,
      logging,
      ticketKeys: () => this.#ticketKeys.current,
      ledger,
      removed: this.#removed,
      log: this.#log,
      clock,
      onReady: (worker) => this.#onWorkerReady(worker),
      onGone: (worker) => this.#onWorkerGone(worker),
      onFaulty: (worker) => this.#balancer.retire(worker),
      onSocketTaken: (worker, id) => this.#balancer.acknowledge(worker, id),
      onSocketsLeft: (worker, count) => this.#balancer.update(worker, count),
      onEvents: (worker, events, dropped) => this.#publish(worker, events, dropped),
      onMove: (worker, message, handle) => this.#upgrades.onMessage(worker, message, handle),
    })
    this.#carriers = new Carriers({
      pool: this.#pool,
      options: () => this.#options.upgrade ?? defaultUpgrade,
      drainWithinMs: () => this.#options.drain.deadline + reportWithinMs,
      log: this.#log,
      clock,
    })
    this.#upgrades = new Upgrades({
      pool: this.#pool,
      canary: () => (this.#options.upgrade ?? defaultUpgrade).canary ?? defaultUpgrade.canary,
      carryDirectory: () => this.#carryDirectory.open(),
      onCarrying: () => this.#carriers.watch(),
      balancer: this.#balancer,
      attach: (worker) => this.#onWorkerReady(worker),
      deadline: () => this.#options.drain.deadline,
      publish: (upgrade) => this.events.publish({ type: 'upgrade', at: clock.wall(), upgrade }),
      log: this.#log,
      clock,
    })
    this.#reload = new Reload({
      phase: () => this.#phase,
      load,
      options: () => this.#options,
      replaceOptions: (options) => {
        const names = (of: GatewayOptions) => of.routes.map(({ name }) => name)
        this.#removed.reloaded(names(this.#options), names(options))
        this.#options = options
        this.#drainedParts.reloaded(options)
        ledger.keep(options.routes.map(({ name }) => name))
      },
      openAdmin: (options) => this.#openAdmin(options),
      replaceAdmin: (options, opened) => this.#replaceAdmin(options, opened),
      stillDrained: () => this.#drainedParts.all.map(partWords),
      pool: this.#pool,
      listening: this.#listening,
      onReloaded: (changes, drained) => {
        this.events.forgetHealth()
        this.events.publish({ type: 'reload', at: clock.wall(), changes, drained })
      },
      log: this.#log,
      clock,
    })
  }

  /**
   * Binds the listeners and the admin port and starts the workers. Resolves when all listeners accept.
   *
   * @throws {GatewayError} 'cannot_listen' or 'worker_failed': what was bound is released again.
   */
  async start(): Promise<void> {
    const opened = await this.#listening.open(this.#options.listen)
    this.#prepareToCarry()
    warnOfLowLimit(this.#options, this.#poolSize(this.#oneProcess), this.#log)
    // A bound handle keeps no process alive, and workers may all be gone for a moment.
    this.#alive = setInterval(() => {}, 60_000)
    try {
      this.#admin = await this.#openAdmin(this.#options)
      await opened.keep([])
      await this.#pool.start()
      // A signal may have ended it before it began.
      if (this.#phase === 'starting') this.#phase = 'serving'
    } catch (error) {
      opened.discard()
      await this.#admin?.close()
      this.kill()
      clearInterval(this.#alive)
      throw error
    }
  }

  #prepareToCarry(): void {
    if (this.#oneProcess) return
    this.#carryDirectory.removeStale()
    const problem = whyNotCarry()
    if (problem) this.#log.warn({ problem }, 'connections over TLS cannot be carried over a live upgrade')
  }

  /** The listeners' URLs with their actual ports. */
  get listenUrls(): string[] {
    return this.#listening.addresses.map(({ options: { tls, host }, port }) =>
      unixPath(host) === undefined ? `${tls ? 'wss' : 'ws'}://${formatHostPort(host, port)}` : host,
    )
  }

  /** The admin port's URL; undefined when it is off. */
  get adminUrl(): string | undefined {
    return this.#admin?.url
  }

  /** Why the gateway should not get traffic, or undefined when it should: what `/readyz` says. */
  unready(): string | undefined {
    if (this.#phase !== 'serving') return this.#phase
    if (this.#pool.ready.length === 0) return 'no worker is ready'
    const short = this.#descriptors.isShort || this.#pool.sockets.short
    return short ? 'the limit of open files is reached' : undefined
  }

  /** The whole state, asked of every worker; one that does not answer counts with its last report. */
  async state(): Promise<GatewayState> {
    const { snapshot, workers, carriers, workerRestarts } = await this.#measure()
    return {
      version: this.#version,
      phase: this.#phase,
      pid: process.pid,
      startedAt: this.#startedAt,
      uptime: this.#clock.now() - this.#began,
      listen: this.listenUrls,
      admin: this.adminUrl,
      workers,
      carriers,
      workerRestarts,
      socketsDropped: this.#balancer.dropped,
      certificates: certificateInfos(this.#options, this.#clock.wall()),
      upgrade: this.#upgrades.last,
      drainPlan: { spread: this.#options.drain.spread, deadline: this.#options.drain.deadline },
      ...snapshot,
    }
  }

  /** What the metrics show, asked of every worker in the same way. */
  async measure(): Promise<Measured> {
    const measured = await this.#measure()
    this.#removed.scraped(measured.snapshot)
    return measured
  }

  async #measure(): Promise<Measured> {
    await this.#pool.refresh()
    const { sockets } = this.#pool
    return {
      snapshot: this.#pool.snapshot(),
      workers: this.#pool.workers.map(workerInfo),
      carriers: this.#carriers.infos,
      workerRestarts: this.#pool.restarts,
      handovers: { ...this.#upgrades.handovers },
      logLinesDropped: logLinesDropped() + this.#pool.logLinesDropped,
      accessLinesDropped: this.#pool.accessLinesDropped,
      sockets: { ...sockets, refused: addRefused(sockets.refused, this.#refused) },
      certificates: certificateInfos(this.#options, this.#clock.wall()),
    }
  }

  /** Live connections of all workers, at most `limit`, of a route or in a state. */
  async connections(filter: ConnectionFilter): Promise<ConnectionInfo[]> {
    const answers = await this.#pool.ask('connections', { filter })
    return answers.flatMap(({ answer }) => answer.connections).slice(0, filter.limit)
  }

  /**
   * Closes both sides of a connection with this code and reason. False when no worker has it. Source: RFC 6455 7.1.2.
   */
  async closeConnection(id: string, code: number, reason: string): Promise<boolean> {
    const answers = await this.#pool.ask('close-connection', { id, code, reason })
    return answers.some(({ answer }) => answer.found)
  }

  /**
   * Drains the connections of a route or upstream; each gets 1012 at its own time within `drain.spread`. Without
   * a scope of all, and the gateway ends after that.
   *
   * @throws {GatewayError} 'not_found': there is no such route or upstream.
   */
  drain(scope?: DrainScope): Promise<DrainCounts> {
    if (scope) {
      this.#checkScope(scope)
      this.#drainedParts.add(scope, this.#options)
      return this.#drainWorkers(scope)
    }
    this.#drained ??= this.#drainAll()
    return this.#drained
  }

  /**
   * Takes back in what was drained: a route, an upstream, or, without a scope, all of it. The result names each.
   *
   * @throws {GatewayError} 'not_found': nothing of it is drained.
   */
  async undrain(scope: DrainScope = {}): Promise<string[]> {
    const parts = this.#drainedParts.remove(scope)
    if (parts.length === 0) throw new GatewayError('not_found', 'gateway', this.#notDrained(scope))
    for (const part of parts) await this.#pool.askAtRest('undrain', { scope: part })
    const words = parts.map(partWords)
    this.#log.info({ parts: words }, 'taken back in')
    this.events.publish({ type: 'undrain', at: this.#clock.wall(), parts: words })
    return words
  }

  #notDrained({ route, upstream }: DrainScope): string {
    const what = [upstream && `upstream '${upstream}'`, route && `route '${route}'`]
      .filter(Boolean)
      .join(' of ')
    const drained = this.#drainedParts.all.map(partWords).join(', ')
    if (drained === '') return what ? `${what} is not drained; nothing is` : 'nothing is drained'
    return `${what} is not drained; these are: ${drained}`
  }

  /**
   * Reads the configuration again and takes it on as a whole, or not at all. Never rejects. Whoever asks while
   * another reload waits for its turn gets the answer of that one: it has read nothing yet.
   */
  reload(): Promise<ReloadResult> {
    if (this.#waitingReload) return this.#waitingReload
    const result = this.#change(() => {
      this.#waitingReload = undefined
      return this.#reload.run()
    })
    if (this.#changes > 1) this.#waitingReload = result
    return result
  }

  /**
   * What {@link Supervisor.reload} would do now: with all of its checks, changing nothing. `drained` and the changes say
   * how many connections it would end. Never rejects.
   */
  previewReload(): Promise<ReloadResult> {
    return this.#change(() => this.#reload.preview())
  }

  /**
   * Replaces the workers by new ones from the code now on disk, without ending a connection. The result says what
   * became of each, or why the old workers go on. Without `carry` connections that cannot move are told to come back.
   */
  async upgrade({ carry = true }: { carry?: boolean } = {}): Promise<UpgradeResult> {
    const error = this.#whyNoUpgrade()
    if (error !== undefined) {
      this.#log.error(`not upgraded: ${error}`)
      return { ok: false, error }
    }
    this.#upgrading = true
    try {
      const { carriers } = this.#options.upgrade ?? defaultUpgrade
      const leaving = await this.#change(() => this.#upgrades.begin(carry && carriers > 0))
      await this.#upgrades.finish(leaving)
      return this.#upgrades.result
    } finally {
      this.#upgrading = false
    }
  }

  /** Has every worker open the file of the access log again, after it was moved away. */
  reopenLogs(): void {
    this.#pool.reopenLogs()
    this.#log.info('the access log is opened again')
  }

  /** Ends everything at once: connections are cut. */
  kill(): void {
    this.#ticketKeys.stop()
    this.#pool.kill()
    this.#carryDirectory.remove()
  }

  #whyNoUpgrade(): string | undefined {
    if (this.#oneProcess) return 'a live upgrade needs Node, and workers in processes of their own'
    if (this.#phase !== 'serving') return `the gateway is ${this.#phase}`
    return this.#upgrading ? 'an upgrade is under way' : undefined
  }

  #change<T>(change: () => Promise<T>): Promise<T> {
    this.#changes++
    const result = this.#changing.then(change)
    this.#changing = result
      .catch(() => {})
      .finally(() => {
        this.#changes--
      })
    return result
  }

  #poolSize(oneProcess: boolean): number {
    const { workers } = this.#options
    if (!oneProcess) return workers === 'auto' ? os.availableParallelism() : workers
    if (workers !== 'auto' && workers > 1) {
      this.#log.warn(
        { workers },
        'sockets cannot be handed to other processes here: one worker serves, in this process',
      )
    }
    return 1
  }

  async #onWorkerReady(worker: WorkerLink): Promise<void> {
    for (const scope of this.#drainedParts.all) await worker.ask('drain', { scope })
    await this.#listening.attach(worker)
    this.#log.debug({ worker: worker.id, pid: worker.pid }, 'worker is ready')
    this.events.publish({
      type: 'worker',
      at: this.#clock.wall(),
      worker: worker.id,
      pid: worker.pid,
      state: 'ready',
    })
  }

  #onWorkerGone(worker: WorkerLink): void {
    this.#balancer.remove(worker)
    this.#upgrades.gone(worker)
    this.events.publish({
      type: 'worker',
      at: this.#clock.wall(),
      worker: worker.id,
      pid: worker.pid,
      state: 'gone',
    })
  }

  #publish({ id: worker }: WorkerLink, events: GatewayEvent[], dropped: number): void {
    for (const event of events) this.events.publish({ ...event, worker })
    if (dropped > 0) this.events.publish({ type: 'dropped', at: this.#clock.wall(), worker, events: dropped })
  }

  async #openAdmin({ admin }: GatewayOptions): Promise<AdminServer | undefined> {
    if (!admin) return undefined
    const server = new AdminServer(admin, { operations: this, log: this.#log, clock: this.#clock })
    try {
      await server.listen()
    } catch (error) {
      throw new GatewayError('cannot_listen', 'gateway', `admin port: ${(error as Error).message}`)
    }
    return server
  }

  #replaceAdmin({ admin }: GatewayOptions, opened: { admin: AdminServer | undefined } | undefined): void {
    if (opened) {
      void this.#admin?.close()
      this.#admin = opened.admin
    } else if (admin) {
      this.#admin?.reconfigure(admin)
    }
  }

  #checkScope({ route, upstream }: DrainScope): void {
    const routes = this.#options.routes.filter(({ name }) => route === undefined || name === route)
    if (routes.length === 0) throw new GatewayError('not_found', 'gateway', `there is no route '${route}'`)
    if (
      upstream === undefined ||
      routes.some(({ upstreams }) => upstreams.some(({ name }) => name === upstream))
    )
      return
    throw new GatewayError(
      'not_found',
      'gateway',
      `there is no upstream '${upstream}'; name it as status shows it`,
    )
  }

  async #drainWorkers(scope?: DrainScope): Promise<DrainCounts> {
    const counts = { closed: 0, moved: 0, cut: 0 }
    const withinMs = this.#options.drain.deadline + reportWithinMs
    const unanswered = new Set(this.#pool.workers)
    for (const { worker, answer } of await this.#pool.askAtRest('drain', { scope }, withinMs)) {
      unanswered.delete(worker)
      worker.report = answer.report
      counts.closed += answer.closed
      counts.moved += answer.moved
      counts.cut += answer.cut
    }
    // What a worker has that does not answer is cut with it.
    if (!scope) for (const worker of unanswered) counts.cut += workerInfo(worker).connections
    return counts
  }

  async #drainAll(): Promise<DrainCounts> {
    const start = this.#clock.now()
    this.#phase = 'draining'
    this.#pool.retire()
    this.#log.info('draining')
    await this.#listening.closeOthers([], this.#pool.ready)
    await this.#balancer.whenIdle(settleWithinMs)
    this.#balancer.close()
    const counts = await this.#drainWorkers()
    this.#log.info({ ...counts, ms: Math.round(this.#clock.now() - start) }, 'drained')
    // Whoever asked for the drain gets the answer before the admin port closes.
    setImmediate(() => void this.#close(counts))
    return counts
  }

  async #close(counts: DrainCounts): Promise<void> {
    this.#carriers.stop()
    await Promise.all([this.#pool.stop(exitWithinMs), this.#admin?.close()])
    this.#ticketKeys.stop()
    this.#carryDirectory.remove()
    clearInterval(this.#alive)
    this.#finish(counts)
  }
}
