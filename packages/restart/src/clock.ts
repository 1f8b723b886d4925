/** Time and timers, as a parameter, so that tests can turn them by hand. */
export interface Clock {
  /** Milliseconds from an arbitrary start; never goes back. */
  now(): number
  /** Calls `callback` once, `ms` milliseconds from now. What it returns is handed to `clearTimeout`. */
  setTimeout(callback: () => void, ms: number): unknown
  /** Cancels a timer of `setTimeout`; one that has fired is passed over. */
  clearTimeout(timer: unknown): void
}

/** The machine's own clock. Its timers keep the process alive, so each of them is cleared when a drain ends. */
export const systemClock: Clock = {
  now: () => performance.now(),
  setTimeout: (callback, ms) => setTimeout(callback, ms),
  clearTimeout: (timer) => clearTimeout(timer as NodeJS.Timeout),
}
