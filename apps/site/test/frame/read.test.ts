import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { readFile, readText } from '../../src/frame/read.ts'
import type { Connection, FaultKind, Result } from '../../src/frame/result.ts'
import { segmentOf } from '../../src/frame/segments.ts'
import {
  type CaptureOptions,
  closePayload,
  compressAll,
  frameBytes,
  ipPacket,
  onLink,
  pcap,
  pcapng,
  request,
  response,
  type Tcp,
  text,
  type WireFrame,
} from './wire.ts'

const key = Uint8Array.of(1, 2, 3, 4)
const deflate = 'Sec-WebSocket-Extensions: permessage-deflate\r\n'

/** The only connection of a result. */
function only(result: Result): Connection {
  expect(result.connections).toHaveLength(1)
  return result.connections[0]!
}

const hex = (...parts: Uint8Array[]) => Buffer.concat(parts).toString('hex')

const faultsOf = (connection: Connection): FaultKind[] => [
  ...(connection.handshake?.faults ?? []).map(({ what }) => what),
  ...connection.frames.flatMap(({ faults }) => faults.map(({ what }) => what)),
]

describe('a paste', () => {
  const close = frameBytes({ opcode: 8, payload: closePayload(1012, 'service restart; retry=2350') })
  const dump = (lines: string[]) => lines.join('\n')
  const rows = (of: Buffer) =>
    Array.from({ length: Math.ceil(of.length / 16) }, (_, i) => of.subarray(16 * i, 16 * i + 16))
  const spaced = (row: Buffer, by = 1) =>
    row
      .toString('hex')
      .match(new RegExp(`.{1,${2 * by}}`, 'g'))!
      .join(' ')
  const ascii = (row: Buffer) => row.toString('latin1').replace(/[^\x20-\x7e]/g, '.')
  const offset = (i: number, digits: number) => (16 * i).toString(16).padStart(digits, '0')

  it.each([
    ['hex', close.toString('hex')],
    ['hex with spaces and line ends', spaced(close).replaceAll('03 f4', '03\n f4')],
    ['hex in capitals with colons', spaced(close).toUpperCase().replaceAll(' ', ':')],
    [
      'an array of a program',
      `[${[...close].map((byte) => `0x${byte.toString(16).padStart(2, '0')}`).join(', ')}]`,
    ],
    ['an escaped string', [...close].map((byte) => `\\x${byte.toString(16).padStart(2, '0')}`).join('')],
    ['base64', close.toString('base64')],
    ['base64 for addresses', close.toString('base64url')],
    [
      'xxd',
      dump(rows(close).map((row, i) => `${offset(i, 8)}: ${spaced(row, 2).padEnd(39)}  ${ascii(row)}`)),
    ],
    [
      'hexdump -C',
      dump(
        rows(close).map(
          (row, i) =>
            `${offset(i, 8)}  ${spaced(row.subarray(0, 8))}  ${row.length > 8 ? spaced(row.subarray(8)) : ''}  |${ascii(row)}|`,
        ),
      ),
    ],
    [
      'tcpdump -X',
      dump(rows(close).map((row, i) => `\t0x${offset(i, 4)}:  ${spaced(row, 2).padEnd(39)}  ${ascii(row)}`)),
    ],
    [
      'Wireshark',
      dump(rows(close).map((row, i) => `${offset(i, 4)}   ${spaced(row).padEnd(47)}   ${ascii(row)}`)),
    ],
  ])('is read as %s', (_, pasted) => {
    const { frames } = only(readText(pasted))
    expect(frames).toHaveLength(1)
    expect(frames[0]).toMatchObject({
      from: 'server',
      opcode: 8,
      fin: true,
      masked: false,
      close: { code: 1012, reason: 'service restart; retry=2350', retry: 2350 },
      faults: [],
    })
  })

  it('is a handshake as text, with frames behind it', () => {
    const heads = `${request()}${response()}`.replaceAll('\r\n', '\n')
    const found = only(readText(`${heads}${spaced(frameBytes({ opcode: 1, payload: text('hi'), key }))}`))
    expect(found.handshake).toMatchObject({ status: 101, accept: 'right', faults: [] })
    expect(found.frames).toMatchObject([{ from: 'client', payload: { shown: 'hi' } }])
  })

  it('of a head alone is judged', () => {
    expect(faultsOf(only(readText('GET /chat HTTP/1.1\nHost: a\nUpgrade: websocket\n')))).toEqual([
      'connectionMissing',
      'keyMissing',
      'version',
    ])
  })

  it('that is nothing is said to be nothing', () => {
    expect(readText('hello world, this is no frame!').notes).toEqual([{ what: 'unknownInput' }])
    expect(readText('{"a": 1}').notes).toEqual([{ what: 'unknownInput' }])
  })
})

