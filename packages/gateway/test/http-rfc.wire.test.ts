import { once } from 'node:events'
import http2 from 'node:http2'
import type net from 'node:net'
import {
  acceptKey,
  eventually,
  type H2Seen,
  h2Get,
  rawH2,
  runtime,
  startGateway,
  type TestGateway,
  tcpServer,
} from '@holdfast/testing'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { cert, dialListener, key, received, receives } from './listener-host.ts'
import { type Answer, recordingUpstream } from './recording-upstream.ts'
import { fieldValues, type StrictMessage, strictMessages } from './strict-http.ts'

const portOf = (gateway: TestGateway) => Number(new URL(gateway.url).port)

/** A gateway in front of an upstream that records. */
async function scene(answer?: Answer, init: object = {}) {
  const upstream = await recordingUpstream(answer)
  const gateway = await startGateway({ upstreams: [`http://127.0.0.1:${upstream.port}`], ...init })
  return {
    upstream,
    gateway,
    port: portOf(gateway),
    async [Symbol.asyncDispose]() {
      await gateway[Symbol.asyncDispose]()
      await upstream[Symbol.asyncDispose]()
    },
  }
}

/** Writes bytes and gives back all that comes until the connection ends. */
async function say(host: { port: number }, text: string): Promise<string> {
  const socket = await dialListener(host)
  socket.write(text, 'latin1')
  return await received(socket)
}

const names = (message: StrictMessage | undefined) => message!.fields.map(([name]) => name.toLowerCase())
const closing = 'Host: a\r\nConnection: close\r\n'

