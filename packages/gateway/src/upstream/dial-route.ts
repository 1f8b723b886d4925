// In: a request and its route's pool. Out: the 101 of an upstream, or the failure that the client is told after the
// allowed attempts. Nothing has been said to the client so far. Next: handshake.ts.
import type { Clock, RouteOptions } from '../core/index.ts'
import type { HeaderList, UpgradeRequest } from '../http/index.ts'
import { type HandshakeSpan, noTracing } from '../trace/index.ts'
import type { DialFailure, DialResult } from './dial.ts'
import { withDetail } from './dial-failure.ts'
import { dialWatched } from './dial-watched.ts'
import type { Upstream, UpstreamPool } from './upstreams.ts'
import { wait } from './wait.ts'

export type RouteDialResult =
  | { ok: true; upstream: Upstream; release: () => void; dialled: Extract<DialResult, { ok: true }> }
  | { ok: false; failure: DialFailure | { kind: 'no-healthy-upstream' } }

/** Before the same upstream is tried again: milliseconds, doubled each time. */
export const pause = 50

/**
 * Dials upstreams of the route until one opens, refuses for good, or `attempts` are used up. Where a client can wait for an
 * upstream, none is dialled twice.
 */
export async function dialRoute(
  route: RouteOptions,
  pool: UpstreamPool,
  request: UpgradeRequest,
  signal: AbortSignal,
  clock: Clock,
  extra: HeaderList = [],
  span: HandshakeSpan = noTracing.handshake(request, route),
  repeats = true,
): Promise<RouteDialResult> {
  let last: Upstream | undefined
  let failure: DialFailure | { kind: 'no-healthy-upstream' } = { kind: 'no-healthy-upstream' }
  for (let attempt = 0; attempt < route.attempts; attempt++) {
    const upstream = pool.pick(request, last, mayTryOne(attempt, route))
    if (!upstream) break
    if (upstream === last) {
      if (!repeats || !worthRepeating(failure)) break
      await wait(pause * 2 ** (attempt - 1), signal, clock)
    }
    if (signal.aborted) return { ok: false, failure: { kind: 'aborted' } }
    // Counted from here on, so that a burst of clients does not all go to the same upstream.
    const release = pool.acquire(upstream)
    const tried = span.dial(upstream, attempt)
    const asked = tried.request(request)
    const result = await dialWatched(
      upstream,
      pool.watch(upstream),
      asked,
      route.timeouts,
      signal,
      extra,
      clock,
    )
    tried.end(result.ok ? undefined : result.failure)
    if (result.ok) {
      pool.dialled(upstream, true)
      return { ok: true, upstream, release, dialled: result }
    }
    release()
    failure = result.failure
    if (failure.kind === 'aborted') break
    pool.dialled(upstream, !isUnwell(failure), failureWords(failure))
    if (failure.kind === 'rejected') break
    last = upstream
  }
  return { ok: false, failure }
}

/** Whether this dial of a client may be at an upstream that was away until now: once, and never the last that it has. */
export function mayTryOne(attempt: number, { attempts }: Pick<RouteOptions, 'attempts'>): boolean {
  return attempt === 0 && attempts > 1
}

/** The only upstream there is may just be restarting; one that was silent or wrong will be so again. */
function worthRepeating(failure: { kind: string }): boolean {
  return failure.kind === 'unreachable'
}

/** Whether there was no upstream to answer: then the client may wait for one. */
export function isOutage(failure: DialFailure | { kind: 'no-healthy-upstream' }): boolean {
  return failure.kind === 'no-healthy-upstream' || (failure.kind !== 'aborted' && isUnwell(failure))
}

/** Any other answer may be due to this one request, and a client must not be able to make an upstream look ill. */
export function isUnwell(failure: DialFailure): boolean {
  if (failure.kind === 'busy') return failure.stops === true
  return (failure.kind === 'unreachable' && !failure.ours) || failure.kind === 'no-answer'
}

export function failureWords(failure: Exclude<DialFailure, { kind: 'aborted' }>): string {
  switch (failure.kind) {
    case 'unreachable':
      return withDetail(failure.words, failure.detail)
    case 'bad-answer':
      return failure.words
    case 'no-answer':
      return `no answer in ${failure.afterMs} ms`
    case 'busy':
    case 'rejected':
      return `status ${failure.status}`
  }
}
