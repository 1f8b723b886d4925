// A live upgrade as the supervisor drives it: workers of the code now on disk start, take over, and get the
// connections of those whose place they have. Only when all of them are ready anything changes.
import type { Logger } from 'pino'
import type { Clock, Handle, MonotonicMs, UpgradeInfo } from '../core/index.ts'
import type { UpgradeResult } from '../operate/index.ts'
import type { MoveOutcome } from '../worker/index.ts'
import type { Crew, MoveNews } from './crew.ts'
import type { HandOut } from './hand-out.ts'
import { Relay } from './relay.ts'
import { type WorkerLink, workerInfo } from './worker-link.ts'

/** Milliseconds between two events about how far it is. */
const tellEvery = 250
/**
 * Milliseconds more than its deadlines that a leaving worker may take. One that stood still begins when it goes on; one
 * that stays still is killed before that (crew.ts), and so is a new worker that keeps what was on its way to it.
 */
const spareMs = 60_000
/** Milliseconds in which what was on its way from a worker that ended must have arrived, and between two looks. */
const landWithinMs = 5000
const landLookMs = 10
/** Milliseconds that a worker may take to end when it has nothing left. */
const endWithin = 1000

/** What becomes of the connections of one leaving worker. */
interface Departure {
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
  crew: Crew
  handOut: HandOut
  /** The worker gets connections from now on. */
  attach: (worker: WorkerLink) => Promise<void>
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
  #departures = new Map<WorkerLink, Departure>()
  /** How many each new worker has got, and from whom: if it dies, they are lost after all. */
  #arrivals = new Map<WorkerLink, Map<WorkerLink, number>>()
  #info: UpgradeInfo | undefined
  #began: MonotonicMs = 0

