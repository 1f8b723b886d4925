import type { Clock } from './clock.ts'

/**
 * Waits for something, but not for longer than `limit` milliseconds: true when it came, false when it did not.
 * `subscribe` is given what to call, and returns its undo.
 */
export function within(
  clock: Clock,
  limit: number,
  subscribe: (done: () => void) => () => void,
): Promise<boolean> {
  return new Promise((resolve) => {
    let settled = false
    let undo: (() => void) | undefined
    const settle = (came: boolean) => {
      if (settled) return
      settled = true
      clock.clearTimeout(timer)
      undo?.()
      resolve(came)
    }
    const timer = clock.setTimeout(() => settle(false), limit)
    undo = subscribe(() => settle(true))
    if (settled) undo()
  })
}
