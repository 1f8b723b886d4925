import { once } from 'node:events'
import net from 'node:net'
import { closeCodes, maxReasonBytes } from '@holdfast/close-codes'
import { describe, expect, it } from 'vitest'
import { WebSocketServer } from 'ws'
import { closeFrameBytes, exampleReason } from '../src/reference/wire-example.ts'

const handshake = [
  'GET / HTTP/1.1',
  'Host: localhost',
  'Upgrade: websocket',
  'Connection: Upgrade',
  'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
  'Sec-WebSocket-Version: 13',
  '\r\n',
].join('\r\n')

/** The bytes behind the head of the answer, up to the end of TCP. */
async function bytesFrom(port: number): Promise<Buffer> {
  const socket = net.connect(port, '127.0.0.1')
  const chunks: Buffer[] = []
  socket.on('data', (chunk) => {
    chunks.push(chunk)
    // The frame is whole: the server may end.
    const all = Buffer.concat(chunks)
    const body = all.subarray(all.indexOf('\r\n\r\n') + 4)
    if (all.includes('\r\n\r\n') && body.length >= 2 && body.length >= 2 + (body[1] ?? 0)) socket.end()
  })
  socket.write(handshake)
  await once(socket, 'close')
  const all = Buffer.concat(chunks)
  return all.subarray(all.indexOf('\r\n\r\n') + 4)
}

describe('the example on the wire', () => {
  const shown = closeCodes.filter(({ wire, sentBy }) => wire === 'code' && sentBy.includes('server'))

  it.each(shown.map((row) => [row.code, row] as const))(
    'of %i is what a real server sends',
    async (code, row) => {
      const reason = exampleReason(row)
      const server = new WebSocketServer({ port: 0, host: '127.0.0.1', perMessageDeflate: false })
      await once(server, 'listening')
      server.on('connection', (socket) => socket.close(code, reason))
      const { port } = server.address() as net.AddressInfo
      try {
        expect(await bytesFrom(port)).toEqual(Buffer.from(closeFrameBytes(code, reason)))
      } finally {
        for (const client of server.clients) client.terminate()
        server.close()
      }
    },
  )

  it('has no reason that does not fit', () => {
    expect(() => closeFrameBytes(1012, 'x'.repeat(maxReasonBytes))).not.toThrow()
    expect(() => closeFrameBytes(1012, 'x'.repeat(maxReasonBytes + 1))).toThrow(RangeError)
  })
})
