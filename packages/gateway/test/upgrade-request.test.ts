import { once } from 'node:events'
import http2 from 'node:http2'
import { eventually } from '@holdfast/testing'
import { describe, expect, test } from 'vitest'
import type { UpgradeRequest } from '../src/http/upgrade-request.ts'
import { cert, dialListener, handshakeText, key, listenerHost, received, talk } from './listener-host.ts'

async function accepted(text: string): Promise<UpgradeRequest> {
  await using host = await listenerHost()
  const socket = await dialListener(host)
  socket.write(text)
  const { request } = await host.nextHandshake()
  socket.destroy()
  return request
}

async function statusOf(text: string | Uint8Array): Promise<number> {
  await using host = await listenerHost()
  const answer = await talk(host, text)
  expect(host.handshakes).toHaveLength(0)
  expect(answer).toMatch(/^HTTP\/1\.1 \d{3} /)
  expect(answer.split('\r\n')).toContain(
    answer.startsWith('HTTP/1.1 426') ? 'Connection: Upgrade, close' : 'Connection: close',
  )
  return Number(answer.slice(9, 12))
}

describe('a handshake over HTTP/1.1', () => {
  test('is read with everything that the upstream needs', async () => {
    const request = await accepted(
      handshakeText(
        {
          Host: 'Server.Example.COM:8080',
          Upgrade: 'foo, WebSocket',
          Connection: 'keep-alive, uPGRADE, X-Hop',
          'X-Hop': 'gone',
          'sec-websocket-PROTOCOL': 'chat.v2, ,chat',
          'Sec-WebSocket-Extensions': 'permessage-deflate; client_max_window_bits',
          Origin: 'https://example.com',
          Cookie: 'a=1',
          'X-Forwarded-For': '6.6.6.6',
        },
        '/ws/room?id=1&q=%20|^',
      ),
    )
    expect(request).toEqual({
      httpVersion: '1.1',
      target: '/ws/room?id=1&q=%20|^',
      host: 'server.example.com',
      authority: 'Server.Example.COM:8080',
      key: 'dGhlIHNhbXBsZSBub25jZQ==',
      protocols: ['chat.v2', 'chat'],
      extensions: 'permessage-deflate; client_max_window_bits',
      origin: 'https://example.com',
      address: '127.0.0.1',
      headers: [
        ['sec-websocket-PROTOCOL', 'chat.v2, ,chat'],
        ['Sec-WebSocket-Extensions', 'permessage-deflate; client_max_window_bits'],
        ['Origin', 'https://example.com'],
        ['Cookie', 'a=1'],
        ['X-Forwarded-For', '127.0.0.1'],
        ['X-Forwarded-Proto', 'http'],
        ['X-Forwarded-Host', 'Server.Example.COM:8080'],
        ['Forwarded', 'for=127.0.0.1;host="Server.Example.COM:8080";proto=http'],
      ],
    })
  })

  test('may announce an empty body', async () => {
    expect((await accepted(handshakeText({ 'Content-Length': '0' }))).headers).not.toContainEqual([
      'Content-Length',
      '0',
    ])
  })

  test.each([
    ['example.com', 'example.com'],
    ['EXAMPLE.com.', 'example.com'],
    ['[2001:DB8::1]:443', '[2001:db8::1]'],
    ['10.0.0.1:', '10.0.0.1'],
  ])('for Host %s is routed by %s', async (authority, host) => {
    expect(await accepted(handshakeText({ Host: authority }))).toMatchObject({ authority, host })
  })

  const post = handshakeText().replace('GET', 'POST')
  const old = handshakeText().replace('HTTP/1.1', 'HTTP/1.0')
  const twice = (line: string) => handshakeText().replace('\r\n\r\n', `\r\n${line}\r\n\r\n`)
  test.each<[string, string, number]>([
    ['a method other than GET', post, 405],
    ['HTTP/1.0', old, 400],
    ['no Host', handshakeText({ Host: undefined }), 400],
    ['two Hosts', twice('Host: other.example.com'), 400],
    ['an empty Host', handshakeText({ Host: '' }), 400],
    ['a Host with a user', handshakeText({ Host: 'a@b' }), 400],
    ['a Host with a path', handshakeText({ Host: 'a/b' }), 400],
    ['no key', handshakeText({ 'Sec-WebSocket-Key': undefined }), 400],
    ['two keys', twice('Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=='), 400],
    ['a key of 15 bytes', handshakeText({ 'Sec-WebSocket-Key': 'dGhlIHNhbXBsZSBub25j' }), 400],
    ['a key that is not base64', handshakeText({ 'Sec-WebSocket-Key': 'dGhlIHNhbXBsZSBub25jZ!==' }), 400],
    ['no version', handshakeText({ 'Sec-WebSocket-Version': undefined }), 426],
    ['version 8', handshakeText({ 'Sec-WebSocket-Version': '8' }), 426],
    ['two versions', twice('Sec-WebSocket-Version: 8'), 426],
    ['a subprotocol that is no token', handshakeText({ 'Sec-WebSocket-Protocol': 'a, b c' }), 400],
    ['a subprotocol twice', handshakeText({ 'Sec-WebSocket-Protocol': 'a, b, a' }), 400],
    ['two Origins', handshakeText({ Origin: 'https://a' }).replace('Host', 'Origin: https://b\r\nHost'), 400],
    ['a target with a fragment', handshakeText({}, '/chat#top'), 400],
    ['a target with bytes over 0x7e', handshakeText({}, '/ch\xe4t'), 400],
    ["a target that does not start with '/'", handshakeText({}, '*'), 400],
  ])('with %s is refused', async (_, text, status) => {
    expect(await statusOf(Buffer.from(text, 'latin1'))).toBe(status)
  })

  test('may offer an empty list of subprotocols, which offers none, to the upstream too', async () => {
    for (const list of ['', ' , ,']) {
      const { protocols, headers } = await accepted(handshakeText({ 'Sec-WebSocket-Protocol': list }))
      expect(protocols).toEqual([])
      expect(headers.map(([name]) => name)).not.toContain('Sec-WebSocket-Protocol')
    }
  })

  test.each([
    ['http://a.example:81/chat?x=1', '/chat?x=1', 'a.example:81'],
    ['HTTPS://A.example', '/', 'A.example'],
    ['ws://[::1]:80?x', '/?x', '[::1]:80'],
  ])('for %s goes where the target says, and not where Host does', async (url, target, authority) => {
    const request = await accepted(handshakeText({}, url))
    expect(request).toMatchObject({ target, authority })
    expect(request.headers).toContainEqual(['X-Forwarded-Host', authority])
  })

  test('loses nothing of its own when Connection names it', async () => {
    const { headers, protocols } = await accepted(
      handshakeText({
        Connection:
          'Upgrade, Sec-WebSocket-Protocol, Sec-WebSocket-Extensions, Origin, Cookie, X-Forwarded-For, X-Mine',
        'Sec-WebSocket-Protocol': 'chat',
        'Sec-WebSocket-Extensions': 'permessage-deflate',
        Origin: 'https://example.com',
        Cookie: 'a=1',
        'X-Mine': '1',
        Sec_WebSocket_Key: 'x',
        Holdfast_Session: 'x',
      }),
    )
    expect(protocols).toEqual(['chat'])
    expect(headers.map(([name]) => name)).toEqual([
      'Sec-WebSocket-Protocol',
      'Sec-WebSocket-Extensions',
      'Origin',
      'Cookie',
      'X-Forwarded-For',
      'X-Forwarded-Proto',
      'X-Forwarded-Host',
      'Forwarded',
    ])
  })

  test('of another version is told the version and that it is an upgrade', async () => {
    await using host = await listenerHost()
    const answer = await talk(host, handshakeText({ 'Sec-WebSocket-Version': '8' }))
    expect(answer.split('\r\n')).toEqual(
      expect.arrayContaining(['Sec-WebSocket-Version: 13', 'Upgrade: websocket']),
    )
  })
})

