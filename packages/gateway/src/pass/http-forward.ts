// In: a plain request as it was understood, and an upstream's place. Out: the answer handed on to the client, or why there
// is none. One try; nothing is answered here. Next: http-pass.ts.
import http, { type ClientRequest, type IncomingMessage } from 'node:http'
import https from 'node:https'
import net, { type Socket } from 'node:net'
import { type HeaderList, headerList, trailerFields } from '../http/index.ts'
import type { HttpExchange } from '../listen/index.ts'
import {
  answerFailure,
  changeAuthority,
  changeFields,
  changeTarget,
  connectFailure,
  type DialTarget,
  keepAliveAgents,
  tlsOptions,
} from '../upstream/index.ts'
import { ClientAnswer } from './http-client-answer.ts'
import { pump } from './pump.ts'

/** Connections to upstreams that wait for the next request. */
const agents = keepAliveAgents({ maxFreeSockets: 32 })

export interface ForwardTimeouts {
  /** Milliseconds for name lookup, TCP and TLS. */
  connect: number
  /** Milliseconds from the end of the request to the head of the answer; false: no limit. */
  response: number | false
  /** Milliseconds without a byte to or from the upstream; false: no limit. */
  idle: number | false
}

export type ForwardResult =
  /** The upstream's answer went to the client, whole unless one of the two was lost in its body. */
  | { kind: 'answered'; status: number }
  /** There was none; `words` hold no address, path or errno. */
  | { kind: 'failed'; words: string; afterMs?: number }
  /** No connection could be made; nothing of the request is spent. */
  | { kind: 'unreachable'; words: string }
  /** The client left before there was an answer. */
  | { kind: 'abandoned' }

/** Bytes that the header of an answer may have. */
const maxHeaderSize = 32 * 1024
/** Milliseconds of silence on TCP after which the system asks whether the other side is still there. */
const keepAliveMs = 60_000

/** Hands a request on to an upstream over HTTP/1.1 and its answer back, both streamed. Never rejects. */
export async function forwardRequest(
  exchange: HttpExchange,
  target: DialTarget,
  timeouts: ForwardTimeouts,
): Promise<ForwardResult> {
  const { method, body } = exchange.request
  // An upstream may close a kept connection at the moment of its use. RFC 9110 9.2.2: "A proxy MUST NOT automatically
  // retry non-idempotent requests." One that may be sent twice and has no body can take that; others get a connection of
  // their own.
  const repeatable = body.by === 'none' && /^(?:GET|HEAD|OPTIONS)$/.test(method)
  if (repeatable) {
    const first = await new Forwarding(exchange, target, timeouts, true).run()
    if (first !== 'stale') return first
  }
  return (await new Forwarding(exchange, target, timeouts, false).run()) as ForwardResult
}

class Forwarding {
  readonly #exchange: HttpExchange
  readonly #target: DialTarget
  readonly #timeouts: ForwardTimeouts
  readonly #keep: boolean
  readonly #answer: ClientAnswer
  #settle: (result: ForwardResult | 'stale') => void = () => {}
  #settled = false
  #upstream: ClientRequest | undefined
  #connected = false
  #status: number | undefined
  #response: IncomingMessage | undefined
  #timer: NodeJS.Timeout | undefined
  #undo: (() => void)[] = []

  /** `keep`: on a connection that may have served before and may serve again. */
  constructor(exchange: HttpExchange, target: DialTarget, timeouts: ForwardTimeouts, keep: boolean) {
    this.#exchange = exchange
    this.#target = target
    this.#timeouts = timeouts
    this.#keep = keep
    this.#answer = new ClientAnswer(exchange, target.changes?.headers?.response)
  }

