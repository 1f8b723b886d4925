// What an operator can see and do; the admin API is one way to it. The supervisor implements it.

import type {
  AcmeInfo,
  CarrierInfo,
  CertificateInfo,
  ConnectionFilter,
  ConnectionInfo,
  DrainCounts,
  DrainInfo,
  DrainScope,
  FleetInfo,
  FrontInfo,
  GatewaySnapshot,
  ProcessInfo,
  RebalanceInfo,
  RouteInfo,
  SocketCounts,
  UnixMs,
  Unrouted,
  UpgradeInfo,
  UpgradePlan,
} from '../core/index.ts'
import type { EventFeed } from './events.ts'

/** starting: no listener accepts yet; serving; draining: on the way out. */
export type Phase = 'starting' | 'serving' | 'draining'

/** One worker as the operator sees it. */
export interface WorkerInfo {
  /** Number of the worker, counted from 1 over the life of the supervisor; never given twice. */
  id: number
  /** Process id of the worker; that of the supervisor where it serves in its process. */
  pid: number
  /** leaving: an upgrade has replaced it, and it has connections left. */
  state: 'starting' | 'ready' | 'leaving' | 'gone'
  /** Number of the round that started it: 1 at the start, and one more with each upgrade. */
  generation: number
  /** Version of the code that it runs. */
  version: string
  /** Unix milliseconds of its start. */
  startedAt: UnixMs
  /** How many connections it has, open, held and closing, by its last report. */
  connections: number
  /** What it uses, by its last report; absent before the first. */
  process?: ProcessInfo
}

/** `GET /api/state`. */
export interface GatewayState {
  /** Version of the supervisor; an upgrade replaces it only when that is asked for. */
  version: string
  /** starting: no listener accepts yet; serving; draining: on the way out. */
  phase: Phase
  /** Process id of the supervisor; another one after it was replaced. */
  pid: number
  /** Unix milliseconds of the gateway's start: of its first supervisor. */
  startedAt: UnixMs
  /** Milliseconds since its start, by the monotonic clock. */
  uptime: number
  /** URLs with the actual ports. */
  listen: string[]
  /** URL of the admin port; absent when it is off. */
  admin?: string
  /** The workers, those too that an upgrade has replaced and that have connections left. */
  workers: WorkerInfo[]
  /**
   * Workers that an upgrade has replaced, and that carry what cannot move for the connections of others. Absent in answers
   * of older gateways.
   */
  carriers?: CarrierInfo[]
  /** The processes that do TLS for listeners with `front`; absent when there are none. */
  fronts?: FrontInfo[]
  /** How many fronts were started in place of one that ended; absent when there are none. */
  frontRestarts?: number
  /** How many workers were started in place of one that ended. */
  workerRestarts: number
  /** How many sockets were closed because no worker took them in time. */
  socketsDropped: number
  /** The certificates of the listeners. Absent from supervisors of an earlier version. */
  certificates?: CertificateInfo[]
  /** The names for which certificates are obtained. Absent: there are none. */
  acme?: AcmeInfo[]
  /** The last upgrade. */
  upgrade?: UpgradeInfo
  /** What it knows of its fleet; absent when it is alone. */
  fleet?: FleetInfo
  /** The routes, in the order of the configuration, summed over the workers. */
  routes: RouteInfo[]
  /** Drains that are under way, and the last that are done. */
  drains: DrainInfo[]
  /** Requests that no route serves. */
  unrouted?: Unrouted
  /** How a drain would go now. */
  drainPlan?: DrainPlan
}

/** `drain` of the configuration. */
export interface DrainPlan {
  /** Milliseconds over which the closes are spread. */
  readonly spread: number
  /** Milliseconds after which what is left is cut. */
  readonly deadline: number
}

/** What an upgrade shall do. */
export interface UpgradeHow {
  /**
   * Whether old workers carry what cannot move; else it ends.
   *
   * @default true
   */
  carry?: boolean
  /**
   * Whether a new supervisor takes the place of the running one as well.
   *
   * @default false
   */
  supervisor?: boolean
}

/** How a rebalance goes. */
export interface RebalanceHow {
  /** Sessions a second, at most. */
  rate: number
  /** How much more than its share a node may keep, as a part of it. */
  tolerance: number
  /** Milliseconds after which it ends. */
  timeout: number
}

/** What an upgrade would do, or why it would do nothing. */
export type UpgradePreview = { ok: true; plan: UpgradePlan } | { ok: false; error: string }

