// A node of a fleet that has more than its share gives sessions to those that have less, round after round, as the operator asks for it.
// What is given to whom decides fleet/rebalancing.ts. docs/decisions/0089.
import type { Logger } from 'pino'
import {
  type Clock,
  type FleetInfo,
  type FleetMember,
  GatewayError,
  type MonotonicMs,
  type RebalanceEnd,
  type RebalanceInfo,
} from '../core/index.ts'
import {
  beginRebalancing,
  type Load,
  nextRebalancing,
  type RebalanceOptions,
  type Rebalancing,
  shareOf,
} from '../fleet/index.ts'
import { workerInfo } from './worker-info.ts'
import type { WorkerLink } from './worker-link.ts'
import type { WorkerPool } from './worker-pool.ts'

/** Milliseconds from one round to the next: what is given in one is a rate for each second. */
const roundMs = 1000
/** Milliseconds for a round in a worker: ten for each session and its upstream, then the other node and the store have theirs. */
const answerWithinMs = 30_000

export interface RebalanceDeps {
  pool: Pick<WorkerPool, 'ready' | 'workers'>
  fleet: () => FleetInfo | undefined
  /** Whether it serves, and in nobody else's place. */
  serves: () => boolean
  log: Logger
  clock: Clock
}

interface Run {
  number: number
  options: RebalanceOptions
  state: Rebalancing
  since: MonotonicMs
  before: number
  /** Workers that have no session any more that could be given. */
  spent: WeakSet<WorkerLink>
  info: RebalanceInfo
  /** Ends the pause between two rounds. */
  wake: () => void
  /** Nothing of it is on its way any more. */
  isDone: boolean
}

export class Rebalance {
  readonly #deps: RebalanceDeps
  #run: Run | undefined
  #runs = 0
  readonly #counts = { given: 0, 'not-given': 0 }

  constructor(deps: RebalanceDeps) {
    this.#deps = deps
  }

