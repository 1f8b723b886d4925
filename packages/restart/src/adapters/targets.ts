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
  | NamedTarget
  | RestartServer

/** What `gracefulRestart` takes: one server, or the parts of one. */
export type RestartTarget = Part | readonly Part[]

type Ws<T> = T extends { readonly clients: ReadonlySet<infer Socket> } ? Socket : never

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
          : Ws<T>

type KnownIn<T> = T extends readonly (infer Each)[] ? Known<Each> : Known<T>

/**
 * What `onDrain` gets for a target: the WebSocket of the library that was passed, the Peer of crossws, the
 * ServerWebSocket of Bun. For a node:http server alone it is the stream of the `upgrade` event.
 */
export type SocketOf<T> = [KnownIn<T>] extends [never] ? Duplex : KnownIn<T>
