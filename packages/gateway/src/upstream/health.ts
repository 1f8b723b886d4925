// In: how dials and probes went. Out: whether an upstream may be picked. Pure; upstreams.ts acts on it.
import type { HealthOptions, MonotonicMs, UpstreamState } from '../core/index.ts'

/** With `health` configured. Assumed healthy until shown otherwise. */
export type Health =
  /** `failures` in a row so far. */
  | { name: 'healthy'; failures: number }
  /** `successes` of probes in a row so far. */
  | { name: 'unhealthy'; successes: number }

/** A dial for a client, or a probe, that went well or not. */
export interface HealthEvent {
  by: 'dial' | 'probe'
  ok: boolean
}

export type Thresholds = Pick<HealthOptions, 'healthy' | 'unhealthy'>

export const assumedHealthy: Health = { name: 'healthy', failures: 0 }

/** The health after an event. Dials and probes count together downwards; only probes lead back up. */
export function nextHealth(health: Health, event: HealthEvent, thresholds: Thresholds): Health {
  if (health.name === 'healthy') {
    if (event.ok) return assumedHealthy
    const failures = health.failures + 1
    return failures >= thresholds.unhealthy
      ? { name: 'unhealthy', successes: 0 }
      : { name: 'healthy', failures }
  }
  // A dial that ends now may have begun long ago.
  if (event.by === 'dial') return health
  if (!event.ok) return { name: 'unhealthy', successes: 0 }
  const successes = health.successes + 1
  return successes >= thresholds.healthy ? assumedHealthy : { name: 'unhealthy', successes }
}

/** What an upstream is shown as. `probed`: its route has `health`; `tried`: a dial or probe has ended; `fails`: the last one did not go well. */
export function shownState(known: {
  drained: boolean
  probed: boolean
  tried: boolean
  healthy: boolean
  fails: boolean
}): UpstreamState {
  if (known.drained) return 'drained'
  if (!known.probed) return known.fails ? 'failing' : 'not probed'
  if (!known.healthy) return 'unhealthy'
  return known.tried ? 'healthy' : 'not probed'
}

/** Without `health`: an upstream that failed is avoided for a while, as long as there are others. */
export interface Rest {
  /** Failures in a row, those during a rest not counted. */
  failures: number
  /** The time, in milliseconds, at which it is no longer avoided. */
  until: MonotonicMs
}

export const noRest: Rest = { failures: 0, until: 0 }

const firstRest = 1_000
const longestRest = 10_000

/** The rest after a dial: 1 s, doubled for each failure in a row up to 10 s; none after a success. */
export function nextRest(rest: Rest, ok: boolean, now: MonotonicMs): Rest {
  if (ok) return noRest
  // Of a hundred dials that were under way together the first failure says it all.
  if (now < rest.until) return rest
  return { failures: rest.failures + 1, until: now + Math.min(longestRest, firstRest * 2 ** rest.failures) }
}
