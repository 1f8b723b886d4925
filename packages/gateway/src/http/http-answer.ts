import { STATUS_CODES, validateHeaderName, validateHeaderValue } from 'node:http'
import { constants, type ServerHttp2Stream } from 'node:http2'
import { type Duplex, pipeline, type Readable } from 'node:stream'
import { endToEnd } from './field-names.ts'
import { type HeaderList, joinHeaders, values } from './headers.ts'

/** An HTTP answer that ends its connection. A `Readable` body is handed on whole. */
export interface HttpAnswer {
  status: number
  /** The reason phrase; that of RFC 9110 unless given. */
  reason?: string
  headers: HeaderList
  body?: string | Readable
}

/** Milliseconds that handing on a streamed body may take altogether. */
export const bodyTimeoutMs = 30_000
/** Milliseconds in which a client that was answered may still send; what it sends is thrown away. */
const lingerTimeoutMs = 1_000

/** Writes an answer on a connection that has no parser any more, and closes it. */
export function answerHttp1(socket: Duplex, answer: HttpAnswer, timeout = bodyTimeoutMs): void {
  const { status, headers } = answer
  const body = bodyOf(answer)
  const fields = answerFields(answer)
  const length = values(headers, 'content-length')[0]
  if (status === 426) {
    // RFC 9110 15.5.22: "The server MUST send an Upgrade header field in a 426 response"
    fields.push(['Upgrade', 'websocket'], ['Connection', 'Upgrade, close'])
  } else {
    fields.push(['Connection', 'close'])
  }
  if (!isBodyless(status)) {
    if (typeof body === 'string') fields.push(['Content-Length', String(Buffer.byteLength(body))])
    else fields.push(length === undefined ? ['Transfer-Encoding', 'chunked'] : ['Content-Length', length])
  }
  send(socket, head(status, fields, answer.reason), body, length === undefined ? chunked : unchanged, timeout)
}

/** Writes an answer on an HTTP/2 stream and ends it. */
export function answerHttp2(stream: ServerHttp2Stream, answer: HttpAnswer, timeout = bodyTimeoutMs): void {
  const body = bodyOf(answer)
  const open = !stream.destroyed && !stream.closed && !stream.headersSent
  if (open) respond(stream, answer.status, answerFields(answer))
  send(stream, Buffer.alloc(0), body, unchanged, timeout)
}

/** Sends `:status` and headers. Fields that HTTP/2 does not allow are left out, all of them if need be. */
export function respond(stream: ServerHttp2Stream, status: number, headers: HeaderList): void {
  try {
    stream.respond({ ...joinHeaders(headers), [constants.HTTP2_HEADER_STATUS]: status })
  } catch {
    stream.respond({ [constants.HTTP2_HEADER_STATUS]: status })
  }
}

/** End-to-end fields that can be written as they are; what is not a header field is left out. */
export function writableFields(headers: HeaderList): HeaderList {
  return endToEnd(headers).filter(([name, value]) => {
    try {
      validateHeaderName(name)
      validateHeaderValue(name, value)
      return true
    } catch {
      return false
    }
  })
}

/** The bytes of a status line and fields. */
export function head(status: number, fields: HeaderList, reason = STATUS_CODES[status] ?? ''): Buffer {
  const lines = fields.map(([name, value]) => `${name}: ${value}\r\n`)
  return Buffer.from(`HTTP/1.1 ${status} ${reason}\r\n${lines.join('')}\r\n`, 'latin1')
}

function answerFields(answer: HttpAnswer): HeaderList {
  const fields = writableFields(answer.headers).filter(([name]) => name.toLowerCase() !== 'content-length')
  // RFC 9110 6.6.1: "An origin server with a clock [...] MUST generate a Date header field in all 2xx (Successful),
  // 3xx (Redirection), and 4xx (Client Error) responses"
  if (values(fields, 'date').length === 0) fields.push(['Date', new Date().toUTCString()])
  if (typeof answer.body === 'string' && answer.body !== '' && values(fields, 'content-type').length === 0) {
    fields.push(['Content-Type', 'text/plain; charset=utf-8'])
  }
  return fields
}

/** The body that may be sent: none where the status forbids one (RFC 9110 6.4.1). */
function bodyOf({ status, body = '' }: HttpAnswer): string | Readable {
  if (!isBodyless(status)) return body
  if (typeof body !== 'string') body.destroy()
  return ''
}

function isBodyless(status: number): boolean {
  return status < 200 || status === 204 || status === 304
}

type Framing = (body: AsyncIterable<Buffer>) => AsyncIterable<Buffer>

async function* unchanged(body: AsyncIterable<Buffer>) {
  yield* body
}

/** RFC 9112 7.1: a body of unknown length whose end can be told from a loss. */
async function* chunked(body: AsyncIterable<Buffer>) {
  for await (const chunk of body) {
    if (chunk.length > 0) yield Buffer.concat([Buffer.from(`${chunk.length.toString(16)}\r\n`), chunk, crlf])
  }
  yield Buffer.from('0\r\n\r\n')
}

const crlf = Buffer.from('\r\n')

/** Streams a body; an error or the time limit destroys both ends, so that a cut body never looks whole. */
function send(
  stream: Duplex,
  opening: Buffer,
  body: string | Readable,
  framing: Framing,
  timeout: number,
): void {
  if (!stream.writable) {
    stream.destroy()
    if (typeof body !== 'string') body.destroy()
  } else if (typeof body === 'string') {
    stream.end(Buffer.concat([opening, Buffer.from(body)]))
    linger(stream)
  } else {
    const timer = setTimeout(() => body.destroy(new Error('the body took too long')), timeout)
    if (opening.length > 0) stream.write(opening)
    pipeline(body, framing, stream, (error) => {
      clearTimeout(timer)
      if (!error) linger(stream)
    })
  }
}

/**
 * Throws away what the client still sends, until it ends or the time is up. RFC 9112 9.6: "If a server performs an
 * immediate close of a TCP connection, there is a significant risk that the client will not be able to read the last
 * HTTP response."
 */
function linger(stream: Duplex): void {
  const timer = setTimeout(() => stream.destroy(), lingerTimeoutMs)
  stream.once('close', () => clearTimeout(timer))
  stream.resume()
}
