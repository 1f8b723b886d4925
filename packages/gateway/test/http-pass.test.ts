import { execFile } from 'node:child_process'
import { once } from 'node:events'
import http from 'node:http'
import http2 from 'node:http2'
import https from 'node:https'
import type net from 'node:net'
import type { AddressInfo } from 'node:net'
import { pipeline } from 'node:stream/promises'
import { promisify } from 'node:util'
import { awaitedLater, closedPort, eventually, tcpServer } from '@holdfast/testing'
import { describe, expect, test } from 'vitest'
import { type ForwardResult, type ForwardTimeouts, forwardRequest } from '../src/pass/http-forward.ts'
import { answerError, answerUnserved, whyUnserved } from '../src/pass/http-pass.ts'
import type { DialTarget } from '../src/upstream/dial.ts'
import { cert, dialListener, key, listenerHost, received, receives } from './listener-host.ts'

const run = promisify(execFile)
const limits: ForwardTimeouts = { connect: 30_000, response: 60_000, idle: false }
const asJson = { headers: { accept: 'application/json' } }

interface UpstreamOptions {
  tls?: boolean
  on?: (server: http.Server) => void
}

async function upstream(answer: http.RequestListener, { tls = false, on = () => {} }: UpstreamOptions = {}) {
  const server = tls ? https.createServer({ cert, key }, answer) : http.createServer(answer)
  // Newer Node refuses many fields with 431; these tests are about what the gateway does with them.
  server.maxHeadersCount = 0
  on(server)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    server,
    port: (server.address() as AddressInfo).port,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}

const target = (port: number, init: Partial<DialTarget> = {}): DialTarget => ({
  tls: false,
  host: '127.0.0.1',
  port,
  serverName: '127.0.0.1',
  path: '',
  ...init,
})

/** A gateway that passes everything on to one place. */
async function passing(to: DialTarget, timeouts = limits, options: Parameters<typeof listenerHost>[0] = {}) {
  const results: ForwardResult[] = []
  const host = await listenerHost({
    ...options,
    deps: {
      ...options.deps,
      onRequest: (exchange) =>
        void forwardRequest(exchange, to, timeouts).then((result) => {
          const unserved = whyUnserved(result)
          if (unserved) answerUnserved(exchange, unserved)
          results.push(result)
        }),
    },
  })
  return {
    port: host.port,
    listener: host.listener,
    results,
    url: `http://127.0.0.1:${host.port}`,
    result: () => eventually('a result', () => results[0]),
    [Symbol.asyncDispose]: () => host[Symbol.asyncDispose](),
  }
}

const echo: http.RequestListener = async (req, res) => {
  const chunks: Buffer[] | undefined = await req.toArray().catch(() => undefined)
  // Who breaks a request off is told nothing.
  if (!chunks) return
  const { method, url, rawHeaders } = req
  res.end(JSON.stringify({ method, url, rawHeaders, body: Buffer.concat(chunks).toString() }))
}

function pairs(rawHeaders: string[]): Record<string, string[]> {
  const all: Record<string, string[]> = {}
  for (let i = 0; i < rawHeaders.length; i += 2) {
    const name = rawHeaders[i]!.toLowerCase()
    all[name] = [...(all[name] ?? []), rawHeaders[i + 1]!]
  }
  return all
}

/** Sends a request head and body on a socket of its own and gives back all that comes. */
async function exchangeText(host: { port: number }, text: string) {
  const socket = await dialListener(host)
  socket.write(text)
  return await received(socket)
}

