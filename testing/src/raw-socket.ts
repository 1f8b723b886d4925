import net from 'node:net'
import tls from 'node:tls'
import { waitLimitMs, within } from './eventually.ts'

export interface RawSocketOptions {
  /** Written on the bare TCP connection before anything else, TLS included: a PROXY protocol header. */
  prelude?: string | Uint8Array
  /** The loopback address to come from, for limits per address: '127.0.0.2'. */
  localAddress?: string
  /** ALPN names offered on TLS. Default: none. */
  alpn?: string[]
  /** Keep this side open after the other's FIN. Default false. */
  allowHalfOpen?: boolean
}

/** A connected socket for a ws, wss, http or https URL; certificates are not checked. */
export async function rawSocket(url: string | URL, options: RawSocketOptions = {}): Promise<net.Socket> {
  const { hostname, port, protocol } = new URL(url)
  const secure = protocol === 'wss:' || protocol === 'https:'
  const host = hostname.replace(/^\[|\]$/g, '')
  const { localAddress, allowHalfOpen = false } = options
  const tcp = net.connect({ host, port: Number(port || (secure ? 443 : 80)), localAddress, allowHalfOpen })
  tcp.setNoDelay(true)
  // A reset shows as 'close', too; whom that is all the same should not have to listen for both.
  tcp.on('error', () => {})
  await connected(tcp, 'connect')
  if (options.prelude) tcp.write(options.prelude)
  if (!secure) return tcp
  const servername = net.isIP(host) ? undefined : host
  const socket = tls.connect({
    socket: tcp,
    servername,
    rejectUnauthorized: false,
    ALPNProtocols: options.alpn,
  })
  socket.on('error', () => {})
  await connected(socket, 'secureConnect')
  return socket
}

async function connected(socket: net.Socket, event: string): Promise<void> {
  let undo = () => {}
  const settled = new Promise<void>((resolve, reject) => {
    socket.once(event, resolve).once('error', reject)
    undo = () => socket.off(event, resolve).off('error', reject)
  })
  try {
    await within(waitLimitMs, `${event} of a socket`, settled)
  } catch (error) {
    socket.destroy()
    throw error
  } finally {
    undo()
  }
}