  constructor(deps: UpgradesDeps) {
    this.#deps = deps
    const { crew, handOut, log } = deps
    this.#relay = new Relay({
      receiver: (isFree) => handOut.fewest(crew.ready.filter(isFree)),
      moveAdmission: (from, to, admission) => crew.moveAdmission(from, to, admission),
      onLost: (route) => crew.lost(route),
      onSettled: (outcome, from, to) => this.#settled(outcome, from, to),
      log,
    })
  }

  /** The last one. */
  get last(): UpgradeInfo | undefined {
    if (!this.#info) return undefined
    const all = [...this.#departures.values()]
    const sum = (of: (departure: Departure) => number) => all.reduce((total, each) => total + of(each), 0)
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
   * ones or, when it failed (`last` says why), new ones that may have connections already.
   */
  async begin(): Promise<WorkerLink[]> {
    const { crew, log, clock } = this.#deps
    const from = crew.ready[0]?.version ?? ''
    this.#departures = new Map()
    this.#arrivals = new Map()
    const none = { total: 0, moved: 0, ended: 0, lost: 0, closes: {} }
    this.#info = { startedAt: clock.wall(), phase: 'starting', from, ...none }
    this.#began = clock.now()
    log.info({ from }, 'upgrade started')
    this.#tell()
    let recruits: WorkerLink[] = []
    try {
      recruits = await crew.recruit()
      for (const worker of recruits) await this.#deps.attach(worker)
      const old = crew.promote(recruits)
      const { version } = recruits[0]!
      this.#info.to = version
      this.#info.phase = 'moving'
      log.info(
        { version, workers: recruits.map(({ id }) => id) },
        'new workers are ready; connections move to them',
      )
      return old
    } catch (error) {
      this.#fail(error instanceof Error ? error.message : String(error))
      for (const worker of recruits) worker.leave()
      return recruits
    }
  }

  /** Waits until those that leave have moved or ended what they had. */
  async finish(leaving: readonly WorkerLink[]): Promise<void> {
    const { log, clock } = this.#deps
    const info = this.#info!
    let told = ''
    const teller = setInterval(() => {
      const now = JSON.stringify(this.last)
      if (now !== told) this.#tell()
      told = now
    }, tellEvery)
    await Promise.all(leaving.map((worker) => this.#see(worker)))
    clearInterval(teller)
    if (info.phase === 'failed') return
    info.phase = 'done'
    info.ms = Math.round(clock.now() - this.#began)
    const { from, to, moved, ended, lost = 0, closes, ms } = this.last!
    log[lost > 0 ? 'error' : 'info']({ from, to, moved, ended, lost, closes, ms }, 'upgrade finished')
    this.#tell()
  }

  get result(): UpgradeResult {
    const upgrade = this.last!
    return upgrade.phase === 'failed' ? { ok: false, error: upgrade.error! } : { ok: true, upgrade }
  }

  /** What a worker says about connections that go from one to another. */
  obey(worker: WorkerLink, news: MoveNews, handle?: Handle): void {
    switch (news.type) {
      case 'move':
        return this.#relay.client(worker, news, handle)
      case 'move-upstream':
        return this.#relay.upstream(worker, news.move, handle)
      case 'adopted':
        return this.#relay.adopted(news.move)
      case 'not-adopted':
        return this.#relay.refused(news.move, news.message)
      case 'leaving':
        return this.#leaving(worker, news)
    }
  }

  /** The worker has ended. */
  gone(worker: WorkerLink): void {
    this.#relay.gone(worker)
    if (this.#info?.phase !== 'moving') return
    // One that ended in order had none left; what has closed in it did so after it had moved.
    let { connections: left } = workerInfo(worker)
    for (const [from, arrived] of this.#arrivals.get(worker) ?? []) {
      const departure = this.#departureOf(from)
      const count = Math.min(arrived, left)
      left -= count
      departure.moved -= count
      departure.lost += count
      this.#count('failed', count)
    }
    this.#arrivals.delete(worker)
  }

  #settled(outcome: MoveOutcome, from: WorkerLink, to: WorkerLink | undefined): void {
    if (outcome === 'moved') {
      this.#departureOf(from).moved++
      this.#count('moved', 1)
      if (to) this.#arrived(from, to)
    } else if (outcome === 'lost') {
      this.#departureOf(from).lost++
      this.#count('failed', 1)
    }
  }

  #arrived(from: WorkerLink, to: WorkerLink): void {
    this.#deps.handOut.moved(to)
    const arrivals = this.#arrivals.get(to) ?? new Map<WorkerLink, number>()
    this.#arrivals.set(to, arrivals.set(from, (arrivals.get(from) ?? 0) + 1))
  }

  /** A leaving worker says how far it is. */
  #leaving(worker: WorkerLink, { left, closes, lost }: Extract<MoveNews, { type: 'leaving' }>): void {
    const departure = this.#departureOf(worker)
    // Its first word, before it moves anything.
    if (!departure.hasSaidTotal) Object.assign(departure, { total: left, hasSaidTotal: true })
    this.#count('ended', countOf(closes) - countOf(departure.closes))
    departure.closes = closes
    this.#count('failed', lost)
    departure.lost += lost
  }

  #departureOf(worker: WorkerLink): Departure {
    const known = this.#departures.get(worker)
    if (known) return known
    const { connections } = workerInfo(worker)
    const departure = { total: connections, hasSaidTotal: false, moved: 0, closes: {}, lost: 0 }
    this.#departures.set(worker, departure)
    return departure
  }

  async #see(worker: WorkerLink): Promise<void> {
    const { crew, handOut, deadline } = this.#deps
    const within = deadline()
    const departure = this.#departureOf(worker)
    handOut.retire(worker)
    try {
      // Moves, then drains; what then comes back from a new worker that died is drained, too.
      const answer = await worker.ask('leave', { within }, { within: 3 * within + spareMs })
      worker.report = answer.report
    } catch (error) {
      await this.#seeOff(worker, departure, error as Error)
    }
    await crew.dismiss([worker], endWithin)
  }

  /** It could not leave in order: those that it still has are told as far as anybody can. */
  async #seeOff(worker: WorkerLink, departure: Departure, error: Error): Promise<void> {
    const { log, clock, deadline } = this.#deps
    const counts = await worker.ask('drain', {}, { within: deadline() + endWithin }).catch(() => undefined)
    // What was on its way when it ended arrives, or does not; only then it can be counted.
    for (let waited = 0; waited < landWithinMs && this.#relay.countFrom(worker) > 0; waited += landLookMs) {
      await new Promise<void>((resolve) => clock.setTimeout(resolve, landLookMs))
    }
    const { total, moved, closes, lost } = departure
    const cut = counts ? counts.cut : Math.max(0, total - moved - countOf(closes) - lost)
    departure.lost += cut
    this.#count('failed', cut)
    log.warn({ worker: worker.id, cut, error: error.message }, 'an old worker did not leave in order')
  }

  #fail(error: string): void {
    const { log, clock } = this.#deps
    Object.assign(this.#info!, { phase: 'failed', error, ms: Math.round(clock.now() - this.#began) })
    log.error({ error }, 'upgrade failed: the old workers go on')
    this.#tell()
  }

  #count(result: 'moved' | 'ended' | 'failed', count: number): void {
    if (count > 0) this.handovers[result] = (this.handovers[result] ?? 0) + count
  }

  #tell(): void {
    this.#deps.publish(this.last!)
  }
}

function countOf(counts: Record<string, number>): number {
  return Object.values(counts).reduce((sum, count) => sum + count, 0)
}

function addCounts(a: Record<string, number>, b: Record<string, number>): Record<string, number> {
  const sum = { ...a }
  for (const [key, count] of Object.entries(b)) sum[key] = (sum[key] ?? 0) + count
  return sum
}
