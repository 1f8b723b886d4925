// The HTTP/1.1 server behind a listener. It is given connections: a handshake that is whole and beyond doubt it takes itself,
// everything else Node's server reads.
import http, { type IncomingMessage, type ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { attempt, guarded } from '../core/index.ts'
import {
  answerHttp1,
  type ClientHandshake,
  Fields,
  http1Handshake,
  type Refusal,
  type RequestHead,
  readUpgradeRequest,
  type Source,
} from '../http/index.ts'
import { type Accepted, streamOf } from '../wire/index.ts'
import { takeFirstBytes } from './first-bytes.ts'
import { type HttpHandlers, type HttpTimeouts, maxHeaderBytes, plain } from './http-handlers.ts'
import { hasBody, offersWebSocket, readHandshake, withoutUpgrade } from './http1-head.ts'
import type { Opening } from './pending.ts'
import { readPlainRequest } from './plain-request.ts'
import { RequestQueue } from './request-queue.ts'

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

export class Http1Server {
  readonly #handlers: HttpHandlers
  readonly #server: http.Server
  readonly #retired: AbortSignal
  readonly #connections = new WeakMap<Duplex, Connection>()

  constructor(handlers: HttpHandlers, timeouts: HttpTimeouts, retired: AbortSignal) {
    this.#handlers = handlers
    this.#retired = retired
    this.#server = newServer(timeouts)
    const onRequest = (connection: Connection, req: IncomingMessage, res: ServerResponse) =>
      this.#onRequest(connection, req, res)
    this.#on('request', onRequest)
    // With this listener the 100 is the business of whoever answers the request.
    this.#on('checkContinue', onRequest)
    this.#on('checkExpectation', onRequest)
    this.#on('upgrade', (connection, req: IncomingMessage, socket: Duplex, head: Buffer) =>
      this.#onUpgrade(connection, req, socket, head),
    )
    this.#on('connect', ({ requests, source }, req: IncomingMessage) => {
      const refusal = { status: 405, message: 'CONNECT is not served', headers: [] }
      inTurn(requests, req.socket, () => this.#refuse(req.socket, refusal, source, req))
    })
    this.#server.on(
      'clientError',
      guarded(
        (error: ParseError, socket: Duplex) => this.#onClientError(error, socket),
        (error, _, socket) => this.#failSocket(error, socket),
      ),
    )
    retired.addEventListener('abort', () => this.#server.closeIdleConnections())
  }

  /** Serves one connection. */
  serve(connection: Duplex | Accepted, source: Source, opening: Opening): void {
    const begin = guarded(
      (bytes: Buffer) => this.#begin(connection, source, opening, bytes),
      (error) => this.#failSocket(error, connection),
    )
    const stop = takeFirstBytes(connection, begin)
    opening.onLate(() => {
      stop()
      answerHttp1(streamOf(connection), plain(tooSlow))
    })
  }

  close(): void {
    this.#server.close()
  }

  /** The first bytes of a connection, which is paused. */
  #begin(connection: Duplex | Accepted, source: Source, opening: Opening, bytes: Buffer): void {
    const req = readHandshake(bytes)
    if (!req) return this.#serveByNode(streamOf(connection), source, opening, bytes)
    opening.done()
    const result = readUpgradeRequest(req, source)
    if (result.ok) this.#upgrade(http1Handshake(result, connection, req.early))
    else this.#refuse(streamOf(connection), result, source, req)
  }

  /** Node's server reads it, from these bytes on. */
  #serveByNode(socket: Duplex, source: Source, opening: Opening, bytes: Buffer): void {
    const requests = new RequestQueue()
    const connection: Connection = { source, opening, requests, failed: false, offersUndone: 0 }
    this.#connections.set(socket, connection)
    opening.onLate(() => {
      connection.failed = true
      answerHttp1(socket, plain(tooSlow))
    })
    socket.unshift(bytes)
    this.#server.emit('connection', socket)
    socket.resume()
  }

  /** For the server's events: a fault ends the connection that it is about, with a 500 if nothing was said on it. */
  #on<Args extends [IncomingMessage, ...unknown[]]>(
    event: string,
    callback: (connection: Connection, ...args: Args) => unknown,
  ): void {
    const serve = (...args: Args) => {
      const connection = this.#connections.get(args[0].socket)!
      connection.opening.done()
      // The answer to what came before, a 408 or a 400, was the last on this connection.
      if (connection.failed) return args[0].socket.destroy()
      // RFC 9110 15.6.6: "the server does not support, or refuses to support, the major version of HTTP that was used
      // in the request message". Node's parser takes 2.0 and 0.9 for the same as 1.1.
      if (/^1\.[01]$/.test(args[0].httpVersion)) return callback(connection, ...args)
      const { source, requests } = connection
      if (isResponse(args[1])) return this.#refuseRequest(args[1], versionNotSupported, source, args[0])
      inTurn(requests, args[0].socket, () =>
        this.#refuse(args[0].socket, versionNotSupported, source, args[0]),
      )
    }
    this.#server.on(
      event,
      guarded(serve, (error, ...[req, second]) => this.#fail(error, req, second)),
    )
  }

  #fail(error: unknown, req: IncomingMessage, second: unknown): void {
    this.#handlers.onFault?.(error)
    const source = this.#connections.get(req.socket)?.source
    if (source && isResponse(second) && !second.headersSent && !second.destroyed)
      this.#refuseRequest(second, faulty, source, req)
    else req.socket.destroy()
  }

  /** After a fault outside a request: the socket goes without a word. */
  #failSocket(error: unknown, socket: Duplex | Accepted): void {
    this.#handlers.onFault?.(error)
    socket.destroy()
  }

  #refuse(socket: Duplex, refusal: Omit<Refusal, 'ok'>, source: Source, req?: RequestHead): void {
    answerHttp1(socket, plain(refusal))
    this.#handlers.onRefused?.(refusal.status, refusal.message, source, req)
  }

  /** In its turn, behind the answers to earlier requests. */
  #refuseRequest(
    res: ServerResponse,
    { status, message }: Omit<Refusal, 'ok'>,
    source: Source,
    req?: RequestHead,
  ): void {
    res.shouldKeepAlive = false
    res.writeHead(status, { 'Content-Type': 'text/plain; charset=utf-8' }).end(`${message}\n`)
    this.#handlers.onRefused?.(status, message, source, req)
  }

  #upgrade(handshake: ClientHandshake): void {
    attempt(
      () => this.#handlers.onUpgrade(handshake),
      (error) => {
        this.#handlers.onFault?.(error)
        handshake.fail()
      },
    )
  }

  #onRequest({ requests, source }: Connection, req: IncomingMessage, res: ServerResponse): void {
    res.once('close', () => {
      if (this.#retired.aborted) this.#server.closeIdleConnections()
    })
    requests.add(req, res, () =>
      attempt(
        () => this.#serveRequest(source, req, res),
        (error) => this.#fail(error, req, res),
      ),
    )
  }

  #serveRequest(source: Source, req: IncomingMessage, res: ServerResponse) {
    if (this.#retired.aborted) res.shouldKeepAlive = false
    const result = readPlainRequest(req, source)
    if (result.ok) return this.#handlers.onRequest({ req, res, request: result.request })
    this.#refuseRequest(res, result, source, req)
  }

  #onUpgrade(connection: Connection, req: IncomingMessage, socket: Duplex, head: Buffer): void {
    const { requests, source } = connection
    // Where an upgrade has a body, newer Node gives a stream behind that body in place of the socket.
    // RFC 9110 7.8: "A server MAY ignore a received Upgrade header field if it wishes to continue using the current
    // protocol on that connection." Some HTTP clients offer h2c with every request.
    const goOn = () => {
      connection.offersUndone++
      // Each is parsed twice, and at once: a client that never stops offering would keep others waiting.
      if (connection.offersUndone > maxOffers) return void socket.destroy()
      const last = connection.offersUndone === maxOffers
      socket.unshift(Buffer.concat([withoutUpgrade(req, last), head]))
      this.#server.emit('connection', socket)
      socket.resume()
    }
    const open = () => {
      const result = readUpgradeRequest(req, source)
      if (result.ok) return this.#upgrade(http1Handshake(result, socket, head))
      if (socket !== req.socket) req.resume()
      this.#refuse(req.socket, result, source, req)
    }
    inTurn(requests, req.socket, offersWebSocket(Fields.of(req)) ? open : goOn)
  }

  #onClientError(error: ParseError, socket: Duplex): void {
    const connection = this.#connections.get(socket)
    if (connection?.failed) return
    const { code = '', reason = '' } = error
    const { requests, source } = connection ?? {}
    if (!requests || !source || !socket.writable || !/^(?:HPE|ERR_HTTP)_/.test(code))
      return void socket.destroy()
    connection!.failed = true
    const [status, message] = clientErrors[reason] ?? clientErrors[code] ?? [400, 'not a valid HTTP request']
    const refusal = { status, message, headers: [] }
    if (requests.size === 0) return this.#refuse(socket, refusal, source)
    // The body of the request that is served: it is answered, unless its answer has begun.
    if (requests.unread) return this.#refuseRequest(requests.unread, refusal, source)
    if (requests.size === 1 && requests.incomplete) return void socket.destroy()
    requests.whenEmpty(() => this.#refuse(socket, refusal, source))
  }
}

function newServer(timeouts: HttpTimeouts): http.Server {
  const server = http.createServer({
    maxHeaderSize: maxHeaderBytes,
    headersTimeout: timeouts.headers,
    requestTimeout: Math.max(timeouts.request, timeouts.headers),
    keepAliveTimeout: timeouts.idle,
    connectionsCheckingInterval: Math.max(50, Math.min(1000, timeouts.headers / 4)),
    // Newer Node asks; older Node takes every offer, see 'upgrade' above. One that is not taken costs what was sent behind
    // its request; one with a body cannot be undone.
    shouldUpgradeCallback(req: IncomingMessage) {
      const fields = Fields.of(req)
      return offersWebSocket(fields) || !hasBody(fields)
    },
  } as http.ServerOptions)
  // Beyond a number Node drops fields without a word, Transfer-Encoding too; the bytes are bounded already.
  server.maxHeadersCount = 0
  // Node looks for connections over the limits only between 'listening' and close().
  server.emit('listening')
  return server
}

function isResponse(value: unknown): value is ServerResponse {
  return value instanceof http.ServerResponse
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
