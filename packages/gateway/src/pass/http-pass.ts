// In: a request that is no handshake, and its route. Out: an upstream's answer, or one of the gateway's own. This is the
// life of a plain request: drain, limits, upstreams, log. Next: http-forward.ts.

import { authorised } from '../auth/index.ts'
import { httpMapping, type Unserved } from '../connection/index.ts'
import { type Clock, systemClock } from '../core/index.ts'
import {
  asksForState,
  between,
  closeCauseOf,
  type HandshakeDeps,
  overLimit,
  stateAnswer,
} from '../handshake/index.ts'
import { type HeaderList, values } from '../http/index.ts'
import type { HttpExchange } from '../listen/index.ts'
import type { RouteState } from '../session/index.ts'
import { mayTryOne, pause, type Upstream, wait } from '../upstream/index.ts'
import { isGone } from './http-client-answer.ts'
import { type ForwardResult, forwardRequest } from './http-forward.ts'

/** Milliseconds in which a request that was answered before its end must end: what comes of it is thrown away. */
const restTimeoutMs = 10_000

/** Serves one plain request on its route. Never rejects. */
export async function serveRequest(
  exchange: HttpExchange,
  state: RouteState,
  deps: HandshakeDeps,
): Promise<void> {
  const { name, limits } = state.options
  const answer = (unserved: Unserved) => answerUnserved(exchange, unserved, deps.clock)
  if (asksForState(exchange.request)) {
    return answerWith(exchange, await stateAnswer(exchange.request, state, deps), deps.clock)
  }
  const retry = deps.draining(name)
  if (retry) return answer({ what: 'route-drains', retry: between(retry, deps.random) })
  try {
    const { connections, perAddress } = limits
    const limited = connections !== undefined || perAddress !== undefined
    const admission = limited
      ? await deps.admit(name, { connections, perAddress }, exchange.request.address)
      : { ok: true as const, release() {} }
    if (!admission.ok) {
      return answer(overLimit(admission))
    }
    try {
      if (state.auth.isOn && !(await isLetIn(exchange, state, deps, answer))) return
      const { result, upstream } = await passToRoute(exchange, state, deps)
      const unserved = whyUnserved(result)
      if (!unserved) return readRest(exchange, deps.clock)
      // One line for many: a dead backend turns away every client.
      const clients = state.turnedAway(deps.clock.now())
      if (clients)
        deps.log.warn(
          {
            route: name,
            upstream: upstream?.name,
            upstreams: state.upstreamsInWords,
            failure: result,
            clients,
          },
          'no upstream for clients',
        )
      answer(unserved)
    } finally {
      admission.release()
    }
  } catch (error) {
    deps.log.error({ err: error, route: name }, 'fault while passing a request on')
    answer({ what: 'handshake-fault' })
  }
}

/** Asks the authentication service. A client that it does not let in is answered. */
async function isLetIn(
  exchange: HttpExchange,
  { auth }: RouteState,
  { clock, random }: HandshakeDeps,
  answer: (unserved: Unserved) => void,
): Promise<boolean> {
  const { res } = exchange
  const left = new AbortController()
  const onClose = () => left.abort()
  res.once('close', onClose)
  const verdict = await auth.admit(exchange.request, left.signal)
  res.off('close', onClose)
  switch (verdict.kind) {
    case 'allowed':
      exchange.request = authorised(exchange.request, verdict.names, verdict.headers)
      return true
    case 'refused':
      answerWith(exchange, verdict.refusal, clock)
      return false
    case 'failed':
      answer(closeCauseOf(verdict.failure, random) as Unserved)
      return false
    case 'aborted':
      return false
  }
}

type RouteResult = ForwardResult | { kind: 'no-healthy-upstream' }

