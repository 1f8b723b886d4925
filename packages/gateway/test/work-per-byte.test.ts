// No reader of foreign bytes takes more than a bounded time for each of them.
import { buildReason, parseReason } from '@holdfast/close-codes'
import { attacks, growth } from '@holdfast/testing'
import { beforeAll, describe, expect, test } from 'vitest'
import { readYaml } from '../src/config/yaml.ts'
import { matchRoute } from '../src/handshake/route.ts'
import { operationType } from '../src/hold/replay/graphql-operation.ts'
import type { ReplayModule } from '../src/hold/replay/module.ts'
import { loadReplay, replayProtocols } from '../src/hold/replay/replay.ts'
import { parseExtensions } from '../src/http/extensions.ts'
import { endToEnd } from '../src/http/field-names.ts'
import { clientAddress, forwardHeaders } from '../src/http/forwarded.ts'
import { tokens } from '../src/http/headers.ts'
import { readHttpHead } from '../src/http/http-head.ts'
import { readUpgradeRequest } from '../src/http/upgrade-request.ts'
import { readClientHello } from '../src/listen/client-hello.ts'
import { readHandshake } from '../src/listen/http1-head.ts'
import { readProxyHeader } from '../src/listen/proxy-protocol.ts'
import { bearerOf, refusalOf } from '../src/operate/admin-guard.ts'
import { sessionIn } from '../src/operate/admin-sessions.ts'
import { hashKey } from '../src/upstream/pick-upstream.ts'
import { retryAfter } from '../src/upstream/upstream-answer.ts'
import { FrameReader } from '../src/wire/frame-reader.ts'
import { dataHeader } from '../src/wire/frames.ts'
import { MessageReader } from '../src/wire/message-reader.ts'

/** Between 4, which is linear, and 16, which is quadratic. */
const linear = 9

const latin1 = (text: string) => Buffer.from(text, 'latin1')

/** Heads have at most 16 KiB, fields no more. */
const field = 16 * 1024
/** Its parser makes several objects of each byte. */
const yaml = 16 * 1024 - 1

describe.each<[reader: string, length: number, read: (text: string) => unknown]>([
  [
    'a value in a head',
    field,
    (text) => readHttpHead(latin1(`GET / HTTP/1.1\r\nX: ${text}\r\n\r\n`), 2 * field),
  ],
  [
    'a name in a head',
    field,
    (text) => readHttpHead(latin1(`GET / HTTP/1.1\r\n${text}: a\r\n\r\n`), 2 * field),
  ],
  ['the first line of a head', field, (text) => readHttpHead(latin1(`${text}\r\n\r\n`), 2 * field)],
  [
    'a handshake',
    field,
    (text) =>
      readHandshake(latin1(`GET /${text} HTTP/1.1\r\nUpgrade: ${text}\r\nConnection: ${text}\r\n\r\n`)),
  ],
  [
    'a ClientHello',
    field,
    (text) => {
      const body = Buffer.concat([Buffer.from([22, 3, 1, 0x3f, 0xff, 1, 0, 0x3f, 0xf0]), latin1(text)])
      return readClientHello(body)
    },
  ],
  ['Sec-WebSocket-Extensions', field, parseExtensions],
  ['Sec-WebSocket-Extensions with a parameter', field, (text) => parseExtensions(`a;b=${text}`)],
  ['lists of tokens', field, (text) => tokens([text, text])],
  ['Connection', field, (text) => endToEnd([['Connection', text]])],
  ['X-Forwarded-For', field, (text) => clientAddress('10.0.0.1', [['X-Forwarded-For', text]], () => true)],
  [
    'Forwarded',
    field,
    (text) =>
      forwardHeaders(
        [
          ['Forwarded', text],
          ['X-Forwarded-Host', text],
        ],
        { peer: '10.0.0.1', tls: false, authority: text },
        () => true,
      ),
  ],
  ['cookies', field, (text) => hashKey({ from: 'cookie', name: 'a' }, request({ cookie: text }))],
  ['a query', field, (text) => hashKey({ from: 'query', name: 'a' }, request({ target: `/?${text}` }))],
  ['the cookie of the admin page', field, (text) => sessionIn({ cookie: text }, 1)],
  ['Authorization of the admin port', field, (text) => bearerOf({ authorization: `Bearer ${text}` })],
  [
    'Host and Origin of the admin port',
    field,
    (text) =>
      refusalOf(
        { method: 'POST', headers: { host: text, origin: text, 'content-type': text } },
        { host: 'a', port: 1 },
        () => 'none',
      ),
  ],
  ['a target', field, (text) => matchRoute([{ match: { path: '/a' } }], 'a', `/${text}`)],
  ['a request for an upgrade', field, upgradeRequest],
  // A Close has at most 123 bytes of reason; what another library hands on may be longer.
  [
    'the reason of a Close',
    field,
    (text) => buildReason(`${text}; retry=1`, { retry: parseReason(text).retry }),
  ],
  ['Retry-After', field, (text) => retryAfter(text, 0)],
  ['a document of GraphQL', 64 * 1024, (text) => operationType(text, 'a')],
  ['an operation of GraphQL', 64 * 1024, (text) => operationType(`query a {${text}`, 'a')],
  ['a configuration', yaml, readYaml],
  ['a value in a configuration', yaml, (text) => readYaml(`routes: [{ name: ${text} }]`)],
])('%s', (_, length, read) => {
  test('takes no more than a bounded time for each byte', async () => {
    const slow: string[] = []
    for (const [name, make] of attacks('', length === yaml ? [''] : undefined)) {
      const factor = await growth(read, make, length, length === yaml ? 250 : 100)
      if (factor > linear) slow.push(`${name}: ${factor.toFixed(1)}`)
    }
    expect(slow).toEqual([])
  })
})

