// In: a GET by which a client that was turned away asks why, since a page cannot see the answer to a handshake. Out: the
// present state of its route, as JSON, from the gateway itself. Next: turn-away.ts.
import { type CloseCause, closeMapping } from '../connection/index.ts'
import { type HeaderList, tokens, trimBlanks, values } from '../http/index.ts'
import type { HttpExchange } from '../listen/index.ts'
import type { RouteState } from '../session/index.ts'
import { between } from './arrival.ts'
import type { HandshakeDeps } from './handshake-deps.ts'
import { overLimit } from './limits.ts'
import { askerOf, closeCauseOf, crossOrigin, httpAnswer } from './turn-away.ts'

type PlainRequest = HttpExchange['request']

const mediaType = 'application/vnd.holdfast.close+json'

/** Whether this is such a question. No upstream gets to see it. */
export function asksForState({ method, headers }: PlainRequest): boolean {
  if (method !== 'GET') return false
  return tokens(values(headers, 'accept')).some(
    (member) => trimBlanks(member.split(';', 1)[0]!) === mediaType,
  )
}

/** The answer to it. That this client understands close codes is remembered. */
export async function stateAnswer(
  request: PlainRequest,
  state: RouteState,
  deps: HandshakeDeps,
): Promise<{ status: number; headers: HeaderList; body: string }> {
  const { options: route, clients } = state
  const origin = values(request.headers, 'origin')[0]
  if (route.origins && !(origin !== undefined && route.origins.includes(origin))) {
    return httpAnswer(
      closeMapping({ what: 'origin-refused' }, route).client as Parameters<typeof httpAnswer>[0],
    )
  }
  const retry = clients.asked(askerOf(request))
  const cause = await presentState(request, retry, state, deps)
  const told = cause && closeMapping(cause, { ...route, badGateway: 'http' }).client
  if (told?.by === 'http') return httpAnswer(told, crossOrigin(route, origin))
  const headers: HeaderList = [
    ['Content-Type', 'application/json'],
    ['Cache-Control', 'no-store'],
    ...crossOrigin(route, origin),
  ]
  return { status: 200, headers, body: JSON.stringify({ retry: 0 }) }
}

/** Why a handshake would be refused now; undefined: it would not be. */
async function presentState(
  { address }: PlainRequest,
  retry: number,
  state: RouteState,
  deps: HandshakeDeps,
): Promise<CloseCause | undefined> {
  const { options: route, outage = { kind: 'no-healthy-upstream' as const } } = state
  const drains = deps.draining(route.name)
  if (drains) return { what: 'route-drains', retry: between(drains, deps.random) }
  const { connections, perAddress } = route.limits
  if (connections !== undefined || perAddress !== undefined) {
    const admission = await deps.admit(route.name, { connections, perAddress }, address)
    if (!admission.ok) return overLimit(admission)
    admission.release()
  }
  if (!state.isDown || outage.kind === 'aborted' || outage.kind === 'rejected') return undefined
  return { ...closeCauseOf(outage, deps.random), retry } as CloseCause
}
