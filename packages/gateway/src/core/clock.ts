// Two kinds of time, which must not be mixed: what has passed since when, and what o'clock it is. NTP, an operator, or a
// virtual machine that goes on after a pause sets the wall clock forth or back, so that nothing may be measured by it.

/** Milliseconds from an arbitrary start of this process; never goes back. For durations and deadlines. */
export type MonotonicMs = number & { readonly kind?: 'monotonic' }

/** Milliseconds since 1970 by the wall clock, which may jump. For what people read, and for dates of others. */
export type UnixMs = number & { readonly kind?: 'unix' }

/** Time and timers, as a parameter, so that tests can turn them by hand. */
export interface Clock {
  /** Milliseconds from an arbitrary start of the process; never goes back. For durations and deadlines. */
  now(): MonotonicMs
  /** Unix milliseconds by the wall clock, which may jump. For what people read. */
  wall(): UnixMs
  /** Calls `callback` once, `ms` milliseconds from now. What it returns is handed to `clearTimeout`. */
  setTimeout(callback: () => void, ms: number): unknown
  /** Cancels a timer of `setTimeout`; one that has fired is passed over. */
  clearTimeout(timer: unknown): void
}

/** The machine's own clock. Its timers do not keep a process alive: its sockets do. */
export const systemClock: Clock = {
  now: () => performance.now(),
  wall: () => Date.now(),
  setTimeout: (callback, ms) => setTimeout(callback, ms).unref(),
  clearTimeout: (timer) => clearTimeout(timer as NodeJS.Timeout),
}
