import http, { type IncomingMessage } from 'node:http'
import https from 'node:https'
import type { AddressInfo, Socket } from 'node:net'
import { type PerMessageDeflateOptions, type WebSocket, WebSocketServer } from 'ws'
import { Changes } from './changes.ts'
import { listening } from './tcp-server.ts'
import { WsPeer } from './ws-peer.ts'

export interface UpstreamOptions {
  /** Subprotocols that it knows; the first offered of these is selected. Default: the first offered. */
  protocols?: string[]
  perMessageDeflate?: boolean | PerMessageDeflateOptions
  /** Whether Pings are answered. Default true. */
  autoPong?: boolean
  /** Whether messages are sent back. Default true. */
  echo?: boolean
  /** Sent to each new connection. */
  greeting?: string
  /** Closes a connection when that many messages have come; without a code its Close is empty. */
  closeAfter?: { messages: number; code?: number; reason?: string }
  /** Serves wss. */
  tls?: { cert: string; key: string }
  /** Port to listen on. Default 0, the system chooses. */
  port?: number
  /** Bytes that a message may have. Default: the limit of `ws`, 100 MiB. */
  maxPayload?: number
  /** Answers requests that are not upgrades. Default: 200 with a JSON of what came. */
  onRequest?: http.RequestListener
}

/** A connection as the upstream sees it. */
export class UpstreamConnection extends WsPeer {
  /** The handshake as it arrived. */
  readonly request: IncomingMessage

  constructor(socket: WebSocket, request: IncomingMessage) {
    super(socket)
    this.request = request
  }
}

export interface TestUpstream extends AsyncDisposable {
  readonly url: string
  readonly port: number
  /** Every connection so far, in order, the ended ones too. */
  readonly connections: readonly UpstreamConnection[]
  /** The WebSockets that are open now. */
  readonly sockets: ReadonlySet<WebSocket>
  /** The next connection that no earlier call has returned. */
  connection(limit?: number): Promise<UpstreamConnection>
  /** Resolves when that many connections are open at the same time. */
  open(count: number, limit?: number): Promise<void>
  readonly changes: Changes
}

/** A real `ws` echo server in this process. */
export async function startUpstream(options: UpstreamOptions = {}): Promise<TestUpstream> {
  const changes = new Changes()
  const connections: UpstreamConnection[] = []
  const tcp = new Set<Socket>()
  const onRequest = options.onRequest ?? describeRequest
  const server = options.tls ? https.createServer(options.tls, onRequest) : http.createServer(onRequest)
  server.on('connection', (socket) => {
    tcp.add(socket)
    socket.on('close', () => tcp.delete(socket))
  })
  const sockets = new WebSocketServer({
    server,
    perMessageDeflate: options.perMessageDeflate ?? false,
    autoPong: options.autoPong ?? true,
    maxPayload: options.maxPayload,
    handleProtocols: (offered) => select(options.protocols, offered),
  })
  // It repeats those of its server, of which `listening` tells; nobody listening here, they would be thrown instead.
  sockets.on('error', () => {})
  let taken = 0
  sockets.on('connection', (socket, request) => {
    const connection = new UpstreamConnection(socket, request)
    connections.push(connection)
    socket.on('message', (data, binary) => {
      if (options.echo ?? true) socket.send(data, { binary })
      closeAfter(connection, options.closeAfter)
    })
    if (options.greeting !== undefined) connection.send(options.greeting)
    socket.on('close', () => changes.notify())
    changes.notify()
  })
  await listening(server, options.port)
  const { port } = server.address() as AddressInfo
  const detail = () => `${connections.length} connections so far, ${sockets.clients.size} open`

  return {
    url: `${options.tls ? 'wss' : 'ws'}://127.0.0.1:${port}`,
    port,
    connections,
    sockets: sockets.clients,
    changes,
    async connection(limit) {
      await changes.until('a connection at the upstream', () => connections.length > taken, { limit, detail })
      return connections[taken++]!
    },
    async open(count, limit) {
      const what = `${count} open connections at the upstream`
      await changes.until(what, () => sockets.clients.size >= count, { limit, detail })
    },
    async [Symbol.asyncDispose]() {
      const closed = new Promise((resolve) => server.close(resolve))
      sockets.close()
      for (const socket of tcp) socket.destroy()
      await closed
    },
  }
}

function select(known: string[] | undefined, offered: Set<string>): string | false {
  for (const protocol of offered) if (!known || known.includes(protocol)) return protocol
  return false
}

function closeAfter(connection: UpstreamConnection, rule: UpstreamOptions['closeAfter']): void {
  if (rule && connection.messages.length === rule.messages) connection.close(rule.code, rule.reason)
}

function describeRequest(request: IncomingMessage, response: http.ServerResponse): void {
  let body = ''
  request.setEncoding('utf8').on('data', (chunk) => {
    body += chunk
  })
  request.on('end', () => {
    const { method, url, headers } = request
    response.setHeader('content-type', 'application/json')
    response.end(JSON.stringify({ method, url, headers, body }))
  })
}
