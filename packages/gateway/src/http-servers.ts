// In: a connection on which HTTP starts. Out: a handshake (accept.ts), or a request that is none (http-pass.ts).
import http, { type IncomingMessage, type ServerResponse } from 'node:http'
import http2, { type Http2ServerRequest, type Http2ServerResponse, type ServerHttp2Session } from 'node:http2'
import type { Duplex } from 'node:stream'
import { type ClientHandshake, http1Handshake, http2Handshake } from './accept.ts'
import { headerList, tokens, values } from './forwarded.ts'
import { answerHttp1, answerHttp2, type HttpAnswer } from './http-answer.ts'
import { readHttpHead } from './http-head.ts'
import { type PlainRequest, readPlainRequest } from './plain-request.ts'
import {
  type HeaderList,
  type Refusal,
  type RequestHead,
  readUpgradeRequest,
  type Source,
} from './upgrade-request.ts'

/** A request that is no WebSocket handshake, with what answers it. */
export interface HttpExchange {
  req: IncomingMessage | Http2ServerRequest
  res: ServerResponse | Http2ServerResponse
  request: PlainRequest
}

export interface HttpTimeouts {
  /** Milliseconds for the head of a request, from the connection on or from its first byte. Default 10 s. */
  headers: number
  /** Milliseconds for a whole request with its body. Default 300 s. */
  request: number
  /** Milliseconds that a connection may stay without a request or an open stream. Default 30 s. */
  idle: number
}

export interface HttpHandlers {
  onUpgrade(handshake: ClientHandshake): void
  onRequest(exchange: HttpExchange): void
  /** A request that was not understood, after it was answered. */
  onRefused?(status: number, why: string): void
}

/** The HTTP/1.1 and HTTP/2 servers behind the listeners; they are given connections and listen on nothing. */
export interface HttpServers {
  serve(socket: Duplex, protocol: 'http/1.1' | 'h2', source: Source): void
  /** Ends connections once they are idle: Connection: close, and GOAWAY. What is open goes on. */
  retire(): void
  /** Undoes everything; the connections are the caller's to destroy. */
  close(): void
}

/** Bytes of a request head; more is answered 431, in HTTP/2 by a reset of the stream. */
const maxHeaderBytes = 16 * 1024
/** Streams open at once on an HTTP/2 connection. Chromium puts all WebSockets of a site on one connection. */
const maxStreams = 256
/** Bytes that an HTTP/2 client may have under way on a connection; each stream has its own, smaller window. */
const sessionWindow = 1024 * 1024

export function openHttpServers(handlers: HttpHandlers, timeouts: HttpTimeouts): HttpServers {
  const retired = new AbortController()
  const one = openHttp1(handlers, timeouts, retired.signal)
  const two = openHttp2(handlers, timeouts, retired.signal)
  return {
    serve(socket, protocol, source) {
      if (protocol === 'h2') two.serve(socket, source)
      else one.serve(socket, source)
    },
    retire: () => retired.abort(),
    close() {
      one.close()
      two.close()
    },
  }
}

interface Connection {
  source: Source
  /** Requests whose answer is not complete. */
  pending: number
  /** Whether an answer to bytes that are no request was sent; nothing may follow it. */
  failed: boolean
}

