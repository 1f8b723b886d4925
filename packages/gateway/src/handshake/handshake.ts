// In: a client's checked handshake. Out: a running Pipe, or the client told why there is none. This is the life of a
// connection up to its first frame: route, origin, limits, dial, accept.

import { randomBytes } from 'node:crypto'
import { authorised } from '../auth/index.ts'
import { type CloseCause, closeMapping } from '../connection/index.ts'
import type { Asked, DrainOptions, HandshakeResult, HoldOptions } from '../core/index.ts'
import { holdFor, holdOutlook, loadedReplay } from '../hold/replay/index.ts'
import {
  askedOf,
  type ClientHandshake,
  type HeaderList,
  misreadsClientTakeover,
  type UpgradeRequest,
  withoutClientTakeover,
} from '../http/index.ts'
import { identityOf, readOffer, startsAfresh, withExtensions, withFreshDeflate } from '../resume/index.ts'
import { type Opening, openConnection, type RouteState, sessionHeader } from '../session/index.ts'
import type { HandshakeAnswer, HandshakeSpan } from '../trace/index.ts'
import { type Found, findUpstream } from './find-upstream.ts'
import type { HandshakeDeps } from './handshake-deps.ts'
import type { Admission } from './limits.ts'
import { clientLeft, logRefusal } from './log-refusal.ts'
import { refuse } from './refuse.ts'
import { limitsOfReturn, resumeSession, withOffer } from './resume-session.ts'
import { askerOf, closeCauseOf, turnAway } from './turn-away.ts'

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
  given: ClientHandshake,
  state: RouteState,
  deps: HandshakeDeps,
): Promise<void> {
  const { options: route } = state
  const arrivedAt = deps.clock.now()
  const offer = readOffer(given.request.protocols)
  const handshake = offer ? withOffer(given, offer, route) : given
  let { request } = handshake
  let auth: Opening['auth']
  const asked = deps.accessLog.isOn ? askedOf(request, deps.clock.wall()) : undefined
  const span = deps.tracing.handshake(request, route)
  const leave = (cause: CloseCause, result: HandshakeResult) => {
    state.countHandshake(result)
    const answer = turnAway(handshake, cause, state, deps, asked)
    span.end(result, answer)
    logRefusal(handshake.request, asked, answer, route.name, deps)
  }
  const back = route.resume && offer?.v1 ? offer.back : undefined
  const session = back && state.sessions.find(back.token)
  const isBack = session !== undefined && 'entry' in session
  const isUnknown = session !== undefined && 'over' in session && session.over.why === 'unknown'
  if (back && isUnknown && (await deps.elsewhere?.(given, back.token))) return span.end('accepted')
  const retry = deps.draining(route.name)
  // A session has its upstream; a drain ends it at its own time.
  if (retry && !isBack) return leave({ what: 'route-drains', retry: between(retry, deps.random) }, 'draining')
  if (route.origins && !(request.origin && route.origins.includes(request.origin))) {
    return leave({ what: 'origin-refused' }, 'origin-refused')
  }
  const limits = isBack ? limitsOfReturn(route.limits, session.entry, request.address) : route.limits
  const admission = await deps.admit(route.name, limits, request.address)
  if (!admission.ok) {
    return leave(overLimit(admission), admission.limit === 'unknown' ? 'unchecked' : 'over-limit')
  }
  const admittedAt = deps.clock.now()
  if (asked) asked.admitMs = admittedAt - arrivedAt
  try {
    // What the connection is read with must be what it was agreed for, whatever a reload does meanwhile.
    const { options } = await state.ready()
    const { holds, reads } = holdOutlook(options.hold, request.target, request.protocols)
    let authorisedBy: HeaderList = []
    if (state.auth.isOn) {
      const verdict = await state.auth.admit(request, handshake.signal)
      if (asked) asked.authMs = deps.clock.now() - admittedAt
      if (verdict.kind !== 'allowed') {
        admission.release()
        return refuse(verdict, handshake, state, deps, { span, asked })
      }
      const { expiresInMs } = verdict
      if (expiresInMs !== undefined) auth = { request: handshake.request, expiresInMs }
      authorisedBy = verdict.headers
      request = authorised(request, verdict.names, verdict.headers)
    }
    const identity = identityOf(request, route.resume?.bind, authorisedBy)
    const over = back && resumeSession({ handshake, back, identity, admission, asked }, state, deps)
    if (typeof over === 'string') {
      if (over !== 'accepted') admission.release()
      state.countHandshake(over)
      if (over === 'abandoned') logRefusal(handshake.request, asked, { status: clientLeft }, route.name, deps)
      return span.end(over)
    }
    const dialledAt = deps.clock.now()
    const resume = offer?.v1 ? options.resume : undefined
    if (resume) request = withFreshDeflate(request)
    const misread = (holds || resume) && misreadsClientTakeover(request.headers)
    // A replay module reads messages, so that nothing may be agreed that changes what they look like.
    if (reads || misread) request = withExtensions(request, '')
    const held = holds ? randomBytes(16).toString('base64url') : undefined
    const extra: HeaderList = held ? [[sessionHeader, held]] : []
    let found = await findUpstream({ handshake, request, extra, arrivedAt, span }, state, deps)
    if (resume && found.ok && !startsAfresh(found.dialled.extensions)) {
      // It says that its messages refer to earlier ones, though it was asked not to: it goes on without compression.
      found.dialled.socket.destroy()
      found.release()
      request = withExtensions(request, '')
      found = await findUpstream({ handshake, request, extra, arrivedAt, span }, state, deps)
    }
    if (asked) asked.upstreamMs = deps.clock.now() - dialledAt
    if (!found.ok) {
      admission.release()
      return fail(found.failure, handshake, state, deps, { span, asked })
    }
    const { upstream, dialled } = found
    // A drain or a reload may have begun while the upstream was dialled.
    const drainsNow = deps.draining(route.name, upstream.name)
    if (drainsNow || handshake.signal.aborted) {
      dialled.socket.destroy()
      found.release()
      admission.release()
      if (drainsNow)
        return leave({ what: 'route-drains', retry: between(drainsNow, deps.random) }, 'draining')
      span.end('abandoned')
      logRefusal(handshake.request, asked, { status: clientLeft }, route.name, deps)
      return state.countHandshake('abandoned')
    }
    state.countHandshake('accepted')
    const openedAt = deps.clock.now()
    const { protocol, extensions, headers } = dialled
    const hold = held === undefined ? undefined : holdOf(options.hold, request, dialled)
    const told = hold || resume ? withoutClientTakeover(extensions) : extensions
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
        held: hold && held !== undefined ? { session: held, request, hold } : undefined,
        resume: resume && { options: resume, over, identity },
        answers: dialled.restored !== undefined,
        auth,
        asked,
        replay: hold && loadedReplay(hold.replay),
        release: {
          upstream: found.release,
          admission() {
            admission.release()
            const { request: asked } = handshake
            state.clients.lasted({ ...asked, ...askerOf(asked) }, deps.clock.now() - openedAt)
          },
        },
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
    leave({ what: 'handshake-fault' }, 'fault')
  }
}

