// The map. An accepted socket goes: listener.ts → upgrade-request.ts → route.ts → handshake.ts (dial-route.ts, dial.ts,
// accept.ts) → pipe.ts. This file joins these stages and holds what outlives a connection.
import type net from 'node:net'
import type { Duplex } from 'node:stream'
import type { Logger } from 'pino'
import {
  AccessLog,
  type AcmeShared,
  type Clock,
  type ConnectionInfo,
  type DrainInfo,
  GatewayError,
  type GatewayEvent,
  type GatewayOptions,
  type GatewaySnapshot,
  type ListenOptions,
  type PlannedKind,
  Subscribers,
  systemClock,
  ThrottledLine,
  tryAccessLog,
} from './core/index.ts'
import type { GatewayDeps, Scope, UnansweredUpstream } from './gateway-deps.ts'
import {
  type HandshakeDeps,
  Ledger,
  mayTake,
  noRoomFor,
  type Refusing,
  refusalsEnded,
  takeGiven,
} from './handshake/index.ts'
import { loadReplay } from './hold/replay/index.ts'
import { type ClientHandshake, refusedEntry } from './http/index.ts'
import { defaultPending, Listeners, type Secured } from './listen/index.ts'
import { Dispatcher } from './pass/index.ts'
import { type Listing, type SessionGiver, TokenSeries } from './resume/index.ts'
import {
  type Carrier,
  type Connection,
  Connections,
  canaries,
  connectionInfo,
  DrainRuns,
  departingThere,
  Giveaway,
  type GivenSome,
  type GivingAsk,
  type GivingLine,
  movable,
  OwnRoute,
  ownRouteName,
  type Packed,
  packConnection,
  planOf,
  Routes,
  readGiven,
  unpackConnection,
} from './session/index.ts'
import { noTracing } from './trace/index.ts'
import type { Accepted } from './wire/index.ts'

export type { GatewayDeps, Scope, UnansweredUpstream } from './gateway-deps.ts'
export type { Carrier, CarrierWay, Packed } from './session/index.ts'

/**
 * A reverse proxy for WebSockets in this process. It does not listen: give it the accepted sockets of a `net.Server`
 * with `accept`. `holdfast serve` runs one in each worker.
 */
