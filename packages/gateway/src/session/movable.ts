// Which connections a live upgrade takes to another process, and which of them first.
import type { Connection, Connections } from './connections.ts'

/** Ids of those that could be taken now; `busy` ones have bytes that wait to go out. `carried`: as for `Gateway.movable`. */
export function movable(
  connections: Iterable<Connection>,
  carried: boolean,
): { idle: string[]; busy: string[] } {
  const ids = { idle: [] as string[], busy: [] as string[] }
  for (const { id, pipe, drained, isBeingGiven } of connections)
    if (!drained && !isBeingGiven && pipe.isMovable(carried)) ids[pipe.isEmpty ? 'idle' : 'busy'].push(id)
  return ids
}

/** This share of those, and at least one of each kind. */
export function canaries(connections: Connections, share: number, carried: boolean): string[] {
  const kinds = new Map<string, string[]>()
  for (const id of Object.values(movable(connections, carried)).flat()) {
    const { opening, pipe, carried: by } = connections.get(id)!
    const kind = [opening.http, pipe.state, ...pipe.needCarriers, ...Object.keys(by ?? {})].join(' ')
    kinds.set(kind, [...(kinds.get(kind) ?? []), id])
  }
  return [...kinds.values()].flatMap((ids) => ids.slice(0, Math.ceil(ids.length * share)))
}
