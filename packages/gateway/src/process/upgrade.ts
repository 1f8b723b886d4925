// A live upgrade as the supervisor drives it: workers of the code now on disk start, take over, and get the
// connections of those whose place they have. Only when all of them are ready anything changes.
import { errorMessage, type Handle, type MonotonicMs, type UpgradeInfo } from '../core/index.ts'
import type { UpgradeResult } from '../operate/index.ts'
import { Relay } from './relay.ts'
import { badVersion, type Trial, tryWorkers, whyBad } from './trial.ts'
import { UpgradeCounts } from './upgrade-counts.ts'
import type { UpgradesDeps } from './upgrade-deps.ts'
import { WayBack } from './way-back.ts'
import type { WorkerLink } from './worker-link.ts'
import type { MoveMessage } from './worker-pool-deps.ts'

/** Milliseconds between two events about how far it is. */
const publishEveryMs = 250
/**
 * Milliseconds more than its deadlines that a leaving worker may take. One that stood still begins when it goes on; one
 * that stays still is killed before that (worker-pool.ts), and so is a new worker that keeps what was on its way to it.
 */
const spareMs = 60_000
/** Milliseconds in which what was on its way from a worker that ended must have arrived, and between two looks. */
const settleWithinMs = 5000
const settleCheckMs = 10
/** Milliseconds that a worker may take to end when it has nothing left. */
const exitWithinMs = 1000

export class Upgrades {
  readonly #deps: UpgradesDeps
  readonly #relay: Relay
  readonly #counts = new UpgradeCounts()
  #carry: { directory: string } | undefined
  /** While the new workers are on trial: they, and why they have failed. */
  #canaries: Trial | undefined
  #watched: WayBack | undefined
  #info: UpgradeInfo | undefined
  #followed: UpgradeInfo | undefined
  #began: MonotonicMs = 0

