import { execFile, execFileSync, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import type http from 'node:http'
import http2 from 'node:http2'
import net from 'node:net'
import tls from 'node:tls'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { eventually, selfSigned } from '@holdfast/testing'
import { describe, expect, test } from 'vitest'
import type { ListenOptions } from '../src/core/options.ts'
import type { ClientHandshake } from '../src/http/accept.ts'
import type { HttpExchange } from '../src/listen/http-handlers.ts'
import { Listeners } from '../src/listen/listen.ts'
import { streamOf } from '../src/wire/index.ts'
import {
  cert,
  dialListener,
  handshakeText,
  key,
  type ListenerHost,
  listenerHost,
  received,
  receives,
  talk,
} from './listener-host.ts'

const run = promisify(execFile)
const python = ['python3', '/usr/bin/python3'].find(
  (name) => spawnSync(name, ['-c', 'import h2']).status === 0,
)

/** Answers every request with its method, target and body length. */
const answering = {
  onRequest: ({ req, res, request }: HttpExchange) => {
    let bytes = 0
    req.on('data', (chunk: Buffer) => {
      bytes += chunk.length
    })
    req.on('end', () => (res as http.ServerResponse).end(`${request.method} ${request.target} ${bytes}`))
  },
}
const echoing = {
  onUpgrade: (handshake: ClientHandshake) => {
    const stream = streamOf(handshake.accept({ headers: [] }))
    stream.on('error', () => {})
    stream.pipe(stream)
  },
}

const plainGet = 'GET / HTTP/1.1\r\nHost: a\r\n\r\n'

function h2(host: ListenerHost) {
  const session = http2.connect(`https://127.0.0.1:${host.port}`, { rejectUnauthorized: false })
  return session.on('error', () => {})
}

async function h2Ready(host: ListenerHost) {
  const session = h2(host)
  await once(session, 'remoteSettings')
  return session
}

function websocket(session: http2.ClientHttp2Session) {
  const stream = session.request(
    {
      ':method': 'CONNECT',
      ':protocol': 'websocket',
      ':scheme': 'https',
      ':path': '/',
      ':authority': 'localhost',
      'sec-websocket-version': '13',
    },
    { endStream: false },
  )
  return stream.on('error', () => {})
}

/** Sends text on an open stream and waits for its echo. */
async function echoes(stream: NodeJS.ReadWriteStream, text: string) {
  stream.write(text)
  let seen = ''
  for await (const chunk of (stream as net.Socket).iterator({ destroyOnReturn: false })) {
    seen += chunk
    if (seen.length >= text.length) break
  }
  expect(seen).toBe(text)
}

describe('a plain listener', () => {
  test('serves requests and handshakes on one connection, in order', async () => {
    await using host = await listenerHost({ deps: { ...answering, ...echoing } })
    const socket = await dialListener(host)
    socket.write('POST /a HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello')
    expect(await receives(socket, 'POST /a 5')).toContain('200 OK')
    socket.write(handshakeText())
    await receives(socket, '\r\n\r\n')
    await echoes(socket, 'frames')
    socket.destroy()
  })

  test('serves a request of one client between many that another has sent at once', async () => {
    const targets: string[] = []
    await using host = await listenerHost({
      deps: {
        ...answering,
        onRequest: (exchange) => {
          targets.push(exchange.request.target)
          return answering.onRequest(exchange)
        },
      },
    })
    const [many, one] = [await dialListener(host), await dialListener(host)]
    many.write('GET /many HTTP/1.1\r\nHost: a\r\n\r\n'.repeat(1000))
    one.write('GET /one HTTP/1.1\r\nHost: a\r\n\r\n')
    await receives(one, 'GET /one 0')
    expect(targets.indexOf('/one')).toBeLessThan(500)
    many.destroy()
    one.destroy()
  })

  test('ignores an offer of h2c, as curl --http2 makes it, and keeps the body', async () => {
    await using host = await listenerHost({ deps: answering })
    const { stdout } = await run('curl', [
      '-s',
      '--http2',
      '--data',
      'x'.repeat(100_000),
      `http://127.0.0.1:${host.port}/a`,
    ])
    expect(stdout).toBe('POST /a 100000')
    const socket = await dialListener(host)
    socket.write(
      'GET /1 HTTP/1.1\r\nHost: a\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABk\r\n\r\n',
    )
    await receives(socket, 'GET /1 0')
    socket.write('GET /2 HTTP/1.1\r\nHost: a\r\nConnection: close, upgrade\r\nUpgrade: h2c\r\n\r\n')
    expect(await received(socket)).toMatch(/Connection: close.*GET \/2 0$/s)
  })

  test('lives through random bytes', async () => {
    await using host = await listenerHost({ deps: answering })
    let seed = 1
    const random = () => {
      seed = (seed * 1103515245 + 12345) % 2147483648
      return seed / 2147483648
    }
    for (let i = 0; i < 50; i++) {
      const socket = await dialListener(host)
      const bytes = Buffer.from(Array.from({ length: 500 }, () => random() * 256))
      socket.end(i % 2 === 0 ? bytes : Buffer.concat([Buffer.from(handshakeText().slice(0, i * 3)), bytes]))
      expect(await received(socket)).not.toContain('200 OK')
    }
    expect(await talk(host, plainGet.replace('\r\n\r\n', '\r\nConnection: close\r\n\r\n'))).toContain(
      'GET / 0',
    )
    expect(host.listener.size).toBe(0)
  })

  test('ends 300 heads that come byte by byte at the limit, and serves others meanwhile', async () => {
    await using host = await listenerHost({ deps: { ...echoing, timeouts: { headers: 6_000 } } })
    const slow = await Promise.all(Array.from({ length: 300 }, () => dialListener(host)))
    const ends = slow.map((socket) => received(socket))
    const text = handshakeText()
    let sent = 0
    const trickle = setInterval(() => {
      for (const socket of slow) if (socket.writable) socket.write(text[sent % text.length]!)
      sent = Math.min(sent + 1, text.length - 3)
    }, 50)
    try {
      await eventually('all are taken', () => host.listener.size === 300)
      const other = await dialListener(host)
      other.write(text)
      await receives(other, '\r\n\r\n')
      await echoes(other, 'meanwhile')
      const answers = await Promise.all(ends)
      expect(new Set(answers.map((answer) => answer.slice(0, 12)))).toEqual(new Set(['HTTP/1.1 408']))
      await echoes(other, 'afterwards')
      other.destroy()
    } finally {
      clearInterval(trickle)
    }
    await eventually('nothing is left', () => host.listener.size === 0)
  })

  test('ends connections that never say a word', async () => {
    await using host = await listenerHost({ deps: { timeouts: { headers: 200 } } })
    expect(await received(await dialListener(host))).toContain('408')
  })

  test.each([
    ['half a PROXY header', 'PROXY '],
    ['no TLS behind a PROXY header', 'PROXY UNKNOWN\r\n'],
    ['half a TLS handshake', Buffer.from('PROXY UNKNOWN\r\n\x16\x03\x01', 'latin1')],
  ])('has one time limit for all that comes before a request: %s', async (_, bytes) => {
    const timeouts = { headers: 300, proxyHeader: 60_000, tlsHandshake: 60_000 }
    await using host = await listenerHost({ proxyProtocol: true, tls: { cert, key }, deps: { timeouts } })
    const socket = await dialListener(host)
    socket.write(bytes)
    expect(await received(socket)).toBe('')
    await eventually('nothing is left', () => host.listener.size === 0)
    expect(host.listener.pending).toBe(0)
  })

  test('counts the time for the head from the accept on, not from its first byte', async () => {
    await using host = await listenerHost({ deps: { timeouts: { headers: 2_000 } } })
    const early = await dialListener(host)
    await new Promise((resolve) => setTimeout(resolve, 1_000))
    const late = await dialListener(host)
    const ended: string[] = []
    // The second half of the head never comes. The one that was accepted first is the last to send the first half.
    late.write('GET / HTTP/1.1\r\n')
    await eventually('it is taken', () => host.listener.size === 2)
    early.write('GET / HTTP/1.1\r\n')
    const ends = [early, late].map(async (socket) => {
      expect(await received(socket)).toContain('408')
      ended.push(socket === early ? 'early' : 'late')
    })
    await Promise.all(ends)
    expect(ended).toEqual(['early', 'late'])
  })

  test('closes the oldest sockets of an address that has too many without a request; others are served', async () => {
    let refused = 0
    const pending = () => ({ connections: 100, perAddress: 3, timeout: 60_000 })
    const deps = { ...echoing, pending, onPendingRefused: () => refused++ }
    await using host = await listenerHost({ deps })
    const open = await dialListener(host)
    open.write(handshakeText())
    await receives(open, '\r\n\r\n')
    const idle: net.Socket[] = []
    for (let i = 0; i < 5; i++) {
      idle.push(await dialListener(host))
      await eventually('it is taken', () => host.listener.pending + refused === i + 1)
    }
    await Promise.all(idle.slice(0, 2).map((socket) => received(socket)))
    expect(refused).toBe(2)
    const client = await dialListener(host)
    client.write(handshakeText())
    await receives(client, '\r\n\r\n')
    await echoes(open, 'still here')
    for (const socket of [...idle, open, client]) socket.destroy()
  })

  test('ends an idle connection', async () => {
    await using host = await listenerHost({ deps: { ...answering, timeouts: { idle: 100 } } })
    expect(await talk(host, plainGet)).toContain('GET / 0')
  })

  test('once retired ends idle connections, and busy ones after their answer', async () => {
    await using host = await listenerHost({ deps: echoing })
    const [idle, busy, asking, open] = await Promise.all([1, 2, 3, 4].map(() => dialListener(host)))
    idle!.write(plainGet)
    ;(await host.nextExchange()).res.end()
    await receives(idle!, '\r\n\r\n')
    busy!.write(plainGet)
    const exchange = await host.nextExchange()
    open!.write(handshakeText())
    await receives(open!, '\r\n\r\n')
    host.listener.retire()
    await received(idle!)
    exchange.res.end('done')
    expect(await received(busy!)).toContain('done')
    // Node 20 lets a connection without a request ask once more; newer Node counts it among the idle ones.
    asking!.on('error', () => {}).write(plainGet)
    void host.nextExchange().then(
      ({ res }) => res.end(),
      () => {},
    )
    const answer = await received(asking!)
    if (answer !== '') expect(answer).toContain('Connection: close')
    await echoes(open!, 'goes on')
    open!.destroy()
  })

  test('once closed takes no socket, and destroyed has none left', async () => {
    await using host = await listenerHost({ deps: echoing })
    const open = await dialListener(host)
    open.write(handshakeText())
    await receives(open, '\r\n\r\n')
    host.listener.close()
    expect(await received(await dialListener(host))).toBe('')
    await echoes(open, 'goes on')
    host.listener.destroy()
    await received(open)
    expect(host.listener.size).toBe(0)
  })

  test('does without a socket that has already gone', async () => {
    await using host = await listenerHost()
    const server = net.createServer({ pauseOnConnect: true }).listen(0, '127.0.0.1')
    await once(server, 'listening')
    const client = net.connect((server.address() as net.AddressInfo).port, '127.0.0.1').on('error', () => {})
    const [socket] = (await once(server, 'connection')) as [net.Socket]
    socket.destroy()
    host.listener.accept(socket)
    await once(client.resume(), 'close')
    server.close()
    expect(host.listener.size).toBe(0)
  })
})

describe('a TLS listener', () => {
  test('serves HTTP/1.1 by ALPN and without ALPN', async () => {
    await using host = await listenerHost({ tls: { cert, key }, deps: { ...answering, ...echoing } })
    for (const ALPNProtocols of [['http/1.1'], undefined]) {
      const socket = await dialListener(host, { ALPNProtocols })
      socket.write(plainGet)
      await receives(socket, 'GET / 0')
      socket.write(handshakeText())
      await receives(socket, '\r\n\r\n')
      await echoes(socket, 'frames')
      socket.destroy()
    }
    await eventually('nothing is left', () => host.listener.size === 0)
  })

  test('ends handshakes that take too long, and those that are none', async () => {
    await using host = await listenerHost({ tls: { cert, key }, deps: { timeouts: { tlsHandshake: 200 } } })
    const silent = await dialListener(host)
    const slow = await dialListener(host)
    slow.write(Buffer.from('160301', 'hex'))
    await Promise.all([received(silent), received(slow)])
    await talk(host, plainGet)
    await eventually('nothing is left', () => host.listener.size === 0)
  })

  test('uses a new certificate for new connections and leaves the others', async () => {
    await using host = await listenerHost({ tls: { cert, key }, deps: echoing })
    const before = (await dialListener(host)) as tls.TLSSocket
    const fingerprint = async () => {
      const socket = (await dialListener(host, {})) as tls.TLSSocket
      const { fingerprint256 } = socket.getPeerCertificate()
      socket.destroy()
      return fingerprint256
    }
    const open = await dialListener(host, {})
    open.write(handshakeText())
    await receives(open, '\r\n\r\n')
    const first = await fingerprint()
    host.listener.configureTls({ tls: anotherCertificate() })
    expect(await fingerprint()).not.toBe(first)
    await echoes(open, 'goes on')
    for (const socket of [before, open]) socket.destroy()
  })

  test('carries many WebSockets and requests on one HTTP/2 connection', async () => {
    await using host = await listenerHost({ tls: { cert, key }, deps: { ...answering, ...echoing } })
    const session = await h2Ready(host)
    const streams = Array.from({ length: 50 }, () => websocket(session))
    await Promise.all(streams.map((stream, i) => echoes(stream, `frames of ${i}`)))
    const post = session.request({ ':method': 'POST', ':path': '/a' })
    post.end(Buffer.alloc(300_000))
    let answer = ''
    for await (const chunk of post) answer += chunk
    expect(answer).toBe('POST /a 300000')
    session.destroy()
  })

  test('once retired goes on with open WebSockets, and says GOAWAY to who wants another stream, or has none', async () => {
    await using host = await listenerHost({ tls: { cert, key }, deps: echoing })
    const [session, idle] = await Promise.all([h2Ready(host), h2Ready(host)])
    const stream = websocket(session)
    await echoes(stream, 'before')
    let told = false
    const goaway = once(session, 'goaway').then(([code]) => {
      told = true
      return code
    })
    host.listener.retire()
    await eventually('the idle session is closed', () => idle.destroyed)
    await echoes(stream, 'after')
    // python3-h2 neither reads nor writes behind a GOAWAY.
    expect(told).toBe(false)
    const another = websocket(session)
    another.on('error', () => {})
    await new Promise((resolve) => another.once('close', resolve))
    expect(another.rstCode).toBe(http2.constants.NGHTTP2_REFUSED_STREAM)
    expect(await goaway).toBe(0)
    await echoes(stream, 'after that')
    await eventually('the idle session is closed', () => idle.destroyed)
    stream.end()
    await eventually('the session is closed', () => session.destroyed)
    await eventually('nothing is left', () => host.listener.size === 0)
  })

  test('ends HTTP/2 connections without a stream', async () => {
    const timeouts = { headers: 150, idle: 100 }
    await using host = await listenerHost({ tls: { cert, key }, deps: { ...echoing, timeouts } })
    const [never, once1] = await Promise.all([h2Ready(host), h2Ready(host)])
    const stream = websocket(once1)
    await echoes(stream, 'a')
    await eventually('the one without a stream is closed', () => never.destroyed)
    await echoes(stream, 'b')
    stream.close()
    await eventually('the other is closed', () => once1.destroyed)
  })

  test('resets a stream whose headers are too large, and goes on', async () => {
    await using host = await listenerHost({ tls: { cert, key }, deps: answering })
    const session = await h2Ready(host)
    const large = session.request({ ':path': '/', 'x-a': 'x'.repeat(20_000) })
    large.on('error', () => {})
    await new Promise((resolve) => large.once('close', resolve))
    expect(large.rstCode).not.toBe(0)
    const good = session.request({ ':path': '/b' })
    let answer = ''
    for await (const chunk of good) answer += chunk
    expect(answer).toBe('GET /b 0')
    session.destroy()
  })

  test('lives through random bytes after the preface', async () => {
    await using host = await listenerHost({ tls: { cert, key }, deps: answering })
    for (let i = 0; i < 20; i++) {
      const socket = await dialListener(host, { ALPNProtocols: ['h2'] })
      const bytes = Buffer.from(Array.from({ length: 300 }, (_, at) => (at * at * 31 + i * 97) % 256))
      socket.write(Buffer.concat([Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'), bytes]))
      socket.end()
      await received(socket)
    }
    await eventually('nothing is left', () => host.listener.size === 0)
  })

  test.skipIf(!python)('agrees with python3-h2 on a WebSocket (skipped without python3-h2)', async () => {
    await using host = await listenerHost({ tls: { cert, key } })
    const peer = fileURLToPath(new URL('h2_peer.py', import.meta.url))
    const result = run(python!, [peer, String(host.port), '/ws?a=1', 'early frames'])
    const handshake = await host.nextHandshake()
    expect(handshake.request).toMatchObject({
      target: '/ws?a=1',
      protocols: ['chat', 'superchat'],
      host: 'localhost',
    })
    const stream = handshake.accept({ protocol: 'chat', headers: [] })
    stream.pipe(stream)
    expect(JSON.parse((await result).stdout)).toMatchObject({
      alpn: 'h2',
      connect: 1,
      headers: { ':status': '200', 'sec-websocket-protocol': 'chat' },
      data: 'early frames',
      ended: true,
    })
  })

  test.skipIf(!python)('refuses python3-h2 with a status (skipped without python3-h2)', async () => {
    await using host = await listenerHost({ tls: { cert, key } })
    const peer = fileURLToPath(new URL('h2_peer.py', import.meta.url))
    const result = run(python!, [peer, String(host.port), '/', 'early'])
    ;(await host.nextHandshake()).refuse({ status: 403, headers: [], body: 'no' })
    expect(JSON.parse((await result).stdout)).toMatchObject({
      headers: { ':status': '403' },
      data: 'no',
      ended: true,
    })
  })
})

describe('Listeners', () => {
  async function served(listeners: Listeners, listener: ListenOptions) {
    const server = net.createServer((socket) => listeners.accept(listener, socket)).listen(0, '127.0.0.1')
    await once(server, 'listening')
    return {
      port: (server.address() as net.AddressInfo).port,
      async [Symbol.asyncDispose]() {
        server.close()
        listeners.close()
        await once(server, 'close')
      },
    }
  }
  const plain: ListenOptions = { host: '127.0.0.1', port: 0, proxyProtocol: false }

  test('keep what a reload keeps, and take new sockets of no other listener', async () => {
    const listeners = new Listeners({ trustedProxies: () => [], ...answering, ...echoing })
    await using one = await served(listeners, plain)
    await using two = await served(listeners, { ...plain, port: 1 })
    const [kept, gone] = await Promise.all([dialListener(one), dialListener(two)])
    for (const socket of [kept, gone]) {
      socket.write(handshakeText())
      await receives(socket, '\r\n\r\n')
    }
    const idle = await dialListener(two)
    idle.write(plainGet)
    await receives(idle, 'GET / 0')
    listeners.reload([{ ...plain }])
    await received(idle)
    await echoes(kept, 'a')
    await echoes(gone, 'b')
    expect(await received(await dialListener(two))).toBe('')
    const fresh = await dialListener(one)
    fresh.write(plainGet)
    await receives(fresh, 'GET / 0')
    listeners.close()
    await Promise.all([kept, gone, fresh].map((socket) => received(socket)))
  })

  test('re-read certificates, and keep the old one when the new one is not usable', async () => {
    const listener = { ...plain, tls: { cert, key } }
    const listeners = new Listeners({ trustedProxies: () => [], ...answering, ...echoing })
    await using host = await served(listeners, listener)
    const fingerprint = async () => {
      const socket = (await dialListener(host, {})) as tls.TLSSocket
      const { fingerprint256 } = socket.getPeerCertificate()
      socket.destroy()
      return fingerprint256
    }
    const first = await fingerprint()
    listeners.reload([{ ...listener, tls: { cert: 'x', key: 'y' } }])
    expect(await fingerprint()).toBe(first)
    listeners.reload([{ ...listener, tls: anotherCertificate() }])
    expect(await fingerprint()).not.toBe(first)
  })

  test('do not fall over a listener that cannot be served', async () => {
    const listeners = new Listeners({ trustedProxies: () => [], ...answering, ...echoing })
    await using host = await served(listeners, { ...plain, tls: { cert: 'x', key: 'y' } })
    expect(await received(await dialListener(host))).toBe('')
  })

  test('follow trustedProxies through a reload', async () => {
    let trustedProxies: string[] = []
    const addresses: string[] = []
    const listeners = new Listeners({
      trustedProxies: () => trustedProxies,
      ...echoing,
      onRequest: ({ request, res }) => {
        addresses.push(request.address)
        res.end()
      },
    })
    await using host = await served(listeners, plain)
    const socket = await dialListener(host)
    const ask = async () => {
      socket.write('GET / HTTP/1.1\r\nHost: a\r\nX-Forwarded-For: 1.2.3.4\r\n\r\n')
      await receives(socket, '\r\n\r\n')
    }
    await ask()
    trustedProxies = ['127.0.0.0/8']
    await ask()
    expect(addresses).toEqual(['127.0.0.1', '1.2.3.4'])
    socket.destroy()
  })
})

/** Another certificate for localhost, made on the spot. */
function anotherCertificate() {
  const text = execFileSync(
    'openssl',
    'req -x509 -newkey rsa:2048 -nodes -keyout - -out - -days 1 -subj /CN=localhost'.split(' '),
    { stdio: ['ignore', 'pipe', 'ignore'] },
  ).toString()
  const block = (name: string) =>
    new RegExp(`-----BEGIN ${name}-----.*-----END ${name}-----\n`, 's').exec(text)![0]
  return { cert: block('CERTIFICATE'), key: block('PRIVATE KEY') }
}

test('reads a PROXY header and then a ClientHello, each put back before what comes next', async () => {
  const certificates = ['a.test', 'b.test'].map((name) => selfSigned({ names: [name] }))
  const addresses: string[] = []
  const onUpgrade = (handshake: ClientHandshake) => {
    addresses.push(handshake.request.address)
    echoing.onUpgrade(handshake)
  }
  await using host = await listenerHost({ proxyProtocol: true, tls: certificates, deps: { onUpgrade } })
  const socket = await dialListener(host)
  socket.write('PROXY TCP4 203.0.113.7 203.0.113.8 5000 443\r\n')
  const secure = tls.connect({ socket, servername: 'b.test', rejectUnauthorized: false })
  await once(secure, 'secureConnect')
  expect(secure.getPeerCertificate().subjectaltname).toBe('DNS:b.test')
  secure.write(handshakeText())
  await receives(secure, '\r\n\r\n')
  expect(addresses).toEqual(['203.0.113.7'])
  secure.destroy()
})