function openHttp1(handlers: HttpHandlers, timeouts: HttpTimeouts, retired: AbortSignal) {
  const connections = new WeakMap<Duplex, Connection>()
  const server = http.createServer({
    maxHeaderSize: maxHeaderBytes,
    headersTimeout: timeouts.headers,
    requestTimeout: Math.max(timeouts.request, timeouts.headers),
    keepAliveTimeout: timeouts.idle,
    connectionsCheckingInterval: Math.max(50, Math.min(1000, timeouts.headers / 4)),
    // Newer Node asks; older Node takes every offer, see 'upgrade' below.
    shouldUpgradeCallback: offersWebSocket,
  } as http.ServerOptions)
  // Beyond a number Node drops fields without a word, Transfer-Encoding too; the bytes are bounded already.
  server.maxHeadersCount = 0
  // Node looks for connections over the limits only between 'listening' and close().
  server.emit('listening')

  // Bun has the options above and does nothing about them: there the first head of a connection is timed here.
  const slowHeads = new WeakMap<Duplex, NodeJS.Timeout>()
  const endSlowHead = (socket: Duplex, ms: number) => {
    const timer = setTimeout(() => answerHttp1(socket, tooSlow), ms)
    slowHeads.set(socket, timer)
    socket.once('close', () => clearTimeout(timer))
  }
  const headCame = (socket: Duplex) => clearTimeout(slowHeads.get(socket))

  const onRequest = (req: IncomingMessage, res: ServerResponse) => {
    headCame(req.socket)
    const connection = connections.get(req.socket)!
    connection.pending++
    res.once('close', () => {
      connection.pending--
      if (retired.aborted) server.closeIdleConnections()
    })
    if (retired.aborted) res.shouldKeepAlive = false
    const result = readPlainRequest(req, connection.source)
    if (result.ok) return handlers.onRequest({ req, res, request: result.request })
    handlers.onRefused?.(result.status, result.message)
    res.shouldKeepAlive = false
    res.writeHead(result.status, { 'Content-Type': 'text/plain; charset=utf-8' }).end(`${result.message}\n`)
  }
  server.on('request', onRequest)
  // With this listener the 100 is the business of whoever answers the request.
  server.on('checkContinue', onRequest)

  server.on('upgrade', (req, socket, head) => {
    headCame(req.socket)
    // Where an upgrade has a body, newer Node gives a stream behind that body in place of the socket.
    const { pending, source } = connections.get(req.socket)!
    // An answer here would overtake the answers to the requests before it.
    if (pending > 0) return socket.destroy()
    // RFC 9110 7.8: "A server MAY ignore a received Upgrade header field if it wishes to continue using the current
    // protocol on that connection." Some HTTP clients offer h2c with every request.
    if (!offersWebSocket(req)) {
      socket.unshift(Buffer.concat([withoutUpgrade(req), head]))
      return server.emit('connection', socket)
    }
    const result = readUpgradeRequest(req, source)
    if (result.ok) return handlers.onUpgrade(http1Handshake(result.request, socket, head))
    if (socket !== req.socket) req.resume()
    answerHttp1(req.socket, plain(result))
    handlers.onRefused?.(result.status, result.message)
  })

  server.on('connect', (_req, socket) => {
    answerHttp1(socket, plain({ status: 405, message: 'CONNECT is not served', headers: [] }))
    handlers.onRefused?.(405, 'CONNECT is not served')
  })

  server.on('clientError', (error: NodeJS.ErrnoException, socket) => {
    const connection = connections.get(socket)
    if (connection?.failed) return
    if (!connection || connection.pending > 0 || !socket.writable) return socket.destroy()
    connection.failed = true
    const [status, message] = clientErrors[error.code ?? ''] ?? [400, 'not a valid HTTP request']
    answerHttp1(socket, plain({ status, message, headers: [] }))
    handlers.onRefused?.(status, message)
  })

  retired.addEventListener('abort', () => server.closeIdleConnections())
  return {
    serve(socket: Duplex, source: Source) {
      firstBytes(socket, timeouts.headers, (bytes) => {
        const req = readHandshake(bytes)
        if (!req) {
          connections.set(socket, { source, pending: 0, failed: false })
          if (process.versions.bun) endSlowHead(socket, timeouts.headers)
          socket.unshift(bytes)
          server.emit('connection', socket)
          return socket.resume()
        }
        const result = readUpgradeRequest(req, source)
        if (result.ok) return handlers.onUpgrade(http1Handshake(result.request, socket, req.early))
        answerHttp1(socket, plain(result))
        handlers.onRefused?.(result.status, result.message)
      })
    },
    close: () => server.close(),
  }
}

/** Waits for the first bytes of a connection, but not for ever; the socket is paused when they are handed over. */
function firstBytes(socket: Duplex, within: number, then: (bytes: Buffer) => void): void {
  const stop = () => {
    clearTimeout(timer)
    socket.off('data', came).off('end', leave).off('close', stop)
  }
  const came = (bytes: Buffer) => {
    stop()
    socket.pause()
    then(bytes)
  }
  const leave = () => {
    stop()
    socket.destroy()
  }
  const timer = setTimeout(() => {
    stop()
    answerHttp1(socket, tooSlow)
  }, within)
  socket.on('data', came).on('end', leave).on('close', stop)
  socket.resume()
}

/**
 * A WebSocket handshake that is whole and beyond doubt, with what came behind it. Node's HTTP server gets everything
 * else: it costs several times as much.
 */
function readHandshake(bytes: Buffer): (RequestHead & { early: Buffer }) | undefined {
  const head = readHttpHead(bytes, maxHeaderBytes)
  const [method, url, version, ...more] = head?.start.split(' ') ?? []
  if (!head || method !== 'GET' || version !== 'HTTP/1.1' || more.length > 0) return undefined
  const { rawHeaders, length } = head
  const fields = headerList(rawHeaders)
  if (!tokens(values(fields, 'upgrade')).includes('websocket')) return undefined
  // A body would stand between the head and the first frame.
  if (values(fields, 'content-length').length + values(fields, 'transfer-encoding').length > 0)
    return undefined
  return { method, url, httpVersion: '1.1', httpVersionMajor: 1, rawHeaders, early: bytes.subarray(length) }
}