/** Tries upstreams of the route until one can be reached; a request that one has read is for no other. */
async function passToRoute(
  exchange: HttpExchange,
  { options: route, pool }: RouteState,
  { clock }: HandshakeDeps,
): Promise<{ result: RouteResult; upstream?: Upstream }> {
  const { request, res } = exchange
  const left = new AbortController()
  const onClose = () => left.abort()
  res.once('close', onClose)
  let last: Upstream | undefined
  let result: RouteResult = { kind: 'no-healthy-upstream' }
  for (let attempt = 0; attempt < route.attempts; attempt++) {
    const upstream = pool.pick(request, last, mayTryOne(attempt, route))
    if (!upstream) break
    if (upstream === last) await wait(pause * 2 ** (attempt - 1), left.signal, clock)
    last = upstream
    exchange.upstream = upstream.name
    const release = pool.acquire(upstream)
    result = await forwardRequest(exchange, upstream.target, route.timeouts)
    release()
    if (result.kind === 'unreachable') pool.dialled(upstream, false, result.words)
    // With `health`, that HTTP is answered says little of WebSockets.
    else if (result.kind === 'answered' && !route.health) pool.dialled(upstream, true)
    if (result.kind !== 'unreachable') break
  }
  res.off('close', onClose)
  return { result, ...(last && { upstream: last }) }
}

/** What is to be answered for a result; undefined when the client has an answer or has left. */
export function whyUnserved(result: RouteResult): Unserved | undefined {
  switch (result.kind) {
    case 'answered':
    case 'abandoned':
      return undefined
    case 'unreachable':
      return { what: 'unreachable', words: result.words }
    case 'no-healthy-upstream':
      return { what: 'no-healthy-upstream' }
    case 'failed':
      return result.afterMs === undefined
        ? { what: 'bad-answer', words: result.words }
        : { what: 'no-answer', afterMs: result.afterMs }
  }
}

/** Answers with a text of the gateway's own. */
export function answerText(exchange: HttpExchange, text: string): void {
  const headers: HeaderList = [['Content-Type', 'application/octet-stream']]
  answerWith(exchange, { status: 200, headers, body: text }, systemClock)
}

/** Answers a request that no upstream answers. */
export function answerUnserved(exchange: HttpExchange, unserved: Unserved, clock?: Clock): void {
  const { status, reason, retry } = httpMapping(unserved)
  const headers: HeaderList = retry === undefined ? [] : [['Retry-After', String(Math.ceil(retry / 1000))]]
  answerError(exchange, status, reason, headers, clock)
}

/**
 * Answers with a short body, if nothing is answered yet: JSON for a client whose `Accept` names it, and text for all
 * others. Some protocols that speak JSON over HTTP (Bayeux, JSON-RPC) take any JSON for the reply, whatever the status.
 */
export function answerError(
  exchange: HttpExchange,
  status: number,
  message: string,
  headers: HeaderList = [],
  clock: Clock = systemClock,
): void {
  const [type, body] = namesJson(exchange.request.headers)
    ? ['application/json', JSON.stringify({ error: { status, message } })]
    : ['text/plain; charset=utf-8', `${message}\n`]
  answerWith(exchange, { status, headers: [...headers, ['Content-Type', type]], body }, clock)
}

const namesJson = (headers: HeaderList) => /[/+]json\b/i.test(values(headers, 'accept').join())

/** Answers, if nothing is answered yet. */
function answerWith(
  exchange: HttpExchange,
  { status, headers, body }: { status: number; headers: HeaderList; body: string | Buffer },
  clock: Clock,
): void {
  const { res, request } = exchange
  readRest(exchange, clock)
  if (res.headersSent || isGone(res)) return
  if ('shouldKeepAlive' in res) {
    res.statusMessage = ''
    // A client that was not told to continue may or may not send its body: the next request could not be found.
    if (request.expectsContinue) res.shouldKeepAlive = false
  }
  res.statusCode = status
  for (const [name] of headers) {
    const all = values(headers, name.toLowerCase())
    res.setHeader(name, all.length === 1 ? all[0]! : all)
  }
  res.end(body)
}

/**
 * Reads what is left of a request that is answered and throws it away, so that the client comes to read the answer; but
 * not for ever. RFC 9112 9.3: "A server MUST read the entire request message body or close the connection after sending
 * its response".
 */
function readRest({ req, res }: HttpExchange, clock: Clock): void {
  req.resume()
  if ('stream' in res || req.complete) return
  const { socket } = req
  const timer = clock.setTimeout(() => socket.destroy(), restTimeoutMs)
  const stop = () => {
    clock.clearTimeout(timer)
    req.off('end', stop)
    socket.off('close', stop)
  }
  req.once('end', stop)
  socket.once('close', stop)
}
