// Asks workers for reports, and ends those that say nothing: time decides, not how often anybody looked.
import type { Clock } from '../core/index.ts'
import type { WorkerLink } from './worker-link.ts'

/** Milliseconds between the reports that are kept for the case that a worker dies. */
const reportEveryMs = 1000
/** A worker that has said nothing for this long is taken for dead. */
const maxSilentMs = 30_000

/** Looks at these workers from now on; the result ends that. */
export function watchSilence(workers: () => readonly WorkerLink[], clock: Clock): () => void {
  let timer: unknown
  let ended = false
  const watch = () => {
    const since = clock.now()
    timer = clock.setTimeout(() => {
      // Longer than that this process itself was stopped, or its machine: it could not have heard anybody.
      const passed = Math.min(clock.now() - since, 2 * reportEveryMs)
      for (const worker of workers()) {
        // Its event loop stands still: its connections are lost already, and others shall not follow.
        if (worker.addSilence(passed) >= maxSilentMs) worker.kill(`said nothing for ${maxSilentMs / 1000} s`)
        else worker.refresh().catch(() => {})
      }
      if (!ended) watch()
    }, reportEveryMs)
  }
  watch()
  return () => {
    ended = true
    clock.clearTimeout(timer)
  }
}
