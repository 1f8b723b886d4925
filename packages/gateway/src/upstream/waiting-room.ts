// Where handshakes of a route wait that find no upstream. They dial nothing of their own accord: while none is there, one
// after the other dials for all of them, as a part of the route's search; when one is there they are let in at a rate that
// it can take, in the order of waiting-line.ts, and for some time so are those who come then. Next: find-upstream.ts.

import type { Clock, MonotonicMs } from '../core/index.ts'
import { AdmissionPace } from './admission-pace.ts'
import type { UpstreamSearch } from './upstream-search.ts'
import { WaitingLine } from './waiting-line.ts'
import type { WaitingPlaces } from './waiting-places.ts'
import { WaitingTime } from './waiting-time.ts'

/**
 * What a waiting client is to do next: `dial`, and say with `dialled` how that went; `over`: its time is up; `left`: it
 * has gone away; `drains`: its route takes no clients any more; `flooded`: it sends instead of waiting.
 */
export type Turn = 'dial' | 'over' | 'left' | 'drains' | 'flooded'

/**
 * How a dial of a waiting client went: `none`: there is no upstream; `answered`: there is, whatever it said; `called off`:
 * the client went away meanwhile, and nobody knows.
 */
export type Dialled = 'none' | 'answered' | 'called off'

export interface WaitingRoomDeps {
  search: UpstreamSearch
  places: WaitingPlaces
  /** Milliseconds that a handshake may wait for an upstream, from its arrival on; asked each time. */
  wait: () => number
  /** Clients let in per second, over all workers; asked each time. */
  perSecond: () => number | 'auto'
  /** How many they are. @default 1 */
  workers?: number
  /** Whether no upstream can be expected to answer now. */
  isDown: () => boolean
  clock: Clock
  random: () => number
}

/** Milliseconds between two dials for all, at the least. */
const dialEveryMs = 50
/** Dials for all under way at a time: an upstream that is silent must not keep them from another. */
const scoutsAtMost = 4
/** Milliseconds between two looks at who may be let in. */
const lookEveryMs = 5
/** Milliseconds that are left for the dial of who is let in last. */
const lastDialMs = 100
/** Milliseconds after the return of an upstream in which those who come then are let in one after the other, too. */
const pacedForMs = 10_000

interface Waiter {
  readonly address: string
  /** Set while it waits for its turn. */
  go: ((turn: Turn) => void) | undefined
  /** What it is told at its next turn, whatever happens. */
  end: Exclude<Turn, 'dial'> | undefined
}

/** A client's place in the room. */
export interface Place {
  /** Resolves when it is its turn. */
  turn(): Promise<Turn>
  dialled(how: Dialled, ms: number): void
  /** It sends instead of waiting. */
  flooded(): void
  /** To be called, once, when it has an answer. */
  leave(): void
}

export class WaitingRoom {
  readonly #deps: WaitingRoomDeps
  readonly #pace: AdmissionPace
  /** In the order in which they came. */
  readonly #all = new Map<Waiter, WaitingTime>()
  /** Who is let in next, and who dials next for all while there is no upstream. */
  readonly #entry = new WaitingLine<Waiter>()
  readonly #scouts = new WaitingLine<Waiter>()
  /** How many of them wait for their turn; the others dial. */
  #idle = 0
  /** `quiet`: there was an upstream all the time. */
  #state: 'quiet' | 'searching' | 'letting in' = 'quiet'
  /** Dials of those inside under way. */
  #dialling = 0
  #dialledAt: MonotonicMs = Number.NEGATIVE_INFINITY
  #resting: AbortController | undefined
  #timer: unknown

