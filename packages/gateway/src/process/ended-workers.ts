// What workers had counted that have ended, and what they and the live ones have counted together.
import {
  addRefused,
  type GatewaySnapshot,
  noneRefused,
  type SocketCounts,
  type Unrouted,
} from '../core/index.ts'
import {
  addUnrouted,
  emptyCounters,
  mergeSnapshots,
  noneUnrouted,
  retire,
  type Totals,
} from '../worker/index.ts'
import type { PoolTotals } from './succession.ts'
import type { WorkerLink } from './worker-link.ts'

type Workers = readonly WorkerLink[]

export class EndedWorkers {
  #totals: Totals = new Map()
  #logLinesDropped = 0
  #accessLinesDropped = 0
  #unrouted: Unrouted = noneUnrouted
  #refused = noneRefused()

  add(worker: WorkerLink): void {
    const { report } = worker
    this.#logLinesDropped += linesDroppedBy(worker)
    this.#accessLinesDropped += report?.process.accessLinesDropped ?? 0
    this.#refused = addRefused(this.#refused, report?.process.sockets?.refused ?? noneRefused())
    if (!report) return
    this.#totals = retire(this.#totals, report.snapshot)
    this.#unrouted = addUnrouted(this.#unrouted, report.snapshot.unrouted ?? noneUnrouted)
  }

  /** No worker has this connection any more, and none will report it. */
  addLost(route: string): void {
    const connections = { open: 1, held: 0, closing: 0 }
    const last = { name: route, connections, upstreams: [], counters: emptyCounters() }
    this.#totals = retire(this.#totals, { routes: [last], drains: [] })
  }

  /** For another process. */
  get all() {
    return {
      logLinesDropped: this.#logLinesDropped,
      accessLinesDropped: this.#accessLinesDropped,
      unrouted: this.#unrouted,
      refused: this.#refused,
      ended: [...this.#totals],
    }
  }

  /** Goes on with what another process had. */
  goOn({ logLinesDropped, accessLinesDropped, unrouted, refused, ended }: PoolTotals): void {
    this.#logLinesDropped = logLinesDropped
    this.#accessLinesDropped = accessLinesDropped
    this.#unrouted = unrouted
    this.#refused = refused
    this.#totals = new Map(ended)
  }

  /** What became of sockets that became no connection, with these workers. */
  sockets(live: Workers): SocketCounts {
    const counts = live.flatMap(({ report }) => report?.process.sockets ?? [])
    return {
      pending: counts.reduce((sum, { pending }) => sum + pending, 0),
      refused: counts.map(({ refused }) => refused).reduce(addRefused, this.#refused),
      short: counts.some(({ short }) => short),
    }
  }

  /** Lines of the log that workers in processes of their own dropped, with these. */
  logLinesDropped(live: Workers): number {
    return live.reduce((sum, worker) => sum + linesDroppedBy(worker), this.#logLinesDropped)
  }

  /** Lines of the access log that workers dropped, with these. */
  accessLinesDropped(live: Workers): number {
    const dropped = ({ report }: WorkerLink) => report?.process.accessLinesDropped ?? 0
    return live.reduce((sum, worker) => sum + dropped(worker), this.#accessLinesDropped)
  }

  /** What these workers last reported, and what was counted before. `names`: the routes, and those that are `removed`. */
  snapshot(live: Workers, names: string[], removed: { has(name: string): boolean }): GatewaySnapshot {
    const reported = live.flatMap(({ report }) => (report ? [report.snapshot] : []))
    const merged = mergeSnapshots(reported, this.#totals, names, (name) => !removed.has(name))
    return { ...merged, unrouted: addUnrouted(merged.unrouted ?? noneUnrouted, this.#unrouted) }
  }
}

/** A worker in the supervisor's process writes with the supervisor's writer. */
function linesDroppedBy({ pid, report }: WorkerLink): number {
  return pid === process.pid ? 0 : (report?.process.logLinesDropped ?? 0)
}
