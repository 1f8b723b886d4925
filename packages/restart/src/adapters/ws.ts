// A WebSocketServer of `ws` in any of its modes. It owns an HTTP server, was given one, or has none; then the HTTP
// server is passed beside it.
import type { IncomingMessage, Server } from 'node:http'
import type { Duplex } from 'node:stream'
import type { RestartServer, RestartSocket } from '../seam.ts'
import { refuseUpgrade } from './http-refusal.ts'

/** What is used of a WebSocket of `ws`. */
export interface WsLike {
  readonly readyState: number
  /** Not documented, but there since its first versions: the TCP or TLS socket. */
  readonly _socket?: object
  ping(payload: string): void
  close(code: number, reason: string): void
  terminate(): void
  on(event: string, listener: (payload: Uint8Array) => void): unknown
  off(event: string, listener: (payload: Uint8Array) => void): unknown
}

/** What is used of a WebSocketServer of `ws`. */
export interface WsServerLike {
  /** Undefined with `clientTracking: false`. */
  readonly clients: ReadonlySet<WsLike> | undefined
  readonly options: { readonly server?: Server | null }
  /** Not documented: the HTTP server that it has made for itself with `port`. */
  readonly _server?: Server | null
  handleUpgrade(request: IncomingMessage, stream: Duplex, ...rest: unknown[]): void
  close(done: () => void): void
  on(event: 'connection', listener: (socket: WsLike) => void): unknown
  off(event: 'connection', listener: (socket: WsLike) => void): unknown
}

const open = 1

/** The HTTP server below, where there is one. */
export function httpServerOf(server: WsServerLike): Server | undefined {
  return server.options.server ?? server._server ?? undefined
}

/**
 * Restarts the WebSocket side of a server; the HTTP side is an adapter of its own. `owned`: a framework above closes
 * it, and takes it for a fault when it is closed already.
 */
export function ws(server: WsServerLike, owned: boolean): RestartServer {
  const followed = new Set<WsLike>()
  const follow = (socket: WsLike) => {
    followed.add(socket)
    socket.on('close', () => followed.delete(socket))
  }
  if (server.clients === undefined) server.on('connection', follow)
  return {
    sockets: () => [...(server.clients ?? followed)].map((socket) => wsSocket(socket)),
    refuse({ retryAfter }) {
      // Also reached by an application that calls it late, after it has looked up who is asking.
      server.handleUpgrade = (_, stream) => refuseUpgrade(stream, retryAfter())
    },
    close: () => (owned ? Promise.resolve() : new Promise((resolve) => server.close(() => resolve()))),
    cut: () => {},
    release: () => server.off('connection', follow),
  }
}

/** A WebSocket of `ws`, or one that is like it; `handle` is what `onDrain` gets. */
export function wsSocket(socket: WsLike, handle: object = socket): RestartSocket {
  return {
    key: socket._socket ?? handle,
    handle,
    isOpen: () => socket.readyState === open,
    ping: (payload) => socket.ping(payload),
    close: (code, reason) => socket.close(code, reason),
    terminate: () => socket.terminate(),
    onPong(listener) {
      const onPong = (payload: Uint8Array) => listener(new TextDecoder().decode(payload))
      socket.on('pong', onPong)
      return () => socket.off('pong', onPong)
    },
    onClosed(listener) {
      const onClose = () => listener()
      socket.on('close', onClose)
      return () => socket.off('close', onClose)
    },
  }
}
