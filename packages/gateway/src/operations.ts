// What an operator can see and do; the admin API is one way to it. The supervisor implements it.
import type { EventFeed } from './events.ts'
import type { ConnectionInfo, DrainInfo, GatewaySnapshot, RouteInfo } from './snapshot.ts'
import type { ConnectionFilter, DrainCounts, DrainScope, ProcessInfo } from './worker-messages.ts'

/** starting: no listener accepts yet; serving; draining: on the way out. */
export type Phase = 'starting' | 'serving' | 'draining'

/** One worker as the operator sees it. */
export interface WorkerInfo {
  id: number
  pid: number
  state: 'starting' | 'ready' | 'gone'
  /** Unix milliseconds. */
  startedAt: number
  connections: number
  process?: ProcessInfo
}

/** `GET /api/state`. */
export interface GatewayState {
  version: string
  phase: Phase
  /** Process id of the supervisor; it stays the same for as long as the gateway runs. */
  pid: number
  /** Unix milliseconds. */
  startedAt: number
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
  routes: RouteInfo[]
  drains: DrainInfo[]
}

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
  readonly events: EventFeed
}
