// A live upgrade as the supervisor drives it: workers of the code now on disk start, take over, and get the
// connections of those whose place they have. Only when all of them are ready anything changes.
import type { Logger } from 'pino'
import { type Clock, GatewayError, type Handle, type MonotonicMs, type UpgradeInfo } from '../core/index.ts'
import type { UpgradeResult } from '../operate/index.ts'
import type { MoveOutcome } from '../worker/index.ts'
import { Relay } from './relay.ts'
import type { SocketBalancer } from './socket-balancer.ts'
import { type WorkerLink, workerInfo } from './worker-link.ts'
import type { MoveMessage, WorkerPool } from './worker-pool.ts'

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
/** Milliseconds that new workers have the first connections for, before they get the others. */
const trialMs = 2500
/** Which part of these may end without a Close meanwhile: clients that leave. */
const mayLeave = 0.2
/** Milliseconds that a worker may take to end when it has nothing left. */
const exitWithinMs = 1000

/** What becomes of the connections of one leaving worker. */
interface LeavingWorker {
  /** When it began to leave; as last reported, until it says so itself. */
  total: number
  hasSaidTotal: boolean
  moved: number
  /** Ended while they were still its own, by code and by whom. */
  closes: Record<string, number>
  /** Cut without a Close. */
  lost: number
}

export interface UpgradesDeps {
  pool: WorkerPool
  balancer: SocketBalancer
  /** The worker gets connections from now on. */
  attach: (worker: WorkerLink) => Promise<void>
  /** Which part of the connections moves first, from 0 to 1. */
  canary: () => number
  /**
   * Where the sockets to what old workers carry are to be.
   *
   * @throws {Error} There can be none.
   */
  carryDirectory: () => string
  /** An old worker carries from now on. */
  onCarrying: () => void
  /** Milliseconds in which connections are moved; after that, those that could not be moved are drained. */
  deadline: () => number
  publish: (upgrade: UpgradeInfo) => void
  log: Logger
  clock: Clock
}

export class Upgrades {
  readonly #deps: UpgradesDeps
  readonly #relay: Relay
  /** Connections by what became of them, in all upgrades. */
  readonly handovers: Record<string, number> = {}
  #leavingWorkers = new Map<WorkerLink, LeavingWorker>()
  #carry: { directory: string } | undefined
  /** While the new workers are on trial: they, and why they have failed. */
  #canaries: { workers: WorkerLink[]; fault?: string } | undefined
  /** How many each new worker has got, and from whom: if it dies, they are lost after all. */
  #moved = new Map<WorkerLink, Map<WorkerLink, number>>()
  #info: UpgradeInfo | undefined
  #began: MonotonicMs = 0

