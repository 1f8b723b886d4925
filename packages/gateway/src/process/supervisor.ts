// The gateway as an operator runs it: bound listeners, workers behind them, the admin port, reload and drain.
// No WebSocket byte passes here.
import type {
  ConnectionFilter,
  ConnectionInfo,
  DrainCounts,
  DrainScope,
  RebalanceInfo,
} from '../core/index.ts'
import type {
  EventFeed,
  GatewayState,
  Measured,
  Operations,
  RebalanceHow,
  ReloadResult,
  UpgradeHow,
  UpgradePreview,
  UpgradeResult,
} from '../operate/index.ts'
import { closeAll, drainAll, killAll } from './end-all.ts'
import { gatewayState, listenUrls, whyUnready } from './gateway-state.ts'
import { Inheritance } from './inheritance.ts'
import { measureAll } from './measure-all.ts'
import { OperatorUpgrade } from './operator-upgrade.ts'
import { Parts } from './parts.ts'
import { renewFronts } from './renew-fronts.ts'
import { Replacement } from './replacement.ts'
import { startAll } from './start-all.ts'
import type { SupervisorOptions } from './supervisor-options.ts'

/**
 * A whole gateway: its listeners, its workers, its admin port. It takes no signals and prints nothing but its log; who
 * makes it decides about those.
 */
export class Supervisor implements Operations {
  /** What happens, as it happens: closes, health, drains, reloads, upgrades, workers. */
  readonly events: EventFeed
  /** Resolves when the gateway has been drained and everything is closed. */
  readonly finished: Promise<DrainCounts>
  /** Resolves to the process id of the supervisor that has taken this one's place, when it has. */
  readonly replaced: Promise<number>
  /** Resolves when no worker of this process is left after that, nor anybody waits for an answer. */
  readonly released: Promise<void>
  #finish!: (counts: DrainCounts) => void
  #onReplaced!: (pid: number) => void
  #onReleased!: () => void
  readonly #parts: Parts
  readonly #inheritance: Inheritance | undefined
  /** Absent where nobody can start another supervisor. */
  readonly #replacement: Replacement | undefined
  readonly #upgrade: OperatorUpgrade
  #alive: NodeJS.Timeout | undefined
  #drained: Promise<DrainCounts> | undefined

