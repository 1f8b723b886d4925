import { connect } from './connect.ts'
import type { Endpoint } from './endpoint.ts'
import { startTls } from './secure.ts'
import { Wire } from './wire.ts'

/** An endpoint, with the address that has worked for it. */
export interface DialTarget {
  endpoint: Endpoint
  address: string
  /** PEM of an authority to trust beside the runtime's own. */
  ca?: string
}

/** Opens a connection to it; a string says why there is none. */
export async function openWire(target: DialTarget, limit: AbortSignal): Promise<Wire | string> {
  const { endpoint, address, ca } = target
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