describe('what frames a request', () => {
  const inner = 'GET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n'
  test.each([
    'content-length',
    'Content-Length, close',
    'transfer-encoding, content-length',
    'host',
    'keep-alive, content-length, x-forwarded-for',
  ])('is not taken from it by Connection: %s', async (options) => {
    await using to = await scene()
    for (const [framing, body] of [
      [`Content-Length: ${inner.length}`, inner],
      ['Transfer-Encoding: chunked', `${inner.length.toString(16)}\r\n${inner}\r\n0\r\n\r\n`],
    ]) {
      for (const method of ['GET', 'POST', 'DELETE', 'PATCH']) {
        const socket = await dialListener(to)
        socket.write(
          `${method} /a HTTP/1.1\r\nHost: a.example\r\nConnection: ${options}\r\n${framing}\r\n\r\n${body}`,
        )
        await receives(socket, 'ok')
        socket.destroy()
        const request = to.upstream.requests.at(-1)!
        expect(request).toMatchObject({ start: `${method} /a HTTP/1.1`, body: inner })
        expect(fieldValues(request.fields, 'host')).toEqual(['a.example'])
        expect(fieldValues(request.fields, 'x-forwarded-for')).toEqual(['127.0.0.1'])
      }
    }
    expect(to.upstream.requests).toHaveLength(8)
    expect(to.upstream.faults).toEqual([])
  })

  test('is one request upstream, whatever fields and options come with it', async () => {
    await using to = await scene()
    const known = fc.constantFrom(
      'Content-Type',
      'Cookie',
      'TE',
      'Trailer',
      'Upgrade',
      'Keep-Alive',
      'Proxy-Connection',
      'X-Forwarded-For',
      'Forwarded',
      'Content_Length',
      'Transfer_Encoding',
      'X-A',
      'Holdfast-Session',
    )
    const value = fc.constantFrom(
      '',
      '5',
      'chunked',
      'trailers',
      'h2c',
      'a, b',
      'close',
      '"x',
      '\xff\xfe',
      'x-sum',
    )
    const option = fc.constantFrom(
      'content-length',
      'transfer-encoding',
      'host',
      'x-a',
      'te',
      'keep-alive',
      'cookie',
      '',
      ';',
    )
    const body = fc.constantFrom('', 'hello', inner, '0\r\n\r\n', '\r\n')
    const asked = fc.record({
      method: fc.constantFrom('GET', 'POST', 'PUT', 'DELETE', 'OPTIONS', 'PATCH', 'PROPFIND'),
      target: fc.constantFrom('/', '/a?b', '//c', '/%2e%2e/d', 'http://other.example/e'),
      fields: fc.array(fc.tuple(known, value), { maxLength: 6 }),
      options: fc.array(option, { maxLength: 4 }),
      body,
      framing: fc.constantFrom('length', 'chunks'),
    })
    await fc.assert(
      fc.asyncProperty(asked, async ({ method, target, fields, options, body, framing }) => {
        const before = to.upstream.requests.length
        const lines = fields.map(([name, text]) => `${name}: ${text}\r\n`).join('')
        const head = `${method} ${target} HTTP/1.1\r\nHost: a\r\n${lines}Connection: ${[...options, 'close'].join(',')}\r\n`
        const sent =
          framing === 'length'
            ? `${head}Content-Length: ${body.length}\r\n\r\n${body}`
            : `${head}Transfer-Encoding: chunked\r\n\r\n${body === '' ? '' : `${body.length.toString(16)}\r\n${body}\r\n`}0\r\n\r\n`
        const answer = await say(to, sent)
        expect(strictMessages(answer, { answerTo: [method], ended: true }).messages).toHaveLength(1)
        expect(answer).toMatch(/^HTTP\/1\.1 200 /)
        expect(to.upstream.faults).toEqual([])
        expect(to.upstream.requests).toHaveLength(before + 1)
        const path = target.replace('http://other.example', '')
        expect(to.upstream.requests[before]).toMatchObject({ start: `${method} ${path} HTTP/1.1`, body })
        const host = target === path ? 'a' : 'other.example'
        expect(fieldValues(to.upstream.requests[before]!.fields, 'host')).toEqual([host])
      }),
      { numRuns: 150 },
    )
  })

  test.each([
    ['GET', '', undefined, undefined],
    ['POST', '', '0', undefined],
    ['PATCH', '', '0', undefined],
    ['DELETE', '', undefined, undefined],
    ['GET', 'Content-Length: 0\r\n', '0', undefined],
    ['PUT', 'Transfer-Encoding: chunked\r\n', undefined, 'chunked'],
  ])('of %s with %o is what the upstream gets', async (method, framing, length, coding) => {
    await using to = await scene()
    const end = framing.startsWith('T') ? '0\r\n\r\n' : ''
    await say(to, `${method} / HTTP/1.1\r\n${closing}${framing}\r\n${end}`)
    const [request] = to.upstream.requests
    expect(fieldValues(request!.fields, 'content-length')[0]).toBe(length)
    expect(fieldValues(request!.fields, 'transfer-encoding')[0]).toBe(coding)
  })

  test('of a body that stops before its end stays open, so that nobody takes it for whole', async () => {
    for (const framing of [
      'Content-Length: 10\r\n\r\nhell',
      'Transfer-Encoding: chunked\r\n\r\n4\r\nhell\r\n',
    ]) {
      await using to = await scene()
      const socket = await dialListener(to)
      socket.write(`POST / HTTP/1.1\r\nHost: a\r\n${framing}`)
      await eventually('the beginning is there', () => to.upstream.bytes[0]?.includes('hell'))
      socket.destroy()
      await eventually('the upstream’s connection ends', () => to.upstream.server.sockets.size === 0)
      expect(to.upstream.requests).toEqual([])
      expect(to.upstream.bytes[0]).not.toContain('\r\n0\r\n')
    }
  })

  test.each([
    ['CANCEL', 8],
    ['NO_ERROR', 0],
    ['the end of its connection', undefined],
  ])('of an HTTP/2 stream that is reset with %s is not made whole', async (_, code) => {
    await using to = await scene(undefined, { listen: [{ tls: { cert, key } }] })
    const socket = await dialListener(to, { ALPNProtocols: ['h2'] })
    socket.resume()
    // POST https://a/ (RFC 7541, appendix A), and the beginning of a body.
    const headers = Buffer.from([0x83, 0x87, 0x84, 0x41, 0x01, 0x61])
    socket.write('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n')
    socket.write(
      Buffer.concat([h2Frame(4, 0, 0), h2Frame(1, 4, 1, headers), h2Frame(0, 0, 1, Buffer.from('hell'))]),
    )
    await eventually('the beginning is there', () => to.upstream.bytes[0]?.includes('hell'))
    if (code === undefined) socket.destroy()
    else socket.write(h2Frame(3, 0, 1, Buffer.from([0, 0, 0, code])))
    await eventually('the upstream’s connection ends', () => to.upstream.server.sockets.size === 0)
    expect(to.upstream.requests).toEqual([])
    expect(to.upstream.bytes[0]).not.toContain('\r\n0\r\n')
    socket.destroy()
  })
})

/** RFC 9113 4.1. */
function h2Frame(type: number, flags: number, stream: number, payload = Buffer.alloc(0)): Buffer {
  return Buffer.concat([Buffer.from([0, 0, payload.length, type, flags, 0, 0, 0, stream]), payload])
}