  /** For the state of the fleet. */
  get shown(): Pick<FleetInfo, 'rebalance' | 'rebalanced'> {
    const run = this.#run
    // Its end is shown with all that it has given.
    const info = run && { ...this.#infoOf(run), ...(!run.isDone && { why: undefined }) }
    return { ...(info && { rebalance: info }), rebalanced: { ...this.#counts } }
  }

  /**
   * Begins. `done` resolves when it is over.
   *
   * @throws {GatewayError} 'no_fleet', 'store_away', 'no_other_node', 'not_serving', or 'rebalancing': it cannot be done now, and why.
   */
  begin(options: RebalanceOptions): { done: Promise<RebalanceInfo> } {
    const { clock, log } = this.#deps
    this.#check()
    const since = clock.now()
    const own = this.#own
    const run: Run = {
      number: ++this.#runs,
      options,
      state: beginRebalancing(since, this.#run?.state.recent),
      since,
      before: own,
      spent: new WeakSet(),
      info: { before: own, connections: own, share: own, given: 0, notGiven: 0, ms: 0 },
      wake() {},
      isDone: false,
    }
    this.#run = run
    log.info({ connections: own, share: this.#share, ...options }, 'rebalance started')
    return { done: this.#go(run) }
  }

  /** Ends what is under way; what is on its way goes on. Undefined: there is nothing. */
  stop(why: RebalanceEnd = 'stopped'): RebalanceInfo | undefined {
    const run = this.#run
    if (!run || run.state.name === 'over') return undefined
    this.#over(run, why)
    run.wake()
    return this.#infoOf(run)
  }

  #check(): void {
    const { fleet, serves } = this.#deps
    const refuse = (code: string, words: string) => new GatewayError(code, 'gateway', words)
    const info = fleet()
    if (!info) throw refuse('no_fleet', 'this gateway is alone: its configuration has no fleet')
    if (!serves()) throw refuse('not_serving', 'this gateway does not serve: ask a node that does')
    if (this.#run && !this.#run.isDone)
      throw refuse('rebalancing', 'a rebalance is under way: stop it first, or wait for it')
    if (info.store.state !== 'present')
      throw refuse(
        'store_away',
        `the store of fleet ${info.name} does not answer: nobody knows what other nodes have`,
      )
    if (this.#others.length === 0)
      throw refuse('no_other_node', 'no other node serves that has fleet.listen: start one, then ask again')
  }

  async #go(run: Run): Promise<RebalanceInfo> {
    const { clock, log } = this.#deps
    while (run.state.name !== 'over') {
      const next = clock.now() + roundMs
      await this.#round(run)
      if (this.#isOver(run)) break
      await new Promise<void>((resolve) => {
        const timer = clock.setTimeout(resolve, Math.max(0, next - clock.now()))
        run.wake = () => {
          clock.clearTimeout(timer)
          resolve()
        }
      })
    }
    run.isDone = true
    const info = this.#infoOf(run)
    const { why, given, notGiven, connections, share, ms } = info
    log.info({ why, given, notGiven, connections, share, ms }, 'rebalance finished')
    return info
  }

  #isOver({ state }: Run): boolean {
    return state.name === 'over'
  }

  async #round(run: Run): Promise<void> {
    const { clock, fleet, serves } = this.#deps
    if (!serves()) return this.#over(run, 'draining')
    if (fleet()?.store.state !== 'present') return this.#over(run, 'store-away')
    const others = this.#others
    const [state, to] = nextRebalancing(
      run.state,
      { type: 'round', at: clock.now(), own: this.#own, others },
      run.options,
    )
    run.state = state
    if (state.name === 'over') run.info = this.#infoOf(run, true)
    if (to.length === 0) return
    const answer = await this.#ask(run, to)
    this.#counts.given += answer.given.length
    this.#counts['not-given'] += answer.notGiven
    this.#step(run, answer)
  }

  #step(run: Run, answer: Answer): void {
    const event = { type: 'answered', at: this.#deps.clock.now(), ...answer } as const
    run.state = nextRebalancing(run.state, event, run.options)[0]
    if (run.state.name === 'over') run.info = this.#infoOf(run, true)
  }

  #over(run: Run, why: RebalanceEnd): void {
    run.state = nextRebalancing(run.state, { type: 'over', why }, run.options)[0]
    run.info = this.#infoOf(run, true)
  }

  /** Has workers give: each its part of what it has. */
  async #ask(run: Run, to: readonly string[]): Promise<Answer> {
    const { pool, log } = this.#deps
    const workers = pool.ready.filter((worker) => !run.spent.has(worker))
    const parts = workers.map((worker) => ({
      worker,
      left: workerInfo(worker).connections,
      to: [] as string[],
    }))
    for (const node of to) {
      const [first] = parts.sort((a, b) => b.left - a.left)
      if (!first) break
      first.left--
      first.to.push(node)
    }
    const sum: Answer = { given: [], notGiven: 0, none: false }
    const asked = parts.filter((part) => part.to.length > 0)
    await Promise.all(
      asked.map(async ({ worker, to }) => {
        try {
          const ask = { run: run.number, to }
          const answer = await worker.ask('give', ask, { timeoutMs: answerWithinMs })
          if (answer.none) run.spent.add(worker)
          sum.given.push(...answer.given)
          sum.notGiven += answer.notGiven
        } catch (error) {
          log.warn({ error: (error as Error).message }, 'a worker did not answer')
        }
      }),
    )
    return { ...sum, none: workers.every((worker) => run.spent.has(worker)) }
  }

  get #own(): number {
    return this.#deps.pool.workers.reduce((sum, worker) => sum + workerInfo(worker).connections, 0)
  }

  /** Those that serve, and can be given sessions. */
  get #others(): (Load & FleetMember)[] {
    const members = this.#deps.fleet()?.members ?? []
    return members.filter(({ self, phase, listen }) => !self && phase === 'serving' && listen !== undefined)
  }

  get #share(): number {
    return Math.round(shareOf([{ id: '', connections: this.#own }, ...this.#others]))
  }

  /** As it is now; after its end as it was then. */
  #infoOf({ state, since, before, info }: Run, isEnding = false): RebalanceInfo {
    if (state.name === 'over' && !isEnding) return info
    const connections = this.#own
    const [fullest] = [...this.#others].sort((a, b) => b.connections - a.connections)
    const { given, notGiven } = state
    return {
      ...(state.name === 'over' && { why: state.why }),
      ...{ before, connections, share: this.#share, given, notGiven },
      ms: Math.round(this.#deps.clock.now() - since),
      ...(fullest &&
        fullest.connections > connections && {
          fullest: { id: fullest.id, host: fullest.host, connections: fullest.connections },
        }),
    }
  }
}

interface Answer {
  given: string[]
  notGiven: number
  none: boolean
}
