// A live upgrade as the supervisor drives it: workers of the code now on disk start, take over, and get the
// connections of those whose place they have. Only when all of them are ready anything changes.
import type { Logger } from 'pino'
import type { Handle } from './channel.ts'
import type { Clock, MonotonicMs } from './clock.ts'
import type { Crew, MoveNews } from './crew.ts'
import type { HandOut } from './hand-out.ts'
import type { Listening } from './listening.ts'
import type { UpgradeInfo, UpgradeResult } from './operations.ts'
import { Relay } from './relay.ts'
import type { WorkerLink } from './worker-link.ts'
import type { MoveOutcome } from './worker-messages.ts'

/** Milliseconds between two events about how far it is. */
const tellEvery = 250
/** Milliseconds after its second deadline in which a leaving worker must have reported. */
const reportWithin = 2000
/** Milliseconds that a worker may take to end when it has nothing left. */
const endWithin = 1000

/** What becomes of the connections of one leaving worker. */
interface Departure {
  /** When it began to leave. */
  total: number
  moved: number
  /** By themselves, or by its drain. */
  ended: number
  /** On the way, or with a worker that died. */
  lost: number
}

export interface UpgradesDeps {
  crew: Crew
  listening: Listening
  handOut: HandOut
  /** The worker gets connections from now on. */
  attach: (worker: WorkerLink) => Promise<void>
  /** Milliseconds in which connections are moved; as long again, those that cannot be moved are drained. */
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
  #info: UpgradeInfo | undefined
  #began: MonotonicMs = 0

  constructor(deps: UpgradesDeps) {
    this.#deps = deps
    const { crew, handOut, log } = deps
    this.#relay = new Relay({
      receiver: () => handOut.fewest(crew.ready),
      moveAdmission: (from, to, admission) => crew.moveAdmission(from, to, admission),
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
      ended: sum(({ ended, lost }) => ended + lost),
    }
  }

  /** Starts the new workers and gives them the place of the old ones. Undefined: `last` says why that failed. */
  async begin(): Promise<WorkerLink[] | undefined> {
    const { crew, log, clock } = this.#deps
    const from = crew.ready[0]?.version ?? ''
    this.#departures = new Map()
    this.#info = { startedAt: clock.wall(), phase: 'starting', from, total: 0, moved: 0, ended: 0 }
    this.#began = clock.now()
    log.info({ from }, 'upgrade started')
    this.#tell()
    try {
      const recruits = await crew.recruit()
      try {
        for (const worker of recruits) await this.#deps.attach(worker)
      } catch (error) {
        void crew.dismiss(recruits, 0)
        throw error
      }
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
      return undefined
    }
  }

  /** Waits until the old workers have moved or ended what they had. */
  async finish(old: readonly WorkerLink[]): Promise<void> {
    const { log, clock } = this.#deps
    const info = this.#info!
    let told = ''
    const teller = setInterval(() => {
      const now = JSON.stringify(this.last)
      if (now !== told) this.#tell()
      told = now
    }, tellEvery)
    await Promise.all(old.map((worker) => this.#see(worker)))
    clearInterval(teller)
    info.phase = 'done'
    info.ms = clock.now() - this.#began
    const { from, to, moved, ended, ms } = this.last!
    log.info({ from, to, moved, ended, ms }, 'upgrade finished')
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
        return this.#leaving(worker, news.left, news.ended)
    }
  }

  /** The worker has ended. */
  gone(worker: WorkerLink): void {
    this.#relay.gone(worker)
  }

  #settled(outcome: MoveOutcome, from: WorkerLink, to: WorkerLink | undefined): void {
    if (outcome === 'moved') {
      this.#departureOf(from).moved++
      this.#count('moved', 1)
      if (to) this.#deps.handOut.moved(to)
    } else if (outcome === 'lost') {
      this.#departureOf(from).lost++
      this.#count('failed', 1)
    }
  }

  /** A leaving worker says how far it is. */
  #leaving(worker: WorkerLink, left: number, ended: number): void {
    const departure = this.#departureOf(worker)
    // Its first word, before it moves anything.
    if (departure.total === 0) departure.total = left
    this.#count('ended', ended - departure.ended)
    departure.ended = ended
  }

  #departureOf(worker: WorkerLink): Departure {
    const known = this.#departures.get(worker)
    if (known) return known
    const departure = { total: 0, moved: 0, ended: 0, lost: 0 }
    this.#departures.set(worker, departure)
    return departure
  }

  async #see(worker: WorkerLink): Promise<void> {
    const { crew, listening, log, deadline } = this.#deps
    const within = deadline()
    try {
      await listening.detach(worker)
      const answer = await worker.ask('leave', { within }, { within: 2 * within + reportWithin })
      worker.report = answer.report
    } catch (error) {
      const { total, moved, ended, lost } = this.#departureOf(worker)
      const cut = Math.max(0, total - moved - ended - lost)
      this.#departureOf(worker).lost += cut
      this.#count('failed', cut)
      log.warn(
        { worker: worker.id, cut, error: (error as Error).message },
        'an old worker did not leave in order',
      )
    }
    await crew.dismiss([worker], endWithin)
  }

  #fail(error: string): void {
    const { log, clock } = this.#deps
    Object.assign(this.#info!, { phase: 'failed', error, ms: clock.now() - this.#began })
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
