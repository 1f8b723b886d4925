// What a remote says is somebody else's words: it may be no gateway, or mean harm. Here an answer becomes something that can
// be shown, or nothing.
import { printable } from './output.ts'

/** Whether a value is what a command expects. What it does not look at may be anything: newer gateways say more. */
export type Shape = (value: unknown) => boolean

export const text: Shape = (value) => typeof value === 'string'
export const count: Shape = (value) => typeof value === 'number' && Number.isFinite(value)
export const flag: Shape = (value) => typeof value === 'boolean'
export const optional =
  (shape: Shape): Shape =>
  (value) =>
    value === undefined || shape(value)
export const listOf =
  (shape: Shape): Shape =>
  (value) =>
    Array.isArray(value) && value.every(shape)
export const recordOf =
  (shape: Shape): Shape =>
  (value) =>
    isObject(value) && Object.values(value).every(shape)
export const object =
  (fields: Record<string, Shape>): Shape =>
  (value) =>
    isObject(value) && Object.entries(fields).every(([name, shape]) => shape(own(value, name)))

/** Lists and objects inside one another; the answers of a gateway have six. */
const maxDepth = 32

/** The value in a text of JSON; undefined when there is none, or one that is too deep to be walked. */
export function parseAnswer(json: string): unknown {
  try {
    const value: unknown = JSON.parse(json)
    return isShallow(value, maxDepth) ? value : undefined
  } catch {
    return undefined
  }
}

/** The same value, every text in it fit for a terminal. */
export function shown<T>(value: T): T {
  if (typeof value === 'string') return printable(value) as T
  if (Array.isArray(value)) return value.map(shown) as T
  if (!isObject(value)) return value
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [printable(key), shown(inner)])) as T
}

function isShallow(value: unknown, depth: number): boolean {
  if (typeof value !== 'object' || value === null) return true
  return depth > 0 && Object.values(value).every((inner) => isShallow(inner, depth - 1))
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function own(value: Record<string, unknown>, name: string): unknown {
  return Object.hasOwn(value, name) ? value[name] : undefined
}

const direction = object({ 'to-upstream': count, 'to-client': count })

const route = object({
  name: text,
  connections: object({ open: count, held: count, closing: count }),
  waiting: optional(count),
  givesUpInMs: optional(count),
  drained: optional(flag),
  removed: optional(flag),
  upstreams: listOf(
    object({
      name: text,
      address: text,
      healthy: flag,
      state: optional(text),
      connections: count,
      lastError: optional(text),
    }),
  ),
  counters: object({
    handshakes: recordOf(count),
    closes: recordOf(count),
    messages: direction,
    bytes: direction,
    lost: direction,
    reattachments: recordOf(count),
  }),
})

const worker = object({
  id: count,
  pid: count,
  state: text,
  generation: count,
  version: optional(text),
  startedAt: count,
  connections: count,
  process: optional(object({ memory: count })),
})

const carrier = object({
  id: count,
  pid: count,
  generation: count,
  version: text,
  node: optional(text),
  since: count,
  connections: count,
  memory: count,
  draining: flag,
})

const front = object({
  id: count,
  pid: count,
  state: text,
  generation: count,
  version: text,
  node: optional(text),
  startedAt: count,
  connections: count,
  memory: count,
})

const drain = object({ scope: text, total: count, closed: count, moved: count, cut: count, done: flag })

/** The answers of the admin API, as far as commands show them. */
export const upgradeShape = object({
  startedAt: count,
  phase: (value) => ['starting', 'moving', 'done', 'failed'].includes(value as string),
  from: text,
  to: optional(text),
  total: count,
  moved: count,
  carried: optional(count),
  ended: count,
  closes: optional(recordOf(count)),
  lost: optional(count),
  fronts: optional(count),
  ms: optional(count),
  supervisor: optional(count),
  error: optional(text),
})
export const rebalanceShape = object({
  why: optional(text),
  before: count,
  connections: count,
  share: count,
  given: count,
  notGiven: count,
  ms: count,
  fullest: optional(object({ id: text, host: text, connections: count })),
})
const fleet = object({
  name: text,
  id: text,
  store: object({ address: text, state: text, forMs: count, error: optional(text), policy: optional(text) }),
  members: listOf(
    object({
      id: text,
      host: text,
      listen: optional(text),
      version: text,
      phase: text,
      generation: count,
      connections: count,
      moves: optional(object({ takenOver: count, received: count, given: count, notGiven: count })),
      self: flag,
    }),
  ),
  shedding: optional(text),
  rebalance: optional(rebalanceShape),
})
export const upgradePlanShape = object({
  kinds: listOf(object({ client: text, upstream: text, move: count, carry: count, close: count })),
  carriers: listOf(object({ id: count, pid: count, connections: count, why: text })),
  fronts: optional(object({ connections: count, replaced: flag, why: optional(text) })),
  whyNotCarry: optional(text),
  code: count,
  silent: listOf(count),
})
export const stateShape = object({
  version: text,
  phase: text,
  pid: count,
  startedAt: count,
  uptime: count,
  listen: listOf(text),
  admin: optional(text),
  workers: listOf(worker),
  carriers: optional(listOf(carrier)),
  fronts: optional(listOf(front)),
  frontRestarts: optional(count),
  workerRestarts: count,
  upgrade: optional(upgradeShape),
  fleet: optional(fleet),
  routes: listOf(route),
  drains: listOf(drain),
  unrouted: optional(object({ handshakes: count, requests: count })),
})
export const connectionsShape = object({
  connections: listOf(
    object({
      id: text,
      route: text,
      upstream: text,
      address: text,
      state: text,
      reattached: count,
      restoredBy: optional(text),
      openedAt: count,
      messages: direction,
      bytes: direction,
      protocol: optional(text),
    }),
  ),
})
export const drainShape = object({ closed: count, moved: count, cut: count })
export const reloadShape = object({ changes: listOf(text), notes: listOf(text), drained: count })
export const errorShape = object({
  error: object({ code: optional(text), message: text, problems: optional(listOf(text)) }),
})
