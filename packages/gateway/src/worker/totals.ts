// What several workers counted, as one. Pure.
import { code } from '@holdfast/close-codes'
import type {
  DrainInfo,
  GatewaySnapshot,
  RouteCounters,
  RouteInfo,
  Unrouted,
  UpstreamInfo,
  UpstreamState,
} from '../core/index.ts'

/** Counters by route name. */
export type Totals = ReadonlyMap<string, RouteCounters>

/**
 * The counters after a worker has ended with this as its last snapshot. Connections that it still had are gone
 * without a Close frame, and the gateway did it.
 */
export function retire(totals: Totals, last: GatewaySnapshot): Totals {
  const result = new Map(totals)
  for (const { name, counters, connections } of last.routes) {
    const lost = connections.open + connections.held + connections.closing
    const cut = emptyCounters()
    if (lost > 0) cut.closes[`${code.abnormalClosure}:gateway`] = lost
    result.set(name, [counters, cut].reduce(addCounters, result.get(name) ?? emptyCounters()))
  }
  return result
}

/**
 * The snapshots of all workers as one, with the counters of those that have ended. Of routes that are removed only the named ones
 * are in it; `isThere`: whether a route is in the configuration.
 */
export function mergeSnapshots(
  live: readonly GatewaySnapshot[],
  ended: Totals,
  routeNames: readonly string[],
  isThere: (name: string) => boolean = () => true,
): GatewaySnapshot {
  const present = live.flatMap(({ routes }) => routes.filter(({ removed }) => !removed))
  const names = new Set([...routeNames, ...present.map(({ name }) => name)])
  const routes = [...names].map((name) => {
    const parts = live.flatMap((snapshot) => snapshot.routes.filter((route) => route.name === name))
    const route = mergeRoute(name, parts, ended.get(name) ?? emptyCounters())
    return isThere(name) ? route : { ...route, removed: true }
  })
  const unrouted = live.map((one) => one.unrouted ?? noneUnrouted).reduce(addUnrouted, noneUnrouted)
  return { routes, drains: mergeDrains(live.map(({ drains }) => drains)), unrouted }
}

export const noneUnrouted: Unrouted = { handshakes: 0, requests: 0 }

export function addUnrouted(a: Unrouted, b: Unrouted): Unrouted {
  return { handshakes: a.handshakes + b.handshakes, requests: a.requests + b.requests }
}

function mergeRoute(name: string, parts: readonly RouteInfo[], ended: RouteCounters): RouteInfo {
  const none = { open: 0, held: 0, closing: 0 }
  const connections = parts.map((part) => part.connections).reduce(addRecords, none)
  const sessions = parts.flatMap((part) => part.sessions ?? [])
  const givesUp = parts.flatMap(({ givesUpInMs }) => givesUpInMs ?? [])
  return {
    name,
    connections,
    waiting: parts.reduce((sum, { waiting = 0 }) => sum + waiting, 0),
    ...(givesUp.length > 0 && { givesUpInMs: Math.min(...givesUp) }),
    ...(parts.some(({ drained }) => drained) && { drained: true }),
    ...(sessions.length > 0 && { sessions: sessions.reduce(addRecords) }),
    upstreams: mergeUpstreams(parts.flatMap(({ upstreams }) => upstreams)),
    counters: parts.map(({ counters }) => counters).reduce(addCounters, ended),
  }
}

/** Of what several workers find, the first of these counts; what fails and what is not probed is decided by the last dial. */
const strongest: UpstreamState[] = ['drained', 'unhealthy', 'healthy']

function mergeStates(a: UpstreamInfo, b: UpstreamInfo): UpstreamState | undefined {
  const latest = (b.triedAt ?? 0) > (a.triedAt ?? 0) ? b : a
  return (
    strongest.find((state) => a.state === state || b.state === state) ?? latest.state ?? a.state ?? b.state
  )
}

/** One entry per address. It is healthy when every worker finds it so. */
function mergeUpstreams(all: readonly UpstreamInfo[]): UpstreamInfo[] {
  const result = new Map<string, UpstreamInfo>()
  for (const upstream of all) {
    const key = `${upstream.name} ${upstream.address}`
    const known = result.get(key)
    result.set(key, {
      ...upstream,
      connections: upstream.connections + (known?.connections ?? 0),
      healthy: upstream.healthy && (known?.healthy ?? true),
      ...(known && {
        state: mergeStates(known, upstream),
        triedAt: latestOf(known.triedAt, upstream.triedAt),
      }),
      lastError: known?.lastError ?? upstream.lastError,
    })
  }
  return [...result.values()]
}

function latestOf(a: number | undefined, b: number | undefined): number | undefined {
  return a === undefined || b === undefined ? (a ?? b) : Math.max(a, b)
}

/** The workers' parts of one drain, or of one reload for each scope, as one; in the order in which they began. */
export function mergeDrains(byWorker: readonly (readonly DrainInfo[])[]): DrainInfo[] {
  const ordered = new Map<string, DrainInfo>()
  const own: DrainInfo[] = []
  for (const drain of byWorker.flat()) {
    if (drain.id === undefined) {
      own.push(drain)
      continue
    }
    const key = `${drain.id} ${drain.scope}`
    const known = ordered.get(key)
    ordered.set(key, known ? addDrains(known, drain) : drain)
  }
  return [...[...ordered.values()].sort((a, b) => a.id! - b.id!), ...own]
}

function addDrains(a: DrainInfo, b: DrainInfo): DrainInfo {
  return {
    ...a,
    total: a.total + b.total,
    closed: a.closed + b.closed,
    moved: a.moved + b.moved,
    cut: a.cut + b.cut,
    done: a.done && b.done,
  }
}

export function addCounters(a: RouteCounters, b: RouteCounters): RouteCounters {
  return {
    handshakes: addRecords(a.handshakes, b.handshakes),
    closes: addRecords(a.closes, b.closes),
    messages: addRecords(a.messages, b.messages),
    bytes: addRecords(a.bytes, b.bytes),
    lost: addRecords(a.lost, b.lost),
    reattachments: addRecords(a.reattachments, b.reattachments),
    reattachSeconds: addRecords(a.reattachSeconds, b.reattachSeconds),
    reattachSum: a.reattachSum + b.reattachSum,
    waits: addRecords(a.waits ?? {}, b.waits ?? {}),
    turnedAway: addRecords(a.turnedAway ?? {}, b.turnedAway ?? {}),
    judged: addRecords(a.judged ?? {}, b.judged ?? {}),
    auth: addRecords(a.auth ?? {}, b.auth ?? {}),
    ...((a.sessions || b.sessions) && { sessions: addRecords(a.sessions ?? {}, b.sessions ?? {}) }),
  }
}

function addRecords<K extends string>(a: Record<K, number>, b: Record<K, number>): Record<K, number> {
  const sum = { ...a }
  for (const key of Object.keys(b) as K[]) sum[key] = (sum[key] ?? 0) + b[key]
  return sum
}

export function emptyCounters(): RouteCounters {
  return {
    handshakes: {},
    closes: {},
    messages: { 'to-upstream': 0, 'to-client': 0 },
    bytes: { 'to-upstream': 0, 'to-client': 0 },
    lost: { 'to-upstream': 0, 'to-client': 0 },
    reattachments: {},
    reattachSeconds: {},
    reattachSum: 0,
    waits: {},
    turnedAway: {},
    judged: {},
    auth: {},
  }
}
