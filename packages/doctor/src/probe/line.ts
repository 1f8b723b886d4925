import { connect } from './connect.ts'
import type { Endpoint } from './endpoint.ts'
import { startTls } from './secure.ts'
import { Wire } from './wire.ts'

/** The way to an endpoint that has been found good so far. */
export interface Way {
  endpoint: Endpoint
  address: string
  /** PEM of an authority to trust beside the runtime's own. */
  ca?: string
}

/** A new connection over a way that has worked before; a string says why there is none. */
export async function openLine(way: Way, limit: AbortSignal): Promise<Wire | string> {
  const { endpoint, address, ca } = way
  const tcp = await connect(address, endpoint.port, limit)
  if (!tcp.ok) return tcp.code
  if (!endpoint.secure) return new Wire(tcp.socket)
  const secured = await startTls(tcp.socket, endpoint, limit, ca)
  if (!secured.socket) return secured.code
  // Nothing may be sent to somebody else, who may have taken the place since the certificate was checked.
  if (secured.socket.authorized) return new Wire(secured.socket)
  secured.socket.destroy()
  return 'certificate changed'
}
