// What a stranger may write to a listener, whole or in pieces, and when.
import { h2Connect, h2Fields, h2Frame, h2Get, h2Reset } from '@holdfast/testing'
import fc from 'fast-check'

/** How a connection begins: in clear text, with TLS by these ALPN names, or with bytes of its own on a TLS listener. */
export type Way = 'plain' | 'proxy' | 'admin' | 'tls' | 'tls-none' | 'tls-h1' | 'tls-h2'

/** What happens between two pieces. */
export type Step = 'turn' | 'pause' | 'resume' | 'end' | 'reset'

export interface HostileCase {
  way: Way
  bytes: Buffer
  /** Where the bytes are cut, as shares of their length, and what happens there. */
  steps: { at: number; step: Step }[]
  last: 'end' | 'reset' | 'leave'
}

const latin1 = (text: string) => Buffer.from(text, 'latin1')
const anyBytes = fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes))
const noise = fc.string({ unit: 'binary', maxLength: 30 })

const method = fc.constantFrom(
  'GET',
  'GET',
  'GET',
  'POST',
  'HEAD',
  'PUT',
  'OPTIONS',
  'TRACE',
  'CONNECT',
  'PRI',
  'SOURCE',
  'QUERY',
  'get',
  '',
  'M-SEARCH',
  'PROPFIND',
)
const target = fc.oneof(
  { weight: 4, arbitrary: fc.constantFrom('/', '/ws', '/held', '/echo', '/?a=1') },
  { weight: 4, arbitrary: fc.nat(40).map((answer) => `/answer/${answer}`) },
  {
    weight: 1,
    arbitrary: fc.constantFrom(
      '*',
      '//',
      '/%00',
      '/a/../b',
      'http://a/ws',
      'a:80',
      'ws://a/',
      '/#a',
      `/${'x'.repeat(20_000)}`,
      '',
    ),
  },
  { weight: 1, arbitrary: noise },
)
const version = fc.constantFrom(
  'HTTP/1.1',
  'HTTP/1.1',
  'HTTP/1.1',
  'HTTP/1.1',
  'HTTP/1.0',
  'HTTP/2.0',
  'HTTP/0.9',
  'HTTP/3.0',
  'HTTP/1.2',
  'HTTP/11.1',
  'HTTP/2',
  'RTSP/1.0',
  'ICE/1.0',
  'http/1.1',
  '',
)
const values: Record<string, string[]> = {
  Host: ['a', 'a:80', '', '[::1]', 'a, b', '[', 'a:99999'],
  Connection: [
    'Upgrade',
    'upgrade, close',
    'close',
    'keep-alive',
    'content-length',
    'TE',
    'host',
    'Upgrade, HTTP2-Settings',
  ],
  Upgrade: ['websocket', 'websocket', 'h2c', 'foo/1', 'websocket, h2c', ''],
  'Sec-WebSocket-Key': ['AAAAAAAAAAAAAAAAAAAAAA==', 'AA==', ''],
  'Sec-WebSocket-Version': ['13', '12', '13, 8', ''],
  'Sec-WebSocket-Protocol': ['a', 'a, a', 'a, b', ',', 'a b'],
  'Sec-WebSocket-Extensions': [
    'permessage-deflate',
    'permessage-deflate; client_max_window_bits',
    'x; a="',
    ';',
  ],
  'Content-Length': ['0', '5', '5, 5', '5,6', '-1', '+5', '99999999999999999999', '0x5', ''],
  'Transfer-Encoding': ['chunked', 'gzip', 'chunked, chunked', 'gzip, chunked', 'identity', ''],
  Expect: ['100-continue', 'a', ''],
  TE: ['trailers', 'gzip;q=0.5'],
  Trailer: ['a', 'content-length', 'host'],
  Origin: ['https://a', 'null'],
  'X-Forwarded-For': ['1.1.1.1', 'a', '::1, 2.2.2.2'],
  Forwarded: ['for=1.1.1.1', 'for="', 'for=_x;proto=https;by='],
  'Max-Forwards': ['0', '5', 'a'],
  'HTTP2-Settings': ['AAMAAABk', ''],
  Cookie: ['a=1', ';=', '"'],
  Range: ['bytes=0-', 'x'],
}
const field = fc.oneof(
  {
    weight: 12,
    arbitrary: fc.constantFrom(
      ...Object.entries(values).flatMap(([name, all]) => all.map((value) => `${name}: ${value}`)),
    ),
  },
  { weight: 1, arbitrary: fc.tuple(noise, noise).map(([name, value]) => `${name}: ${value}`) },
  {
    weight: 1,
    arbitrary: fc.constantFrom(`X-Long: ${'x'.repeat(17_000)}`, ' folded', 'no colon', ': empty', 'A : b'),
  },
)
const body = fc.oneof(
  { weight: 4, arbitrary: fc.constant(Buffer.alloc(0)) },
  {
    weight: 1,
    arbitrary: fc
      .constantFrom(
        'hello',
        '5\r\nhello\r\n0\r\n\r\n',
        '0\r\n\r\n',
        '5;a="b"\r\nhello\r\n0\r\nA: b\r\n\r\n',
        'ffffffffffffffff\r\n',
        '-5\r\n',
        '5\r\nhel',
      )
      .map(latin1),
  },
  { weight: 1, arbitrary: anyBytes },
)
const request = fc
  .record({
    method,
    target,
    version,
    fields: fc.array(field, { maxLength: 8 }),
    host: fc.boolean(),
    end: fc.constantFrom('\r\n', '\r\n', '\r\n', '\r\n', '\n'),
    body,
  })
  .map((it) =>
    Buffer.concat([
      latin1(
        [
          `${it.method} ${it.target} ${it.version}`,
          ...(it.host ? ['Host: a'] : []),
          ...it.fields,
          '',
          '',
        ].join(it.end),
      ),
      it.body,
    ]),
  )

