// Another supervisor takes this one's place: it is started, gets what it needs, and once it is in charge this process lets go and waits
// for its workers.
import type { ChildProcess } from 'node:child_process'
import { rmSync } from 'node:fs'
import { attempt, type DrainCounts, GatewayError } from '../core/index.ts'
import type { ReloadResult, UpgradeResult } from '../operate/index.ts'
import type { Parts } from './parts.ts'
import { sessionFolder } from './session-folder.ts'
import type { Handover, Succession } from './succession.ts'
import { Successor } from './successor.ts'
import type { WorkerLink } from './worker-link.ts'

/** Milliseconds that sockets get to arrive in a worker when another supervisor accepts already. */
const arriveWithinMs = 5000
/** The first of the descriptors that a new supervisor inherits besides its standard streams and the channel. */
const firstInherited = 4

export interface ReplacementDeps {
  parts: Parts
  /** Starts the process of a new supervisor, which has these descriptors from 4 on. */
  startSuccessor: (descriptors: readonly number[]) => ChildProcess
  /** It is in charge. */
  onReplaced: (pid: number) => void
  /** No worker of this process is left after that, nor anybody who waits for an answer. */
  onReleased: () => void
}

export class Replacement {
  readonly #deps: ReplacementDeps
  readonly #parts: Parts
  #successor: Successor | undefined
  #pid: number | undefined

  constructor(deps: ReplacementDeps) {
    this.#deps = deps
    this.#parts = deps.parts
  }

  /** The process that is in charge in place of this one. */
  get pid(): number | undefined {
    return this.#pid
  }

  /** Why this process does not serve, in words; undefined: it does. */
  get whyReplaced(): string | undefined {
    return this.#pid === undefined ? undefined : `process ${this.#pid} serves in its place`
  }

  /**
   * A new supervisor has got all that there is to know: what happens here now would be lost.
   *
   * @throws {GatewayError} 'replacing'
   */
  check(): void {
    if (this.#successor?.hasAll)
      throw new GatewayError('replacing', 'gateway', 'a new supervisor is taking over: ask again in a second')
  }

  /**
   * The gateway shall end: who has not got everything yet does not take over. Resolves when it is known who is in charge; undefined when this
   * process is.
   */
  cancel(): Promise<unknown> | undefined {
    this.#successor?.cancel('the gateway is draining')
    return this.#successor?.hasAll ? this.#successor.inCharge.catch(() => {}) : undefined
  }

  /** Has the supervisor reload that is in charge. */
  reload(): Promise<ReloadResult> {
    return this.#successor!.reload()
  }

  /** Has the supervisor drain everything and end that is in charge. */
  drain(): Promise<DrainCounts> {
    return this.#successor!.drain()
  }

  /** Has the workers of another supervisor open the file of the access log again, if there is one. */
  reopenLogs(): void {
    this.#successor?.reopenLogs()
  }

  /** A worker has begun to serve here: whoever takes over goes on with that, too. */
  lend(worker: WorkerLink): void {
    this.#successor?.lend(worker)
  }

  /** Has another supervisor take over. The result says what became of the connections, or why this one goes on. */
  async run(carry: boolean): Promise<UpgradeResult> {
    const { log, changes } = this.#parts
    log.info('a new supervisor is started')
    try {
      const successor = await changes.run(async () => {
        const { phase } = this.#parts
        if (phase !== 'serving') throw new GatewayError('not_replaced', 'gateway', `the gateway is ${phase}`)
        const starting = this.#begin(carry)
        this.#successor = starting
        await starting.inCharge
        this.#pid = starting.pid
        return starting
      })
      log.info({ pid: successor.pid }, 'another supervisor has taken over; this one waits for its workers')
      this.#deps.onReplaced(successor.pid)
      void successor.done.then(() => this.#close())
      return await successor.result
    } catch (problem) {
      this.#successor = undefined
      const { message: error } = problem as Error
      log.error({ error }, 'the supervisor was not replaced, and goes on')
      return { ok: false, error }
    }
  }

  #begin(carry: boolean): Successor {
    const { listening, admin, pool, fronts, upgrades, fleet, log, clock } = this.#parts
    const listeners = listening.descriptors
    const adminAt = admin.server?.descriptor
    const inherited = [
      ...listeners.map(([, descriptor]) => descriptor),
      ...(adminAt === undefined ? [] : [adminAt]),
    ]
    return new Successor({
      child: this.#deps.startSuccessor(inherited),
      state: this.#succession(carry),
      workers: () => [...pool.known, ...(fronts?.known ?? [])],
      onUpgrade: (upgrade) => {
        upgrades.follow(upgrade)
        this.#parts.publishUpgrade(upgrade)
      },
      handOver: () => this.#handOver(),
      takeBack: () => {
        pool.run()
        fleet?.goOn()
        void fronts?.run()
      },
      release: () => this.#release(),
      moveAdmission: (from, to, admission) => pool.moveAdmission({ id: from }, { id: to }, admission),
      releaseAdmission: (worker, admission) => pool.releaseAdmission(worker, admission),
      keepAdmission: (held) => pool.keepAdmission(held),
      log,
      clock,
    })
  }

  #succession(carry: boolean): Succession {
    const { options, listening, admin, pool, startedAt, began, clock, ticketKeys, drains, removed } =
      this.#parts
    const listeners = listening.descriptors
    const at = (index: number) => firstInherited + index
    return {
      options,
      carry,
      carryDirectory: this.#carryDirectory(),
      listeners: listeners.map(([key], i) => [key, at(i)]),
      admin: admin.server?.descriptor === undefined ? undefined : at(listeners.length),
      links: pool.known.map(({ known }) => known!),
      ...pool.reserve(),
      startedAt,
      uptime: clock.now() - began,
      ticketKeys: { keys: ticketKeys.current, dueInMs: ticketKeys.dueInMs },
      drained: [...drains.parts.all],
      removed: removed.names,
      fronts: this.#parts.fronts?.state,
      sessionFolder,
      node: this.#parts.fleet?.id,
    }
  }

