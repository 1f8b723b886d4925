// What a gateway keeps for one route while it runs: its pool and its counts.
import {
  countedCode,
  type Direction,
  type HandshakeResult,
  type HoldResult,
  type MonotonicMs,
  type RouteCounters,
  type RouteInfo,
  type RouteOptions,
  type Traffic,
} from '../core/index.ts'
import { type HoldNews, Restoring, SearchParty } from '../hold/index.ts'
import { loadedReplay, loadReplay, type ReplayModule } from '../hold/replay/index.ts'
import type { UpstreamPool } from '../upstream/index.ts'
import { type Connection, shownState } from './connections.ts'

/** Milliseconds between two lines of the log about clients of a route that found no upstream. */
const sayEvery = 5000

/** Upper bounds of the histogram of re-attachments, in seconds. */
const reattachBuckets = [0.05, 0.1, 0.25, 0.5, 1, 2, 5, 10, 30, 60]

export class RouteState {
  options: RouteOptions
  readonly pool: UpstreamPool
  readonly news: HoldNews
  /** Its held clients that look for an upstream. */
  readonly searching = new SearchParty()
  /** Whether its servers restore sessions, as far as it is known. */
  readonly restoring = new Restoring()
  #replay: ReplayModule | undefined
  /** While the module is on its way; what was asked for last counts. */
  #loading: Promise<ReplayModule | undefined> | undefined
  readonly #handshakes: Record<string, number> = {}
  readonly #closes: Record<string, number> = {}
  /** Of connections that are gone; that of live ones is added when somebody looks. */
  readonly #traffic: Traffic = {
    messages: { 'to-upstream': 0, 'to-client': 0 },
    bytes: { 'to-upstream': 0, 'to-client': 0 },
  }

  readonly #lost: RouteCounters['lost'] = { 'to-upstream': 0, 'to-client': 0 }
  readonly #reattachments: Record<string, number> = {}
  readonly #reattachSeconds: Record<string, number> = Object.fromEntries(
    [...reattachBuckets, Number.POSITIVE_INFINITY].map((seconds) => [seconds, 0]),
  )
  #reattachSum = 0
  /** Clients turned away since the log last said so, and when that was. */
  #turnedAway = 0
  #saidAt: MonotonicMs = Number.NEGATIVE_INFINITY

  constructor(options: RouteOptions, pool: UpstreamPool, news: HoldNews) {
    this.options = options
    this.pool = pool
    this.news = news
    this.load()
  }

  /**
   * Takes other options over, and with them what the next upstream of a held client is told. A module that this process
   * has loaded counts at once.
   */
  configure(options: RouteOptions): void {
    this.options = options
    this.restoring.forget()
    this.load()
  }

  /** Loads the replay module that the options ask for. */
  load(): void {
    const { hold } = this.options
    this.#replay = undefined
    this.#loading = undefined
    if (!hold) return
    try {
      this.#replay = loadedReplay(hold.replay)
    } catch {
      const loading = loadReplay(hold.replay)
      this.#loading = loading
      loading.then(
        (module) => {
          if (this.#loading !== loading) return
          this.#loading = undefined
          this.#replay = module
        },
        // Whoever needs the module hears of the failure.
        () => {},
      )
    }
  }

  /**
   * The options and the replay module as they belong together; a reload may come while they are waited for.
   *
   * @throws {GatewayError} The module cannot be loaded.
   */
  async ready(): Promise<{ options: RouteOptions; replay: ReplayModule | undefined }> {
    while (this.#loading) await this.#loading
    return { options: this.options, replay: this.#replay }
  }

  countHandshake(result: HandshakeResult): void {
    this.#handshakes[result] = (this.#handshakes[result] ?? 0) + 1
  }

  /** The result is as what it counts. */
  countClose(code: number, by: string): string {
    const key = `${countedCode(code, Object.values(this.options.closeCodes))}:${by}`
    this.#closes[key] = (this.#closes[key] ?? 0) + 1
    return key
  }

  countLost(direction: Direction, messages: number): void {
    this.#lost[direction] += messages
  }

  /** Counts a hold that ended; the time without an upstream counts where there is another now. */
  countReattachment(result: HoldResult, ms: number): void {
    this.#reattachments[result] = (this.#reattachments[result] ?? 0) + 1
    if (result !== 'attached') return
    const bucket = reattachBuckets.find((seconds) => ms <= seconds * 1000) ?? Number.POSITIVE_INFINITY
    this.#reattachSeconds[bucket] = (this.#reattachSeconds[bucket] ?? 0) + 1
    this.#reattachSum += ms / 1000
  }

  /**
   * Counts a client that found no upstream. Now and then the result is how many there were since the last time: the
   * log says it once for all of them, because a dead backend turns away every client.
   */
  turnedAway(now: MonotonicMs): number | undefined {
    this.#turnedAway++
    if (now - this.#saidAt < sayEvery) return undefined
    this.#saidAt = now
    const clients = this.#turnedAway
    this.#turnedAway = 0
    return clients
  }

  /** Takes over what a connection handed on that is going. */
  countTraffic(traffic: Traffic): void {
    add(this.#traffic, traffic)
  }

  info(connections: Iterable<Connection>): RouteInfo {
    const counters: RouteCounters = {
      handshakes: { ...this.#handshakes },
      closes: { ...this.#closes },
      messages: { ...this.#traffic.messages },
      bytes: { ...this.#traffic.bytes },
      lost: { ...this.#lost },
      reattachments: { ...this.#reattachments },
      reattachSeconds: { ...this.#reattachSeconds },
      reattachSum: this.#reattachSum,
    }
    const byState = { open: 0, held: 0, closing: 0 }
    for (const { route, pipe } of connections) {
      if (route !== this.options.name) continue
      byState[shownState(pipe)]++
      add(counters, pipe.traffic)
    }
    const upstreams = this.pool.upstreams.map(({ name, target, healthy, connections, lastError }) => ({
      name,
      address: `${target.host}:${target.port}`,
      healthy,
      connections,
      lastError,
    }))
    return { name: this.options.name, connections: byState, upstreams, counters }
  }
}

function add(sum: Traffic, { messages, bytes }: Traffic): void {
  for (const direction of ['to-upstream', 'to-client'] as const) {
    sum.messages[direction] += messages[direction]
    sum.bytes[direction] += bytes[direction]
  }
}
