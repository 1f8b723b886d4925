// What the store is told and asked in one call about admissions: what this node has, as counts by field, and how many ask for a place,
// those of equal limits together.
import type { LimitOptions } from '../core/index.ts'

/** What is counted: the connections of a route, or those of one address on it. */
export type Place = readonly [route: string, address: string | undefined]

/** Who asks for a place. */
interface Asking {
  route: string
  limits: LimitOptions
  address: string
}

/** Requests of one address on one route: they have the same limits. */
export interface Group<R extends Asking> extends Asking {
  requests: R[]
}

/** As the store has it. */
export function fieldOf([route, address]: Place): string {
  const name = encodeURIComponent(route)
  return address === undefined ? `c ${name}` : `a ${name} ${address}`
}

export function groupsOf<R extends Asking>(requests: readonly R[]): Group<R>[] {
  const groups = new Map<string, Group<R>>()
  for (const request of requests) {
    const { route, address, limits } = request
    const key = `${JSON.stringify(limits)} ${fieldOf([route, address])}`
    const group = groups.get(key) ?? { route, address, limits, requests: [] }
    group.requests.push(request)
    groups.set(key, group)
  }
  return [...groups.values()]
}

/** Arguments of `admitScript` behind the node's id: the fields with their counts, then the groups, which name fields by number. */
export function admissionArgs(
  places: readonly Place[],
  groups: readonly Group<Asking>[],
  held: (place: Place) => number,
): (string | number)[] {
  const fields = new Map<string, [number: number, count: number]>()
  const numberOf = (place: Place) => {
    const field = fieldOf(place)
    const known = fields.get(field)?.[0]
    const number = known ?? fields.size + 1
    if (known === undefined) fields.set(field, [number, held(place)])
    return number
  }
  for (const place of places) numberOf(place)
  const asked = groups.flatMap(({ route, address, limits, requests }) => {
    const { connections, perAddress, handshakesPerSecond = 0 } = limits
    return [
      numberOf([route, undefined]),
      numberOf([route, address]),
      connections ?? Number.MAX_SAFE_INTEGER,
      perAddress ?? Number.MAX_SAFE_INTEGER,
      encodeURIComponent(route),
      handshakesPerSecond,
      requests.length,
    ]
  })
  const counts = [...fields].flatMap(([field, [, count]]) => [field, count])
  return [fields.size, ...counts, ...asked]
}
