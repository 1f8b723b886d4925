import { once } from 'node:events'
import type { AddressInfo, Socket } from 'node:net'
import { type PerMessageDeflateOptions, type WebSocket, WebSocketServer } from 'ws'
import { type GatewayOptions, gatewaySessions, type TestSession } from './gateway-sessions.ts'

export interface TestGateway extends AsyncDisposable {
  readonly url: string
  readonly port: number
  readonly sessions: readonly TestSession[]
  /** The subprotocols that each handshake offered. */
  readonly offers: readonly string[][]
  /** Close codes that clients sent; 1006 where there was none. */
  readonly closes: readonly number[]
  /** Resets the TCP of every connection. */
  cut(): void
  /** Stops reading and writing, as a link that is dead without a word; undone by a cut. */
  freeze(): void
}

/** `gatewaySessions` behind the `ws` library. */
export async function startTestGateway(
  options: GatewayOptions & { deflate?: boolean; port?: number; host?: string } = {},
): Promise<TestGateway> {
  const { sessions, connect } = gatewaySessions(options)
  const offers: string[][] = []
  const closes: number[] = []
  const sockets = new Map<WebSocket, Socket>()
  const perMessageDeflate: PerMessageDeflateOptions | false = options.deflate
    ? { serverNoContextTakeover: true, clientNoContextTakeover: true, threshold: 0 }
    : false
  const server = new WebSocketServer({
    port: options.port ?? 0,
    host: options.host ?? '127.0.0.1',
    perMessageDeflate,
    handleProtocols: (offered) => (offered.has('holdfast.v1') ? 'holdfast.v1' : ([...offered][0] ?? false)),
  })
  server.on('connection', (socket, request) => {
    sockets.set(socket, request.socket)
    socket.on('error', () => {})
    const offered = (request.headers['sec-websocket-protocol'] ?? '').split(',').map((one) => one.trim())
    offers.push(offered)
    const connection = connect(offered, {
      send: (message) => socket.send(message),
      close: (code, reason) => socket.close(code, reason),
    })
    socket.on('message', (data, isBinary) =>
      connection.message(isBinary ? new Uint8Array(data as Buffer) : `${data}`),
    )
    socket.on('close', (code) => {
      sockets.delete(socket)
      closes.push(code)
      connection.end(code)
    })
  })
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const cut = () => {
    for (const tcp of sockets.values()) tcp.resetAndDestroy()
  }
  return {
    url: `ws://127.0.0.1:${port}`,
    port,
    sessions,
    offers,
    closes,
    cut,
    freeze() {
      for (const tcp of sockets.values()) tcp.pause()
    },
    async [Symbol.asyncDispose]() {
      cut()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}
