import { createHash } from 'node:crypto'

/** The Sec-WebSocket-Accept that answers a Sec-WebSocket-Key (RFC 6455 4.2.2, step 5.4). */
export function acceptKey(key: string): string {
  return createHash('sha1').update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest('base64')
}
