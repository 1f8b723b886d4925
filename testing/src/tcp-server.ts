import net from 'node:net'
import { failure } from './eventually.ts'

/** A listening TCP server on 127.0.0.1 that takes its sockets with it when it goes. */
export interface TcpServer extends AsyncDisposable {
  readonly port: number
  /** How many connections it has accepted. */
  readonly accepted: number
  /** The sockets that are open now. */
  readonly sockets: ReadonlySet<net.Socket>
}

export async function tcpServer(onSocket: (socket: net.Socket) => void, port = 0): Promise<TcpServer> {
  const sockets = new Set<net.Socket>()
  let accepted = 0
  const server = net.createServer({ noDelay: true }, (socket) => {
    accepted += 1
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket))
    socket.on('error', () => {})
    onSocket(socket)
  })
  await listening(server, port)
  return {
    port: (server.address() as net.AddressInfo).port,
    get accepted() {
      return accepted
    },
    sockets,
    async [Symbol.asyncDispose]() {
      const closed = new Promise((resolve) => server.close(resolve))
      for (const socket of sockets) socket.destroy()
      await closed
    },
  }
}

/** Resolves when the server listens on 127.0.0.1; port 0 lets the system choose. */
export function listening(server: net.Server, port = 0): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, '127.0.0.1', () => {
      server.off('error', reject)
      resolve()
    })
  })
}

/** A port of 127.0.0.1 at which nothing listens. */
export async function closedPort(): Promise<number> {
  for (let tries = 0; tries < 10; tries++) {
    const server = await tcpServer(() => {})
    await server[Symbol.asyncDispose]()
    if (await refuses(server.port)) return server.port
  }
  throw new Error(failure('a port with nothing listening', 0))
}

function refuses(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = net.connect(port, '127.0.0.1')
    socket.on('error', () => resolve(true))
    socket.on('connect', () => {
      socket.destroy()
      resolve(false)
    })
  })
}