/** Says why there is no connection to a client that has not been answered yet. */
function fail(
  failure: Extract<Found, { ok: false }>['failure'],
  handshake: ClientHandshake,
  state: RouteState,
  deps: HandshakeDeps,
  { span, asked }: { span: HandshakeSpan; asked: Asked | undefined },
): void {
  const end = (result: HandshakeResult, answer?: HandshakeAnswer) => {
    span.end(result, answer)
    const status = result === 'abandoned' ? { status: clientLeft } : answer
    logRefusal(handshake.request, asked, status, state.options.name, deps)
  }
  const leave = (cause: CloseCause, result: HandshakeResult) => {
    state.countHandshake(result)
    const clients = result === 'bad-gateway' && state.turnedAway(deps.clock.now())
    if (clients) {
      const upstreams = state.upstreamsInWords
      deps.log.warn({ route: state.options.name, upstreams, failure, clients }, 'no upstream for clients')
    }
    end(result, turnAway(handshake, cause, state, deps, asked))
  }
  switch (failure.kind) {
    case 'aborted':
      end('abandoned')
      return state.countHandshake('abandoned')
    case 'drains': {
      // Nobody says with what delays when the gateway ends at once.
      const { retry = [0, 0] } = { retry: deps.draining(state.options.name) }
      return leave({ what: 'route-drains', retry: between(retry, deps.random) }, 'draining')
    }
    case 'busy':
      return leave(closeCauseOf(failure, deps.random), 'busy')
    case 'rejected': {
      state.countHandshake('rejected')
      const { response, status } = failure
      const told = closeMapping({ what: 'rejected', status }, state.options).client
      if (told.by !== 'pass') {
        response.destroy()
        return end('rejected', turnAway(handshake, { what: 'rejected', status }, state, deps, asked))
      }
      end('rejected', { status })
      return handshake.refuse({
        status,
        reason: response.statusMessage,
        headers: failure.headers,
        body: response,
      })
    }
    default:
      if (failure.kind === 'unreachable' && failure.ours) deps.onNoDescriptor?.()
      return leave(closeCauseOf(failure, deps.random), 'bad-gateway')
  }
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

/** A random delay between the two. */
export function between([least, greatest]: DrainOptions['retry'], random: () => number): number {
  return Math.round(least + random() * (greatest - least))
}
