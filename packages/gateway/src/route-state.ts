// What a gateway keeps for one route while it runs: its pool and its counts.
import { type Connection, shownState } from './connections.ts'
import type { RouteOptions } from './options.ts'
import type { RouteCounters, RouteInfo, Traffic } from './snapshot.ts'
import { emptyCounters } from './totals.ts'
import type { UpstreamPool } from './upstreams.ts'

export type HandshakeResult =
  | 'accepted'
  | 'bad-gateway'
  | 'busy'
  | 'rejected'
  | 'origin-refused'
  | 'over-limit'
  | 'draining'
  | 'abandoned'
  | 'fault'

/** Milliseconds between two lines of the log about clients of a route that found no upstream. */
const sayEvery = 5000

export class RouteState {
  options: RouteOptions
  readonly pool: UpstreamPool
  readonly #handshakes: Record<string, number> = {}
  readonly #closes: Record<string, number> = {}
  /** Of connections that are gone; that of live ones is added when somebody looks. */
  readonly #traffic: Traffic = {
    messages: { 'to-upstream': 0, 'to-client': 0 },
    bytes: { 'to-upstream': 0, 'to-client': 0 },
  }

  /** Clients turned away since the log last said so, and when that was. */
  #turnedAway = 0
  #saidAt = Number.NEGATIVE_INFINITY

  constructor(options: RouteOptions, pool: UpstreamPool) {
    this.options = options
    this.pool = pool
  }

  countHandshake(result: HandshakeResult): void {
    this.#handshakes[result] = (this.#handshakes[result] ?? 0) + 1
  }

  countClose(code: number, by: string): void {
    const key = `${code}:${by}`
    this.#closes[key] = (this.#closes[key] ?? 0) + 1
  }

  /**
   * Counts a client that found no upstream. Now and then the result is how many there were since the last time: the
   * log says it once for all of them, because a dead backend turns away every client.
   */
  turnedAway(now: number): number | undefined {
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
      ...emptyCounters(),
      handshakes: { ...this.#handshakes },
      closes: { ...this.#closes },
      messages: { ...this.#traffic.messages },
      bytes: { ...this.#traffic.bytes },
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
