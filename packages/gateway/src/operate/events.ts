// What happens in the gateway, for those who watch: every event has a number, and the latest are kept.
import { attempt, type GatewayEvent, type UnixMs, type UpgradeInfo } from '../core/index.ts'

/** An event of a worker's gateway, or one of the supervisor's own. */
export type FeedEvent =
  | (GatewayEvent & { worker: number })
  | { type: 'worker'; at: UnixMs; worker: number; pid: number; state: 'ready' | 'gone' }
  | { type: 'reload'; at: UnixMs; changes: string[]; drained: number }
  /** What the operator had drained was taken back in. */
  | { type: 'undrain'; at: UnixMs; parts: string[] }
  | { type: 'upgrade'; at: UnixMs; upgrade: UpgradeInfo }
  /** How many events came faster than they could be passed on. */
  | { type: 'dropped'; at: UnixMs; worker: number; events: number }

export interface NumberedEvent {
  id: number
  event: FeedEvent
}

/** Events that a watcher who comes back can still get. */
const maxKept = 256
/** Upstreams whose health is remembered: a name that resolves to other addresses all the time has more in its life. */
const maxUpstreams = 10_000

export class EventFeed {
  readonly #watchers = new Set<(event: NumberedEvent) => void>()
  readonly #kept: NumberedEvent[] = []
  /** By route and upstream. */
  readonly #health = new Map<string, string>()
  #ids = 0

  /** How many watch now. */
  get watchers(): number {
    return this.#watchers.size
  }

  publish(event: FeedEvent): void {
    if (!this.#isChange(event)) return
    const numbered = { id: ++this.#ids, event }
    this.#kept.push(numbered)
    if (this.#kept.length > maxKept) this.#kept.shift()
    for (const watcher of [...this.#watchers]) {
      // Whoever publishes has other things to do than a watcher's fault: that watcher sees no more.
      attempt(
        () => watcher(numbered),
        () => this.#watchers.delete(watcher),
      )
    }
  }

  /** The kept events after the one with this number. */
  after(id: number): NumberedEvent[] {
    return this.#kept.filter((event) => event.id > id)
  }

  /** Goes on behind these, which another process has kept. */
  goOn(kept: readonly NumberedEvent[]): void {
    this.#kept.unshift(...kept)
    this.#ids = Math.max(this.#ids, kept.at(-1)?.id ?? 0)
  }

  /** Calls the watcher with every event from now on; the result ends that. */
  watch(watcher: (event: NumberedEvent) => void): () => void {
    this.#watchers.add(watcher)
    return () => this.#watchers.delete(watcher)
  }

  /** Forgets what upstreams were like: another configuration has others. */
  forgetHealth(): void {
    this.#health.clear()
  }

  /** Every worker checks every upstream: the first that sees a change tells it. */
  #isChange(event: FeedEvent): boolean {
    if (event.type !== 'health') return true
    const key = `${event.route}\n${event.upstream}`
    const known = event.state ?? String(event.healthy)
    if (this.#health.get(key) === known) return false
    this.#health.delete(key)
    this.#health.set(key, known)
    if (this.#health.size > maxUpstreams) this.#health.delete(this.#health.keys().next().value!)
    return true
  }
}
