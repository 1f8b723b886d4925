import { once } from 'node:events'
import http from 'node:http'
import http2, { type ClientHttp2Stream } from 'node:http2'
import type { AddressInfo } from 'node:net'
import { type Duplex, Readable } from 'node:stream'
import { eventually } from '@holdfast/testing'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { acceptKey, http1Handshake } from '../src/http/accept.ts'
import type { HttpAnswer } from '../src/http/http-answer.ts'
import { cert, dialListener, handshakeText, key, listenerHost, received, receives } from './listener-host.ts'

async function bytesOf(stream: Duplex, length: number): Promise<Buffer> {
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of stream.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
    chunks.push(chunk)
    size += chunk.length
    if (size >= length) break
  }
  return Buffer.concat(chunks)
}

/** A server over plain HTTP that answers with what the test says, and its answer as a client sees it. */
async function upstreamAnswer(answer: (res: http.ServerResponse) => void) {
  const server = http.createServer((_req, res) => answer(res)).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const req = http.get({ port: (server.address() as AddressInfo).port, agent: false })
  const [response] = (await once(req, 'response')) as [http.IncomingMessage]
  req.on('error', () => {})
  return {
    response,
    headers: Array.from({ length: response.rawHeaders.length / 2 }, (_, i): [string, string] => [
      response.rawHeaders[2 * i]!,
      response.rawHeaders[2 * i + 1]!,
    ]),
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}

test('acceptKey answers the example of RFC 6455 1.3', () => {
  expect(acceptKey('dGhlIHNhbXBsZSBub25jZQ==')).toBe('s3pPLMBiTxaQ9kYGzzhZRbK+xOo=')
})

describe('accept over HTTP/1.1', () => {
  test('sends the 101 with protocol, extensions and headers, and drops what would spoil it', async () => {
    await using host = await listenerHost()
    const socket = await dialListener(host)
    socket.write(handshakeText())
    const handshake = await host.nextHandshake()
    const stream = handshake.accept({
      protocol: 'chat',
      extensions: 'permessage-deflate',
      headers: [
        ['Set-Cookie', 'a=1'],
        ['Set-Cookie', 'b=2'],
        ['X-Bad', 'a\r\nInjected: 1'],
        ['X Bad', '1'],
        ['Connection', 'close'],
        ['Content-Length', '0'],
        ['Sec-WebSocket-Accept', 'x'],
        ['sec-websocket-protocol', 'other'],
      ],
    })
    expect(stream.isPaused()).toBe(true)
    expect(await receives(socket, '\r\n\r\n')).toBe(
      [
        'HTTP/1.1 101 Switching Protocols',
        'Upgrade: websocket',
        'Connection: Upgrade',
        'Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=',
        'Sec-WebSocket-Extensions: permessage-deflate',
        'Sec-WebSocket-Protocol: chat',
        'Set-Cookie: a=1',
        'Set-Cookie: b=2',
        '',
        '',
      ].join('\r\n'),
    )
    socket.destroy()
  })

  test('gives every early byte, once and in order, however it came', async () => {
    await using host = await listenerHost()
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.uint8Array({ minLength: 1, maxLength: 2000 }), { maxLength: 5 }),
        fc.nat({ max: 5 }),
        async (chunks, before) => {
          const sent = Buffer.concat(chunks)
          const socket = await dialListener(host)
          const first = Buffer.concat([Buffer.from(handshakeText()), ...chunks.slice(0, before)])
          socket.write(first)
          const handshake = await host.nextHandshake()
          for (const chunk of chunks.slice(before)) {
            socket.write(chunk)
            await new Promise((resolve) => setImmediate(resolve))
          }
          const stream = handshake.accept({ headers: [] })
          socket.end()
          const got: Buffer[] = []
          stream.on('data', (chunk: Buffer) => got.push(chunk)).resume()
          await once(stream, 'end')
          expect(Buffer.concat(got).equals(sent)).toBe(true)
          socket.destroy()
        },
      ),
      { numRuns: 30 },
    )
  })

  test('reads at most 64 KiB, give or take a chunk, of a client that waits for its answer', async () => {
    await using host = await listenerHost()
    const socket = await dialListener(host)
    socket.write(handshakeText())
    const handshake = await host.nextHandshake()
    const flood = Buffer.alloc(32 * 1024 * 1024, 7)
    socket.write(flood)
    // Time enough for the server to read it all, if it did.
    for (let i = 0; i < 100; i++) {
      const other = await dialListener(host)
      other.write(handshakeText())
      ;(await host.nextHandshake()).refuse({ status: 404, headers: [] })
      await received(other)
    }
    expect(socket.writableLength).toBeGreaterThan(0)
    const server = handshake.accept({ headers: [] }) as Duplex & { bytesRead: number }
    expect(server.bytesRead).toBeLessThan(64 * 1024 + 128 * 1024)
    expect((await bytesOf(server, flood.length)).equals(flood)).toBe(true)
    socket.destroy()
  })

  test('returns a destroyed stream when the client has left', async () => {
    await using host = await listenerHost()
    const socket = await dialListener(host)
    socket.write(handshakeText())
    const handshake = await host.nextHandshake()
    socket.resetAndDestroy()
    await once(handshake.signal, 'abort')
    expect(handshake.accept({ headers: [] }).destroyed).toBe(true)
  })

  test('answers once: what comes after the first answer does nothing', async () => {
    await using host = await listenerHost()
    const socket = await dialListener(host)
    socket.write(handshakeText())
    const handshake = await host.nextHandshake()
    const stream = handshake.accept({ headers: [] })
    const body = Readable.from(['x'])
    handshake.refuse({ status: 503, headers: [], body })
    expect(handshake.accept({ protocol: 'late', headers: [] })).toBe(stream)
    expect(body.destroyed).toBe(true)
    stream.end('bytes')
    expect((await received(socket)).split('\r\n\r\n')).toEqual([expect.stringContaining('101'), 'bytes'])
  })
})

