// How fast a gateway's counters rise. Pure.
import type { GatewayState } from '@holdfast/gateway'

type RouteInfo = GatewayState['routes'][number]

/** What a route does in a second. */
export interface RouteRates {
  accepted: number
  closed: number
  toUpstream: number
  toClient: number
  bytes: number
  /** By the keys of `RouteCounters.closes`. */
  closes: Record<string, number>
}

/** Rates by route name. */
export type Rates = ReadonlyMap<string, RouteRates>

/** Between two looks at the same gateway; empty when it was started in between. */
export function ratesBetween(before: GatewayState | undefined, after: GatewayState): Rates {
  if (!before || before.startedAt !== after.startedAt || before.pid !== after.pid) return new Map()
  const seconds = (after.uptime - before.uptime) / 1000
  if (seconds <= 0) return new Map()
  const routes = new Map(before.routes.map((route) => [route.name, route]))
  return new Map(
    after.routes.flatMap((route) => {
      const known = routes.get(route.name)
      return known ? [[route.name, ratesOf(known, route, seconds)]] : []
    }),
  )
}

function ratesOf(
  { counters: before }: RouteInfo,
  { counters: after }: RouteInfo,
  seconds: number,
): RouteRates {
  // A route that was taken out and put back begins anew.
  const rate = (from: number, to: number) => Math.max(0, to - from) / seconds
  const keys = Object.keys(after.closes)
  const closes = keys.map((key): [string, number] => [key, rate(before.closes[key] ?? 0, after.closes[key]!)])
  return {
    accepted: rate(before.handshakes.accepted ?? 0, after.handshakes.accepted ?? 0),
    closed: closes.reduce((sum, [, perSecond]) => sum + perSecond, 0),
    toUpstream: rate(before.messages['to-upstream'], after.messages['to-upstream']),
    toClient: rate(before.messages['to-client'], after.messages['to-client']),
    bytes: rate(sum(before.bytes), sum(after.bytes)),
    closes: Object.fromEntries(closes),
  }
}

function sum(counts: Record<string, number>): number {
  return Object.values(counts).reduce((a, b) => a + b, 0)
}
