import type { MonotonicMs } from '../core/index.ts'

/** Crashes at start within this many milliseconds count together. */
const within = 10_000
/** So many of them are taken for bad luck. */
const tolerated = 5
/** The first and the longest wait, in milliseconds. */
const firstWait = 100
const longestWait = 1000

/**
 * How long to wait before a worker is started again: not at all, unless workers keep crashing as they start. Pure:
 * `crashes` are the times, in milliseconds, at which workers crashed at start.
 */
export function restartDelay(crashes: readonly MonotonicMs[], now: MonotonicMs): number {
  const recent = crashes.filter((at) => now - at < within).length
  return recent < tolerated ? 0 : Math.min(longestWait, firstWait * 2 ** (recent - tolerated))
}

/** The crashes that may still matter to `restartDelay`. */
export function recentCrashes(crashes: readonly MonotonicMs[], now: MonotonicMs): MonotonicMs[] {
  return crashes.filter((at) => now - at < within)
}
