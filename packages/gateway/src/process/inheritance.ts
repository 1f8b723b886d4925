// This supervisor takes the place of another one: it tries its workers, takes over what there is, and has the connections move.
import { addRefused, GatewayError, type UpgradeInfo } from '../core/index.ts'
import type { Parts } from './parts.ts'
import type { Predecessor } from './predecessor.ts'
import { findSessionsIn } from './session-folder.ts'
import type { Handover, LinkState } from './succession.ts'
import { upgradeOf } from './supervisor-options.ts'
import type { WorkerLink } from './worker-link.ts'

export class Inheritance {
  readonly #predecessor: Predecessor
  readonly #parts: Parts
  #isOver = false
  #taking: Promise<unknown> | undefined

  constructor(predecessor: Predecessor, parts: Parts) {
    this.#predecessor = predecessor
    this.#parts = parts
  }

  /** Resolves when it is known who is in charge; undefined when this process is. */
  get deciding(): Promise<unknown> | undefined {
    return this.#taking
  }

  /** Whether what cannot move was to be carried, as far as that was asked for. */
  get carries(): boolean {
    return this.#predecessor.state.carry || upgradeOf(this.#parts.options).carriers === 0
  }

  /** The new workers are ready, and tried from now on. */
  ready(): void {
    this.#predecessor.ready()
  }

  /** How far the connections are, for whoever watches the old supervisor. */
  progress(upgrade: UpgradeInfo): void {
    if (!this.#isOver) this.#predecessor.progress(upgrade)
  }

  /**
   * Where the sockets to what the old workers carry are to be. Before this process has the other's place nothing of its own would stay in
   * vain: it has none yet.
   *
   * @throws {Error} There can be none.
   */
  carryDirectory(): string {
    if (this.#isOver) return this.#parts.carryDirectory.open()
    const { carryDirectory } = this.#predecessor.state
    if (carryDirectory === undefined) throw new Error('the running supervisor has none')
    return carryDirectory
  }

  /**
   * Starts workers and tries them, and takes over all that there is. Resolves when this process accepts; the result is who leaves: they
   * have the connections.
   *
   * @throws {GatewayError} 'not_replaced': why not. The other supervisor goes on, and nothing has changed.
   */
  async take(): Promise<WorkerLink[]> {
    const taken = this.#take()
    this.#taking = taken.catch(() => {})
    const leaving = await taken
    this.#taking = undefined
    return leaving
  }

  async #take(): Promise<WorkerLink[]> {
    const { pool, upgrades, listening, drains, removed, carriers, changes, log } = this.#parts
    const { state } = this.#predecessor
    findSessionsIn(state.sessionFolder)
    removed.reloaded(state.removed, [])
    for (const part of state.drained) drains.parts.add(part, part.id, this.#parts.options)
    pool.continue(state)
    this.#adopt(state)
    const leaving = await changes.run(() => upgrades.begin(state.carry))
    const { phase, error = '' } = upgrades.last!
    if (phase === 'failed') {
      // What the new workers had goes back.
      listening.letGo()
      await upgrades.finish(leaving)
      await this.#predecessor.refuse(error)
      this.#parts.carryDirectory.remove()
      throw new GatewayError('not_replaced', 'gateway', error)
    }
    this.#parts.phase = 'serving'
    pool.run()
    await this.#predecessor.serving().catch(({ message: error }: Error) => {
      // It has let these workers go, and its clients are here: nobody could go back.
      log.error({ error }, 'the supervisor of before does not let go; this one goes on')
    })
    carriers.watch()
    return leaving
  }

  /** The new workers have passed: this is the supervisor from now on. */
  async takeOver(): Promise<void> {
    if (this.#isOver) return
    const { listening, admin, options, fleet, fronts, acme } = this.#parts
    const { listeners, admin: descriptor } = this.#predecessor.state
    let logins: Handover['logins'] = []
    await this.#predecessor.commit((state) => {
      this.#goOn(state)
      logins = state.logins
    })
    await fronts?.run()
    await listening.inherit(options.listen, listeners, options.fleet?.listen)
    await admin.start(options, descriptor)
    admin.server?.logins.goOn(logins)
    fleet?.start()
    acme.start()
  }

  #adopt({ links, fronts }: Pick<Handover, 'links' | 'fronts'>): void {
    const channelTo = (link: LinkState) => this.#predecessor.channel(link)
    this.#parts.pool.adopt(links, channelTo)
    if (fronts) this.#parts.fronts?.adopt(fronts, channelTo)
  }

  #goOn(state: Handover): void {
    const { pool, upgrades, drains, events, refused } = this.#parts
    this.#adopt(state)
    pool.goOn(state.totals)
    upgrades.goOn(state.handovers)
    // It may have changed since the start.
    if (state.drained) drains.parts.replace(state.drained)
    events.goOn(state.events)
    this.#parts.socketsDroppedBefore = state.socketsDropped
    Object.assign(refused, addRefused(refused, state.refused))
  }

  /** Resolves when all have moved, and the other supervisor knows what became of them. */
  async finish(leaving: readonly WorkerLink[]): Promise<void> {
    const { upgrades } = this.#parts
    await upgrades.finish(leaving)
    this.#isOver = true
    const { result } = upgrades
    this.#predecessor.result(
      result.ok ? { ok: true, upgrade: { ...result.upgrade, supervisor: process.pid } } : result,
    )
  }
}
