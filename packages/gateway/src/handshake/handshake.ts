// In: a client's checked handshake. Out: a running Pipe, or the client told why there is none. This is the life of a
// connection up to its first frame: route, origin, limits, dial, accept.

import { randomBytes } from 'node:crypto'
import { adviceFor, code, delayFor } from '@holdfast/close-codes'
import { closeMapping, type Happening, type Told } from '../connection/index.ts'
import type { DrainOptions, HandshakeResult, HoldOptions, LimitOptions } from '../core/index.ts'
import { holdFor, holdOutlook, loadedReplay } from '../hold/replay/index.ts'
import {
  type ClientHandshake,
  misreadsClientTakeover,
  type UpgradeRequest,
  withoutClientTakeover,
} from '../http/index.ts'
import { type ConnectionDeps, openConnection, type RouteState, sessionHeader } from '../session/index.ts'
import type { AnswerTold, HandshakeSpan, Tracing } from '../trace/index.ts'
import { type DialFailure, dialRoute } from '../upstream/index.ts'
import type { Admission } from './limits.ts'

/** Asks whether a client may come in under a route's limits. */
export type Admit = (route: string, limits: LimitOptions, address: string) => Admission | Promise<Admission>

/** What a handshake needs of its gateway. */
export interface HandshakeDeps extends ConnectionDeps {
  admit: Admit
  tracing: Tracing
  /** An upstream could not be dialled, because this process has too many open files. */
  onNoDescriptor?: () => void
}

const limitWords = {
  connections: 'too many connections',
  perAddress: 'too many connections from this address',
  handshakesPerSecond: 'too many connection attempts',
}

/** Why a client is not let in. */
export function overLimit({ limit, retry }: Extract<Admission, { ok: false }>) {
  return limit === 'unknown'
    ? { what: 'limits-unknown' as const, retry }
    : { what: 'over-limit' as const, words: limitWords[limit], retry }
}

/** Serves one handshake on its route. Never rejects. */
export async function serveHandshake(
  handshake: ClientHandshake,
  state: RouteState,
  deps: HandshakeDeps,
): Promise<void> {
  const { options: route } = state
  let { request } = handshake
  const span = deps.tracing.handshake(request, route)
  const leave = (happening: Happening, result: HandshakeResult) => {
    state.countHandshake(result)
    span.end(result, turnAway(handshake, happening, state, deps))
  }
  const retry = deps.draining(route.name)
  if (retry) return leave({ what: 'gateway-drains', retry: between(retry, deps.random) }, 'draining')
  if (route.origins && !(request.origin && route.origins.includes(request.origin))) {
    return leave({ what: 'origin-refused' }, 'origin-refused')
  }
  const admission = await deps.admit(route.name, route.limits, request.address)
  if (!admission.ok) {
    return leave(overLimit(admission), admission.limit === 'unknown' ? 'unchecked' : 'over-limit')
  }
  try {
    // What the connection is read with must be what it was agreed for, whatever a reload does meanwhile.
    const { options } = await state.ready()
    const { holds, reads } = holdOutlook(options.hold, request.target, request.protocols)
    if (reads || (holds && misreadsClientTakeover(request.headers))) request = withoutExtensions(request)
    const session = holds ? randomBytes(16).toString('base64url') : undefined
    const found = await dialRoute(
      route,
      state.pool,
      request,
      handshake.signal,
      deps.clock,
      session ? [[sessionHeader, session]] : [],
      span,
    )
    if (!found.ok) {
      admission.release()
      return fail(found.failure, handshake, state, deps, span)
    }
    const { upstream, dialled } = found
    // A drain or a reload may have begun while the upstream was dialled.
    const drainsNow = deps.draining(route.name, upstream.name)
    if (drainsNow || handshake.signal.aborted) {
      dialled.socket.destroy()
      found.release()
      admission.release()
      if (drainsNow)
        return leave({ what: 'gateway-drains', retry: between(drainsNow, deps.random) }, 'draining')
      span.end('abandoned')
      return state.countHandshake('abandoned')
    }
    state.countHandshake('accepted')
    const { protocol, extensions, headers } = dialled
    const hold = session === undefined ? undefined : holdOf(options.hold, request, dialled)
    const told = hold ? withoutClientTakeover(extensions) : extensions
    const client = handshake.accept({ protocol, extensions: told, headers })
    span.end('accepted')
    if (dialled.head.length > 0) dialled.socket.unshift(dialled.head)
    openConnection(
      {
        ...described(handshake.request),
        client,
        socket: dialled.socket,
        upstream,
        protocol,
        extensions,
        held: hold && session !== undefined ? { session, request, hold } : undefined,
        replay: hold && loadedReplay(hold.replay),
        release: { upstream: found.release, admission: admission.release },
        // It may get its number later.
        get admission() {
          return admission.id
        },
      },
      state,
      deps,
    )
  } catch (error) {
    admission.release()
    deps.log.error({ err: error, route: route.name }, 'fault while opening a connection')
    leave({ what: 'gateway-fault' }, 'fault')
  }
}

