// When the gateway, a route or an upstream must go: each connection gets its Close at its own time, with its own
// delay, so that the clients come back at a flat rate instead of all at once.
import assert from 'node:assert/strict'
import type { Clock, DrainInfo, DrainOptions, MonotonicMs } from '../core/index.ts'
import type { Connection, Connections } from './connections.ts'

/** When a drained connection is closed, and when its client is told to come back. */
export interface DrainSlot {
  /** Milliseconds after the start at which the Close is sent. */
  at: number
  /** Milliseconds that the client is told to wait. */
  retry: number
}

/**
 * One slot for each of `count` connections, in order of time. Slot i lies in the i-th part of `spread` and its delay
 * in the i-th part of `retry`, so that the times of return, at + retry, are spread evenly too: over
 * spread + (greatest - least) milliseconds. Two independent draws would pile up in the middle.
 */
export function drainSlots(count: number, options: DrainOptions, random: () => number): DrainSlot[] {
  const [least, greatest] = options.retry
  return Array.from({ length: count }, (_, i) => ({
    at: Math.floor(((i + random()) / count) * options.spread),
    retry: Math.round(least + ((i + random()) / count) * (greatest - least)),
  }))
}

export interface DrainDeps {
  connections: Connections
  clock: Clock
  random: () => number
  onProgress: (info: DrainInfo) => void
  /** Whether one has to go that has gone on with another upstream. */
  mustStillGo: (connection: Connection) => boolean
  /** Tells a connection to go; what it then gets is up to the caller. `remainingMs`: until it is cut. False: it need not go any more. */
  close: (connection: Connection, retry: number, remainingMs: number) => boolean
}

/** Drains the given connections; resolves when none of them is left, at the latest at the deadline. */
export function drain(
  scope: string,
  chosen: Connection[],
  options: DrainOptions,
  deps: DrainDeps,
): Promise<DrainInfo> {
  return new Promise((resolve) => new Drain(scope, chosen, options, deps, resolve).begin())
}

class Drain {
  readonly #options: DrainOptions
  readonly #deps: DrainDeps
  readonly #slots: DrainSlot[]
  /** In the order of the slots. */
  readonly #queue: Connection[]
  readonly #left: Set<Connection>
  readonly #info: DrainInfo
  readonly #start: MonotonicMs
  readonly #resolve: (info: DrainInfo) => void
  #nextSlot = 0
  #timer: unknown
  #deadline: unknown
  #stopWatching = () => {}

  constructor(
    scope: string,
    chosen: Connection[],
    options: DrainOptions,
    deps: DrainDeps,
    resolve: (info: DrainInfo) => void,
  ) {
    this.#options = options
    this.#deps = deps
    this.#resolve = resolve
    this.#slots = drainSlots(chosen.length, options, deps.random)
    this.#queue = shuffled(chosen, deps.random)
    this.#left = new Set(chosen)
    this.#info = { scope, total: chosen.length, closed: 0, moved: 0, cut: 0, done: false }
    this.#start = deps.clock.now()
  }

  begin(): void {
    const { connections, clock } = this.#deps
    for (const connection of this.#queue) connection.drained = true
    this.#stopWatching = connections.watch((connection, how) => {
      if (how === 'gone') this.#settle(connection, 'closed')
      else if (how === 'given' || !this.#deps.mustStillGo(connection)) this.#settle(connection, 'moved')
    })
    this.#deadline = clock.setTimeout(() => this.#cut(), this.#options.deadline)
    this.#closeDue()
    this.#finishWhenEmpty()
  }

  #settle(connection: Connection, how: 'closed' | 'moved'): void {
    if (!this.#left.delete(connection)) return
    this.#info[how]++
    if (how === 'moved') connection.drained = undefined
    this.#finishWhenEmpty()
  }

  /** The deadline is over. */
  #cut(): void {
    this.#info.cut = this.#left.size
    const rest = [...this.#left]
    this.#left.clear()
    for (const connection of rest) connection.pipe.cut()
    this.#finishWhenEmpty()
  }

  #closeDue(): void {
    const { clock, close, onProgress } = this.#deps
    const slots = this.#slots
    const { deadline } = this.#options
    const now = clock.now() - this.#start
    for (; this.#nextSlot < slots.length && slots[this.#nextSlot]!.at <= now; this.#nextSlot++) {
      const connection = this.#queue[this.#nextSlot]!
      if (!this.#left.has(connection)) continue
      const remaining = Math.max(0, deadline - now)
      if (!close(connection, slots[this.#nextSlot]!.retry, remaining)) this.#settle(connection, 'moved')
    }
    onProgress({ ...this.#info })
    const next = slots[this.#nextSlot]
    if (next) this.#timer = clock.setTimeout(() => this.#closeDue(), Math.max(1, next.at - now))
  }

  #finishWhenEmpty(): void {
    const { clock, onProgress } = this.#deps
    const info = this.#info
    if (this.#left.size > 0 || info.done) return
    info.done = true
    assert(info.closed + info.moved + info.cut === info.total, 'a drain has lost count of its connections')
    this.#stopWatching()
    clock.clearTimeout(this.#deadline)
    clock.clearTimeout(this.#timer)
    onProgress({ ...info })
    this.#resolve({ ...info })
  }
}

function shuffled<T>(items: T[], random: () => number): T[] {
  const result = [...items]
  for (let i = result.length - 1; i > 0; i--) {
    const j = Math.floor(random() * (i + 1))
    ;[result[i], result[j]] = [result[j]!, result[i]!]
  }
  return result
}