  constructor(deps: UpgradesDeps) {
    this.#deps = deps
    const { pool, balancer, log } = deps
    this.#relay = new Relay({
      receiver: (isFree) => balancer.fewest(this.#receivers.filter(isFree)),
      moveAdmission: (from, to, admission) => pool.moveAdmission(from, to, admission),
      onLost: (route) => pool.countLost(route),
      onSettled: (outcome, from, to) => this.#onSettled(outcome, from, to),
      log,
    })
  }

  /** Who gets the connections of workers that leave: those of the next version as soon as they are on trial. */
  get #receivers(): WorkerLink[] {
    const { workers } = this.#canaries ?? {}
    return workers ? workers.filter(({ state }) => state === 'ready') : this.#deps.pool.ready
  }

  /** The last one. */
  get last(): UpgradeInfo | undefined {
    if (!this.#info) return undefined
    const all = [...this.#leavingWorkers.values()]
    const sum = (of: (leaving: LeavingWorker) => number) => all.reduce((total, each) => total + of(each), 0)
    return {
      ...this.#info,
      total: sum(({ total }) => total),
      moved: sum(({ moved }) => moved),
      ended: sum(({ closes }) => countOf(closes)),
      lost: sum(({ lost }) => lost),
      closes: all.map(({ closes }) => closes).reduce(addCounts, {}),
    }
  }

  /**
   * Starts the new workers and gives them the place of the old ones. The result are those that have to leave: the old
   * ones or, when it failed (`last` says why), new ones that may have connections already. `carry`: the old ones keep what
   * cannot move for them.
   */
  async begin(carry = true): Promise<WorkerLink[]> {
    const { pool, log, clock } = this.#deps
    const from = pool.ready[0]?.version ?? ''
    this.#leavingWorkers = new Map()
    this.#moved = new Map()
    this.#carry = carry ? this.#openDirectory() : undefined
    const none = { total: 0, moved: 0, ended: 0, lost: 0, closes: {} }
    this.#info = { startedAt: clock.wall(), phase: 'starting', from, ...none }
    this.#began = clock.now()
    log.info({ from }, 'upgrade started')
    this.#publish()
    let newWorkers: WorkerLink[] = []
    try {
      newWorkers = await pool.startNext()
      await this.#try(newWorkers)
      for (const worker of newWorkers) await this.#deps.attach(worker)
      const old = pool.activate(newWorkers)
      const { version } = newWorkers[0]!
      this.#info.to = version
      this.#info.phase = 'moving'
      log.info(
        { version, workers: newWorkers.map(({ id }) => id) },
        'new workers are ready; connections move to them',
      )
      return old
    } catch (error) {
      this.#fail(error instanceof Error ? error.message : String(error))
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
    const { pool, canary, clock } = this.#deps
    const share = canary()
    if (share === 0) return
    const trial: { workers: WorkerLink[]; fault?: string } = { workers: newWorkers }
    this.#canaries = trial
    try {
      const ask = { share, carry: this.#carry }
      // An old worker that stands still moves what it has when it goes on.
      const asked = pool.ready.map((worker) =>
        worker.ask('move-canaries', ask).catch(() => ({ outcomes: {} as Record<string, number> })),
      )
      const outcomes = (await Promise.all(asked)).map((answer) => answer.outcomes)
      const moved = outcomes.reduce((sum, { moved = 0 }) => sum + moved, 0)
      if (moved > 0) await new Promise<void>((resolve) => clock.setTimeout(resolve, trialMs))
      const counts = outcomes.reduce<Record<string, number>>(addCounts, {})
      const fault =
        whyBad(newWorkers) ?? trial.fault ?? (await this.#whySick(newWorkers, moved)) ?? whyNot(counts)
      if (fault)
        throw new GatewayError('bad_version', 'gateway', `the new version failed its trial: ${fault}`)
    } finally {
      this.#canaries = undefined
    }
  }

  /** Whether new workers answer, and how the connections ended that they were tried with. */
  async #whySick(workers: readonly WorkerLink[], moved: number): Promise<string | undefined> {
    try {
      // Not shared with a question that waits already: it may wait for long.
      const asked = workers.map(async (worker) => {
        worker.report = await worker.ask('snapshot', {})
      })
      await Promise.all(asked)
    } catch (error) {
      return (error as Error).message
    }
    const closes: Record<string, number> = {}
    for (const { report } of workers)
      for (const { counters } of report?.snapshot.routes ?? [])
        Object.assign(closes, addCounts(closes, counters.closes))
    return whyBadCloses(closes, moved)
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
        return this.#onLeaving(worker, message)
    }
  }

  /** The worker has ended. */
  gone(worker: WorkerLink): void {
    this.#relay.gone(worker)
    if (this.#canaries?.workers.includes(worker)) this.#canaries.fault ??= 'a new worker has ended'
    if (this.#info?.phase !== 'moving' && !this.#moved.has(worker)) return
    // One that ended in order had none left; what has closed in it did so after it had moved.
    let { connections: left } = workerInfo(worker)
    for (const [from, arrived] of this.#moved.get(worker) ?? []) {
      const leaving = this.#leavingOf(from)
      const count = Math.min(arrived, left)
      left -= count
      leaving.moved -= count
      leaving.lost += count
      this.#count('failed', count)
    }
    this.#moved.delete(worker)
  }

  #onSettled(outcome: MoveOutcome, from: WorkerLink, to: WorkerLink | undefined): void {
    if (outcome === 'moved') {
      this.#leavingOf(from).moved++
      this.#count('moved', 1)
      if (to) this.#countArrival(from, to)
    } else if (outcome === 'lost') {
      this.#leavingOf(from).lost++
      this.#count('failed', 1)
    }
  }

  #countArrival(from: WorkerLink, to: WorkerLink): void {
    this.#deps.balancer.countMoved(to)
    const moved = this.#moved.get(to) ?? new Map<WorkerLink, number>()
    this.#moved.set(to, moved.set(from, (moved.get(from) ?? 0) + 1))
  }

  /** A leaving worker says how far it is. */
  #onLeaving(worker: WorkerLink, { left, closes, lost }: Extract<MoveMessage, { type: 'leaving' }>): void {
    const leaving = this.#leavingOf(worker)
    // Its first word, before it moves anything.
    if (!leaving.hasSaidTotal) {
      const before = leaving.moved + leaving.lost
      Object.assign(leaving, { total: left + before, hasSaidTotal: true })
    }
    this.#count('ended', countOf(closes) - countOf(leaving.closes))
    leaving.closes = closes
    this.#count('failed', lost)
    leaving.lost += lost
  }

  #leavingOf(worker: WorkerLink): LeavingWorker {
    const known = this.#leavingWorkers.get(worker)
    if (known) return known
    const { connections } = workerInfo(worker)
    const leaving = { total: connections, hasSaidTotal: false, moved: 0, closes: {}, lost: 0 }
    this.#leavingWorkers.set(worker, leaving)
    return leaving
  }

  async #finishWorker(worker: WorkerLink): Promise<void> {
    const { pool, balancer, deadline } = this.#deps
    const withinMs = deadline()
    const leaving = this.#leavingOf(worker)
    balancer.retire(worker)
    try {
      // Moves, then drains; what then comes back from a new worker that died is drained, too.
      const ask = { within: withinMs, carry: this.#carry }
      const answer = await worker.ask('leave', ask, { timeoutMs: 3 * withinMs + spareMs })
      worker.report = answer.report
      if (answer.carried) {
        pool.carry(worker)
        this.#info!.carried = (this.#info!.carried ?? 0) + answer.carried
        return this.#deps.onCarrying()
      }
    } catch (error) {
      await this.#drainWorker(worker, leaving, error as Error)
    }
    await pool.stopWorkers([worker], exitWithinMs)
  }

  /** It could not leave in order: those that it still has are told as far as anybody can. */
  async #drainWorker(worker: WorkerLink, leaving: LeavingWorker, error: Error): Promise<void> {
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
    const { total, moved, closes, lost } = leaving
    const cut = counts ? counts.cut : Math.max(0, total - moved - countOf(closes) - lost)
    leaving.lost += cut
    this.#count('failed', cut)
    log.warn({ worker: worker.id, cut, error: error.message }, 'an old worker did not leave in order')
  }

  #fail(error: string): void {
    const { log, clock } = this.#deps
    Object.assign(this.#info!, { phase: 'failed', error, ms: Math.round(clock.now() - this.#began) })
    log.error({ error }, 'upgrade failed: the old workers go on')
    this.#publish()
  }

  #count(result: 'moved' | 'ended' | 'failed', count: number): void {
    if (count > 0) this.handovers[result] = (this.handovers[result] ?? 0) + count
  }

  #publish(): void {
    this.#deps.publish(this.last!)
  }
}

