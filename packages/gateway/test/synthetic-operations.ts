// A gateway that is only numbers, as busy as a test wants it: what the operator's page shows and what it costs does not
// depend on real traffic.
import { code } from '@holdfast/close-codes'
import type { ClosedBy, DrainInfo, RouteInfo } from '../src/core/snapshot.ts'
import { noneRefused } from '../src/core/socket-counts.ts'
import { EventFeed } from '../src/operate/events.ts'
import type {
  GatewayState,
  Operations,
  ReloadResult,
  UpgradeResult,
  WorkerInfo,
} from '../src/operate/operations.ts'
import { emptyCounters } from '../src/worker/totals.ts'

export interface SyntheticRoute {
  name: string
  upstreams: (Partial<RouteInfo['upstreams'][number]> & { name: string })[]
  open: number
  held?: number
  closing?: number
}

export class SyntheticOperations implements Operations {
  readonly events = new EventFeed()
  readonly asked: unknown[] = []
  routes: RouteInfo[]
  workers: WorkerInfo[] = [1, 2].map((id) => syntheticWorker(id))
  drains: DrainInfo[] = []
  upgradeInfo: GatewayState['upgrade']
  fleet: GatewayState['fleet']
  certificates: GatewayState['certificates']
  acme: GatewayState['acme']
  version = '0.1.0'
  phase: GatewayState['phase'] = 'serving'
  startedAt = Date.now() - 3 * 86_400_000 - 5 * 3_600_000
  reloadResult: ReloadResult = { ok: true, changes: ["route 'chat': hold changed"], notes: [], drained: 0 }
  upgradeResult: UpgradeResult = { ok: false, error: 'not now' }
  /** How often somebody looked. */
  looks = 0

  constructor(routes: SyntheticRoute[]) {
    this.routes = routes.map(({ name, upstreams, open, held = 0, closing = 0 }) => ({
      name,
      connections: { open, held, closing },
      upstreams: upstreams.map((upstream) => ({
        address: upstream.name.replace(/^wss?:\/\//, ''),
        healthy: true,
        connections: Math.round(open / upstreams.length),
        ...upstream,
      })),
      counters: emptyCounters(),
    }))
  }

  unready(): string | undefined {
    return this.phase === 'serving' ? undefined : this.phase
  }

  async state(): Promise<GatewayState> {
    this.looks++
    const { version, phase, startedAt, workers, drains, upgradeInfo, fleet } = this
    return {
      version,
      phase,
      pid: 4711,
      startedAt,
      uptime: Date.now() - startedAt,
      listen: ['wss://0.0.0.0:443'],
      workers,
      workerRestarts: 0,
      socketsDropped: 0,
      ...(upgradeInfo && { upgrade: upgradeInfo }),
      ...(fleet && { fleet }),
      ...(this.certificates && { certificates: this.certificates }),
      ...(this.acme && { acme: this.acme }),
      routes: structuredClone(this.routes),
      drains,
      drainPlan: { spread: 5000, deadline: 30_000 },
    }
  }

  async measure() {
    const { routes, drains, workers } = this
    const sockets = {
      pending: 0,
      refused: noneRefused(),
      short: false,
    }
    return {
      snapshot: { routes, drains },
      workers,
      workerRestarts: 0,
      handovers: {},
      logLinesDropped: 0,
      accessLinesDropped: 0,
      sockets,
      certificates: [],
    }
  }

  async connections() {
    return []
  }

  async closeConnection() {
    return false
  }

  async drain(scope?: object) {
    this.asked.push({ drain: scope })
    return { closed: 120, moved: 0, cut: 1 }
  }

  rebalance(how: object) {
    this.asked.push({ rebalance: how })
    return {
      done: Promise.resolve({ before: 9, connections: 6, share: 6, given: 3, notGiven: 0, ms: 1000 }),
    }
  }

  stopRebalance() {
    return undefined
  }

  async undrain() {
    this.asked.push('undrain')
    return ['route chat']
  }

  async previewReload() {
    this.asked.push('preview of a reload')
    return this.reloadResult
  }

  async reload() {
    this.asked.push('reload')
    return this.reloadResult
  }

  async previewUpgrade() {
    return { ok: false as const, error: 'not now' }
  }

  async upgrade() {
    this.asked.push('upgrade')
    return this.upgradeResult
  }

  route(name: string): RouteInfo {
    return this.routes.find((route) => route.name === name)!
  }

  /** Counts closes; as many of them as `told` come as events too. */
  close(
    route: string,
    n: number,
    by: ClosedBy,
    reason: string | (() => string),
    times = 1,
    told = times,
  ): void {
    const { closes } = this.route(route).counters
    closes[`${n}:${by}`] = (closes[`${n}:${by}`] ?? 0) + times
    for (let i = 0; i < told; i++) {
      const text = typeof reason === 'string' ? reason : reason()
      this.events.publish({ type: 'close', at: Date.now(), route, code: n, reason: text, by, worker: 1 })
    }
  }

  health(route: string, upstream: string, healthy: boolean, error?: string): void {
    const found = this.route(route).upstreams.find(({ name }) => name === upstream)!
    found.healthy = healthy
    if (error === undefined) delete found.lastError
    else found.lastError = error
    this.events.publish({ type: 'health', at: Date.now(), route, upstream, healthy, error, worker: 1 })
  }

  /** Traffic of one moment: clients come, and messages pass. */
  pass(route: string, clients: number, messages: number): void {
    const { counters } = this.route(route)
    counters.handshakes.accepted = (counters.handshakes.accepted ?? 0) + clients
    for (const direction of ['to-client', 'to-upstream'] as const) {
      counters.messages[direction] += messages
      counters.bytes[direction] += messages * 180
    }
  }
}

export function syntheticWorker(id: number, given: Partial<WorkerInfo> = {}): WorkerInfo {
  return {
    id,
    pid: 4711 + id,
    state: 'ready',
    generation: 1,
    version: '0.1.0',
    startedAt: Date.now() - 3 * 86_400_000,
    connections: 2400 + id * 31,
    process: { memory: 128e6 + id * 3.1e6, processor: 4000, delay: 10.4 + id / 3, logLinesDropped: 0 },
    ...given,
  }
}

/** Ordinary ends of connections. */
export const ordinary: [n: number, by: ClosedBy, reason: string][] = [
  [code.normalClosure, 'client', ''],
  [code.goingAway, 'client', ''],
  [code.noStatusReceived, 'client', ''],
]