  constructor(deps: UpgradesDeps) {
    this.#deps = deps
    const { pool, balancer, log } = deps
    this.#relay = new Relay({
      receiver: (isFree, own) => {
        const free = this.#receivers.filter((worker) => isFree(worker) && (own ?? worker.id) === worker.id)
        return balancer.fewest(free)
      },
      moveAdmission: (from, to, admission) => pool.moveAdmission(from, to, admission),
      onLost: (route) => pool.countLost(route),
      onSettled: (outcome, from, to) => {
        if (outcome === 'moved' && to) balancer.countMoved(to)
        this.#counts.settled(outcome, from, to)
      },
      log,
    })
  }

  /** Who gets the connections of workers that leave: those of the next version as soon as they are on trial. */
  get #receivers(): WorkerLink[] {
    const { workers } = this.#canaries ?? {}
    return workers ? workers.filter(({ state }) => state === 'ready') : this.#deps.pool.ready
  }

  /** Connections by what became of them, in all upgrades. */
  get handovers(): Record<string, number> {
    return this.#counts.handovers
  }

  /** Goes on with what another process has counted. */
  goOn(handovers: Record<string, number>): void {
    this.#counts.goOn(handovers)
  }

  /** Another process says how far its upgrade is. */
  follow(info: UpgradeInfo): void {
    this.#counts.follow()
    this.#followed = info
  }

  /** The last one. */
  get last(): UpgradeInfo | undefined {
    if (this.#followed) return this.#followed
    if (!this.#info) return undefined
    return { ...this.#info, ...this.#counts.sums }
  }

  /**
   * Starts the new workers and gives them the place of the old ones. The result are those that have to leave: the old
   * ones or, when it failed (`last` says why), new ones that may have connections already. `carry`: the old ones keep what
   * cannot move for them.
   */
  async begin(carry = true): Promise<WorkerLink[]> {
    const { pool, log, clock } = this.#deps
    const from = pool.ready[0]?.version ?? ''
    this.#followed = undefined
    this.#counts.begin()
    this.#carry = carry ? this.#openDirectory() : undefined
    const none = { total: 0, moved: 0, ended: 0, lost: 0, closes: {} }
    this.#info = { startedAt: clock.wall(), phase: 'starting', from, ...none }
    this.#began = clock.now()
    log.info({ from }, 'upgrade started')
    this.#publish()
    let newWorkers: WorkerLink[] = []
    try {
      newWorkers = await pool.startNext()
      this.#deps.onReady?.()
      await this.#try(newWorkers)
      await this.#deps.onTried?.()
      for (const worker of newWorkers) await this.#deps.attach(worker)
      const fault = whyBad(newWorkers)
      if (fault && this.#deps.canary() > 0) throw badVersion(fault)
      const old = pool.activate(newWorkers)
      if (this.#deps.canary() > 0) this.#watched = new WayBack(newWorkers, old, this.#deps)
      const { version } = newWorkers[0]!
      this.#info.to = version
      this.#info.phase = 'moving'
      log.info(
        { version, workers: newWorkers.map(({ id }) => id) },
        'new workers are ready; connections move to them',
      )
      return old
    } catch (error) {
      this.#fail(errorMessage(error))
      for (const worker of newWorkers) worker.leave()
      return newWorkers.filter(({ state }) => state !== 'gone')
    }
  }

  /**
   * Has the old workers move a few of their connections to the new ones, and waits.
   *
   * @throws {GatewayError} A new worker has ended or is silent, has refused or lost one: the others shall stay.
   */
  async #try(newWorkers: WorkerLink[]): Promise<void> {
    const { pool, canary, carryDirectory: directory, log, clock } = this.#deps
    const share = canary()
    if (share === 0) return
    this.#canaries = { workers: newWorkers }
    try {
      const its = { old: pool.ready, share, carry: this.#carry, directory, log, clock }
      const fault = await tryWorkers(this.#canaries, its)
      if (fault) throw badVersion(fault)
    } finally {
      this.#canaries = undefined
    }
  }

  #openDirectory(): { directory: string } | undefined {
    const { carryDirectory, log } = this.#deps
    try {
      return { directory: carryDirectory() }
    } catch (error) {
      log.warn(
        { error: (error as Error).message },
        'what cannot move is not carried over this upgrade, and ends at drain.deadline',
      )
      return undefined
    }
  }

  /** Waits until those that leave have moved or ended what they had. */
  async finish(leaving: readonly WorkerLink[]): Promise<void> {
    const { log, clock } = this.#deps
    const info = this.#info!
    let published = ''
    const publisher = setInterval(() => {
      const now = JSON.stringify(this.last)
      if (now !== published) this.#publish()
      published = now
    }, publishEveryMs)
    await Promise.all(leaving.map((worker) => this.#finishWorker(worker)))
    await this.#watched?.undone
    this.#watched = undefined
    clearInterval(publisher)
    if (info.phase === 'failed') return
    info.phase = 'done'
    info.ms = Math.round(clock.now() - this.#began)
    const { from, to, moved, carried, ended, lost = 0, closes, ms } = this.last!
    log[lost > 0 ? 'error' : 'info'](
      { from, to, moved, carried, ended, lost, closes, ms },
      'upgrade finished',
    )
    this.#publish()
  }

  /** So many fronts have been replaced as well. */
  replacedFronts(count: number): void {
    if (this.#info && count > 0) this.#info.fronts = count
  }

  get result(): UpgradeResult {
    const upgrade = this.last!
    return upgrade.phase === 'failed' ? { ok: false, error: upgrade.error! } : { ok: true, upgrade }
  }

  /** What a worker says about connections that go from one to another. */
  onMessage(worker: WorkerLink, message: MoveMessage, handle?: Handle): void {
    switch (message.type) {
      case 'move':
        return this.#relay.client(worker, message, handle)
      case 'move-upstream':
        return this.#relay.upstream(worker, message.move, handle)
      case 'adopted':
        return this.#relay.adopted(message.move)
      case 'not-adopted':
        if (this.#canaries) this.#canaries.fault ??= `a new worker refused a connection: ${message.message}`
        return this.#relay.refused(message.move, message.message)
      case 'leaving':
        return this.#counts.progressed(worker, message)
    }
  }

  /** The worker has ended. */
  gone(worker: WorkerLink): void {
    this.#relay.gone(worker)
    if (this.#canaries?.workers.includes(worker)) this.#canaries.fault ??= 'a new worker has ended'
    this.#counts.gone(worker, this.#info?.phase === 'moving')
  }

  /**
   * Whether the old workers get their place again, because this one has ended or has a fault: then no other worker of its
   * version shall have it.
   */
  undoes(worker: WorkerLink): boolean {
    return this.#watched?.fails(worker, (wayBack) => this.#undo(wayBack)) ?? false
  }

  async #undo(wayBack: WayBack): Promise<void> {
    const { pool, log, exclusively } = this.#deps
    let newer: WorkerLink[] = []
    await exclusively(async () => {
      const { fault } = wayBack
      const old = await wayBack.takeBack()
      if (old.length === 0) {
        this.#watched = undefined
        log.error({ fault }, 'the new version fails, and no old worker can serve again')
        return pool.refill()
      }
      newer = pool.reinstate(old)
      // In place of old ones that have ended meanwhile, or cannot serve again.
      pool.refill()
      this.#fail(`the new version failed after it had taken over: ${fault}`)
    })
    await Promise.all(newer.map((worker) => this.#finishWorker(worker)))
  }

  async #finishWorker(worker: WorkerLink): Promise<void> {
    const { pool, balancer, deadline } = this.#deps
    const withinMs = deadline()
    this.#counts.leaves(worker)
    const watched = this.#watched?.keeps(worker) ? this.#watched : undefined
    if (await watched?.spares(worker)) return
    balancer.retire(worker)
    try {
      // Moves, then drains; what then comes back from a new worker that died is drained, too.
      const ask = { within: withinMs, carry: this.#carry, ...(watched && { stay: true }) }
      const answer = await worker.ask('leave', ask, { timeoutMs: 3 * withinMs + spareMs })
      worker.report = answer.report
      if (await watched?.returns(worker)) return
      const carried = watched ? await watched.rest(worker, answer.carried) : answer.carried
      if (carried) {
        pool.carry(worker)
        this.#info!.carried = (this.#info!.carried ?? 0) + carried
        return this.#deps.onCarrying()
      }
    } catch (error) {
      await this.#drainWorker(worker, error as Error)
    }
    await pool.stopWorkers([worker], exitWithinMs)
  }

  /** It could not leave in order: those that it still has are told as far as anybody can. */
  async #drainWorker(worker: WorkerLink, error: Error): Promise<void> {
    const { log, clock, deadline } = this.#deps
    const counts = await worker
      .ask('drain', {}, { timeoutMs: deadline() + exitWithinMs })
      .catch(() => undefined)
    // What was on its way when it ended arrives, or does not; only then it can be counted.
    for (
      let waited = 0;
      waited < settleWithinMs && this.#relay.countFrom(worker) > 0;
      waited += settleCheckMs
    ) {
      await new Promise<void>((resolve) => clock.setTimeout(resolve, settleCheckMs))
    }
    const cut = this.#counts.cut(worker, counts?.cut)
    log.warn({ worker: worker.id, cut, error: error.message }, 'an old worker did not leave in order')
  }

  #fail(error: string): void {
    const { log, clock } = this.#deps
    Object.assign(this.#info!, { phase: 'failed', error, ms: Math.round(clock.now() - this.#began) })
    log.error({ error }, 'upgrade failed: the old workers go on')
    this.#publish()
  }

  #publish(): void {
    this.#deps.publish(this.last!)
  }
}
