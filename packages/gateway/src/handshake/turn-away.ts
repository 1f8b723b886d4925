// In: a client that gets no connection, and why. Out: it is told, in band or by HTTP, at once or after a pause. Next:
// close-mapping.ts, refuse-in-band.ts.
import { adviceFor, code, delayFor } from '@holdfast/close-codes'
import { type CloseAction, type CloseCause, closeMapping } from '../connection/index.ts'
import type { Asked, RouteOptions } from '../core/index.ts'
import { type ClientHandshake, type HeaderList, values } from '../http/index.ts'
import type { RouteState } from '../session/index.ts'
import type { HandshakeAnswer } from '../trace/index.ts'
import type { DialFailure } from '../upstream/index.ts'
import type { HandshakeDeps } from './handshake-deps.ts'
import { howToTell } from './in-band-rules.ts'
import { refusalEntry } from './log-refusal.ts'
import { refuseInBand } from './refuse-in-band.ts'

/** Milliseconds over which those are told whose pause ends early, because an upstream is there. */
const hurriedWithinMs = 1000

/** What is said of a dial that found no upstream, or none that would have the client. `retry` in milliseconds. */
export function closeCauseOf(
  failure: Exclude<DialFailure | { kind: 'no-healthy-upstream' }, { kind: 'aborted' | 'rejected' }>,
  random: () => number,
): CloseCause {
  switch (failure.kind) {
    case 'unreachable':
    case 'bad-answer':
      return { what: failure.kind, words: failure.words }
    case 'no-answer':
      return { what: 'no-answer', afterMs: failure.afterMs }
    case 'no-healthy-upstream':
      return { what: 'no-healthy-upstream' }
    case 'busy': {
      const advised = () => delayFor(adviceFor(code.tryAgainLater), { attempt: 0, random })
      return { what: 'upstream-busy', retry: failure.retryAfter ?? Math.round(advised() ?? 0) }
    }
  }
}

/** Tells a client that has no answer yet. The result is what it is told. `line`: for the access log, where there is one. */
export function turnAway(
  handshake: ClientHandshake,
  cause: CloseCause,
  state: RouteState,
  deps: HandshakeDeps,
  line?: Asked,
): HandshakeAnswer | undefined {
  const { request, ours } = handshake
  const { options: route, clients } = state
  const asked = clients.hasAsked(askerOf(request))
  const how = route.badGateway === 'auto' ? howToTell({ request, ours, asked }) : route.badGateway
  const told = closeMapping(cause, { ...route, badGateway: how }).client
  // What stands on its own, an Origin that is not allowed, needs no advice when to come back.
  const isFinal = told.by === 'http' && told.code === undefined
  if (isFinal || (told.by !== 'http' && told.by !== 'close')) {
    if (told.by === 'http') handshake.refuse(httpAnswer(told))
    return told.by === 'http' ? { status: told.status } : undefined
  }
  const given = 'retry' in cause ? cause.retry : undefined
  const { pause, retry } = clients.turnAway(request, ours || asked, given)
  const said = closeMapping({ ...cause, retry } as CloseCause, { ...route, badGateway: how }).client
  if (said.by === 'http') {
    state.counts.turnedAway('http', said.status)
    handshake.refuse(httpAnswer(said, crossOrigin(route, request.origin)))
    return { status: said.status }
  }
  if (said.by !== 'close' || said.code === undefined) return undefined
  state.counts.turnedAway('close', said.code)
  tellInBand(handshake, { code: said.code, reason: said.reason, pause, line }, cause, state, deps)
  return { closeCode: said.code }
}

export function tellInBand(
  handshake: ClientHandshake,
  said: { code: number; reason: string; pause: number; line: Asked | undefined },
  { what }: Pick<CloseCause, 'what'>,
  state: RouteState,
  deps: HandshakeDeps,
): void {
  const { options: route, places, search } = state
  const { request } = handshake
  // Where there is no place to wait it is told at once.
  const giveBack = said.pause > 0 ? places.take(request.address) : undefined
  // WHATWG: a browser that offered subprotocols fails a handshake whose answer selects none of them.
  const stream = handshake.accept({ protocol: request.protocols[0], headers: [] })
  let stopListening = () => {}
  const refusing = refuseInBand(stream, {
    code: said.code,
    reason: said.reason,
    pauseMs: giveBack ? said.pause : 0,
    closeTimeoutMs: route.timeouts.close,
    clock: deps.clock,
    onClosed(ended, by) {
      stopListening()
      giveBack?.()
      deps.refusals.delete(refusing)
      state.counts.close(ended, by)
      const reason = ended === said.code ? said.reason : ''
      const at = deps.clock.wall()
      deps.emit({ type: 'close', at, route: route.name, code: ended, reason, by })
      if (!said.line) return
      const close = { code: ended, reason, by }
      deps.accessLog.write({ ...refusalEntry(request, said.line, route.name, at), close })
    },
    onFault: (error) => deps.log.error({ err: error, route: route.name }, 'fault while refusing a client'),
  })
  deps.refusals.add(refusing)
  if (outages.has(what)) {
    stopListening = search.onFound(() => refusing.hurry(Math.round(deps.random() * hurriedWithinMs)))
  }
}

/** What is over when an upstream is there. */
const outages = new Set<CloseCause['what']>(['unreachable', 'no-answer', 'no-healthy-upstream'])

/** Who asks, as far as it can be known again. */
export function askerOf(request: { address: string; target: string; headers: HeaderList }) {
  const { address, target } = request
  return { address, target, userAgent: values(request.headers, 'user-agent')[0] ?? '' }
}

/** A page may read the answer when its origin may connect. */
export function crossOrigin(
  { origins }: Pick<RouteOptions, 'origins'>,
  origin: string | undefined,
): HeaderList {
  const allowed = origin !== undefined && (!origins || origins.includes(origin))
  return [...(allowed ? ([['Access-Control-Allow-Origin', origin]] as HeaderList) : []), ['Vary', 'Origin']]
}

/** An HTTP answer of the gateway's own, with a short JSON body. */
export function httpAnswer(told: Extract<CloseAction, { by: 'http' }>, more: HeaderList = []) {
  const { status, reason, retry } = told
  const headers: HeaderList = [['Content-Type', 'application/json'], ...more]
  if (told.code === undefined)
    return { status, headers, body: JSON.stringify({ error: { status, message: reason } }) }
  headers.push(['Cache-Control', 'no-store'])
  // RFC 9110 10.2.3: whole seconds.
  if (retry !== undefined) headers.push(['Retry-After', String(Math.max(1, Math.ceil(retry / 1000)))])
  return { status, headers, body: JSON.stringify({ code: told.code, reason, retry }) }
}