  /** Starts nothing yet; {@link Supervisor.start} does. */
  constructor(given: SupervisorOptions) {
    this.finished = new Promise((resolve) => {
      this.#finish = resolve
    })
    this.replaced = new Promise((resolve) => {
      this.#onReplaced = resolve
    })
    this.released = new Promise((resolve) => {
      this.#onReleased = resolve
    })
    const parts = new Parts(given, this, {
      onReady: () => this.#inheritance?.ready(),
      onTried: async () => this.#inheritance?.takeOver(),
      onUpgrade: (upgrade) => this.#inheritance?.progress(upgrade),
      isInCharge: () => !this.#isReplaced,
      onAttached: (worker) => this.#replacement?.lend(worker),
      onFront: (front) => this.#replacement?.lend(front),
      carryDirectory: () => this.#inheritance?.carryDirectory() ?? parts.carryDirectory.open(),
    })
    this.#parts = parts
    this.events = parts.events
    const { predecessor, startSuccessor } = given
    this.#inheritance = predecessor && new Inheritance(predecessor, parts)
    predecessor?.obey(this)
    this.#replacement =
      startSuccessor &&
      new Replacement({
        parts,
        startSuccessor,
        onReplaced: this.#onReplaced,
        onReleased: () => {
          clearInterval(this.#alive)
          this.#onReleased()
        },
      })
    this.#upgrade = new OperatorUpgrade(parts, this.#replacement)
  }

  /**
   * Binds the listeners and the admin port and starts the workers. Resolves when all listeners accept.
   *
   * @throws {GatewayError} 'cannot_listen' or 'worker_failed': what was bound is released again.
   */
  async start(): Promise<void> {
    this.#stayAlive()
    const isServing = await startAll(this.#parts).catch((error) => {
      clearInterval(this.#alive)
      throw error
    })
    if (!isServing) clearInterval(this.#alive)
  }

  /** A bound handle keeps no process alive, and workers may all be gone for a moment. */
  #stayAlive(): void {
    this.#alive = setInterval(() => {}, 60_000)
  }

  /**
   * Takes the place of the running supervisor: starts workers, tries them, takes over all that there is, and goes on. Resolves when all
   * listeners accept here; the connections move after that.
   *
   * @throws {GatewayError} Why not. The other supervisor goes on, and nothing has changed.
   */
  async succeed(): Promise<void> {
    const inheritance = this.#inheritance!
    await this.#parts.prepare()
    this.#stayAlive()
    this.#upgrade.isUnderWay = true
    const leaving = await inheritance.take()
    void inheritance.finish(leaving).then(async () => {
      await renewFronts(this.#parts, inheritance.carries)
      this.#upgrade.isUnderWay = false
    })
  }

  /** The listeners' URLs with their actual ports. */
  get listenUrls(): string[] {
    return listenUrls(this.#parts)
  }

  /** The admin port's URL; undefined when it is off. */
  get adminUrl(): string | undefined {
    return this.#parts.admin.server?.url
  }

  /** Why the gateway should not get traffic, or undefined when it should: what `/readyz` says. */
  unready(): string | undefined {
    return this.#replacement?.whyReplaced ?? whyUnready(this.#parts)
  }

  /** What does not go as it should, while it is ready or not: the detail of `/readyz`. */
  troubles(): string[] {
    return this.#parts.fleet?.info.store.state === 'away' ? ["the fleet's store is away"] : []
  }

  /** The whole state, asked of every worker; one that does not answer counts with its last report. */
  state(): Promise<GatewayState> {
    return gatewayState(this.#parts)
  }

  /** What the metrics show, asked of every worker in the same way. */
  async measure(): Promise<Measured> {
    const measured = await measureAll(this.#parts)
    this.#parts.removed.scraped(measured.snapshot)
    return measured
  }

  /** Live connections of all workers, at most `limit`, of a route or in a state. */
  async connections(filter: ConnectionFilter): Promise<ConnectionInfo[]> {
    const answers = await this.#parts.pool.ask('connections', { filter })
    return answers.flatMap(({ answer }) => answer.connections).slice(0, filter.limit)
  }

  /** Closes both sides of a connection with this code and reason. False when no worker has it. Source: RFC 6455 7.1.2. */
  async closeConnection(id: string, code: number, reason: string): Promise<boolean> {
    const answers = await this.#parts.pool.ask('close-connection', { id, code, reason })
    return answers.some(({ answer }) => answer.found)
  }

  /**
   * Drains the connections of a route or upstream; each gets 1012 at its own time within `drain.spread`. Without
   * a scope of all, and the gateway ends after that.
   *
   * @throws {GatewayError} 'not_found': there is no such route or upstream. 'replacing': another supervisor takes over; ask that one.
   */
  drain(scope?: DrainScope): Promise<DrainCounts> {
    if (scope) {
      this.#replacement?.check()
      return this.#parts.drains.part(scope)
    }
    this.#drained ??= this.#end()
    return this.#drained
  }

  /**
   * Takes back in what was drained: a route, an upstream, or, without a scope, all of it. The result names each.
   *
   * @throws {GatewayError} 'not_found': nothing of it is drained. 'replacing': another supervisor takes over; ask that one.
   */
  async undrain(scope: DrainScope = {}): Promise<string[]> {
    const { drains, log, clock } = this.#parts
    this.#replacement?.check()
    const parts = await drains.takeBack(scope)
    log.info({ parts }, 'taken back in')
    this.events.publish({ type: 'undrain', at: clock.wall(), parts })
    return parts
  }

  /**
   * Gives sessions to nodes of the fleet that have fewer connections than their share, until this one has no more than its own, and ends
   * none for that. `done` resolves when it is over, to what has become of it.
   *
   * @throws {GatewayError} 'no_fleet', 'store_away', 'no_other_node', 'not_serving' or 'rebalancing': not now. 'replacing': another supervisor
   *   takes over; ask that one.
   */
  rebalance(how: RebalanceHow): { done: Promise<RebalanceInfo> } {
    this.#replacement?.check()
    return this.#parts.rebalance.begin(how)
  }

  /** Ends a rebalance: what is on its way goes on. Undefined: there is none. */
  stopRebalance(): RebalanceInfo | undefined {
    return this.#parts.rebalance.stop()
  }

  /**
   * Reads the configuration again and takes it on as a whole, or not at all. Never rejects. Whoever asks while
   * another reload waits for its turn gets the answer of that one: it has read nothing yet.
   */
  reload(): Promise<ReloadResult> {
    const { changes, reload } = this.#parts
    // A new supervisor may be in charge when it is the turn of this.
    return changes.reload(() => (this.#isReplaced ? this.#replacement!.reload() : reload.run()))
  }

  /**
   * What {@link Supervisor.reload} would do now: with all of its checks, changing nothing. `drained` and the changes say
   * how many connections it would end. Never rejects.
   */
  previewReload(): Promise<ReloadResult> {
    const { changes, reload } = this.#parts
    return changes.run(async () => {
      const problem = this.#replacement?.whyReplaced
      return problem ? { ok: false, problems: [problem] } : reload.preview()
    })
  }

  /**
   * Replaces the workers by new ones from the code now on disk, without ending a connection. The result says what
   * became of each, or why the old workers go on. Without `carry` connections that cannot move are told to come back. With
   * `supervisor` a new process takes the place of this one as well ({@link Supervisor.replaced}).
   */
  upgrade(how: UpgradeHow = {}): Promise<UpgradeResult> {
    return this.#upgrade.run(how)
  }

  /** What {@link Supervisor.upgrade} would do now with the connections, or why it would do nothing; nothing changes. */
  previewUpgrade(how: UpgradeHow = {}): Promise<UpgradePreview> {
    return this.#upgrade.preview(how)
  }

  /** Has every worker open the file of the access log again, after it was moved away. */
  reopenLogs(): void {
    this.#parts.pool.reopenLogs()
    this.#replacement?.reopenLogs()
    this.#parts.log.info('the access log is opened again')
  }

  /** Ends everything at once: connections are cut. */
  kill(): void {
    killAll(this.#parts)
  }

  get #isReplaced(): boolean {
    return this.#replacement?.pid !== undefined
  }

  /** Drains everything and ends, be it by the supervisor that is in charge in place of this one. */
  async #end(): Promise<DrainCounts> {
    const deciding = this.#inheritance?.deciding ?? this.#replacement?.cancel()
    if (deciding) await deciding
    if (this.#isReplaced) return this.#replacement!.drain()
    const counts = await drainAll(this.#parts)
    const close = async () => {
      await closeAll(this.#parts)
      clearInterval(this.#alive)
      this.#finish(counts)
    }
    // Whoever asked for the drain gets the answer before the admin port closes.
    setImmediate(() => void close())
    return counts
  }
}
