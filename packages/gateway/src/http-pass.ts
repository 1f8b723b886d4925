// In: a request that is no handshake, and an upstream's place. Out: the upstream's answer, streamed, or why there is
// none. The proxying is httpxy's; what it leaves open is done here (docs/decisions/0006-httpxy-for-pass-through.md).
import http, { type ClientRequest, type IncomingHttpHeaders, type IncomingMessage } from 'node:http'
import type { Http2ServerRequest } from 'node:http2'
import https from 'node:https'
import net from 'node:net'
import { createProxyServer } from 'httpxy'
import type { DialTarget } from './dial.ts'
import { answerFailure, connectFailure } from './dial-failure.ts'
import { endToEnd, groupHeaders, headerList, joinHeaders, values } from './forwarded.ts'
import { writableFields } from './http-answer.ts'
import type { HttpExchange } from './http-servers.ts'
import type { HeaderList } from './upgrade-request.ts'

export interface PassTimeouts {
  /** Milliseconds for name lookup, TCP and TLS. */
  connect: number
  /** Milliseconds from the end of the request to the head of the answer. Default 60 s. */
  answer?: number
  /** Milliseconds without a byte either way. Default 60 s. */
  idle?: number
}

export type PassResult =
  /** The upstream's answer went to the client, whole unless one of the two was lost in its body. */
  | { kind: 'answered'; status: number }
  /** There was none, and the client was told so; `words` hold no address, path or errno. */
  | { kind: 'failed'; status: 502 | 504; words: string }
  /** The client left before there was an answer. */
  | { kind: 'abandoned' }

/** Hands a request on to an upstream over HTTP/1.1 and its answer back, both streamed. Never rejects. */
export async function passThrough(
  exchange: HttpExchange,
  target: DialTarget,
  timeouts: PassTimeouts,
): Promise<PassResult> {
  // An upstream may close a kept connection at the moment of its use. A request that may be sent twice (RFC 9110
  // 9.2.2) and has no body can take that; others get a connection of their own.
  const repeatable = /^(?:GET|HEAD|OPTIONS)$/.test(exchange.request.method) && !hasBody(exchange)
  const pool = target.tls ? pools.https : pools.http
  const limits = { answer: 60_000, idle: 60_000, ...timeouts }
  const first = await new Pass(exchange, target, limits).run(repeatable ? pool : false)
  if (first !== 'stale') return first
  return (await new Pass(exchange, target, limits).run(false)) as PassResult
}

/** Answers an exchange with a short JSON body, if it is not answered yet: 404, 502, 503, 504. */
export function answerError(
  exchange: HttpExchange,
  status: number,
  message: string,
  headers: HeaderList = [],
): void {
  const { req, res } = exchange
  // What is left of the request is read and thrown away, so that the client comes to read the answer.
  req.unpipe()
  req.resume()
  if (res.headersSent || isGone(res)) return
  if ('shouldKeepAlive' in res) {
    res.statusMessage = ''
    if (expects100(exchange)) res.shouldKeepAlive = false
  }
  res.statusCode = status
  for (const [name, value] of headers) res.setHeader(name, value)
  res.setHeader('Content-Type', 'application/json')
  res.end(JSON.stringify({ error: { status, message } }))
}

/** Connections to upstreams that wait for the next request; they keep no process alive. */
const poolOptions = { keepAlive: true, maxFreeSockets: 32, timeout: 15_000 }
const pools = { http: new http.Agent(poolOptions), https: new https.Agent(poolOptions) }

/** One try to get an answer. */
class Pass {
  readonly #exchange: HttpExchange
  readonly #target: DialTarget
  readonly #timeouts: Required<PassTimeouts>
  #resolve: (result: PassResult | 'stale') => void = () => {}
  #settled = false
  #upstream: ClientRequest | undefined
  #connected = false
  /** Whether the client was told to send the body that it holds back. */
  #continued = false
  #status: number | undefined
  #timer: NodeJS.Timeout | undefined

  constructor(exchange: HttpExchange, target: DialTarget, timeouts: Required<PassTimeouts>) {
    this.#exchange = exchange
    this.#target = target
    this.#timeouts = timeouts
  }

