import { createSecureServer, type ServerHttp2Stream } from 'node:http2'
import type { AddressInfo } from 'node:net'
import { expect, test } from 'vitest'
import { certificate } from '../src/certificate.ts'
import { frame, opcode } from '../src/frame.ts'
import { h2Client } from '../src/h2-client.ts'
import { listening } from '../src/tcp-server.ts'

async function h2Server(onStream: (stream: ServerHttp2Stream, headers: Record<string, unknown>) => void) {
  const server = createSecureServer({ ...certificate(), settings: { enableConnectProtocol: true } })
  server.on('connect', () => {})
  server.on('stream', onStream)
  server.on('sessionError', () => {})
  await listening(server)
  return {
    url: `wss://127.0.0.1:${(server.address() as AddressInfo).port}`,
    [Symbol.asyncDispose]: () => new Promise<void>((resolve) => server.close(() => resolve())),
  }
}

test('an HTTP/2 client opens a WebSocket by extended CONNECT and speaks frames on it', async () => {
  await using server = await h2Server((stream, headers) => {
    stream.respond({ ':status': 200, 'sec-websocket-protocol': String(headers['sec-websocket-protocol']) })
    stream.write(frame({ opcode: opcode.text, payload: String(headers[':path']) }))
    stream.once('data', () => stream.end())
  })
  await using client = await h2Client(`${server.url}/room?id=1`, { protocols: ['chat'] })
  expect([client.status, client.protocol]).toEqual([200, 'chat'])
  expect(String((await client.message()).payload)).toBe('/room?id=1')
  client.text('bye')
  expect(await client.ended()).toBe('fin')
})

test('an HTTP/2 client tells a refusal and a reset', async () => {
  await using server = await h2Server((stream, headers) => {
    if (headers[':path'] === '/refuse') {
      stream.respond({ ':status': 403 })
      stream.end('no entry')
    } else {
      stream.respond({ ':status': 200 })
      stream.close(8)
    }
  })
  await using refused = await h2Client(`${server.url}/refuse`)
  expect([refused.status, await refused.body()]).toEqual([403, 'no entry'])
  await using cut = await h2Client(server.url)
  expect(await cut.resetCode()).toBe(8)
})
