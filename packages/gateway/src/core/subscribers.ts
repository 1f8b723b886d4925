/** Listeners to events of one kind: each hears of all, and one that throws keeps no other from it. */
export class Subscribers<E> {
  readonly #listeners = new Set<(event: E) => void>()
  readonly #onFault: (error: unknown) => void

  constructor(onFault: (error: unknown) => void) {
    this.#onFault = onFault
  }

  /** Calls the listener with every event; the result ends that. */
  add(listener: (event: E) => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  emit(event: E): void {
    for (const listener of [...this.#listeners]) {
      try {
        listener(event)
      } catch (error) {
        this.#onFault(error)
      }
    }
  }
}
