// How many sessions a node that has more than its share gives to which others, round after round, and when that is over. Pure.
// docs/decisions/0089.
import type { MonotonicMs, RebalanceEnd } from '../core/index.ts'

/** A node, and how many connections it has; of others as they announced it last. */
export interface Load {
  id: string
  connections: number
}

export interface RebalanceOptions {
  /** Sessions in a round, at most. */
  rate: number
  /** How much more than its share a node may have, as a part of it. */
  tolerance: number
  /** Milliseconds in all. */
  timeout: number
}

/** Given lately: the other node may not have announced it yet. */
interface Gift {
  to: string
  at: MonotonicMs
}

export type Rebalancing = {
  given: number
  notGiven: number
  recent: readonly Gift[]
} & ({ name: 'running'; since: MonotonicMs; idle: number } | { name: 'over'; why: RebalanceEnd })

export type RebalanceEvent =
  /** It is time for more. */
  | { type: 'round'; at: MonotonicMs; own: number; others: readonly Load[] }
  /** What became of a round: who has what was given. `none`: there was no session that could be given. */
  | { type: 'answered'; at: MonotonicMs; given: readonly string[]; notGiven: number; none: boolean }
  | { type: 'over'; why: RebalanceEnd }

/**
 * Milliseconds after which a node that was given a session has announced it, and this one has heard of that: it says how many it has every
 * two seconds, and is asked every two seconds.
 */
export const announcedAfterMs = 6000
/** Rounds in a row in which nobody took anything, after which nobody will. */
const mostIdle = 10

/** `recent`: what was given in the run before. */
export function beginRebalancing(at: MonotonicMs, recent: readonly Gift[] = []): Rebalancing {
  return { name: 'running', since: at, given: 0, notGiven: 0, recent, idle: 0 }
}

/** The result names a node for each session that is to be given now. */
export function nextRebalancing(
  state: Rebalancing,
  event: RebalanceEvent,
  options: RebalanceOptions,
): [Rebalancing, readonly string[]] {
  // What was on its way when it was stopped counts, too.
  if (state.name === 'over') return [event.type === 'answered' ? counted(state, event) : state, []]
  switch (event.type) {
    case 'over':
      return [over(state, event.why), []]
    case 'answered':
      return [answered(state, event), []]
    case 'round':
      return round(state, event, options)
  }
}

function over({ given, notGiven, recent }: Rebalancing, why: RebalanceEnd): Rebalancing {
  return { name: 'over', why, given, notGiven, recent }
}

type Answered = RebalanceEvent & { type: 'answered' }

function counted<S extends Rebalancing>(state: S, { at, given, notGiven }: Answered): S {
  return {
    ...state,
    given: state.given + given.length,
    notGiven: state.notGiven + notGiven,
    recent: [...state.recent, ...given.map((to) => ({ to, at }))],
  }
}

function answered(state: Rebalancing & { name: 'running' }, event: Answered): Rebalancing {
  const { given, notGiven, none } = event
  const next = { ...counted(state, event), idle: given.length > 0 ? 0 : state.idle + 1 }
  if (none && given.length === 0 && notGiven === 0) return over(next, 'none-left')
  return next.idle >= mostIdle ? over(next, 'refused') : next
}

function round(
  state: Rebalancing & { name: 'running' },
  { at, own, others }: RebalanceEvent & { type: 'round' },
  { rate, tolerance, timeout }: RebalanceOptions,
): [Rebalancing, readonly string[]] {
  if (at - state.since >= timeout) return [over(state, 'timeout'), []]
  const recent = state.recent.filter((gift) => at - gift.at < announcedAfterMs)
  const next: Rebalancing = { ...state, recent }
  // What is on its way to being announced counts as with both where that gives less.
  const unseen = (others: readonly Load[]) =>
    others.map((load) => ({ ...load, connections: load.connections + to(load.id) }))
  const to = (id: string) => recent.filter((gift) => gift.to === id).length
  const surplus = surplusOf({ id: '', connections: own }, unseen(others), tolerance)
  const rooms = roomsOf(own, others, tolerance).map(({ id, room }) => ({ id, room: room - to(id) }))
  const targets = dealt(rooms, Math.min(surplus, rate))
  if (targets.length > 0 || recent.length > 0) return [next, targets]
  return [over(next, surplus === 0 ? 'balanced' : 'no-room'), []]
}

/** What each node should have at most: more is to be given. */
export function mostOf(loads: readonly Load[], tolerance: number): number {
  const share = shareOf(loads)
  return Math.max(Math.ceil(share), Math.floor(share * (1 + tolerance)))
}

export function shareOf(loads: readonly Load[]): number {
  return loads.reduce((sum, { connections }) => sum + connections, 0) / loads.length
}

function surplusOf(own: Load, others: readonly Load[], tolerance: number): number {
  return Math.max(0, own.connections - mostOf([own, ...others], tolerance))
}

/** How many each of the others takes of this node's: of what it has less than its share, as much as this node has of all that is too much. */
function roomsOf(own: number, others: readonly Load[], tolerance: number): { id: string; room: number }[] {
  const loads = [{ id: '', connections: own }, ...others]
  const share = Math.ceil(shareOf(loads))
  const most = mostOf(loads, tolerance)
  const tooMuch = loads.reduce((sum, { connections }) => sum + Math.max(0, connections - most), 0)
  const part = tooMuch === 0 ? 0 : Math.max(0, own - most) / tooMuch
  return others.map(({ id, connections }) => ({
    id,
    room: Math.floor(Math.max(0, share - connections) * part),
  }))
}

/** One after the other to the one that has most room left, `count` in all. */
function dealt(rooms: { id: string; room: number }[], count: number): string[] {
  const targets: string[] = []
  const left = rooms.map((one) => ({ ...one }))
  while (targets.length < count) {
    const first = left.reduce<(typeof left)[number] | undefined>(
      (best, one) => (one.room > (best?.room ?? 0) ? one : best),
      undefined,
    )
    if (!first) break
    first.room--
    targets.push(first.id)
  }
  return targets
}