function whyBad(workers: readonly WorkerLink[]): string | undefined {
  if (workers.some(({ state }) => state === 'gone')) return 'a new worker has ended'
  return workers.some(({ state }) => state !== 'ready') ? 'a new worker had a fault' : undefined
}

function whyNot({ lost = 0, refused = 0, later = 0 }: Record<string, number>): string | undefined {
  const count = lost + refused + later
  return count > 0 ? `${count} of the first connections were not taken over` : undefined
}

/** Closes that say that a frame was broken, or that the new version is. */
const brokenCloses = /^(1002|1007|1011|1014):|^1006:gateway$/

/** By how the first connections ended; of those whose TCP just ends a few are clients that leave. */
function whyBadCloses(closes: Record<string, number>, moved: number): string | undefined {
  const broken = Object.entries(closes).filter(([key]) => brokenCloses.test(key))
  const [worst] = broken.map(([key]) => key)
  if (worst) return `a connection that it had ended with ${worst.replace(':', ' by the ')}`
  const cut = (closes['1006:client'] ?? 0) + (closes['1006:upstream'] ?? 0)
  return cut > moved * mayLeave
    ? `${cut} of ${moved} connections that it had ended without a Close`
    : undefined
}

function countOf(counts: Record<string, number>): number {
  return Object.values(counts).reduce((sum, count) => sum + count, 0)
}

function addCounts(a: Record<string, number>, b: Record<string, number>): Record<string, number> {
  const sum = { ...a }
  for (const [key, count] of Object.entries(b)) sum[key] = (sum[key] ?? 0) + count
  return sum
}
