// What a supervisor and the one that takes its place say to each other, over the channel between a process and its child. The old
// workers stay children of the old supervisor; what they and the new one say to each other passes through it.
import type {
  DrainCounts,
  GatewayOptions,
  SocketCounts,
  UnixMs,
  Unrouted,
  UpgradeInfo,
} from '../core/index.ts'
import type { NumberedEvent, ReloadResult, UpgradeResult } from '../operate/index.ts'
import type { FromWorker, Totals, ToWorker, WorkerReport } from '../worker/index.ts'
import type { DrainedPart } from './drained-parts.ts'

/** The number of this vocabulary. A new supervisor refuses another, and another number of the workers' vocabulary. */
export const successionProtocol = 1

/** A worker, as another process goes on with it. */
export interface LinkState {
  id: number
  generation: number
  pid: number
  startedAt: UnixMs
  state: 'ready' | 'leaving' | 'carrying'
  version: string
  node?: string | undefined
  takesOwn?: boolean | undefined
  /** What a front of its code does. */
  front?: number | undefined
  report?: WorkerReport | undefined
  /** Milliseconds for which it has only carried. */
  carriesForMs?: number | undefined
}

/** What a new supervisor needs to start its workers and to try them. */
export interface Succession {
  options: GatewayOptions
  /** Whether the old workers carry what cannot move. */
  carry: boolean
  /** Descriptors of the listening sockets in the new process, by the listeners' keys. */
  listeners: [key: string, descriptor: number][]
  admin?: number | undefined
  links: LinkState[]
  /** The number of the last worker: the next ones are the new supervisor's, one for each of its workers. */
  ids: number
  generation: number
  startedAt: UnixMs
  /** Milliseconds since the gateway began. */
  uptime: number
  /** Keys of TLS session tickets, and milliseconds until the next. */
  ticketKeys: { keys: string; dueInMs: number }
  drained: DrainedPart[]
  /** Routes that are not in the configuration any more, and whose counters are still shown. */
  removed: string[]
  /** Where the old workers have the sockets to what they carry; absent when there can be none. */
  carryDirectory?: string | undefined
  /** Processes that do TLS, and that the new supervisor goes on with; absent where there are none. */
  fronts?: FrontsState | undefined
  /** Where they find the sessions of each other. */
  sessionFolder: string
  /** Its id in the fleet; absent without one, and from supervisors of earlier code. */
  node?: string | undefined
}

/** One connection's place in limits that count over all workers. */
export interface HeldAdmission {
  id: number
  worker: number
  route: string
  address: string
}

/** What workers that have ended had counted, and what the pool has. */
export interface PoolTotals {
  ids: number
  /** Drains that have begun. */
  drains: number
  restarts: number
  logLinesDropped: number
  accessLinesDropped: number
  unrouted: Unrouted
  refused: SocketCounts['refused']
  ended: [route: string, counters: Totals extends ReadonlyMap<string, infer C> ? C : never][]
  admissions: { ids: number; held: HeldAdmission[] }
}

/** Fronts, as another process goes on with them. */
export interface FrontsState {
  links: LinkState[]
  /** As for workers. */
  ids: number
  generation: number
  totals: PoolTotals
}

/** What changes all the time, and is the new supervisor's from this moment on. */
export interface Handover {
  links: LinkState[]
  fronts?: FrontsState | undefined
  totals: PoolTotals
  handovers: Record<string, number>
  socketsDropped: number
  refused: SocketCounts['refused']
  /** What the operator has drained by now; absent when that one is of an earlier version. */
  drained?: DrainedPart[]
  events: NumberedEvent[]
  /** Who has logged in to the operator's page, by a hash, and for how many milliseconds more. */
  logins: [hash: string, leftMs: number][]
}

export type ToSuccessor =
  /** The first of all. */
  | { type: 'succeed'; protocol: number; workerProtocol: number; state: Succession }
  /** The answer to `commit`. */
  | { type: 'hand-over'; state: Handover }
  /** The answer to `serving`: nobody else accepts, and what was accepted is in a worker. */
  | { type: 'released' }
  | { type: 'from-worker'; worker: number; message: FromWorker }
  | { type: 'worker-gone'; worker: number; ending: string }
  /** Somebody has asked the old one for that; it answers. */
  | { type: 'reload' | 'drain'; request: number }
  | { type: 'reopen-logs' }

/** What became of a reload or a drain that the old supervisor was asked for. */
export interface OperationAnswer {
  reloaded?: ReloadResult
  drained?: DrainCounts
}

export type FromSuccessor =
  /** Its workers are ready, and tried from now on. */
  | { type: 'ready' }
  /** They have passed: it is in charge as soon as it has what there is. */
  | { type: 'commit' }
  /** It accepts on all listeners. */
  | { type: 'serving' }
  /** It will not take over; nothing has changed. */
  | { type: 'refused'; error: string }
  | { type: 'upgrade'; upgrade: UpgradeInfo }
  | { type: 'result'; result: UpgradeResult }
  | { type: 'answer'; request: number; answer: OperationAnswer }
  | { type: 'to-worker'; worker: number; message: ToWorker }
  | { type: 'kill-worker'; worker: number }
