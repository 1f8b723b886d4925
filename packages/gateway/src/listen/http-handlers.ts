// What the HTTP/1.1 and HTTP/2 servers have in common: whom they call, and their limits.

import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Http2ServerRequest, Http2ServerResponse } from 'node:http2'
import type { ClientHandshake, HttpAnswer, Incoming, Refusal, Source } from '../http/index.ts'
import type { PlainRequest } from './plain-request.ts'
/** A request that is no WebSocket handshake, with what answers it. */
export interface HttpExchange {
  req: IncomingMessage | Http2ServerRequest
  res: ServerResponse | Http2ServerResponse
  request: PlainRequest
  /** Name of the upstream that was asked last. */
  upstream?: string
}

export interface HttpTimeouts {
  /** Milliseconds for the head of a later request, from its first byte on. Default 10 s. */
  headers: number
  /** Milliseconds for a whole request with its body. Default 300 s. */
  request: number
  /** Milliseconds that a connection may stay without a request or an open stream. Default 30 s. */
  idle: number
}

export interface HttpHandlers {
  onUpgrade(handshake: ClientHandshake): void | Promise<void>
  onRequest(exchange: HttpExchange): void | Promise<void>
  /** A request that was not understood, after it was answered; `req` where there was one. */
  onRefused?(status: number, why: string, source: Source, req?: Incoming): void
  /** A fault of the gateway's own; the connection, or the HTTP/2 stream, that it was about is being ended. */
  onFault?(error: unknown): void
}

/** Bytes of a request head; more is answered 431, in HTTP/2 by a reset of the stream. */
export const maxHeaderBytes = 16 * 1024

export function plain({ status, message, headers }: Omit<Refusal, 'ok'>): HttpAnswer {
  return { status, headers, body: `${message}\n` }
}