describe('over HTTP/1.1', () => {
  test('hands on method, target, headers and body, with our forwarded headers', async () => {
    await using backend = await upstream(echo)
    await using gateway = await passing(target(backend.port, { path: '/api' }))
    const answer = await exchangeText(
      gateway,
      [
        'POST /a//b?x=1&y=%20 HTTP/1.1',
        'Host: Chat.example.com:8080',
        'Content-Length: 5',
        'Connection: close, X-Hop',
        'X-Hop: 1',
        'Keep-Alive: 5',
        'TE: trailers',
        'X-Forwarded-For: 6.6.6.6',
        'Forwarded: for=6.6.6.6',
        'X-Real-IP: 6.6.6.6',
        'X-Two: a',
        'X-Two: b',
        'Cookie: a=1',
        '',
        'hello',
      ].join('\r\n'),
    )
    expect(answer).toMatch(/^HTTP\/1\.1 200 OK\r\n/)
    const { rawHeaders, ...rest } = JSON.parse(answer.slice(answer.indexOf('\r\n\r\n') + 4))
    expect(rest).toEqual({ method: 'POST', url: '/api/a//b?x=1&y=%20', body: 'hello' })
    expect(pairs(rawHeaders)).toEqual({
      'content-length': ['5'],
      'x-two': ['a', 'b'],
      cookie: ['a=1'],
      'x-forwarded-for': ['127.0.0.1'],
      'x-forwarded-proto': ['http'],
      'x-forwarded-host': ['Chat.example.com:8080'],
      forwarded: ['for=127.0.0.1;host="Chat.example.com:8080";proto=http'],
      host: ['Chat.example.com:8080'],
      connection: ['close'],
    })
    expect(await gateway.result()).toEqual({ kind: 'answered', status: 200 })
  })

  test('hands back status, reason, headers with their case and number, but none of one hop', async () => {
    await using backend = await upstream((_req, res) => {
      res.writeHead(
        418,
        'Short and Stout',
        [
          ['X-Case', '1'],
          ['Set-Cookie', 'a=1'],
          ['Set-Cookie', 'b=2'],
          ['Link', '<a>'],
          ['Link', '<b>'],
          ['Connection', 'X-Hop, close'],
          ['X-Hop', '1'],
          ['Keep-Alive', 'timeout=1'],
          ['Proxy-Authenticate', 'Basic'],
        ].flat(),
      )
      res.end('tea')
    })
    await using gateway = await passing(target(backend.port))
    const socket = await dialListener(gateway)
    socket.write('GET / HTTP/1.1\r\nHost: a\r\n\r\n')
    const head = await receives(socket, 'tea')
    expect(head).toMatch(/^HTTP\/1\.1 418 Short and Stout\r\n/)
    for (const line of ['X-Case: 1', 'Set-Cookie: a=1', 'Set-Cookie: b=2', 'Link: <a>', 'Link: <b>']) {
      expect(head).toContain(`\r\n${line}\r\n`)
    }
    expect(head).not.toMatch(/x-hop|timeout=1|proxy-auth|close/i)
    // The upstream closed its connection; the client's goes on.
    socket.write('GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n')
    expect(await received(socket)).toMatch(/connection: close.*tea/is)
  })

  test('streams large bodies both ways without keeping them', async () => {
    const size = 1024 ** 3
    await using backend = await upstream((req, res) => void pipeline(req, res).catch(() => {}))
    await using gateway = await passing(target(backend.port))
    const req = http.request(gateway.url, { method: 'POST', headers: { 'Content-Length': size } })
    const chunk = Buffer.alloc(64 * 1024, 'x')
    const sending = awaitedLater(
      pipeline(async function* () {
        for (let sent = 0; sent < size; sent += chunk.length) yield chunk
      }, req),
    )
    const [res] = (await once(req, 'response')) as [http.IncomingMessage]
    const before = process.memoryUsage().arrayBuffers
    let highest = before
    let bytes = 0
    for await (const part of res) {
      bytes += part.length
      highest = Math.max(highest, process.memoryUsage().arrayBuffers)
    }
    await sending
    expect(bytes).toBe(size)
    // A runtime leaves up to some 150 MB for the next collection of garbage; kept, it would be all of it.
    expect(highest - before).toBeLessThan(size / 2)
  })

  test('stops reading an upstream whose client does not read', async () => {
    let sent = 0
    await using backend = await upstream((_req, res) => {
      const more = () => {
        while (sent < 1e9 && res.write(Buffer.alloc(1e6))) sent += 1e6
      }
      res.on('drain', more)
      more()
    })
    await using gateway = await passing(target(backend.port))
    const socket = await dialListener(gateway)
    socket.write('GET / HTTP/1.1\r\nHost: a\r\n\r\n')
    await receives(socket, '200 OK')
    const seen: number[] = []
    await eventually('the upstream is stopped', () => seen.push(sent) > 1 && seen.at(-2) === sent, {
      every: 200,
    })
    expect(sent).toBeLessThan(100e6)
    socket.destroy()
    expect(await gateway.result()).toEqual({ kind: 'answered', status: 200 })
  })

  test('a body that a GET or DELETE brings stays a body', async () => {
    const seen: string[] = []
    await using backend = await upstream((req, res) => {
      seen.push(`${req.method} ${req.url}`)
      void echo(req, res)
    })
    await using gateway = await passing(target(backend.port))
    const inner = 'GET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n'
    const framings = [
      `Content-Length: ${inner.length}\r\n\r\n${inner}`,
      `Transfer-Encoding: chunked\r\n\r\n${inner.length.toString(16)}\r\n${inner}\r\n0\r\n\r\n`,
    ]
    const many = 'X: y\r\n'.repeat(2_200)
    for (const method of ['GET', 'DELETE', 'OPTIONS', 'POST']) {
      for (const framing of framings) {
        for (const before of ['', many]) {
          const text = await exchangeText(
            gateway,
            `${method} /a HTTP/1.1\r\nHost: a\r\nConnection: close\r\n${before}${framing}`,
          )
          expect(text).toContain('smuggled HTTP')
          expect(text.match(/HTTP\/1\.1 200/g)).toHaveLength(1)
        }
      }
    }
    expect(seen.filter((line) => !line.endsWith(' /a'))).toEqual([])
    expect(seen).toHaveLength(16)
  })

  test('chunks come and go with their trailers', async () => {
    await using backend = await upstream((req, res) => {
      req.resume().on('end', () => {
        res.writeHead(200, { Trailer: 'X-Sum' })
        res.write('one')
        res.addTrailers({ 'X-Sum': '42' })
        res.end('two')
      })
    })
    await using gateway = await passing(target(backend.port))
    const text = await exchangeText(
      gateway,
      'POST / HTTP/1.1\r\nHost: a\r\nConnection: close\r\nTrailer: X-Forwarded-For\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\nX-Forwarded-For: 6.6.6.6\r\n\r\n',
    )
    expect(text).toMatch(/(?:3\r\none\r\n3\r\ntwo|6\r\nonetwo)\r\n0\r\nx-sum: 42\r\n\r\n$/i)
  })

  test('a Trailer that announces nothing does no harm', async () => {
    await using backend = await upstream(echo)
    await using gateway = await passing(target(backend.port))
    const lines = 'Host: a\r\nConnection: close\r\nTrailer: X\r\n'
    expect(await exchangeText(gateway, `GET / HTTP/1.1\r\n${lines}\r\n`)).toContain('200 OK')
    const post = `POST / HTTP/1.1\r\n${lines}Content-Length: 2\r\n\r\nok`
    expect(await exchangeText(gateway, post)).toContain('200 OK')
  })

  test.each([
    ['HEAD', 'HEAD', 200, '100'],
    ['a 304', 'GET', 304, '100'],
    ['a 204', 'GET', 204, undefined],
  ])('%s has headers and no body, and the connection goes on', async (_, method, status, length) => {
    await using backend = await upstream((_req, res) => {
      res.writeHead(status, { ETag: '"1"', ...(length && { 'Content-Length': length }) }).end()
    })
    await using gateway = await passing(target(backend.port))
    const socket = await dialListener(gateway)
    for (let i = 0; i < 2; i++) {
      socket.write(`${method} / HTTP/1.1\r\nHost: a\r\n\r\n`)
      const head = await receives(socket, '\r\n\r\n')
      expect(head).toMatch(new RegExp(`^HTTP/1.1 ${status} `))
      expect(head.endsWith('\r\n\r\n')).toBe(true)
      expect(/content-length: (\d+)/i.exec(head)?.[1]).toBe(length)
    }
    socket.destroy()
  })

  test('an HTTP/1.0 client gets a body that ends with the connection', async () => {
    await using backend = await upstream((_req, res) => {
      res.write('one')
      res.end('two')
    })
    await using gateway = await passing(target(backend.port))
    expect(await exchangeText(gateway, 'GET / HTTP/1.0\r\nHost: a\r\n\r\n')).toMatch(/\r\n\r\nonetwo$/)
    expect(await exchangeText(gateway, 'GET / HTTP/1.0\r\n\r\n')).toMatch(/\r\n\r\nonetwo$/)
  })

  test('Expect: 100-continue is the upstream’s to answer: yes', async () => {
    let expected: string | undefined
    await using backend = await upstream(echo, {
      on: (server) =>
        server.on('checkContinue', (req, res) => {
          expected = req.headers.expect
          res.writeContinue()
          void echo(req, res)
        }),
    })
    await using gateway = await passing(target(backend.port))
    const socket = await dialListener(gateway)
    socket.write(
      'POST / HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n',
    )
    expect(await receives(socket, '\r\n\r\n')).toBe('HTTP/1.1 100 Continue\r\n\r\n')
    expect(expected).toBe('100-continue')
    socket.write('hello')
    expect(await received(socket)).toMatch(/^HTTP\/1\.1 200 .*"body":"hello"/s)
    const { stdout } = await run('curl', [
      '-s',
      '-H',
      'Expect: 100-continue',
      '--data',
      'x'.repeat(50_000),
      gateway.url,
    ])
    expect(JSON.parse(stdout).body).toHaveLength(50_000)
  })

  test('Expect: 100-continue is the upstream’s to answer: no', async () => {
    await using backend = await upstream(echo, {
      on: (server) => server.on('checkContinue', (_req, res) => res.writeHead(413).end('too large')),
    })
    await using gateway = await passing(target(backend.port))
    const text = 'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n'
    expect(await exchangeText(gateway, text)).toMatch(/^HTTP\/1\.1 413 .*connection: close.*too large/is)
  })

  test('an upstream that answers before the body has come is heard', async () => {
    await using backend = await upstream((_req, res) => void res.writeHead(401).end('who are you'))
    await using gateway = await passing(target(backend.port))
    const socket = await dialListener(gateway)
    socket.write('POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000\r\n\r\nhello')
    expect(await receives(socket, 'who are you')).toContain('401')
    socket.destroy()
  })

  test('a kept connection that the upstream closes at its next use costs nothing', async () => {
    let requests = 0
    await using backend = await tcpServer((socket) => {
      let served = 0
      socket.on('data', () => {
        requests++
        if (served++ > 0) socket.destroy()
        else socket.write('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok')
      })
    })
    await using gateway = await passing(target(backend.port))
    const agent = new http.Agent({ keepAlive: true })
    for (let i = 0; i < 4; i++) {
      const req = http.get(gateway.url, { agent })
      const [res] = (await once(req, 'response')) as [http.IncomingMessage]
      expect(res.statusCode).toBe(200)
      await once(res.resume(), 'end')
    }
    agent.destroy()
    expect(requests).toBeGreaterThan(4)
    expect(backend.accepted).toBe(4)
  })
})

