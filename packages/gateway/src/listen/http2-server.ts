// In: a TLS connection whose peer chose HTTP/2. Out: its streams as handshakes (RFC 8441) and requests. What Node's own
// server leaves open is done here: the work of one session in one turn of the event loop is bounded, a stream that was
// reset meanwhile costs nothing more, and one stream too many ends that stream and not its session.
import http2, {
  type Http2ServerRequest,
  type Http2ServerResponse,
  type ServerHttp2Session,
  type ServerHttp2Stream,
} from 'node:http2'
import type { Duplex } from 'node:stream'
import { guarded } from '../core/index.ts'
import { answerHttp2, http2Handshake, type Refusal, readUpgradeRequest, type Source } from '../http/index.ts'
import { type HttpHandlers, type HttpTimeouts, maxHeaderBytes, plain } from './http-handlers.ts'
import type { Opening } from './pending.ts'
import { readPlainRequest } from './plain-request.ts'

/** Streams served at once on a connection. Chromium puts all WebSockets of a site on one connection. */
const maxStreams = 256
/**
 * Streams that the settings allow. Over this number nghttp2 ends the session, with all its WebSockets, so that it is
 * higher: streams between the two are refused one by one.
 */
const advertisedMaxStreams = 1024
/** Streams that one session may begin in one turn of the event loop; others wait for the next, and other sessions. */
const streamsPerTurn = 8
/** Streams that a client may reset before they were answered, or open in vain, in one go and in each second. */
const unansweredStreams = { burst: 500, perSecond: 30 }
/** Bytes that an HTTP/2 client may have under way on a connection; each stream has its own, smaller window. */
const sessionWindow = 1024 * 1024

const { NGHTTP2_ENHANCE_YOUR_CALM, NGHTTP2_INTERNAL_ERROR, NGHTTP2_REFUSED_STREAM } = http2.constants

/** What Node's server gives a 'stream' listener. */
type StreamEvent = [stream: ServerHttp2Stream, headers: unknown, flags: number, rawHeaders: string[]]

export function openHttp2(handlers: HttpHandlers, timeouts: HttpTimeouts, retired: AbortSignal) {
  const sessions = new Map<ServerHttp2Session, Session>()
  let arriving: { source: Source; opening: Opening } | undefined
  const server = http2.createServer({
    settings: {
      // RFC 8441 3: without it no client may open a WebSocket over HTTP/2.
      enableConnectProtocol: true,
      maxConcurrentStreams: advertisedMaxStreams,
      maxHeaderListSize: maxHeaderBytes,
    },
    maxSessionInvalidFrames: 100,
    maxSessionRejectedStreams: 100,
  })
  const onFault = (error: unknown) => handlers.onFault?.(error)

  const onSession = (session: ServerHttp2Session) => {
    if (!arriving) return session.destroy()
    session.setLocalWindowSize(sessionWindow)
    const { source, opening } = arriving
    const known = new Session({ session, source, opening, idleMs: timeouts.idle, dispatch, onFault })
    sessions.set(session, known)
    session.once('close', () => sessions.delete(session))
    if (retired.aborted) setImmediate(() => session.close())
  }
  server.on(
    'session',
    guarded(onSession, (error, session) => {
      onFault(error)
      session.destroy()
    }),
  )
  // What goes wrong shows in the 'close' of the session and its streams.
  server.on('sessionError', () => {})

  const refuse = (req: Http2ServerRequest, source: Source, refusal: Refusal) => {
    answerHttp2(req.stream, plain(refusal))
    handlers.onRefused?.(refusal.status, refusal.message, source, req)
  }
  /** For the server's events: a fault ends the stream that it is about. */
  const on = (
    event: string,
    serve: (source: Source, req: Http2ServerRequest, res: Http2ServerResponse) => unknown,
  ) => {
    const callback = (req: Http2ServerRequest, res: Http2ServerResponse) => {
      const session = sessions.get(req.stream.session as ServerHttp2Session)
      return session ? serve(session.source, req, res) : req.stream.destroy()
    }
    const fail = (error: unknown, { stream }: Http2ServerRequest) => {
      onFault(error)
      if (stream.headersSent) stream.close(NGHTTP2_INTERNAL_ERROR)
      else answerHttp2(stream, { status: 500, headers: [] })
    }
    server.on(event, guarded(callback, fail))
  }
  const onRequest = (source: Source, req: Http2ServerRequest, res: Http2ServerResponse) => {
    const result = readPlainRequest(req, source)
    if (result.ok) return handlers.onRequest({ req, res, request: result.request })
    refuse(req, source, result)
  }
  on('request', onRequest)
  on('checkContinue', onRequest)
  // Without this listener Node answers every CONNECT with 405, the extended ones too.
  on('connect', (source, req) => {
    const result = readUpgradeRequest(req, source)
    if (result.ok) return handlers.onUpgrade(http2Handshake(result, req.stream))
    refuse(req, source, result)
  })

  // Node's own listener makes request and response of a stream; here it is called for streams that are worth it.
  const [dispatch] = server.listeners('stream') as [(...event: StreamEvent) => void]
  server.removeAllListeners('stream')

  retired.addEventListener('abort', () => {
    for (const session of sessions.keys()) session.close()
  })
  return {
    serve(socket: Duplex, source: Source, opening: Opening) {
      // Node emits 'session' before this call returns.
      arriving = { source, opening }
      // Who has ended its TCP can end none of its streams any more: the session ends, and they with it.
      socket.allowHalfOpen = false
      try {
        server.emit('connection', socket)
      } finally {
        arriving = undefined
      }
    },
    close() {
      for (const session of sessions.keys()) session.destroy()
    },
  }
}

