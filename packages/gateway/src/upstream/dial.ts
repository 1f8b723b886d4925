// In: an upstream's place and a client's checked handshake. Out: a socket behind the upstream's 101, or why there is
// none. Next: dial-route.ts.
import http, { type IncomingMessage } from 'node:http'
import net from 'node:net'
import tls from 'node:tls'
import {
  type Clock,
  guarded,
  type RouteChanges,
  systemClock,
  type UpstreamTlsOptions,
} from '../core/index.ts'
import {
  endToEnd,
  type HeaderList,
  headerList,
  readHttpHead,
  type UpgradeRequest,
  values,
} from '../http/index.ts'
import { AnswerStream } from './answer-stream.ts'
import { changeAuthority, changeFields, changeTarget } from './change-request.ts'
import { answerFailure, badAnswer, connectFailure, type Failed, failed, unreachable } from './dial-failure.ts'
import { type Agreement, readSwitch, retryAfter } from './upstream-answer.ts'

export type { DialFailure } from './dial-failure.ts'

/** Where an upstream is. */
export interface DialTarget {
  tls: boolean
  /** Address or name to connect to. */
  host: string
  port: number
  /** The host of its URL: the name that its certificate must bear, unless `secure` names another. */
  serverName: string
  /** Put before the request's target; '' for nothing. */
  path: string
  /** A socket of the file system to connect to, in place of `host` and `port`. */
  socketPath?: string
  secure?: UpstreamTlsOptions
  /** What its route changes in requests and answers. */
  changes?: RouteChanges
}

export type DialResult =
  | ({
      ok: true
      /** Paused, without listeners but one that keeps an early 'error' from ending the process. */
      socket: net.Socket | tls.TLSSocket
      /** Bytes of frames that came together with the 101. */
      head: Buffer
    } & Agreement)
  | Failed

/** Milliseconds; each is a limit for the whole of its stage, however busy the peer keeps the line. */
export interface DialTimeouts {
  /** Name lookup, TCP and TLS. */
  connect: number
  /** From there to the last byte of the 101's headers. */
  handshake: number
}

/** Bytes that the header of an answer may have. */
const maxHeaderSize = 32 * 1024
/** Milliseconds in which the body of an answer that was no 101 must have been read. */
const bodyTimeout = 30_000

/**
 * Repeats a client's opening handshake (RFC 6455 4.1) to an upstream. Never rejects; whatever fails leaves no socket
 * behind, except for 'rejected', whose socket goes with its body.
 *
 * @param extra Headers to send behind the client's own.
 */
export async function dial(
  target: DialTarget,
  request: UpgradeRequest,
  timeouts: DialTimeouts,
  signal: AbortSignal,
  extra: HeaderList = [],
  clock: Clock = systemClock,
): Promise<DialResult> {
  const limits = { signal, clock }
  const connected = await connect(target, { ...limits, ms: timeouts.connect })
  if (!connected.ok) return connected
  return upgrade(connected.socket, target, request, extra, { ...limits, ms: timeouts.handshake })
}

interface Limits {
  ms: number
  signal: AbortSignal
  clock: Clock
}

/**
 * One stage of a dial: its result is the first thing that happens, be it the time limit or the signal.
 * `begin` returns what to undo then. A stage that fails destroys the socket.
 */
function stage<Result extends { ok: true }>(
  socket: net.Socket,
  { ms, signal, clock }: Limits,
  begin: (settle: (result: Result | Failed) => void) => () => void,
): Promise<Result | Failed> {
  return new Promise((resolve) => {
    let settled = false
    const settle = (result: Result | Failed) => {
      if (settled) return
      settled = true
      clock.clearTimeout(timer)
      signal.removeEventListener('abort', onAbort)
      undo()
      if (!result.ok && result.failure.kind !== 'rejected') socket.destroy()
      resolve(result)
    }
    const onAbort = () => settle(failed({ kind: 'aborted' }))
    const timer = clock.setTimeout(() => settle(failed({ kind: 'no-answer', afterMs: ms })), ms)
    signal.addEventListener('abort', onAbort)
    const undo = begin(settle)
    if (signal.aborted) onAbort()
  })
}

