// In: the upstreams that may be dialled, and a client's request. Out: the one to dial. Pure. Next: dial.ts.
import { createHash } from 'node:crypto'
import type { Balance } from '../core/index.ts'
import { trimBlanks, type UpgradeRequest, values } from '../http/index.ts'

/** What balancing looks at. */
export interface Candidate {
  /** Tells it from the others, the same in every worker and after every start. */
  readonly id: string
  /** Its share of new connections; at least 1. */
  readonly weight: number
  /** Connections open through it. */
  readonly connections: number
}

/** How far each candidate is ahead (positive) or behind its share of the turns, by id. Start with an empty map. */
export type Credits = ReadonlyMap<string, number>

/** What a choice may depend on. */
export type Routable = Pick<UpgradeRequest, 'headers' | 'target' | 'address'>

export interface Choice<T> {
  chosen: T
  /** To give to the next call. */
  credits: Credits
}

/** Chooses as the route's `balance` says; undefined when there is no candidate. `random` gives numbers in [0, 1). */
export function pickUpstream<T extends Candidate>(
  balance: Balance,
  candidates: readonly T[],
  credits: Credits,
  request: Routable,
  random: () => number,
): Choice<T> | undefined {
  if (candidates.length === 0) return undefined
  switch (balance.by) {
    case 'round-robin':
      return roundRobin(candidates, credits)
    case 'least-connections':
      return leastConnections(candidates, credits)
    case 'random-two':
      return { chosen: randomTwo(candidates, random), credits }
    case 'hash':
      return { chosen: highestRandomWeight(candidates, hashKey(balance.key, request)), credits }
  }
}

/**
 * Smooth weighted round-robin: every candidate gains its weight, the richest is chosen and pays for all. Over a
 * round of as many turns as the weights add up to, each gets exactly its weight, and no run is longer than it must be.
 */
export function roundRobin<T extends Candidate>(candidates: readonly T[], credits: Credits): Choice<T> {
  const next = new Map(credits)
  let total = 0
  let chosen = candidates[0]!
  for (const candidate of candidates) {
    total += candidate.weight
    next.set(candidate.id, (next.get(candidate.id) ?? 0) + candidate.weight)
    if (next.get(candidate.id)! > next.get(chosen.id)!) chosen = candidate
  }
  next.set(chosen.id, next.get(chosen.id)! - total)
  return { chosen, credits: next }
}

/** The fewest connections per weight; those that tie take turns. */
export function leastConnections<T extends Candidate>(candidates: readonly T[], credits: Credits): Choice<T> {
  const least = Math.min(...candidates.map(load))
  return roundRobin(
    candidates.filter((candidate) => load(candidate) === least),
    credits,
  )
}

/** Draws two by weight, and of these the one with fewer connections per weight; of equals the first drawn. */
export function randomTwo<T extends Candidate>(candidates: readonly T[], random: () => number): T {
  const first = drawByWeight(candidates, random)
  const rest = candidates.filter((candidate) => candidate !== first)
  if (rest.length === 0) return first
  const second = drawByWeight(rest, random)
  return load(second) < load(first) ? second : first
}

/**
 * Rendezvous hashing: for a key each candidate has a score of its own, and the highest wins. When a candidate goes,
 * only its keys move; when its weight grows, keys move only to it.
 */
export function highestRandomWeight<T extends Candidate>(candidates: readonly T[], key: string): T {
  let chosen = candidates[0]!
  let highest = Number.NEGATIVE_INFINITY
  for (const candidate of candidates) {
    // With u uniform in (0, 1), -w / ln(u) is highest for each candidate with a chance in proportion to its weight w.
    const score = -candidate.weight / Math.log(uniform(key, candidate.id))
    if (score > highest || (score === highest && candidate.id < chosen.id)) {
      chosen = candidate
      highest = score
    }
  }
  return chosen
}

/** What a route's hash goes by. A request that lacks it, or has it empty, goes by the client's address. */
export function hashKey(key: Extract<Balance, { by: 'hash' }>['key'], request: Routable): string {
  return (key.from === 'address' ? '' : namedValue(key, request)) || request.address
}

function namedValue(key: { from: 'cookie' | 'header' | 'query'; name: string }, request: Routable): string {
  switch (key.from) {
    case 'cookie':
      return cookie(values(request.headers, 'cookie'), key.name)
    case 'header':
      return values(request.headers, key.name.toLowerCase()).join(', ')
    case 'query':
      return new URLSearchParams(/\?(.*)/.exec(request.target)?.[1]).get(key.name) ?? ''
  }
}

/** The first cookie of that name (RFC 6265 4.2.1). */
function cookie(fields: readonly string[], name: string): string {
  for (const pair of fields.join(';').split(';')) {
    const equals = pair.indexOf('=')
    if (equals >= 0 && trimBlanks(pair.slice(0, equals)) === name) return trimBlanks(pair.slice(equals + 1))
  }
  return ''
}

function load({ connections, weight }: Candidate): number {
  return connections / weight
}

function drawByWeight<T extends Candidate>(candidates: readonly T[], random: () => number): T {
  let left = random() * candidates.reduce((sum, { weight }) => sum + weight, 0)
  for (const candidate of candidates) {
    left -= candidate.weight
    if (left < 0) return candidate
  }
  return candidates.at(-1)!
}

/** A number in (0, 1) that looks random and depends only on the two texts. */
function uniform(key: string, id: string): number {
  const digest = createHash('sha1').update(`${key.length}:${key}${id}`).digest()
  return (digest.readUIntBE(0, 6) + 0.5) / 2 ** 48
}
