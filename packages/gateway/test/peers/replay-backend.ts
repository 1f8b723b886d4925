import http from 'node:http'
import { Changes, closedPort } from '@holdfast/testing'
import { WebSocketServer } from 'ws'

/** How a backend goes: with that Close, or with a reset of every connection. */
export type Departure = number | 'reset'

/** A WebSocket server that goes and comes back on its port, as in a deployment. */
export interface Backend extends AsyncDisposable {
  readonly url: string
  /** Open connections. */
  readonly connections: number
  /** To be notified by what serves when something has happened that tests wait for. */
  readonly changes: Changes
  /** Goes; new connections are refused. */
  stop(how: Departure): Promise<void>
  start(): Promise<void>
  /** Goes and is back at once. */
  restart(how?: Departure): Promise<void>
}

/** `serve` is called at each start with a server that has no connection yet. */
export async function startBackend(
  serve: (server: WebSocketServer) => void,
  changes = new Changes(),
  protocols?: string[],
): Promise<Backend> {
  const port = await closedPort()
  let server: http.Server | undefined
  let sockets: WebSocketServer | undefined

  const start = async () => {
    const http1 = http.createServer()
    const life = new WebSocketServer({
      server: http1,
      handleProtocols: (offered) =>
        [...offered].find((one) => !protocols || protocols.includes(one)) ?? false,
    })
    serve(life)
    await new Promise<void>((resolve, reject) => {
      http1.once('error', reject)
      http1.listen(port, '127.0.0.1', resolve)
    })
    server = http1
    sockets = life
  }
  const stop = async (how: Departure) => {
    const closed = new Promise((resolve) => server?.close(resolve))
    for (const socket of sockets?.clients ?? []) {
      if (how === 'reset') socket.terminate()
      else socket.close(how)
    }
    await closed
    sockets?.close()
  }
  await start()

  return {
    url: `ws://127.0.0.1:${port}`,
    get connections() {
      return sockets?.clients.size ?? 0
    },
    changes,
    stop,
    start,
    async restart(how = 1012) {
      await stop(how)
      await start()
    },
    [Symbol.asyncDispose]: () => stop('reset'),
  }
}