describe('byte by byte', () => {
  const frame = (length: number) => Buffer.concat([dataHeader(0x82, length), Buffer.alloc(length)])
  const single = (bytes: Buffer) => Array.from(bytes, (_, i) => bytes.subarray(i, i + 1))

  test('a long message is put together in linear time', async () => {
    const read = (pieces: Buffer[]) => {
      const reader = new MessageReader(16 * 1024 * 1024)
      let messages = 0
      for (const piece of pieces) reader.read(piece, { onWhole: () => messages++, onPassing() {} })
      expect(messages, 'read to its end').toBe(1)
    }
    expect(await growth(read, (length) => single(frame(length)), 128 * 1024)).toBeLessThan(linear)
  })

  test('so are a message of single bytes in frames of their own, and a message over the cap', async () => {
    const tiny = Buffer.from([0x00, 1, 0])
    const read = (cap: number) => (pieces: Buffer[]) => {
      const reader = new MessageReader(cap)
      for (const piece of pieces) reader.read(piece, { onWhole() {}, onPassing() {} })
    }
    const make = (length: number) =>
      single(Buffer.concat([Buffer.from([0x02, 0]), ...Array.from({ length: length / 3 }, () => tiny)]))
    expect(await growth(read(16 * 1024 * 1024), make, 128 * 1024)).toBeLessThan(linear)
    expect(await growth(read(64), make, 128 * 1024)).toBeLessThan(linear)
  })

  test.each([
    ['streams', 0, false],
    ['collects', 16 * 1024 * 1024, false],
    ['splits', 0, true],
  ])('the frame reader that %s a long frame is linear', async (_, wholeFrames, split) => {
    const read = (pieces: Buffer[]) => {
      const rules = { masked: false, rsv: 0, messageBytes: Infinity, wholeFrames, split }
      const reader = new FrameReader(rules)
      for (const piece of pieces) reader.read(piece, frameSink)
      expect(reader.completed, 'read to its end').toBe(1)
    }
    expect(await growth(read, (length) => single(frame(length)), 128 * 1024)).toBeLessThan(linear)
  })

  test('a PROXY header is', async () => {
    const head = Buffer.concat([latin1('\r\n\r\n\0\r\nQUIT\n'), Buffer.from([0x21, 0x11, 0x10, 0])])
    const read = (bytes: Buffer) => {
      for (let at = 1; at <= bytes.length; at++) readProxyHeader(bytes.subarray(0, at))
    }
    const make = (length: number) => Buffer.concat([head, Buffer.alloc(length)])
    expect(await growth(read, make, 4096)).toBeLessThan(linear)
    for (const [, text] of attacks('PROXY ')) {
      expect(
        await growth(
          (bytes: Buffer) => readProxyHeader(bytes),
          (length) => latin1(text(length)),
          64 * 1024,
        ),
      ).toBeLessThan(linear)
    }
  })
})

describe.each(replayProtocols)('the replay of %s', (protocol) => {
  let module: ReplayModule
  beforeAll(async () => {
    module = (await loadReplay({ by: 'protocol', name: protocol }))!
  })

  test('takes no more than a bounded time for each byte of a message', async () => {
    const begins = [
      '',
      'SUBSCRIBE\nid:',
      '{"type":"subscribe","id":"1","payload":{"query":"',
      '["1","1","t","phx_join",{"a":"',
    ]
    const slow: string[] = []
    const read = (data: string) =>
      quietly(() => {
        const replay = module.create()
        replay.onClient({ type: 'text', data })
        replay.onUpstream({ type: 'text', data })
      })
    for (const begin of begins) {
      for (const [name, make] of attacks(begin, [''])) {
        const factor = await growth(read, make, 64 * 1024)
        if (factor > linear) slow.push(`${name}: ${factor.toFixed(1)}`)
      }
    }
    expect(slow).toEqual([])
  })

  test.runIf(protocol === 'stomp')('and of a head in messages of single bytes', async () => {
    const read = (length: number) =>
      quietly(() => {
        const replay = module.create()
        replay.onClient({ type: 'text', data: 'SUBSCRIBE\nid:' })
        for (let i = 0; i < length; i++) replay.onClient({ type: 'text', data: i % 2 === 0 ? 'a' : '\n' })
      })
    expect(await growth(read, (length) => length, 60 * 1024)).toBeLessThan(linear)
  })
})

/** A module may refuse what it cannot keep. */
function quietly(act: () => void): void {
  try {
    act()
  } catch {}
}

const frameSink = {
  onBytes() {},
  onMessage: () => true,
  onControl() {},
  onBoundary() {},
  onMessageEnd() {},
  onFault() {},
}

function request({ cookie = '', target = '/' }) {
  return { headers: [['cookie', cookie] as [string, string]], target, address: '10.0.0.1' }
}

function upgradeRequest(text: string): unknown {
  const fields = [
    'Host',
    'Upgrade',
    'Connection',
    'Sec-WebSocket-Key',
    'Sec-WebSocket-Protocol',
    'Origin',
    'Forwarded',
  ]
  return readUpgradeRequest(
    {
      method: 'GET',
      url: `/${text}`,
      httpVersion: '1.1',
      httpVersionMajor: 1,
      rawHeaders: fields.flatMap((name) => [name, text]),
    },
    { address: '10.0.0.1', tls: false, trusted: () => true },
  )
}