interface SessionDeps {
  session: ServerHttp2Session
  source: Source
  opening: Opening
  idleMs: number
  dispatch: (...event: StreamEvent) => void
  onFault: (error: unknown) => void
}

/** One connection: how many streams it has, which of them wait for their turn, and how long it may be idle. */
class Session {
  readonly source: Source
  readonly #session: ServerHttp2Session
  readonly #opening: Opening
  readonly #idleMs: number
  readonly #dispatch: (...event: StreamEvent) => void
  readonly #waiting: StreamEvent[] = []
  /** In this turn of the event loop. */
  #begun = 0
  readonly #nextTurn: () => void
  #turn: NodeJS.Immediate | undefined
  #open = 0
  #idle: NodeJS.Timeout | undefined
  #ending = false
  #unanswered = { left: unansweredStreams.burst, at: performance.now() }

  constructor({ session, source, opening, idleMs, dispatch, onFault }: SessionDeps) {
    this.source = source
    this.#session = session
    this.#opening = opening
    this.#idleMs = idleMs
    const fail = (error: unknown, stream: ServerHttp2Stream) => {
      onFault(error)
      stream.destroy()
    }
    this.#dispatch = guarded(dispatch, fail)
    this.#nextTurn = guarded(
      () => this.#serveWaiting(),
      (error) => {
        onFault(error)
        session.destroy()
      },
    )
    session.on('stream', guarded((...event: StreamEvent) => this.#take(event), fail) as () => void)
    opening.onLate(() => session.close())
    session.once('close', () => {
      clearTimeout(this.#idle)
      clearImmediate(this.#turn)
    })
  }

  #take(event: StreamEvent): void {
    const [stream] = event
    stream.on('error', () => {})
    this.#opening.done()
    clearTimeout(this.#idle)
    this.#open++
    // It was reset by what came with it.
    if (stream.closed || stream.destroyed) return this.#closed(stream)
    stream.once('close', () => this.#closed(stream))
    // RFC 9113 8.7: "The REFUSED_STREAM error code can be included in a RST_STREAM frame to indicate that the stream is
    // being closed prior to any processing having occurred."
    if (this.#open > maxStreams || this.#ending) return stream.close(NGHTTP2_REFUSED_STREAM)
    // Node holds to the limit only once the client has acknowledged the settings that tell it.
    if (fieldBytes(event[3]) > maxHeaderBytes) return stream.close(NGHTTP2_ENHANCE_YOUR_CALM)
    this.#turn ??= setImmediate(this.#nextTurn)
    if (this.#begun < streamsPerTurn) {
      this.#begun++
      this.#dispatch(...event)
    } else this.#waiting.push(event)
  }

  #serveWaiting(): void {
    this.#turn = undefined
    this.#begun = 0
    while (this.#begun < streamsPerTurn && this.#waiting.length > 0) {
      const event = this.#waiting.shift()!
      // It was reset while it waited.
      if (event[0].closed || event[0].destroyed) continue
      this.#begun++
      this.#dispatch(...event)
    }
    if (this.#begun > 0) this.#turn = setImmediate(this.#nextTurn)
  }

  #closed(stream: ServerHttp2Stream): void {
    this.#open--
    if (!stream.headersSent) this.#countUnanswered()
    if (this.#open > 0 || this.#session.closed) return
    clearTimeout(this.#idle)
    this.#idle = setTimeout(() => this.#session.close(), this.#idleMs)
  }

  /**
   * RFC 9113 10.5: "An endpoint MAY treat activity that is suspicious as a connection error [...] of type
   * ENHANCE_YOUR_CALM."
   */
  #countUnanswered(): void {
    const now = performance.now()
    const { left, at } = this.#unanswered
    const refilled = Math.min(
      unansweredStreams.burst,
      left + ((now - at) / 1000) * unansweredStreams.perSecond,
    )
    this.#unanswered = { left: refilled - 1, at: now }
    if (refilled >= 1 || this.#ending) return
    this.#ending = true
    // Not now: while Node still reads from the connection, an end of the session can abort the process (an assertion
    // on nghttp2's memory).
    setImmediate(() => {
      if (!this.#session.destroyed)
        this.#session.destroy(new Error('too many streams in vain'), NGHTTP2_ENHANCE_YOUR_CALM)
    })
  }
}

function fieldBytes(rawHeaders: readonly string[]): number {
  // RFC 9113 6.5.2: "The value is based on the uncompressed size of field lines, including the length of the name and
  // value in units of octets plus an overhead of 32 octets for each field line."
  return rawHeaders.reduce((sum, text) => sum + text.length + 16, 0)
}
