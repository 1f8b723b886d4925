import type { EventEmitter } from 'node:events'
import { failure, waitLimitMs } from './eventually.ts'

/**
 * Resolves with the arguments of the emitter's next `event`. Fails past the limit, and at once on an 'error'
 * unless that is the event waited for.
 */
export function once(
  emitter: EventEmitter,
  event: string,
  options: { limit?: number; what?: string } = {},
): Promise<unknown[]> {
  const { limit = waitLimitMs, what = `event '${event}'` } = options
  return new Promise((resolve, reject) => {
    const onEvent = (...args: unknown[]) => settle(() => resolve(args))
    const onError = (error: unknown) => settle(() => reject(error))
    const timer = setTimeout(() => settle(() => reject(new Error(failure(what, limit)))), limit)
    const settle = (act: () => void) => {
      clearTimeout(timer)
      emitter.off(event, onEvent)
      emitter.off('error', onError)
      act()
    }
    emitter.on(event, onEvent)
    if (event !== 'error') emitter.on('error', onError)
  })
}
