// What an operator can see and do; the admin API is one way to it. The supervisor implements it.
import type { UnixMs } from './clock.ts'
import type { EventFeed } from './events.ts'
import type { ConnectionInfo, DrainInfo, GatewaySnapshot, RouteInfo } from './snapshot.ts'
import type {
  ConnectionFilter,
  DrainCounts,
  DrainScope,
  ProcessInfo,
  SocketCounts,
} from './worker-messages.ts'

/** starting: no listener accepts yet; serving; draining: on the way out. */
export type Phase = 'starting' | 'serving' | 'draining'

/** One worker as the operator sees it. */
export interface WorkerInfo {
  id: number
  pid: number
  /** leaving: an upgrade has replaced it, and it has connections left. */
  state: 'starting' | 'ready' | 'leaving' | 'gone'
  /** 1 for the workers of the start; an upgrade starts the next. */
  generation: number
  /** Of the code that it runs. */
  version: string
  startedAt: UnixMs
  connections: number
  process?: ProcessInfo
}

/** `GET /api/state`. */
export interface GatewayState {
  version: string
  phase: Phase
  /** Process id of the supervisor; it stays the same for as long as the gateway runs. */
  pid: number
  startedAt: UnixMs
  /** Milliseconds. */
  uptime: number
  /** URLs with the actual ports. */
  listen: string[]
  admin?: string
  workers: WorkerInfo[]
  /** How many workers were started in place of one that ended. */
  workerRestarts: number
  /** Sockets that were closed because no worker took them in time. */
  socketsDropped: number
  /** The last upgrade. */
  upgrade?: UpgradeInfo
  routes: RouteInfo[]
  drains: DrainInfo[]
}

/** One live upgrade. */
export interface UpgradeInfo {
  startedAt: UnixMs
  /** starting: the new workers are not ready; moving: connections move to them; done; failed: the old ones go on. */
  phase: 'starting' | 'moving' | 'done' | 'failed'
  /** Versions of the code that ran and of that which runs now. */
  from: string
  to?: string
  /** Connections when the move began. */
  total: number
  /** To a new worker that still runs. */
  moved: number
  /** With their old worker: by themselves, or told to come back at the deadline. */
  ended: number
  /** Those that have ended, by code and by whom, as `1012:gateway`. Absent in answers of older gateways. */
  closes?: Record<string, number>
  /** Cut without a Close: their clients saw 1006. Absent in answers of older gateways. */
  lost?: number
  /** Milliseconds from the start to its end. */
  ms?: number
  /** Why it failed. */
  error?: string
}

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
  workerRestarts: number
  /** Connections in live upgrades: 'moved', 'ended' (by their old worker, at its deadline at the latest), 'failed'. */
  handovers: Record<string, number>
  /** Lines of the log that could not be written, of all processes. */
  logLinesDropped: number
  /** Sockets that became no connection. */
  sockets: SocketCounts
}

export interface Operations {
  /** Why the gateway should not get traffic, or undefined when it should. */
  unready(): string | undefined
  state(): Promise<GatewayState>
  measure(): Promise<Measured>
  connections(filter: ConnectionFilter): Promise<ConnectionInfo[]>
  closeConnection(id: string, code: number, reason: string): Promise<boolean>
  /** Without a scope the whole gateway: it ends after that. Throws a GatewayError for a scope that does not exist. */
  drain(scope?: DrainScope): Promise<DrainCounts>
  reload(): Promise<ReloadResult>
  /** Replaces the workers by new ones from the code now on disk, without ending a connection. */
  upgrade(): Promise<UpgradeResult>
  readonly events: EventFeed
}
