// Limits over all gateways of a fleet. The store decides, many admissions at once; while it does not, this gateway does, by what it has
// itself. What a node has is said as a number and not as a change, so that nothing is wrong for long.
import type { Clock, LimitOptions, MonotonicMs, RouteOptions } from '../core/index.ts'
import { type Admission, fullRetry, type Ledger, queueRetry } from '../handshake/index.ts'
import { admissionArgs, fieldOf, type Group, groupsOf, type Place } from './admission-call.ts'
import { admitScript } from './admit-script.ts'
import { forgetScript } from './forget-script.ts'
import { fleetKey, type Reply, type Script } from './store.ts'

/** Milliseconds for which the first admission waits for others, and those of a burst that goes on. */
const gatherMs = 2
const burstMs = 20
/** Milliseconds after which the store hears of connections that have ended, when nobody comes. */
const releaseMs = 100
/** Of a call: fields, and requests. */
const maxFields = 250
const maxRequests = 250

interface Request {
  route: string
  limits: LimitOptions
  address: string
  resolve(admission: Admission): void
  timer: unknown
  /** This gateway has decided by itself. */
  isDone: boolean
}

export interface FleetLedgerDeps {
  local: Ledger
  fleet: string
  id: string
  call: (script: Script, keys: string[], args: (string | number)[]) => Promise<Reply>
  /** The store knows nothing of this node. */
  onUnknown: () => void
  clock: Clock
  /** Milliseconds that a client waits for the store; then this gateway decides. */
  decideWithinMs: number
  random?: () => number
}

export class FleetLedger {
  readonly #deps: FleetLedgerDeps
  readonly #random: () => number
  /** Limits that count over the fleet, by route. */
  #shared = new Map<string, LimitOptions>()
  /** The store knows what this node has. */
  #isReady = false
  #round = 0
  #waiting: Request[] = []
  /** Counts that the store has to hear, by field; none are noted while it is to hear everything anyway. */
  #changed = new Map<string, Place>()
  #follows = false
  #isSending = false
  #sentAt: MonotonicMs = Number.NEGATIVE_INFINITY
  #timer: unknown
  #dueAt: MonotonicMs = Number.POSITIVE_INFINITY
  /** Who has decided. */
  readonly admissions = { store: 0, local: 0 }

  constructor(deps: FleetLedgerDeps) {
    this.#deps = deps
    this.#random = deps.random ?? Math.random
  }

  /** Takes routes over. What came in before a route had such limits counts from now on. */
  configure(routes: readonly RouteOptions[]): void {
    this.#deps.local.keep(routes.map(({ name }) => name))
    const before = this.#shared
    this.#shared = new Map(
      routes.filter(({ limits }) => limits.scope === 'fleet').map(({ name, limits }) => [name, limits]),
    )
    for (const place of this.#places([...before.keys(), ...this.#shared.keys()])) this.#change(place)
    this.#schedule(releaseMs)
  }

