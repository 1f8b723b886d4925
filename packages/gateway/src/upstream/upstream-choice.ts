// Which of a route's upstreams a client is sent to: one that is healthy and not drained, has not just failed, and whose turn it is.
import type { Clock, RouteOptions } from '../core/index.ts'
import { AfterOutage } from './after-outage.ts'
import { refusedWords } from './dial-failure.ts'
import { type Credits, pickUpstream, type Routable } from './pick-upstream.ts'
import type { Upstream } from './upstream-group.ts'

export interface UpstreamChoiceDeps {
  /** Those in use now. */
  upstreams: () => readonly Upstream[]
  balance: () => RouteOptions['balance']
  clock: Clock
  /** Gives numbers in [0, 1). */
  random: () => number
}

export class UpstreamChoice {
  readonly #deps: UpstreamChoiceDeps
  /** Names that the operator has taken out. */
  readonly #drained = new Set<string>()
  readonly #afterOutage: AfterOutage<Upstream>
  #credits: Credits = new Map()

  constructor(deps: UpstreamChoiceDeps) {
    this.#deps = deps
    this.#afterOutage = new AfterOutage(deps.clock)
  }

  /** Not `not` when there is another. `mayTry`: after an outage it may be one that was away then, and may be still. */
  pick(request: Routable, not?: Upstream, mayTry = true): Upstream | undefined {
    const now = this.#deps.clock.now()
    const usable = this.#deps.upstreams().filter((upstream) => this.#isUsable(upstream))
    const others = usable.filter((upstream) => upstream !== not)
    const rested = others.filter(({ rest }) => rest.until <= now)
    const back = mayTry && rested.length > 0 ? this.#maybeBack(others, request) : undefined
    if (back) return back
    const candidates = [rested, others, usable].find(({ length }) => length > 0) ?? []
    const choice = pickUpstream(this.#deps.balance(), candidates, this.#credits, request, this.#deps.random)
    if (choice) this.#credits = choice.credits
    return choice?.chosen
  }

  /**
   * After an outage: one of those that refused connections in it, for this client to try. One that was silent is not tried: that would
   * take the client's time, too.
   */
  #maybeBack(others: readonly Upstream[], request: Routable): Upstream | undefined {
    if (!this.#afterOutage.isRecent) return undefined
    const now = this.#deps.clock.now()
    const balance = this.#deps.balance()
    // Clients with the same key stay together.
    const own =
      balance.by === 'hash' &&
      pickUpstream(balance, others, this.#credits, request, this.#deps.random)?.chosen
    const away = others.filter(
      (one) => one.rest.until > now && one.failure?.startsWith(refusedWords) && (!own || one === own),
    )
    return away.find((one) => this.#afterOutage.mayTry(one))
  }

  /** Whether `pick` would find one. */
  usable(): boolean {
    return this.#deps.upstreams().some((upstream) => this.#isUsable(upstream))
  }

  /** Whether there is another one that can be picked and has not just failed. */
  #hasOther(upstream: Upstream): boolean {
    const now = this.#deps.clock.now()
    return this.#deps
      .upstreams()
      .some((one) => one !== upstream && this.#isUsable(one) && one.rest.until <= now)
  }

  /** Whether a dial is as good as in vain now: none can be picked, or every one that can has just failed. */
  get isDown(): boolean {
    const now = this.#deps.clock.now()
    return !this.#deps.upstreams().some((upstream) => this.#isUsable(upstream) && upstream.rest.until <= now)
  }

  #isUsable({ healthy, name }: Upstream): boolean {
    return healthy && !this.#drained.has(name)
  }

  /** It answers again, or is healthy again. Where there is no other, that was an outage. */
  cameBack(upstream: Upstream): void {
    if (!this.#hasOther(upstream)) this.#afterOutage.begin()
  }

  /** Whether an outage has ended a moment ago. */
  get isAfterOutage(): boolean {
    return this.#afterOutage.isRecent
  }

  /** Other upstreams are in use from now on. */
  beginAnew(): void {
    this.#credits = new Map()
  }

  drain(name: string): void {
    this.#drained.add(name)
  }

  /** False when it is not drained. */
  undrain(name: string): boolean {
    return this.#drained.delete(name)
  }

  isDrained(name: string): boolean {
    return this.#drained.has(name)
  }

  /** There are only these names any more. */
  keepDrained(names: readonly string[]): void {
    for (const name of this.#drained) if (!names.includes(name)) this.#drained.delete(name)
  }
}
