// Where handshakes of a route wait that find no upstream. They dial nothing of their own accord: while none is there, one
// after the other dials for all of them, as a part of the route's search; when one is there they are let in at a rate that
// it can take, addresses in turn, each in the order in which its clients came. Next: find-upstream.ts.

import type { Clock, MonotonicMs } from '../core/index.ts'
import { AdmissionPace } from './admission-pace.ts'
import type { UpstreamSearch } from './upstream-search.ts'
import type { WaitingPlaces } from './waiting-places.ts'

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
  /** Milliseconds that a handshake may wait, from its arrival on; asked each time. */
  wait: () => number
  /** Clients let in per second; asked each time. */
  perSecond: () => number | 'auto'
  /** Whether no upstream can be expected to answer now. */
  isDown: () => boolean
  clock: Clock
  random: () => number
}

/** Milliseconds between two dials for all, at the least. */
const dialEveryMs = 50
/** Dials for all under way at a time: an upstream that is silent must not keep them from another. */
const scoutsAtMost = 4
/** Dials of those who are let in under way at a time. */
const enteringAtMost = 64
/** Milliseconds between two looks at who may be let in, and the most that a look makes up for. */
const lookEveryMs = 5
const caughtUpMs = 25

interface Waiter {
  address: string
  arrivedAt: MonotonicMs
  /** Set while it waits for its turn. */
  go: ((turn: Turn) => void) | undefined
  /** What it is told at its next turn, whatever happens. */
  end: Exclude<Turn, 'dial'> | undefined
  timer: unknown
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
  readonly #all = new Set<Waiter>()
  /** Those that wait for their turn, by address. */
  readonly #queues = new Map<string, Set<Waiter>>()
  #state: 'empty' | 'searching' | 'letting in' = 'empty'
  /** Dials of those inside under way. */
  #dialling = 0
  #dialledAt: MonotonicMs = Number.NEGATIVE_INFINITY
  #resting: AbortController | undefined
  #timer: unknown
  /** How many waited when the upstream was back. */
  #crowd = 0
  /** From when on the next client is due. */
  #due: MonotonicMs = 0

  constructor(deps: WaitingRoomDeps) {
    this.#deps = deps
    this.#pace = new AdmissionPace(deps.perSecond)
    deps.search.onFound(() => this.#found())
  }

  /** How many wait. */
  get size(): number {
    return this.#all.size
  }

  /** Whether a client that comes now waits behind others, or would dial in vain. */
  get isWanted(): boolean {
    return this.#queues.size > 0 || this.#deps.isDown()
  }

  /** Undefined: there is no place for it. `signal` fires when it goes away. */
  enter(address: string, arrivedAt: MonotonicMs, signal: AbortSignal): Place | undefined {
    const giveBack = this.#deps.places.take(address)
    if (!giveBack) return undefined
    const waiter: Waiter = { address, arrivedAt, go: undefined, end: undefined, timer: undefined }
    this.#all.add(waiter)
    this.#limit(waiter)
    const onAbort = () => this.#end(waiter, 'left')
    signal.addEventListener('abort', onAbort)
    if (signal.aborted) onAbort()
    return {
      turn: () => this.#turn(waiter),
      dialled: (how, ms) => this.#dialled(how, ms),
      flooded: () => this.#end(waiter, 'flooded'),
      leave: () => {
        signal.removeEventListener('abort', onAbort)
        this.#deps.clock.clearTimeout(waiter.timer)
        this.#all.delete(waiter)
        giveBack()
      },
    }
  }

  /** Somebody else has dialled in vain just now: those inside need not do so at once. */
  dialledInVain(): void {
    this.#dialledAt = this.#deps.clock.now()
  }

  /** The route takes no clients any more. */
  dismiss(): void {
    for (const waiter of [...this.#all]) this.#end(waiter, 'drains')
  }

  /** The route's options, or its upstreams, have changed. */
  reconfigured(): void {
    for (const waiter of this.#all) this.#limit(waiter)
    this.#dialledAt = Number.NEGATIVE_INFINITY
    this.#resting?.abort()
  }

  #limit(waiter: Waiter): void {
    const { clock, wait } = this.#deps
    clock.clearTimeout(waiter.timer)
    const left = waiter.arrivedAt + wait() - clock.now()
    waiter.timer = clock.setTimeout(() => this.#end(waiter, 'over'), Math.max(0, left))
  }

  #turn(waiter: Waiter): Promise<Turn> {
    if (waiter.end) return Promise.resolve(waiter.end)
    return new Promise((resolve) => {
      waiter.go = resolve
      const own = this.#queues.get(waiter.address) ?? new Set()
      this.#queues.set(waiter.address, own.add(waiter))
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
    const own = this.#queues.get(waiter.address)
    own?.delete(waiter)
    if (own?.size === 0) this.#queues.delete(waiter.address)
    if (this.#queues.size === 0) this.#settle()
    go(turn)
  }

  /** The one whose turn it is dials. The next one is of another address, if there is another. */
  #dialNext(): void {
    const [next] = this.#queues
    if (!next) return
    const [address, own] = next
    const [waiter] = own
    this.#queues.delete(address)
    this.#queues.set(address, own)
    this.#dialling++
    this.#dialledAt = this.#deps.clock.now()
    this.#go(waiter!, 'dial')
  }

  #dialled(how: Dialled, ms: number): void {
    this.#dialling--
    if (how === 'answered') {
      this.#pace.took(ms)
      this.#deps.search.found()
    } else if (how === 'none' && this.#state === 'letting in') {
      this.#stopTimer()
      this.#state = 'searching'
    }
    this.#wake()
  }

  #found(): void {
    if (this.#state !== 'searching') return
    this.#state = 'letting in'
    this.#resting?.abort()
    this.#due = this.#deps.clock.now()
    this.#crowd = this.size
    this.#letIn()
  }

  /** Somebody waits for his turn. */
  #wake(): void {
    if (this.#queues.size === 0) return
    if (this.#state === 'empty') this.#state = 'searching'
    if (this.#state === 'letting in') this.#letIn()
    else this.#scout()
  }

  /** Nobody does any more. */
  #settle(): void {
    this.#stopTimer()
    this.#resting?.abort()
    this.#state = 'empty'
  }

  #scout(mayDial = this.#deps.clock.now() - this.#dialledAt >= dialEveryMs): void {
    if (this.#resting || this.#dialling >= scoutsAtMost) return
    if (mayDial) this.#dialNext()
    if (this.#queues.size > 0 && this.#state === 'searching') void this.#rest()
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
    this.#due = Math.max(this.#due, now - caughtUpMs)
    while (this.#state === 'letting in' && this.#due <= now && this.#dialling < enteringAtMost) {
      this.#due += this.#pace.interval(this.#crowd)
      this.#dialNext()
    }
    if (this.#state !== 'letting in') return
    const look = () => {
      this.#timer = undefined
      this.#letIn()
    }
    this.#timer = clock.setTimeout(look, Math.max(lookEveryMs, this.#due - now))
  }

  #stopTimer(): void {
    this.#deps.clock.clearTimeout(this.#timer)
    this.#timer = undefined
  }
}
