import { adviceFor, delayFor, parseReason } from '@holdfast/close-codes'

/** When to come back. */
export interface Return {
  /** Milliseconds to wait; null: stay away. */
  readonly delay: number | null
  /** Milliseconds that must pass even when the page wakes: what the server or the table asks for at least. */
  readonly least: number
}

/** What the close codes table says about a close. Pure but for `random`. `attempt` counts from 0. */
export function returnAfter(
  { code, reason }: { readonly code: number; readonly reason: string },
  attempt: number,
  random: () => number,
): Return {
  const advice = adviceFor(code)
  const { retry } = parseReason(reason)
  return {
    delay: delayFor(advice, { attempt, retry, random }),
    least: retry ?? (advice.action === 'stop' ? 0 : advice.delay.least),
  }
}
