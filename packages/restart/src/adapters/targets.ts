// What can be restarted, by the shape that each library gives it: no library is imported, not even its types.
import type { Duplex } from 'node:stream'
import type { RestartServer } from '../seam.ts'

/** A node:http or node:https server; what Express' `listen` and Hono's `serve` return. */
export interface HttpTarget {
  readonly listen: unknown
  readonly close: unknown
  readonly closeIdleConnections: unknown
}

/** A WebSocketServer of `ws`, in any of its three modes. */
export interface WsTarget {
  readonly handleUpgrade: unknown
  readonly shouldHandle: unknown
}

/** A Fastify app, with or without `@fastify/websocket`. */
export interface FastifyTarget {
  readonly server: object
  readonly decorate: unknown
  readonly close: unknown
}

/** An adapter of crossws for Node. */
export interface CrosswsTarget {
  readonly peers: ReadonlyMap<string, ReadonlySet<unknown>>
  readonly handleUpgrade: unknown
}

/** What `Bun.serve` returns. Pass the handlers from `bunSockets` along with it. */
export interface BunTarget {
  readonly reload: unknown
  readonly stop: unknown
  readonly pendingWebSockets: number
}

/** The WebSocket handlers of Bun, as they come out of `bunSockets`. */
export interface BunHandlersTarget {
  readonly message: (socket: never, message: never) => unknown
}

/** Parts under their names, such as what `createNodeWebSocket` of `@hono/node-ws` returns. */
export interface NamedTarget {
  readonly server?: HttpTarget
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