describe('the handshake', () => {
  const judged = (asked: Buffer, answered: Buffer) => only(readText(hex(asked, answered)))

  it('of RFC 6455 has nothing wrong with it', () => {
    expect(judged(request(), response()).handshake).toMatchObject({ accept: 'right', faults: [] })
  })

  it('with a wrong Accept is told the right one', () => {
    const wrong = Buffer.from(String(response()).replace('s3pP', 'AAAA'))
    expect(judged(request(), wrong).handshake).toMatchObject({
      accept: 'wrong',
      faults: [{ what: 'acceptWrong', n: 's3pPLMBiTxaQ9kYGzzhZRbK+xOo=' }],
    })
  })

  it.each([
    ['Sec-WebSocket-Protocol: chat\r\n', 'Sec-WebSocket-Protocol: other\r\n', ['protocolNotOffered']],
    ['Sec-WebSocket-Protocol: chat\r\n', '', ['protocolNotAgreed']],
    ['', deflate, ['extensionNotOffered']],
    [deflate, `${deflate.trim()}; client_max_window_bits=16\r\n`, ['parameter']],
    [deflate, `${deflate.trim()}; server_no_context_takeover; server_no_context_takeover\r\n`, ['parameter']],
    [deflate, 'Sec-WebSocket-Extensions: permessage-deflate; =\r\n', ['extensionSyntax']],
  ])('that asks %j and is answered %j has %j', (asked, answered, faults) => {
    expect(faultsOf(judged(request(asked), response(answered)))).toEqual(faults)
  })

  it('that is refused says with what, and that the client reports 1006', () => {
    const found = judged(
      request(),
      Buffer.from('HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n'),
    )
    expect(found.handshake).toMatchObject({ status: 503, faults: [{ what: 'refused', n: 503 }] })
    expect(found.frames).toEqual([])
  })

  it('tells what compression was agreed to', () => {
    const agreed = `${deflate.trim()}; server_no_context_takeover; client_max_window_bits=10\r\n`
    expect(judged(request(deflate), response(agreed)).handshake?.deflate).toEqual({
      clientTakeover: true,
      serverTakeover: false,
      clientBits: 10,
      serverBits: 15,
    })
  })
})

describe('a frame', () => {
  const judged = (frame: WireFrame | Buffer, from: 'client' | 'server' = 'server', extra = '') => {
    const bytes = Buffer.isBuffer(frame) ? frame : frameBytes(frame)
    return captured({ [from]: [bytes] }, extra)
  }

  it.each<[FaultKind, WireFrame | Buffer, ('client' | 'server')?, string?]>([
    ['reservedBits', { opcode: 1, payload: text('a'), rsv: 4 }],
    ['reservedBits', { opcode: 1, payload: text('a'), rsv: 2 }, 'server', deflate],
    ['compressedControl', { opcode: 9, payload: text('a'), rsv: 4 }, 'server', deflate],
    ['reservedOpcode', { opcode: 3, payload: text('a') }],
    ['reservedOpcode', { opcode: 11, payload: text('a') }],
    ['maskMissing', { opcode: 1, payload: text('a') }, 'client'],
    ['maskForbidden', { opcode: 1, payload: text('a'), key }],
    ['lengthNotMinimal', Buffer.from([0x81, 126, 0, 1, 65])],
    ['lengthNotMinimal', Buffer.from([0x81, 127, 0, 0, 0, 0, 0, 0, 0, 1, 65])],
    ['lengthTooLarge', Buffer.from([0x81, 127, 255, 0, 0, 0, 0, 0, 0, 1, 65])],
    ['controlTooLong', { opcode: 9, payload: new Uint8Array(126) }],
    ['controlFragmented', { opcode: 9, payload: text('a'), fin: false }],
    ['continuationWithoutStart', { opcode: 0, payload: text('a') }],
    ['invalidUtf8', { opcode: 1, payload: Uint8Array.of(0xff) }],
    ['invalidUtf8', { opcode: 8, payload: Uint8Array.of(3, 232, 0xc3) }],
    ['inflateFailed', { opcode: 1, payload: Uint8Array.of(0xff, 0xff), rsv: 4 }, 'server', deflate],
    ['closeCodeForbidden', { opcode: 8, payload: closePayload(1006) }],
    ['closeCodeForbidden', { opcode: 8, payload: closePayload(999) }],
    ['closeOneByte', { opcode: 8, payload: Uint8Array.of(3) }],
    ['incomplete', frameBytes({ opcode: 1, payload: text('hello') }).subarray(0, 4)],
    ['headIncomplete', Buffer.from([0x81])],
    [
      'dataAfterClose',
      Buffer.concat([
        frameBytes({ opcode: 8, payload: closePayload(1000) }),
        frameBytes({ opcode: 1, payload: text('a') }),
      ]),
    ],
    [
      'startWithinMessage',
      Buffer.concat([
        frameBytes({ opcode: 1, payload: text('a'), fin: false }),
        frameBytes({ opcode: 1, payload: text('a') }),
      ]),
    ],
  ])('that breaks the protocol is told: %s', (fault, frame, from, extra) => {
    expect(faultsOf(judged(frame, from, extra))).toEqual([fault])
  })

  it('of text cut within a character is valid', () => {
    const whole = text('é')
    const parts = [
      frameBytes({ opcode: 1, payload: whole.subarray(0, 1), fin: false }),
      frameBytes({ opcode: 0, payload: whole.subarray(1) }),
    ]
    expect(faultsOf(judged(Buffer.concat(parts)))).toEqual([])
  })
})

