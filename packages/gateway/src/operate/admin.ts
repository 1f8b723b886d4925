// The admin port: HTTP around admin-routes.ts, behind admin-guard.ts.
import http, { type IncomingMessage, type ServerResponse } from 'node:http'
import type { Logger } from 'pino'
import { ZodError } from 'zod'
import {
  type AdminOptions,
  type Clock,
  errorMessage,
  GatewayError,
  guarded,
  unixPath,
} from '../core/index.ts'
import {
  applyRights,
  descriptorOf,
  formatHostPort,
  leaveName,
  listen,
  listenOn,
  removeName,
} from '../listen/index.ts'
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
import type { Sessions } from './admin-sessions.ts'
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
  /** Another process listens. */
  #retired = false
  #port = 0

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

  /** `http://host:port` with the actual port, or `unix:/path`. */
  get url(): string {
    if (unixPath(this.#admin.host) !== undefined) return this.#admin.host
    return `http://${formatHostPort(this.#admin.host, this.#port)}`
  }

  /** Who has logged in to the page. */
  get logins(): Pick<Sessions, 'all' | 'goOn'> {
    return this.#auth.sessions
  }

  /** The descriptor of its listening socket. */
  get descriptor(): number {
    return descriptorOf(this.#server)
  }

  /** `descriptor`: of a socket that another process has bound. Whatever fails, nothing listens. */
  async listen(descriptor?: number): Promise<void> {
    if (descriptor === undefined) await listen(this.#server, withRights(this.#admin))
    else await listenOn(this.#server, descriptor)
    try {
      this.#begin()
    } catch (error) {
      // What was inherited still is another process's, and so is its name.
      this.#retired = descriptor !== undefined
      await this.close()
      throw error
    }
  }

  #begin(): void {
    // Asked once: what has been closed has no address. A socket of the file system that comes as a descriptor has none at all.
    const address = this.#server.address()
    this.#port = address && typeof address === 'object' ? address.port : 0
    this.#server.on('error', (error: NodeJS.ErrnoException) =>
      this.#log.warn({ code: error.code }, 'admin port'),
    )
    this.#frames.start()
  }

  /** Takes over another token, and other rights of its file. */
  reconfigure(admin: AdminOptions): void {
    this.#admin = admin
    this.#auth.reconfigure(admin.token)
    const path = unixPath(admin.host)
    if (path === undefined) return
    try {
      applyRights(path, withRights(admin))
    } catch (error) {
      this.#log.error({ error: (error as Error).message }, 'the file of a listener keeps its rights')
    }
  }

  /** Stops listening: another process does. Answers in progress finish, whatever time they need. */
  retire(): void {
    this.#frames.stop()
    this.#streams.close()
    const path = unixPath(this.#admin.host)
    if (path !== undefined && !leaveName(path))
      this.#log.error({ path }, 'a socket has lost its name: no client finds it')
    this.#server.close()
    this.#server.closeIdleConnections()
    this.#retired = true
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
      const path = unixPath(this.#admin.host)
      if (path !== undefined && !this.#retired) removeName(path)
      this.#server.closeIdleConnections()
    })
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    for (const [name, value] of Object.entries(everyAnswer)) response.setHeader(name, value)
    response.on('error', () => {})
    try {
      const answer = await this.#answer(request, response)
      this.#partFrom(response)
      if (answer) send(response, answer)
    } catch (error) {
      this.#partFrom(response)
      send(response, this.#answerTo(error))
    }
  }

  /** Once another process listens, a client that asks again shall find that one. */
  #partFrom(response: ServerResponse): void {
    if (this.#retired) response.shouldKeepAlive = false
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
    if (error instanceof GatewayError && notNow.has(error.code))
      return problem(409, error.code, error.message)
    if (error instanceof GatewayError && error.code === 'replacing')
      return { ...problem(503, error.code, error.message), headers: { 'retry-after': '1' } }
    this.#log.error({ error: errorMessage(error) }, 'admin request failed')
    return problem(500, 'fault', 'the gateway could not do this; its log says why')
  }
}

/** Codes of what cannot be done as things are. */
const notNow = new Set(['no_fleet', 'store_away', 'no_other_node', 'not_serving', 'rebalancing'])

/** Whoever may write to the file may close connections: nobody else, unless the configuration says so. */
function withRights(admin: AdminOptions): AdminOptions {
  return { ...admin, mode: admin.mode ?? 0o600 }
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