describe('to an upstream over TLS', () => {
  test('checks the certificate', async () => {
    await using backend = await upstream(echo, { tls: true })
    const secure = { tls: true, serverName: 'localhost' }
    await using trusting = await passing(
      target(backend.port, { ...secure, secure: { ca: cert, verify: true } }),
    )
    expect(await (await fetch(`${trusting.url}/a`)).json()).toMatchObject({ url: '/a' })
    await using doubting = await passing(target(backend.port, secure))
    const answer = await fetch(doubting.url, asJson)
    expect([answer.status, await answer.json()]).toEqual([
      502,
      { error: { status: 502, message: 'bad gateway: TLS certificate not valid' } },
    ])
    await using other = await passing(
      target(backend.port, { ...secure, serverName: 'other.example', secure: { ca: cert, verify: true } }),
    )
    expect((await fetch(other.url)).status).toBe(502)
  })
})

describe('an upstream that fails', () => {
  const quick = { ...limits, response: 200 }
  const head = 'HTTP/1.1 200 OK\r\n'
  const failing: [string, (socket: net.Socket) => void, number, string][] = [
    ['ends at once', (socket) => socket.resume().end(), 502, 'connection closed without an answer'],
    ['resets', (socket) => socket.once('data', () => socket.resetAndDestroy()), 502, 'connection reset'],
    [
      'says garbage',
      (socket) => socket.once('data', () => socket.end('\x00\x01 garbage\r\n\r\n')),
      502,
      'not HTTP',
    ],
    [
      'has a status below 100',
      (socket) => socket.once('data', () => socket.end('HTTP/1.1 099 No\r\nContent-Length: 0\r\n\r\n')),
      502,
      'not HTTP',
    ],
    [
      'has a status over 599',
      (socket) => socket.once('data', () => socket.end('HTTP/1.1 999 No\r\nContent-Length: 0\r\n\r\n')),
      502,
      'not HTTP',
    ],
    [
      'switches protocols unasked',
      (socket) =>
        socket.once('data', () =>
          socket.end('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n'),
        ),
      502,
      'protocols switched unasked',
    ],
    ['never answers', (socket) => socket.resume(), 504, 'no answer in 0.2 s'],
    [
      'answers byte by byte',
      (socket) => trickle(socket, `${head}X: ${'y'.repeat(1000)}`),
      504,
      'no answer in 0.2 s',
    ],
  ]
  test.each(failing)('and %s is told so', async (_, answer, status, words) => {
    await using backend = await tcpServer(answer)
    await using gateway = await passing(target(backend.port), status === 504 ? quick : limits)
    const response = await fetch(gateway.url, { ...asJson, method: 'POST', body: 'hello' })
    expect(response.headers.get('content-type')).toBe('application/json')
    expect([response.status, await response.json()]).toEqual([
      status,
      { error: { status, message: `bad gateway: ${words}` } },
    ])
    expect(await gateway.result()).toEqual(
      status === 504 ? { kind: 'failed', words: 'no answer', afterMs: 200 } : { kind: 'failed', words },
    )
    await eventually('the upstream’s socket is gone', () => backend.sockets.size === 0)
  })

  test('to listen is told without its address', async () => {
    await using gateway = await passing(target(await closedPort()))
    const response = await fetch(gateway.url)
    expect([response.status, await response.text()]).toEqual([502, 'bad gateway: connection refused\n'])
    expect(response.headers.get('content-type')).toBe('text/plain; charset=utf-8')
  })

  test('to be found is told without its name', async () => {
    await using gateway = await passing(target(80, { host: 'nowhere.invalid' }))
    const response = await fetch(gateway.url)
    expect(response.status).toBe(502)
    expect(await response.text()).not.toContain('nowhere')
  })

  test.each([
    ['with a length', `${head}Content-Length: 100\r\n\r\npart`],
    ['in chunks', `${head}Transfer-Encoding: chunked\r\n\r\n4\r\npart\r\n`],
  ])('inside a body %s cuts the client too', async (_, text) => {
    await using backend = await tcpServer((socket) =>
      socket.once('data', () => socket.write(text, () => socket.destroy())),
    )
    await using gateway = await passing(target(backend.port))
    await expect(fetch(gateway.url).then((response) => response.text())).rejects.toThrow()
    expect(await gateway.result()).toEqual({ kind: 'answered', status: 200 })
  })

  test('to go on inside a body is cut at the limit', async () => {
    await using backend = await tcpServer((socket) =>
      socket.once('data', () => socket.write(`${head}Content-Length: 9\r\n\r\npart`)),
    )
    await using gateway = await passing(target(backend.port), { ...limits, idle: 400 })
    await expect(fetch(gateway.url).then((response) => response.text())).rejects.toThrow()
    await eventually('the upstream’s socket is gone', () => backend.sockets.size === 0)
  })

  test('while a large request comes lets the client read why', async () => {
    await using gateway = await passing(target(await closedPort()))
    const socket = await dialListener(gateway)
    const answer = receives(socket, 'connection refused')
    socket.write('POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2000000\r\n\r\n')
    socket.write(Buffer.alloc(2_000_000))
    expect(await answer).toContain('502')
    socket.write('GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n')
    expect(await received(socket)).toContain('502')
  })
})