  /** 'stale': a kept connection was lost before it brought an answer. */
  async run(agent: http.Agent | false): Promise<PassResult | 'stale'> {
    const { req, res, request } = this.#exchange
    const { tls, host, port, path, serverName, ca } = this.#target
    req.url = path + request.target
    replaceHeaders(req.headers, this.#exchange)
    const proxy = createProxyServer()
    proxy.on('proxyReq', (upstream) => this.#onUpstream(upstream))
    proxy.on('proxyRes', (response) => this.#onAnswer(response))
    // httpxy does not see that an HTTP/2 stream was reset.
    res.once('close', () => this.#upstream?.destroy())
    const result = new Promise<PassResult | 'stale'>((resolve) => {
      this.#resolve = resolve
    })
    this.#limit(this.#timeouts.connect)
    proxy
      .web(req as IncomingMessage, res as http.ServerResponse, {
        target: { protocol: tls ? 'https:' : 'http:', host, port },
        ssl: tls ? { servername: net.isIP(serverName) === 0 ? serverName : '', ca } : {},
        agent,
      })
      .then(
        () => this.#onEnd(),
        (error) => this.#onError(error),
      )
    return result
  }

  /** The request has a socket; its head is not written yet. */
  #onUpstream(upstream: ClientRequest): void {
    const { req, res } = this.#exchange
    if (this.#settled || isGone(res)) {
      upstream.destroy()
      return
    }
    this.#upstream = upstream
    upstream.setTimeout(this.#timeouts.idle, () => this.#expire(this.#timeouts.idle))
    const onConnected = () => {
      this.#connected = true
      clearTimeout(this.#timer)
      if (req.readableEnded) this.#limit(this.#timeouts.answer)
    }
    if (upstream.reusedSocket) onConnected()
    else upstream.socket!.once(this.#target.tls ? 'secureConnect' : 'connect', onConnected)
    req.once('end', () => {
      if (this.#connected && this.#status === undefined) this.#limit(this.#timeouts.answer)
    })
    upstream.once('upgrade', (_, socket) => {
      socket.destroy()
      this.#tell(502, 'protocols switched unasked')
    })
    if (expects100(this.#exchange)) {
      // RFC 9110 10.1.1: a proxy that does not answer by itself must "forward the request toward the origin server".
      // The 100 is the origin server's to send, and the client holds the body back until then.
      upstream.setHeader('Expect', '100-continue')
      upstream.once('continue', () => {
        this.#continued = true
        res.writeContinue()
      })
    }
    if (hasBody(this.#exchange)) upstream.flushHeaders()
  }

  /** The head of the answer has come; httpxy streams the body when this returns. */
  #onAnswer(response: IncomingMessage): void {
    const { res } = this.#exchange
    clearTimeout(this.#timer)
    if (this.#settled) return
    const status = response.statusCode ?? 0
    if (status < 200 || status > 599) {
      this.#tell(502, 'not HTTP')
      response.destroy()
      return
    }
    if (!this.#writeHead(status, response)) {
      this.#tell(502, 'headers not valid')
      response.destroy()
      return
    }
    this.#status = status
    response.once('end', () => {
      const trailers = writableFields(headerList(response.rawTrailers))
      if (trailers.length > 0) res.addTrailers(joinHeaders(trailers))
    })
  }

  /** False when Node refuses to write such a head: later, from within a stream, that would end the process. */
  #writeHead(status: number, response: IncomingMessage): boolean {
    const { res } = this.#exchange
    const fields = endToEnd(headerList(response.rawHeaders))
    try {
      if ('stream' in res) {
        res.writeHead(status, joinHeaders(fields))
      } else {
        // A client that was not told to continue may or may not send its body: the next request could not be found.
        if (expects100(this.#exchange) && !this.#continued) res.shouldKeepAlive = false
        fields.push(['Connection', res.shouldKeepAlive ? 'keep-alive' : 'close'])
        res.writeHead(status, response.statusMessage, fields.flat())
        res.flushHeaders()
      }
      return true
    } catch {
      return false
    }
  }

  #onEnd(): void {
    if (this.#status === undefined) this.#settle({ kind: 'abandoned' })
    else this.#settle({ kind: 'answered', status: this.#status })
  }

  #onError(error: unknown): void {
    if (this.#settled) return
    const socket = this.#upstream?.socket
    if (this.#status !== undefined || isGone(this.#exchange.res)) return this.#cut()
    if (this.#upstream?.reusedSocket) return this.#settle('stale')
    const { failure } = this.#connected ? answerFailure(error) : connectFailure(error, socket ?? {})
    this.#tell(502, 'words' in failure ? failure.words : 'connection failed')
  }

  #settle(result: PassResult | 'stale'): void {
    clearTimeout(this.#timer)
    this.#settled = true
    this.#resolve(result)
  }

  #limit(ms: number): void {
    clearTimeout(this.#timer)
    if (!this.#settled) this.#timer = setTimeout(() => this.#expire(ms), ms)
  }

  #expire(ms: number): void {
    if (this.#status === undefined)
      this.#tell(504, `no answer in ${ms < 1000 ? `${ms} ms` : `${ms / 1000} s`}`)
    else this.#cut()
    this.#upstream?.destroy()
  }

  /** An answer that has begun cannot be replaced: that it is not whole shows in how it ends. */
  #cut(): void {
    this.#exchange.res.destroy()
    this.#onEnd()
  }

  /** Before the upstream's failure is handled further: the first thing that the client is told counts. */
  #tell(status: 502 | 504, words: string): void {
    this.#settle({ kind: 'failed', status, words })
    answerError(this.#exchange, status, `bad gateway: ${words}`)
  }
}

function isGone(res: HttpExchange['res']): boolean {
  return 'stream' in res ? res.stream.destroyed : res.destroyed
}

function expects100({ req, request }: HttpExchange): boolean {
  return (
    req.httpVersion !== '1.0' &&
    values(request.headers, 'expect').some((value) => /^100-continue$/i.test(value))
  )
}

/** Whether the request is followed by a body, or may be. */
function hasBody({ req, request }: HttpExchange): boolean {
  if (values(request.headers, 'content-length').some((length) => Number(length) > 0)) return true
  return isStreamed(req, request.headers)
}

/** Whether the request has a body whose length was not said before. */
function isStreamed(req: HttpExchange['req'], headers: HeaderList): boolean {
  if (req.httpVersionMajor < 2) return req.headers['transfer-encoding'] !== undefined
  return values(headers, 'content-length').length === 0 && !(req as Http2ServerRequest).stream.endAfterHeaders
}

/** Puts the headers that the upstream shall get in the place of those that came; httpxy sends what is there. */
function replaceHeaders(headers: IncomingHttpHeaders, { req, request }: HttpExchange): void {
  const sent = request.headers.filter(([name]) => name.toLowerCase() !== 'expect')
  // Without it Node would send the body of a GET or DELETE bare: the upstream would take it for the next request.
  if (isStreamed(req, sent)) sent.push(['transfer-encoding', 'chunked'])
  // RFC 9110 7.2: "A user agent that sends Host SHOULD send it as the first field in the header section"
  if (request.authority !== '') sent.unshift(['host', request.authority])
  for (const name of Object.keys(headers)) if (!name.startsWith(':')) delete headers[name]
  Object.assign(headers, groupHeaders(sent))
}
