// What can be restarted, by the shape that each library gives it: no library is imported, not even its types.
import type { Duplex } from 'node:stream'
import type { RestartServer } from '../seam.ts'

/** A node:http or node:https server; what Express' `listen` and Hono's `serve` return. */
export interface HttpTarget {
  /** Its presence, beside the two below, tells that this is a server of Node; it is not called. */
  readonly listen: unknown
  /** Called once the connections are drained, to stop listening. */
  readonly close: unknown
  /** Called when the restart begins, so that idle keep-alive connections do not hold it up. */
  readonly closeIdleConnections: unknown
}

/** A WebSocketServer of `ws`, in any of its three modes. */
export interface WsTarget {
  /** Replaced when the restart begins: every handshake from then on is answered with 503. */
  readonly handleUpgrade: unknown
  /** Its presence, beside `handleUpgrade`, tells a WebSocketServer of `ws`; it is not called. */
  readonly shouldHandle: unknown
}

/** A Fastify app, with or without `@fastify/websocket`. */
export interface FastifyTarget {
  /** The node:http server of the app, which refuses new connections. */
  readonly server: object
  /** Its presence, beside `server`, tells a Fastify app; it is not called. */
  readonly decorate: unknown
  /** Called once the connections are drained: it runs the app's onClose hooks. */
  readonly close: unknown
}

/** An adapter of crossws for Node. */
export interface CrosswsTarget {
  /** The connections by namespace, each a Peer of crossws. */
  readonly peers: ReadonlyMap<string, ReadonlySet<unknown>>
  /** Its presence, beside `peers`, tells an adapter for Node. */
  readonly handleUpgrade: unknown
}

/** What `Bun.serve` returns. Pass the handlers from `bunSockets` along with it. */
export interface BunTarget {
  /** Called when the restart begins, to answer every further request with 503. */
  readonly reload: unknown
  /** Called once the connections are drained; with true at the deadline. */
  readonly stop: unknown
  /** How many WebSockets it has. Its presence tells a server of Bun; the handlers count for themselves. */
  readonly pendingWebSockets: number
}

/** The WebSocket handlers of Bun, as they come out of `bunSockets`. */
export interface BunHandlersTarget {
  /** The handler of messages; from it follows what `onDrain` gets, a ServerWebSocket. */
  readonly message: (socket: never, message: never) => unknown
}

/** A Server of Socket.IO; its HTTP server is found in it. */
export interface SocketIoTarget {
  /** The Server of Engine.IO below it, which has the connections. */
  readonly engine: unknown
  /** Its presence, beside `engine` and `sockets`, tells a Server of Socket.IO; it is not called. */
  readonly of: unknown
  /** The namespace `/`; from it follows what `onDrain` gets, a Socket. */
  readonly sockets: { readonly sockets: ReadonlyMap<string, unknown> }
  /** Called once the connections are drained; calls of the application's own wait until then. */
  readonly close: unknown
}

/** A Server of Engine.IO. Pass its HTTP server beside it. */
export interface EngineIoTarget {
  /** Its presence, beside `handleRequest` and the connections, tells a Server of Engine.IO; it is not called. */
  readonly handleUpgrade: unknown
  /** Its presence, beside `handleUpgrade`, tells a Server of Engine.IO; it is not called. */
  readonly handleRequest: unknown
  /** Called once the connections are drained. */
  readonly close: unknown
}

/** A NestJS application with gateways of `WsAdapter` or `IoAdapter`, with or without `enableShutdownHooks`. */
export interface NestTarget {
  /** Called for the HTTP server, which refuses new connections. */
  readonly getHttpServer: unknown
  /** Its presence, beside `getHttpServer`, tells a NestJS application; it is not called. */
  readonly useWebSocketAdapter: unknown
  /** Called once the connections are drained: it runs the hooks. Calls of the application's own wait until then. */
  readonly close: unknown
}

/** A Server of Hocuspocus, 3 or 4. */
export interface HocuspocusTarget {
  /** The node:http server, which refuses new connections. */
  readonly httpServer: object
  /** Its presence, beside `httpServer`, tells a Server of Hocuspocus; it is not called. */
  readonly hocuspocus: object
  /** Called once the connections are drained; that of its own signal handler waits until then. */
  readonly destroy: unknown
}

