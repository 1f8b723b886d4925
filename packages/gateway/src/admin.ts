// The admin port: HTTP around admin-routes.ts, behind admin-guard.ts.
import http, { type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Logger } from 'pino'
import { ZodError } from 'zod'
import { refusalOf } from './admin-guard.ts'
import { type AdminAnswer, type AdminRoute, adminRoutes, problem } from './admin-routes.ts'
import { formatHostPort } from './bound-handles.ts'
import type { Clock } from './clock.ts'
import { GatewayError } from './errors.ts'
import { EventStreams } from './event-stream.ts'
import { listen } from './listening.ts'
import { Metrics } from './metrics.ts'
import type { Operations } from './operations.ts'
import type { AdminOptions } from './options.ts'

const bodyAtMost = 64 * 1024
/** Milliseconds for a request's head, for a whole request, and for the answers in progress when the port closes. */
const headWithin = 5000
const requestWithin = 10_000
const closeWithin = 1000
const connectionsAtMost = 256

/** No answer is to be kept, guessed at, framed or read by other origins' pages. */
const everyAnswer = {
  'cache-control': 'no-store',
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  'cross-origin-resource-policy': 'same-origin',
}

export interface AdminDeps {
  operations: Operations
  log: Logger
  clock: Clock
}

export class AdminServer {
  #admin: AdminOptions
  readonly #log: Logger
  readonly #clock: Clock
  readonly #routes: AdminRoute[]
  readonly #streams: EventStreams
  readonly #server: http.Server

  constructor(admin: AdminOptions, { operations, log, clock }: AdminDeps) {
    this.#admin = admin
    this.#log = log
    this.#clock = clock
    this.#routes = adminRoutes(operations, new Metrics())
    this.#streams = new EventStreams(operations.events, clock)
    this.#server = http.createServer(
      { headersTimeout: headWithin, requestTimeout: requestWithin, connectionsCheckingInterval: 1000 },
      (request, response) => void this.#serve(request, response),
    )
    this.#server.maxConnections = connectionsAtMost
  }

  /** `http://host:port` with the actual port. */
  get url(): string {
    return `http://${formatHostPort(this.#admin.host, (this.#server.address() as AddressInfo).port)}`
  }

  async listen(): Promise<void> {
    await listen(this.#server, this.#admin)
    this.#server.on('error', (error: NodeJS.ErrnoException) =>
      this.#log.warn({ code: error.code }, 'admin port'),
    )
  }

  /** Takes over another token. */
  reconfigure(admin: AdminOptions): void {
    this.#admin = admin
  }

  /** Stops listening, lets answers in progress finish for a moment, and closes. */
  close(): Promise<void> {
    this.#streams.close()
    return new Promise((resolve) => {
      const timer = this.#clock.setTimeout(() => this.#server.closeAllConnections(), closeWithin)
      this.#server.close(() => {
        this.#clock.clearTimeout(timer)
        resolve()
      })
      this.#server.closeIdleConnections()
    })
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    for (const [name, value] of Object.entries(everyAnswer)) response.setHeader(name, value)
    response.on('error', () => {})
    try {
      const answer = await this.#answer(request, response)
      if (answer) send(response, answer)
    } catch (error) {
      send(response, this.#answerTo(error))
    }
  }

  /** Undefined when the answer is a stream, which has begun. */
  async #answer(request: IncomingMessage, response: ServerResponse): Promise<AdminAnswer | undefined> {
    const url = parseTarget(request.url)
    const found = url && this.#find(url.pathname)
    const method = request.method ?? ''
    const refusal = refusalOf(
      { method, headers: request.headers, probe: found?.route.probe === true },
      this.#admin,
    )
    if (refusal) {
      if (refusal.status === 401) response.setHeader('www-authenticate', 'Bearer realm="holdfast"')
      return problem(refusal.status, refusal.code, refusal.message)
    }
    if (!found) return problem(404, 'not_found', 'there is nothing here; GET / lists what there is')
    const { methods } = found.route
    const handler = method === 'HEAD' ? methods.GET : methods[method as 'GET' | 'POST']
    if (!handler || (handler === 'stream' && method === 'HEAD')) {
      response.setHeader('allow', Object.keys(methods).join(', '))
      return problem(405, 'method_not_allowed', `use ${Object.keys(methods).join(' or ')} here`)
    }
    if (handler === 'stream') {
      if (this.#streams.full)
        return problem(503, 'too_many_watchers', 'too many watch already; close another one')
      return void this.#streams.serve(request, response)
    }
    const body = method === 'POST' ? await readJson(request) : {}
    return handler({ query: url.searchParams, id: found.id, body })
  }

  #find(path: string): { route: AdminRoute; id: string } | undefined {
    for (const route of this.#routes) {
      const [before, after] = route.path.split(':id') as [string, string | undefined]
      if (after === undefined) {
        if (path === before) return { route, id: '' }
      } else if (path.startsWith(before) && path.endsWith(after)) {
        const id = path.slice(before.length, path.length - after.length)
        if (/^[\w.-]+$/.test(id)) return { route, id }
      }
    }
    return undefined
  }

  #answerTo(error: unknown): AdminAnswer {
    if (error instanceof BodyProblem) return problem(error.status, error.code, error.message)
    if (error instanceof ZodError) {
      const { path, message } = error.issues[0]!
      return problem(400, 'bad_request', path.length > 0 ? `${path.join('.')}: ${message}` : message)
    }
    if (error instanceof GatewayError && error.code === 'not_found')
      return problem(404, error.code, error.message)
    this.#log.error({ error: error instanceof Error ? error.message : String(error) }, 'admin request failed')
    return problem(500, 'fault', 'the gateway could not do this; its log says why')
  }
}

/** The request's target; undefined when it is no path. */
function parseTarget(target = ''): URL | undefined {
  try {
    return target.startsWith('/') ? new URL(`http://admin${target}`) : undefined
  } catch {
    return undefined
  }
}

class BodyProblem extends Error {
  readonly status: number
  readonly code: string

  constructor(status: number, code: string, message: string) {
    super(message)
    this.status = status
    this.code = code
  }
}

async function readJson(request: IncomingMessage): Promise<unknown> {
  const chunks: Buffer[] = []
  let bytes = 0
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length
    if (bytes > bodyAtMost) throw new BodyProblem(413, 'too_large', `send at most ${bodyAtMost} bytes`)
    chunks.push(chunk)
  }
  if (bytes === 0) return {}
  try {
    return JSON.parse(Buffer.concat(chunks).toString('utf8'))
  } catch {
    throw new BodyProblem(400, 'not_json', 'the body is not valid JSON')
  }
}

function send(response: ServerResponse, { status, body, contentType }: AdminAnswer): void {
  if (response.headersSent || response.destroyed) return
  const text = contentType === undefined ? `${JSON.stringify(body)}\n` : String(body)
  // What is left of a refused body is not read: the connection cannot be used again.
  if (status >= 400) response.setHeader('connection', 'close')
  response.writeHead(status, { 'content-type': contentType ?? 'application/json' })
  response.end(text)
}
