// Frameworks: what carries WebSockets is inside of them, and they have an end of their own. Each is known by its shape.
import type { EngineSocketLike } from './engine-io.ts'

/** A framework, or any object that only has servers in it. */
export interface Framework {
  /** The properties that tell it. */
  readonly has: readonly string[]
  /** The servers in it, in so far as they are there already; undefined is passed over. */
  parts(app: never): readonly unknown[]
  /**
   * The methods that end it: the first is called once the connections are drained, and all are held back until then.
   *
   * @default the servers in it are closed, and nothing else
   */
  readonly ends?: readonly string[]
}

interface Fastify {
  server: object
  websocketServer?: object
}

interface Nest {
  getHttpServer(): object
  config?: { getIoAdapter?(): { httpServersRegistry?: ReadonlyMap<unknown, object> } | undefined }
  socketModule?: { socketsContainer?: { getAll?(): ReadonlyMap<unknown, { server?: object }> } }
}

interface Hocuspocus {
  httpServer: object
  crossws?: object
  webSocketServer?: object
}

/** In the order in which they are tried. */
export const frameworks: readonly Framework[] = [
  {
    // On `localhost` Fastify listens with a second server, and its plugin `@fastify/websocket` has a WebSocketServer.
    has: ['server', 'decorate', 'close'],
    parts: (app: Fastify) => [app.server, ...serversForOtherAddresses(app), app.websocketServer],
    ends: ['close'],
  },
  {
    // With `enableShutdownHooks` NestJS goes through its end step by step; each of the others is the first in some version.
    has: ['getHttpServer', 'useWebSocketAdapter'],
    parts: (app: Nest) => [app.getHttpServer(), ...gatewaysOf(app)],
    ends: ['close', 'prepareClose', 'callDestroyHook'],
  },
  {
    // Hocuspocus 3 has a WebSocketServer of `ws`, 4 an adapter of crossws. Either handles signals itself.
    has: ['hocuspocus', 'httpServer', 'destroy'],
    parts: (server: Hocuspocus) => [server.httpServer, server.crossws, server.webSocketServer],
    ends: ['destroy'],
  },
  {
    // What `serve` of crossws and srvx returns. Its adapter is not within reach, so the HTTP server stands for it.
    has: ['node', 'serve', 'fetch', 'close'],
    parts: (server: { node?: { server?: object } }) => [server.node?.server],
    ends: ['close'],
  },
  {
    has: ['service', 'teardown', 'listen'],
    parts: (app: { server?: object; io?: object }) => [app.server, app.io],
    ends: ['teardown'],
  },
  {
    has: ['getWss', 'applyTo'],
    parts: (expressWs: { getWss(): object }) => [expressWs.getWss()],
  },
  {
    has: ['ws', 'callback', 'listen'],
    parts: (app: { server?: object; ws: { server?: object } }) => [app.server, app.ws.server],
  },
]

/** A Server of Socket.IO; like a framework, but its connections have Sockets of its own. */
export const socketIo: Framework = {
  has: ['engine', 'of', 'sockets'],
  parts: (io: { httpServer?: object; engine: object }) => [io.httpServer, io.engine],
  ends: ['close'],
}

/** Parts under their names, such as `{ server, wss }`. */
export const named: Framework = {
  has: [],
  parts: ({ server, wss }: { server?: unknown; wss?: unknown }) => [server, wss],
}

/** The Socket of Socket.IO of each connection: that of the first namespace that it has joined. */
export function socketsOf(io: object): Map<EngineSocketLike, object> {
  type Namespace = { sockets: ReadonlyMap<string, { conn: EngineSocketLike }> }
  const { _nsps: namespaces = new Map() } = io as { _nsps?: ReadonlyMap<string, Namespace> }
  const sockets = new Map<EngineSocketLike, object>()
  for (const namespace of namespaces.values()) {
    for (const socket of namespace.sockets.values()) {
      if (!sockets.has(socket.conn)) sockets.set(socket.conn, socket)
    }
  }
  return sockets
}

/** There is no public way to them. */
function serversForOtherAddresses(app: object): object[] {
  const key = Object.getOwnPropertySymbols(app).find(
    (symbol) => symbol.description === 'fastify.serverBindings',
  )
  return key ? ((app as never)[key] as object[]) : []
}

/** The servers of NestJS' gateways, and the HTTP servers of those with a port of their own. No public way either. */
function gatewaysOf({ config, socketModule }: Nest): unknown[] {
  const gateways = socketModule?.socketsContainer?.getAll?.() ?? new Map()
  const http = config?.getIoAdapter?.()?.httpServersRegistry ?? new Map()
  return [...[...gateways.values()].map(({ server }) => server), ...http.values()]
}