describe('a request that servers could read in two ways', () => {
  const long = 'x'.repeat(17 * 1024)
  const plain = (lines: string) => `POST / HTTP/1.1\r\nHost: a\r\n${lines}\r\n\r\n`
  test.each<[string, string, number]>([
    ['an upgrade with a body', `${handshakeText({ 'Content-Length': '5' })}hello`, 400],
    ['an upgrade with a length that is no number', handshakeText({ 'Content-Length': '0x0' }), 400],
    [
      'an upgrade with Transfer-Encoding',
      `${handshakeText({ 'Transfer-Encoding': 'chunked' })}0\r\n\r\n`,
      400,
    ],
    ['an upgrade with two lengths of 0', handshakeText({ 'Content-Length': '0\r\nContent-Length: 0' }), 400],
    ['two lengths', plain('Content-Length: 0\r\nContent-Length: 5'), 400],
    ['length and Transfer-Encoding', plain('Content-Length: 5\r\nTransfer-Encoding: chunked'), 400],
    ['Transfer-Encoding that ends otherwise', plain('Transfer-Encoding: chunked, identity'), 400],
    ['a space before the colon', handshakeText({ 'X-A ': '1' }), 400],
    ['a bare LF in the head', handshakeText().replace('\r\nUpgrade', '\nUpgrade'), 400],
    ['bare LFs only', handshakeText().replaceAll('\r\n', '\n'), 400],
    ['a bare CR', handshakeText({ 'X-A': '1\rX-B: 2' }), 400],
    ['a folded line', handshakeText({ 'X-A': '1\r\n X-B: 2' }), 400],
    ['NUL in a value', handshakeText({ 'X-A': 'a\0b' }), 400],
    ['NUL in a name', handshakeText({ 'X-\0A': 'b' }), 400],
    ['NUL in the target', handshakeText({}, '/a\0b'), 400],
    ['a control character in a value', handshakeText({ 'X-A': 'a\x01b' }), 400],
    ['a control character in the target', handshakeText({}, '/a\x7fb'), 400],
    ['a space in the target', handshakeText({}, '/a b'), 400],
    ['a head over 16 KiB', handshakeText({ 'X-A': long }), 431],
    ['a target over 16 KiB', handshakeText({}, `/${long}`), 431],
    ['a coding that is not known', plain('Transfer-Encoding: gzip, chunked'), 501],
    ['an absolute form with a user', 'GET http://u@a/b HTTP/1.1\r\nHost: a\r\n\r\n', 400],
    ['an absolute form without a host', 'GET http:///b HTTP/1.1\r\nHost: a\r\n\r\n', 400],
    ['an absolute form of another scheme', 'GET ftp://a/b HTTP/1.1\r\nHost: a\r\n\r\n', 400],
    ['an absolute form with a fragment', 'GET http://a/b#c HTTP/1.1\r\nHost: a\r\n\r\n', 400],
    ['an absolute form and no Host', 'GET http://a/b HTTP/1.1\r\n\r\n', 400],
    ['an OPTIONS of a whole server', 'OPTIONS http://a HTTP/1.1\r\nHost: a\r\n\r\n', 400],
    ['chunks in HTTP/1.0', 'POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n', 400],
    ['chunks twice', plain('Transfer-Encoding: chunked, chunked'), 400],
    ['a plain request for *', 'OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n', 400],
    ['a plain request with two Hosts', 'GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n', 400],
    ['a TLS handshake', `\x16\x03\x01\x00\xa5\x01\x00\x00\xa1${'\0'.repeat(160)}`, 400],
    ['a CONNECT', 'CONNECT a:80 HTTP/1.1\r\nHost: a\r\n\r\n', 405],
  ])('%s is refused and the connection closed', async (_, text, status) => {
    expect(await statusOf(Buffer.from(text, 'latin1'))).toBe(status)
  })

  test('HTTP/2 without TLS ends the connection', async () => {
    await using host = await listenerHost()
    expect(await talk(host, 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n')).not.toContain('101')
  })

  test.each([
    ['is no HTTP', `GET / HTTP/1.1\r\nX-A: ${'x'.repeat(16_000_000)}`, 431],
    [
      'is a bad handshake',
      handshakeText({ Upgrade: 'websocket', 'Content-Length': '16000000' }) + 'x'.repeat(16_000_000),
      400,
    ],
  ])('a client whose request %s can send it all before it reads the refusal', async (_, text, status) => {
    await using host = await listenerHost()
    const socket = await dialListener(host)
    const sent = new Promise((resolve) => socket.write(text, resolve))
    await sent
    await eventually(
      'the server’s end is closed',
      () => host.refused.length === 1 && host.listener.size === 0,
    )
    expect(await received(socket)).toContain(`HTTP/1.1 ${status}`)
    // Not reset: a reset may overtake the refusal.
    expect(socket.errored).toBeNull()
  })

  test('an upgrade behind an unanswered request waits for that answer', async () => {
    await using host = await listenerHost()
    const socket = await dialListener(host)
    socket.write(`GET / HTTP/1.1\r\nHost: a\r\n\r\n${handshakeText()}`)
    const { res } = await host.nextExchange()
    expect(host.handshakes).toHaveLength(0)
    res.end('first')
    await host.nextHandshake()
    socket.destroy()
  })
})

describe('a handshake over HTTP/2', () => {
  async function connect(headers: Record<string, string | string[]>, raw = false) {
    await using host = await listenerHost({ tls: { cert, key } })
    const session = http2.connect(`https://127.0.0.1:${host.port}`, { rejectUnauthorized: false })
    session.on('error', () => {})
    await once(session, 'remoteSettings')
    expect(session.remoteSettings.enableConnectProtocol).toBe(true)
    const stream = session.request(
      raw
        ? headers
        : {
            ':method': 'CONNECT',
            ':protocol': 'websocket',
            ':scheme': 'https',
            ':authority': 'Example.com:8443',
            ':path': '/ws?a=1',
            'sec-websocket-version': '13',
            ...headers,
          },
      { endStream: false },
    )
    stream.on('error', () => {})
    try {
      const first = await Promise.race([
        host.nextHandshake().then(({ request }) => ({ request })),
        once(stream, 'response').then(([answer]) => ({ status: answer[':status'] as number })),
      ])
      return first
    } finally {
      session.destroy()
    }
  }

  test('is read like one over HTTP/1.1, with a key of its own', async () => {
    const { request } = (await connect({
      'sec-websocket-protocol': 'chat',
      'sec-websocket-extensions': 'permessage-deflate',
      'sec-websocket-key': 'x',
      origin: 'https://example.com',
      cookie: ['a=1', 'b=2'],
    })) as { request: UpgradeRequest }
    expect(request).toMatchObject({
      httpVersion: '2',
      target: '/ws?a=1',
      host: 'example.com',
      authority: 'Example.com:8443',
      protocols: ['chat'],
      extensions: 'permessage-deflate',
      origin: 'https://example.com',
      address: '127.0.0.1',
    })
    expect(Buffer.from(request.key, 'base64')).toHaveLength(16)
    expect(request.headers).toEqual([
      ['sec-websocket-protocol', 'chat'],
      ['sec-websocket-extensions', 'permessage-deflate'],
      ['origin', 'https://example.com'],
      ['cookie', 'a=1; b=2'],
      ['X-Forwarded-For', '127.0.0.1'],
      ['X-Forwarded-Proto', 'https'],
      ['X-Forwarded-Host', 'Example.com:8443'],
      ['Forwarded', 'for=127.0.0.1;host="Example.com:8443";proto=https'],
    ])
  })

  test.each<[string, Record<string, string>, number]>([
    ['another protocol', { ':protocol': 'webtransport' }, 501],
    ['the protocol in another case', { ':protocol': 'WebSocket' }, 501],
    ['another scheme', { ':scheme': 'ftp' }, 400],
    ['another version', { 'sec-websocket-version': '8' }, 426],
    ['a body', { 'content-length': '5' }, 400],
    ['a fragment', { ':path': '/a#b' }, 400],
    ['another Host', { host: 'other.example.com' }, 400],
    ['a subprotocol twice', { 'sec-websocket-protocol': 'a, a' }, 400],
  ])('with %s is refused', async (_, headers, status) => {
    expect(await connect(headers)).toEqual({ status })
  })

  test('without a version is refused as over HTTP/1.1', async () => {
    const headers = {
      ':method': 'CONNECT',
      ':protocol': 'websocket',
      ':scheme': 'https',
      ':path': '/',
      ':authority': 'a',
    }
    expect(await connect(headers, true)).toEqual({ status: 426 })
  })

  test('without a protocol is refused', async () => {
    expect(await connect({ ':method': 'CONNECT', ':authority': 'example.com:443' }, true)).toEqual({
      status: 405,
    })
  })
})
