import { formatHostPort } from './bound-handles.ts'
import type { LogOptions } from './log.ts'
import type { GatewayOptions, LimitOptions } from './options.ts'
import type { ConnectionInfo, GatewayEvent, GatewaySnapshot } from './snapshot.ts'

/** What supervisor and workers say to each other. All of it is plain data and travels as JSON. */

/** A part of the gateway; absent in a message: all of it. */
export interface DrainScope {
  route?: string
  /** An upstream's name. */
  upstream?: string
}

/** What has become of the connections of a drain. */
export interface DrainCounts {
  /** Connections closed with a Close frame. */
  closed: number
  /** Connections cut at the deadline. */
  cut: number
}

export interface ConnectionFilter {
  route?: string
  state?: string
  limit: number
}

/** What one worker process uses. */
export interface ProcessInfo {
  /** Bytes. */
  memory: number
  /** Seconds of processor time since its start. */
  processor: number
  /** Milliseconds: the 99th percentile of the event loop's delay since the last report. */
  delay: number
}

export interface WorkerReport {
  snapshot: GatewaySnapshot
  process: ProcessInfo
}

/** Answer of the ledger; `admission` is what a later `release` names. */
export type AdmissionAnswer =
  | { ok: true; admission: number }
  | { ok: false; limit: 'connections' | 'perAddress' | 'handshakesPerSecond'; retry: number }

/** What the supervisor asks, and what comes back. Each has a number and a time limit. */
export interface Requests {
  /** Comes with a bound handle: accept from it. The answer is an error code of the system when it cannot. */
  listen: { ask: { listener: string }; answer: { error?: string } }
  /** Stop accepting from one listener, or from all. */
  unlisten: { ask: { listener?: string }; answer: Record<string, never> }
  reload: { ask: { options: GatewayOptions }; answer: { drained: number } }
  drain: { ask: { scope?: DrainScope }; answer: DrainCounts & { report: WorkerReport } }
  snapshot: { ask: Record<string, never>; answer: WorkerReport }
  connections: { ask: { filter: ConnectionFilter }; answer: { connections: ConnectionInfo[] } }
  'close-connection': { ask: { id: string; code: number; reason: string }; answer: { found: boolean } }
}

export type RequestType = keyof Requests
export type Request = { [T in RequestType]: { type: T; request: number } & Requests[T]['ask'] }[RequestType]

export type ToWorker =
  | Request
  /** The first message of all. The worker answers `ready` or `failed`. */
  | { type: 'configure'; worker: number; options: GatewayOptions; log: LogOptions }
  /** Comes with an accepted socket, which the worker answers with `took`. */
  | { type: 'socket'; id: number; listener: string }
  | { type: 'admission'; request: number; answer: AdmissionAnswer }
  /** End now; what is still open is lost. */
  | { type: 'stop' }

export type FromWorker =
  | { type: 'ready' }
  /** The worker cannot serve with these options; it ends after this. */
  | { type: 'failed'; message: string }
  /** The worker has the socket: the supervisor can let go of its copy. */
  | { type: 'took'; id: number }
  /** So many handed-out sockets have closed. */
  | { type: 'closed'; sockets: number }
  | { type: 'answer'; request: number; value: Requests[RequestType]['answer'] }
  | { type: 'refusal'; request: number; message: string }
  | { type: 'events'; events: GatewayEvent[]; dropped: number }
  | { type: 'admit'; request: number; route: string; limits: LimitOptions; address: string }
  | { type: 'release'; admission: number }

/**
 * A listener's name between the processes: its address as configured. Several with port 0 on one host are told
 * apart by their order.
 */
export function listenerKeys(listeners: readonly { host: string; port: number }[]): string[] {
  const seen = new Map<string, number>()
  return listeners.map(({ host, port }) => {
    const address = formatHostPort(host, port)
    const count = (seen.get(address) ?? 0) + 1
    seen.set(address, count)
    return count === 1 ? address : `${address}#${count}`
  })
}
