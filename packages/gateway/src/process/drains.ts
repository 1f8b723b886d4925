// Drains as the operator asks for them: of a part, and back again; and what workers are told that start meanwhile.
import type { Logger } from 'pino'
import { type DrainCounts, type DrainScope, GatewayError, type GatewayOptions } from '../core/index.ts'
import { DrainedParts, partWords } from './drained-parts.ts'
import { workerInfo } from './worker-info.ts'
import type { WorkerLink } from './worker-link.ts'
import type { WorkerPool } from './worker-pool.ts'

/** Milliseconds after the drain's deadline in which workers must have reported. */
const reportWithinMs = 2000

export interface DrainsDeps {
  pool: Pick<WorkerPool, 'workers' | 'newDrain' | 'askAtRest'>
  options: () => GatewayOptions
  log: Logger
}

/** Milliseconds that a drain may take until every worker has reported. */
export function drainWithinMs({ drain }: Pick<GatewayOptions, 'drain'>): number {
  return drain.deadline + reportWithinMs
}

export class Drains {
  readonly #deps: DrainsDeps
  /** Workers that start later are told. */
  readonly parts = new DrainedParts()

  constructor(deps: DrainsDeps) {
    this.#deps = deps
  }

  /** What is drained, in words. */
  get words(): string[] {
    return this.parts.all.map(partWords)
  }

  /**
   * Drains a part; it stays so until it is taken back.
   *
   * @throws {GatewayError} 'not_found': there is no such route or upstream.
   */
  part(scope: DrainScope): Promise<DrainCounts> {
    const { pool, options } = this.#deps
    this.#check(scope)
    const id = pool.newDrain()
    this.parts.add(scope, id, options())
    return this.#ask(id, scope)
  }

  /** Drains everything. */
  all(): Promise<DrainCounts> {
    return this.#ask(this.#deps.pool.newDrain())
  }

  /**
   * Takes back in what was drained. The result names each.
   *
   * @throws {GatewayError} 'not_found': nothing of it is drained.
   */
  async takeBack(scope: DrainScope): Promise<string[]> {
    const parts = this.parts.remove(scope)
    if (parts.length === 0) throw new GatewayError('not_found', 'gateway', this.#notDrained(scope))
    for (const { route, upstream } of parts)
      await this.#deps.pool.askAtRest('undrain', { scope: { route, upstream } })
    return parts.map(partWords)
  }

  /** Resolves when the worker lets nobody in there. What it has of that already, from a trial, ends in its time. */
  async tell(worker: WorkerLink): Promise<void> {
    const { options, log } = this.#deps
    const parts = this.parts.all
    if (parts.length === 0) return
    const timeoutMs = drainWithinMs(options())
    for (const { id, ...scope } of parts) {
      worker
        .ask('drain', { scope, drain: id }, { timeoutMs })
        .catch(({ message: error }: Error) => log.warn({ error }, 'a worker did not answer'))
    }
    // It hears one after the other.
    await worker.ask('snapshot', {})
  }

  #notDrained({ route, upstream }: DrainScope): string {
    const what = [upstream && `upstream '${upstream}'`, route && `route '${route}'`]
      .filter(Boolean)
      .join(' of ')
    const drained = this.words.join(', ')
    if (drained === '') return what ? `${what} is not drained; nothing is` : 'nothing is drained'
    return `${what} is not drained; these are: ${drained}`
  }

  #check({ route, upstream }: DrainScope): void {
    const routes = this.#deps.options().routes.filter(({ name }) => route === undefined || name === route)
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

  async #ask(drain: number, scope?: DrainScope): Promise<DrainCounts> {
    const { pool, options } = this.#deps
    const counts = { closed: 0, moved: 0, cut: 0 }
    const unanswered = new Set(pool.workers)
    for (const { worker, answer } of await pool.askAtRest(
      'drain',
      { scope, drain },
      drainWithinMs(options()),
    )) {
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
}
