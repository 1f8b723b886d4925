import type { Clock } from '../core/index.ts'

/** A timer that is this late shows that this process was stopped; then the worker's messages get this long to be read. */
const stoppedMs = 2000
const readAfterStopMs = 2000

/**
 * Calls back after `ms`; the result prevents that. When this process itself was stopped meanwhile, or
 * its machine, what the worker said in that time is read first.
 */
export function timeoutUnlessStopped(clock: Clock, ms: number, callback: () => void): () => void {
  const due = clock.now() + ms
  let timer = clock.setTimeout(() => {
    if (clock.now() - due < stoppedMs) callback()
    else timer = clock.setTimeout(callback, readAfterStopMs)
  }, ms)
  return () => clock.clearTimeout(timer)
}
