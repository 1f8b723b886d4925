// In: the question whether a client may come in. Out: the answer of the authentication service, or why there is none. Its
// connections are kept and used again.
import http, { type IncomingMessage } from 'node:http'
import https from 'node:https'
import type { AuthOptions, Clock, MonotonicMs } from '../core/index.ts'
import { endToEnd, Fields, type HeaderList } from '../http/index.ts'
import {
  answerFailure,
  authorityOf,
  connectFailure,
  type DialFailure,
  keepAliveAgents,
  retryAfter,
  tlsOptions,
} from '../upstream/index.ts'

/** The service has not said whether. `words` of it may be told to a client. */
export type AuthFailure = Extract<DialFailure, { kind: 'unreachable' | 'no-answer' | 'bad-answer' | 'busy' }>

/** The client may not come in: an answer for it, as HTTP. */
export interface AuthRefusal {
  status: number
  reason: string
  /** End-to-end fields; none that frame the body. */
  headers: HeaderList
  body: Buffer
}

export type AuthAnswer =
  /** `expiresInMs`: when it wants to be asked again. */
  | { kind: 'allowed'; headers: HeaderList; expiresInMs?: number }
  | { kind: 'refused'; refusal: AuthRefusal }
  | { kind: 'failed'; failure: AuthFailure }
  | { kind: 'aborted' }

/** Connections to one service at a time, in each worker; more questions wait for one of them. */
const mostConnections = 64
/** Bytes of an answer that are handed on to a client; of a longer one only its head. */
const maxBodyBytes = 64 * 1024
const maxHeaderSize = 32 * 1024
/** What a timer can wait for. */
const longestMs = 2 ** 31 - 1

const agents = keepAliveAgents({ maxSockets: mostConnections, maxFreeSockets: mostConnections })

/** Asks once; a kept connection that was lost at the moment of its use is replaced. Never rejects. */
export async function askService(
  options: AuthOptions,
  fields: HeaderList,
  signal: AbortSignal,
  clock: Clock,
): Promise<AuthAnswer> {
  if (signal.aborted) return { kind: 'aborted' }
  const until = clock.now() + options.timeout
  const first = await exchange(options, fields, true, until, signal, clock)
  // RFC 9110 9.2.2: a GET may be sent again.
  return first === 'stale'
    ? ((await exchange(options, fields, false, until, signal, clock)) as AuthAnswer)
    : first
}

/** 'stale': a kept connection was lost before it brought an answer. */
function exchange(
  options: AuthOptions,
  fields: HeaderList,
  keep: boolean,
  until: MonotonicMs,
  signal: AbortSignal,
  clock: Clock,
): Promise<AuthAnswer | 'stale'> {
  const request = open(options, fields, keep)
  if (!request)
    return Promise.resolve({ kind: 'failed', failure: { kind: 'bad-answer', words: 'request not valid' } })
  const { target, timeout } = options
  return new Promise((resolve) => {
    let settled = false
    let connected = false
    let response: IncomingMessage | undefined
    const settle = (answer: AuthAnswer | 'stale') => {
      if (settled) return
      settled = true
      clock.clearTimeout(timer)
      signal.removeEventListener('abort', onAbort)
      if (!response?.complete) request.destroy()
      resolve(answer)
    }
    const fail = (failure: AuthFailure) => settle({ kind: 'failed', failure })
    const onAbort = () => settle({ kind: 'aborted' })
    const late = () => fail({ kind: 'no-answer', afterMs: timeout })
    const timer = clock.setTimeout(late, Math.max(0, until - clock.now()))
    signal.addEventListener('abort', onAbort)
    const onConnected = () => {
      connected = true
    }
    request
      .on('socket', (socket) => socket.once(target.tls ? 'secureConnect' : 'connect', onConnected))
      .on('response', (came) => {
        response = came
        const notWhole = () => fail({ kind: 'bad-answer', words: 'answer not whole' })
        void readAnswer(came, options, clock).then(settle, notWhole)
      })
      .on('upgrade', (_, socket) => {
        socket.destroy()
        fail({ kind: 'bad-answer', words: 'protocols switched unasked' })
      })
      .on('error', (error) => {
        if (request.reusedSocket && !response) return settle('stale')
        const stood = connected || request.reusedSocket
        const { failure } = stood
          ? answerFailure(error)
          : connectFailure(error, request.socket ?? {}, target.host)
        fail(failure as AuthFailure)
      })
      .end()
  })
}

/** Undefined: HTTP/2 has allowed a client what HTTP/1.1 does not. */
function open({ target }: AuthOptions, fields: HeaderList, keep: boolean): http.ClientRequest | undefined {
  const { tls, host, port, path, socketPath } = target
  try {
    return (tls ? https : http).request({
      ...(socketPath === undefined ? { host, port } : { socketPath }),
      path: path || '/',
      headers: [
        ['Host', authorityOf(target)],
        ['Connection', keep ? 'keep-alive' : 'close'],
        ...fields,
      ].flat(),
      setHost: false,
      agent: keep ? (tls ? agents.https : agents.http) : false,
      maxHeaderSize,
      ...(tls && tlsOptions(target)),
    })
  } catch {
    return undefined
  }
}

async function readAnswer(
  response: IncomingMessage,
  { headers: names }: AuthOptions,
  clock: Clock,
): Promise<AuthAnswer> {
  const body = await readBody(response)
  const status = response.statusCode ?? 0
  const fields = Fields.of(response)
  if (status >= 200 && status < 300) {
    const expiresInMs = expiry(fields.first('holdfast-expires'))
    const granted = names.flatMap((name) =>
      fields.values(name.toLowerCase()).map((value): [string, string] => [name, value]),
    )
    return { kind: 'allowed', headers: granted, ...(expiresInMs !== undefined && { expiresInMs }) }
  }
  if (status === 429 || status === 503) {
    const after = retryAfter(fields.first('retry-after'), clock.wall())
    const busy = { kind: 'busy' as const, status: status as 429 | 503 }
    return { kind: 'failed', failure: { ...busy, ...(after !== undefined && { retryAfter: after }) } }
  }
  if (status < 300 || status >= 500)
    return { kind: 'failed', failure: { kind: 'bad-answer', words: `status ${status}` } }
  const headers = endToEnd(fields.list).filter(
    ([name]) => !/^(?:holdfast-.*|content-length|sec-websocket-.*)$/i.test(name),
  )
  const reason = response.statusMessage ?? ''
  return {
    kind: 'refused',
    refusal: { status, reason, headers: body ? headers : unframed(headers), body: body ?? Buffer.alloc(0) },
  }
}

/** Without those that are about a body. */
const unframed = (headers: HeaderList) => headers.filter(([name]) => !/^content-/i.test(name))

/** The body; undefined when it is too long. The rest is read, so that the connection can be used again, unless there is much. */
async function readBody(response: IncomingMessage): Promise<Buffer | undefined> {
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of response) {
    size += chunk.length
    if (size > maxBodyBytes) {
      response.destroy()
      return undefined
    }
    chunks.push(chunk)
  }
  return Buffer.concat(chunks)
}

/** `Holdfast-Expires`: seconds; one that cannot be read is none. A second at least: a service must not be asked in a circle. */
function expiry(value: string | undefined): number | undefined {
  if (value === undefined || !/^\d{1,12}(?:\.\d{1,3})?$/.test(value)) return undefined
  return Math.min(longestMs, Math.max(1000, Number(value) * 1000))
}
