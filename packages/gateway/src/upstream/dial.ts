// In: an upstream's place and a client's checked handshake. Out: a wire behind the upstream's 101, or why there is
// none. Next: dial-route.ts.
import http, { type IncomingMessage } from 'node:http'
import { attempt, type Clock, guarded, type RouteChanges, systemClock } from '../core/index.ts'
import {
  endToEnd,
  Fields,
  type HeaderList,
  readHttpHead,
  type UpgradeRequest,
  values,
} from '../http/index.ts'
import type { SocketWire, WireUser } from '../wire/index.ts'
import { AnswerHead } from './answer-head.ts'
import { AnswerStream } from './answer-stream.ts'
import { changeAuthority, changeFields, changeTarget } from './change-request.ts'
import { connect } from './connect.ts'
import { answerFailure, badAnswer, type Failed, failed, unreachable } from './dial-failure.ts'
import { type StageLimits, stage } from './dial-stage.ts'
import type { DialTarget } from './dial-target.ts'
import { type Agreement, readSwitch, retryAfter } from './upstream-answer.ts'

export type { DialFailure } from './dial-failure.ts'
export type { DialTarget } from './dial-target.ts'

type Opened = {
  ok: true
  /** Paused, and nobody's; frames that came together with the 101 are read from it first. */
  wire: SocketWire
} & Agreement

export type DialResult = Opened | Failed

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
 * Repeats a client's opening handshake (RFC 6455 4.1) to an upstream. Never rejects; whatever fails leaves no connection
 * behind, except for 'rejected', whose connection goes with its body.
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
  const connected = await connect(target, { signal, clock, ms: timeouts.connect })
  if (!connected.ok) return connected
  return upgrade(connected.wire, target, request, extra, { signal, clock, ms: timeouts.handshake })
}

/** A fault of ours while we read it. */
const unreadable = badAnswer('answer not understood')

/** Says nothing: another event, or another listener, does. */
function ignore(): void {}

function upgrade(
  wire: SocketWire,
  target: DialTarget,
  request: UpgradeRequest,
  extra: HeaderList,
  limits: StageLimits,
): Promise<DialResult> {
  return stage<Opened>(limits, (settle) => {
    const head = requestHead(target, request, extra)
    const begun = new AnswerHead(maxHeaderSize)
    let leaveClient = ignore
    const onBytes = (bytes: Buffer) => {
      wire.pause()
      const answer = readHttpHead(bytes, maxHeaderSize)
      if (answer?.start.startsWith('HTTP/1.1 101 ')) {
        const rest = bytes.subarray(answer.length)
        return settle(switched(wire, answer.rawHeaders, rest, request, target.changes))
      }
      leaveClient = readWithClient(wire, bytes, request, target.changes, limits.clock, settle)
    }
    const onEnd = () => settle(unreachable('connection closed without an answer'))
    const user: WireUser = {
      onPieces(pieces) {
        const bytes = begun.add(pieces.length === 1 ? pieces[0]! : Buffer.concat(pieces))
        if (bytes)
          attempt(
            () => onBytes(bytes),
            () => settle(unreadable),
          )
        return undefined
      },
      onDrain: ignore,
      onEndOfInput: onEnd,
      onError: (error) => settle(answerFailure(error)),
      onClose: onEnd,
    }
    wire.user = user
    if (head === undefined) settle(badAnswer('request not valid'))
    else if (!limits.signal.aborted) {
      wire.write(Buffer.from(head, 'latin1'))
      wire.resume()
    }
    return {
      leave() {
        if (wire.user === user) wire.user = undefined
        leaveClient()
      },
      destroy: () => wire.destroy(),
    }
  })
}

/** The answer is no 101, or not so plain that it could be read here: Node's HTTP client reads it. */
function readWithClient(
  wire: SocketWire,
  first: Buffer,
  request: UpgradeRequest,
  changes: RouteChanges | undefined,
  clock: Clock,
  settle: (result: DialResult) => void,
): () => void {
  const answering = new AnswerStream(wire, first)
  const exchange = http.request({ createConnection: () => answering, maxHeaderSize })
  const onUpgrade = (response: IncomingMessage, _: unknown, head: Buffer) => {
    const rest = answering.letGo()
    settle(switched(wire, response.rawHeaders, Buffer.concat([head, rest]), request, changes))
  }
  const onResponse = (response: IncomingMessage) =>
    settle(notSwitched(wire, response, request, changes, clock))
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
  wire: SocketWire,
  rawHeaders: string[],
  head: Buffer,
  request: UpgradeRequest,
  changes: RouteChanges | undefined,
): DialResult {
  const answer = readSwitch(Fields.of({ rawHeaders }), request)
  if (!answer.ok) return badAnswer(answer.words, answer.agreement)
  wire.pause()
  if (head.length > 0) wire.unread(head)
  const { ok, headers, ...agreement } = answer
  return { ok, wire, ...agreement, headers: changeFields(changes?.headers?.response, headers) }
}

/** What a client is shown of an answer: Holdfast-… is said to the gateway. */
function forClient(headers: HeaderList): HeaderList {
  return endToEnd(headers).filter(([name]) => !/^holdfast-/i.test(name))
}

/** RFC 6455 4.1: "If the status code received from the server is not 101, the client handles the response per HTTP". */
function notSwitched(
  wire: SocketWire,
  response: IncomingMessage,
  request: UpgradeRequest,
  changes: RouteChanges | undefined,
  clock: Clock,
): Failed {
  const status = response.statusCode ?? 0
  const fields = Fields.of(response)
  if (status === 101) {
    // Its headers are such that the HTTP client sees no switch in it.
    const answer = readSwitch(fields, request)
    return badAnswer(answer.ok ? 'no switch of protocols' : answer.words)
  }
  if (status === 503 || status === 429) {
    const after = retryAfter(fields.first('retry-after'), clock.wall())
    return failed({ kind: 'busy', status, ...(after !== undefined && { retryAfter: after }) })
  }
  if (status < 300) return badAnswer(`status ${status} instead of 101`)
  if (status >= 500) return badAnswer(`status ${status}`)
  response.on('error', ignore)
  const timer = clock.setTimeout(() => response.destroy(), bodyTimeout)
  response.once('close', () => {
    clock.clearTimeout(timer)
    wire.destroy()
  })
  const shown = changeFields(changes?.headers?.response, forClient(fields.list))
  return failed({ kind: 'rejected', status, headers: shown, response })
}