describe('bytes above 0x7f', () => {
  // Bun's HTTP server writes heads in UTF-8.
  test.skipIf(runtime().name === 'bun')('go through unchanged in fields and reasons', async () => {
    await using to = await scene(
      'HTTP/1.1 200 \xdcber\xff\r\nX-Mark: \xc3\xb6\xfe\r\nContent-Length: 2\r\n\r\nok',
    )
    for (const request of [
      `GET / HTTP/1.1\r\n${closing}X-Mark: \xf6\xc3\xb6\r\n\r\n`,
      `POST / HTTP/1.1\r\n${closing}X-Mark: \xf6\xc3\xb6\r\nContent-Length: 2\r\n\r\nab`,
      `POST / HTTP/1.1\r\n${closing}X-Mark: \xf6\xc3\xb6\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n0\r\n\r\n`,
    ]) {
      const answer = await say(to, request)
      expect(answer).toMatch(/^HTTP\/1\.1 200 \xdcber\xff\r\n/)
      expect(answer).toContain('\r\nX-Mark: \xc3\xb6\xfe\r\n')
      const got = to.upstream.requests.at(-1)!
      expect(fieldValues(got.fields, 'x-mark')).toEqual(['\xf6\xc3\xb6'])
    }
  })
})

describe('over HTTP/2', () => {
  test.skipIf(runtime().name === 'bun')('bytes above 0x7f go through unchanged too', async () => {
    await using to = await scene('HTTP/1.1 200 OK\r\nX-Mark: \xc3\xb6\xfe\r\nContent-Length: 2\r\n\r\nok', {
      listen: [{ tls: { cert, key } }],
    })
    const client = http2.connect(`https://127.0.0.1:${to.port}`, { rejectUnauthorized: false })
    const stream = client.request({ ':path': '/', 'x-mark': '\xf6\xc3' })
    const [answer] = (await once(stream, 'response')) as [http2.IncomingHttpHeaders]
    expect(answer['x-mark']).toBe('\xc3\xb6\xfe')
    expect(fieldValues(to.upstream.requests[0]!.fields, 'x-mark')).toEqual(['\xf6\xc3'])
    client.destroy()
  })
})

describe('interim answers', () => {
  const late = (socket: net.Socket, text: string) => void setImmediate(() => socket.write(text, 'latin1'))
  const final = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok'
  const hints =
    'HTTP/1.1 103 Early Hints\r\nLink: </a.css>; rel=preload\r\nX-A: \xe4\r\nConnection: X-B\r\nX-B: 1\r\n\r\n'

  test('reach an HTTP/1.1 client, without what is of one hop', async () => {
    await using to = await scene((_, socket) => {
      late(socket, final)
      return `HTTP/1.1 102 Processing\r\n\r\n${hints}`
    })
    const { interim, messages } = strictMessages(await say(to, `GET / HTTP/1.1\r\n${closing}\r\n`), {
      answerTo: ['GET'],
      ended: true,
    })
    expect(interim.map(({ start, fields }) => [start, fields])).toEqual([
      ['HTTP/1.1 102 Processing', []],
      [
        'HTTP/1.1 103 Early Hints',
        [
          ['Link', '</a.css>; rel=preload'],
          ['X-A', '\xe4'],
        ],
      ],
    ])
    expect(messages).toHaveLength(1)
  })

  test('do not reach one of HTTP/1.0', async () => {
    await using to = await scene((_, socket) => {
      late(socket, final)
      return hints
    })
    expect(await say(to, 'GET / HTTP/1.0\r\n\r\n')).toMatch(/^HTTP\/1\.1 200 /)
  })

  test('reach an HTTP/2 client', async () => {
    await using to = await scene(
      (_, socket) => {
        late(socket, final)
        return hints.replace('\xe4', 'a')
      },
      { listen: [{ tls: { cert, key } }] },
    )
    const client = http2.connect(`https://127.0.0.1:${to.port}`, { rejectUnauthorized: false })
    const stream = client.request({ ':path': '/' })
    const [early] = (await once(stream, 'headers')) as [http2.IncomingHttpHeaders]
    expect(early).toMatchObject({ ':status': 103, link: '</a.css>; rel=preload' })
    client.destroy()
  })

  test.skipIf(runtime().name === 'bun')('are not kept for an HTTP/2 client that does not read', async () => {
    const sent = 20_000
    let written = false
    await using to = await scene(
      (_, socket) => {
        const hint = (i: number) => `HTTP/1.1 103 Early Hints\r\nX-N: ${i}${'x'.repeat(1000)}\r\n\r\n`
        socket.write(Array.from({ length: sent }, (_, i) => hint(i)).join(''), () => {
          written = true
          socket.write(final)
        })
        return undefined
      },
      { listen: [{ tls: { cert, key } }] },
    )
    await using h2 = await rawH2(`https://127.0.0.1:${to.port}`)
    h2.write(h2Get(1))
    h2.read(false)
    await eventually('all are with the gateway', () => written)
    h2.read(true)
    const isData = ({ type, stream }: H2Seen) => type === 0 && stream === 1
    const seen = await h2.until('the answer', (all) => all.some(isData) && all)
    expect(seen.filter(({ type }) => type === 1).length).toBeLessThan(sent / 2)
  })

  test('that nobody asked for, a 100, is not handed on', async () => {
    await using to = await scene((_, socket) => {
      late(socket, final)
      return 'HTTP/1.1 100 Continue\r\n\r\n'
    })
    expect(await say(to, `GET / HTTP/1.1\r\n${closing}\r\n`)).toMatch(/^HTTP\/1\.1 200 /)
  })
})

