import { type Finding, finding } from '../findings.ts'
import { connect } from './connect.ts'
import type { Prober } from './prober.ts'
import { startTls } from './secure.ts'

/** Whether the port of a ws URL is one for TLS. Nothing but a TLS handshake is sent. */
export async function speaksTls(prober: Prober): Promise<Finding | undefined> {
  const { endpoint, address } = prober.target
  if (endpoint.secure) return undefined
  const secured = await prober.limited(async (limit) => {
    const tcp = await connect(address, endpoint.port, limit)
    return tcp.ok ? startTls(tcp.socket, endpoint, limit) : undefined
  })
  if (!secured?.socket) return undefined
  secured.socket.destroy()
  const url = endpoint.url.replace(/^ws:/, 'wss:')
  return finding('tls-needed', { port: endpoint.port, url }, { layer: 'upgrade' })
}