describe('signal', () => {
  test.each(['end', 'resetAndDestroy'] as const)('is aborted when the client leaves by %s', async (leave) => {
    await using host = await listenerHost({ allowHalfOpen: true })
    const socket = await dialListener(host)
    socket.write(handshakeText())
    const { signal } = await host.nextHandshake()
    expect(signal.aborted).toBe(false)
    socket[leave]()
    await once(signal, 'abort')
    await eventually('the socket is gone', () => host.listener.size === 0)
  })

  test('is not aborted when the client leaves after its answer', async () => {
    await using host = await listenerHost()
    const socket = await dialListener(host)
    socket.write(handshakeText())
    const handshake = await host.nextHandshake()
    const stream = handshake.accept({ headers: [] }).resume()
    socket.destroy()
    await new Promise((resolve) => stream.once('close', resolve))
    expect(handshake.signal.aborted).toBe(false)
  })
})

describe('refuse over HTTP/1.1', () => {
  async function refusal(answer: HttpAnswer) {
    await using host = await listenerHost({ allowHalfOpen: true })
    const socket = await dialListener(host)
    socket.write(handshakeText())
    const handshake = await host.nextHandshake()
    handshake.refuse(answer)
    return await received(socket)
  }
  const withoutDate = (text: string) => text.replace(/Date: [^\r]*\r\n/, '')

  test('sends a text and closes', async () => {
    const headers: [string, string][] = [['Retry-After', '5']]
    expect(withoutDate(await refusal({ status: 503, headers, body: 'später' }))).toBe(
      [
        'HTTP/1.1 503 Service Unavailable',
        'Retry-After: 5',
        'Content-Type: text/plain; charset=utf-8',
        'Connection: close',
        'Content-Length: 7',
        '',
        Buffer.from('später').toString('latin1'),
      ].join('\r\n'),
    )
  })

  test('sends no body where there must be none', async () => {
    const body = Readable.from(['x'])
    expect(withoutDate(await refusal({ status: 304, headers: [['ETag', '"1"']], body }))).toBe(
      'HTTP/1.1 304 Not Modified\r\nETag: "1"\r\nConnection: close\r\n\r\n',
    )
    expect(body.destroyed).toBe(true)
  })

  test.each([
    [
      'a length',
      (res: http.ServerResponse) => res.writeHead(401, { 'Content-Length': 5, 'X-A': 'b' }).end('hello'),
    ],
    ['chunks', (res: http.ServerResponse) => res.writeHead(401, { 'X-A': 'b' }).end('hello')],
  ])('hands on an upstream’s answer with %s, whole', async (kind, answer) => {
    await using upstream = await upstreamAnswer(answer)
    const text = await refusal({ status: 401, headers: upstream.headers, body: upstream.response })
    expect(text).toMatch(/^HTTP\/1\.1 401 Unauthorized\r\n/)
    expect(text).toContain('X-A: b\r\n')
    expect(text.match(/Date:/g)).toHaveLength(1)
    const body = text.slice(text.indexOf('\r\n\r\n') + 4)
    if (kind === 'chunks') expect(body).toBe('5\r\nhello\r\n0\r\n\r\n')
    else expect(body).toBe('hello')
    expect(text.match(/content-length/gi) ?? []).toHaveLength(kind === 'chunks' ? 0 : 1)
  })

  test('hands on a large body', async () => {
    await using upstream = await upstreamAnswer((res) => res.writeHead(403).end(Buffer.alloc(5e6, 'x')))
    const text = await refusal({ status: 403, headers: upstream.headers, body: upstream.response })
    expect(text.match(/x/g)!.length).toBe(5e6)
    expect(text.endsWith('\r\n0\r\n\r\n')).toBe(true)
  })

  test('never makes a cut body look whole', async () => {
    await using upstream = await upstreamAnswer((res) => {
      res.writeHead(403).write('part', () => res.destroy())
    })
    const text = await refusal({ status: 403, headers: upstream.headers, body: upstream.response })
    expect(text).not.toContain('0\r\n\r\n')
  })

  test('ends a body that takes too long, both ends', async () => {
    await using upstream = await upstreamAnswer((res) => res.writeHead(403).write('part'))
    await using host = await listenerHost()
    const socket = await dialListener(host)
    socket.write(handshakeText())
    const { request, accept } = await host.nextHandshake()
    const stream = accept({ headers: [] })
    const handshake = http1Handshake({ request }, stream, Buffer.alloc(0), { body: 100 })
    handshake.refuse({ status: 403, headers: [], body: upstream.response })
    expect(await received(socket)).toMatch(/403.*\r\n\r\n4\r\npart\r\n$/s)
    expect(upstream.response.destroyed).toBe(true)
  })

  test('stops a body when the client leaves', async () => {
    await using host = await listenerHost()
    const socket = await dialListener(host)
    socket.write(handshakeText())
    const handshake = await host.nextHandshake()
    await using upstream = await upstreamAnswer((res) => res.writeHead(403).write('part'))
    handshake.refuse({ status: 403, headers: upstream.headers, body: upstream.response })
    await receives(socket, 'part')
    socket.resetAndDestroy()
    await eventually('the body is gone', () => upstream.response.destroyed)
  })

  test('reaches a client that had sent frames too early', async () => {
    await using host = await listenerHost()
    const socket = await dialListener(host)
    const answer = received(socket)
    socket.write(handshakeText())
    const handshake = await host.nextHandshake()
    socket.write(Buffer.alloc(1_000_000))
    handshake.refuse({ status: 404, headers: [], body: 'no' })
    expect(await answer).toMatch(/404.*\r\n\r\nno$/s)
  })

  test('frees its body when the client has left', async () => {
    await using host = await listenerHost()
    const socket = await dialListener(host)
    socket.write(handshakeText())
    const handshake = await host.nextHandshake()
    socket.destroy()
    await once(handshake.signal, 'abort')
    const body = Readable.from(['x'])
    handshake.refuse({ status: 404, headers: [], body })
    expect(body.destroyed).toBe(true)
  })
})

