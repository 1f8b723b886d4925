// The map. An accepted socket goes: listen.ts → upgrade-request.ts → route.ts → handshake.ts (dial-route.ts, dial.ts,
// accept.ts) → pipe.ts. This file joins these stages and holds what outlives a connection.
import type net from 'node:net'
import type { Logger } from 'pino'
import { httpMapping } from './connection/index.ts'
import {
  AccessLog,
  type Clock,
  type ConnectionInfo,
  type DrainInfo,
  filesForClients,
  GatewayError,
  type GatewayEvent,
  type GatewayOptions,
  type GatewaySnapshot,
  type ListenOptions,
  type RouteOptions,
  systemClock,
  ThrottledLine,
  tryAccessLog,
  type Unrouted,
} from './core/index.ts'
import {
  type Admit,
  type HandshakeDeps,
  httpAnswer,
  Ledger,
  matchRoute,
  type Refusing,
  routeHint,
  serveHandshake,
} from './handshake/index.ts'
import { HoldEvents } from './hold/index.ts'
import { loadReplay } from './hold/replay/index.ts'
import { askedOf, type ClientHandshake, refusedEntry } from './http/index.ts'
import { defaultPending, type HttpExchange, Listeners } from './listen/index.ts'
import { answerUnserved, logRequest, serveRequest } from './pass/index.ts'
import { readOffer } from './resume/index.ts'
import {
  type Carrier,
  type Connection,
  Connections,
  connectionInfo,
  drain,
  type Packed,
  packConnection,
  RouteState,
  unpackConnection,
} from './session/index.ts'
import { noTracing, type Tracing } from './trace/index.ts'
import { type Upstream, UpstreamPool } from './upstream/index.ts'

/** An upstream that has left something unanswered. */
export interface UnansweredUpstream {
  /** Name of its route. */
  route: string
  /** Its name in the configuration. */
  upstream: string
  /** The address dialled. */
  address: string
}

/** What a Gateway takes besides its options. */
export interface GatewayDeps {
  /** Where it logs: a logger of pino. */
  log: Logger
  /**
   * Time and timers, for tests that turn the clock by hand.
   *
   * @default {@link systemClock}
   */
  clock?: Clock
  /**
   * A number in [0, 1); it spreads closes, delays and probes.
   *
   * @default Math.random
   */
  random?: () => number
  /**
   * Decides who may come in under the limits of a route.
   *
   * @default a ledger of this gateway's own
   */
  admit?: Admit
  /**
   * CloseAction of connections that come with a live upgrade and that another gateway has let in; the result is called when
   * they have ended.
   *
   * @default nothing is called
   */
  entered?: HandshakeDeps['entered']
  /**
   * Called with the route of a connection that was accepted.
   *
   * @default nothing is called
   */
  onOpened?: HandshakeDeps['onOpened']
  /**
   * Called with the route of a connection that has ended, and as what that counts: `1000:client`.
   *
   * @default nothing is called
   */
  onClosed?: HandshakeDeps['onClosed']
  /**
   * Where handshakes are traced.
   *
   * @default nowhere
   */
  tracing?: Tracing
  /**
   * Called when a socket without a request had to give way to another; see `pending`.
   *
   * @default nothing is called
   */
  onPendingRefused?: () => void
  /**
   * Called when an upstream could not be dialled, because this process has too many open files.
   *
   * @default nothing is called
   */
  onNoDescriptor?: () => void
  /**
   * Called when an upstream has left something unanswered, and its connections are asked for a sign of life: other
   * gateways may have more of them, and are told with `unanswered`.
   *
   * @default nothing is called
   */
  onUnanswered?: (upstream: UnansweredUpstream) => void
  /**
   * Looks for the session of a token that this gateway does not know, and lets the gateway that keeps it serve the client; false: there
   * is none. See `serveReturn`.
   *
   * @default nobody is asked
   */
  elsewhere?: HandshakeDeps['elsewhere']
  /**
   * How many gateways like this one share the limits of the routes: `limits.waiting` and `admit`.
   *
   * @default 1
   */
  workers?: number
  /**
   * Put before connection ids, so that they are unique among several gateways.
   *
   * @default ''
   */
  idPrefix?: string
}