const tooSlow = plain({ status: 408, message: 'request took too long', headers: [] })

const clientErrors: Record<string, [status: number, message: string]> = {
  HPE_HEADER_OVERFLOW: [431, 'request header fields too large'],
  HPE_CHUNK_EXTENSIONS_OVERFLOW: [413, 'chunk extensions too large'],
  ERR_HTTP_REQUEST_TIMEOUT: [408, 'request took too long'],
}

function offersWebSocket(req: IncomingMessage): boolean {
  return tokens(values(headerList(req.rawHeaders), 'upgrade')).includes('websocket')
}

/** The head of a request as it came, less the offer to upgrade. */
function withoutUpgrade(req: IncomingMessage): Buffer {
  const fields = headerList(req.rawHeaders)
  const offers = new Set(['upgrade', 'http2-settings'])
  const kept: HeaderList = fields.flatMap(([name, value]): HeaderList => {
    if (offers.has(name.toLowerCase())) return []
    if (name.toLowerCase() !== 'connection') return [[name, value]]
    const options = tokens([value]).filter((option) => !offers.has(option))
    return options.length > 0 ? [[name, options.join(', ')]] : []
  })
  const lines = kept.map(([name, value]) => `${name}: ${value}\r\n`).join('')
  return Buffer.from(`${req.method} ${req.url} HTTP/${req.httpVersion}\r\n${lines}\r\n`, 'latin1')
}

function openHttp2(handlers: HttpHandlers, timeouts: HttpTimeouts, retired: AbortSignal) {
  const sources = new Map<ServerHttp2Session, Source>()
  const server = http2.createServer({
    settings: {
      // RFC 8441 3: without it no client may open a WebSocket over HTTP/2.
      enableConnectProtocol: true,
      maxConcurrentStreams: maxStreams,
      maxHeaderListSize: maxHeaderBytes,
    },
    maxSessionInvalidFrames: 100,
    maxSessionRejectedStreams: 100,
  })

  server.on('session', (session) => {
    session.setLocalWindowSize(sessionWindow)
    closeWhenIdle(session, timeouts)
    session.once('close', () => sources.delete(session))
    if (retired.aborted) setImmediate(() => session.close())
  })
  // What goes wrong shows in the 'close' of the session and its streams.
  server.on('sessionError', () => {})
  server.on('stream', (stream) => stream.on('error', () => {}))

  const onRequest = (req: Http2ServerRequest, res: Http2ServerResponse) => {
    const source = sources.get(req.stream.session as ServerHttp2Session)
    if (!source) return req.stream.destroy()
    const result = readPlainRequest(req, source)
    if (result.ok) return handlers.onRequest({ req, res, request: result.request })
    answerHttp2(req.stream, plain(result))
    handlers.onRefused?.(result.status, result.message)
  }
  server.on('request', onRequest)
  server.on('checkContinue', onRequest)

  // Without this listener Node answers every CONNECT with 405, the extended ones too.
  server.on('connect', (req: Http2ServerRequest) => {
    const source = sources.get(req.stream.session as ServerHttp2Session)
    if (!source) return req.stream.destroy()
    const result = readUpgradeRequest(req, source)
    if (result.ok) return handlers.onUpgrade(http2Handshake(result.request, req.stream))
    answerHttp2(req.stream, plain(result))
    handlers.onRefused?.(result.status, result.message)
  })

  retired.addEventListener('abort', () => {
    for (const session of sources.keys()) session.close()
  })
  return {
    serve(socket: Duplex, source: Source) {
      server.prependOnceListener('session', (session) => sources.set(session, source))
      // Who has ended its TCP can end none of its streams any more: the session ends, and they with it.
      socket.allowHalfOpen = false
      server.emit('connection', socket)
    },
    close() {
      for (const session of sources.keys()) session.destroy()
    },
  }
}

/** Closes a session that has no open stream for too long; the first one has to come as fast as a request head. */
function closeWhenIdle(session: ServerHttp2Session, timeouts: HttpTimeouts): void {
  let streams = 0
  let timer = setTimeout(() => session.close(), timeouts.headers)
  session.on('stream', (stream) => {
    streams++
    clearTimeout(timer)
    stream.once('close', () => {
      streams--
      if (streams === 0 && !session.closed) timer = setTimeout(() => session.close(), timeouts.idle)
    })
  })
  session.once('close', () => clearTimeout(timer))
}

function plain({ status, message, headers }: Omit<Refusal, 'ok'>): HttpAnswer {
  return { status, headers, body: `${message}\n` }
}
