// In: a client's checked handshake. Out: a running Pipe, or the client told why there is none. This is the life of a
// connection up to its first frame: route, origin, limits, dial, accept.
import { adviceFor, code, delayFor } from '@holdfast/close-codes'
import type { Logger } from 'pino'
import type { ClientHandshake } from './accept.ts'
import type { Clock } from './clock.ts'
import { closeMapping, type Happening, type Told } from './close-mapping.ts'
import { type Connection, type Connections, connectionInfo } from './connections.ts'
import type { DialFailure } from './dial.ts'
import { dialRoute } from './dial-route.ts'
import type { Admission } from './limits.ts'
import type { DrainOptions, LimitOptions } from './options.ts'
import { Pipe } from './pipe.ts'
import type { HandshakeResult, RouteState } from './route-state.ts'
import type { GatewayEvent } from './snapshot.ts'
import type { Upstream } from './upstreams.ts'

/** Asks whether a client may come in under a route's limits. */
export type Admit = (route: string, limits: LimitOptions, address: string) => Admission | Promise<Admission>

/** What a handshake needs of its gateway. */
export interface HandshakeDeps {
  connections: Connections
  admit: Admit
  clock: Clock
  random: () => number
  log: Logger
  newId: () => string
  emit: (event: GatewayEvent) => void
  /** The delays that clients of a drained route or upstream are told; undefined when it is not drained. */
  draining: (route: string, upstream?: string) => DrainOptions['retry'] | undefined
}

const limitWords = {
  connections: 'too many connections',
  perAddress: 'too many connections from this address',
  handshakesPerSecond: 'too many connection attempts',
}

/** Serves one handshake on its route. Never rejects. */
export async function serveHandshake(
  handshake: ClientHandshake,
  state: RouteState,
  deps: HandshakeDeps,
): Promise<void> {
  const { request } = handshake
  const { options: route } = state
  const leave = (happening: Happening, result: HandshakeResult) => {
    state.countHandshake(result)
    turnAway(handshake, happening, state, deps)
  }
  const retry = deps.draining(route.name)
  if (retry) return leave({ what: 'gateway-drains', retry: between(retry, deps.random) }, 'draining')
  if (route.origins && !(request.origin && route.origins.includes(request.origin))) {
    return leave({ what: 'origin-refused' }, 'origin-refused')
  }
  const admission = await deps.admit(route.name, route.limits, request.address)
  if (!admission.ok) {
    return leave(
      { what: 'over-limit', words: limitWords[admission.limit], retry: admission.retry },
      'over-limit',
    )
  }
  try {
    const found = await dialRoute(route, state.pool, request, handshake.signal, deps.clock)
    if (!found.ok) {
      admission.release()
      return fail(found.failure, handshake, state, deps)
    }
    const { upstream, dialled } = found
    const release = () => {
      found.release()
      admission.release()
    }
    // A drain or a reload may have begun while the upstream was dialled.
    const drainsNow = deps.draining(route.name, upstream.name)
    if (drainsNow || handshake.signal.aborted) {
      dialled.socket.destroy()
      release()
      if (drainsNow)
        return leave({ what: 'gateway-drains', retry: between(drainsNow, deps.random) }, 'draining')
      return state.countHandshake('abandoned')
    }
    state.countHandshake('accepted')
    const { protocol, extensions, headers } = dialled
    const client = handshake.accept({ protocol, extensions, headers })
    if (dialled.head.length > 0) dialled.socket.unshift(dialled.head)
    open(
      handshake,
      state,
      deps,
      { stream: client, socket: dialled.socket, upstream, protocol, extensions },
      release,
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
): void {
  const leave = (happening: Happening, result: HandshakeResult) => {
    state.countHandshake(result)
    const clients = result === 'bad-gateway' && state.turnedAway(deps.clock.now())
    if (clients) deps.log.warn({ route: state.options.name, failure, clients }, 'no upstream for clients')
    turnAway(handshake, happening, state, deps)
  }
  switch (failure.kind) {
    case 'aborted':
      return state.countHandshake('abandoned')
    case 'unreachable':
    case 'bad-answer':
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
        return turnAway(handshake, { what: 'rejected', status }, state, deps)
      }
      return handshake.refuse({ status, headers: failure.headers, body: response })
    }
  }
}