export class Gateway {
  #options: GatewayOptions
  readonly #log: Logger
  readonly #accessLog: AccessLog
  readonly #clock: Clock
  readonly #random: () => number
  readonly #connections = new Connections()
  readonly #drains: DrainRuns
  readonly #giveaway: Giveaway
  readonly #giver: SessionGiver | undefined
  readonly #routes: Routes
  readonly #refusals = new Set<Refusing>()
  readonly #listeners: Listeners
  readonly #handshakeDeps: HandshakeDeps
  readonly #events = new Subscribers<GatewayEvent>((err) =>
    this.#log.error({ err }, 'an event listener threw'),
  )
  readonly #faults = new ThrottledLine((times, err) =>
    this.#log.error({ err, times }, 'fault while serving a connection; the connection was ended'),
  )
  /** A line about each would say the same again with every request. */
  #toldOfProxy = false
  readonly #pendingRefused = new ThrottledLine((sockets) =>
    this.#log.warn({ sockets }, 'sockets without a request were closed: more are open than `pending` allows'),
  )
  readonly #dispatcher: Dispatcher
  #own: OwnRoute | undefined
  #stopSweep: (() => void) | undefined
  #ids = 0
  #draining = false

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
    this.#giver = deps.giver
    const prefix = deps.idPrefix ?? ''
    const shared = {
      connections: this.#connections,
      clock: this.#clock,
      random: this.#random,
      log: this.#log,
      emit: (event: GatewayEvent) => this.#events.emit(event),
    }
    this.#drains = new DrainRuns({ ...shared, options: () => this.#options.drain, giver: deps.giver })
    this.#giveaway = new Giveaway({ ...shared, giver: deps.giver })
    this.#routes = new Routes(options.routes, {
      ...shared,
      drains: this.#drains,
      onUnanswered: (upstream) => deps.onUnanswered?.(upstream),
      workers: deps.workers ?? 1,
      sessionHint: [prefix.replace(/-$/, '') || '0', ...(deps.node ? [deps.node] : [])].join('-'),
    })
    const ledger = new Ledger(shared)
    this.#handshakeDeps = {
      ...shared,
      admit: deps.admit ?? ((route, limits, address) => ledger.admit(route, limits, address)),
      entered: deps.entered,
      onOpened: deps.onOpened,
      onClosed: deps.onClosed,
      accessLog: this.#accessLog,
      newId: () => `${prefix}${(++this.#ids).toString(36)}`,
      tracing: deps.tracing ?? noTracing,
      elsewhere: deps.elsewhere,
      directory: deps.directory,
      lineTo: deps.lineTo,
      onNoDescriptor: () => deps.onNoDescriptor?.(),
      refusals: this.#refusals,
      draining: (route, upstream) =>
        this.#draining || this.#routes.isDrained(route, upstream) ? this.#options.drain.retry : undefined,
    }
    this.#dispatcher = new Dispatcher(() => this.#options.routes, this.#routes, this.#handshakeDeps)
    this.#listeners = this.#listenersWith(deps)
  }

  #listenersWith({ onPendingRefused, onTlsRefused }: GatewayDeps): Listeners {
    return new Listeners({
      log: this.#log,
      trustedProxies: () => this.#options.trustedProxies,
      onUpgrade: (handshake) => this.#dispatcher.onUpgrade(handshake),
      onRequest: (request) => this.#dispatcher.onRequest(request),
      onFault: (error) => this.#faults.happened(error),
      onRefused: (status, _why, source, req) => {
        if (!this.#accessLog.isOn) return
        this.#accessLog.write(refusedEntry(status, source, req, this.#clock.wall()))
      },
      onPendingRefused: () => {
        onPendingRefused?.()
        this.#pendingRefused.happened()
      },
      onTlsRefused: ({ reason }) => onTlsRefused?.(reason),
      pending: () => this.#options.pending ?? defaultPending,
      onUntrustedProxy: (peer) => this.#untrustedProxy(peer),
    })
  }

  /**
   * Opens the access log and loads the replay modules of the routes; to be awaited before the first socket.
   *
   * @throws {GatewayError} A module cannot be loaded, or the file of the log not be written to.
   */
  async prepare(): Promise<void> {
    this.#accessLog.configure(this.#options.accessLog)
    for (const state of this.#routes.live) await state.ready()
  }

  /** Starts health checks, name resolution and keepalive. */
  start(): void {
    for (const { pool } of this.#routes.live) pool.start()
    this.#sweep()
  }

  /**
   * Sets the keys of TLS session tickets: 48 secret bytes. A client can resume its session at every gateway that has the same
   * (RFC 5077, RFC 8446 4.6.1), and no longer where they were replaced. Without them each gateway has its own.
   */
  setTicketKeys(keys: Buffer): void {
    this.#listeners.setTicketKeys(keys)
  }

  /**
   * Sets the certificates of listeners with `auto`, and what authorities are answered that come to see whose a name is
   * (RFC 8555 8, RFC 8737). Connections stay as they are.
   */
  setCertificates(shared: AcmeShared): void {
    this.#dispatcher.acmeAnswers = shared.challenges.http
    this.#listeners.share(shared)
  }

  /**
   * Gives the gateway an accepted socket of one of its listeners. `secured`: its other end is a process that does TLS with the client, and
   * has said this of it.
   */
  accept(listener: ListenOptions, socket: net.Socket | Accepted, secured?: Secured): void {
    this.#listeners.accept(listener, socket, secured)
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
   * not hold any more. `drainId` names these drains, for whoever adds up what several workers did.
   */
  reload(options: GatewayOptions, drainId?: number): { drained: number } {
    this.#options = options
    this.#configureAccessLog()
    this.#listeners.reload(options.listen)
    const drained = this.#routes.reload(options.routes, drainId)
    this.#sweep()
    return { drained }
  }

  /**
   * Closes all connections, those of a route, or those through an upstream, spread in time. What was drained takes no
   * new ones until `undrain` takes it back in; a gateway that was drained takes none any more. `id`: as for `reload`.
   */
  drain(scope: Scope = {}, id?: number): Promise<DrainInfo> {
    const { route, upstream } = scope
    if (scope.carrier !== undefined) return this.#drains.run(scope, id)
    const all = route === undefined && upstream === undefined
    if (all) this.#refuseAll()
    else this.#routes.drain(scope)
    const { deadline } = this.#options.drain
    return Promise.all([
      this.#drains.run(scope, id),
      all && refusalsEnded(this.#refusals, deadline, this.#clock),
    ]).then(([info]) => info)
  }

  #refuseAll(): void {
    this.#draining = true
    this.#listeners.retire()
    for (const state of this.#routes.live) state.dismiss()
    for (const refusing of this.#refusals) refusing.hurry(0)
  }

  /** Takes a drained route or upstream back in; false when it is not drained. */
  undrain(scope: Scope): boolean {
    return this.#routes.undrain(scope)
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
    return { routes: this.#routes.info(), drains: this.#drains.shown, unrouted: this.#dispatcher.unrouted }
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

  /** Serves as before {@link Gateway.retire}. */
  resume(): void {
    this.#listeners.resume()
  }

  /**
   * Ids of the connections that could be taken to another process now; `busy` ones have bytes that wait to go out.
   * `carried`: those too of which a stream has to stay here, and can be joined to that process.
   */
  movable(carried = false): { idle: string[]; busy: string[] } {
    return movable(this.#connections, carried)
  }

  /** Some of those that could be taken to another process: this share of them, and at least one of each kind. */
  canaries(share: number, carried = false): string[] {
    return canaries(this.#connections, share, carried)
  }

  /** What a live upgrade would do with the connections. `carries`: whether streams that have to stay here are carried. */
  plan(carries: boolean): PlannedKind[] {
    return planOf(this.#connections, carries)
  }

  /** How many connections there are in all, movable or not; handshakes in progress count. */
  get connectionCount(): number {
    return this.#connections.size + this.#dispatcher.handshakes + this.#refusals.size
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
    const packed = connection && (await packConnection(connection, withinMs, this.#clock, carrier))
    if (packed && connection.session && connection.session.state !== 'over')
      this.#connections.split(connection)
    return packed
  }

  /**
   * Goes on with a connection that this gateway or another has packed. `release` is called when it has ended.
   *
   * @throws {Error} Its record is not what it should be, or there is no such route here. Its sockets were not touched.
   */
  unpack(packed: Packed, release: () => void): void {
    const routeOf = (name: string) => {
      if (name === ownRouteName) return this.#ownRoute
      const state = this.#routes.get(name)
      if (!state) throw new GatewayError('not_found', 'gateway', `there is no route '${name}'`)
      return { state, deps: this.#handshakeDeps }
    }
    unpackConnection(packed, release, routeOf)
  }

  /** A connection between two ends of the caller's, which counts nowhere; it is in no list of this gateway. */
  openOwn(client: Duplex, upstream: Duplex): Connection {
    return this.#ownRoute.open(client, upstream)
  }

  /** Takes such a connection apart, as {@link Gateway.pack} does. */
  packOwn(connection: Connection, withinMs: number): Promise<Packed | undefined> {
    return packConnection(connection, withinMs, this.#clock)
  }

  get #ownRoute(): OwnRoute {
    this.#own ??= new OwnRoute(this.#clock, this.#random)
    return this.#own
  }

  /**
   * Serves the handshake of a client that has come to another gateway, if the session that it comes back to is, or was, here; or `anyway`:
   * it may have been left by one that is gone. False: it was not touched.
   */
  serveReturn(handshake: ClientHandshake, anyway = false): boolean {
    return this.#dispatcher.onReturn(handshake, anyway)
  }

  /**
   * Gives a session to each of these nodes, and ends none for that. `run`: the same as long as one that could not be given is not to be
   * tried again.
   */
  giveSome(run: number, to: readonly string[]): Promise<GivenSome> {
    return this.#giveaway.give(run, to)
  }

  /**
   * Gives the session of a connection that a live upgrade has taken to another worker, which is at the other end of the line. False: it is
   * not here, or cannot be given.
   */
  giveFor({ connection: id, to, withinMs }: GivingAsk, line: GivingLine): boolean {
    const connection = this.#connections.splitOf(id)
    const giver = this.#giver
    if (!connection?.session || !giver) return false
    const departing = departingThere(line, connection.session, this.#clock)
    return connection.give({ giver, to, withinMs, departing }) !== undefined
  }

  /**
   * Whether another gateway may give a session of this route to this one: nothing, or why not. `bytes`: what is kept for it while its client
   * is away.
   */
  noRoomFor(route: string, bytes: number): string | undefined {
    return noRoomFor(this.#routes.get(route), bytes, this.#handshakeDeps)
  }

  /**
   * Goes on with a session that another gateway gives away; its client is still to come. `claim` is asked first whether it is this
   * gateway's now. False: it is not taken.
   *
   * @throws {Error} What came is not what it should be.
   */
  async receive(
    written: string,
    claim: (series: TokenSeries, forMs: number) => Promise<Listing | undefined>,
  ): Promise<boolean> {
    const given = readGiven(written)
    const { route } = given.connection
    const state = this.#routes.get(route)
    const series = new TokenSeries(given.id, Buffer.from(given.key, 'base64url'), given.number)
    if (!state || this.noRoomFor(route, given.session.frames.length) || !mayTake(given, state)) return false
    const listing = await claim(series, state.options.resume!.for)
    if (!listing) return false
    // Others may have come, or a drain begun, while the store was asked.
    if (this.noRoomFor(route, given.session.frames.length)) {
      listing.leave()
      return false
    }
    try {
      takeGiven(given, listing, state, this.#handshakeDeps)
      return true
    } catch (error) {
      listing.leave()
      throw error
    }
  }

  /** Another gateway has found that this upstream leaves something unanswered: its connections here are asked, too. */
  unanswered({ route, upstream, address }: UnansweredUpstream): void {
    this.#routes.get(route)?.pool.unanswered(upstream, address)
  }

  /** Calls the listener with every event; the result ends that. */
  on(listener: (event: GatewayEvent) => void): () => void {
    return this.#events.add(listener)
  }

  /** How many sessions have nothing but the end to say to a client that is away, or is being told. It takes `resume.for` at most. */
  get owedEnds(): number {
    return this.#routes.all.reduce((sum, { sessions }) => sum + sessions.owedEnds, 0)
  }

  /** Checks no upstream any more, and looks after no connection: all have gone elsewhere. */
  rest(): void {
    // Sessions go on here: their clients are still to be acknowledged, and given up.
    if (!this.#routes.all.some(({ sessions }) => sessions.isUsed)) this.#stopSweep?.()
    for (const { pool } of this.#routes.live) pool.stop()
  }

  /** Ends everything now. */
  stop(): void {
    this.#stopSweep?.()
    for (const { pool } of this.#routes.live) pool.stop()
    this.#listeners.close()
    for (const state of this.#routes.live) state.dismiss()
    for (const refusing of [...this.#refusals]) refusing.destroy()
    for (const { pipe } of [...this.#connections]) pipe.cut()
    this.#own?.stop()
    for (const { sessions } of this.#routes.all) sessions.discard()
  }

  #configureAccessLog(): void {
    try {
      this.#accessLog.configure(this.#options.accessLog)
    } catch (error) {
      this.#log.error({ error: (error as Error).message }, 'the access log goes on where it was')
    }
  }

  #untrustedProxy(peer: string): void {
    if (this.#toldOfProxy) return
    this.#toldOfProxy = true
    const next = `trustedProxies: ['${peer}']`
    this.#log.warn({ peer, next }, 'X-Forwarded-For of a proxy is ignored: all its clients have its address')
  }

  /** One timer for the keepalive of all connections, fine enough for the shortest setting. */
  #sweep(): void {
    this.#stopSweep?.()
    const settings = this.#options.routes.flatMap(({ keepalive }) =>
      keepalive ? [keepalive.ping, keepalive.timeout] : [],
    )
    const every = Math.min(1000, Math.max(10, Math.min(...settings, 4000) / 4))
    this.#stopSweep = this.#connections.sweep(every, this.#clock, (now) => {
      for (const { sessions } of this.#routes.all) sessions.tick(now)
    })
  }
}