/** What an upgrade did, or why the old workers go on. */
export type UpgradeResult = { ok: true; upgrade: UpgradeInfo } | { ok: false; error: string }

/** What a reload did, or why it did nothing. */
export type ReloadResult =
  | {
      ok: true
      /** What is different now, one phrase each; empty when nothing is. */
      changes: string[]
      /** What the file asks for that only a new start can give. */
      notes: string[]
      /** Connections whose route or upstream is gone; they are being drained. */
      drained: number
    }
  | { ok: false; problems: string[] }

/** What the metrics show besides counters of connections. */
export interface Measured {
  snapshot: GatewaySnapshot
  workers: WorkerInfo[]
  carriers?: CarrierInfo[]
  fronts?: FrontInfo[]
  frontRestarts?: number
  workerRestarts: number
  /** Connections in live upgrades: 'moved', 'ended' (by their old worker, at its deadline at the latest), 'failed'. */
  handovers: Record<string, number>
  /** Lines of the log that could not be written, of all processes. */
  logLinesDropped: number
  /** Lines of the access log that could not be written, of all processes. */
  accessLinesDropped: number
  /** Sockets that became no connection. */
  sockets: SocketCounts
  /** The certificates of the listeners. */
  certificates: CertificateInfo[]
  /** What it knows of its fleet; absent when it is alone. */
  fleet?: FleetInfo
  /** Orders by what became of them, and the names that they are for. */
  acme?: { orders: Record<string, number>; names: AcmeInfo[] }
}

/** What an operator can see and do. */
export interface Operations {
  /** Why the gateway should not get traffic, or undefined when it should: what `/readyz` says. */
  unready(): string | undefined
  /** What does not go as it should, while it is ready or not: the detail of `/readyz`. */
  troubles?(): string[]
  /** The whole state, asked of every worker; one that does not answer counts with its last report. */
  state(): Promise<GatewayState>
  /** What the metrics show, asked of every worker in the same way. */
  measure(): Promise<Measured>
  /** Live connections of all workers, at most `limit`, of a route or in a state. */
  connections(filter: ConnectionFilter): Promise<ConnectionInfo[]>
  /** Closes both sides of a connection with this code and reason. False when no worker has it. */
  closeConnection(id: string, code: number, reason: string): Promise<boolean>
  /**
   * Lets go of the connections of a route or upstream; they get 1012, spread in time. Without a scope of all, and the
   * gateway ends after that.
   *
   * @throws {GatewayError} 'not_found': there is no such route or upstream. 'replacing': another supervisor takes over; ask that one.
   */
  drain(scope?: DrainScope): Promise<DrainCounts>
  /**
   * Takes back in what was drained: a route, an upstream, or, without a scope, all of it. The result names each.
   *
   * @throws {GatewayError} 'not_found': nothing of it is drained. 'replacing': another supervisor takes over; ask that one.
   */
  undrain(scope?: DrainScope): Promise<string[]>
  /**
   * Gives sessions to nodes of the fleet that have fewer connections than their share, until this one has no more than its own. `done`
   * resolves when it is over, to what has become of it.
   *
   * @throws {GatewayError} 'no_fleet', 'store_away', 'no_other_node', 'not_serving' or 'rebalancing': not now. 'replacing': another supervisor
   *   takes over; ask that one.
   */
  rebalance(how: RebalanceHow): { done: Promise<RebalanceInfo> }
  /** Ends a rebalance: what is on its way goes on. Undefined: there is none. */
  stopRebalance(): RebalanceInfo | undefined
  /** Reads the configuration again and takes it on as a whole, or not at all. Never rejects. */
  reload(): Promise<ReloadResult>
  /** What {@link Operations.reload} would do now: with all of its checks, and changing nothing. Never rejects. */
  previewReload(): Promise<ReloadResult>
  /**
   * Replaces the workers by new ones from the code now on disk, without ending a connection. Without `carry` those end that
   * cannot move: over TLS, HTTP/2, or to a `wss:` upstream. With `supervisor` a new process takes the place of the supervisor, too.
   */
  upgrade(how?: UpgradeHow): Promise<UpgradeResult>
  /** What {@link Operations.upgrade} would do now with the connections, or why it would do nothing; nothing changes. */
  previewUpgrade(how?: UpgradeHow): Promise<UpgradePreview>
  /** What happens, as it happens: closes, health, drains, reloads, upgrades, workers. */
  readonly events: EventFeed
}