  constructor(deps: WaitingRoomDeps) {
    this.#deps = deps
    this.#pace = new AdmissionPace(deps.perSecond, deps.workers)
    deps.search.onFound(() => this.#found())
  }

  /** How many wait. */
  get size(): number {
    return this.#all.size
  }

  /** Milliseconds until the one that came first is sent away; undefined when nobody waits. */
  get givesUpInMs(): number | undefined {
    const [first] = this.#all.values()
    return first && Math.max(0, first.leftWithoutMs)
  }

  /** Whether a client that comes now waits behind others, or would dial in vain. */
  get isNeeded(): boolean {
    return this.#idle > 0 || this.#deps.isDown()
  }

  /** Whether it had better come in: also in the first seconds after an outage, when clients return in crowds. */
  get isWanted(): boolean {
    if (this.isNeeded) return true
    const { clock } = this.#deps
    if (this.#state === 'letting in' && this.#pace.since(clock.now()) >= pacedForMs) this.#state = 'quiet'
    return this.#state !== 'quiet'
  }

  /**
   * Undefined: there is no place for it. `signal` fires when it goes away. `waitsAtMostMs`: milliseconds that it waits at most,
   * where it is known to be less than others.
   */
  enter(
    {
      address,
      arrivedAt,
      waitsAtMostMs,
    }: { address: string; arrivedAt: MonotonicMs; waitsAtMostMs?: number | undefined },
    signal: AbortSignal,
  ): Place | undefined {
    const giveBack = this.#deps.places.take(address)
    if (!giveBack) return undefined
    const waiter: Waiter = { address, go: undefined, end: undefined }
    const { clock, wait } = this.#deps
    const time = new WaitingTime(arrivedAt, waitsAtMostMs, {
      wait,
      isNext: () => this.#state === 'letting in',
      onOver: () => this.#end(waiter, 'over'),
      clock,
    })
    this.#all.set(waiter, time)
    this.#entry.add(waiter)
    const onAbort = () => this.#end(waiter, 'left')
    signal.addEventListener('abort', onAbort)
    if (signal.aborted) onAbort()
    return {
      turn: () => this.#turn(waiter),
      dialled: (how, ms) => this.#dialled(how, ms),
      flooded: () => this.#end(waiter, 'flooded'),
      leave: () => {
        signal.removeEventListener('abort', onAbort)
        time.stop()
        for (const all of [this.#all, this.#entry, this.#scouts]) all.delete(waiter)
        giveBack()
      },
    }
  }

  /** Somebody else has dialled in vain just now: those inside need not do so at once. */
  dialledInVain(): void {
    this.#dialledAt = this.#deps.clock.now()
    if (this.#state === 'quiet') this.#state = 'searching'
  }

  /** The route takes no clients any more. */
  dismiss(): void {
    for (const waiter of [...this.#all.keys()]) this.#end(waiter, 'drains')
  }

  /** The route's options, or its upstreams, have changed. */
  reconfigured(): void {
    for (const time of this.#all.values()) time.limit()
    this.#dialledAt = Number.NEGATIVE_INFINITY
    this.#resting?.abort()
  }

  #turn(waiter: Waiter): Promise<Turn> {
    if (waiter.end) return Promise.resolve(waiter.end)
    return new Promise((resolve) => {
      waiter.go = resolve
      // Behind those who have dialled less often.
      this.#scouts.delete(waiter)
      this.#scouts.add(waiter)
      this.#idle++
      this.#wake()
    })
  }

  #end(waiter: Waiter, why: Exclude<Turn, 'dial'>): void {
    waiter.end ??= why
    this.#go(waiter, waiter.end)
  }

  #go(waiter: Waiter, turn: Turn): void {
    const { go } = waiter
    if (!go) return
    waiter.go = undefined
    this.#idle--
    if (this.#idle === 0) this.#settle()
    go(turn)
  }

  #dial(waiter: Waiter | undefined): void {
    if (!waiter) return
    this.#dialling++
    this.#dialledAt = this.#deps.clock.now()
    this.#go(waiter, 'dial')
  }

  #dialled(how: Dialled, ms: number): void {
    this.#dialling--
    // A dial from before the return says nothing of it.
    const isRecent = this.#pace.since(this.#deps.clock.now()) >= ms
    if (how === 'answered') {
      this.#pace.took(ms)
      this.#deps.search.found()
    } else if (how === 'none' && this.#state === 'letting in' && isRecent) {
      this.#stopTimer()
      this.#state = 'searching'
    }
    this.#wake()
  }

  #found(): void {
    if (this.#state !== 'searching') return
    this.#state = 'letting in'
    this.#resting?.abort()
    this.#pace.begin(this.#deps.clock.now())
    this.#wake()
  }

  /** Somebody waits for his turn. */
  #wake(): void {
    if (this.#idle === 0) return
    if (this.#state === 'quiet') this.#state = 'searching'
    if (this.#state === 'letting in') this.#letIn()
    else this.#scout()
  }

  /** Nobody does any more. */
  #settle(): void {
    this.#stopTimer()
    this.#resting?.abort()
  }

  #scout(mayDial = this.#deps.clock.now() - this.#dialledAt >= dialEveryMs): void {
    if (this.#resting || this.#dialling >= scoutsAtMost) return
    if (mayDial) this.#dial(this.#scouts.next(isReady))
    if (this.#idle > 0 && this.#state === 'searching') void this.#rest()
  }

  /** Until it is the room's turn in the search of the route. */
  async #rest(): Promise<void> {
    const { search, clock, random } = this.#deps
    const resting = new AbortController()
    this.#resting = resting
    await search.rest(resting.signal, clock, random)
    this.#resting = undefined
    if (this.#state === 'searching') this.#scout(resting.signal.aborted ? undefined : true)
  }

  #letIn(): void {
    if (this.#timer !== undefined) return
    const { clock } = this.#deps
    const now = clock.now()
    if (this.#dialling < this.#pace.atOnce(now)) {
      for (const _ of this.#pace.due(now, () => this.#timesLeft())) {
        this.#dial(this.#entry.next(isReady))
        if (!this.#isLettingIn || this.#dialling >= this.#pace.atOnce(now)) break
      }
    }
    if (!this.#isLettingIn) return
    const look = () => {
      this.#timer = undefined
      this.#letIn()
    }
    this.#timer = clock.setTimeout(look, Math.max(lookEveryMs, this.#pace.untilNext(now)))
  }

  /** Changes while they dial. */
  get #isLettingIn(): boolean {
    return this.#state === 'letting in' && this.#idle > 0
  }

  *#timesLeft(): Generator<number> {
    // Who is more impatient than his place in the line allows must not drive the others.
    for (const [{ go }, time] of this.#all) {
      if (go && !time.isShort) yield time.left - lastDialMs
    }
  }

  #stopTimer(): void {
    this.#deps.clock.clearTimeout(this.#timer)
    this.#timer = undefined
  }
}

const isReady = ({ go }: Waiter) => go !== undefined
