// In: what an upstream answers to a plain request. Out: the same towards the client, over HTTP/1.0, 1.1 or 2, framed anew.
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Http2ServerResponse } from 'node:http2'
import tls from 'node:tls'
import type { FieldChanges } from '../core/index.ts'
import {
  endToEnd,
  Fields,
  type HeaderList,
  head,
  headerList,
  joinHeaders,
  trailerFields,
  values,
  writableFields,
} from '../http/index.ts'
import type { HttpExchange } from '../listen/index.ts'
import { changeFields } from '../upstream/index.ts'
import { pump } from './pump.ts'

/** Frames of an HTTP/2 session that may wait for its client before interim answers are left out. */
const framesWaiting = 64

export class ClientAnswer {
  readonly #exchange: HttpExchange
  readonly #changes: FieldChanges | undefined
  /** Whether the client was told to send the body that it holds back. */
  #continued = false
  /** Whether its answer ends where its connection ends. */
  #endsWithConnection = false
  #passesTrailers = false

  /** `changes`: what the route changes in the fields of answers. */
  constructor(exchange: HttpExchange, changes?: FieldChanges) {
    this.#exchange = exchange
    this.#changes = changes
  }

  /** The client has left. */
  get gone(): boolean {
    return isGone(this.#exchange.res)
  }

  /** Calls back when the client leaves before the answer is out; the result ends that. */
  onGone(callback: () => void): () => void {
    const { res } = this.#exchange
    res.once('close', callback)
    return () => void res.off('close', callback)
  }

  /** RFC 9110 10.1.1: a proxy that does not answer by itself forwards the expectation; the 100 is the origin's to send. */
  sendContinue(): void {
    const { res, request } = this.#exchange
    if (!request.expectsContinue || this.#continued || res.headersSent || this.gone) return
    this.#continued = true
    res.writeContinue()
  }

  /** RFC 9110 15.2: "A proxy MUST forward 1xx responses unless the proxy itself requested the generation of the 1xx". */
  sendInterim(status: number, reason: string, rawFields: HeaderList): void {
    const { req, res } = this.#exchange
    if (res.headersSent || this.gone) return
    const fields = interimFields(rawFields)
    if ('stream' in res) {
      // What a client does not read waits in nghttp2, without end.
      if ((res.stream.session?.state.outboundQueueSize ?? 0) > framesWaiting) return
      try {
        res.stream.additionalHeaders({ ':status': status, ...joinHeaders(fields) })
      } catch {
        // HTTP/2 does not allow such fields, and nobody needs an interim answer.
      }
      return
    }
    // "a server MUST NOT send a 1xx response to an HTTP/1.0 client". The answer to an earlier request may still be under
    // way; and a client that does not read is sent no more of them.
    const { socket } = res
    if (req.httpVersion === '1.0' || !socket?.writable || socket.writableNeedDrain) return
    socket.write(head(status, fields, reason))
  }

  /** Writes the head. The result says why it cannot be: the client has been told nothing then. */
  begin(response: IncomingMessage): string | undefined {
    const { req, res, request } = this.#exchange
    const status = response.statusCode ?? 0
    if (status < 200 || status > 599) return 'not HTTP'
    const raw = Fields.of(response)
    if (!isFramedOnce(raw)) return 'length of the answer not clear'
    const bodyless = request.method === 'HEAD' || status === 204 || status === 304
    const framed = endToEnd(raw.list).filter(([name]) => status !== 204 || !/^content-length$/i.test(name))
    const fields = changeFields(this.#changes, framed)
    const hasLength = values(fields, 'content-length').length > 0
    const announced = trailerFields(raw.tokens('trailer').map((name) => [name, '']))
    const wanted = 'stream' in res || request.takesTrailers || announced.length > 0
    this.#passesTrailers = wanted && !bodyless && !hasLength && req.httpVersion !== '1.0'
    try {
      if ('stream' in res) {
        res.writeHead(status, joinHeaders(fields))
        return undefined
      }
      if (this.#passesTrailers && announced.length > 0)
        fields.push(['Trailer', announced.map(([name]) => name).join(', ')])
      // A client that was not told to continue may or may not send its body: the next request could not be found.
      if (request.expectsContinue && !this.#continued) res.shouldKeepAlive = false
      // RFC 9110 15.5.22: "The server MUST send an Upgrade header field in a 426 response to indicate the required
      // protocol(s)". The one that this server can be asked for is WebSocket.
      if (status === 426) {
        const connection = res.shouldKeepAlive ? 'Upgrade' : 'Upgrade, close'
        fields.push(['Upgrade', 'websocket'], ['Connection', connection])
      }
      this.#endsWithConnection = !bodyless && !hasLength && req.httpVersion === '1.0'
      res.writeHead(status, response.statusMessage ?? '', fields.flat())
      // Not flushHeaders: that writes the head in UTF-8.
      res.write(Buffer.alloc(0))
      return undefined
    } catch {
      // Node refuses to write such a head: later, from within a stream, that would end the process.
      return 'headers not valid'
    }
  }

  /** Hands the body on; calls back once, when it is out or cannot be whole. */
  stream(response: IncomingMessage, done: (whole: boolean) => void): void {
    const { res } = this.#exchange
    const finish = (whole: boolean) => {
      stop()
      response.off('close', lost)
      done(whole)
    }
    const lost = () => finish(false)
    response.on('error', () => {}).on('close', lost)
    const stop = pump(response, res as ServerResponse, {
      onEnd: () => {
        if (!response.complete) return lost()
        response.off('close', lost)
        if (this.#passesTrailers) {
          const trailers = writableFields(trailerFields(headerList(response.rawTrailers)))
          if (trailers.length > 0) res.addTrailers(joinHeaders(trailers))
        }
        res.end(() => finish(true))
      },
    })
  }

  /** Ends the answer in such a way that the client sees that it is not whole. */
  cut(): void {
    const { res } = this.#exchange
    // A reset with INTERNAL_ERROR; `close` with that code ends the stream in order on Bun.
    if ('stream' in res) return void res.stream.destroy(new Error('the answer was cut'))
    const { socket } = res
    // An orderly end of TCP would be the end of the body. A socket of the file system has no reset.
    const resets = socket && !(socket instanceof tls.TLSSocket) && socket.remoteAddress !== undefined
    if (this.#endsWithConnection && resets) socket.resetAndDestroy()
    else res.destroy()
  }
}

export function isGone(res: ServerResponse | Http2ServerResponse): boolean {
  return 'stream' in res ? res.stream.destroyed : res.destroyed
}

/** RFC 9110 8.6: "A server MUST NOT send a Content-Length header field in any response with a status code of 1xx". */
function interimFields(fields: HeaderList): HeaderList {
  return writableFields(fields).filter(([name]) => !/^content-length$/i.test(name))
}

/**
 * RFC 9112 6.3: "If the response message was received by a proxy, the proxy MUST discard the received response, close the
 * connection to the server, and then send a 502 (Bad Gateway) response". A coding other than chunked would reach the
 * client undone by nobody.
 */
function isFramedOnce(fields: Fields): boolean {
  const lengths = fields.values('content-length')
  const codings = fields.tokens('transfer-encoding')
  if (fields.has('transfer-encoding')) return lengths.length === 0 && codings.join() === 'chunked'
  return lengths.length === 0 || (lengths.length === 1 && /^\d{1,15}$/.test(lengths[0]!))
}
