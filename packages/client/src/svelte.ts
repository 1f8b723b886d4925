// The package's entry for Svelte. It imports nothing of Svelte: what `webSocketStore` makes is a store as it is.
import type { WebSocketStore } from './store.ts'

export type { StoreUrl, WebSocketStatus, WebSocketStore, WebSocketStoreOptions } from './store.ts'
export { webSocketStore } from './store.ts'

/** A Svelte store that can be read, and not set. Source: Svelte, "Store contract". */
export interface Readable<T> {
  /** Calls `run` now and after each change; returns the function that ends this. */
  subscribe(run: (value: T) => void): () => void
}

/** A store of the whole seconds until the next attempt, counted down; null while none is waited for. Connects nobody. */
export function secondsLeft(store: WebSocketStore): Readable<number | null> {
  return {
    subscribe(run) {
      const tell = () => run(store.getSecondsLeft())
      tell()
      return store.subscribeSeconds(tell)
    },
  }
}
