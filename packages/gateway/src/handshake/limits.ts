import { adviceFor, code, delayFor } from '@holdfast/close-codes'
import { type Clock, type LimitOptions, type MonotonicMs, systemClock } from '../core/index.ts'

export type Admission =
  | {
      ok: true
      /** Its number, where somebody else keeps the count: it can be handed on with the connection. */
      id?: number
      /** Gives the place back; a second call does nothing. */
      release(): void
    }
  | {
      ok: false
      /** `unknown`: what all workers have together could not be learned in time, and a worker's own share is used up. */
      limit: 'connections' | 'perAddress' | 'handshakesPerSecond' | 'unknown'
      /** Milliseconds after which the client may come back; different for each, so that they do not come together. */
      retry: number
    }

export interface LedgerOptions {
  clock?: Pick<Clock, 'now'>
  /** In [0, 1), like Math.random. */
  random?: () => number
}

interface Entry {
  connections: number
  addresses: Map<string, number>
  rate: Rate | undefined
}

/** A token bucket that holds one second's worth, and the moments at which the refused were told to come back. */
interface Rate {
  tokens: number
  /** When `tokens` was right. */
  at: MonotonicMs
  /** The last moment given away. */
  lastSlot: MonotonicMs
}

/** Milliseconds. No client is told to wait longer for its turn. */
const longestQueue = 60_000
/** Milliseconds by which a turn is moved at most, so that clients of several gateways do not come in step. */
const jitter = 100

/** What sums of fractions may be wrong by, in milliseconds and in tokens. */
const rounding = 1e-6

/** Milliseconds that a client is told to wait for a place: the registered advice for 1013, since places come free at no known time. */
export function fullRetry(random: () => number): number {
  return Math.round(delayFor(adviceFor(code.tryAgainLater), { attempt: 0, random }) ?? 0)
}

/** Milliseconds that a client is told to wait whose turn is in `ms`. */
export function queueRetry(ms: number, random: () => number): number {
  // Behind a full queue turns would all be its end: they are drawn from its second half, and it grows no longer.
  if (ms > longestQueue) return Math.round(longestQueue * (0.5 + random() / 2))
  // Not a moment before the turn.
  return Math.ceil(ms + random() * jitter - rounding)
}

/** Counts connections by route and address, and handshakes by time, against `limits`. */
export class Ledger {
  readonly #clock: Pick<Clock, 'now'>
  readonly #random: () => number
  readonly #routes = new Map<string, Entry>()

  constructor({ clock = systemClock, random = Math.random }: LedgerOptions = {}) {
    this.#clock = clock
    this.#random = random
  }

  /** Takes a place on a route for one connection of this address, or says what is full and when to come back. */
  admit(route: string, limits: LimitOptions, address: string): Admission {
    const entry = this.#routes.get(route) ?? { connections: 0, addresses: new Map(), rate: undefined }
    const { connections = Infinity, perAddress = Infinity, handshakesPerSecond = Infinity } = limits
    if (entry.connections >= connections) return this.#full('connections')
    if ((entry.addresses.get(address) ?? 0) >= perAddress) return this.#full('perAddress')
    // Plain requests are not counted by time, and leave the count as it is.
    if (handshakesPerSecond !== Infinity) {
      const retry = this.#takeToken(entry, handshakesPerSecond)
      this.#routes.set(route, entry)
      if (retry !== undefined) return { ok: false, limit: 'handshakesPerSecond', retry }
    }
    return { ok: true, release: this.enter(route, address) }
  }

  /** Takes a place whatever the limits: the connection is there. The result gives it back; a second call does nothing. */
  enter(route: string, address: string): () => void {
    const entry = this.#routes.get(route) ?? { connections: 0, addresses: new Map(), rate: undefined }
    this.#routes.set(route, entry)
    entry.connections++
    entry.addresses.set(address, (entry.addresses.get(address) ?? 0) + 1)
    let released = false
    return () => {
      if (released) return
      released = true
      this.#release(route, entry, address)
    }
  }

  /** How many connections there are on a route, or of one address on it. */
  held(route: string, address?: string): number {
    const entry = this.#routes.get(route)
    return (address === undefined ? entry?.connections : entry?.addresses.get(address)) ?? 0
  }

  /** Addresses that have connections on a route. */
  addresses(route: string): string[] {
    return [...(this.#routes.get(route)?.addresses.keys() ?? [])]
  }

  /** Forgets what it knows of other routes, but for the connections that are still there. */
  keep(routes: readonly string[]): void {
    const kept = new Set(routes)
    for (const [route, entry] of this.#routes) {
      if (kept.has(route)) continue
      entry.rate = undefined
      if (entry.connections === 0) this.#routes.delete(route)
    }
  }

  #full(limit: 'connections' | 'perAddress'): Admission {
    return { ok: false, limit, retry: fullRetry(this.#random) }
  }

  /** Undefined: a token was taken. Otherwise the milliseconds until this client's turn. */
  #takeToken(entry: Entry, perSecond: number): number | undefined {
    const now = this.#clock.now()
    entry.rate ??= { tokens: Math.max(1, perSecond), at: now, lastSlot: 0 }
    const { rate } = entry
    const capacity = Math.max(1, perSecond)
    const passed = Math.max(0, now - rate.at)
    rate.tokens = Math.min(capacity, rate.tokens + (passed * perSecond) / 1000)
    rate.at = now
    if (rate.tokens >= 1 - rounding) {
      rate.tokens = Math.max(0, rate.tokens - 1)
      return undefined
    }
    const interval = 1000 / perSecond
    const nextToken = now + (1 - rate.tokens) * interval
    const slot = Math.max(nextToken, rate.lastSlot + interval)
    if (slot - now <= longestQueue) rate.lastSlot = slot
    return queueRetry(slot - now, this.#random)
  }

  #release(route: string, entry: Entry, address: string): void {
    entry.connections--
    const left = entry.addresses.get(address)! - 1
    if (left > 0) entry.addresses.set(address, left)
    else entry.addresses.delete(address)
    if (entry.connections === 0 && !entry.rate && this.#routes.get(route) === entry)
      this.#routes.delete(route)
  }
}

const limitWords = {
  connections: 'too many connections',
  perAddress: 'too many connections from this address',
  handshakesPerSecond: 'too many connection attempts',
}

/** The limits but for the rate. */
export function unrated({ handshakesPerSecond, ...others }: LimitOptions): LimitOptions {
  return others
}

/** Why a client is not let in. */
export function overLimit({ limit, retry }: Extract<Admission, { ok: false }>) {
  return limit === 'unknown'
    ? { what: 'limits-unknown' as const, retry }
    : { what: 'over-limit' as const, words: limitWords[limit], retry }
}
