import { randomInt } from 'node:crypto'
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

/**
 * Resolves when the server listens on 127.0.0.1. Port 0: on one that nobody else gets by chance when this server ends and
 * another comes in its place.
 */
export async function listening(server: net.Server, port = 0): Promise<void> {
  if (port !== 0) return listenAt(server, port)
  for (let tries = 0; ; tries++) {
    try {
      return await listenAt(server, ownPort())
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EADDRINUSE' || tries === 20) throw error
    }
  }
}

function listenAt(server: net.Server, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, '127.0.0.1', () => {
      server.off('error', reject)
      resolve()
    })
  })
}

const pairs = 10_500
let last = randomInt(pairs)

/**
 * None of the ports that the system gives to those who ask for port 0 or connect (on Linux from 32,768 on), and none of
 * those below 11,000, of which Chromium connects to a few never. One after the other, and of each two one for either of
 * vitest's workers, so that no test takes what another has or had a moment ago.
 */
function ownPort(): number {
  last = (last + 1) % pairs
  return 11_000 + 2 * last + (Number(process.env.VITEST_POOL_ID ?? 0) % 2)
}

/** A port of 127.0.0.1 at which nothing listens, to be refused by, or to listen on later. */
export async function closedPort(): Promise<number> {
  for (let tries = 0; tries < 10; tries++) {
    const port = ownPort()
    if (await refuses(port)) return port
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
