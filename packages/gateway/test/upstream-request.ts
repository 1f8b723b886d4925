import { randomBytes } from 'node:crypto'
import type { DialTarget } from '../src/dial.ts'
import type { HeaderList, UpgradeRequest } from '../src/upgrade-request.ts'

/** A checked handshake as the client's side would hand it on; header fields follow what it offers. */
export function clientRequest(init: Partial<UpgradeRequest> = {}): UpgradeRequest {
  const { protocols = [], extensions = '' } = init
  const offered: HeaderList = []
  if (protocols.length > 0) offered.push(['Sec-WebSocket-Protocol', protocols.join(', ')])
  if (extensions) offered.push(['Sec-WebSocket-Extensions', extensions])
  return {
    httpVersion: '1.1',
    target: '/ws?room=1',
    host: 'chat.example.com',
    authority: 'chat.example.com',
    key: randomBytes(16).toString('base64'),
    address: '203.0.113.7',
    protocols,
    extensions,
    ...init,
    headers: [...offered, ...(init.headers ?? [])],
  }
}

/** The place of a test server on 127.0.0.1. */
export function targetOf(server: { port: number }, init: Partial<DialTarget> = {}): DialTarget {
  return { tls: false, host: '127.0.0.1', port: server.port, serverName: '127.0.0.1', path: '', ...init }
}
