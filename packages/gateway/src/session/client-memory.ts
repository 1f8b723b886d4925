// What is remembered of clients that were turned away: who keeps coming back, and who asked why. Both are bounded, and
// what was used longest ago is forgotten first. Next: turn-away.ts.
import type { Clock, MonotonicMs } from '../core/index.ts'
import type { UpgradeRequest } from '../http/index.ts'

/** Clients remembered at most, of either kind, in each worker. */
export const clientsAtMost = 10_000
/** A connection that lasted this long was a success: its client starts afresh. */
export const minUptimeMs = 5_000
/** Milliseconds after which a client that was told and did not come back is forgotten. */
const forgottenAfterMs = 120_000
/** Milliseconds between open and Close at the first early return; twice as long at each further one. */
const firstPauseMs = 1_000
const longestPauseMs = 30_000
/** Milliseconds of the first `retry=`; twice as long each time. A short one: what comes back then waits for an upstream. */
const firstRetryMs = 2_000
const longestRetryMs = 10_000

/** How often a client was turned away in a row, and when it may come back. */
export interface Returns {
  times: number
  /** When it was told the last time, or will have been. */
  toldAt: MonotonicMs
  /** The time before which it was asked not to come. */
  returnAt: MonotonicMs
}

/** How a client is turned away, in milliseconds. */
export interface TurnedAway {
  /** From its `open` to its Close. */
  pause: number
  retry: number
}

/**
 * A client is turned away, and not for the first time if there is something `before`. One that came back when it was asked
 * to, or that obeys such things by its own word, is told at once; any other waits, and longer each time. Several behind
 * one address that are turned away together count as one. Of `workers` each sees one return of so many, and counts it as so
 * many. Pure; `random` gives numbers in [0, 1).
 */
export function nextReturns(
  before: Returns | undefined,
  about: { now: MonotonicMs; random: () => number; obeys: boolean; retry?: number; workers?: number },
): { returns: Returns; told: TurnedAway } {
  const { now, random, workers = 1 } = about
  const known = before && now - before.toldAt < forgottenAfterMs ? before : undefined
  const times = !known ? 0 : now < known.toldAt ? known.times : known.times + workers
  const retry = about.retry ?? spread(Math.min(longestRetryMs, firstRetryMs * 2 ** times), random)
  const early = known !== undefined && now < known.returnAt
  const pause =
    !about.obeys && early && times > 0
      ? spread(Math.min(longestPauseMs, firstPauseMs * 2 ** (times - 1)), random)
      : 0
  const toldAt = now + pause
  return { returns: { times: Math.min(times, 20), toldAt, returnAt: toldAt + retry }, told: { pause, retry } }
}

/** From three quarters of it to all of it, so that those who were turned away together do not come back together. */
function spread(ms: number, random: () => number): number {
  return Math.round(ms * (0.75 + random() / 4))
}

/** A map that forgets what was used longest ago when it is full. */
class Bounded<V> {
  readonly #entries = new Map<string, V>()

  get size(): number {
    return this.#entries.size
  }

  get(key: string): V | undefined {
    return this.#entries.get(key)
  }

  set(key: string, value: V): void {
    this.#entries.delete(key)
    if (this.#entries.size >= clientsAtMost) {
      const [oldest] = this.#entries.keys()
      if (oldest !== undefined) this.#entries.delete(oldest)
    }
    this.#entries.set(key, value)
  }

  delete(key: string): void {
    this.#entries.delete(key)
  }
}

type Asker = Pick<UpgradeRequest, 'address' | 'target'> & { userAgent: string }
type Client = Pick<UpgradeRequest, 'address' | 'target' | 'protocols'>

/** Of a key: what a stranger may send is long, and what is told apart by more than this is no client in use. */
const keyLength = 512

/** A client as the gateway can tell it from others, for as long as nobody signs in: where from, where to, speaking what. */
function clientKey({ address, target, protocols }: Client): string {
  return `${address} ${pathOf(target)} ${protocols.join()}`.slice(0, keyLength)
}

function askerKey({ address, target, userAgent }: Asker): string {
  return `${address} ${pathOf(target)} ${userAgent}`.slice(0, keyLength)
}

/** A query often carries a token that changes. */
function pathOf(target: string): string {
  return target.split('?', 1)[0] ?? ''
}

export class ClientMemory {
  readonly #clock: Pick<Clock, 'now'>
  readonly #random: () => number
  readonly #workers: number
  readonly #returns = new Bounded<Returns>()
  readonly #askers = new Bounded<Returns>()

  /** `workers`: how many share the clients, each with a memory of its own. */
  constructor(clock: Pick<Clock, 'now'>, random: () => number, workers = 1) {
    this.#clock = clock
    this.#random = random
    this.#workers = workers
  }

  /** The client is turned away now. `retry`, in milliseconds, where it is known when there will be room for it. */
  turnAway(client: Client, obeys: boolean, retry?: number): TurnedAway {
    const key = clientKey(client)
    const about = {
      now: this.#clock.now(),
      random: this.#random,
      obeys,
      workers: this.#workers,
      ...(retry !== undefined && { retry }),
    }
    const { returns, told } = nextReturns(this.#returns.get(key), about)
    this.#returns.set(key, returns)
    return told
  }

  /** A connection of it has lasted `ms`. */
  lasted(client: Client & Asker, ms: number): void {
    if (ms < minUptimeMs) return
    this.#returns.delete(clientKey(client))
    const asker = askerKey(client)
    if (this.#askers.get(asker)) this.#askers.set(asker, afresh)
  }

  /**
   * The client has asked over HTTP why it was turned away, as only a client does that understands a Close, too. The result
   * is when it may come back, in milliseconds.
   */
  asked(asker: Asker): number {
    const key = askerKey(asker)
    const about = { now: this.#clock.now(), random: this.#random, obeys: true, workers: this.#workers }
    const { returns, told } = nextReturns(this.#askers.get(key), about)
    this.#askers.set(key, returns)
    return told.retry
  }

  hasAsked(asker: Asker): boolean {
    return this.#askers.get(askerKey(asker)) !== undefined
  }
}

const afresh: Returns = { times: 0, toldAt: Number.NEGATIVE_INFINITY, returnAt: Number.NEGATIVE_INFINITY }
