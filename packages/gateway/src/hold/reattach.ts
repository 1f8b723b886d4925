// In: a held client's own handshake and what was agreed with it. Out: another upstream that agrees to the same, or why
// there is none. Next: hold.ts.
import type { Clock, RouteOptions } from '../core/index.ts'
import { canGoOn, type HeaderList, type UpgradeRequest } from '../http/index.ts'
import {
  type DialResult,
  dialWatched,
  failureWords,
  isUnwell,
  type Upstream,
  type UpstreamPool,
  type UpstreamSearch,
} from '../upstream/index.ts'

/** What the client was told in its 101; another upstream must agree to what fits. */
export interface Agreed {
  protocol?: string
  extensions?: string
}

export interface Reattachment {
  route: () => RouteOptions
  pool: () => UpstreamPool | undefined
  request: UpgradeRequest
  agreed: Agreed
  /** `Holdfast-Session` and `Holdfast-Reattach`. */
  headers: HeaderList
  /** The upstream that went; another is tried first. */
  departed: Upstream | undefined
  /** The others of the route that look for an upstream. */
  search: UpstreamSearch
  /** Milliseconds that the search may take. */
  within: number
  signal: AbortSignal
  clock: Clock
  random: () => number
}

export type ReattachResult =
  | { ok: true; upstream: Upstream; release: () => void; dialled: Extract<DialResult, { ok: true }> }
  | { ok: false; result: 'refused' | 'too-late'; words: string }

/** Dials until an upstream agrees, one refuses, or the time is over. */
export async function reattach(about: Reattachment): Promise<ReattachResult> {
  const { signal, clock } = about
  const limit = new AbortController()
  const end = () => limit.abort()
  const timer = clock.setTimeout(end, about.within)
  signal.addEventListener('abort', end)
  try {
    return await dialUntil(about, limit.signal)
  } finally {
    clock.clearTimeout(timer)
    signal.removeEventListener('abort', end)
  }
}

async function dialUntil(about: Reattachment, signal: AbortSignal): Promise<ReattachResult> {
  const { search, clock, random } = about
  const asked = repeated(about.request, about.agreed)
  const tried: Tried = { last: about.departed, words: 'no healthy upstream' }
  for (;;) {
    const result = await search.inTurn(signal, () => attempt(about, asked, tried, signal))
    if (result?.ok) search.found()
    if (result) return result
    const whenHealthy = (wake: () => void) => about.pool()?.onHealthChange(({ healthy }) => healthy && wake())
    // Who is woken because somebody got through may well find it where it has just failed itself.
    if (await search.rest(signal, clock, random, whenHealthy)) tried.last = undefined
    if (signal.aborted) return { ok: false, result: 'too-late', words: tried.words }
  }
}

/** What the attempts so far have shown. */
interface Tried {
  last: Upstream | undefined
  words: string
}

/** One dial; undefined when it is worth another. */
async function attempt(
  about: Reattachment,
  asked: UpgradeRequest,
  tried: Tried,
  signal: AbortSignal,
): Promise<ReattachResult | undefined> {
  const pool = about.pool()
  const upstream = pool?.pick(asked, tried.last)
  if (!pool || !upstream) return undefined
  const release = pool.acquire(upstream)
  const result = await dialWatched(
    upstream,
    pool.watch(upstream),
    asked,
    about.route().timeouts,
    signal,
    about.headers,
    about.clock,
  )
  if (result.ok && fits(about.agreed, result)) {
    pool.dialled(upstream, true)
    return { ok: true, upstream, release, dialled: result }
  }
  release()
  if (result.ok) {
    result.wire.destroy()
    return { ok: false, result: 'refused', words: 'it agrees to something else' }
  }
  const { failure } = result
  if (failure.kind === 'aborted') return { ok: false, result: 'too-late', words: tried.words }
  tried.words = failureWords(failure)
  tried.last = upstream
  pool.dialled(upstream, !isUnwell(failure), tried.words)
  if (failure.kind === 'rejected') {
    failure.response.destroy()
    return { ok: false, result: 'refused', words: tried.words }
  }
  const disagrees = failure.kind === 'bad-answer' && failure.agreement
  return disagrees ? { ok: false, result: 'refused', words: tried.words } : undefined
}

/** The client's handshake again, with those extensions offered that were agreed, and nothing else. */
function repeated(request: UpgradeRequest, { extensions = '' }: Agreed): UpgradeRequest {
  const headers = request.headers.filter(([name]) => name.toLowerCase() !== 'sec-websocket-extensions')
  if (extensions) headers.push(['Sec-WebSocket-Extensions', extensions])
  return { ...request, headers, extensions }
}

/** Whether the client can go on by what it was told, with an upstream that agreed to this. */
function fits(told: Agreed, said: Agreed): boolean {
  return told.protocol === said.protocol && canGoOn(told.extensions, said.extensions)
}
