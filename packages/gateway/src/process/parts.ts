// What a supervisor is made of: listeners, workers, what changes them, and what they say. Joined here, driven by the supervisor.
import os from 'node:os'
import type { Logger } from 'pino'
import { AcmeManager } from '../acme/index.ts'
import {
  type Clock,
  createLogger,
  Descriptors,
  type FleetInfo,
  GatewayError,
  type GatewayEvent,
  type GatewayOptions,
  type MonotonicMs,
  noneRefused,
  shortageLine,
  systemClock,
  ThrottledLine,
  type UnixMs,
  type UpgradeInfo,
} from '../core/index.ts'
import type { Fleet } from '../fleet/index.ts'
import { Ledger } from '../handshake/index.ts'
import { canShareHandles } from '../listen/index.ts'
import { EventFeed, type Operations, type Phase } from '../operate/index.ts'
import { AdminPort } from './admin-port.ts'
import { acmeWish, newReload } from './apply-options.ts'
import { Carriers } from './carriers.ts'
import { CarryDirectory, whyNotCarry } from './carry-directory.ts'
import { Changes } from './changes.ts'
import { Drains, drainWithinMs } from './drains.ts'
import { fleetNode } from './fleet-node.ts'
import { forkWorker } from './fork-worker.ts'
import { frontOnDisk } from './front-on-disk.ts'
import { Fronts } from './fronts.ts'
import { Listening } from './listening.ts'
import { OtherNodes } from './other-nodes.ts'
import { Rebalance } from './rebalance.ts'
import type { Reload } from './reload.ts'
import { RemovedRoutes } from './removed-routes.ts'
import { answerAboutSessions } from './session-answers.ts'
import { canFork, inProcessWorker } from './single-process.ts'
import { SocketBalancer } from './socket-balancer.ts'
import type { SuccessionHooks } from './succession-hooks.ts'
import { type SupervisorOptions, upgradeOf } from './supervisor-options.ts'
import { TicketKeys } from './ticket-keys.ts'
import { Upgrades } from './upgrade.ts'
import type { WorkerLink } from './worker-link.ts'
import { WorkerPool } from './worker-pool.ts'

export class Parts {
  readonly clock: Clock
  readonly log: Logger
  readonly version: string
  /** Whether the one worker is in this process. */
  readonly oneProcess: boolean
  readonly startedAt: UnixMs
  /** The gateway's start, be it of another supervisor. */
  readonly began: MonotonicMs
  /** Those of now. */
  options: GatewayOptions
  phase: Phase = 'starting'
  readonly events = new EventFeed()
  readonly balancer: SocketBalancer
  readonly listening: Listening
  readonly pool: WorkerPool
  readonly upgrades: Upgrades
  readonly carriers: Carriers
  readonly carryDirectory = new CarryDirectory()
  readonly reload: Reload
  readonly changes = new Changes()
  readonly drains: Drains
  readonly rebalance: Rebalance
  readonly ticketKeys: TicketKeys
  readonly fleet: Fleet | undefined
  readonly acme: AcmeManager
  readonly admin: AdminPort
  /** Processes that do TLS; absent where the one worker is in this process. */
  readonly fronts: Fronts | undefined
  readonly removed = new RemovedRoutes()
  /** By another supervisor before this one. */
  socketsDroppedBefore = 0
  /** Sockets that this process accepts and cannot keep. */
  readonly refused = noneRefused()
  readonly #shortage = new ThrottledLine((times) => this.log.error({ times }, shortageLine))
  readonly descriptors = new Descriptors((why) => {
    this.refused[why]++
    this.#shortage.happened()
  })
  readonly #nodes = new OtherNodes(() => [...this.pool.workers, ...this.pool.carriers])
  /** Of this process alone; a fleet's limits are counted in its store. */
  readonly #ledger: Ledger
  readonly #hooks: SuccessionHooks

