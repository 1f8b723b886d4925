// In: a connection on which HTTP starts. Out: a handshake (accept.ts), or a request that is none (http-pass.ts).

import http, { type IncomingMessage, type ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { attempt, guarded } from '../core/index.ts'
import {
  answerHttp1,
  type ClientHandshake,
  type HeaderList,
  headerList,
  http1Handshake,
  type Refusal,
  type RequestHead,
  readHttpHead,
  readUpgradeRequest,
  type Source,
  tokens,
  values,
} from '../http/index.ts'
import type { HttpHandlers, HttpTimeouts } from './http-handlers.ts'
import { maxHeaderBytes, plain } from './http-handlers.ts'
import { openHttp2 } from './http2-server.ts'
import type { Opening } from './pending.ts'
import { readPlainRequest } from './plain-request.ts'
import { RequestQueue } from './request-queue.ts'

/** The HTTP/1.1 and HTTP/2 servers behind the listeners; they are given connections and listen on nothing. */
export interface HttpServers {
  serve(socket: Duplex, protocol: 'http/1.1' | 'h2', source: Source, opening: Opening): void
  /** Ends connections once they are idle: Connection: close, and GOAWAY. What is open goes on. */
  retire(): void
  /** Undoes everything; the connections are the caller's to destroy. */
  close(): void
}

export function openHttpServers(handlers: HttpHandlers, timeouts: HttpTimeouts): HttpServers {
  const retired = new AbortController()
  const one = openHttp1(handlers, timeouts, retired.signal)
  const two = openHttp2(handlers, timeouts, retired.signal)
  return {
    serve(socket, protocol, source, opening) {
      if (protocol === 'h2') two.serve(socket, source, opening)
      else one.serve(socket, source, opening)
    },
    retire: () => retired.abort(),
    close() {
      one.close()
      two.close()
    },
  }
}

/** Offers of another protocol on one connection: the request with the last of them is the last that is served. */
const maxOffers = 100

interface Connection {
  source: Source
  opening: Opening
  requests: RequestQueue
  /** Whether an answer to bytes that are no request was sent; nothing may follow it. */
  failed: boolean
  /** How many offers of another protocol were taken out of its requests. */
  offersUndone: number
}

function openHttp1(handlers: HttpHandlers, timeouts: HttpTimeouts, retired: AbortSignal) {
  const connections = new WeakMap<Duplex, Connection>()
  const server = http.createServer({
    maxHeaderSize: maxHeaderBytes,
    headersTimeout: timeouts.headers,
    requestTimeout: Math.max(timeouts.request, timeouts.headers),
    keepAliveTimeout: timeouts.idle,
    connectionsCheckingInterval: Math.max(50, Math.min(1000, timeouts.headers / 4)),
    // Newer Node asks; older Node takes every offer, see 'upgrade' below. One that is not taken costs what was sent behind
    // its request; one with a body cannot be undone.
    shouldUpgradeCallback: (req: IncomingMessage) => offersWebSocket(req) || !hasBody(req),
  } as http.ServerOptions)
  // Beyond a number Node drops fields without a word, Transfer-Encoding too; the bytes are bounded already.
  server.maxHeadersCount = 0
  // Node looks for connections over the limits only between 'listening' and close().
  server.emit('listening')

  /** For the server's events: a fault ends the connection that it is about, with a 500 if nothing was said on it. */
  const on = <Args extends [IncomingMessage, ...unknown[]]>(
    event: string,
    callback: (connection: Connection, ...args: Args) => unknown,
  ) => {
    const serve = (...args: Args) => {
      const connection = connections.get(args[0].socket)!
      connection.opening.done()
      // The answer to what came before, a 408 or a 400, was the last on this connection.
      if (connection.failed) return args[0].socket.destroy()
      // RFC 9110 15.6.6: "the server does not support, or refuses to support, the major version of HTTP that was used
      // in the request message". Node's parser takes 2.0 and 0.9 for the same as 1.1.
      if (/^1\.[01]$/.test(args[0].httpVersion)) return callback(connection, ...args)
      const { source, requests } = connection
      if (isResponse(args[1])) return refuseRequest(args[1], versionNotSupported, source, args[0])
      inTurn(requests, args[0].socket, () => refuse(args[0].socket, versionNotSupported, source, args[0]))
    }
    server.on(event, guarded(serve, fail))
  }
  const fail = (error: unknown, ...[req, second]: [IncomingMessage, ...unknown[]]) => {
    handlers.onFault?.(error)
    const source = connections.get(req.socket)?.source
    if (source && isResponse(second) && !second.headersSent && !second.destroyed)
      refuseRequest(second, faulty, source, req)
    else req.socket.destroy()
  }
  /** After a fault outside a request: the socket goes without a word. */
  const failSocket =
    <Args extends unknown[]>(find: (...args: Args) => Duplex) =>
    (error: unknown, ...args: Args) => {
      handlers.onFault?.(error)
      find(...args).destroy()
    }
  const refuse = (socket: Duplex, refusal: Omit<Refusal, 'ok'>, source: Source, req?: RequestHead) => {
    answerHttp1(socket, plain(refusal))
    handlers.onRefused?.(refusal.status, refusal.message, source, req)
  }
  /** In its turn, behind the answers to earlier requests. */
  const refuseRequest = (
    res: ServerResponse,
    { status, message }: Omit<Refusal, 'ok'>,
    source: Source,
    req?: RequestHead,
  ) => {
    res.shouldKeepAlive = false
    res.writeHead(status, { 'Content-Type': 'text/plain; charset=utf-8' }).end(`${message}\n`)
    handlers.onRefused?.(status, message, source, req)
  }
  const upgrade = (handshake: ClientHandshake) => {
    attempt(
      () => handlers.onUpgrade(handshake),
      (error) => {
        handlers.onFault?.(error)
        handshake.fail()
      },
    )
  }

  const serveRequest = (source: Source, req: IncomingMessage, res: ServerResponse) => {
    if (retired.aborted) res.shouldKeepAlive = false
    const result = readPlainRequest(req, source)
    if (result.ok) return handlers.onRequest({ req, res, request: result.request })
    refuseRequest(res, result, source, req)
  }
  const onRequest = ({ requests, source }: Connection, req: IncomingMessage, res: ServerResponse) => {
    res.once('close', () => {
      if (retired.aborted) server.closeIdleConnections()
    })
    requests.add(req, res, () =>
      attempt(
        () => serveRequest(source, req, res),
        (error) => fail(error, req, res),
      ),
    )
  }
  on('request', onRequest)
  // With this listener the 100 is the business of whoever answers the request.
  on('checkContinue', onRequest)
  on('checkExpectation', onRequest)

  on('upgrade', (connection, req: IncomingMessage, socket: Duplex, head: Buffer) => {
    const { requests, source } = connection
    // Where an upgrade has a body, newer Node gives a stream behind that body in place of the socket.
    // RFC 9110 7.8: "A server MAY ignore a received Upgrade header field if it wishes to continue using the current
    // protocol on that connection." Some HTTP clients offer h2c with every request.
    const goOn = () => {
      connection.offersUndone++
      // Each is parsed twice, and at once: a client that never stops offering would keep others waiting.
      if (connection.offersUndone > maxOffers) return socket.destroy()
      const last = connection.offersUndone === maxOffers
      socket.unshift(Buffer.concat([withoutUpgrade(req, last), head]))
      server.emit('connection', socket)
      return socket.resume()
    }
    const open = () => {
      const result = readUpgradeRequest(req, source)
      if (result.ok) return upgrade(http1Handshake(result, socket, head))
      if (socket !== req.socket) req.resume()
      refuse(req.socket, result, source, req)
    }
    inTurn(requests, req.socket, offersWebSocket(req) ? open : goOn)
  })

  on('connect', ({ requests, source }, req: IncomingMessage) => {
    const refusal = { status: 405, message: 'CONNECT is not served', headers: [] }
    inTurn(requests, req.socket, () => refuse(req.socket, refusal, source, req))
  })

  const onClientError = (error: ParseError, socket: Duplex) => {
    const connection = connections.get(socket)
    if (connection?.failed) return
    const { code = '', reason = '' } = error
    const { requests, source } = connection ?? {}
    if (!requests || !source || !socket.writable || !/^(?:HPE|ERR_HTTP)_/.test(code)) return socket.destroy()
    connection!.failed = true
    const [status, message] = clientErrors[reason] ?? clientErrors[code] ?? [400, 'not a valid HTTP request']
    const refusal = { status, message, headers: [] }
    if (requests.size === 0) return refuse(socket, refusal, source)
    // The body of the request that is served: it is answered, unless its answer has begun.
    if (requests.unread) return refuseRequest(requests.unread, refusal, source)
    if (requests.size === 1 && requests.incomplete) return socket.destroy()
    requests.whenEmpty(() => refuse(socket, refusal, source))
  }
  server.on(
    'clientError',
    guarded(
      onClientError,
      failSocket((_, socket) => socket),
    ),
  )

  /** The first bytes of a connection; the socket is paused. */
  const begin = (socket: Duplex, source: Source, opening: Opening, bytes: Buffer) => {
    const req = readHandshake(bytes)
    if (!req) {
      const requests = new RequestQueue()
      const connection: Connection = { source, opening, requests, failed: false, offersUndone: 0 }
      connections.set(socket, connection)
      opening.onLate(() => {
        connection.failed = true
        answerHttp1(socket, plain(tooSlow))
      })
      socket.unshift(bytes)
      server.emit('connection', socket)
      return socket.resume()
    }
    opening.done()
    const result = readUpgradeRequest(req, source)
    if (result.ok) upgrade(http1Handshake(result, socket, req.early))
    else refuse(socket, result, source, req)
  }

  retired.addEventListener('abort', () => server.closeIdleConnections())
  return {
    serve(socket: Duplex, source: Source, opening: Opening) {
      const stop = () => socket.off('data', came).off('end', leave).off('close', stop)
      const came = guarded(
        (bytes: Buffer) => {
          stop()
          socket.pause()
          begin(socket, source, opening, bytes)
        },
        failSocket(() => socket),
      )
      const leave = () => {
        stop()
        socket.destroy()
      }
      opening.onLate(() => {
        stop()
        answerHttp1(socket, plain(tooSlow))
      })
      socket.on('data', came).on('end', leave).on('close', stop)
      socket.resume()
    },
    close: () => server.close(),
  }
}

/**
 * A WebSocket handshake that is whole and beyond doubt, with what came behind it. Node's HTTP server gets everything
 * else: it costs several times as much.
 */
export function readHandshake(bytes: Buffer): (RequestHead & { early: Buffer }) | undefined {
  const head = readHttpHead(bytes, maxHeaderBytes)
  const [method, url, version, ...more] = head?.start.split(' ') ?? []
  if (!head || method !== 'GET' || version !== 'HTTP/1.1' || more.length > 0 || !/^[!-~]+$/.test(url!))
    return undefined
  const { rawHeaders, length } = head
  const fields = headerList(rawHeaders)
  if (!tokens(values(fields, 'upgrade')).includes('websocket')) return undefined
  // A body would stand between the head and the first frame.
  if (values(fields, 'content-length').length + values(fields, 'transfer-encoding').length > 0)
    return undefined
  return { method, url, httpVersion: '1.1', httpVersionMajor: 1, rawHeaders, early: bytes.subarray(length) }
}

const tooSlow = { status: 408, message: 'request took too long', headers: [] }
const faulty = { status: 500, message: 'the gateway could not do this', headers: [] }
const versionNotSupported = { status: 505, message: 'HTTP/1.1 is served here', headers: [] }

/** What Node's parser says is wrong. */
type ParseError = NodeJS.ErrnoException & { reason?: string }

const clientErrors: Record<string, [status: number, message: string]> = {
  HPE_HEADER_OVERFLOW: [431, 'request header fields too large'],
  HPE_CHUNK_EXTENSIONS_OVERFLOW: [413, 'chunk extensions too large'],
  ERR_HTTP_REQUEST_TIMEOUT: [408, 'request took too long'],
  'Invalid HTTP version': [505, versionNotSupported.message],
  // The preface of HTTP/2, RFC 9113 3.4: without TLS nobody agreed to it.
  HPE_PAUSED_H2_UPGRADE: [505, versionNotSupported.message],
}

function isResponse(value: unknown): value is ServerResponse {
  return value instanceof http.ServerResponse
}

function offersWebSocket(req: IncomingMessage): boolean {
  return tokens(values(headerList(req.rawHeaders), 'upgrade')).includes('websocket')
}

/** Acts behind the answers that are due, which Node has let go of: it listens to the socket no more. */
function inTurn(requests: RequestQueue, socket: Socket, act: () => void): void {
  if (requests.size === 0) return act()
  const onDrain = () => requests.current?.emit('drain')
  // Node lets the socket flow behind each answer.
  const keep = (bytes: Buffer) => socket.pause().unshift(bytes)
  socket.on('drain', onDrain).on('data', keep)
  requests.whenEmpty(() => {
    socket.off('drain', onDrain).off('data', keep)
    // The limit for an idle connection, set behind the last answer.
    socket.setTimeout(0)
    act()
  })
}

function hasBody({ rawHeaders }: IncomingMessage): boolean {
  const fields = headerList(rawHeaders)
  return values(fields, 'content-length').length + values(fields, 'transfer-encoding').length > 0
}

/** The head of a request as it came, less the offer to upgrade; `last`: nothing is served behind it. */
function withoutUpgrade(req: IncomingMessage, last: boolean): Buffer {
  const fields = headerList(req.rawHeaders)
  const offers = new Set(['upgrade', 'http2-settings'])
  const kept: HeaderList = fields.flatMap(([name, value]): HeaderList => {
    if (offers.has(name.toLowerCase())) return []
    if (name.toLowerCase() !== 'connection') return [[name, value]]
    if (last) return []
    const options = tokens([value]).filter((option) => !offers.has(option))
    return options.length > 0 ? [[name, options.join(', ')]] : []
  })
  if (last) kept.push(['Connection', 'close'])
  const lines = kept.map(([name, value]) => `${name}: ${value}\r\n`).join('')
  return Buffer.from(`${req.method} ${req.url} HTTP/${req.httpVersion}\r\n${lines}\r\n`, 'latin1')
}
