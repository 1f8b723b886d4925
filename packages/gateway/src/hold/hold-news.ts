// Tells the story of a route's holds: a thousand connections that lose their upstream at once are one line of the log
// and one event, not a thousand.
import type { Logger } from 'pino'
import type { Clock, GatewayEvent, HoldResult } from '../core/index.ts'

export interface HoldNewsDeps {
  route: string
  clock: Clock
  log: Pick<Logger, 'info' | 'warn'>
  emit: (event: GatewayEvent) => void
}

/** Milliseconds over which news is gathered. */
const every = 250

export class HoldNews {
  readonly #deps: HoldNewsDeps
  #held = 0
  #lost = 0
  #ended: Partial<Record<HoldResult, number>> = {}
  /** The longest time without an upstream, in milliseconds, of those that ended since the last news. */
  #longest = 0
  #timer: unknown

  constructor(deps: HoldNewsDeps) {
    this.#deps = deps
  }

  /** A connection has lost its upstream and is held. */
  held(): void {
    this.#held++
    this.#lost++
    this.#later()
  }

  /** A held connection has come from another process, or has gone to one. */
  carried(by: 1 | -1): void {
    this.#held += by
  }

  /** A held connection goes on, or has ended. */
  ended(result: HoldResult, ms: number): void {
    this.#held--
    this.#ended[result] = (this.#ended[result] ?? 0) + 1
    this.#longest = Math.max(this.#longest, ms)
    this.#later()
  }

  #later(): void {
    this.#timer ??= this.#deps.clock.setTimeout(() => this.#tell(), every)
  }

  #tell(): void {
    const { route, clock, log, emit } = this.#deps
    const news = { lost: this.#lost, ended: this.#ended as Record<string, number>, held: this.#held }
    const longest = Math.round(this.#longest)
    this.#timer = undefined
    this.#lost = 0
    this.#ended = {}
    this.#longest = 0
    emit({ type: 'hold', at: clock.wall(), route, ...news })
    const { attached = 0, ...others } = news.ended
    if (news.lost > 0) log.info({ route, connections: news.lost }, 'upstream gone, clients are held')
    if (attached > 0) {
      log.info(
        { route, connections: attached, held: news.held, longest },
        'held clients go on with an upstream',
      )
    }
    if (Object.keys(others).length > 0) {
      log.warn({ route, ...others, held: news.held }, 'held clients have ended')
    }
  }
}
