// One HTTP/2 connection. What Node's own server leaves open is done here: its work in one turn of the event loop is bounded, a
// stream that was reset meanwhile costs nothing more, and one stream too many ends that stream and not its session.
import http2, { type ServerHttp2Session, type ServerHttp2Stream } from 'node:http2'
import { guarded } from '../core/index.ts'
import type { Source } from '../http/index.ts'
import { maxHeaderBytes } from './http-handlers.ts'
import type { Opening } from './pending.ts'

/** Streams served at once on a connection. Chromium puts all WebSockets of a site on one connection. */
const maxStreams = 256
/** Streams that one session may begin in one turn of the event loop; others wait for the next, and other sessions. */
const streamsPerTurn = 8
/** Streams that a client may reset before they were answered, or open in vain, in one go and in each second. */
const unansweredStreams = { burst: 500, perSecond: 30 }

const { NGHTTP2_ENHANCE_YOUR_CALM, NGHTTP2_REFUSED_STREAM } = http2.constants

/** What Node's server gives a 'stream' listener. */
export type StreamEvent = [stream: ServerHttp2Stream, headers: unknown, flags: number, rawHeaders: string[]]

interface SessionDeps {
  session: ServerHttp2Session
  source: Source
  opening: Opening
  idleMs: number
  dispatch: (...event: StreamEvent) => void
  onFault: (error: unknown) => void
}

/** One connection: how many streams it has, which of them wait for their turn, and how long it may be idle. */
export class Http2Session {
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
  /** WebSockets among them. */
  #tunnels = 0
  /** RFC 6455 4.1: "The request MUST include a header field with the name |Origin| [RFC6454] if the request is coming from a browser client." */
  #browser = false
  #retired = false
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

  /**
   * Ends the connection when it has no streams left, and has its next ones opened elsewhere. RFC 9113 6.8: "GOAWAY allows an
   * endpoint to gracefully stop accepting new streams while still finishing processing of previously established streams."
   * There are clients that neither read nor write behind it (python3-h2): those get it with the next stream that they open, which
   * is refused, and not before. Browsers get it at once, since they fail a WebSocket that is refused.
   */
  retire(): void {
    this.#retired = true
    if (this.#tunnels === 0 || this.#browser) this.#session.close()
  }

  #take(event: StreamEvent): void {
    const [stream, headers] = event
    stream.on('error', () => {})
    this.#opening.done()
    clearTimeout(this.#idle)
    this.#open++
    // It was reset by what came with it.
    if (stream.closed || stream.destroyed) return this.#closed(stream)
    stream.once('close', () => this.#closed(stream))
    if (this.#retired) {
      stream.close(NGHTTP2_REFUSED_STREAM)
      return this.#session.close()
    }
    const { ':method': method, origin } = headers as { ':method'?: string; origin?: string }
    this.#browser ||= origin !== undefined
    if (method === 'CONNECT') {
      this.#tunnels++
      stream.once('close', () => this.#tunnels--)
    }
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
    if (this.#retired) return this.#session.close()
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