/** What `serve` of crossws and of srvx returns on Node. */
export interface SrvxTarget {
  /** Its `server` is the node:http server, which refuses new connections. */
  readonly node?: { readonly server?: object } | undefined
  /** Its presence, beside `node`, tells a server of srvx; it is not called. */
  readonly serve: unknown
  /** Called once the connections are drained; that of its own signal handler waits until then. */
  readonly close: unknown
}

/** A Feathers application on Koa or Express, with `@feathersjs/socketio`, that listens. */
export interface FeathersTarget {
  /** Its presence, beside `teardown`, tells a Feathers application; it is not called. */
  readonly service: unknown
  /** Called once the connections are drained. */
  readonly teardown: unknown
}

/** What `expressWs` of `express-ws` returns. */
export interface ExpressWsTarget {
  /** Called for the WebSocketServer. */
  readonly getWss: () => WsTarget
  /** Its presence, beside `getWss`, tells what `expressWs` returns; it is not called. */
  readonly applyTo: unknown
}

/** A Koa application with `koa-websocket` that listens. */
export interface KoaWebSocketTarget {
  /** Its `server` is the WebSocketServer of `ws`, which is there once the application listens. */
  readonly ws: { readonly server?: WsTarget | undefined }
  /** Its presence, beside `ws`, tells a Koa application; it is not called. */
  readonly callback: unknown
}

/** Parts under their names, such as what `createNodeWebSocket` of `@hono/node-ws` returns. */
export interface NamedTarget {
  /** The HTTP server, where there is one. */
  readonly server?: HttpTarget
  /** The WebSocketServer of `ws`, where there is one. */
  readonly wss?: WsTarget
}

type Part =
  | HttpTarget
  | WsTarget
  | FastifyTarget
  | CrosswsTarget
  | BunTarget
  | BunHandlersTarget
  | SocketIoTarget
  | EngineIoTarget
  | NestTarget
  | HocuspocusTarget
  | SrvxTarget
  | FeathersTarget
  | ExpressWsTarget
  | KoaWebSocketTarget
  | NamedTarget
  | RestartServer

/** What `gracefulRestart` takes: one server, or the parts of one. */
export type RestartTarget = Part | readonly Part[]

type Ws<T> = T extends { readonly clients: ReadonlySet<infer Socket> } ? Socket : never

// Several shapes, each with its socket; the first that fits counts.
type Known<T> = T extends { readonly websocketServer: infer Server }
  ? Ws<Server>
  : T extends { readonly wss: infer Server }
    ? Ws<Server>
    : T extends { readonly peers: ReadonlyMap<string, ReadonlySet<infer Peer>> }
      ? Peer
      : T extends { readonly message: (socket: infer Socket, message: never) => unknown }
        ? Socket
        : T extends { sockets(): Iterable<{ readonly handle: infer Handle }> }
          ? NonNullable<Handle>
          : KnownInFramework<T>

type KnownInFramework<T> = T extends {
  readonly engine: unknown
  readonly sockets: { readonly sockets: ReadonlyMap<string, infer Socket> }
}
  ? Socket
  : T extends { getWss(): infer Server }
    ? Ws<Server>
    : T extends { readonly ws: { readonly server?: infer Server } }
      ? Ws<NonNullable<Server>>
      : T extends NestTarget | HocuspocusTarget | FeathersTarget | EngineIoTarget
        ? // Its type does not tell what connections it has.
          // biome-ignore lint/suspicious/noExplicitAny: the application knows it
          any
        : Ws<T>

type KnownIn<T> = T extends readonly (infer Each)[] ? Known<Each> : Known<T>

/**
 * What `onDrain` gets for a target: the WebSocket of the library that was passed, the Socket of Socket.IO or Engine.IO,
 * the Peer of crossws, the ServerWebSocket of Bun. For a node:http server alone it is the stream of the `upgrade` event;
 * for frameworks whose type does not tell it, `any`.
 */
export type SocketOf<T> = [KnownIn<T>] extends [never] ? Duplex : KnownIn<T>