/** A frame with any bits; the length that it says is not always the one that it has. */
const frame = fc
  .record({
    first: fc.oneof(fc.constantFrom(0x81, 0x82, 0x01, 0x80, 0x00, 0x88, 0x89, 0x8a), fc.nat(255)),
    masked: fc.integer({ min: 0, max: 9 }).map((n) => n > 0),
    payload: anyBytes,
    lie: fc.constantFrom(undefined, undefined, undefined, 126, 127),
  })
  .map(({ first, masked, payload, lie }) => {
    const short = lie ?? Math.min(payload.length, 125)
    const head = Buffer.from([first, (masked ? 0x80 : 0) | short])
    return Buffer.concat([
      head,
      ...(masked ? [Buffer.alloc(4)] : []),
      payload.subarray(0, lie ? undefined : short),
    ])
  })
const frames = fc.array(frame, { maxLength: 5 }).map((all) => Buffer.concat(all))
const handshake = target.map((path) =>
  latin1(
    `GET ${path} HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n`,
  ),
)
const join = (...parts: fc.Arbitrary<Buffer>[]) => fc.tuple(...parts).map((all) => Buffer.concat(all))
/** What comes to a listener without TLS and PROXY protocol. */
export const clearText = fc.oneof(
  { weight: 4, arbitrary: request },
  { weight: 2, arbitrary: fc.array(request, { maxLength: 4 }).map((all) => Buffer.concat(all)) },
  { weight: 3, arbitrary: join(handshake, frames) },
  { weight: 2, arbitrary: join(request, handshake, frames) },
  { weight: 1, arbitrary: anyBytes },
  { weight: 1, arbitrary: fc.constant(latin1('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n')) },
)

