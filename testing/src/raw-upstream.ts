import type net from 'node:net'
import { acceptKey } from './accept-key.ts'
import { Changes } from './changes.ts'
import { FramePeer, type FramePeerOptions } from './frame-peer.ts'
import { type HttpHead, readHead } from './http-head.ts'
import { tcpServer } from './tcp-server.ts'

export interface RawUpstreamOptions extends FramePeerOptions {
  /** Subprotocol to select; 'first' is the first that is offered. Default: none. */
  protocol?: string
  /** Value of Sec-WebSocket-Extensions in the 101. Default: none. */
  extensions?: string
  /** Further header lines of the 101, 'Name: value'; a function is asked for each request. */
  headers?: string[] | ((request: HttpHead) => string[])
  /** Port to listen on. Default 0, the system chooses. */
  port?: number
  /** Takes a request before the handshake; true: it has answered, there is no WebSocket. */
  onRequest?: (request: HttpHead, socket: net.Socket) => boolean
  /** Called at once after the 101. */
  onOpen?: (peer: RawConnection) => void
}

/** A connection that reached a raw upstream and got its 101. */
export class RawConnection extends FramePeer {
  readonly socket: net.Socket
  readonly request: HttpHead

  constructor(socket: net.Socket, request: HttpHead, options: FramePeerOptions) {
    super(socket, 'server', options)
    this.socket = socket
    this.request = request
    this.startFrames()
  }

  /** Ends the connection with a RST. */
  reset(): void {
    this.socket.resetAndDestroy()
  }
}

export interface RawUpstream extends AsyncDisposable {
  readonly url: string
  readonly port: number
  /** TCP connections accepted so far. */
  readonly accepted: number
  /** Requests read so far, upgrades and others. */
  readonly requests: readonly HttpHead[]
  /** WebSocket connections in order of their 101. */
  readonly connections: readonly RawConnection[]
  /** TCP connections that are open now. */
  readonly open: number
  /** The next WebSocket connection that no earlier call has returned. */
  connection(limit?: number): Promise<RawConnection>
}

/** A WebSocket server on bare sockets: it does the handshake, the test writes and reads the frames. */
export async function rawUpstream(options: RawUpstreamOptions = {}): Promise<RawUpstream> {
  const changes = new Changes()
  const requests: HttpHead[] = []
  const connections: RawConnection[] = []
  let taken = 0

  async function serve(socket: net.Socket) {
    const request = await readHead(socket)
    if (!request) return socket.destroy()
    requests.push(request)
    if (options.onRequest?.(request, socket)) return socket.resume()
    socket.write(switchingProtocols(request, options))
    const peer = new RawConnection(socket, request, options)
    connections.push(peer)
    options.onOpen?.(peer)
    changes.notify()
  }

  const server = await tcpServer((socket) => void serve(socket), options.port)
  return {
    url: `ws://127.0.0.1:${server.port}`,
    port: server.port,
    requests,
    connections,
    get accepted() {
      return server.accepted
    },
    get open() {
      return server.sockets.size
    },
    async connection(limit) {
      const what = 'a WebSocket connection at the upstream'
      const detail = () => `${server.accepted} accepted, ${requests.length} requests`
      await changes.until(what, () => connections.length > taken, { limit, detail })
      return connections[taken++]!
    },
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  }
}

/** A right answer to the request's upgrade, to send or to spoil. */
export function switchingProtocols(
  request: HttpHead,
  options: Pick<RawUpstreamOptions, 'protocol' | 'extensions' | 'headers'> = {},
): string {
  const offered = request.headers['sec-websocket-protocol']?.split(',')[0]?.trim()
  const protocol = options.protocol === 'first' ? offered : options.protocol
  const lines = [
    'HTTP/1.1 101 Switching Protocols',
    'Upgrade: websocket',
    'Connection: Upgrade',
    `Sec-WebSocket-Accept: ${acceptKey(request.headers['sec-websocket-key'] ?? '')}`,
    ...(protocol ? [`Sec-WebSocket-Protocol: ${protocol}`] : []),
    ...(options.extensions ? [`Sec-WebSocket-Extensions: ${options.extensions}`] : []),
    ...((typeof options.headers === 'function' ? options.headers(request) : options.headers) ?? []),
  ]
  return [...lines, '', ''].join('\r\n')
}
