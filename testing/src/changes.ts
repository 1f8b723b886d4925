import { type EventuallyOptions, eventually, type Subscribe } from './eventually.ts'

/** Something whose state others wait for: it says when it changed, they look again. */
export class Changes {
  #listeners = new Set<() => void>()

  notify(): void {
    for (const listener of [...this.#listeners]) listener()
  }

  readonly subscribe: Subscribe = (listener) => {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  /** Resolves with the first truthy value of `check`, asked now and after every change. */
  until<T>(what: string, check: () => T | Promise<T>, options: Omit<EventuallyOptions, 'on'> = {}) {
    return eventually(what, check, { ...options, on: this.subscribe })
  }
}