const proxyHeader = fc.oneof(
  {
    weight: 3,
    arbitrary: fc
      .constantFrom('PROXY TCP4 1.1.1.1 2.2.2.2 1 2\r\n', 'PROXY UNKNOWN\r\n', 'PROXY TCP6 ::1 ::2 1 2\r\n')
      .map(latin1),
  },
  {
    weight: 1,
    arbitrary: fc
      .constantFrom(
        'PROXY TCP4 1.1.1.1\r\n',
        'PROXY \r\n',
        'PROXY TCP4 a b c d\r\n',
        'PROXY TCP4 1.1.1.1 2.2.2.2 1 2\n',
      )
      .map(latin1),
  },
  {
    weight: 3,
    arbitrary: fc
      .record({
        command: fc.constantFrom(0x21, 0x20, 0x22, 0x11),
        family: fc.constantFrom(0x11, 0x21, 0x31, 0x00, 0x99),
        lie: fc.constantFrom(0, 0, 0, 1, -1, 60_000),
        payload: fc.uint8Array({ minLength: 12, maxLength: 60 }),
      })
      .map(({ command, family, lie, payload }) => {
        const head = Buffer.alloc(4)
        head.writeUInt8(command, 0)
        head.writeUInt8(family, 1)
        head.writeUInt16BE(payload.length + lie, 2)
        return Buffer.concat([latin1('\r\n\r\n\0\r\nQUIT\n'), head, payload])
      }),
  },
  { weight: 1, arbitrary: anyBytes },
)

const streamId = fc.oneof(fc.nat(8), fc.constantFrom(0, 1, 3, 5, 0x7fffffff))
const h2Field = fc.tuple(
  fc.oneof(
    fc.constantFrom(
      ':method',
      ':path',
      ':scheme',
      ':authority',
      ':protocol',
      ':status',
      'host',
      'te',
      'connection',
      'upgrade',
      'content-length',
      'expect',
      'cookie',
      'sec-websocket-version',
      'sec-websocket-protocol',
      'A',
    ),
    noise,
  ),
  fc.oneof(
    fc.constantFrom(
      'GET',
      'CONNECT',
      'POST',
      '/',
      '/answer/3',
      '/echo',
      'https',
      'a',
      'websocket',
      'trailers',
      '13',
      '5',
      '100-continue',
      '',
    ),
    noise,
  ),
)
const h2Any = fc.oneof(
  { weight: 3, arbitrary: fc.nat(6).map((n) => h2Connect(2 * n + 1)) },
  { weight: 2, arbitrary: fc.nat(6).map((n) => h2Get(2 * n + 1)) },
  { weight: 1, arbitrary: fc.nat(6).map((n) => h2Reset(2 * n + 1)) },
  {
    weight: 2,
    arbitrary: fc
      .tuple(streamId, fc.constantFrom(4, 5), fc.array(h2Field, { maxLength: 8 }))
      .map(([id, flags, fields]) => h2Frame(1, flags, id, h2Fields(fields))),
  },
  {
    weight: 2,
    arbitrary: fc.tuple(streamId, fc.nat(1), frames).map(([id, flags, data]) => h2Frame(0, flags, id, data)),
  },
  {
    weight: 2,
    arbitrary: fc
      .tuple(fc.nat(12), fc.nat(255), streamId, anyBytes)
      .map(([type, flags, id, payload]) => h2Frame(type, flags, id, payload)),
  },
  {
    weight: 1,
    arbitrary: fc.constantFrom(
      h2Frame(4, 0, 0),
      h2Frame(4, 1, 0),
      h2Frame(6, 0, 0, Buffer.alloc(8)),
      h2Frame(6, 1, 0, Buffer.alloc(8)),
      h2Frame(7, 0, 0, Buffer.alloc(8)),
      h2Frame(8, 0, 0, Buffer.from([127, 255, 255, 255])),
      h2Frame(8, 0, 1, Buffer.alloc(4)),
      h2Frame(2, 0, 1, Buffer.from([0, 0, 0, 1, 0])),
    ),
  },
)
const http2 = join(
  fc.constantFrom(
    Buffer.concat([latin1('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'), h2Frame(4, 0, 0)]),
    latin1('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'),
    Buffer.alloc(0),
  ),
  fc.array(h2Any, { maxLength: 12 }).map((all) => Buffer.concat(all)),
)

/** What no TLS client would say, from the first byte on. */
const noTls = fc.oneof(
  anyBytes,
  clearText,
  join(
    fc
      .constantFrom('160301', '16030100ff01', '1503010002022f', '140301000101', '8080010301')
      .map((hex) => Buffer.from(hex, 'hex')),
    anyBytes,
  ),
)

const byWay: Record<Way, fc.Arbitrary<Buffer>> = {
  plain: clearText,
  proxy: fc.oneof(join(proxyHeader, clearText), clearText),
  admin: clearText,
  tls: noTls,
  'tls-none': clearText,
  'tls-h1': clearText,
  'tls-h2': http2,
}

