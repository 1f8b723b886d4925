// In: a client's checked handshake. Out: a running Pipe, or the client told why there is none. This is the life of a
// connection up to its first frame: its session, route, origin, limits; what follows them is in admitted.ts.
import type { LimitOptions } from '../core/index.ts'
import type { ClientHandshake } from '../http/index.ts'
import type { RouteState } from '../session/index.ts'
import { Admitted } from './admitted.ts'
import { Arrival } from './arrival.ts'
import { type FoundSession, findElsewhere, sessionHere } from './find-session.ts'
import type { HandshakeDeps } from './handshake-deps.ts'
import { type Admission, unrated } from './limits.ts'
import { limitsOfReturn } from './resume-session.ts'

/** Serves one handshake on its route. `isRated`: another process has let it in by the route's rate. Never rejects. */
export async function serveHandshake(
  given: ClientHandshake,
  state: RouteState,
  deps: HandshakeDeps,
  isRated = false,
): Promise<void> {
  const arrival = new Arrival(given, state, deps)
  const { route, back, span } = arrival
  const { request } = arrival.handshake
  let session: FoundSession | 'unknown' = sessionHere(arrival)
  // Anybody can write what looks like a token: other processes and the store are asked only about those who may come in.
  if (session === 'unknown') {
    if (!isFrom(route.origins, request.origin)) return arrival.originRefused()
    const tooFast = isRated ? undefined : await byRate(arrival)
    if (tooFast) return arrival.tooMany(tooFast)
    isRated = true
    session = await findElsewhere(arrival, back!.token)
  }
  if (session.at === 'elsewhere') return span.end('accepted')
  if (session.at === 'unreachable') return arrival.unreachable()
  const entry = session.at === 'here' ? session.entry : undefined
  const retry = deps.draining(route.name)
  // A session has its upstream; a drain ends it at its own time.
  if (retry && !entry) return arrival.drains(retry)
  if (!isFrom(route.origins, request.origin)) return arrival.originRefused()
  const its = entry ? limitsOfReturn(route.limits, entry, request.address) : route.limits
  const limits: LimitOptions = isRated ? unrated(its) : its
  const admission = await deps.admit(route.name, limits, request.address)
  if (!admission.ok) return arrival.tooMany(admission)
  await new Admitted(arrival, session, admission).serve()
}

function isFrom(origins: readonly string[] | undefined, origin: string | undefined): boolean {
  return !origins || (origin !== undefined && origin !== '' && origins.includes(origin))
}

/** Counts it by the rate of its route. The result says that it is one too many. */
async function byRate({
  handshake,
  route,
  deps,
}: Arrival): Promise<Extract<Admission, { ok: false }> | undefined> {
  const { scope, handshakesPerSecond } = route.limits
  if (handshakesPerSecond === undefined) return undefined
  const rate = { handshakesPerSecond, ...(scope !== undefined && { scope }) }
  const admitted = await deps.admit(route.name, rate, handshake.request.address)
  if (!admitted.ok) return admitted
  admitted.release()
  return undefined
}
