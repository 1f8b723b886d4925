// Bodies and answers of the admin port.

import type { IncomingMessage, ServerResponse } from 'node:http'
import { gzipSync } from 'node:zlib'
import type { GuardedRequest } from './admin-guard.ts'

const maxBodyBytes = 64 * 1024

export interface AdminAnswer {
  status: number
  /** Sent as JSON, or as it is when `contentType` is given. */
  body: unknown
  contentType?: string
  headers?: Record<string, string>
}

/** An answer that is not a success, in the shape that all of them have. */
export function problem(status: number, code: string, message: string, more?: object): AdminAnswer {
  return { status, body: { error: { code, message, ...more } } }
}

export function ok(body: object): AdminAnswer {
  return { status: 200, body }
}

/** Whatever the answer is: it is not to be kept, guessed at, framed or read by other origins' pages. */
export const everyAnswer = {
  'cache-control': 'no-store',
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  'cross-origin-resource-policy': 'same-origin',
  'referrer-policy': 'no-referrer',
}

/** What is wrong with a body, as an answer. */
export class BodyProblem extends Error {
  readonly answer: AdminAnswer

  constructor(...args: Parameters<typeof problem>) {
    super(args[2])
    this.answer = problem(...args)
  }
}

/** The body's JSON; an empty object when there is none. Throws a {@link BodyProblem}. */
export async function readJson(request: IncomingMessage): Promise<unknown> {
  const chunks: Buffer[] = []
  let bytes = 0
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length
    if (bytes > maxBodyBytes) throw new BodyProblem(413, 'too_large', `send at most ${maxBodyBytes} bytes`)
    chunks.push(chunk)
  }
  if (bytes === 0) return {}
  try {
    return JSON.parse(Buffer.concat(chunks).toString('utf8'))
  } catch {
    throw new BodyProblem(400, 'not_json', 'the body is not valid JSON')
  }
}

export function send(response: ServerResponse, { status, body, contentType, headers }: AdminAnswer): void {
  if (response.headersSent || response.destroyed) return
  const bytes = contentType === undefined ? `${JSON.stringify(body)}\n` : (body as string | Buffer)
  // What is left of a refused body is not read: the connection cannot be used again.
  if (status >= 400) response.setHeader('connection', 'close')
  response.writeHead(status, { 'content-type': contentType ?? 'application/json', ...headers })
  response.end(bytes)
}

/** The same bytes for everybody, compressed once for those who take gzip. */
export function compressible(bytes: Buffer): (acceptEncoding: unknown) => AdminAnswer {
  let small: Buffer | undefined
  return (acceptEncoding) => {
    const headers: Record<string, string> = { vary: 'accept-encoding' }
    if (!/\bgzip\b/.test(String(acceptEncoding))) return { status: 200, body: bytes, headers }
    small ??= gzipSync(bytes)
    return { status: 200, body: small, headers: { ...headers, 'content-encoding': 'gzip' } }
  }
}

type Handler = (request: AdminRequest) => AdminAnswer | Promise<AdminAnswer>

export interface AdminRequest {
  query: URLSearchParams
  /** What stands for `:id` in the path. */
  id: string
  /** The parsed body; an empty object when there is none. */
  body: unknown
  incoming: IncomingMessage
}

export interface AdminRoute {
  path: string
  admits?: GuardedRequest['admits']
  /** `events` and `frames` stand for the streams, which event-stream.ts writes. */
  methods: Partial<Record<'GET' | 'POST', Handler | 'events' | 'frames'>>
}
