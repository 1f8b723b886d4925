// A worker that drains, or whose node has more than its share, gives sessions to other nodes: which, how many at once, and what is so when one of them breaks off.
// docs/decisions/0081.
import type { Clock, MonotonicMs } from '../core/index.ts'
import { DialTurns, longestGiven, type Offered, type RelayDialer } from '../relay/index.ts'
import type { GivenAway, Reservation, SessionGiver } from '../resume/index.ts'
import type { FleetSessions } from './fleet-sessions.ts'

/** Sessions on their way to other nodes at the same time. */
const mostAtOnce = 16
/** Milliseconds for which a node is not asked that takes none; and one that cannot be reached, or broke off, which is waited for. */
const restMs = 5_000
const pauseMs = 1_000
/** How often the store may be away for a moment, and milliseconds between two looks. */
const storeTries = 8
const lookEveryMs = 300
/** Bytes of a session, sealed and in its line, for each that is kept, about. */
const grows = 2

export interface FleetGiverDeps {
  dialer: Pick<RelayDialer, 'others' | 'offer'>
  sessions: Pick<FleetSessions, 'isThere' | 'given' | 'keep'>
  clock: Clock
  random: () => number
}

export class FleetGiver implements SessionGiver {
  readonly #deps: FleetGiverDeps
  readonly #turns = new DialTurns(mostAtOnce)
  /** Until when a node is not asked about a route, and whether it has said so itself. */
  readonly #resting = new Map<string, { until: MonotonicMs; refuses: boolean }>()

  constructor(deps: FleetGiverDeps) {
    this.#deps = deps
  }

  async reserve(
    route: string,
    bytes: number,
    withinMs: number,
    to?: string,
  ): Promise<Reservation | undefined> {
    const { clock } = this.#deps
    const until = clock.now() + withinMs
    if (grows * bytes > longestGiven || this.#others(to).length === 0) return undefined
    if (!(await this.#storeIsThere(until))) return undefined
    if (!(await this.#turns.take(until - clock.now(), clock))) return undefined
    const reservation = await this.#search(route, bytes, until, to)
    if (!reservation) this.#turns.end()
    return reservation
  }

  /** Nobody takes anything over without a store that answers. */
  async #storeIsThere(until: MonotonicMs): Promise<boolean> {
    const { clock, sessions } = this.#deps
    for (let tries = 1; !(await sessions.isThere()); tries++) {
      if (tries >= storeTries || clock.now() + lookEveryMs >= until) return false
      await this.#pause(lookEveryMs)
    }
    return true
  }

  async #search(
    route: string,
    bytes: number,
    until: MonotonicMs,
    to: string | undefined,
  ): Promise<Reservation | undefined> {
    const { clock, dialer } = this.#deps
    while (clock.now() < until) {
      const node = this.#pick(route, to)
      if (node === undefined) {
        const soonMs = this.#soonMs(route, to)
        if (soonMs === undefined || soonMs >= until - clock.now()) return undefined
        await this.#pause(soonMs)
        continue
      }
      const offered = await dialer.offer(node, { route, bytes: grows * bytes })
      if (!offered?.takes) this.#rest(node, route, offered?.later === false)
      else if (clock.now() < until) return this.#reservation(node, route, offered)
      else offered.cancel()
    }
    return undefined
  }

  #pause(ms: number): Promise<void> {
    return new Promise((resolve) => this.#deps.clock.setTimeout(resolve, ms))
  }

  /** Those that are announced, or of these the only one that is wanted. */
  #others(to: string | undefined): string[] {
    return this.#deps.dialer.others.filter((node) => to === undefined || node === to)
  }

  /** Milliseconds until one may be asked again that has refused nothing. */
  #soonMs(route: string, to: string | undefined): number | undefined {
    const waits = this.#others(to).flatMap((node) => {
      const resting = this.#resting.get(`${node} ${route}`)
      return resting && !resting.refuses ? [resting.until - this.#deps.clock.now()] : []
    })
    return waits.length > 0 ? Math.max(1, Math.min(...waits)) : undefined
  }

  /** Those that may be asked. */
  #nodes(route: string, to: string | undefined): string[] {
    const now = this.#deps.clock.now()
    for (const [key, { until }] of this.#resting) if (until <= now) this.#resting.delete(key)
    return this.#others(to).filter((node) => !this.#resting.has(`${node} ${route}`))
  }

  /** Any: the nodes are alike, and what each of them has is old when it is known. */
  #pick(route: string, to: string | undefined): string | undefined {
    const nodes = this.#nodes(route, to)
    return nodes[Math.floor(this.#deps.random() * nodes.length)]
  }

  #rest(node: string, route: string, refuses: boolean): void {
    const until = this.#deps.clock.now() + (refuses ? restMs : pauseMs)
    this.#resting.set(`${node} ${route}`, { until, refuses })
  }

  #reservation(node: string, route: string, offered: Extract<Offered, { takes: true }>): Reservation {
    let isOver = false
    const over = () => {
      if (isOver) return
      isOver = true
      this.#turns.end()
    }
    return {
      hand: async (given) => {
        try {
          const outcome = await this.#hand(node, offered, given)
          if (outcome !== 'taken') this.#rest(node, route, false)
          return outcome
        } finally {
          over()
        }
      },
      cancel: () => {
        offered.cancel()
        over()
      },
    }
  }

  async #hand(
    node: string,
    offered: Extract<Offered, { takes: true }>,
    { id, session }: GivenAway,
  ): ReturnType<Reservation['hand']> {
    const { sessions } = this.#deps
    const its = sessions.given(id, session)
    if (!its) {
      offered.cancel()
      return 'unknown'
    }
    const isTaken = await offered.hand({ id, ...its })
    if (isTaken) return 'taken'
    // It may have taken it and died, or be about to: who is first at the store has it.
    const result = await sessions.keep(id, node, isTaken === false)
    if (result === 'lost') return 'taken'
    // Who has said no does not go on with it, whatever the store has.
    return result === 'kept' || isTaken === false ? 'refused' : 'unknown'
  }
}
