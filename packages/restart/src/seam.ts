// What the drain needs to know about a server and its connections. Everything that knows a library is behind this,
// in adapters/.
import { attempt, messageOf } from './attempt.ts'

/** One connection. */
export interface RestartSocket {
  /** Two sockets with the same key are the same connection: the TCP socket where it is known. */
  readonly key: object
  /** What `onDrain` gets: the library's own object. Undefined: `onDrain` is not called for it. */
  readonly handle: object | undefined
  /** True until either side has begun to close. */
  isOpen(): boolean
  /** Sends a Ping with this payload, at most 125 bytes. Source: RFC 6455 5.5.2. */
  ping(payload: string): void
  /** Sends a Close and lets the closing handshake take its course. Source: RFC 6455 7.1.2. */
  close(code: number, reason: string): void
  /** Ends the connection at once, without a word. */
  terminate(): void
  /** Calls the listener with the payload of each Pong; returns its undo. Source: RFC 6455 5.5.3. */
  onPong(listener: (payload: string) => void): () => void
  /** Calls the listener once when the connection is gone, however it went; returns its undo. */
  onClosed(listener: () => void): () => void
}

/** How new connections are answered once a restart has begun. */
export interface Refusal {
  /** Seconds for the `Retry-After` of the next 503; drawn anew for each. Source: RFC 9110 10.2.3. */
  retryAfter(): number
  /** What becomes of requests that do not ask for a WebSocket. */
  requests: 'refuse' | 'serve'
}

/** A server. Write one of these to restart a server that no adapter knows. */
export interface RestartServer {
  /** The connections that are there now. */
  sockets(): Iterable<RestartSocket>
  /** From now on every new WebSocket, and where asked for every request, is answered with 503. */
  refuse(refusal: Refusal): void
  /** Stops listening, lets go of idle connections, and resolves when nothing is left. */
  close(): Promise<void>
  /** Ends at once what `close` still waits for. */
  cut(): void
  /** Removes every listener that it has put on the server. */
  release(): void
}

/**
 * Several servers as one; of two sockets with the same key the one that knows its library counts. What fails on one
 * server is logged and does not stop the others.
 */
export function joined(servers: readonly RestartServer[], log: (line: string) => void): RestartServer {
  const each = (act: (server: RestartServer) => void) => {
    for (const server of servers) attempt(() => act(server), log)
  }
  return {
    sockets() {
      const sockets: RestartSocket[] = []
      each((server) => sockets.push(...server.sockets()))
      return distinct(sockets)
    },
    refuse: (refusal) => each((server) => server.refuse(refusal)),
    async close() {
      const closing = servers.map(async (server) => server.close())
      const results = await Promise.allSettled(closing)
      for (const result of results) {
        if (result.status === 'rejected') log(`restart: closing failed: ${messageOf(result.reason)}`)
      }
    },
    cut: () => each((server) => server.cut()),
    release: () => each((server) => server.release()),
  }
}

function distinct(sockets: readonly RestartSocket[]): RestartSocket[] {
  const byKey = new Map<object, RestartSocket>()
  for (const socket of sockets) {
    const other = byKey.get(socket.key)
    const otherIsBare = other === undefined || other.handle === undefined || other.handle === other.key
    if (otherIsBare) byKey.set(socket.key, socket)
  }
  return [...byKey.values()]
}