/** A capture of one connection: its handshake, and what each side sent after it. */
function packetsOf(sent: { client?: Buffer[]; server?: Buffer[] }, extra = '', cut = inSegments): Tcp[] {
  const client = { from: '10.0.0.1', to: '10.0.0.2', ports: [40_000, 80] } as const
  const server = { from: '10.0.0.2', to: '10.0.0.1', ports: [80, 40_000] } as const
  // Near the end of the numbers, so that they go round.
  let one = 0xffffffd0
  let other = 0xfffffff0
  const say = (from: 'client' | 'server', data: Buffer): Tcp[] =>
    cut(data).map((part) => {
      const segment =
        from === 'client'
          ? { ...client, sequence: one, data: part }
          : { ...server, sequence: other, data: part }
      if (from === 'client') one += part.length
      else other += part.length
      return segment
    })
  return [
    { ...client, sequence: one - 1, flags: { syn: true } },
    { ...server, sequence: other - 1, flags: { syn: true, ack: true } },
    ...say('client', request(extra)),
    ...say('server', response(extra)),
    ...(sent.client ?? []).flatMap((bytes) => say('client', bytes)),
    ...(sent.server ?? []).flatMap((bytes) => say('server', bytes)),
  ]
}

function captured(sent: { client?: Buffer[]; server?: Buffer[] }, extra = ''): Connection {
  return only(readFile(pcap(packetsOf(sent, extra).map(ipPacket))))
}

/** An IP packet holds no more. */
function inSegments(bytes: Buffer): Buffer[] {
  const count = Math.ceil(bytes.length / 60_000)
  return Array.from({ length: count }, (_, i) => bytes.subarray(60_000 * i, 60_000 * (i + 1)))
}

const anyBytes = (most: number) => fc.uint8Array({ maxLength: most })
const anyFrame = fc.oneof(
  fc.record({
    opcode: fc.constantFrom(1, 2),
    payload: fc.string({ maxLength: 300, unit: 'grapheme' }).map(text),
  }),
  fc.record({ opcode: fc.constantFrom(9, 10), payload: anyBytes(125) }),
  fc.record({
    opcode: fc.constant(2),
    payload: fc.integer({ min: 0, max: 70_000 }).map((n) => new Uint8Array(n)),
  }),
)

