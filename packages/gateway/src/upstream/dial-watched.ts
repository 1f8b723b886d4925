// One dial of a client's to one upstream, of which the upstream's watch learns what it met. Next: dial.ts.
import type { Clock } from '../core/index.ts'
import type { HeaderList, UpgradeRequest } from '../http/index.ts'
import { type DialResult, type DialTimeouts, dial } from './dial.ts'
import { unreachable } from './dial-failure.ts'
import { metOf, settled } from './newcomer.ts'
import type { Upstream } from './upstream-group.ts'
import type { UpstreamWatch } from './upstream-watch.ts'

/**
 * As `dial`. To an upstream that was found to let newcomers in and to throw them out again, a connection counts only once it
 * has lasted a moment; 503 of one that stops says so.
 */
export async function dialWatched(
  upstream: Upstream,
  watch: UpstreamWatch,
  request: UpgradeRequest,
  timeouts: DialTimeouts,
  signal: AbortSignal,
  extra: HeaderList,
  clock: Clock,
): Promise<DialResult> {
  const result = await dial(upstream.target, request, timeouts, signal, extra, clock)
  if (!result.ok) {
    watch.newcomer(metOf(result.failure))
    const { failure } = result
    const stops = failure.kind === 'busy' && watch.stopsBy !== undefined
    return stops ? { ok: false, failure: { ...failure, stops } } : result
  }
  const stays = watch.stopsBy === 'throws-out' ? await settled(result, signal, clock) : result
  watch.newcomer(stays ? 'let-in' : 'throws-out')
  return stays ?? unreachable('connection closed at once')
}
