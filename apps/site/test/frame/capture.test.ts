// What captures hold, and that hostile ones do no harm.
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { readFile, readText } from '../../src/frame/read.ts'
import type { Connection } from '../../src/frame/result.ts'
import { segmentOf } from '../../src/frame/segments.ts'
import { captured, deflate, faultsOf, key, only, packetsOf } from './connections.ts'
import {
  type CaptureOptions,
  closePayload,
  compressAll,
  frameBytes,
  ipPacket,
  onLink,
  pcap,
  pcapng,
  type Tcp,
  text,
} from './wire.ts'

const hex = (...parts: Uint8Array[]) => Buffer.concat(parts).toString('hex')

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

  it('with a hole that is too long to fill says how much was not read', () => {
    const frame = frameBytes({ opcode: 1, payload: text('a') })
    const packets = packetsOf({ server: [frame, frame] })
    const last = { ...packets.at(-1)!, sequence: packets.at(-1)!.sequence + 20_000_000 }
    const { notes, frames } = only(readFile(pcap([...packets.slice(0, -1), last].map(ipPacket))))
    expect(notes).toEqual([{ what: 'gaps', n: 3 }])
    expect(frames).toMatchObject([{ faults: [] }])
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

  it('of any number of connections are read to a limit', () => {
    const syn = { from: '10.0.0.1', to: '10.0.0.2', ports: [40_000, 80], flags: { syn: true } } as const
    const packets = Array.from({ length: 10_020 }, (_, i) => ipPacket({ ...syn, sequence: i }))
    expect(readFile(pcap(packets)).notes).toEqual([{ what: 'nothing' }, { what: 'packetsLeft', n: 20 }])
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