describe('a capture', () => {
  it('gives the same frames however they were cut, sent again and mixed up', () => {
    const property = fc.property(
      fc.array(anyFrame, { maxLength: 8 }),
      fc.array(anyFrame, { maxLength: 8 }),
      fc.infiniteStream(fc.integer({ min: 1, max: 1460 })),
      fc.infiniteStream(fc.integer({ min: 0, max: 5 })),
      (fromServer, fromClient, sizes, moves) => {
        const server = fromServer.map((frame) => frameBytes(frame))
        const client = fromClient.map((frame) => frameBytes({ ...frame, key }))
        const plain = captured({ client, server })
        const cut = (bytes: Buffer) => {
          const parts: Buffer[] = []
          for (let at = 0; at < bytes.length; ) {
            const size = sizes.next().value!
            parts.push(bytes.subarray(at, at + size))
            at += size
          }
          return parts
        }
        const [syn, answer, ...rest] = packetsOf(
          { client: [Buffer.concat(client)], server: [Buffer.concat(server)] },
          '',
          cut,
        )
        const again = rest.flatMap((segment) => (moves.next().value === 0 ? [segment, segment] : [segment]))
        const mixed = again
          .map((segment, i) => ({ segment, at: i + moves.next().value! }))
          .sort((a, b) => a.at - b.at)
          .map(({ segment }) => segment)
        const found = only(readFile(pcap([syn!, answer!, ...mixed].map(ipPacket))))
        expect(found.notes).toEqual([])
        const of = (connection: Connection, from: string) =>
          connection.frames.filter((frame) => frame.from === from).map(({ at, ...frame }) => frame)
        for (const from of ['client', 'server']) expect(of(found, from)).toEqual(of(plain, from))
        expect(plain.frames).toHaveLength(server.length + client.length)
        expect(faultsOf(plain)).toEqual([])
      },
    )
    fc.assert(property, { numRuns: 60 })
  })

  it.each([true, false])(
    'inflates what was compressed, with and without the context (takeover %s)',
    (takeover) => {
      const messages = ['hello hello hello', 'hello hello again', 'x'.repeat(100_000)].map(text)
      const payloads = takeover
        ? compressAll(messages)
        : messages.flatMap((message) => compressAll([message]))
      const server = payloads.map((payload) => frameBytes({ opcode: 1, payload, rsv: 4 }))
      const extra = takeover ? deflate : `${deflate.trim()}; server_no_context_takeover\r\n`
      const { frames } = captured({ server }, extra)
      expect(frames.flatMap(({ faults }) => faults)).toEqual([])
      expect(frames.map(({ inflated }) => inflated?.bytes)).toEqual([17, 17, 100_000])
      expect(frames[1]!.inflated!.shown).toBe('hello hello again')
    },
  )

  it('inflates any messages, in fragments', () => {
    const messages = fc.array(fc.uint8Array({ maxLength: 3000 }), { minLength: 1, maxLength: 6 })
    fc.assert(
      fc.property(messages, fc.nat(3000), (list, cut) => {
        const server = compressAll(list).map((payload) =>
          Buffer.concat([
            frameBytes({ opcode: 2, payload: payload.subarray(0, cut), rsv: 4, fin: false }),
            frameBytes({ opcode: 0, payload: payload.subarray(cut) }),
          ]),
        )
        const inflated = captured({ server }, deflate).frames.filter((frame) => frame.inflated)
        expect(inflated.map((frame) => frame.inflated!.bytes)).toEqual(list.map(({ length }) => length))
        const shown = list.map((bytes) => Buffer.from(bytes.subarray(0, 256)).toString('hex'))
        expect(inflated.map((frame) => frame.inflated!.shown.replaceAll(' ', ''))).toEqual(shown)
      }),
      { numRuns: 60 },
    )
  })

  it('does not inflate without end', () => {
    const [bomb] = compressAll([new Uint8Array(40 * 1024 * 1024)])
    const server = [1, 2].map(() => frameBytes({ opcode: 2, payload: bomb!, rsv: 4 }))
    const { frames } = captured({ server }, deflate)
    expect(frames[0]!.faults).toEqual([{ what: 'inflateCapped', n: 8 * 1024 * 1024 }])
    expect(frames[1]!.faults).toEqual([{ what: 'contextLost' }])
  })

  const links: CaptureOptions[] = [0, 1, 101, 113, 276].flatMap((link) => [
    { link, little: true, nano: false },
    { link, little: false, nano: true },
  ])
  it.each(links)(
    'is read on link $link, little-endian $little, nanoseconds $nano, as pcap and as pcapng',
    (options) => {
      for (const [from, to] of [
        ['10.0.0.1', '10.0.0.2'],
        ['fe80:0:0:0:0:0:0:1', '2001:db8:1:0:0:0:0:2'],
      ] as const) {
        const server = [frameBytes({ opcode: 8, payload: closePayload(1012, 'bye') })]
        const packets = packetsOf({ server }).map((segment) =>
          onLink(
            options.link!,
            ipPacket({
              ...segment,
              from: segment.from === '10.0.0.1' ? from : to,
              to: segment.to === '10.0.0.1' ? from : to,
            }),
          ),
        )
        for (const file of [pcap(packets, options), pcapng(packets, options)]) {
          const { name, frames, handshake } = only(readFile(file))
          expect(name).toBe(
            from.includes(':') ? '[fe80::1]:40000 → [2001:db8:1::2]:80' : '10.0.0.1:40000 → 10.0.0.2:80',
          )
          expect(handshake).toMatchObject({ accept: 'right' })
          expect(frames).toMatchObject([{ close: { code: 1012, reason: 'bye' } }])
          // One packet a millisecond; the Close is the fifth.
          expect(frames[0]!.at).toBeCloseTo(4, 1)
        }
      }
    },
  )

  it('tells who ended TCP, and what each side reports', () => {
    const end = (flags: Tcp['flags'], from: 'client' | 'server', frames: Buffer[] = []) => {
      const segments = packetsOf({ server: frames })
      const [client, server] = segments
      const last = from === 'client' ? client! : server!
      const sent = segments
        .filter((one) => one.from === last.from)
        .reduce((sum, { data }) => sum + (data?.length ?? 0), 0)
      return only(
        readFile(
          pcap([...segments, { ...last, sequence: last.sequence + 1 + sent, flags: flags! }].map(ipPacket)),
        ),
      )
    }
    const close = frameBytes({ opcode: 8, payload: closePayload(1001) })
    expect(end({ fin: true }, 'server')).toMatchObject({
      end: { fin: ['server'] },
      reports: { client: 1006, server: 1006 },
    })
    expect(end({ rst: true }, 'client')).toMatchObject({
      end: { fin: [], reset: 'client' },
      reports: { client: 1006 },
    })
    expect(end({ fin: true }, 'server', [close])).toMatchObject({ reports: { client: 1001, server: 1006 } })
  })

  it('that misses packets says so, shows what is there, and goes on where it can', () => {
    const frame = (n: number) => frameBytes({ opcode: 2, payload: new Uint8Array(n).fill(7) })
    const cut = (bytes: Buffer) =>
      bytes.length > 3000
        ? [bytes.subarray(0, 1000), bytes.subarray(1000, 2000), bytes.subarray(2000)]
        : [bytes]
    const packets = packetsOf({ server: [frame(5000), frame(10), frame(20)] }, '', cut)
    const without = (lost: number) => only(readFile(pcap(packets.filter((_, i) => i !== lost).map(ipPacket))))
    // In the middle of a payload.
    expect(without(5)).toMatchObject({
      notes: [{ what: 'gaps', n: 1000 }],
      frames: [
        { faults: [{ what: 'missingBytes' }] },
        { length: 10, faults: [] },
        { length: 20, faults: [] },
      ],
    })
    // A head.
    expect(without(7)).toMatchObject({
      notes: [
        { what: 'lost', n: 34 },
        { what: 'gaps', n: 12 },
      ],
      frames: [{ length: 5000, faults: [] }],
    })
  })

  it('that begins in the middle of a connection finds where frames begin, and who is the client', () => {
    const client = ['one', 'two', 'three'].map((word) => frameBytes({ opcode: 1, payload: text(word), key }))
    const server = [new Uint8Array(50), closePayload(1012)].map((payload, i) =>
      frameBytes({ opcode: i ? 8 : 2, payload }),
    )
    const packets = packetsOf({ client, server }, '', (bytes) =>
      bytes.length === 52 ? [bytes.subarray(0, 9), bytes.subarray(9)] : [bytes],
    )
    // The first packet is the rest of a frame.
    const { name, notes, frames } = only(readFile(pcap(packets.slice(8).map(ipPacket))))
    expect(notes).toEqual([{ what: 'midway' }])
    expect(frames).toMatchObject([{ from: 'server', close: { code: 1012 } }])
    expect(name).toBe('10.0.0.1:40000 → 10.0.0.2:80')
    expect(
      only(readFile(pcap(packets.slice(4, 7).map(ipPacket)))).frames.map(({ payload }) => payload?.shown),
    ).toEqual(['one', 'two', 'three'])
  })

  it('tells several connections apart, also one after the other between the same ports', () => {
    const one = packetsOf({ server: [frameBytes({ opcode: 8, payload: closePayload(1001) })] })
    const two = packetsOf({ server: [frameBytes({ opcode: 8, payload: closePayload(1012) })] })
    const later = two.map((segment) => ({ ...segment, sequence: segment.sequence + 5_000_000 }))
    const beside = two.map((segment) => ({
      ...segment,
      ports: segment.ports.map((port) => (port === 40_000 ? 40_001 : port)) as unknown as Tcp['ports'],
    }))
    const mixed = one.flatMap((segment, i) => [segment, beside[i]!])
    const { connections } = readFile(pcap([...mixed, ...later].map(ipPacket)))
    expect(connections.map(({ frames }) => frames.map(({ close }) => close?.code))).toEqual([
      [1001],
      [1012],
      [1012],
    ])
  })

  it('of TLS and of other things says what they are', () => {
    const start = packetsOf({})
    const say = (data: Buffer) => readFile(pcap([...start.slice(0, 2), { ...start[2]!, data }].map(ipPacket)))
    expect(only(say(Buffer.from([0x16, 3, 1, 0, 5, 1, 0, 0, 1, 0]))).notes).toEqual([{ what: 'encrypted' }])
    expect(only(say(Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'))).notes).toEqual([{ what: 'http2' }])
    expect(say(Buffer.from('GET / HTTP/1.1\r\nHost: a\r\n\r\n')).notes).toEqual([
      { what: 'nothing' },
      { what: 'notWebSocket', n: 1 },
    ])
  })

  it('that is cut off is read as far as it goes', () => {
    const file = pcap(packetsOf({ server: [frameBytes({ opcode: 1, payload: text('a') })] }).map(ipPacket))
    const { notes, connections } = readFile(file.subarray(0, -1))
    expect(notes).toEqual([{ what: 'damaged', n: 4 }])
    expect(connections).toHaveLength(1)
  })
})

describe('hostile bytes', () => {
  const good = [pcap, pcapng].map((file) =>
    file(
      packetsOf({ server: [frameBytes({ opcode: 1, payload: text('a') })] }).map((one) =>
        onLink(1, ipPacket(one)),
      ),
      { link: 1 },
    ),
  )

  it('never throw, whatever they claim to be', () => {
    const damaged = fc
      .tuple(
        fc.constantFrom(...good),
        fc.array(fc.tuple(fc.nat(), fc.integer({ min: 0, max: 255 })), { maxLength: 20 }),
        fc.nat(),
      )
      .map(([file, changes, end]) => {
        const bytes = Uint8Array.from(file)
        for (const [at, byte] of changes) bytes[at % bytes.length] = byte
        return bytes.subarray(0, bytes.length - (end % 3 === 0 ? end % bytes.length : 0))
      })
    fc.assert(
      fc.property(fc.oneof(damaged, anyBytes(2000)), (bytes) => void readFile(bytes)),
      { numRuns: 500 },
    )
    fc.assert(
      fc.property(anyBytes(200), fc.nat(300), (bytes, link) => void segmentOf(bytes, link)),
      { numRuns: 500 },
    )
  })

  it('never throw as text', () => {
    fc.assert(
      fc.property(
        fc.oneof(fc.string(), fc.stringMatching(/^[\da-f]*$/), fc.base64String()),
        (pasted) => void readText(pasted),
      ),
      { numRuns: 500 },
    )
    fc.assert(fc.property(fc.json(), (json) => void readText(json)))
    const likeHar = fc.record({
      log: fc.record({
        entries: fc.array(
          fc.record({
            _webSocketMessages: fc.array(
              fc.dictionary(fc.constantFrom('type', 'time', 'opcode', 'data'), fc.jsonValue()),
            ),
            request: fc.jsonValue(),
            response: fc.jsonValue(),
          }),
        ),
      }),
    })
    fc.assert(fc.property(likeHar, (har) => void readText(JSON.stringify(har))))
  })

  it('are bounded in what they show', () => {
    const pings = frameBytes({ opcode: 9, payload: new Uint8Array() })
    const server = [
      Buffer.concat(Array.from({ length: 20_000 }, () => pings)),
      frameBytes({ opcode: 8, payload: closePayload(1012) }),
    ]
    const { frames, moreFrames } = only(readText(hex(...server)))
    expect(frames).toHaveLength(2001)
    expect(frames.at(-1)).toMatchObject({ close: { code: 1012 } })
    expect(moreFrames).toBe(18_000)
  })
})
