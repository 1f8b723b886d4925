// The admin port: HTTP around admin-routes.ts, behind admin-guard.ts.
import http, { type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Logger } from 'pino'
import { ZodError } from 'zod'
import { type AdminOptions, type Clock, GatewayError, guarded } from '../core/index.ts'
import { formatHostPort, listen } from '../listen/index.ts'
import { Authenticator } from './admin-auth.ts'
import { AdminConnections } from './admin-connections.ts'
import { type Refusal, refusalOf } from './admin-guard.ts'
import {
  type AdminAnswer,
  type AdminRoute,
  BodyProblem,
  everyAnswer,
  problem,
  readJson,
  send,
} from './admin-http.ts'
import { docsRoute, pageFolder, pageRoutes, wantsPage } from './admin-page.ts'
import { adminRoutes } from './admin-routes.ts'
import { DashboardFeed } from './dashboard-feed.ts'
import { EventStreams } from './event-stream.ts'
import { Metrics } from './metrics.ts'
import type { Operations } from './operations.ts'

/** Milliseconds for a request's head, for a whole request, and for the answers in progress when the port closes. */
const headTimeoutMs = 5000
const requestTimeoutMs = 10_000
const closeTimeoutMs = 1000
const maxConnections = 256

export interface AdminDeps {
  operations: Operations
  log: Logger
  clock: Clock
  /** Folder of the operator's page. */
  page?: string
  /** Folder of the site. */
  site?: string
}

export class AdminServer {
  #admin: AdminOptions
  readonly #log: Logger
  readonly #clock: Clock
  readonly #routes: AdminRoute[]
  readonly #page: AdminRoute[]
  readonly #site: string | undefined
  readonly #auth: Authenticator
  readonly #frames: DashboardFeed
  readonly #streams: EventStreams
  readonly #connections = new AdminConnections(maxConnections)
  readonly #server: http.Server

  constructor(admin: AdminOptions, { operations, log, clock, page = pageFolder, site }: AdminDeps) {
    this.#admin = admin
    this.#log = log
    this.#clock = clock
    this.#auth = new Authenticator(admin.token, clock)
    this.#routes = adminRoutes(operations, new Metrics(), this.#auth)
    this.#page = pageRoutes(page)
    this.#site = site
    this.#frames = new DashboardFeed(operations, clock)
    this.#streams = new EventStreams(operations.events, this.#frames, clock)
    this.#server = http.createServer(
      { headersTimeout: headTimeoutMs, requestTimeout: requestTimeoutMs, connectionsCheckingInterval: 1000 },
      guarded(
        (request: IncomingMessage, response: ServerResponse) => this.#serve(request, response),
        (err, _request, response) => {
          this.#log.error({ err }, 'fault on the admin port')
          response.destroy()
        },
      ),
    )
    this.#server.on('connection', (socket) => this.#connections.add(socket))
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
    this.#frames.start()
  }

  /** Takes over another token. */
  reconfigure(admin: AdminOptions): void {
    this.#admin = admin
    this.#auth.reconfigure(admin.token)
  }

  /** Stops listening, lets answers in progress finish for a moment, and closes. */
  close(): Promise<void> {
    this.#frames.stop()
    this.#streams.close()
    return new Promise((resolve) => {
      const timer = this.#clock.setTimeout(() => this.#server.closeAllConnections(), closeTimeoutMs)
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
    const found = url && this.#find(url.pathname, wantsPage(request.headers.accept))
    const method = request.method ?? ''
    const refusal = refusalOf(
      { method, headers: request.headers, admits: found?.route.admits },
      this.#admin,
      () => this.#auth.proofOf(request),
    )
    if (refusal) return refused(refusal)
    if (found?.route.admits === undefined) this.#connections.letIn(request.socket)
    if (!url || !found) return problem(404, 'not_found', 'there is nothing here; GET / lists what there is')
    const { methods } = found.route
    const handler = method === 'HEAD' ? methods.GET : methods[method as 'GET' | 'POST']
    if (!handler || (typeof handler === 'string' && method === 'HEAD')) {
      const known = Object.keys(methods)
      const wrong = problem(405, 'method_not_allowed', `use ${known.join(' or ')} here`)
      return { ...wrong, headers: { allow: known.join(', ') } }
    }
    if (typeof handler === 'string') return this.#stream(handler, request, response)
    const body = method === 'POST' ? await readJson(request) : {}
    return handler({ query: url.searchParams, id: found.id, body, incoming: request })
  }

  #stream(
    what: 'events' | 'frames',
    request: IncomingMessage,
    response: ServerResponse,
  ): AdminAnswer | undefined {
    if (this.#streams.full)
      return problem(503, 'too_many_watchers', 'too many watch already; close another one')
    const allowed = () => this.#auth.stillAllows(request)
    if (what === 'events') this.#streams.serveEvents(request, response, allowed)
    else this.#streams.serveFrames(response, allowed)
    return undefined
  }

  /** What is at a path. At the root it depends on who asks: browsers get the page, others the list of the API. */
  #find(path: string, page: boolean): { route: AdminRoute; id: string } | undefined {
    const file = path !== '/' || page ? this.#page.find((route) => route.path === path) : undefined
    const route = file ?? docsRoute(path, this.#site)
    if (route) return { route, id: '' }
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
    if (error instanceof BodyProblem) return error.answer
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

function refused({ status, code, message, wait }: Refusal): AdminAnswer {
  const headers: Record<string, string> = {}
  if (status === 401) headers['www-authenticate'] = 'Bearer realm="holdfast"'
  if (wait !== undefined) headers['retry-after'] = String(Math.ceil(wait / 1000))
  return { ...problem(status, code, message), headers }
}