  admit(route: string, limits: LimitOptions, address: string): Admission | Promise<Admission> {
    if (limits.scope !== 'fleet') return this.#deps.local.admit(route, limits, address)
    if (!this.#isReady) return this.#decide({ route, limits, address })
    return new Promise((resolve) => {
      const request: Request = { route, limits, address, resolve, timer: undefined, isDone: false }
      request.timer = this.#deps.clock.setTimeout(() => this.#decideAlone(request), this.#deps.decideWithinMs)
      this.#waiting.push(request)
      this.#schedule(Math.max(gatherMs, this.#sentAt + burstMs - this.#deps.clock.now()))
    })
  }

  /** Takes a place whatever the limits: the connection is there. The result gives it back, once. */
  enter(route: string, address: string): () => void {
    const release = this.#deps.local.enter(route, address)
    // A worker has let it in by itself.
    if (this.#shared.has(route)) this.admissions.local++
    this.#touch(route, address)
    return this.#releasing(route, address, release)
  }

  /** The store does not answer: this gateway decides. */
  away(): void {
    this.#isReady = false
    this.#follows = false
    this.#changed.clear()
    this.#round++
    for (const request of this.#waiting.splice(0)) this.#decideAlone(request)
  }

  /** Says all that this node has, to a store that may know nothing of it, or what is not so any more. */
  async announce(): Promise<void> {
    this.away()
    const round = this.#round
    const { call, id } = this.#deps
    const keys = ['members', `uses:${id}`, 'totals', 'dead'].map((part) => this.#key(part))
    for (;;) {
      const left = await call(forgetScript, keys, [id, 1])
      if (round !== this.#round) return
      if (left === 0) break
    }
    this.#follows = true
    const places = this.#places([...this.#shared.keys()])
    for (let from = 0; from < places.length; from += maxFields) {
      const reply = await this.#ask(places.slice(from, from + maxFields), [])
      if (round !== this.#round) return
      if (reply === 'unknown') {
        this.away()
        return this.#deps.onUnknown()
      }
    }
    this.#isReady = true
    this.#schedule(releaseMs)
  }

  stop(): void {
    this.away()
    this.#deps.clock.clearTimeout(this.#timer)
  }

  #key(part: string): string {
    return fleetKey(this.#deps.fleet, part)
  }

  /** Everything that this node has on these routes. */
  #places(routes: readonly string[]): Place[] {
    return [...new Set(routes)].flatMap((route) => [
      [route, undefined] as const,
      ...this.#deps.local.addresses(route).map((address) => [route, address] as const),
    ])
  }

  #touch(route: string, address: string): void {
    if (!this.#shared.has(route)) return
    this.#change([route, undefined])
    this.#change([route, address])
    this.#schedule(releaseMs)
  }

  #change(place: Place): void {
    if (this.#follows) this.#changed.set(fieldOf(place), place)
  }

  /** By what this gateway has itself. */
  #decide({ route, limits, address }: Pick<Request, 'route' | 'limits' | 'address'>): Admission {
    this.admissions.local++
    const admission = this.#deps.local.admit(route, limits, address)
    if (!admission.ok) return admission
    this.#touch(route, address)
    return { ok: true, release: this.#releasing(route, address, () => admission.release()) }
  }

  #decideAlone(request: Request): void {
    if (request.isDone) return
    this.#deps.clock.clearTimeout(request.timer)
    request.isDone = true
    request.resolve(this.#decide(request))
  }

  #releasing(route: string, address: string, release: () => void): () => void {
    let isReleased = false
    return () => {
      if (isReleased) return
      isReleased = true
      release()
      this.#touch(route, address)
    }
  }

  /** Sends what there is in so many milliseconds, or sooner. */
  #schedule(ms: number): void {
    const { clock } = this.#deps
    const dueAt = clock.now() + ms
    if (this.#isSending || !this.#isReady || dueAt >= this.#dueAt) return
    clock.clearTimeout(this.#timer)
    this.#dueAt = dueAt
    this.#timer = clock.setTimeout(() => {
      this.#dueAt = Number.POSITIVE_INFINITY
      void this.#send()
    }, ms)
  }

  async #send(): Promise<void> {
    if (this.#isSending || !this.#isReady) return
    const requests = this.#waiting.splice(0, maxRequests).filter(({ isDone }) => !isDone)
    const groups = groupsOf(requests)
    const changed = [...this.#changed].slice(0, maxFields)
    if (groups.length === 0 && changed.length === 0) return
    for (const [field] of changed) this.#changed.delete(field)
    this.#isSending = true
    this.#sentAt = this.#deps.clock.now()
    try {
      const reply = await this.#ask(
        changed.map(([, place]) => place),
        groups,
      )
      if (reply === 'unknown') {
        this.away()
        this.#deps.onUnknown()
      } else
        for (const [index, group] of groups.entries()) this.#grant(group, (reply as number[][])[index] ?? [])
    } catch {
      // The store is away, and will hear all of it when it is back.
    } finally {
      this.#isSending = false
      for (const request of requests) this.#decideAlone(request)
      if (this.#waiting.length > 0) this.#schedule(gatherMs)
      else if (this.#changed.size > 0) this.#schedule(releaseMs)
    }
  }

  #ask(places: Place[], groups: Group<Request>[]): Promise<Reply> {
    const { call, id, local } = this.#deps
    const held = ([route, address]: Place) => (this.#shared.has(route) ? local.held(route, address) : 0)
    const keys = ['members', `uses:${id}`, 'totals', 'rates'].map((part) => this.#key(part))
    return call(admitScript, keys, [id, ...admissionArgs(places, groups, held)])
  }

  #grant(
    { route, address, limits, requests }: Group<Request>,
    [granted = 0, met = 0, waitMs = 0]: number[],
  ): void {
    let left = granted
    let refused = 0
    for (const request of requests) {
      if (request.isDone) continue
      this.#deps.clock.clearTimeout(request.timer)
      request.isDone = true
      this.admissions.store++
      if (left > 0) {
        left--
        const release = this.#deps.local.enter(route, address)
        request.resolve({ ok: true, release: this.#releasing(route, address, release) })
        continue
      }
      const limit = met === 2 ? 'perAddress' : met === 3 ? 'handshakesPerSecond' : 'connections'
      const intervalMs = 1000 / (limits.handshakesPerSecond ?? 1)
      const retry =
        met === 3 ? queueRetry(waitMs + refused * intervalMs, this.#random) : fullRetry(this.#random)
      refused++
      request.resolve({ ok: false, limit, retry })
    }
    // Granted too late for those who asked.
    if (left > 0) this.#touch(route, address)
  }
}
