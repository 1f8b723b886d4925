// What a live upgrade would do with each connection, without doing it: what `holdfast upgrade --dry-run` says.
import type { PlannedKind } from '../core/index.ts'
import type { Connection } from './connections.ts'

/** By kind. `carries`: whether streams that cannot leave this process are carried by it. */
export function planOf(connections: Iterable<Connection>, carries: boolean): PlannedKind[] {
  const kinds = new Map<string, PlannedKind>()
  for (const connection of connections) {
    const [client, upstream] = [clientOf(connection), upstreamOf(connection)]
    const key = `${client} ${upstream}`
    const kind = kinds.get(key) ?? { client, upstream, move: 0, carry: 0, close: 0 }
    kinds.set(key, kind)
    kind[fateOf(connection, carries)]++
  }
  return [...kinds.values()]
}

function fateOf({ drained, isBeingGiven, pipe }: Connection, carries: boolean): 'move' | 'carry' | 'close' {
  if (drained || isBeingGiven || !pipe.isMovable(carries)) return 'close'
  return pipe.needCarriers.length > 0 ? 'carry' : 'move'
}

/** What an earlier upgrade has left with its old worker is still what it was. */
function clientOf({ session, http, pipe, carried }: Connection): PlannedKind['client'] {
  if (session) return 'session'
  if (http === '2') return 'http2'
  return carried?.client !== undefined || pipe.needCarriers.includes('client') ? 'wss' : 'ws'
}

function upstreamOf({ pipe, carried }: Connection): PlannedKind['upstream'] {
  if (pipe.state === 'held') return 'none'
  return carried?.upstream !== undefined || pipe.needCarriers.includes('upstream') ? 'wss' : 'ws'
}
