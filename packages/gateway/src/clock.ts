/** Time and timers, as a parameter, so that tests can turn them by hand. */
export interface Clock {
  /** Unix milliseconds. */
  now(): number
  setTimeout(callback: () => void, ms: number): unknown
  clearTimeout(timer: unknown): void
}

/** The machine's own clock. Its timers do not keep a process alive: its sockets do. */
export const systemClock: Clock = {
  now: Date.now,
  setTimeout: (callback, ms) => setTimeout(callback, ms).unref(),
  clearTimeout: (timer) => clearTimeout(timer as NodeJS.Timeout),
}
