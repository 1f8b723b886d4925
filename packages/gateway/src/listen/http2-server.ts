// In: a TLS connection whose peer chose HTTP/2. Out: its streams as handshakes (RFC 8441) and requests. What one connection may
// ask is in http2-session.ts.
import http2, { type Http2ServerRequest, type Http2ServerResponse, type ServerHttp2Session } from 'node:http2'
import type { Duplex } from 'node:stream'
import { guarded } from '../core/index.ts'
import { answerHttp2, http2Handshake, type Refusal, readUpgradeRequest, type Source } from '../http/index.ts'
import { type HttpHandlers, type HttpTimeouts, maxHeaderBytes, plain } from './http-handlers.ts'
import { Http2Session, type StreamEvent } from './http2-session.ts'
import type { Opening } from './pending.ts'
import { readPlainRequest } from './plain-request.ts'

/**
 * Streams that the settings allow. Over this number nghttp2 ends the session, with all its WebSockets, so that it is
 * higher than that of http2-session.ts: streams between the two are refused one by one.
 */
const advertisedMaxStreams = 1024
/** Bytes that an HTTP/2 client may have under way on a connection; each stream has its own, smaller window. */
const sessionWindow = 1024 * 1024

const { NGHTTP2_INTERNAL_ERROR } = http2.constants

export class Http2Server {
  readonly #handlers: HttpHandlers
  readonly #idleMs: number
  readonly #retired: AbortSignal
  readonly #server: http2.Http2Server
  readonly #sessions = new Map<ServerHttp2Session, Http2Session>()
  readonly #dispatch: (...event: StreamEvent) => void
  #arriving: { source: Source; opening: Opening } | undefined

  constructor(handlers: HttpHandlers, timeouts: HttpTimeouts, retired: AbortSignal) {
    this.#handlers = handlers
    this.#idleMs = timeouts.idle
    this.#retired = retired
    this.#server = newServer()
    this.#server.on(
      'session',
      guarded(
        (session: ServerHttp2Session) => this.#onSession(session),
        (error, session) => {
          this.#onFault(error)
          session.destroy()
        },
      ),
    )
    // What goes wrong shows in the 'close' of the session and its streams.
    this.#server.on('sessionError', () => {})
    const onRequest = (source: Source, req: Http2ServerRequest, res: Http2ServerResponse) =>
      this.#onRequest(source, req, res)
    this.#on('request', onRequest)
    this.#on('checkContinue', onRequest)
    // Without this listener Node answers every CONNECT with 405, the extended ones too.
    this.#on('connect', (source, req) => this.#onConnect(source, req))
    // Node's own listener makes request and response of a stream; here it is called for streams that are worth it.
    const [dispatch] = this.#server.listeners('stream') as [(...event: StreamEvent) => void]
    this.#dispatch = dispatch
    this.#server.removeAllListeners('stream')
    retired.addEventListener('abort', () => {
      for (const known of this.#sessions.values()) known.retire()
    })
  }

  /** Serves one connection. */
  serve(socket: Duplex, source: Source, opening: Opening): void {
    // Node emits 'session' before this call returns.
    this.#arriving = { source, opening }
    // Who has ended its TCP can end none of its streams any more: the session ends, and they with it.
    socket.allowHalfOpen = false
    try {
      this.#server.emit('connection', socket)
    } finally {
      this.#arriving = undefined
    }
  }

  close(): void {
    for (const session of this.#sessions.keys()) session.destroy()
  }

  #onFault(error: unknown): void {
    this.#handlers.onFault?.(error)
  }

  #onSession(session: ServerHttp2Session): void {
    if (!this.#arriving) return session.destroy()
    session.setLocalWindowSize(sessionWindow)
    const known = new Http2Session({
      ...this.#arriving,
      session,
      idleMs: this.#idleMs,
      dispatch: this.#dispatch,
      onFault: (error) => this.#onFault(error),
    })
    this.#sessions.set(session, known)
    session.once('close', () => this.#sessions.delete(session))
    if (this.#retired.aborted) setImmediate(() => session.close())
  }

  /** For the server's events: a fault ends the stream that it is about. */
  #on(
    event: string,
    serve: (source: Source, req: Http2ServerRequest, res: Http2ServerResponse) => unknown,
  ): void {
    const callback = (req: Http2ServerRequest, res: Http2ServerResponse) => {
      const session = this.#sessions.get(req.stream.session as ServerHttp2Session)
      return session ? serve(session.source, req, res) : req.stream.destroy()
    }
    const fail = (error: unknown, { stream }: Http2ServerRequest) => {
      this.#onFault(error)
      if (stream.headersSent) stream.close(NGHTTP2_INTERNAL_ERROR)
      else answerHttp2(stream, { status: 500, headers: [] })
    }
    this.#server.on(event, guarded(callback, fail))
  }

  #onRequest(source: Source, req: Http2ServerRequest, res: Http2ServerResponse) {
    const result = readPlainRequest(req, source)
    if (result.ok) return this.#handlers.onRequest({ req, res, request: result.request })
    this.#refuse(req, source, result)
  }

  #onConnect(source: Source, req: Http2ServerRequest) {
    const result = readUpgradeRequest(req, source)
    if (result.ok) return this.#handlers.onUpgrade(http2Handshake(result, req.stream))
    this.#refuse(req, source, result)
  }

  #refuse(req: Http2ServerRequest, source: Source, refusal: Refusal): void {
    answerHttp2(req.stream, plain(refusal))
    this.#handlers.onRefused?.(refusal.status, refusal.message, source, req)
  }
}

function newServer(): http2.Http2Server {
  return http2.createServer({
    settings: {
      // RFC 8441 3: without it no client may open a WebSocket over HTTP/2.
      enableConnectProtocol: true,
      maxConcurrentStreams: advertisedMaxStreams,
      maxHeaderListSize: maxHeaderBytes,
    },
    maxSessionInvalidFrames: 100,
    maxSessionRejectedStreams: 100,
  })
}
