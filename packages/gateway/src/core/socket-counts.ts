// What workers say about sockets that became no connection, added up.
import type { SocketCounts, SocketRefusal } from './snapshot.ts'

const reasons: readonly SocketRefusal[] = [
  ...(['pending', 'descriptors', 'dial-descriptors'] as const),
  ...(['tls-client-certificate', 'tls-certificate', 'tls-version', 'tls-plain'] as const),
  ...(['tls-timeout', 'tls-closed', 'tls-other'] as const),
  ...(['relay-late', 'relay-full', 'relay-tls', 'relay-stranger', 'relay-version'] as const),
  ...(['relay-fleet', 'relay-secret', 'relay-replayed', 'relay-node'] as const),
]

export function noneRefused(): SocketCounts['refused'] {
  return Object.fromEntries(reasons.map((reason) => [reason, 0])) as SocketCounts['refused']
}

/** A worker of an earlier version does not know all reasons. */
export function addRefused(
  a: SocketCounts['refused'],
  b: Partial<SocketCounts['refused']>,
): SocketCounts['refused'] {
  const sums = reasons.map((reason) => [reason, (a[reason] ?? 0) + (b[reason] ?? 0)])
  return Object.fromEntries(sums) as SocketCounts['refused']
}
