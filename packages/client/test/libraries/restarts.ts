import { closedPort, eventually, once } from '@holdfast/testing'
import { type WebSocket, WebSocketServer } from 'ws'

export interface Backend extends AsyncDisposable {
  readonly port: number
  /** Connections so far. */
  readonly accepted: number
  /** Closes every connection with this and goes. Resolves when the port is free. */
  leave(code: number, reason: string): Promise<void>
}

export interface BackendOptions {
  port?: number
  protocols?: string[]
  /** Wires a server of the library; may return what ends it. */
  serve(server: WebSocketServer): unknown
}

/** A real server of a library over `ws`. */
export async function backend({ port: given, protocols, serve }: BackendOptions): Promise<Backend> {
  // Not of those that connections get: another backend is to come at the same port.
  const port = given ?? (await closedPort())
  const server = new WebSocketServer({
    port,
    host: '127.0.0.1',
    handleProtocols: (offered) => [...offered].find((one) => protocols?.includes(one)) ?? false,
  })
  let accepted = 0
  const sockets = new Set<WebSocket>()
  server.on('connection', (socket) => {
    accepted++
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket))
  })
  await once(server, 'listening')
  serve(server)
  const closed = new Promise((resolve) => server.once('close', resolve))
  return {
    port,
    get accepted() {
      return accepted
    },
    async leave(code, reason) {
      server.close()
      for (const socket of sockets) socket.close(code, reason)
      await closed
    },
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.terminate()
      server.close()
      await closed
    },
  }
}

/** Waits until there are `count` values. */
export async function values<T>(seen: readonly T[], count: number): Promise<readonly T[]> {
  await eventually(`${count} values`, () => seen.length >= count, {
    detail: () => seen,
    every: 5,
  })
  return seen
}
