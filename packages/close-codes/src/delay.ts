import { type Advice, maxWaitMs, type ReconnectAdvice, waitsAfter } from './advice.ts'
import { parseReason } from './reason.ts'

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
  const { least, most, cap } = advice.delay
  const { attempt, retry, random = Math.random } = options
  return draw(Math.max(0, attempt), retry, random, least, most, cap)
}

/** When to come back. */
export interface RetryDecision {
  /** Milliseconds to wait; null: stay away. */
  readonly delay: number | null
  /** Milliseconds that must pass even when the page wakes: what the server or the table asks for at least. */
  readonly least: number
}

/**
 * What {@link adviceFor} and {@link delayFor} say about a close with this code and reason. Pure but for `random`, a
 * number in [0, 1). `attempt` counts from 0.
 */
export function returnAfter(
  { code, reason }: { readonly code: number; readonly reason: string },
  attempt: number,
  random: () => number,
): RetryDecision {
  const [least = 0, most, cap] = waitsAfter(code)
  const { retry } = parseReason(reason)
  return {
    delay: most === undefined ? null : draw(attempt, retry, random, least, most, cap),
    least: retry ?? least,
  }
}

function draw(
  attempt: number,
  retry: number | undefined,
  random: () => number,
  least: number,
  most: number,
  cap = maxWaitMs,
): number {
  if (retry !== undefined && attempt < 1) return retry
  const upper = Math.min(cap, most * 2 ** attempt)
  return Math.max(Math.floor(least + random() * (upper - least)), retry ?? 0)
}
