import type { Advice, ReconnectAdvice } from './advice.ts'

/** What {@link delayFor} draws a delay from. */
export interface DelayOptions {
  /** How many attempts were made since the last connection that lived: 0 before the first return. */
  attempt: number
  /**
   * Milliseconds that the server asked for (`retry=`, see `parseReason`).
   *
   * @default none: the advice alone decides
   */
  retry?: number | undefined
  /**
   * A number in [0, 1).
   *
   * @default Math.random
   */
  random?: () => number
}

/**
 * Draws how many milliseconds to wait before the next attempt, or null when the advice is to stop.
 *
 * What the server asked for is obeyed to the millisecond on the first attempt, because the server has spread
 * its clients on purpose. From the second on it is the least: the backoff goes on above it, so that a server
 * which keeps saying `retry=0` cannot make its clients spin.
 *
 * Without `retry` the delay of attempt n is uniform between `least` and `min(cap, most * 2^n)`. For 1012 that
 * is 1-5 s, 1-10 s, 1-20 s, then 1-30 s.
 */
export function delayFor(advice: ReconnectAdvice, options: DelayOptions): number
export function delayFor(advice: Advice, options: DelayOptions): number | null
export function delayFor(advice: Advice, options: DelayOptions): number | null {
  if (advice.action === 'stop') return null
  const { attempt, retry, random = Math.random } = options
  if (retry !== undefined && attempt < 1) return retry
  const { least, most, cap } = advice.delay
  const upper = Math.min(cap, most * 2 ** Math.max(0, attempt))
  const drawn = Math.floor(least + random() * (upper - least))
  return Math.max(drawn, retry ?? 0)
}