  /** 'stale': a kept connection was lost before it brought an answer. */
  run(): Promise<ForwardResult | 'stale'> {
    return new Promise((resolve) => {
      this.#settle = (result) => {
        if (this.#settled) return
        this.#settled = true
        clearTimeout(this.#timer)
        for (const undo of this.#undo) undo()
        resolve(result)
      }
      if (this.#answer.gone) return this.#settle({ kind: 'abandoned' })
      this.#undo.push(this.#answer.onGone(() => this.#clientLeft()))
      try {
        this.#begin()
      } catch {
        // HTTP/2 allows a client what HTTP/1.1 does not.
        this.#fail('request not valid')
      }
    })
  }

  #begin(): void {
    const { tls, host, port, path, socketPath, changes = {} } = this.#target
    const { request } = this.#exchange
    const upstream = (tls ? https : http).request({
      ...(socketPath === undefined ? { host, port } : { socketPath }),
      method: request.method,
      path: path + changeTarget(changes, request.target),
      headers: requestFields(request, this.#target, this.#keep).flat(),
      setHost: false,
      agent: this.#keep ? (tls ? agents.https : agents.http) : false,
      maxHeaderSize,
      ...(tls && tlsOptions(this.#target)),
    })
    // Beyond a number Node drops fields without a word, Transfer-Encoding too; the bytes are bounded already.
    upstream.maxHeadersCount = 0
    this.#upstream = upstream
    this.#limit(this.#timeouts.connect)
    upstream
      .on('socket', (socket) => this.#onSocket(socket))
      .on('continue', () => this.#answer.sendContinue())
      .on('information', ({ statusCode, statusMessage, rawHeaders }) => {
        if (!this.#settled && statusCode !== 100)
          this.#answer.sendInterim(statusCode, statusMessage, headerList(rawHeaders))
      })
      .on('response', (response) => this.#onResponse(response))
      .on('upgrade', (_, socket) => {
        socket.destroy()
        this.#fail('protocols switched unasked')
      })
      .on('error', (error) => this.#onError(error))
      .on('close', () => this.#onError(undefined))
    // Its head leaves with the connection; one that has a body is written when there is a connection.
    if (request.body.by === 'none') upstream.end()
  }

  #onSocket(socket: Socket): void {
    const onConnected = () => {
      if (this.#settled) return
      this.#connected = true
      clearTimeout(this.#timer)
      socket.setKeepAlive(true, keepAliveMs)
      const { idle } = this.#timeouts
      if (idle !== false) this.#upstream!.setTimeout(idle, () => this.#expire(idle))
      this.#sendBody()
    }
    if (this.#upstream!.reusedSocket) onConnected()
    else socket.once(this.#target.tls ? 'secureConnect' : 'connect', onConnected)
  }

  #sendBody(): void {
    const { req, request } = this.#exchange
    const upstream = this.#upstream!
    const sent = () => {
      if (this.#status === undefined) this.#limit(this.#timeouts.response)
    }
    if (request.body.by === 'none') return sent()
    // Not flushHeaders: that writes the head in UTF-8.
    upstream.write(Buffer.alloc(0))
    const most = request.body.by === 'length' ? request.body.bytes : Number.POSITIVE_INFINITY
    const stop = pump(req, upstream, {
      onEnd: (bytes) => {
        const reset = 'stream' in req && (req.stream.aborted || req.stream.rstCode !== 0)
        // What is not whole must not look so.
        if (reset || (most !== Number.POSITIVE_INFINITY && bytes !== most)) return void upstream.destroy()
        const declared = trailerFields(headerList(req.rawTrailers)).filter(([name]) =>
          request.trailer.includes(name.toLowerCase()),
        )
        if (request.body.by === 'chunks') upstream.addTrailers(declared)
        upstream.end()
        sent()
      },
      maxBytes: most,
    })
    this.#undo.push(stop)
  }

  #onResponse(response: IncomingMessage): void {
    clearTimeout(this.#timer)
    if (this.#settled) return void response.destroy()
    const problem = this.#answer.begin(response)
    if (problem) {
      response.destroy()
      return this.#fail(problem)
    }
    this.#status = response.statusCode
    this.#response = response
    this.#answer.stream(response, (whole) => {
      if (!whole) this.#answer.cut()
      this.#settle({ kind: 'answered', status: this.#status! })
      // Its answer is whole, and the request is not: nobody reads the rest of it.
      if (!whole || !this.#upstream!.writableEnded) this.#upstream!.destroy()
    })
  }

  /** `error` undefined: the connection ended, and nothing else was said. */
  #onError(error: Error | undefined): void {
    if (this.#settled) return
    if (this.#status !== undefined) {
      if (!error || this.#response!.complete) return
      this.#answer.cut()
      return this.#settle({ kind: 'answered', status: this.#status })
    }
    const { reusedSocket, socket } = this.#upstream!
    if (reusedSocket) return this.#settle('stale')
    const reason = error ?? Object.assign(new Error('closed'), { code: 'ECONNRESET' })
    if (this.#connected) {
      const { failure } = answerFailure(reason)
      return this.#fail('words' in failure ? failure.words : 'connection failed')
    }
    const { failure } = connectFailure(reason, socket ?? {})
    this.#settle({ kind: 'unreachable', words: 'words' in failure ? failure.words : 'connection failed' })
  }

  #clientLeft(): void {
    this.#settle(
      this.#status === undefined ? { kind: 'abandoned' } : { kind: 'answered', status: this.#status },
    )
    this.#upstream?.destroy()
  }

  #fail(words: string, afterMs?: number): void {
    this.#settle({ kind: 'failed', words, ...(afterMs !== undefined && { afterMs }) })
    this.#upstream?.destroy()
  }

  #limit(ms: number | false): void {
    clearTimeout(this.#timer)
    if (!this.#settled && ms !== false) this.#timer = setTimeout(() => this.#expire(ms), ms)
  }

  #expire(ms: number): void {
    if (this.#settled) return
    if (this.#status === undefined) return this.#fail('no answer', ms)
    // An answer that has begun cannot be replaced: that it is not whole shows in how it ends.
    this.#answer.cut()
    this.#settle({ kind: 'answered', status: this.#status })
    this.#upstream?.destroy()
  }
}

/** Every field of the request; those that route and frame it come first, and from nowhere else. */
function requestFields(request: HttpExchange['request'], target: DialTarget, keep: boolean): HeaderList {
  const { authority, headers, body, method, expectsContinue, trailer, takesTrailers, address } = request
  const { serverName, port, changes = {} } = target
  const named = authority || `${net.isIPv6(serverName) ? `[${serverName}]` : serverName}:${port}`
  const fields: HeaderList = [
    // RFC 9110 7.2: "A user agent that sends Host SHOULD send it as the first field in the header section". A client of
    // HTTP/1.0 may have named none.
    ['Host', changeAuthority(changes, named, target)],
    ['Connection', [keep ? 'keep-alive' : 'close', ...(takesTrailers ? ['TE'] : [])].join(', ')],
  ]
  if (takesTrailers) fields.push(['TE', 'trailers'])
  if (body.by === 'chunks') {
    fields.push(['Transfer-Encoding', 'chunked'])
    const announced = trailerFields(trailer.map((name) => [name, '']))
    if (announced.length > 0) fields.push(['Trailer', announced.map(([name]) => name).join(', ')])
  } else if (body.by === 'length') {
    fields.push(['Content-Length', String(body.bytes)])
  } else if (!/^(?:GET|HEAD|DELETE|OPTIONS|TRACE)$/.test(method)) {
    // RFC 9110 8.6: "A user agent SHOULD send Content-Length in a request when the method defines a meaning for enclosed
    // content and it is not sending Transfer-Encoding."
    fields.push(['Content-Length', '0'])
  }
  if (expectsContinue) fields.push(['Expect', '100-continue'])
  return [...fields, ...changeFields(changes.headers, headers, { 'client.address': address, session: '' })]
}