describe('an answer', () => {
  test.each([
    ['two lengths that differ', 'Content-Length: 2\r\nContent-Length: 3\r\n\r\nok', 502],
    ['two lengths that agree', 'Content-Length: 2\r\nContent-Length: 2\r\n\r\nok', 502],
    ['a list of lengths', 'Content-Length: 2, 2\r\n\r\nok', 502],
    ['length and chunks', 'Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n', 502],
    ['a length that is no number', 'Content-Length: +2\r\n\r\nok', 502],
    ['a coding that is not known', 'Transfer-Encoding: gzip, chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n', 502],
    ['a coding that is not chunked', 'Transfer-Encoding: gzip\r\n\r\nok', 502],
    ['a folded line', 'X-A: 1\r\n 2\r\nContent-Length: 2\r\n\r\nok', 502],
    ['one length', 'Content-Length: 2\r\n\r\nok', 200],
    ['chunks', 'Transfer-Encoding: CHUNKED\r\n\r\n2\r\nok\r\n0\r\n\r\n', 200],
  ])('with %s is %s', async (_, text, status) => {
    await using backend = await tcpServer((socket) =>
      socket.once('data', () => socket.end(`HTTP/1.1 200 OK\r\n${text}`, 'latin1')),
    )
    await using gateway = await startGateway({ upstreams: [`http://127.0.0.1:${backend.port}`] })
    const answer = await say({ port: portOf(gateway) }, `GET / HTTP/1.1\r\n${closing}\r\n`)
    expect(answer.slice(0, 12)).toBe(`HTTP/1.1 ${status}`)
    expect(strictMessages(answer, { answerTo: ['GET'], ended: true }).rest).toBe('')
  })

  const cuts: [string, string, 'end' | 'reset'][] = [
    ['with a length', 'Content-Length: 10\r\n\r\npart', 'end'],
    ['in chunks', 'Transfer-Encoding: chunked\r\n\r\n4\r\npart\r\n', 'end'],
    ['inside a chunk', 'Transfer-Encoding: chunked\r\n\r\n9\r\npart', 'end'],
    ['inside its trailers', 'Transfer-Encoding: chunked\r\n\r\n4\r\npart\r\n0\r\nX-A: 1\r\n', 'end'],
    ['that ends with its connection', '\r\npart', 'reset'],
  ]
  test.each(cuts)('%s that is cut is seen to be cut, by every client', async (_, text, how) => {
    await using backend = await tcpServer((socket) => {
      socket.once('data', () => {
        socket.write(`HTTP/1.1 200 OK\r\n${text}`)
        // Once the client has seen the beginning.
        socket.once('holdfast-cut' as 'end', () => (how === 'end' ? socket.end() : socket.resetAndDestroy()))
      })
    })
    const cut = () => {
      for (const socket of backend.sockets) socket.emit('holdfast-cut')
    }
    await using gateway = await startGateway({
      listen: [{}, { tls: { cert, key } }],
      upstreams: [`http://127.0.0.1:${backend.port}`],
    })
    for (const version of ['1.1', '1.0']) {
      const socket = await dialListener({ port: portOf(gateway) })
      let error: Error | undefined
      socket.on('error', (found) => {
        error = found
      })
      socket.write(`GET / HTTP/${version}\r\nHost: a\r\n\r\n`)
      const begun = await receives(socket, 'part')
      cut()
      const all = begun + (await received(socket))
      if (version === '1.0' && !text.startsWith('Content-Length'))
        expect(error).toMatchObject({ code: 'ECONNRESET' })
      else {
        const { messages } = strictMessages(all, { answerTo: ['GET'], ended: false })
        expect(messages).toEqual([])
      }
    }
    const client = http2.connect(gateway.urls[1]!.replace('wss', 'https'), { rejectUnauthorized: false })
    client.on('error', () => {})
    const stream = client.request({ ':path': '/' }).on('error', () => {})
    await once(stream, 'data')
    cut()
    await new Promise((resolve) => stream.once('close', resolve))
    expect(stream.rstCode).not.toBe(0)
    client.destroy()
  })

  test('that ends with its connection in order is whole', async () => {
    await using backend = await tcpServer((socket) =>
      socket.once('data', () => socket.end('HTTP/1.0 200 OK\r\n\r\nwhole')),
    )
    await using gateway = await startGateway({ upstreams: [`http://127.0.0.1:${backend.port}`] })
    const answer = await say({ port: portOf(gateway) }, `GET / HTTP/1.1\r\n${closing}\r\n`)
    expect(strictMessages(answer, { answerTo: ['GET'], ended: true }).messages).toMatchObject([
      { body: 'whole', framing: 'chunks' },
    ])
  })

  test('that comes unasked is nobody’s', async () => {
    const poison = 'HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\npoison'
    let sockets = 0
    await using backend = await tcpServer((socket) => {
      sockets++
      socket.on('data', () => socket.write('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok'))
    })
    await using gateway = await startGateway({ upstreams: [`http://127.0.0.1:${backend.port}`] })
    for (let i = 1; i < 4; i++) {
      expect(await say({ port: portOf(gateway) }, `GET / HTTP/1.1\r\n${closing}\r\n`)).toMatch(/\r\n\r\nok$/)
      for (const socket of backend.sockets) socket.write(poison)
      await eventually('the connection that spoke is gone', () => backend.sockets.size === 0)
      expect(sockets).toBe(i)
    }
  })

  test('of 426 says what to upgrade to, of 204 has no length, and has a Date', async () => {
    await using to = await scene(({ start }) =>
      start.includes('/426')
        ? 'HTTP/1.1 426 Upgrade Required\r\nContent-Length: 0\r\n\r\n'
        : 'HTTP/1.1 204 No Content\r\nContent-Length: 0\r\n\r\n',
    )
    const required = await say(to, `GET /426 HTTP/1.1\r\n${closing}\r\n`)
    expect(required).toMatch(/\r\nUpgrade: websocket\r\n/)
    const [none] = strictMessages(await say(to, `GET /204 HTTP/1.1\r\n${closing}\r\n`), {
      answerTo: ['GET'],
    }).messages
    expect(names(none)).toContain('date')
    expect(names(none)).not.toContain('content-length')
  })
})

