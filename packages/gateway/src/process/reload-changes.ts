// What is different between two configurations, in words for the operator. Pure.
import { isDeepStrictEqual } from 'node:util'
import type { AdminOptions, GatewayOptions, ListenOptions, RouteInfo, RouteOptions } from '../core/index.ts'
import { formatHostPort } from '../listen/index.ts'
import { listenerKeys } from '../worker/index.ts'

/** One phrase per difference; what only a new start can change is in `notes`. */
export function describeChanges(
  before: GatewayOptions,
  after: GatewayOptions,
): { changes: string[]; notes: string[] } {
  const changes = [
    ...listenerChanges(before.listen, after.listen),
    ...adminChanges(before.admin, after.admin),
    ...routeChanges(before.routes, after.routes),
  ]
  if (!isDeepStrictEqual(before.trustedProxies, after.trustedProxies)) changes.push('trustedProxies changed')
  if (!isDeepStrictEqual(before.pending, after.pending)) changes.push('pending changed')
  if (!isDeepStrictEqual(before.drain, after.drain)) changes.push('drain changed')
  if (!isDeepStrictEqual(before.accessLog, after.accessLog)) changes.push('log changed')
  if (!isDeepStrictEqual(before.upgrade, after.upgrade)) changes.push('upgrade changed')
  if (!isDeepStrictEqual(before.acme, after.acme)) changes.push('acme changed')
  const notes: string[] = []
  if (before.workers !== after.workers) {
    notes.push(`workers: ${after.workers} instead of ${before.workers} takes effect at the next start`)
  }
  if (!isDeepStrictEqual(before.fleet, after.fleet))
    notes.push('fleet: another one takes effect at the next start')
  return { changes, notes }
}

function listenerChanges(before: readonly ListenOptions[], after: readonly ListenOptions[]): string[] {
  // Several listeners can have one address: those with port 0.
  const named = (listeners: readonly ListenOptions[]) => {
    const keys = listenerKeys(listeners)
    return listeners.map((listener, i) => ({ name: `listener ${keys[i]}`, listener }))
  }
  return differences(named(before), named(after), ({ name }) => name).map(([name, what, old, now]) => {
    const renewed =
      what === 'changed' && isDeepStrictEqual(withoutTls(old?.listener), withoutTls(now?.listener))
    return renewed ? `${name} has a new certificate` : `${name} ${what}`
  })
}

/** All of a listener but the certificate itself. */
function withoutTls(listener: ListenOptions | undefined): object | undefined {
  return listener && { ...listener, tls: listener.tls !== undefined }
}

function adminChanges(before: AdminOptions | false, after: AdminOptions | false): string[] {
  if (isDeepStrictEqual(before, after)) return []
  if (!after) return ['admin switched off']
  const address = formatHostPort(after.host, after.port)
  if (!before) return [`admin switched on at ${address}`]
  if (!sameAdminAddress(before, after)) return [`admin moved to ${address}`]
  const changes = before.token === after.token ? [] : ['admin has another token']
  const rights = ({ mode, owner }: AdminOptions) => ({ mode, owner })
  return isDeepStrictEqual(rights(before), rights(after))
    ? changes
    : [...changes, 'the file of admin has other rights']
}

/** Whether the admin port stays where it is. */
export function sameAdminAddress(before: AdminOptions | false, after: AdminOptions | false): boolean {
  if (!before || !after) return before === after
  return before.host === after.host && before.port === after.port
}

function routeChanges(before: readonly RouteOptions[], after: readonly RouteOptions[]): string[] {
  const changes = differences(before, after, ({ name }) => `route ${name}`).flatMap(
    ([name, what, old, now]) => {
      if (what !== 'changed' || !old || !now) return [`${name} ${what}`]
      const upstreams = differences(
        old.upstreams,
        now.upstreams,
        (upstream) => `${name}: upstream ${upstream.name}`,
      )
      const others = isDeepStrictEqual({ ...old, upstreams: [] }, { ...now, upstreams: [] })
        ? []
        : [`${name} changed`]
      return [...others, ...upstreams.map(([upstream, its]) => `${upstream} ${its}`)]
    },
  )
  const kept = (routes: readonly RouteOptions[], others: readonly RouteOptions[]) =>
    routes.map(({ name }) => name).filter((name) => others.some((other) => other.name === name))
  if (!isDeepStrictEqual(kept(before, after), kept(after, before))) changes.push('routes have another order')
  return changes
}

/**
 * The changes, each with what it would do to the connections of now, and how many these are. `routes`: what the gateway
 * shows of them.
 */
export function foreseen(
  changes: readonly string[],
  before: GatewayOptions,
  after: GatewayOptions,
  routes: readonly RouteInfo[],
): { changes: string[]; drained: number } {
  const losses = routes.flatMap((route) => lossesOf(route, before, after))
  const told = changes.map((change) => {
    const [, count = 0, how = ''] = losses.find(([phrase]) => phrase === change) ?? []
    if (count === 0) return change
    return `${change}: ${count === 1 ? '1 connection' : `${count} connections`} would be ${how}`
  })
  return { changes: told, drained: losses.reduce((sum, [, count]) => sum + count, 0) }
}

type Loss = [change: string, connections: number, how: string]

function lossesOf(route: RouteInfo, before: GatewayOptions, after: GatewayOptions): Loss[] {
  const { name, connections } = route
  const now = after.routes.find((one) => one.name === name)
  if (!now) return [[`route ${name} removed`, connections.open + connections.held, 'closed']]
  const old = before.routes.find((one) => one.name === name)
  const gone = (old?.upstreams ?? []).filter((one) => !now.upstreams.some((other) => other.name === one.name))
  const how = now.hold ? 'moved to another upstream, or closed' : 'closed'
  const through = gone.map(({ name: upstream }): Loss => {
    const its = route.upstreams.filter((one) => one.name === upstream)
    return [
      `route ${name}: upstream ${upstream} removed`,
      its.reduce((sum, one) => sum + one.connections, 0),
      how,
    ]
  })
  return now.hold ? through : [...through, [`route ${name} changed`, connections.held, 'closed']]
}

type Difference<T> = [name: string, what: 'added' | 'removed' | 'changed', before?: T, after?: T]

function differences<T>(
  before: readonly T[],
  after: readonly T[],
  nameOf: (item: T) => string,
): Difference<T>[] {
  const named = (items: readonly T[]) => new Map(items.map((item) => [nameOf(item), item]))
  const old = named(before)
  const result: Difference<T>[] = []
  for (const [name, item] of named(after)) {
    const known = old.get(name)
    old.delete(name)
    if (!known) result.push([name, 'added', undefined, item])
    else if (!isDeepStrictEqual(known, item)) result.push([name, 'changed', known, item])
  }
  for (const [name, item] of old) result.push([name, 'removed', item])
  return result
}