/** HTTP when the table says so; otherwise a 101, a Close, its echo, and the end. */
function turnAway(
  handshake: ClientHandshake,
  happening: Happening,
  state: RouteState,
  deps: HandshakeDeps,
): void {
  const told = closeMapping(happening, state.options).client
  if (told.by === 'http') return handshake.refuse(httpAnswer(told))
  // WHATWG: a browser that offered subprotocols fails a handshake whose answer selects none of them.
  const protocol = handshake.request.protocols[0]
  const stream = handshake.accept({ protocol, headers: [] })
  const pipe = open(handshake, state, deps, { stream, protocol }, () => {})
  pipe.end(happening)
}

/** An HTTP answer of the gateway's own, with a short JSON body. */
export function httpAnswer(told: Extract<Told, { by: 'http' }>) {
  const headers: [string, string][] = [['Content-Type', 'application/json']]
  if (told.retry !== undefined) headers.push(['Retry-After', String(Math.ceil(told.retry / 1000))])
  const body = JSON.stringify({ error: { status: told.status, message: told.reason } })
  return { status: told.status, headers, body }
}

interface Ends {
  stream: ReturnType<ClientHandshake['accept']>
  socket?: ReturnType<ClientHandshake['accept']>
  upstream?: Upstream
  protocol?: string
  extensions?: string
}

function open(
  handshake: ClientHandshake,
  state: RouteState,
  deps: HandshakeDeps,
  ends: Ends,
  release: () => void,
): Pipe {
  const { options: route } = state
  const { request } = handshake
  const { upstream } = ends
  const pipe = new Pipe({
    client: ends.stream,
    upstream: ends.socket,
    rsv: rsvOf(ends.extensions),
    manners: route,
    closeTimeout: route.timeouts.close,
    keepalive: route.keepalive,
    messageBytes: route.limits.messageBytes,
    messagesPerSecond: route.limits.messagesPerSecond,
    clock: deps.clock,
    retry: () =>
      Math.round(delayFor(adviceFor(code.serviceRestart), { attempt: 0, random: deps.random }) ?? 0),
    onError: (error) =>
      deps.log.error({ err: error, route: route.name, id: connection.id }, 'fault in a connection'),
    onClosed: ({ code, reason, by }) => {
      unregister()
      release()
      state.countTraffic(pipe.traffic)
      state.countClose(code, by)
      deps.log.debug({ ...connectionInfo(connection), code, reason, by }, 'connection closed')
      deps.emit({ type: 'close', at: deps.clock.now(), route: route.name, code, reason, by })
    },
  })
  const connection: Connection = {
    id: deps.newId(),
    route: route.name,
    upstream: upstream && { name: upstream.name, address: `${upstream.target.host}:${upstream.target.port}` },
    address: request.address,
    openedAt: deps.clock.now(),
    protocol: ends.protocol,
    http: request.httpVersion,
    pipe,
  }
  const unregister = deps.connections.register(connection)
  return pipe
}

/** RFC 7692 6: permessage-deflate uses RSV1. What other extensions use is not ours to know. */
function rsvOf(extensions: string | undefined): number {
  if (!extensions) return 0
  const names = extensions.split(',').map((extension) => extension.split(';')[0]!.trim().toLowerCase())
  return names.every((name) => name === 'permessage-deflate') ? 0x40 : 0x70
}

function between([least, greatest]: DrainOptions['retry'], random: () => number): number {
  return Math.round(least + random() * (greatest - least))
}