describe('trailers', () => {
  const answer =
    'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\nX-Sum: 1\r\nContent-Type: a/b\r\nSet-Cookie: a\r\n\r\n'
  const asked = (lines: string) => `GET / HTTP/1.1\r\nHost: a\r\n${lines}\r\n`

  // Bun's HTTP server writes none.
  test.skipIf(runtime().name === 'bun')(
    'of an answer reach a client that takes them, less what may not stand there',
    async () => {
      await using to = await scene(answer)
      const [message] = strictMessages(await say(to, asked('TE: trailers\r\nConnection: TE, close\r\n')), {
        answerTo: ['GET'],
      }).messages
      expect(message!.trailers).toEqual([['x-sum', '1']])
      expect(fieldValues(to.upstream.requests[0]!.fields, 'te')).toEqual(['trailers'])
    },
  )

  test('of an answer that announces none do not reach others', async () => {
    await using to = await scene(answer)
    const [message] = strictMessages(await say(to, asked('Connection: close\r\n')), {
      answerTo: ['GET'],
    }).messages
    expect(message!.trailers).toEqual([])
    expect(names(to.upstream.requests[0])).not.toContain('te')
  })

  test('of a request go on when they are announced, less what may not stand there', async () => {
    await using to = await scene()
    await say(
      to,
      `POST / HTTP/1.1\r\n${closing}Trailer: X-Sum, Content-Type, X-Forwarded-For, X_Forwarded_For\r\n` +
        'Transfer-Encoding: chunked\r\n\r\n2\r\nab\r\n0\r\nX-Sum: \xe4\r\nX-Other: 2\r\nContent-Type: a/b\r\n' +
        'X-Forwarded-For: 6.6.6.6\r\nX_Forwarded_For: 6.6.6.6\r\n\r\n',
    )
    const [request] = to.upstream.requests
    expect(request!.trailers).toEqual([['X-Sum', '\xe4']])
    expect(fieldValues(request!.fields, 'trailer')).toEqual(['x-sum'])
  })
})

