import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Duplex } from 'node:stream'

const status = 503
const words = 'service restart\n'

/** Answers a request with 503, `Retry-After` in seconds, and the end of its connection. */
export function refuseRequest(request: IncomingMessage, response: ServerResponse, retryAfter: number): void {
  response.statusCode = status
  response.setHeader('Retry-After', retryAfter)
  response.setHeader('Content-Type', 'text/plain')
  // RFC 9113 8.2.2: HTTP/2 has no Connection header.
  if (request.httpVersionMajor < 2) response.setHeader('Connection', 'close')
  response.end(words)
}

/** The same on the stream of an upgrade request, which has no response object. */
export function refuseUpgrade(stream: Duplex, retryAfter: number): void {
  stream.on('error', () => stream.destroy())
  stream.once('finish', () => stream.destroy())
  stream.end(
    [
      `HTTP/1.1 ${status} Service Unavailable`,
      'Connection: close',
      `Retry-After: ${retryAfter}`,
      'Content-Type: text/plain',
      `Content-Length: ${words.length}`,
      '',
      words,
    ].join('\r\n'),
  )
}

/** The same as a Response. */
export function refusalResponse(retryAfter: number): Response {
  const headers = { 'Retry-After': String(retryAfter), 'Content-Type': 'text/plain', Connection: 'close' }
  return new Response(words, { status, headers })
}
