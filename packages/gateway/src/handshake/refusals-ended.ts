import type { Clock } from '../core/index.ts'
import type { Refusing } from './refuse-in-band.ts'

/** Resolves when all who were about to be told that they get no connection have been, or after `withinMs` milliseconds. */
export async function refusalsEnded(
  refusals: ReadonlySet<Refusing>,
  withinMs: number,
  clock: Clock,
): Promise<void> {
  // Those who waited for an upstream hear of it in this turn of the event loop.
  await new Promise((resolve) => setImmediate(resolve))
  if (refusals.size === 0) return
  const closed = Promise.all([...refusals].map(({ closed }) => closed))
  let timer: unknown
  const late = new Promise((resolve) => {
    timer = clock.setTimeout(() => resolve(undefined), withinMs)
  })
  await Promise.race([closed, late])
  clock.clearTimeout(timer)
}