describe('a client that leaves', () => {
  test.each(['before the answer', 'inside the answer', 'inside its request'])(
    '%s frees the upstream',
    async (when) => {
      await using backend = await upstream((req, res) => {
        req.resume()
        if (when === 'inside the answer') res.write('part')
      })
      await using gateway = await passing(target(backend.port))
      const connections = promisify(backend.server.getConnections.bind(backend.server))
      const socket = await dialListener(gateway)
      const length = when === 'inside its request' ? 'Content-Length: 9\r\n' : ''
      socket.write(`POST / HTTP/1.1\r\nHost: a\r\n${length}\r\n`)
      await once(backend.server, 'request')
      if (when === 'inside the answer') await receives(socket, 'part')
      socket.destroy()
      await eventually('the upstream’s socket is gone', async () => (await connections()) === 0)
      expect((await gateway.result()).kind).toBe(when === 'inside the answer' ? 'answered' : 'abandoned')
    },
  )
})

describe('over HTTP/2', () => {
  async function session(port: number) {
    const client = http2.connect(`https://127.0.0.1:${port}`, { rejectUnauthorized: false })
    return client.on('error', () => {})
  }
  async function ask(
    client: http2.ClientHttp2Session,
    headers: http2.OutgoingHttpHeaders,
    body?: Buffer | string,
  ) {
    const stream = client.request(headers, { endStream: body === undefined })
    stream.on('error', () => {})
    if (body !== undefined) stream.end(body)
    const [answer] = (await once(stream, 'response')) as [http2.IncomingHttpHeaders]
    const trailers = new Promise<unknown>((resolve) =>
      stream.once('trailers', resolve).once('close', () => resolve(undefined)),
    )
    const chunks: Buffer[] = []
    for await (const chunk of stream) chunks.push(chunk)
    return { answer, text: Buffer.concat(chunks).toString(), trailers: await trailers }
  }

  test('hands on requests with and without bodies, and answers with trailers', async () => {
    await using backend = await upstream((req, res) => {
      const chunks: Buffer[] = []
      req.on('data', (chunk) => chunks.push(chunk))
      req.on('end', () => {
        res.writeHead(200, { Trailer: 'X-Sum', 'Keep-Alive': 'timeout=5', 'Set-Cookie': ['a=1', 'b=2'] })
        res.addTrailers({ 'X-Sum': '42' })
        res.end(
          JSON.stringify({
            method: req.method,
            url: req.url,
            rawHeaders: req.rawHeaders,
            body: Buffer.concat(chunks).length,
          }),
        )
      })
    })
    await using gateway = await passing(target(backend.port), limits, { tls: { cert, key } })
    const client = await session(gateway.port)
    const post = await ask(
      client,
      { ':method': 'POST', ':path': '/a?b', cookie: ['a=1', 'b=2'], te: 'trailers' },
      Buffer.alloc(200_000),
    )
    expect(post.answer).toMatchObject({ ':status': 200, 'set-cookie': ['a=1', 'b=2'] })
    expect(post.answer).not.toHaveProperty('keep-alive')
    expect(post.trailers).toMatchObject({ 'x-sum': '42' })
    const { rawHeaders, ...rest } = JSON.parse(post.text)
    expect(rest).toEqual({ method: 'POST', url: '/a?b', body: 200_000 })
    expect(pairs(rawHeaders)).toEqual({
      cookie: ['a=1; b=2'],
      'x-forwarded-for': ['127.0.0.1'],
      'x-forwarded-proto': ['https'],
      'x-forwarded-host': [`127.0.0.1:${gateway.port}`],
      forwarded: [`for=127.0.0.1;host="127.0.0.1:${gateway.port}";proto=https`],
      host: [`127.0.0.1:${gateway.port}`],
      'transfer-encoding': ['chunked'],
      te: ['trailers'],
      connection: ['close, TE'],
    })
    const get = await ask(client, { ':path': '/' })
    expect(JSON.parse(get.text)).toMatchObject({ method: 'GET', body: 0 })
    client.destroy()
  })

  test('a body that a GET brings stays a body', async () => {
    const seen: string[] = []
    await using backend = await upstream((req, res) => {
      seen.push(`${req.method} ${req.url}`)
      void echo(req, res)
    })
    await using gateway = await passing(target(backend.port), limits, { tls: { cert, key } })
    const client = await session(gateway.port)
    for (const method of ['GET', 'DELETE', 'OPTIONS']) {
      const { text } = await ask(
        client,
        { ':method': method, ':path': '/a' },
        'GET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n',
      )
      expect(JSON.parse(text).body).toContain('smuggled')
    }
    expect(seen).toEqual(['GET /a', 'DELETE /a', 'OPTIONS /a'])
    client.destroy()
  })

  test('tells failures, and cuts with a reset', async () => {
    await using gateway = await passing(target(await closedPort()), limits, { tls: { cert, key } })
    const client = await session(gateway.port)
    const failed = await ask(client, { ':path': '/' })
    expect([failed.answer[':status'], failed.text]).toEqual([502, 'bad gateway: connection refused\n'])
    client.destroy()
    await using backend = await upstream((_req, res) => void res.write('part', () => res.destroy()))
    await using cutting = await passing(target(backend.port), limits, { tls: { cert, key } })
    const other = await session(cutting.port)
    const stream = other.request({ ':path': '/' }).on('error', () => {})
    stream.resume()
    await new Promise((resolve) => stream.once('close', resolve))
    expect(stream.rstCode).not.toBe(0)
    other.destroy()
  })

  test('a reset frees the upstream', async () => {
    await using backend = await upstream((req) => void req.resume())
    await using gateway = await passing(target(backend.port), limits, { tls: { cert, key } })
    const connections = promisify(backend.server.getConnections.bind(backend.server))
    const client = await session(gateway.port)
    const stream = client.request({ ':path': '/' }).on('error', () => {})
    await once(backend.server, 'request')
    stream.close(http2.constants.NGHTTP2_CANCEL)
    await eventually('the upstream’s socket is gone', async () => (await connections()) === 0)
    expect(await gateway.result()).toEqual({ kind: 'abandoned' })
    client.destroy()
  })
})