async function connect(
  target: DialTarget,
  limits: Limits,
): Promise<{ ok: true; socket: net.Socket } | Failed> {
  if (limits.signal.aborted) return failed({ kind: 'aborted' })
  let socket: net.Socket
  try {
    socket = openSocket(target)
  } catch {
    return unreachable('address not valid')
  }
  socket.on('error', ignore)
  socket.setNoDelay(true)
  return stage(socket, limits, (settle) => {
    const ready = target.tls ? 'secureConnect' : 'connect'
    const onReady = () => settle({ ok: true, socket })
    const onError = (error: Error) => settle(connectFailure(error, socket, target.host))
    const onClose = () => settle(unreachable('connection closed'))
    socket.on(ready, onReady).on('error', onError).on('close', onClose)
    return () => socket.off(ready, onReady).off('error', onError).off('close', onClose)
  })
}

function openSocket(target: DialTarget): net.Socket {
  const { host, port, socketPath } = target
  const place = socketPath === undefined ? { host, port } : { path: socketPath }
  if (!target.tls) return net.connect(place)
  const { servername, ...options } = tlsOptions(target)
  return tls.connect({
    ...place,
    ...options,
    servername: servername === '' ? undefined : servername,
    ALPNProtocols: ['http/1.1'],
  })
}

/** How TLS is spoken to an upstream. */
export function tlsOptions({ serverName, secure }: DialTarget) {
  const { ca, cert, key, pkcs12, serverName: name = serverName, verify = true } = secure ?? {}
  const pfx = pkcs12 && { pfx: Buffer.from(pkcs12.data, 'base64'), passphrase: pkcs12.passphrase }
  // RFC 6066 3: "Literal IPv4 and IPv6 addresses are not permitted in "HostName"". The certificate is then checked
  // against the address that is dialled.
  return { ca, cert, key, ...pfx, rejectUnauthorized: verify, servername: net.isIP(name) === 0 ? name : '' }
}

/** A fault of ours while we read it. */
const unreadable = badAnswer('answer not understood')

/** A listener for errors that another event or another listener reports. */
function ignore(): void {}

function upgrade(
  socket: net.Socket,
  target: DialTarget,
  request: UpgradeRequest,
  extra: HeaderList,
  limits: Limits,
): Promise<DialResult> {
  return stage<Extract<DialResult, { ok: true }>>(socket, limits, (settle) => {
    const head = requestHead(target, request, extra)
    if (head === undefined) {
      queueMicrotask(() => settle(badAnswer('request not valid')))
      return ignore
    }
    let undoClient = ignore
    const onData = guarded(
      (bytes: Buffer) => {
        undo()
        socket.pause()
        const answer = readHttpHead(bytes, maxHeaderSize)
        if (answer?.start.startsWith('HTTP/1.1 101 ')) {
          const rest = bytes.subarray(answer.length)
          return settle(switched(socket, answer.rawHeaders, rest, request, target.changes))
        }
        undoClient = readWithClient(socket, bytes, request, target.changes, limits.clock, settle)
      },
      () => settle(unreadable),
    )
    const onError = (error: Error) => settle(answerFailure(error))
    const onEnd = () => settle(unreachable('connection closed without an answer'))
    const undo = () =>
      void socket.off('data', onData).off('error', onError).off('end', onEnd).off('close', onEnd)
    socket.on('data', onData).on('error', onError).on('end', onEnd).on('close', onEnd)
    socket.write(head, 'latin1')
    return () => {
      undo()
      undoClient()
    }
  })
}