describe('several requests in one write', () => {
  const upgrading = `GET /last HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ${'A'.repeat(22)}==\r\n\r\n`
  const ask = (path: string, lines = '') => `GET ${path} HTTP/1.1\r\nHost: a\r\n${lines}\r\n`
  const answered = (path: string) => `HTTP/1.1 200 OK\r\nContent-Length: ${path.length}\r\n\r\n${path}`

  test('are served one after another, and answered in order', async () => {
    let waiting: net.Socket | undefined
    await using to = await scene((_, socket) => {
      expect(waiting).toBeUndefined()
      waiting = socket
      return undefined
    })
    const socket = await dialListener(to)
    socket.write(
      `${ask('/1')}${ask('/2')}POST /3 HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nab${ask('/4', 'Connection: close\r\n')}`,
    )
    const all = received(socket)
    for (const path of ['/1', '/2', '/3', '/4']) {
      await eventually(`${path} is at the upstream`, () => to.upstream.requests.at(-1)?.start.includes(path))
      const now = waiting!
      waiting = undefined
      now.write(answered(path))
    }
    const { messages } = strictMessages(await all, { answerTo: ['GET', 'GET', 'POST', 'GET'] })
    expect(messages.map(({ body }) => body)).toEqual(['/1', '/2', '/3', '/4'])
  })

  test('may offer another protocol, each of them', async () => {
    const large = 'x'.repeat(3_000_000)
    await using to = await scene(({ start, body }) => {
      const text = start.startsWith('GET /1 ') ? large : `${start.split(' ')[1]} ${body}`
      return `HTTP/1.1 200 OK\r\nContent-Length: ${text.length}\r\n\r\n${text}`
    })
    const offer = 'Upgrade: h2c\r\nHTTP2-Settings: AAMAAABkAARAAAAAAAIAAAAA\r\n'
    const socket = await dialListener(to)
    socket.write(
      `${ask('/1', `${offer}Connection: Upgrade, HTTP2-Settings\r\n`)}${ask('/2')}${ask('/3', `${offer}Connection: Upgrade\r\n`)}` +
        `POST /4 HTTP/1.1\r\nHost: a\r\n${offer}Connection: Upgrade, HTTP2-Settings, close\r\nContent-Length: 2\r\n\r\nab`,
    )
    const { messages } = strictMessages(await received(socket), { answerTo: ['GET', 'GET', 'GET', 'POST'] })
    expect(messages.map(({ body }) => (body.length > 100 ? body.length : body))).toEqual([
      large.length,
      '/2 ',
      '/3 ',
      '/4 ab',
    ])
    for (const request of to.upstream.requests) expect(names(request)).not.toContain('upgrade')
  })

  test.skipIf(runtime().name === 'bun')('may offer another protocol a hundred times', async () => {
    await using to = await scene(() => 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok')
    const socket = await dialListener(to)
    const offered = ask('/again', 'Upgrade: h2c\r\nConnection: Upgrade, keep-alive\r\n')
    socket.write(offered.repeat(150))
    const { messages } = strictMessages(await received(socket), { answerTo: Array(100).fill('GET') })
    expect(messages).toHaveLength(100)
    const closing = messages.map(({ fields }) =>
      fields.some(([name, value]) => /^connection$/i.test(name) && value === 'close'),
    )
    expect(closing).toEqual([...Array(99).fill(false), true])
    expect(to.upstream.requests).toHaveLength(100)
  })

  test.skipIf(runtime().name === 'bun').each([
    ['a WebSocket handshake', upgrading, 'HTTP/1.1 101 Switching Protocols', 'hello'],
    [
      'a handshake that is refused',
      upgrading.replace(': 13', ': 8'),
      'HTTP/1.1 426 Upgrade Required',
      'must be 13',
    ],
    [
      'a handshake in HTTP/2.0',
      upgrading.replace('/1.1', '/2.0'),
      'HTTP/1.1 505 HTTP Version',
      'served here',
    ],
    ['a CONNECT', 'CONNECT a:80 HTTP/1.1\r\nHost: a:80\r\n\r\n', 'HTTP/1.1 405 Method', 'not served'],
  ])('may end with %s, which gets its answer in its turn', async (_, last, status, rest) => {
    const large = 'x'.repeat(3_000_000)
    await using to = await scene(({ start, fields }, socket) => {
      if (start.startsWith('GET /last ')) {
        const accept = acceptKey(fieldValues(fields, 'sec-websocket-key')[0]!)
        return `HTTP/1.1 101 X\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\n\r\n\x81\x05hello`
      }
      const body = start.startsWith('GET /1 ') ? large : 'two'
      setImmediate(() => socket.write(`HTTP/1.1 200 OK\r\nContent-Length: ${body.length}\r\n\r\n${body}`))
      return undefined
    })
    const socket = await dialListener(to)
    socket.write(`${ask('/1')}${ask('/2')}${last}`)
    const text = await receives(socket, rest)
    const [, first, second] = text.split(/HTTP\/1\.1 200 OK\r\n/)
    expect(first).toContain(large)
    expect(second!.slice(second!.indexOf('two') + 3)).toContain(status)
    socket.destroy()
  })

  test('are not read without end while the first has no answer', async () => {
    await using to = await scene(() => undefined)
    const socket = await dialListener(to)
    let sent = 0
    const many = ask('/a').repeat(5_000)
    const more = () => {
      while (sent < 200e6 && socket.write(many)) sent += many.length
    }
    socket.on('drain', more)
    more()
    await eventually('the first is at the upstream', () => to.upstream.requests.length === 1)
    const seen: number[] = []
    await eventually('the client is stopped', () => seen.push(sent) > 1 && seen.at(-2) === sent, {
      every: 200,
    })
    expect(sent).toBeLessThan(50e6)
    expect(to.upstream.requests).toHaveLength(1)
    socket.destroy()
  })

  test('end with one that is refused, or that says close', async () => {
    await using to = await scene()
    for (const [last, status] of [
      [ask('/last', 'Host: b\r\n'), 400],
      [ask('/last', 'Connection: close\r\n'), 200],
      [ask('/last', 'Expect: x\r\n'), 417],
    ] as const) {
      const text = await say(to, `${ask('/1')}${last}${ask('/never')}`)
      const { messages, rest } = strictMessages(text, { answerTo: ['GET', 'GET'], ended: true })
      expect(messages.map(({ start }) => Number(start.split(' ')[1]))).toEqual([200, status])
      expect(rest).toBe('')
    }
    expect(to.upstream.requests.map(({ start }) => start)).not.toContain('GET /never HTTP/1.1')
  })

  test('are answered before what follows them is refused', async () => {
    const slow: net.Socket[] = []
    await using to = await scene((_, socket) => void slow.push(socket))
    const socket = await dialListener(to)
    socket.write(`${ask('/1')}\x01garbage\r\n\r\n`)
    await eventually('the first is at the upstream', () => slow.length === 1)
    slow[0]!.write(answered('/1'))
    const { messages } = strictMessages(await received(socket), { answerTo: ['GET', 'GET'], ended: true })
    expect(messages.map(({ start }) => start.split(' ')[1])).toEqual(['200', '400'])
  })

  test('a body that is not framed as it says is told so, and never whole upstream', async () => {
    await using to = await scene()
    const text = await say(
      to,
      'POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhell\r\nxyz\r\n',
    )
    expect(text).toMatch(/^HTTP\/1\.1 400 .*connection: close/is)
    await eventually('the upstream’s connection ends', () => to.upstream.server.sockets.size === 0)
    expect(to.upstream.requests).toEqual([])
  })

  test('a client that leaves takes those that wait with it', async () => {
    await using to = await scene(() => undefined)
    const socket = await dialListener(to)
    socket.write(ask('/1') + ask('/2') + ask('/3'))
    await eventually('the first is at the upstream', () => to.upstream.requests.length === 1)
    socket.destroy()
    await eventually('the upstream’s connection ends', () => to.upstream.server.sockets.size === 0)
    expect(to.upstream.requests).toHaveLength(1)
  })
})

describe('fields', () => {
  test('that CGI would take for the gateway’s own do not go on', async () => {
    await using to = await scene()
    const odd = [
      'X_Forwarded_For',
      'x-forwarded_for',
      'Sec_WebSocket_Key',
      'Holdfast_Reattach',
      'Content_Length',
      'Transfer_Encoding',
      'X.Real.IP',
    ]
    await say(
      to,
      `GET / HTTP/1.1\r\n${closing}${odd.map((name) => `${name}: 1\r\n`).join('')}X_Mine: 1\r\n\r\n`,
    )
    expect(names(to.upstream.requests[0])).toEqual([
      'host',
      'connection',
      'x_mine',
      'x-forwarded-for',
      'x-forwarded-proto',
      'x-forwarded-host',
      'forwarded',
    ])
  })

  test('of one hop do not go on, and those that Connection names', async () => {
    await using to = await scene()
    await say(
      to,
      'GET / HTTP/1.1\r\nHost: a\r\nConnection: close, X-Hop, Cookie\r\nX-Hop: 1\r\nCookie: a=1\r\nKeep-Alive: 5\r\nProxy-Connection: x\r\n' +
        'Proxy-Authorization: x\r\nProxy: x\r\nTE: gzip\r\nUpgrade: h2c\r\nHTTP2-Settings: x\r\n\r\n',
    )
    expect(names(to.upstream.requests[0])).toEqual([
      'host',
      'connection',
      'cookie',
      'x-forwarded-for',
      'x-forwarded-proto',
      'x-forwarded-host',
      'forwarded',
    ])
  })

  test('Max-Forwards is counted for OPTIONS and TRACE alone', async () => {
    await using to = await scene()
    for (const [method, hops] of [
      ['OPTIONS', '3'],
      ['GET', '3'],
      ['OPTIONS', '0'],
    ]) {
      await say(to, `${method} / HTTP/1.1\r\n${closing}Max-Forwards: ${hops}\r\n\r\n`)
    }
    expect(to.upstream.requests.map(({ fields }) => fieldValues(fields, 'max-forwards')[0])).toEqual([
      '2',
      '3',
    ])
  })

  test('Host is the authority of a target in absolute form, and the upstream’s own for a client that names none', async () => {
    await using to = await scene()
    await say(to, `GET http://b.example:8080/x HTTP/1.1\r\n${closing}\r\n`)
    await say(to, 'GET /y HTTP/1.0\r\n\r\n')
    expect(to.upstream.requests.map(({ start, fields }) => [start, fieldValues(fields, 'host')[0]])).toEqual([
      ['GET /x HTTP/1.1', 'b.example:8080'],
      ['GET /y HTTP/1.1', `127.0.0.1:${to.upstream.port}`],
    ])
  })
})

describe('a quiet answer', () => {
  test('is ended by timeouts.idle, and a request without an answer by timeouts.response; a reload changes them', async () => {
    const init = (timeouts: object) => ({ upstreams: [`http://127.0.0.1:${backend.port}`], timeouts })
    await using backend = await tcpServer((socket) =>
      socket.on('data', (chunk) => {
        if (!chunk.includes('/silent'))
          socket.write('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n')
      }),
    )
    await using gateway = await startGateway(init({}))
    const ask = async (path: string) => {
      const socket = await dialListener({ port: portOf(gateway) })
      socket.write(`GET ${path} HTTP/1.1\r\nHost: a\r\n\r\n`)
      return socket
    }
    const quiet = await ask('/quiet')
    await receives(quiet, '1\r\na')
    await gateway.reload(init({ idle: 50, response: 50 }))
    const ended = await ask('/quiet')
    expect(await received(ended)).toMatch(/1\r\na\r\n$/)
    expect(await receives(await ask('/silent'), 'no answer')).toMatch(
      /^HTTP\/1\.1 504 .*no answer in 0\.1 s/s,
    )
    // What began before the reload goes on.
    expect(quiet.destroyed).toBe(false)
    quiet.destroy()
  })
})

describe('a WebSocket handshake', () => {
  const handshake = (lines: string, options: string) =>
    `GET /ws HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade${options}\r\nSec-WebSocket-Version: 13\r\n` +
    `Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n${lines}\r\n`

  test('loses nothing of its own when Connection names it, and its refusal is handed on as it is', async () => {
    await using to = await scene(
      'HTTP/1.1 404 Nicht \xfcberall\r\nX-Mark: \xe4\r\nContent-Length: 2\r\n\r\nno',
    )
    const named = [
      'host',
      'upgrade',
      'connection',
      'sec-websocket-key',
      'sec-websocket-version',
      'sec-websocket-protocol',
      'origin',
      'cookie',
      'x-forwarded-for',
      'x-hop',
    ]
    const lines =
      'Sec-WebSocket-Protocol: chat\r\nOrigin: http://a\r\nCookie: a=1\r\nX-Hop: 1\r\nTE: trailers\r\nExpect: 100-continue\r\n' +
      'X_Forwarded_For: 6.6.6.6\r\nX-Mark: \xf6\r\n'
    const answer = await say(to, handshake(lines, named.map((name) => `, ${name}`).join('')))
    expect(answer).toMatch(/^HTTP\/1\.1 404 Nicht \xfcberall\r\n.*X-Mark: \xe4\r\n/s)
    expect(to.upstream.faults).toEqual([])
    expect(to.upstream.requests).toHaveLength(1)
    expect(names(to.upstream.requests[0])).toEqual([
      'host',
      'connection',
      'upgrade',
      'sec-websocket-version',
      'sec-websocket-key',
      'sec-websocket-protocol',
      'origin',
      'cookie',
      'x-mark',
      'x-forwarded-for',
      'x-forwarded-proto',
      'x-forwarded-host',
      'forwarded',
    ])
    expect(fieldValues(to.upstream.requests[0]!.fields, 'x-mark')).toEqual(['\xf6'])
  })

  test.each([
    'Content-Length: 5\r\n',
    'Transfer-Encoding: chunked\r\n',
    'Content-Length: 0\r\nContent-Length: 0\r\n',
  ])('with %o is refused, though Connection names the field', async (framing) => {
    await using to = await scene()
    expect(await say(to, handshake(framing, ', content-length, transfer-encoding'))).toMatch(
      /^HTTP\/1\.1 400 /,
    )
    expect(to.upstream.requests).toEqual([])
  })
})
