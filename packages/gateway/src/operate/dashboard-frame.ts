// What the operator's page gets, once a second: the state as it is now, closes as counts, and the latest of them in
// words. Plain data, and its size does not grow with traffic.
import type {
  CarrierInfo,
  ClosedBy,
  Direction,
  DrainInfo,
  FleetInfo,
  FrontInfo,
  RouteInfo,
  ShownState,
  UnixMs,
  UpgradeInfo,
  UpstreamInfo,
  UpstreamState,
} from '../core/index.ts'
import type { DrainPlan, WorkerInfo } from './operations.ts'

/** How many connections closed with this code in that second (Unix time in seconds). */
export type CloseCount = [second: number, code: number, closes: number]

/** Closes that are the same for an operator, as one line. */
export interface RecentClose {
  /** Of the first and of the latest; Unix milliseconds. */
  since: number
  at: UnixMs
  route: string
  code: number
  by: ClosedBy
  /** Without its `retry=`. */
  reason: string
  /** The least and greatest delay that clients were told, in milliseconds. */
  retry?: [least: number, greatest: number]
  closes: number
}

/** Something that happened other than a close. */
export type NotableEvent = { id: number; at: UnixMs } & (
  | {
      type: 'health'
      route: string
      upstream: string
      healthy: boolean
      state?: UpstreamState
      error?: string
    }
  | { type: 'worker'; worker: number; state: 'ready' | 'gone' }
  | { type: 'reload'; changes: string[]; drained: number }
  | { type: 'drain'; drain: DrainInfo }
  | { type: 'undrain'; parts: string[] }
  | { type: 'upgrade'; upgrade: UpgradeInfo }
)

/** Per second. */
export interface Rates {
  /** Clients that were accepted. */
  handshakes: number
  messages: Record<Direction, number>
  bytes: Record<Direction, number>
}

export interface DashboardRoute {
  name: string
  connections: Record<ShownState, number>
  /** Handshakes that wait for an upstream. */
  waiting: number
  /** Clients whose network broke and that may come back, on a route with `resume`. */
  parked?: number
  /** Milliseconds until the first of those that wait or are held is sent away. */
  givesUpInMs?: number
  /** The operator has drained it. */
  drained?: boolean
  upstreams: UpstreamInfo[]
  rates: Rates
  /** Since the start, by `${code}:${by}`. */
  closes: Record<string, number>
  lost: Record<Direction, number>
  reattachments: Record<string, number>
}

/** One sample of the gateway. */
/** A certificate that somebody has to look after. */
export interface CertificateTrouble {
  name: string
  /** Where it is shown, when it comes from a file. Absent: it is obtained by itself. */
  listener?: string
  /** Milliseconds until it expires; less than 0 once it has. Absent: there is none yet. */
  leftMs?: number
  /** Why the last order came to nothing. */
  error?: string
}

export interface DashboardFrame {
  /** Unix milliseconds. */
  at: UnixMs
  /** Whether `closes` goes back as far as is known; else it has only the seconds that are new or not over. */
  whole: boolean
  version: string
  phase: 'starting' | 'serving' | 'draining'
  /** Why it should not get traffic. */
  unready?: string
  /** Milliseconds. */
  uptime: number
  listen: string[]
  workers: WorkerInfo[]
  /** Workers that an upgrade has replaced, and that carry what cannot move. */
  carriers?: CarrierInfo[]
  /** Processes that do TLS. Absent: there are none. */
  fronts?: FrontInfo[]
  /** How many were started in place of one that ended. Absent: there are none. */
  frontRestarts?: number
  /** Certificates that are missing or should have been renewed by now. Absent: none is. */
  certificates?: CertificateTrouble[]
  /** What it knows of its fleet, when it has one. */
  fleet?: FleetInfo
  workerRestarts: number
  socketsDropped: number
  upgrade?: UpgradeInfo
  drains: DrainInfo[]
  drainPlan?: DrainPlan
  routes: DashboardRoute[]
  closes: CloseCount[]
  /** The latest first. */
  recent: RecentClose[]
  /** Closes since the start that came too fast to be in `recent`; `closes` has them. */
  unlisted: number
  /** The latest first. */
  news: NotableEvent[]
}

/** Monotonic counts of a route, for the differences between two samples. */
type Counted = Pick<RouteInfo['counters'], 'handshakes' | 'messages' | 'bytes'>

/** How fast a route's counts grew within `ms`. A count that fell starts anew. */
export function ratesOf(now: Counted, before: Counted | undefined, ms: number): Rates {
  const per = (count: number, earlier = 0) => (ms > 0 ? (Math.max(0, count - earlier) * 1000) / ms : 0)
  const both = (key: 'messages' | 'bytes') => ({
    'to-upstream': per(now[key]['to-upstream'], before?.[key]['to-upstream']),
    'to-client': per(now[key]['to-client'], before?.[key]['to-client']),
  })
  return {
    handshakes: per(now.handshakes.accepted ?? 0, before?.handshakes.accepted),
    messages: both('messages'),
    bytes: both('bytes'),
  }
}

/** Closes by code between two samples of the routes; codes that are counted together have their thousand: 4 for `4xxx`. */
export function closesBetween(before: readonly RouteInfo[], now: readonly RouteInfo[]): Map<number, number> {
  const result = new Map<number, number>()
  const earlier = new Map(before.map(({ name, counters }) => [name, counters.closes]))
  for (const { name, counters } of now) {
    for (const [key, count] of Object.entries(counters.closes)) {
      const more = count - (earlier.get(name)?.[key] ?? 0)
      if (more <= 0) continue
      const code = Number.parseInt(key, 10)
      result.set(code, (result.get(code) ?? 0) + more)
    }
  }
  return result
}
