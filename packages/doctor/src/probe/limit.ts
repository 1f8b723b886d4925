/**
 * Runs one step under a limit: `run` gets a signal that fires after `ms`, or with `signal`. Whoever
 * wants to know which it was asks `signal`.
 */
export async function withLimit<T>(
  ms: number,
  signal: AbortSignal,
  run: (limit: AbortSignal) => Promise<T>,
): Promise<T> {
  const limit = new AbortController()
  const stop = () => limit.abort()
  const timer = setTimeout(stop, ms)
  signal.addEventListener('abort', stop)
  if (signal.aborted) stop()
  try {
    return await run(limit.signal)
  } finally {
    clearTimeout(timer)
    signal.removeEventListener('abort', stop)
  }
}

/** Resolves when `listen` calls back or the signal fires, whichever is first; `listen` returns its undo. */
export function until(signal: AbortSignal, listen: (wake: () => void) => () => void): Promise<void> {
  return new Promise((resolve) => {
    const wake = () => {
      signal.removeEventListener('abort', wake)
      undo()
      resolve()
    }
    const undo = listen(wake)
    signal.addEventListener('abort', wake)
    if (signal.aborted) wake()
  })
}
