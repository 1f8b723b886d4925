// Routes that a reload has removed: their counters are shown until whoever collects them has had the time to see the last of
// them. Without that the closes of a reload would be in no number.
import type { GatewaySnapshot } from '../core/index.ts'

/** Scrapes after the last connection is gone, after which the counters may go: one may fail, or be somebody who looks. */
const scrapesAtLeast = 3
/** Removed routes that are remembered. */
const atMost = 20

export class RemovedRoutes {
  /** How many scrapes each has seen since its last connection went; the one removed first comes first. */
  readonly #scrapes = new Map<string, number>()

  get names(): string[] {
    return [...this.#scrapes.keys()]
  }

  has(name: string): boolean {
    return this.#scrapes.has(name)
  }

  /** The routes of a configuration, and of the one in its place. */
  reloaded(before: readonly string[], after: readonly string[]): void {
    for (const name of after) this.#scrapes.delete(name)
    for (const name of before) if (!after.includes(name)) this.#scrapes.set(name, 0)
    const [oldest] = this.#scrapes.keys()
    if (this.#scrapes.size > atMost && oldest !== undefined) this.#scrapes.delete(oldest)
  }

  /** Somebody has collected the counters of this snapshot. */
  scraped({ routes }: GatewaySnapshot): void {
    for (const { name, removed, connections } of routes) {
      const seen = this.#scrapes.get(name)
      if (!removed || seen === undefined || connections.open + connections.held + connections.closing > 0)
        continue
      if (seen + 1 >= scrapesAtLeast) this.#scrapes.delete(name)
      else this.#scrapes.set(name, seen + 1)
    }
  }
}