/** Says why there is no connection to a client that has not been answered yet. */
function fail(
  failure: DialFailure | { kind: 'no-healthy-upstream' },
  handshake: ClientHandshake,
  state: RouteState,
  deps: HandshakeDeps,
  span: HandshakeSpan,
): void {
  const leave = (happening: Happening, result: HandshakeResult) => {
    state.countHandshake(result)
    const clients = result === 'bad-gateway' && state.turnedAway(deps.clock.now())
    if (clients) deps.log.warn({ route: state.options.name, failure, clients }, 'no upstream for clients')
    span.end(result, turnAway(handshake, happening, state, deps))
  }
  switch (failure.kind) {
    case 'aborted':
      span.end('abandoned')
      return state.countHandshake('abandoned')
    case 'unreachable':
    case 'bad-answer':
      if (failure.kind === 'unreachable' && failure.ours) deps.onNoDescriptor?.()
      return leave({ what: failure.kind, words: failure.words }, 'bad-gateway')
    case 'no-answer':
      return leave({ what: 'no-answer', afterMs: failure.afterMs }, 'bad-gateway')
    case 'no-healthy-upstream':
      return leave({ what: 'no-healthy-upstream' }, 'bad-gateway')
    case 'busy': {
      const advised = () => delayFor(adviceFor(code.tryAgainLater), { attempt: 0, random: deps.random })
      return leave({ what: 'upstream-busy', retry: failure.retryAfter ?? Math.round(advised() ?? 0) }, 'busy')
    }
    case 'rejected': {
      state.countHandshake('rejected')
      const { response, status } = failure
      const told = closeMapping({ what: 'rejected', status }, state.options).client
      if (told.by !== 'pass') {
        response.destroy()
        return span.end('rejected', turnAway(handshake, { what: 'rejected', status }, state, deps))
      }
      span.end('rejected', { status })
      return handshake.refuse({
        status,
        reason: response.statusMessage,
        headers: failure.headers,
        body: response,
      })
    }
  }
}

/** HTTP when the table says so; otherwise a 101, a Close, its echo, and the end. The result is what was told. */
function turnAway(
  handshake: ClientHandshake,
  happening: Happening,
  state: RouteState,
  deps: HandshakeDeps,
): AnswerTold | undefined {
  const told = closeMapping(happening, state.options).client
  if (told.by === 'http') {
    handshake.refuse(httpAnswer(told))
    return { status: told.status }
  }
  // WHATWG: a browser that offered subprotocols fails a handshake whose answer selects none of them.
  const protocol = handshake.request.protocols[0]
  const stream = handshake.accept({ protocol, headers: [] })
  const release = { upstream() {}, admission() {} }
  const opening = { ...described(handshake.request), client: stream, protocol, release }
  openConnection(opening, state, deps).pipe.end(happening)
  return told.by === 'close' && told.code !== undefined ? { closeCode: told.code } : undefined
}

/** How this connection is held, now that it is known what the upstream agreed to; undefined: it is not. */
function holdOf(
  hold: HoldOptions | undefined,
  { target }: UpgradeRequest,
  { protocol, extensions }: { protocol?: string; extensions?: string },
): HoldOptions | undefined {
  const options = hold && holdFor(hold, target, protocol)
  // Messages that an extension has changed say nothing about what is spoken.
  const unread = options?.replay.by === 'auto' && extensions !== undefined
  return unread ? { ...options, replay: { by: 'none' } } : options
}

function described({ address, httpVersion }: UpgradeRequest) {
  return { address, http: httpVersion }
}

/** An HTTP answer of the gateway's own, with a short JSON body. */
export function httpAnswer(told: Extract<Told, { by: 'http' }>) {
  const headers: [string, string][] = [['Content-Type', 'application/json']]
  if (told.retry !== undefined) headers.push(['Retry-After', String(Math.ceil(told.retry / 1000))])
  const body = JSON.stringify({ error: { status: told.status, message: told.reason } })
  return { status: told.status, headers, body }
}

/** A replay module reads messages, so that nothing may be agreed that changes what they look like. */
function withoutExtensions(request: UpgradeRequest): UpgradeRequest {
  const headers = request.headers.filter(([name]) => name.toLowerCase() !== 'sec-websocket-extensions')
  return { ...request, headers, extensions: '' }
}

/** A random delay between the two. */
export function between([least, greatest]: DrainOptions['retry'], random: () => number): number {
  return Math.round(least + random() * (greatest - least))
}
