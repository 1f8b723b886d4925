// A Fastify app. Its plugin `@fastify/websocket` keeps a WebSocketServer of `ws`, which may be there only once the
// app is ready; and on `localhost` Fastify listens with a second server, which is there only once it listens.
import type { Server } from 'node:http'
import { joined, type RestartServer } from '../seam.ts'
import { nodeHttp } from './node-http.ts'
import { type WsServerLike, ws } from './ws.ts'

/** What is used of a Fastify app. */
export interface FastifyLike {
  readonly server: Server
  readonly websocketServer?: WsServerLike
  close(): Promise<unknown>
}

/** Restarts a Fastify app: once its listeners are closed, its own `close` runs, with its hooks. */
export function fastify(app: FastifyLike, log: (line: string) => void): RestartServer {
  const parts = [nodeHttp(app.server, () => app.websocketServer === undefined)]
  const all = () => joined(parts, log)
  return {
    sockets: () => all().sockets(),
    refuse(refusal) {
      for (const server of otherServers(app)) parts.push(nodeHttp(server, () => false))
      if (app.websocketServer) parts.push(ws(app.websocketServer))
      all().refuse(refusal)
    },
    async close() {
      const closed = all().close()
      await app.close()
      await closed
    },
    cut: () => all().cut(),
    release: () => all().release(),
  }
}

/** The servers for the other addresses of `localhost`. There is no public way to them. */
function otherServers(app: FastifyLike): Server[] {
  const key = Object.getOwnPropertySymbols(app).find(
    (symbol) => symbol.description === 'fastify.serverBindings',
  )
  return key ? ((app as never)[key] as Server[]) : []
}