export const hostileCase: fc.Arbitrary<HostileCase> = fc
  .constantFrom<Way[]>(
    'plain',
    'plain',
    'plain',
    'proxy',
    'admin',
    'tls',
    'tls-none',
    'tls-h1',
    'tls-h2',
    'tls-h2',
    'tls-h2',
  )
  .chain((way) =>
    fc.record({
      way: fc.constant(way),
      bytes: byWay[way],
      steps: fc.array(
        fc.record({
          at: fc.nat(1000).map((n) => n / 1000),
          step: fc.constantFrom<Step[]>('turn', 'turn', 'turn', 'pause', 'resume', 'end', 'reset'),
        }),
        { maxLength: 4 },
      ),
      last: fc.constantFrom('end' as const, 'reset' as const, 'leave' as const),
    }),
  )

/** Answers of an upstream that are none, or not the ones that were asked for; by the number in the target. */
export const upstreamAnswers: (string | Buffer)[] = [
  '',
  'x',
  'HTTP/1.1',
  'HTTP/1.1 200 OK\r\n\r\n',
  'HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello',
  'HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhel',
  'HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello and more',
  'HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\n',
  'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\nA: b\r\n\r\n',
  'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n',
  'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n',
  'HTTP/1.1 204 No Content\r\nContent-Length: 5\r\n\r\nhello',
  'HTTP/1.1 304 Not Modified\r\n\r\nhello',
  'HTTP/1.1 100 Continue\r\n\r\n',
  'HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n',
  'HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n',
  'HTTP/1.1 101 Switching Protocols\r\n\r\n',
  'HTTP/1.1 101 Switching Protocols\r\nUpgrade: foo\r\nConnection: Upgrade\r\n\r\nbytes',
  'HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: wrong\r\n\r\n',
  'HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ICX+Yqv66kxgM0FcWaLWlFLwTAI=\r\n\r\n',
  'HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ICX+Yqv66kxgM0FcWaLWlFLwTAI=\r\nSec-WebSocket-Extensions: x\r\n\r\n',
  'HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ICX+Yqv66kxgM0FcWaLWlFLwTAI=\r\n\r\n\x81\x05hello\x88\x01a',
  'HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ICX+Yqv66kxgM0FcWaLWlFLwTAI=\r\n\r\n\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff',
  'HTTP/2.0 200 OK\r\n\r\n',
  'HTTP/2.0 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ICX+Yqv66kxgM0FcWaLWlFLwTAI=\r\n\r\n',
  'HTTP/0.9 200 OK\r\n\r\n',
  'HTTP/1.0 200 OK\r\n\r\nhello',
  'HTTP/1.1 999 What\r\n\r\n',
  'HTTP/1.1 600 What\r\nContent-Length: 0\r\n\r\n',
  'HTTP/1.1 000 What\r\n\r\n',
  'HTTP/1.1 99 What\r\n\r\n',
  'HTTP/1.1 200 \xff\xfe\r\nContent-Length: 0\r\n\r\n',
  'HTTP/1.1 200 OK\r\nA: \x01\x02\r\nContent-Length: 0\r\n\r\n',
  'HTTP/1.1 200 OK\r\nA: \xe9\xff\r\nContent-Length: 0\r\n\r\n',
  'HTTP/1.1 200 OK\r\n: a\r\nContent-Length: 0\r\n\r\n',
  `HTTP/1.1 200 OK\r\nA: ${'x'.repeat(40_000)}\r\n\r\n`,
  'HTTP/1.1 302 Found\r\nLocation: http://[\r\nContent-Length: 0\r\n\r\n',
  'HTTP/1.1 401 Unauthorized\r\nContent-Length: 100\r\n\r\nnot all',
  'HTTP/1.1 503 Busy\r\nRetry-After: Thu, 99 Foo\r\nContent-Length: 0\r\n\r\n',
  'HTTP/1.1 429 Busy\r\nRetry-After: 99999999999999999999\r\nContent-Length: 0\r\n\r\n',
  'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n',
]
