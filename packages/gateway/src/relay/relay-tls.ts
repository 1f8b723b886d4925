// The TLS between nodes, where the fleet has certificates: each shows one that the authority of the fleet has signed.
import { once } from 'node:events'
import net from 'node:net'
import tls from 'node:tls'
import { type FleetOptions, type HostPort, isPrivateAddress } from '../core/index.ts'

/** What both ends of a TLS connection know, and nobody between them (RFC 9266). */
const channelLabel = 'EXPORTER-Channel-Binding'

/** Undefined: nodes speak clear text, on a private network. */
export function relayTls({ tls: given }: Pick<FleetOptions, 'tls'>): tls.SecureContextOptions | undefined {
  if (given?.cert === undefined || given.key === undefined) return undefined
  return { ca: given.ca, cert: given.cert, key: given.key, minVersion: 'TLSv1.3' }
}

/** Speaks TLS on an accepted socket, and wants a certificate of the other end. */
export function serveTls(
  settings: tls.SecureContextOptions,
  socket: net.Socket,
  onSecure: (secure: tls.TLSSocket) => void,
  onRefused: (code: string) => void,
): void {
  const server = tls.createServer({ ...settings, requestCert: true, rejectUnauthorized: true })
  server.once('secureConnection', onSecure)
  server.once('tlsClientError', (error: NodeJS.ErrnoException, failed) => {
    const { authorizationError } = failed as { authorizationError?: unknown }
    failed.destroy()
    onRefused(authorizationError ? String(authorizationError) : (error.code ?? 'unknown'))
  })
  server.emit('connection', socket)
}

/**
 * Connects to another node. Its certificate counts when the authority of the fleet has signed it, whatever name is in it: nodes are
 * found by addresses that come and go, and each proves behind this that it has the secret, on this very channel.
 *
 * @throws {Error} It cannot be reached, or clear text would leave the private network.
 */
export async function dialNode(
  { host, port }: HostPort,
  settings: tls.SecureContextOptions | undefined,
  signal: AbortSignal,
): Promise<net.Socket> {
  const plain = net.connect({ host, port, noDelay: true, allowHalfOpen: true, keepAlive: true })
  let socket = plain
  plain.on('error', () => {})
  try {
    await once(plain, 'connect', { signal })
    if (settings) {
      socket = tls.connect({ ...settings, socket: plain, checkServerIdentity: () => undefined })
      socket.on('error', () => {})
      await once(socket, 'secureConnect', { signal })
    } else if (!isPrivateAddress(plain.remoteAddress ?? '')) {
      throw new Error(`${plain.remoteAddress} is no private address: give fleet.tls`)
    }
    return socket
  } catch (error) {
    socket.destroy()
    plain.destroy()
    throw error
  }
}

/** What is known at both ends of this connection alone. */
export function channelOf(socket: net.Socket): Buffer {
  if (!(socket instanceof tls.TLSSocket)) return Buffer.alloc(0)
  return socket.exportKeyingMaterial(32, channelLabel, Buffer.alloc(0))
}