describe('an odd answer', () => {
  const odd: [string, string][] = [
    ['two Content-Types', '200 OK\r\nContent-Type: a/b\r\nContent-Type: c/d\r\nContent-Length: 2\r\n\r\nok'],
    ['two Dates', '200 OK\r\nDate: a\r\nDate: b\r\nContent-Length: 2\r\n\r\nok'],
    ['HTTP2-Settings', '200 OK\r\nHTTP2-Settings: x\r\nContent-Length: 2\r\n\r\nok'],
    ['TE', '200 OK\r\nTE: gzip\r\nContent-Length: 2\r\n\r\nok'],
    ['bytes over 0x7f', '200 \xdcber\r\nX-A: \xe4\xff\r\nContent-Length: 2\r\n\r\nok'],
    ['no reason', '200 \r\nContent-Length: 2\r\n\r\nok'],
    [
      'names of the prototype',
      '200 OK\r\n__proto__: 1\r\n__proto__: 2\r\nconstructor: 3\r\nContent-Length: 2\r\n\r\nok',
    ],
    ['odd names', "200 OK\r\n!#$%&'*+-.^_`|~: 1\r\nContent-Length: 2\r\n\r\nok"],
    ['an empty value', '200 OK\r\nX-A:\r\nContent-Length: 2\r\n\r\nok'],
    [
      'odd trailers',
      '200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\nConnection: close\r\nHTTP2-Settings: x\r\nA: 1\r\nA: 2\r\n__proto__: 1\r\n\r\n',
    ],
    ['a length and chunks’ end', '200 OK\r\nContent-Length: 2\r\nTrailer: X\r\n\r\nok'],
    ['2,000 headers', `200 OK\r\n${'A: b\r\n'.repeat(2000)}Content-Length: 2\r\n\r\nok`],
  ]
  test.each(odd)('with %s reaches the client, over HTTP/1.1 and HTTP/2', async (_, text) => {
    await using backend = await tcpServer((socket) =>
      socket.once('data', () => socket.end(`HTTP/1.1 ${text}`, 'latin1')),
    )
    await using gateway = await passing(target(backend.port), limits, { tls: { cert, key } })
    for (const ALPNProtocols of [['http/1.1'], ['h2']]) {
      const args = ALPNProtocols[0] === 'h2' ? '--http2' : '--http1.1'
      const { stdout } = await run('curl', ['-sk', args, `https://127.0.0.1:${gateway.port}/`])
      expect(stdout).toBe('ok')
    }
    expect(gateway.results).toEqual([
      { kind: 'answered', status: 200 },
      { kind: 'answered', status: 200 },
    ])
  })

  test.each([
    ['a control character in a value', '200 OK\r\nX-A: \x01\r\nContent-Length: 2\r\n\r\nok'],
    ['a control character in the reason', '200 O\x01K\r\nContent-Length: 2\r\n\r\nok'],
    ['a bare CR', '200 OK\r\nX-A: 1\rX-B: 2\r\nContent-Length: 2\r\n\r\nok'],
    ['two lengths', '200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\nok'],
    ['length and chunks', '200 OK\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n'],
    ['a body after a 304', '304 OK\r\nContent-Length: 2\r\n\r\nok'],
    ['a body after a 204', '204 OK\r\nContent-Length: 2\r\n\r\nok'],
    ['a head over the limit', `200 OK\r\nX-A: ${'x'.repeat(100_000)}\r\n\r\n`],
  ])('with %s ends in an answer or an end', async (_, text) => {
    await using backend = await tcpServer((socket) =>
      socket.once('data', () => socket.end(`HTTP/1.1 ${text}`, 'latin1')),
    )
    await using gateway = await passing(target(backend.port), limits, { tls: { cert, key } })
    for (const args of ['--http2', '--http1.1']) {
      await run('curl', ['-sk', '-m', '5', args, `https://127.0.0.1:${gateway.port}/`]).catch(
        (error) => error,
      )
    }
    await eventually('both are done', () => gateway.results.length === 2)
  })
})

describe('answerError', () => {
  test('answers who asks for it with JSON and headers, and leaves what is answered alone', async () => {
    await using host = await listenerHost({
      deps: {
        onRequest: (exchange) => {
          answerError(exchange, 503, 'no healthy upstream', [['Retry-After', '1']])
          answerError(exchange, 404, 'late')
        },
      },
    })
    const response = await fetch(`http://127.0.0.1:${host.port}`, asJson)
    expect([response.status, response.headers.get('retry-after'), await response.json()]).toEqual([
      503,
      '1',
      { error: { status: 503, message: 'no healthy upstream' } },
    ])
  })
})

/** Writes one byte every 20 ms until the socket is gone. */
function trickle(socket: net.Socket, text: string): void {
  let at = 0
  const timer = setInterval(() => socket.write(text[at++ % text.length]!), 20)
  socket.resume().on('close', () => clearInterval(timer))
}
