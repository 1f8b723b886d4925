// What an operator has to know first of a route: that it has no upstream, and what becomes of its clients. One source for
// `holdfast status` and the operator's page. It imports types only, so that the page can have it.
import type { RouteInfo, UpstreamInfo, UpstreamState } from '../core/index.ts'

/** What is looked at: a route of the state, or one of the page's frames. */
export type WatchedRoute = Pick<RouteInfo, 'name' | 'connections' | 'upstreams'> &
  Partial<Pick<RouteInfo, 'waiting' | 'givesUpInMs' | 'removed'>>

/** A route without an upstream. */
export interface RouteAlarm {
  /** How many clients are held or wait. */
  readonly clients: number
  /** Seconds until the first of them is sent away, rounded up. Absent when that is not known. */
  readonly firstInSeconds?: number
  /** Why there is none: `drained`, or the last errors, each once. */
  readonly reasons: readonly string[]
}

/** What an upstream is in; workers of an earlier version say only whether it is healthy. */
export function upstreamState({ state, healthy }: UpstreamInfo): UpstreamState {
  return state ?? (healthy ? 'healthy' : 'unhealthy')
}

/** Whether no client is sent to it. */
export function isOut(upstream: UpstreamInfo): boolean {
  return ['unhealthy', 'failing', 'drained'].includes(upstreamState(upstream))
}

/** Undefined when the route has an upstream, or was removed. */
export function routeAlarm(route: WatchedRoute): RouteAlarm | undefined {
  const { upstreams, connections, waiting = 0, givesUpInMs, removed } = route
  if (removed || upstreams.length === 0 || !upstreams.every(isOut)) return undefined
  const reasons = upstreams.map((one) =>
    upstreamState(one) === 'drained' ? 'drained' : (one.lastError ?? upstreamState(one)),
  )
  return {
    clients: connections.held + waiting,
    ...(givesUpInMs !== undefined && { firstInSeconds: Math.ceil(givesUpInMs / 1000) }),
    reasons: [...new Set(reasons)],
  }
}

/** `chat has no upstream: 20 clients wait, the first is sent away in 24 s`; undefined when it has one. */
export function withoutUpstream(route: WatchedRoute): string | undefined {
  const alarm = routeAlarm(route)
  if (!alarm) return undefined
  const { clients, firstInSeconds, reasons } = alarm
  if (clients === 0) return `${route.name} has no upstream: ${reasons.join(', ')}`
  const wait =
    clients === 1 ? '1 client waits' : `${new Intl.NumberFormat('en').format(clients)} clients wait`
  const first = firstInSeconds === undefined ? '' : `, the first is sent away in ${firstInSeconds} s`
  return `${route.name} has no upstream: ${wait}${first}`
}