export type { Carrier, CarrierWay, Packed } from './session/index.ts'

/** What part of the connections is meant; nothing: all. */
export interface Scope {
  /** Name of a route. Absent: all routes. */
  route?: string
  /** Name of an upstream. Absent: all upstreams. */
  upstream?: string
  /** Number of the worker that carries a stream of them. Absent: whether carried or not. */
  carrier?: number
}

/** Removed routes of which the counters are kept. */
const maxRemovedKept = 20
/** Milliseconds between two lines of the log about requests that no route serves. */
const unroutedLineEveryMs = 60_000

/** Finished drains that `snapshot` still shows. */
const maxDrainsShown = 10

/**
 * A reverse proxy for WebSockets in this process. It does not listen: give it the accepted sockets of a `net.Server`
 * with `accept`. `holdfast serve` runs one in each worker.
 */
export class Gateway {
  #options: GatewayOptions
  readonly #sessionHint: string
  readonly #log: Logger
  readonly #accessLog: AccessLog
  readonly #clock: Clock
  readonly #random: () => number
  readonly #connections = new Connections()
  readonly #refusals = new Set<Refusing>()
  readonly #workers: number
  readonly #onUnanswered: GatewayDeps['onUnanswered']
  readonly #openFiles = filesForClients()
  readonly #listeners: Listeners
  readonly #handshakeDeps: HandshakeDeps
  readonly #subscribers = new Set<(event: GatewayEvent) => void>()
  readonly #faults = new ThrottledLine((times, err) =>
    this.#log.error({ err, times }, 'fault while serving a connection; the connection was ended'),
  )
  /** A line about each would say the same again with every request. */
  #toldOfProxy = false
  readonly #pendingRefused = new ThrottledLine((sockets) =>
    this.#log.warn({ sockets }, 'sockets without a request were closed: more are open than `pending` allows'),
  )
  readonly #drains: DrainInfo[] = []
  /** Routes that a reload has removed, for their counters: whoever reads these may not have seen the last of them. */
  readonly #removed: RouteState[] = []
  readonly #unrouted: Unrouted = { handshakes: 0, requests: 0 }
  readonly #unroutedLine: ThrottledLine
  #routes = new Map<string, RouteState>()
  #stopSweep: (() => void) | undefined
  #ids = 0
  #handshakes = 0
  #draining = false
  /** Routes that the operator drained, until `undrain`. */
  readonly #drainedRoutes = new Set<string>()

  /**
   * Makes the routes; nothing is dialled and nothing listens. `prepare` and `start` follow, then `accept` for each
   * socket.
   */
  constructor(options: GatewayOptions, deps: GatewayDeps) {
    this.#options = options
    this.#log = deps.log
    this.#accessLog = new AccessLog(deps.log)
    this.#clock = deps.clock ?? systemClock
    this.#random = deps.random ?? Math.random
    this.#workers = deps.workers ?? 1
    this.#onUnanswered = deps.onUnanswered
    const ledger = new Ledger({ clock: this.#clock, random: this.#random })
    const prefix = deps.idPrefix ?? ''
    this.#sessionHint = prefix.replace(/-$/, '') || '0'
    this.#handshakeDeps = {
      connections: this.#connections,
      admit: deps.admit ?? ((route, limits, address) => ledger.admit(route, limits, address)),
      entered: deps.entered,
      onOpened: deps.onOpened,
      onClosed: deps.onClosed,
      clock: this.#clock,
      random: this.#random,
      log: this.#log,
      accessLog: this.#accessLog,
      newId: () => `${prefix}${(++this.#ids).toString(36)}`,
      emit: (event) => this.#emit(event),
      tracing: deps.tracing ?? noTracing,
      elsewhere: deps.elsewhere,
      onNoDescriptor: () => deps.onNoDescriptor?.(),
      refusals: this.#refusals,
      draining: (route, upstream) =>
        this.#isDrained(route, upstream) ? this.#options.drain.retry : undefined,
    }
    this.#listeners = new Listeners({
      log: this.#log,
      trustedProxies: () => this.#options.trustedProxies,
      onUpgrade: (handshake) => this.#onUpgrade(handshake),
      onRequest: (request) => this.#onRequest(request),
      onFault: (error) => this.#faults.happened(error),
      onRefused: (status, _why, source, req) => {
        if (!this.#accessLog.isOn) return
        this.#accessLog.write(refusedEntry(status, source, req, this.#clock.wall()))
      },
      onPendingRefused: () => {
        deps.onPendingRefused?.()
        this.#pendingRefused.happened()
      },
      pending: () => this.#options.pending ?? defaultPending,
      onUntrustedProxy: (peer) => this.#untrustedProxy(peer),
    })
    this.#unroutedLine = new ThrottledLine((times, seen) => {
      const { kind, host, target } = seen as { kind: keyof Unrouted; host: string; target: string }
      const words = routeHint(this.#options.routes, host, target)
      const what = kind === 'handshakes' ? 'WebSocket handshakes' : 'requests'
      this.#log.warn({ ...words, times }, `no route for ${what}: answered with 404`)
    }, unroutedLineEveryMs)
    for (const route of options.routes) this.#addRoute(route)
  }

  /**
   * Opens the access log and loads the replay modules of the routes; to be awaited before the first socket.
   *
   * @throws {GatewayError} A module cannot be loaded, or the file of the log not be written to.
   */
  async prepare(): Promise<void> {
    this.#accessLog.configure(this.#options.accessLog)
    for (const state of this.#routes.values()) await state.ready()
  }

  /** Starts health checks, name resolution and keepalive. */
  start(): void {
    for (const { pool } of this.#routes.values()) pool.start()
    this.#sweep()
  }

  /**
   * Sets the keys of TLS session tickets: 48 secret bytes. A client can resume its session at every gateway that has the same
   * (RFC 5077, RFC 8446 4.6.1), and no longer where they were replaced. Without them each gateway has its own.
   */
  setTicketKeys(keys: Buffer): void {
    this.#listeners.setTicketKeys(keys)
  }

  /** Gives the gateway an accepted socket of one of its listeners. */
  accept(listener: ListenOptions, socket: net.Socket): void {
    this.#listeners.accept(listener, socket)
  }

  /**
   * Loads what other options need, and changes nothing. `reload` with them then takes effect as a whole, at once.
   *
   * @throws {GatewayError} A replay module cannot be loaded, or the file of the access log not be written to.
   */
  async prepareReload({ routes, accessLog }: GatewayOptions): Promise<void> {
    tryAccessLog(accessLog)
    for (const { hold } of routes) if (hold) await loadReplay(hold.replay)
  }

  /**
   * Replaces the configuration; drains only connections whose route or upstream is gone, and held ones whose route does
   * not hold any more.
   */
  reload(options: GatewayOptions): { drained: number } {
    this.#options = options
    this.#configureAccessLog()
    for (const name of this.#drainedRoutes)
      if (!options.routes.some((route) => route.name === name)) this.#drainedRoutes.delete(name)
    this.#listeners.reload(options.listen)
    let drained = 0
    const before = this.#routes
    this.#routes = new Map()
    for (const route of options.routes) {
      const state = before.get(route.name)
      if (!state) {
        this.#addRoute(route).pool.start()
        continue
      }
      before.delete(route.name)
      this.#routes.set(route.name, state)
      state.configure(route)
      if (!route.hold) drained += this.#endHolds(route.name)
      for (const upstream of new Set(state.pool.reconfigure(route).removed.map(({ name }) => name))) {
        drained += this.#startDrain({ route: route.name, upstream })
      }
      state.configured()
    }
    for (const [route, state] of before) {
      state.pool.stop()
      state.dismiss()
      this.#removed.push(state)
      if (this.#removed.length > maxRemovedKept) this.#removed.shift()
      drained += this.#startDrain({ route })
    }
    this.#sweep()
    return { drained }
  }

  /**
   * Closes all connections, those of a route, or those through an upstream, spread in time. What was drained takes no
   * new ones until `undrain` takes it back in; a gateway that was drained takes none any more.
   */
  drain(scope: Scope = {}): Promise<DrainInfo> {
    const { route, upstream } = scope
    if (scope.carrier !== undefined) return this.#drain(scope, this.#of(scope))
    if (upstream !== undefined) {
      for (const state of this.#routes.values()) {
        if (route === undefined || state.options.name === route) state.pool.drain(upstream)
      }
    } else if (route !== undefined) {
      this.#drainedRoutes.add(route)
      this.#routes.get(route)?.dismiss()
    } else {
      this.#draining = true
      this.#listeners.retire()
      for (const state of this.#routes.values()) state.dismiss()
      for (const refusing of this.#refusals) refusing.hurry(0)
    }
    const all = route === undefined && upstream === undefined
    return Promise.all([this.#drain(scope, this.#of(scope)), all && this.#refusalsEnded()]).then(
      ([info]) => info,
    )
  }

  /** Takes a drained route or upstream back in; false when it is not drained. */
  undrain({ route, upstream }: Scope): boolean {
    let found = false
    for (const state of this.#routes.values()) {
      if (route !== undefined && state.options.name !== route) continue
      const is =
        upstream === undefined ? this.#drainedRoutes.delete(state.options.name) : state.pool.undrain(upstream)
      if (is) state.search.found()
      found ||= is
    }
    return found
  }

  /** Resolves when all who were about to be told that they get no connection have been, or at the deadline of a drain. */
  async #refusalsEnded(): Promise<void> {
    // Those who waited for an upstream hear of it in this turn of the event loop.
    await new Promise((resolve) => setImmediate(resolve))
    if (this.#refusals.size === 0) return
    const closed = Promise.all([...this.#refusals].map(({ closed }) => closed))
    let timer: unknown
    const late = new Promise((resolve) => {
      timer = this.#clock.setTimeout(() => resolve(undefined), this.#options.drain.deadline)
    })
    await Promise.race([closed, late])
    this.#clock.clearTimeout(timer)
  }

  /** Opens the file of the access log again, which has been moved away. */
  reopenAccessLog(): void {
    this.#accessLog.reopen()
  }

  /** How many lines of the access log could not be written. */
  get accessLinesDropped(): number {
    return this.#accessLog.dropped
  }

  /** How many sockets have not sent a whole request yet. */
  get pending(): number {
    return this.#listeners.pending
  }

  /** Everything that it counts and shows, as plain data. */
  snapshot(): GatewaySnapshot {
    const live = [...this.#connections]
    const routes = [...this.#routes.values()].map((state) => {
      const info = state.info(live)
      return this.#drainedRoutes.has(info.name) ? { ...info, drained: true } : info
    })
    const removed = this.#removed.map((state) => {
      const again = this.#routes.has(state.options.name)
      return { ...state.info(again ? [] : live), waiting: 0, upstreams: [], removed: true }
    })
    return { routes: [...routes, ...removed], drains: [...this.#drains], unrouted: { ...this.#unrouted } }
  }

  /** Live connections, at most `limit`, of a route or in a state. */
  connections(filter: { route?: string; state?: string; limit: number }): ConnectionInfo[] {
    const found: ConnectionInfo[] = []
    for (const connection of this.#connections) {
      if (found.length >= filter.limit) break
      if (filter.route !== undefined && connection.route !== filter.route) continue
      const info = connectionInfo(connection)
      if (filter.state === undefined || info.state === filter.state) found.push(info)
    }
    return found
  }

  /**
   * Closes both sides of a connection with this code and reason. False when there is no such connection. Source: RFC
   * 6455 7.1.2.
   */
  closeConnection(id: string, code: number, reason: string): boolean {
    const connection = this.#connections.get(id)
    connection?.pipe.end({ what: 'operator-closes', code, reason })
    return connection !== undefined
  }

  /** Ends connections of HTTP once they are idle, because the next requests shall go elsewhere. */
  retire(): void {
    this.#listeners.retire()
  }

  /**
   * Ids of the connections that could be taken to another process now; `busy` ones have bytes that wait to go out.
   * `carried`: those too of which a stream has to stay here, and can be joined to that process.
   */
  movable(carried = false): { idle: string[]; busy: string[] } {
    const [idle, busy]: string[][] = [[], []]
    for (const { id, pipe, drained } of this.#connections) {
      if (!drained && pipe.isMovable(carried)) (pipe.isEmpty ? idle! : busy!).push(id)
    }
    return { idle: idle!, busy: busy! }
  }

  /** Some of those that could be taken to another process: this share of them, and at least one of each kind. */
  canaries(share: number, carried = false): string[] {
    const kinds = new Map<string, string[]>()
    for (const id of Object.values(this.movable(carried)).flat()) {
      const { opening, pipe, carried: by } = this.#connections.get(id)!
      const kind = [opening.http, pipe.state, ...pipe.needCarriers, ...Object.keys(by ?? {})].join(' ')
      kinds.set(kind, [...(kinds.get(kind) ?? []), id])
    }
    return [...kinds.values()].flatMap((ids) => ids.slice(0, Math.ceil(ids.length * share)))
  }

  /** How many connections there are in all, movable or not; handshakes in progress count. */
  get connectionCount(): number {
    return this.#connections.size + this.#handshakes + this.#refusals.size
  }

  /**
   * Stops a connection and takes it apart, waiting at most `withinMs` until what was read has gone out.
   * From then on the caller owns its sockets. Undefined: not now; it goes on as before. With `carrier` what has to stay in
   * this process is joined to it.
   *
   * @throws {Error} Its state cannot be written down; it goes on as before.
   */
  async pack(id: string, withinMs: number, carrier?: Carrier): Promise<Packed | undefined> {
    const connection = this.#connections.get(id)
    return connection && packConnection(connection, withinMs, this.#clock, carrier)
  }

  /**
   * Goes on with a connection that this gateway or another has packed. `release` is called when it has ended.
   *
   * @throws {Error} Its record is not what it should be, or there is no such route here. Its sockets were not touched.
   */
  unpack(packed: Packed, release: () => void): void {
    const stateOf = (name: string) => {
      const route = this.#routes.get(name)
      if (!route) throw new GatewayError('not_found', 'gateway', `there is no route '${name}'`)
      return route
    }
    unpackConnection(packed, release, stateOf, this.#handshakeDeps)
  }

  /**
   * Serves the handshake of a client that has come to another gateway, if the session that it comes back to is, or was, here. False: it
   * was not touched.
   */
  serveReturn(handshake: ClientHandshake): boolean {
    const { host, target, protocols } = handshake.request
    const back = readOffer(protocols)?.back
    const state = this.#match(host, target)
    if (!back || !state?.options.resume) return false
    const found = state.sessions.find(back.token)
    if ('over' in found && found.over.why === 'unknown') return false
    void this.#onUpgrade(handshake)
    return true
  }

  /** Another gateway has found that this upstream leaves something unanswered: its connections here are asked, too. */
  unanswered({ route, upstream, address }: UnansweredUpstream): void {
    this.#routes.get(route)?.pool.unanswered(upstream, address)
  }

  /** Calls the listener with every event; the result ends that. */
  on(listener: (event: GatewayEvent) => void): () => void {
    this.#subscribers.add(listener)
    return () => this.#subscribers.delete(listener)
  }

  /** Checks no upstream any more, and looks after no connection: all have gone elsewhere. */
  rest(): void {
    // Sessions go on here: their clients are still to be acknowledged, and given up.
    if (![...this.#states].some(({ sessions }) => sessions.isUsed)) this.#stopSweep?.()
    for (const { pool } of this.#routes.values()) pool.stop()
  }

  /** Ends everything now. */
  stop(): void {
    this.#stopSweep?.()
    for (const { pool } of this.#routes.values()) pool.stop()
    this.#listeners.close()
    for (const state of this.#routes.values()) state.dismiss()
    for (const refusing of [...this.#refusals]) refusing.destroy()
    for (const { pipe } of [...this.#connections]) pipe.cut()
    for (const { sessions } of this.#states) sessions.discard()
  }

  /** Of all routes, also of removed ones: they may have sessions whose clients are to be told. */
  get #states(): Iterable<RouteState> {
    return [...this.#routes.values(), ...this.#removed]
  }

  #configureAccessLog(): void {
    try {
      this.#accessLog.configure(this.#options.accessLog)
    } catch (error) {
      this.#log.error({ error: (error as Error).message }, 'the access log goes on where it was')
    }
  }

  #addRoute(route: RouteOptions): RouteState {
    const pool = new UpstreamPool(route, {
      clock: this.#clock,
      random: this.#random,
      log: this.#log,
      onUnanswered: ({ name, address }) =>
        this.#onUnanswered?.({ route: route.name, upstream: name, address }),
    })
    const onChange = (upstream: Upstream) =>
      this.#emit({
        type: 'health',
        at: this.#clock.wall(),
        route: route.name,
        upstream: upstream.name,
        healthy: upstream.healthy && !upstream.fails,
        state: pool.stateOf(upstream),
        error: upstream.lastError,
      })
    pool.onHealthChange(onChange)
    pool.onFailsChange(onChange)
    const news = new HoldEvents({
      route: route.name,
      clock: this.#clock,
      log: this.#log,
      emit: (event) => this.#emit(event),
    })
    const state = new RouteState(route, pool, news, {
      clock: this.#clock,
      random: this.#random,
      workers: this.#workers,
      openFiles: this.#openFiles,
      onAuthFailure: (failure, times) =>
        this.#log.warn(
          { route: route.name, failure, times },
          'the authentication service does not answer, or is out of order',
        ),
      sessionHint: this.#sessionHint,
    })
    this.#routes.set(route.name, state)
    return state
  }

  #untrustedProxy(peer: string): void {
    if (this.#toldOfProxy) return
    this.#toldOfProxy = true
    const next = `trustedProxies: ['${peer}']`
    this.#log.warn({ peer, next }, 'X-Forwarded-For of a proxy is ignored: all its clients have its address')
  }

  async #onUpgrade(handshake: ClientHandshake): Promise<void> {
    const { host, target } = handshake.request
    const state = this.#match(host, target)
    if (!state) {
      this.#noRoute('handshakes', host, target)
      const at = this.#clock.wall()
      const { address } = handshake.request
      const asked = askedOf(handshake.request, at)
      this.#accessLog.write({ kind: 'websocket', at, asked, address, status: 404 })
      return handshake.refuse(httpAnswer(httpMapping({ what: 'no-route' })))
    }
    this.#handshakes++
    try {
      await serveHandshake(handshake, state, this.#handshakeDeps)
    } finally {
      this.#handshakes--
    }
  }

  async #onRequest(exchange: HttpExchange): Promise<void> {
    const { request } = exchange
    const state = this.#match(request.host, request.target)
    logRequest(exchange, state?.options.name, this.#handshakeDeps)
    if (state) await serveRequest(exchange, state, this.#handshakeDeps)
    else {
      this.#noRoute('requests', request.host, request.target)
      answerUnserved(exchange, { what: 'no-route' })
    }
  }

  /** Counts a request that no route serves; once a minute the log has one of them. */
  #noRoute(kind: keyof Unrouted, host: string, target: string): void {
    this.#unrouted[kind]++
    this.#unroutedLine.happened({ kind, host, target })
  }

  #match(host: string, target: string): RouteState | undefined {
    const route = matchRoute(this.#options.routes, host, target)
    return route && this.#routes.get(route.name)
  }

  /** A held connection has no upstream any more: what becomes of its last one does not concern it. */
  #of(scope: Scope): Connection[] {
    const { carrier } = scope
    return [...this.#connections].filter(
      ({ route, upstream, pipe, carried }) =>
        (carrier === undefined || carried?.client === carrier || carried?.upstream === carrier) &&
        (scope.route === undefined || route === scope.route) &&
        (scope.upstream === undefined || (upstream?.name === scope.upstream && pipe.state !== 'held')),
    )
  }

  #isDrained(route: string, upstream?: string): boolean {
    const state = this.#routes.get(route)
    if (this.#draining || !state || this.#drainedRoutes.has(route)) return true
    return upstream !== undefined && !state.pool.upstreams.some(({ name }) => name === upstream)
  }

  /** Nobody would look for an upstream for them any more. */
  #endHolds(route: string): number {
    const without = this.#of({ route }).filter(
      ({ pipe }) => pipe.state === 'held' || pipe.state === 'leaving',
    )
    return this.#startDrain({ route }, without)
  }

  #startDrain(scope: Scope, chosen = this.#of(scope)): number {
    if (chosen.length > 0) void this.#drain(scope, chosen)
    return chosen.length
  }

  async #drain({ route, upstream, carrier }: Scope, chosen: Connection[]): Promise<DrainInfo> {
    const parts = [
      route && `route ${route}`,
      upstream && `upstream ${upstream}`,
      carrier && `carrier ${carrier}`,
    ]
    const scope = parts.filter(Boolean).join(', ') || 'gateway'
    const shown: DrainInfo = { scope, total: chosen.length, closed: 0, moved: 0, cut: 0, done: false }
    this.#drains.push(shown)
    if (this.#drains.length > maxDrainsShown) this.#drains.shift()
    this.#log.info({ scope, connections: chosen.length }, 'drain started')
    const info = await drain(scope, chosen, this.#options.drain, {
      connections: this.#connections,
      clock: this.#clock,
      random: this.#random,
      close: ({ pipe, carried }, retry, closeTimeout) => {
        const stays = carrier !== undefined && carried?.client !== carrier
        if (upstream !== undefined || stays) pipe.leaveUpstream(retry, closeTimeout)
        else pipe.end({ what: 'gateway-drains', retry }, closeTimeout)
      },
      onProgress: (progress) => {
        Object.assign(shown, progress)
        this.#emit({ type: 'drain', at: this.#clock.wall(), drain: progress })
      },
    })
    this.#log.info({ scope, closed: info.closed, moved: info.moved, cut: info.cut }, 'drain finished')
    return info
  }

  /** One timer for the keepalive of all connections, fine enough for the shortest setting. */
  #sweep(): void {
    this.#stopSweep?.()
    const settings = this.#options.routes.flatMap(({ keepalive }) =>
      keepalive ? [keepalive.ping, keepalive.timeout] : [],
    )
    const every = Math.min(1000, Math.max(10, Math.min(...settings, 4000) / 4))
    this.#stopSweep = this.#connections.sweep(every, this.#clock, (now) => {
      for (const { sessions } of this.#states) sessions.tick(now)
    })
  }

  #emit(event: GatewayEvent): void {
    for (const listener of [...this.#subscribers]) {
      try {
        listener(event)
      } catch (error) {
        this.#log.error({ err: error }, 'an event listener threw')
      }
    }
  }
}