  #carryDirectory(): string | undefined {
    try {
      return this.#parts.carryDirectory.open()
    } catch {
      // The new supervisor says that nothing is carried.
      return undefined
    }
  }

  #handOver(): Handover {
    const { pool, fronts, upgrades, socketsDropped, refused, drains, events, admin, fleet } = this.#parts
    pool.retire()
    fleet?.rest()
    fronts?.retire()
    // The new supervisor has as many workers as there shall be.
    const starting = pool.workers.filter(({ state }) => state === 'starting')
    void pool.stopWorkers(starting, 0)
    return {
      links: pool.known.map(({ known }) => known!),
      fronts: fronts?.state,
      totals: pool.totals,
      handovers: { ...upgrades.handovers },
      socketsDropped,
      refused: { ...refused },
      drained: [...drains.parts.all],
      events: events.after(0),
      logins: admin.server?.logins.all ?? [],
    }
  }

  /** Each step whatever becomes of the others: the new supervisor is in charge already. */
  async #release(): Promise<void> {
    const { listening, admin, carriers, ticketKeys, acme, fleet, fronts, balancer, log } = this.#parts
    const steps = [
      () => listening.letGo(),
      () => admin.server?.retire(),
      () => carriers.stop(),
      () => ticketKeys.stop(),
      () => acme.stop(),
      // The new supervisor is the same node.
      () => fleet?.kill(),
    ]
    for (const step of steps)
      attempt(step, (err) => log.error({ err }, 'fault while another supervisor takes over'))
    await Promise.all([balancer.whenIdle(arriveWithinMs), fronts?.balancer.whenIdle(arriveWithinMs)])
    balancer.close()
    fronts?.balancer.close()
  }

  async #close(): Promise<void> {
    const { admin, carryDirectory } = this.#parts
    rmSync(sessionFolder, { recursive: true, force: true })
    // Whoever asked for the upgrade gets the answer first.
    await new Promise((resolve) => setImmediate(resolve))
    await admin.close()
    carryDirectory.remove()
    this.#deps.onReleased()
  }
}
