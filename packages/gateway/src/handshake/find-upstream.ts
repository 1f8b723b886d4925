// In: a handshake that its route's limits let in. Out: the 101 of an upstream, or why there is none, after a wait where one
// may still come. Nothing has been said to the client so far. Next: handshake.ts.
import type { MonotonicMs } from '../core/index.ts'
import type { ClientHandshake, HeaderList, UpgradeRequest } from '../http/index.ts'
import type { RouteState } from '../session/index.ts'
import type { HandshakeSpan } from '../trace/index.ts'
import { type Dialled, dialRoute, isOutage, type Place, type RouteDialResult } from '../upstream/index.ts'
import { breaksOffAfter } from './break-off-rules.ts'
import type { HandshakeDeps } from './handshake-deps.ts'

export type Found = RouteDialResult | { ok: false; failure: { kind: 'drains' } }
type Failure = Extract<RouteDialResult, { ok: false }>['failure']

/**
 * Bytes that a client may send before it has an answer and still wait for an upstream. RFC 6455 4.1: "Once the client's
 * opening handshake has been sent, the client MUST wait for a response from the server before sending any further data."
 */
const earlyBytes = 4096

/** What is looked for. */
export interface Sought {
  handshake: ClientHandshake
  /** The client's own, less what must not be agreed to. */
  request: UpgradeRequest
  extra: HeaderList
  arrivedAt: MonotonicMs
  span: HandshakeSpan
}

/** Dials, and waits if there is nobody to answer. */
export async function findUpstream(sought: Sought, state: RouteState, deps: HandshakeDeps): Promise<Found> {
  const { room } = state
  const waitsAtMostMs = breaksOffAfter(sought.request)
  const waits = state.wait > 0 && waitsAtMostMs !== 0
  const once = () => dial(sought, state, deps, !waits)
  if (!waits) return once()
  let failure: Failure = state.outage ?? { kind: 'no-healthy-upstream' }
  if (!room.isWanted) {
    const result = await once()
    if (result.ok || !isOutage(result.failure)) return result
    failure = result.failure
    room.dialledInVain()
  }
  const { signal, onEarly } = sought.handshake
  const { request, arrivedAt } = sought
  const place = room.enter({ address: request.address, arrivedAt, waitsAtMostMs }, signal)
  if (!place) {
    if (!room.isNeeded) return once()
    state.counts.wait('no-room')
    return { ok: false, failure }
  }
  onEarly(earlyBytes, () => place.flooded())
  try {
    return await waitForUpstream(place, failure, once, state, deps)
  } finally {
    place.leave()
  }
}

async function waitForUpstream(
  place: Place,
  first: Failure,
  once: () => Promise<RouteDialResult>,
  state: RouteState,
  { clock }: HandshakeDeps,
): Promise<Found> {
  let failure = first
  for (;;) {
    const turn = await place.turn()
    switch (turn) {
      case 'dial': {
        const begun = clock.now()
        const result = await once()
        const how = howItWent(result)
        place.dialled(how, clock.now() - begun)
        if (!result.ok && how === 'none') failure = result.failure
        if (how === 'none') continue
        state.counts.wait(how === 'answered' ? how : 'left')
        return result
      }
      case 'left':
        state.counts.wait(turn)
        return { ok: false, failure: { kind: 'aborted' } }
      case 'drains':
        state.counts.wait(turn)
        return { ok: false, failure: { kind: 'drains' } }
      case 'over':
      case 'flooded':
        state.counts.wait(turn)
        return { ok: false, failure: state.outage ?? failure }
    }
  }
}

function howItWent(result: RouteDialResult): Dialled {
  if (result.ok) return 'answered'
  if (result.failure.kind === 'aborted') return 'called off'
  return isOutage(result.failure) ? 'none' : 'answered'
}

async function dial(
  { handshake, request, extra, span }: Sought,
  state: RouteState,
  { clock }: HandshakeDeps,
  repeats: boolean,
): Promise<RouteDialResult> {
  const { signal } = handshake
  const result = await state.search.inTurn(signal, () =>
    dialRoute(state.options, state.pool, request, signal, clock, extra, span, repeats),
  )
  if (result.ok) state.search.found()
  const how = howItWent(result)
  if (how !== 'called off') state.dialled(!result.ok && how === 'none' ? result.failure : undefined)
  return result
}
