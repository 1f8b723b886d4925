import http from 'node:http'
import { Duplex } from 'node:stream'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { readHttpHead } from '../src/http/http-head.ts'
import { readHandshake } from '../src/listen/http1-head.ts'

const most = 16 * 1024
const latin1 = (text: string) => Buffer.from(text, 'latin1')

/** A stream that gives these bytes and takes all. */
function streamOf(bytes: Buffer): Duplex {
  const stream = new Duplex({ read() {}, write: (_chunk, _encoding, done) => done() })
  stream.push(bytes)
  return stream
}

interface Parsed {
  start: string
  rawHeaders: string[]
}

/** What Node's parser (llhttp) makes of a request; undefined when it refuses it or wants more. */
function requestByNode(bytes: Buffer): Promise<Parsed | undefined> {
  return new Promise((resolve) => {
    const server = http.createServer({ maxHeaderSize: most })
    server.maxHeadersCount = 0
    const take = ({ method, url, httpVersion, rawHeaders }: http.IncomingMessage) =>
      resolve({ start: `${method} ${url} HTTP/${httpVersion}`, rawHeaders })
    server.on('request', take).on('upgrade', take)
    server.on('clientError', () => resolve(undefined))
    const stream = streamOf(bytes)
    stream.push(null)
    stream.on('end', () => setImmediate(() => resolve(undefined)))
    server.emit('connection', stream)
  })
}

function answerByNode(bytes: Buffer): Promise<Parsed | undefined> {
  return new Promise((resolve) => {
    const request = http.request({ createConnection: () => streamOf(bytes), maxHeaderSize: most })
    const take = ({ statusCode, statusMessage, httpVersion, rawHeaders }: http.IncomingMessage) =>
      resolve({ start: `HTTP/${httpVersion} ${statusCode} ${statusMessage}`, rawHeaders })
    request.on('upgrade', take).on('response', take)
    request.on('error', () => resolve(undefined))
    request.end()
  })
}

const request = (...lines: string[]) =>
  ['GET /ws HTTP/1.1', 'Host: a', 'Upgrade: websocket', 'Connection: Upgrade', ...lines, '', ''].join('\r\n')

describe('a head that is beyond doubt', () => {
  test('is read whole, with what stands behind it left alone', () => {
    const text = request('X: \t a  b\t ', 'Y:', 'Z:c', "!#$%&'*+-.^_`|~09azAZ: \x80\xff")
    expect(readHttpHead(latin1(`${text}frames`), most)).toEqual({
      start: 'GET /ws HTTP/1.1',
      rawHeaders: [
        ...['Host', 'a', 'Upgrade', 'websocket', 'Connection', 'Upgrade'],
        ...['X', 'a  b', 'Y', '', 'Z', 'c', "!#$%&'*+-.^_`|~09azAZ", '\x80\xff'],
      ],
      length: text.length,
    })
    expect(readHttpHead(latin1('GET / HTTP/1.1\r\n\r\n'), most)).toMatchObject({ rawHeaders: [] })
  })

  test('has at most `maxBytes`', () => {
    const text = request()
    expect(readHttpHead(latin1(text), text.length)).toBeDefined()
    expect(readHttpHead(latin1(text), text.length - 1)).toBeUndefined()
  })
})

const doubtful: [what: string, text: string][] = [
  ['a folded line (obs-fold)', request('X: a', ' b')],
  ['a folded line with a tab', request('X: a', '\tb')],
  ['blanks before the colon', request('X : a')],
  ['a tab before the colon', request('X\t: a')],
  ['no colon', request('X')],
  ['no name', request(': a')],
  ['a line of blanks', request('  ')],
  ['a bare LF in a value', request('X: a\nY: b')],
  ['a bare LF as the end of a line', request().replace('Host: a\r\n', 'Host: a\n')],
  ['a bare CR in a value', request('X: a\rb')],
  ['two CR', request('X: a\r')],
  ['NUL in a value', request('X: a\0b')],
  ['NUL in a name', request('X\0: a')],
  ['DEL in a value', request('X: a\x7f')],
  ['an escape in a value', request('X: \x1b[2J')],
  ['a byte over 127 in a name', request('X\xe9: a')],
  ['quotes in a name', request('"X": a')],
  ['a bracket in a name', request('X(: a')],
  ['an empty line first', `\r\n${request()}`],
  ['a blank first', ` ${request()}`],
  ['a tab in the first line', request().replace('GET /ws', 'GET\t/ws')],
  ['NUL in the first line', request().replace('/ws', '/\0ws')],
  ['no empty line', request().slice(0, -2)],
  ['nothing', ''],
]

test.each(doubtful)('a head with %s is left to Node', (_, text) => {
  expect(readHttpHead(latin1(text), most)).toBeUndefined()
})

describe('llhttp accepts what is accepted here, and reads the same fields', () => {
  const piece = fc.oneof(
    {
      weight: 6,
      arbitrary: fc.constantFrom('a', 'X', 'host', 'close', 'websocket', 'Upgrade', 'b c', '0', '='),
    },
    { weight: 4, arbitrary: fc.constantFrom(' ', '\t', ':', ',', ';', '"', '-', '_', '%') },
    {
      weight: 1,
      arbitrary: fc.constantFrom('\r', '\n', '\r\n', '\r\n ', '\r\n\t', '\0', '\x7f', '\x1b', '\x0b'),
    },
    { weight: 2, arbitrary: fc.integer({ min: 0, max: 255 }).map((byte) => String.fromCharCode(byte)) },
  )
  const text = (maxLength: number) => fc.array(piece, { maxLength }).map((pieces) => pieces.join(''))
  const usual = fc.constantFrom('X-A', 'Cookie', 'Origin', 'Sec-WebSocket-Key', 'Forwarded')
  const line = fc
    .tuple(fc.oneof(usual, text(2)), fc.constantFrom(':', ': ', ' :', ''), text(6))
    .map((parts) => parts.join(''))
  const lines = fc.array(line, { maxLength: 5 })
  const target = fc.oneof(
    fc.constant('/ws'),
    text(4).map((rest) => `/${rest}`),
  )

  test('requests', async () => {
    let accepted = 0
    await fc.assert(
      fc.asyncProperty(lines, target, async (own, path) => {
        const bytes = latin1(request(...own).replace('/ws', () => path))
        const here = readHandshake(bytes)
        if (!here) return
        accepted++
        const there = await requestByNode(bytes)
        expect(there).toEqual({ start: `GET ${here.url} HTTP/1.1`, rawHeaders: here.rawHeaders })
      }),
      { numRuns: 3000 },
    )
    expect(accepted).toBeGreaterThan(100)
  })

  test('answers', async () => {
    const reason = fc.oneof(fc.constant('Switching Protocols'), text(3))
    let accepted = 0
    await fc.assert(
      fc.asyncProperty(lines, reason, async (own, words) => {
        const head = [`HTTP/1.1 101 ${words}`, 'Upgrade: websocket', 'Connection: Upgrade', ...own, '', '']
        const bytes = latin1(head.join('\r\n'))
        const here = readHttpHead(bytes, most)
        if (!here?.start.startsWith('HTTP/1.1 101 ')) return
        accepted++
        const there = await answerByNode(bytes)
        expect(there).toEqual({ start: here.start, rawHeaders: here.rawHeaders })
      }),
      { numRuns: 3000 },
    )
    expect(accepted).toBeGreaterThan(100)
  })
})