  constructor(given: SupervisorOptions, operations: Operations, hooks: SuccessionHooks) {
    const { options, logging, clock = systemClock, random = Math.random } = given
    const before = given.predecessor?.state
    this.oneProcess = given.oneProcess || !canFork
    this.options = options
    this.version = given.version
    this.clock = clock
    this.#hooks = hooks
    this.startedAt = before?.startedAt ?? clock.wall()
    this.began = clock.now() - (before?.uptime ?? 0)
    this.log = createLogger(logging)
    this.admin = new AdminPort({ operations, log: this.log, clock })
    this.#ledger = new Ledger({ clock, random })
    const [local, nodes] = [this.#ledger, this.#nodes]
    this.fleet =
      options.fleet && fleetNode(this, { options: options.fleet, id: before?.node, local, nodes, random })
    this.balancer = new SocketBalancer(clock)
    const size = this.#poolSize()
    this.fronts = this.oneProcess ? undefined : this.#newFronts(given, size)
    this.listening = new Listening({
      mode: size === 1 && !this.oneProcess && canShareHandles ? 'shared' : 'handed-out',
      balancer: this.balancer,
      fronts: this.fronts?.balancer,
      otherProcess: !this.oneProcess,
      descriptors: this.descriptors,
      log: this.log,
    })
    const toAll = (keys: string) => {
      for (const worker of this.pool.workers) worker.send({ type: 'ticket-keys', keys })
      this.fronts?.setTicketKeys(keys)
    }
    this.ticketKeys = new TicketKeys(clock, toAll, before?.ticketKeys)
    this.acme = this.#newAcme(random)
    this.pool = this.#newPool(given, size)
    this.drains = new Drains({ pool: this.pool, options: () => this.options, log: this.log })
    this.rebalance = new Rebalance({
      pool: this.pool,
      fleet: () => this.fleet?.info,
      serves: () => this.phase === 'serving' && hooks.isInCharge(),
      log: this.log,
      clock: this.clock,
    })
    this.carriers = new Carriers({
      pool: this.pool,
      workers: () => this.pool,
      options: () => upgradeOf(this.options),
      drainWithinMs: () => drainWithinMs(this.options),
      log: this.log,
      clock,
    })
    this.upgrades = this.#newUpgrades()
    this.reload = newReload(this, given.load, this.#ledger)
  }

  /** How many workers there shall be. */
  get size(): number {
    if (this.oneProcess) return 1
    const { workers } = this.options
    return workers === 'auto' ? os.availableParallelism() : workers
  }

  #poolSize(): number {
    const { workers } = this.options
    if (this.oneProcess && workers !== 'auto' && workers > 1) {
      this.log.warn(
        { workers },
        'sockets cannot be handed to other processes here: one worker serves, in this process',
      )
    }
    return this.size
  }

  #newAcme(random: () => number): AcmeManager {
    return new AcmeManager({
      log: this.log,
      clock: this.clock,
      random,
      version: this.version,
      publish: async (shared) => {
        await Promise.all([this.pool.ask('certificates', { shared }), this.fronts?.share(shared)])
      },
    })
  }

