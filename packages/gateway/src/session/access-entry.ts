// In: a connection that has ended. Out: what the access log says of it.
import type { AccessEntry, Clock } from '../core/index.ts'
import type { Connection } from './connections.ts'

export function accessEntry(
  connection: Connection,
  close: NonNullable<AccessEntry['close']>,
  clock: Clock,
): AccessEntry {
  const { pipe, opening, openedAt } = connection
  const at = clock.wall()
  const closeMs = pipe.closingForMs
  return {
    kind: 'websocket',
    at,
    asked: opening.asked,
    id: connection.id,
    address: connection.address,
    // RFC 8441 5: over HTTP/2 a 2xx opens the stream.
    status: connection.http === '2' ? 200 : 101,
    route: connection.route,
    upstream: connection.upstream?.name,
    protocol: connection.protocol,
    close,
    traffic: pipe.traffic.total,
    reattached: connection.reattached,
    openMs: Math.max(0, at - openedAt - closeMs),
    closeMs,
  }
}
