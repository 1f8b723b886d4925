// Whoever calls back (an emitter, a timer, a channel) is not there to catch: a fault of the gateway's own ends what the
// callback is about, one connection as a rule, and never the process.

/**
 * The callback, safe to give to an emitter or a timer. A fault in it, or in the promise that it returns, goes to
 * `fault` with the same arguments, and no further.
 */
export function guarded<Args extends unknown[]>(
  callback: (...args: Args) => unknown,
  fault: (error: unknown, ...args: Args) => void,
): (...args: Args) => void {
  return (...args) =>
    attempt(
      () => callback(...args),
      (error) => fault(error, ...args),
    )
}

/** Runs it now; a fault in it, or in the promise that it returns, goes to `fault` and no further. */
export function attempt(run: () => unknown, fault: (error: unknown) => void): void {
  try {
    const result = run()
    if (result instanceof Promise) result.catch((error) => last(fault, error))
  } catch (error) {
    last(fault, error)
  }
}

/** Whatever ends a connection after a fault may itself be what is broken. */
function last(fault: (error: unknown) => void, error: unknown): void {
  try {
    fault(error)
  } catch {
    // There is nobody left to tell.
  }
}
