// What a route counts: handshakes, closes, messages, holds. Monotonic, as Prometheus wants it.
import {
  countedCode,
  type Direction,
  type HandshakeResult,
  type HoldResult,
  type RouteCounters,
  type Traffic,
} from '../core/index.ts'

/** How a wait in the room ended; `no-room`: it did not begin. */
export type WaitResult = 'answered' | 'over' | 'left' | 'drains' | 'flooded' | 'no-room'

/** Upper bounds of the histogram of re-attachments, in seconds. */
const reattachBuckets = [0.05, 0.1, 0.25, 0.5, 1, 2, 5, 10, 30, 60]

export class RouteCounts {
  /** Codes that the configuration gives, which are counted by themselves. */
  readonly #ownCodes: () => number[]
  readonly #handshakes: Record<string, number> = {}
  readonly #waits: Record<string, number> = {}
  readonly #judged: Record<string, number> = {}
  readonly #turnedAway: Record<string, number> = {}
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

  constructor(ownCodes: () => number[]) {
    this.#ownCodes = ownCodes
  }

  handshake(result: HandshakeResult): void {
    addOne(this.#handshakes, result)
  }

  wait(result: WaitResult): void {
    addOne(this.#waits, result)
  }

  /** A Close that may have been a restart was found to be one, or not, or its client left before. */
  judged(as: 'restart' | 'kick' | 'left'): void {
    addOne(this.#judged, as)
  }

  /** A client was told that it gets no connection. */
  turnedAway(by: 'close' | 'http', code: number): void {
    addOne(this.#turnedAway, `${by}:${by === 'close' ? countedCode(code, this.#ownCodes()) : code}`)
  }

  /** The result is as what it counts. */
  close(code: number, by: string): string {
    const key = `${countedCode(code, this.#ownCodes())}:${by}`
    addOne(this.#closes, key)
    return key
  }

  lost(direction: Direction, messages: number): void {
    this.#lost[direction] += messages
  }

  /** A hold has ended; the time without an upstream counts where there is another now. */
  reattachment(result: HoldResult, ms: number): void {
    addOne(this.#reattachments, result)
    if (result !== 'attached') return
    const bucket = reattachBuckets.find((seconds) => ms <= seconds * 1000) ?? Number.POSITIVE_INFINITY
    addOne(this.#reattachSeconds, `${bucket}`)
    this.#reattachSum += ms / 1000
  }

  /** Takes over what a connection handed on that is going. */
  traffic(traffic: Traffic): void {
    addTraffic(this.#traffic, traffic)
  }

  /** A copy, to which what live connections have handed on can be added. */
  shown(): RouteCounters {
    return {
      handshakes: { ...this.#handshakes },
      closes: { ...this.#closes },
      messages: { ...this.#traffic.messages },
      bytes: { ...this.#traffic.bytes },
      lost: { ...this.#lost },
      reattachments: { ...this.#reattachments },
      reattachSeconds: { ...this.#reattachSeconds },
      reattachSum: this.#reattachSum,
      waits: { ...this.#waits },
      judged: { ...this.#judged },
      turnedAway: { ...this.#turnedAway },
    }
  }
}

function addOne(counts: Record<string, number>, key: string): void {
  counts[key] = (counts[key] ?? 0) + 1
}

export function addTraffic(sum: Traffic, { messages, bytes }: Traffic): void {
  for (const direction of ['to-upstream', 'to-client'] as const) {
    sum.messages[direction] += messages[direction]
    sum.bytes[direction] += bytes[direction]
  }
}