/** The answer is no 101, or not so plain that it could be read here: Node's HTTP client reads it. */
function readWithClient(
  socket: net.Socket,
  first: Buffer,
  request: UpgradeRequest,
  changes: RouteChanges | undefined,
  clock: Clock,
  settle: (result: DialResult) => void,
): () => void {
  const answering = new AnswerStream(socket, first)
  const exchange = http.request({ createConnection: () => answering, maxHeaderSize })
  const onUpgrade = (response: IncomingMessage, _: unknown, head: Buffer) => {
    const rest = answering.letGo()
    settle(switched(socket, response.rawHeaders, Buffer.concat([head, rest]), request, changes))
  }
  const onResponse = (response: IncomingMessage) =>
    settle(notSwitched(socket, response, request, changes, clock))
  const fail = () => settle(unreadable)
  exchange.on('upgrade', guarded(onUpgrade, fail)).on('response', guarded(onResponse, fail))
  exchange.on('error', (error) => settle(answerFailure(error)))
  exchange.end()
  return () => void exchange.removeAllListeners('upgrade').removeAllListeners('response')
}

/** The request as it travels; undefined when it cannot, because HTTP/2 allows a client what HTTP/1.1 does not. */
function requestHead(target: DialTarget, request: UpgradeRequest, extra: HeaderList): string | undefined {
  const { changes = {} } = target
  let head = `GET ${target.path + changeTarget(changes, request.target)} HTTP/1.1\r\n`
  if (!/^[!-~]+$/.test(request.target)) return undefined
  for (const [name, value] of requestHeaders(target, changes, request, extra)) {
    if (!valid.test(value)) return undefined
    head += `${name}: ${value}\r\n`
  }
  return `${head}\r\n`
}

/** RFC 9110 5.5: no line end and no NUL in a value, and nothing that Latin-1 has no byte for. */
const valid = /^[\t -~\x80-\xff]*$/

function requestHeaders(
  target: DialTarget,
  changes: RouteChanges,
  request: UpgradeRequest,
  extra: HeaderList,
): HeaderList {
  const named = { 'client.address': request.address, session: values(extra, sessionField)[0] ?? '' }
  return [
    ['Host', changeAuthority(changes, request.authority, target)],
    ['Connection', 'Upgrade'],
    ['Upgrade', 'websocket'],
    ['Sec-WebSocket-Version', '13'],
    ['Sec-WebSocket-Key', request.key],
    ...changeFields(changes.headers, request.headers, named),
    ...extra,
  ]
}

/** The field that names a held connection to its upstream, in lower case. */
const sessionField = 'holdfast-session'

function switched(
  socket: net.Socket,
  rawHeaders: string[],
  head: Buffer,
  request: UpgradeRequest,
  changes: RouteChanges | undefined,
): DialResult {
  const answer = readSwitch(headerList(rawHeaders), request)
  if (!answer.ok) return badAnswer(answer.words, answer.agreement)
  socket.pause()
  const { ok, headers, ...agreement } = answer
  return { ok, socket, head, ...agreement, headers: changeFields(changes?.headers?.response, headers) }
}

/** What a client is shown of an answer: Holdfast-… is said to the gateway. */
function forClient(headers: HeaderList): HeaderList {
  return endToEnd(headers).filter(([name]) => !/^holdfast-/i.test(name))
}

/** RFC 6455 4.1: "If the status code received from the server is not 101, the client handles the response per HTTP". */
function notSwitched(
  socket: net.Socket,
  response: IncomingMessage,
  request: UpgradeRequest,
  changes: RouteChanges | undefined,
  clock: Clock,
): Failed {
  const status = response.statusCode ?? 0
  const headers = headerList(response.rawHeaders)
  if (status === 101) {
    // Its headers are such that the HTTP client sees no switch in it.
    const answer = readSwitch(headers, request)
    return badAnswer(answer.ok ? 'no switch of protocols' : answer.words)
  }
  if (status === 503 || status === 429) {
    const after = retryAfter(values(headers, 'retry-after')[0], clock.wall())
    return failed({ kind: 'busy', status, ...(after !== undefined && { retryAfter: after }) })
  }
  if (status < 300) return badAnswer(`status ${status} instead of 101`)
  if (status >= 500) return badAnswer(`status ${status}`)
  response.on('error', ignore)
  const timer = clock.setTimeout(() => response.destroy(), bodyTimeout)
  response.once('close', () => {
    clock.clearTimeout(timer)
    socket.destroy()
  })
  const shown = changeFields(changes?.headers?.response, forClient(headers))
  return failed({ kind: 'rejected', status, headers: shown, response })
}
