// Bun.serve. A server does not tell its connections, so the WebSocket handlers are wrapped before it starts, and
// passed along with it.
import type { RestartServer, RestartSocket } from '../seam.ts'
import { refusalResponse } from './http-refusal.ts'

/** What is used of a ServerWebSocket of Bun. */
interface BunSocket {
  readonly readyState: number
  ping(payload: string): unknown
  close(code: number, reason: string): void
  terminate(): void
}

/** What is used of WebSocket handlers of Bun. */
interface BunHandlers {
  open?(socket: BunSocket): unknown
  close?(socket: BunSocket, code: number, reason: string): unknown
  pong?(socket: BunSocket, payload: Uint8Array): unknown
}

/** What is used of a server of Bun. */
export interface BunServerLike {
  readonly pendingRequests: number
  reload(options: { fetch: () => Response; routes: object }): void
  stop(force?: boolean): Promise<void> | void
}

interface Connection {
  pongs: Set<(payload: string) => void>
  closes: Set<() => void>
}

type Connections = Map<BunSocket, Connection>

const open = 1

// `stop` waits also for a client that has sent half a request; nobody but this count tells when it may be forced.
const pollRequests = 50

const tracked = new WeakMap<object, Connections>()

/**
 * WebSocket handlers for `Bun.serve` that do what the given ones do, and keep what a restart needs to know. Pass
 * the result to `Bun.serve`, and again to `gracefulRestart`: `gracefulRestart([server, handlers])`. Takes the
 * handlers of Hono's and crossws' adapters for Bun as well.
 */
export function bunSockets<Handlers extends { readonly message: (...args: never[]) => unknown }>(
  handlers: Handlers,
): Handlers {
  const connections: Connections = new Map()
  const given = handlers as BunHandlers
  const following: BunHandlers = {
    open(socket) {
      connections.set(socket, { pongs: new Set(), closes: new Set() })
      return given.open?.(socket)
    },
    pong(socket, payload) {
      for (const listener of [...(connections.get(socket)?.pongs ?? [])]) listener(String(payload))
      return given.pong?.(socket, payload)
    },
    close(socket, code, reason) {
      const connection = connections.get(socket)
      connections.delete(socket)
      for (const listener of [...(connection?.closes ?? [])]) listener()
      return given.close?.(socket, code, reason)
    },
  }
  const wrapped = { ...handlers, ...following }
  tracked.set(wrapped, connections)
  return wrapped
}

/** The connections of handlers that have come out of {@link bunSockets}; undefined for anything else. */
export function bunConnections(handlers: object): RestartServer | undefined {
  const connections = tracked.get(handlers)
  return (
    connections && {
      sockets: () => [...connections].map(([socket, connection]) => bunSocket(socket, connection)),
      refuse: () => {},
      close: async () => {},
      cut: () => {},
      release: () => {},
    }
  )
}

function bunSocket(socket: BunSocket, { pongs, closes }: Connection): RestartSocket {
  return {
    key: socket,
    handle: socket,
    isOpen: () => socket.readyState === open,
    ping: (payload) => socket.ping(payload),
    close: (code, reason) => socket.close(code, reason),
    terminate: () => socket.terminate(),
    onPong: (listener) => added(pongs, listener),
    onClosed: (listener) => added(closes, listener),
  }
}

/** The HTTP side of `Bun.serve`. */
export function bunServer(server: BunServerLike): RestartServer {
  return {
    sockets: () => [],
    refuse({ requests, retryAfter }) {
      if (requests === 'serve')
        throw new RangeError("requests: 'serve' is not possible on Bun; all are refused")
      server.reload({ fetch: () => refusalResponse(retryAfter()), routes: {} })
    },
    async close() {
      const stopped = server.stop()
      const timer = setInterval(() => server.pendingRequests === 0 && server.stop(true), pollRequests)
      await stopped
      clearInterval(timer)
    },
    cut: () => void server.stop(true),
    release: () => {},
  }
}

function added<T>(set: Set<T>, item: T): () => void {
  set.add(item)
  return () => set.delete(item)
}