describe('over HTTP/2', () => {
  async function connected(path = '/') {
    const host = await listenerHost({ tls: { cert, key } })
    const session = http2.connect(`https://127.0.0.1:${host.port}`, { rejectUnauthorized: false })
    session.on('error', () => {})
    await once(session, 'remoteSettings')
    const open = (): ClientHttp2Stream => {
      const stream = session.request(
        {
          ':method': 'CONNECT',
          ':protocol': 'websocket',
          ':scheme': 'https',
          ':path': path,
          ':authority': 'localhost',
          'sec-websocket-version': '13',
        },
        { endStream: false },
      )
      return stream.on('error', () => {})
    }
    return {
      host,
      session,
      open,
      async [Symbol.asyncDispose]() {
        session.destroy()
        await host[Symbol.asyncDispose]()
      },
    }
  }

  test('accept sends :status 200 and gives the early bytes', async () => {
    await using peer = await connected()
    const client = peer.open()
    client.write('early')
    const handshake = await peer.host.nextHandshake()
    const stream = handshake.accept({
      protocol: 'chat',
      extensions: 'permessage-deflate',
      headers: [
        ['Set-Cookie', 'a=1'],
        ['Set-Cookie', 'b=2'],
        ['Connection', 'X-Hop'],
        ['X-Hop', '1'],
      ],
    })
    expect(stream.isPaused()).toBe(true)
    const [headers] = await once(client, 'response')
    expect(headers).toMatchObject({
      ':status': 200,
      'sec-websocket-protocol': 'chat',
      'sec-websocket-extensions': 'permessage-deflate',
      'set-cookie': ['a=1', 'b=2'],
    })
    expect(headers).not.toHaveProperty('sec-websocket-accept')
    expect(headers).not.toHaveProperty('x-hop')
    expect(String(await bytesOf(stream, 5))).toBe('early')
    stream.write('down')
    expect(String(await bytesOf(client, 4))).toBe('down')
    client.end()
    stream.resume()
    await once(stream, 'end')
    stream.end()
    await once(client, 'close')
    expect(client.rstCode).toBe(0)
  })

  test('refuse sends status and text and ends the stream, not the connection', async () => {
    await using peer = await connected()
    const client = peer.open()
    const handshake = await peer.host.nextHandshake()
    handshake.refuse({ status: 403, headers: [['Content-Type', 'text/plain']], body: 'no' })
    const [headers] = await once(client, 'response')
    expect(headers[':status']).toBe(403)
    expect(String(await bytesOf(client, 2))).toBe('no')
    client.close()
    const again = peer.open()
    ;(await peer.host.nextHandshake()).accept({ headers: [] })
    expect((await once(again, 'response'))[0][':status']).toBe(200)
  })

  test('refuse frees the stream of a client that does not end it', async () => {
    await using peer = await connected()
    const client = peer.open()
    ;(await peer.host.nextHandshake()).refuse({ status: 404, headers: [] })
    client.resume()
    await once(client, 'close')
  })

  test('refuse hands on an upstream’s answer, and resets when it is cut', async () => {
    await using peer = await connected()
    const client = peer.open()
    const handshake = await peer.host.nextHandshake()
    const cut = new AbortController()
    await using upstream = await upstreamAnswer((res) => {
      res.writeHead(401, { 'X-A': 'b', Connection: 'close' }).write('part')
      cut.signal.addEventListener('abort', () => res.destroy())
    })
    handshake.refuse({ status: 401, headers: upstream.headers, body: upstream.response })
    const [headers] = await once(client, 'response')
    expect(headers).toMatchObject({ ':status': 401, 'x-a': 'b' })
    expect(String(await bytesOf(client, 4))).toBe('part')
    cut.abort()
    client.resume()
    await new Promise((resolve) => client.once('close', resolve))
    expect(client.rstCode).not.toBe(0)
  })

  test.each(['reset', 'end', 'lose'] as const)('the signal tells when the client leaves: %s', async (how) => {
    await using peer = await connected()
    const client = peer.open()
    const { signal, accept } = await peer.host.nextHandshake()
    if (how === 'reset') client.close(http2.constants.NGHTTP2_CANCEL)
    if (how === 'end') client.end()
    if (how === 'lose') peer.session.destroy()
    await once(signal, 'abort')
    expect(accept({ headers: [] }).destroyed).toBe(true)
  })
})
