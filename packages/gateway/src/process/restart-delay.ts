import type { MonotonicMs } from '../core/index.ts'

/** Crashes at start within this many milliseconds count together. */
const crashWindowMs = 10_000
/** How many crashes are tolerated before the next start is delayed. */
const toleratedCrashes = 5
/** The first and the longest wait, in milliseconds. */
const firstDelayMs = 100
const longestDelayMs = 1000

/**
 * How long to wait before a worker is started again: not at all, unless workers keep crashing as they start. Pure:
 * `crashes` are the times, in milliseconds, at which workers crashed at start.
 */
export function restartDelay(crashes: readonly MonotonicMs[], now: MonotonicMs): number {
  const recent = crashes.filter((at) => now - at < crashWindowMs).length
  return recent < toleratedCrashes
    ? 0
    : Math.min(longestDelayMs, firstDelayMs * 2 ** (recent - toleratedCrashes))
}

/** The crashes that may still matter to `restartDelay`. */
export function recentCrashes(crashes: readonly MonotonicMs[], now: MonotonicMs): MonotonicMs[] {
  return crashes.filter((at) => now - at < crashWindowMs)
}