  #newFronts({ logging, workerProgram }: SupervisorOptions, size: number): Fronts {
    const program = () => {
      const worker = workerProgram?.()
      return worker ? new URL('front-main.js', worker) : new URL('../front-main.js', import.meta.url)
    }
    return new Fronts({
      size,
      start: () => forkWorker(program(), { HOLDFAST_FRONT: this.carryDirectory.open() }),
      onDisk: () => frontOnDisk(program()),
      options: () => this.options,
      logging,
      ticketKeys: () => this.ticketKeys.current,
      certificates: () => (this.options.acme ? this.acme.shared : undefined),
      onSecured: (listener, socket, secured) => this.balancer.assign(listener, socket, secured),
      onReady: (front) => this.#hooks.onFront(front),
      limits: () => upgradeOf(this.options),
      workers: () => this.pool,
      drainWithinMs: () => drainWithinMs(this.options),
      log: this.log,
      clock: this.clock,
    })
  }

  #newPool({ logging, workerProgram }: SupervisorOptions, size: number): WorkerPool {
    return new WorkerPool({
      size,
      startWorker: this.oneProcess ? inProcessWorker : () => forkWorker(workerProgram?.()),
      options: () => this.options,
      logging,
      ticketKeys: () => this.ticketKeys.current,
      ledger: this.fleet?.ledger ?? this.#ledger,
      askAboutSessions: (about) => answerAboutSessions(this.fleet?.sessions, about),
      node: this.fleet?.id,
      removed: this.removed,
      log: this.log,
      clock: this.clock,
      onReady: (worker) => this.#onWorkerReady(worker),
      onGone: (worker) => this.#onWorkerGone(worker),
      onFaulty: (worker) => this.balancer.retire(worker),
      replaces: (worker) => !this.upgrades.undoes(worker),
      onSocketTaken: (worker, id) => this.balancer.acknowledge(worker, id),
      onSocketsLeft: (worker, count) => this.balancer.update(worker, count),
      onEvents: (worker, events, dropped) => this.#publish(worker, events, dropped),
      onMove: (worker, message, handle) => this.upgrades.onMessage(worker, message, handle),
    })
  }

  #newUpgrades(): Upgrades {
    return new Upgrades({
      pool: this.pool,
      canary: () => upgradeOf(this.options).canary,
      settle: () => upgradeOf(this.options).settle,
      exclusively: (change) => this.changes.run(change),
      carryDirectory: () => this.#hooks.carryDirectory(),
      onReady: () => this.#hooks.onReady(),
      onTried: () => this.#hooks.onTried(),
      onCarrying: () => this.carriers.watch(),
      balancer: this.balancer,
      attach: (worker) => this.#onWorkerReady(worker),
      deadline: () => this.options.drain.deadline,
      publish: (upgrade) => {
        this.publishUpgrade(upgrade)
        this.#hooks.onUpgrade(upgrade)
      },
      log: this.log,
      clock: this.clock,
    })
  }

  /** What comes before listeners and workers, whosever they are. */
  async prepare(): Promise<void> {
    await this.acme.configure(acmeWish(this.options))
    if (this.oneProcess) return
    this.carryDirectory.removeStale()
    const problem = whyNotCarry()
    if (problem) this.log.warn({ problem }, 'connections over TLS cannot be carried over a live upgrade')
  }

  /** What is known of the fleet; undefined when it is alone. */
  get fleetInfo(): FleetInfo | undefined {
    return this.fleet && { ...this.fleet.info, ...this.rebalance.shown }
  }

  /** Sockets that no worker, or front, took in time. */
  get socketsDropped(): number {
    return this.balancer.dropped + (this.fronts?.balancer.dropped ?? 0) + this.socketsDroppedBefore
  }

  publishUpgrade(upgrade: UpgradeInfo): void {
    this.events.publish({ type: 'upgrade', at: this.clock.wall(), upgrade })
  }

  async #onWorkerReady(worker: WorkerLink): Promise<void> {
    // It would take what a front has decrypted for TLS.
    if (this.fronts?.isRunning && worker.front === undefined)
      throw new GatewayError('bad_version', 'gateway', 'code of that version does not know tls.front')
    await this.drains.tell(worker)
    if (this.options.acme) await worker.ask('certificates', { shared: this.acme.shared })
    this.#nodes.tell(worker)
    await this.listening.attach(worker)
    this.#hooks.onAttached(worker)
    this.log.debug({ worker: worker.id, pid: worker.pid }, 'worker is ready')
    this.#publishWorker(worker, 'ready')
  }

  #onWorkerGone(worker: WorkerLink): void {
    this.balancer.remove(worker)
    this.upgrades.gone(worker)
    this.#publishWorker(worker, 'gone')
  }

  #publishWorker({ id: worker, pid }: WorkerLink, state: 'ready' | 'gone'): void {
    this.events.publish({ type: 'worker', at: this.clock.wall(), worker, pid, state })
  }

  #publish({ id: worker }: WorkerLink, events: GatewayEvent[], dropped: number): void {
    for (const event of events) this.events.publish({ ...event, worker })
    if (dropped > 0) this.events.publish({ type: 'dropped', at: this.clock.wall(), worker, events: dropped })
  }
}
