import {
  type Frame,
  type FrameInit,
  FrameParser,
  frame,
  invalidFrames,
  opcode,
  parseFrames,
} from '@holdfast/testing'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { FrameReader } from '../src/wire/frame-reader.ts'
import type { Fault, FrameRules } from '../src/wire/frame-rules.ts'
import { anyMessages, cutAt, joinMessages, toFrames } from './arbitrary-frames.ts'

const rules: FrameRules = {
  masked: false,
  rsv: 0,
  messageBytes: Number.POSITIVE_INFINITY,
  wholeFrames: 0,
  split: false,
}

/** Everything that a reader says, with what it handed on glued together in order. */
function recorder(accept: () => boolean = () => true) {
  const record = {
    out: [] as Buffer[],
    /** Bytes of data frames. */
    data: 0,
    controls: [] as { op: number; payload: Buffer }[],
    fault: undefined as Fault | undefined,
    boundaries: 0,
    onBytes: (bytes: Buffer) => {
      record.data += bytes.length
      record.out.push(Buffer.from(bytes))
    },
    onMessage: accept,
    onControl: (op: number, payload: Buffer, whole: Buffer) => {
      record.controls.push({ op, payload: Buffer.from(payload) })
      record.out.push(Buffer.from(whole))
    },
    ends: [] as number[],
    onMessageEnd: () => void record.ends.push(record.data),
    onBoundary: () => void record.boundaries++,
    onFault: (fault: Fault) => {
      record.fault = fault
    },
    bytes: () => Buffer.concat(record.out),
  }
  return record
}

function readAll(chunks: Buffer[], some: Partial<FrameRules> = {}) {
  const reader = new FrameReader({ ...rules, ...some })
  const record = recorder()
  for (const chunk of chunks) reader.read(chunk, record)
  return { reader, record }
}

describe('a frame reader', () => {
  test('hands on every byte of valid frames unchanged, whatever the chunks', () => {
    fc.assert(
      fc.property(
        anyMessages,
        fc.boolean(),
        fc.infiniteStream(fc.integer({ min: 1, max: 90_000 })),
        (messages, masked, sizes) => {
          const frames = toFrames(messages, masked)
          const bytes = Buffer.concat(frames)
          const { record, reader } = readAll(cutAt(bytes, sizes), { masked })
          expect(record.fault).toBeUndefined()
          expect(record.bytes().equals(bytes)).toBe(true)
          expect(reader.between).toBe(true)
          expect(reader.held).toBe(0)
          expect(reader.messages).toBe(messages.length)
        },
      ),
      { numRuns: 200 },
    )
  })

  test('with wholeFrames hands on only whole frames up to that size, whatever the chunks', () => {
    fc.assert(
      fc.property(anyMessages, fc.infiniteStream(fc.integer({ min: 1, max: 3000 })), (messages, sizes) => {
        const frames = toFrames(messages, false)
        const bytes = Buffer.concat(frames)
        const reader = new FrameReader({ ...rules, wholeFrames: 65_536 })
        const record = recorder()
        const long = new Set<number>()
        let offset = 0
        for (const f of frames) {
          if (f.length > 65_536) for (let i = 0; i < f.length; i++) long.add(offset + i)
          offset += f.length
        }
        for (const chunk of cutAt(bytes, sizes)) {
          reader.read(chunk, record)
          const sent = record.bytes().length
          // Wherever it stands, the next byte either begins a frame or is inside a long one.
          if (!long.has(sent)) expect(parseFrames(record.bytes()).rest).toBe(0)
          expect(reader.between).toBe(parseFrames(record.bytes()).rest === 0)
        }
        expect(record.bytes().equals(bytes)).toBe(true)
      }),
      { numRuns: 25 },
    )
  })

  const anySizes = fc.infiniteStream(fc.integer({ min: 1, max: 3000 }))

  test('with split hands a long frame on as fragments, so that a Close could follow wherever it stands', () => {
    fc.assert(
      fc.property(anyMessages, anySizes, fc.boolean(), (messages, sizes, compressed) => {
        const frames = toFrames(messages, false, compressed)
        const reader = new FrameReader({ ...rules, rsv: 0x40, wholeFrames: 1000, split: true })
        const record = recorder()
        const seen = new FrameParser()
        const after: Frame[] = []
        for (const chunk of cutAt(Buffer.concat(frames), sizes)) {
          reader.read(chunk, record)
          after.push(...seen.push(Buffer.concat(record.out.splice(0))))
          expect(seen.pending).toBe(0)
          expect(reader.between).toBe(true)
        }
        const before = parseFrames(Buffer.concat(frames)).frames
        expect(joinMessages(after)).toEqual(joinMessages(before))
        if (frames.every(({ length }) => length <= 1000)) expect(after.length).toBe(frames.length)
      }),
      { numRuns: 100 },
    )
  })

  test('knows how many messages have ended and how much of the next was handed on, whatever the chunks', () => {
    const wholes = fc.constantFrom(0, 1000)
    fc.assert(
      fc.property(anyMessages, anySizes, wholes, fc.boolean(), (messages, sizes, wholeFrames, masked) => {
        const frames = toFrames(messages, masked)
        /** Where each message ends: in the stream, and in the bytes of data frames alone. */
        const ends: { at: number; data: number }[] = []
        let at = 0
        let data = 0
        for (const one of frames) {
          at += one.length
          if ((one[0]! & 0x0f) >= opcode.close) continue
          data += one.length
          if ((one[0]! & 0x80) !== 0) ends.push({ at, data })
        }
        const reader = new FrameReader({ ...rules, masked, wholeFrames })
        const record = recorder()
        let read = 0
        let asked: number | undefined
        for (const chunk of cutAt(Buffer.concat(frames), sizes)) {
          reader.read(chunk, record)
          read += chunk.length
          const ended = ends.filter((end) => end.at <= read)
          expect(reader.completed).toBe(ended.length)
          expect(reader.unfinished).toBe(record.data - (ended.at(-1)?.data ?? 0))
          if (asked !== undefined && ended.length > asked) {
            expect(record.ends).toEqual([ends[asked]!.data])
            record.ends = []
            asked = undefined
          }
          expect(record.ends).toEqual([])
          if (asked === undefined && reader.midMessage) {
            reader.tellMessageEnd()
            asked = ended.length
          }
        }
        expect(reader.midMessage).toBe(false)
        expect(reader.completed).toBe(messages.length)
      }),
      { numRuns: 100 },
    )
  })

  test('packed and unpacked at any byte goes on as if nothing had been', () => {
    const modes = fc.constantFrom<Partial<FrameRules>>(
      { masked: true },
      { wholeFrames: 1000 },
      { wholeFrames: 1000, split: true },
    )
    fc.assert(
      fc.property(anyMessages, anySizes, modes, fc.nat(), (messages, sizes, mode, somewhere) => {
        const chunks = cutAt(Buffer.concat(toFrames(messages, mode.masked ?? false)), sizes)
        const moveAt = somewhere % (chunks.length + 1)
        const stays = { reader: new FrameReader({ ...rules, ...mode }), record: recorder() }
        const moves = { reader: new FrameReader({ ...rules, ...mode }), record: recorder() }
        const stateOf = ({ reader, record }: typeof stays) => ({
          ...{ messages: reader.messages, bytes: reader.bytes, between: reader.between },
          ...{ completed: reader.completed, unfinished: reader.unfinished, held: reader.held },
          ...{ data: record.data, fault: record.fault, controls: record.controls.length },
        })
        for (const [i, chunk] of chunks.entries()) {
          if (i === moveAt) {
            const packed = JSON.parse(JSON.stringify(moves.reader.pack()))
            moves.reader = new FrameReader({ ...rules, ...mode })
            moves.reader.unpack(packed)
          }
          stays.reader.read(chunk, stays.record)
          moves.reader.read(chunk, moves.record)
          expect(stateOf(moves)).toEqual(stateOf(stays))
        }
        expect(moves.record.bytes().equals(stays.record.bytes())).toBe(true)
      }),
      { numRuns: 100 },
    )
  })

  test('goes on with what another has only before it has read anything itself', () => {
    const reader = new FrameReader(rules)
    const packed = reader.pack()
    reader.unpack(packed)
    reader.read(frame({ opcode: opcode.text, payload: 'hello' }).subarray(0, 3), recorder())
    expect(() => reader.unpack(packed)).toThrow('a reader that has read')
  })

  test('unmasks the payload of control frames only', () => {
    const bytes = Buffer.concat([
      frame({ opcode: opcode.text, payload: 'hello', mask: true }),
      frame({ opcode: opcode.ping, payload: 'are you there', mask: true }),
    ])
    const { record } = readAll([bytes], { masked: true })
    expect(record.controls).toEqual([{ op: opcode.ping, payload: Buffer.from('are you there') }])
    expect(record.bytes().equals(bytes)).toBe(true)
  })

  test('drops what follows a Close', () => {
    const close = frame({ opcode: opcode.close, payload: Buffer.from([3, 232]) })
    const { record, reader } = readAll([
      Buffer.concat([close, frame({ opcode: opcode.text, payload: 'late' })]),
    ])
    expect(record.bytes().equals(close)).toBe(true)
    expect(reader.stopped).toBe(true)
  })

  // RFC 6455 8.1 and 7.4.1: what is not UTF-8 has a code of its own.
  const faultOf = (what: string) => (what.includes('UTF-8') ? 'not-utf8' : 'protocol')
  const faulty: [string, FrameInit[], Partial<FrameRules>?][] = [
    ['a masked frame from a server', [{ opcode: 1, payload: 'x', mask: true }]],
    ['an unmasked frame from a client', [{ opcode: 1, payload: 'x' }], { masked: true }],
    ['reserved opcode 3', [{ opcode: 3 }]],
    ['reserved opcode 11', [{ opcode: 11 }]],
    ['RSV1 that no extension defines', [{ opcode: 1, rsv1: true }]],
    ['RSV2 with permessage-deflate', [{ opcode: 1, rsv2: true }], { rsv: 0x40 }],
    ['RSV1 on a control frame', [{ opcode: 9, rsv1: true }], { rsv: 0x40 }],
    ['a fragmented Ping', [{ opcode: 9, fin: false }]],
    ['a Ping of 126 bytes', [{ opcode: 9, payload: Buffer.alloc(126) }]],
    ['a continuation of nothing', [{ opcode: 0 }]],
    ['a new message inside another', [{ opcode: 1, fin: false }, { opcode: 2 }]],
    ['a length of 5 in 16 bits', [{ opcode: 1, payload: 'hello', lengthBits: 16 }]],
    ['a length of 5 in 64 bits', [{ opcode: 1, payload: 'hello', lengthBits: 64 }]],
    ['a length with the top bit', [{ opcode: 1, declaredLength: 1n << 63n }]],
    ['a length over 2^53', [{ opcode: 1, declaredLength: 1n << 60n }]],
    ['a Close of one byte', [{ opcode: 8, payload: 'x' }]],
    ['a Close with 1005', [{ opcode: 8, payload: Buffer.from([3, 237]) }]],
    ['a Close with 999', [{ opcode: 8, payload: Buffer.from([3, 231]) }]],
    ['a Close reason that is not UTF-8', [{ opcode: 8, payload: Buffer.from([3, 232, 0xff]) }]],
  ]
  test.each(faulty)(
    'refuses %s, byte by byte and at once, after handing on what came before',
    (what, inits, some) => {
      const before = frame({ opcode: 1, payload: 'before', mask: some?.masked ?? false })
      const bytes = Buffer.concat([before, ...inits.map((init) => frame(init))])
      const head = inits.length > 1 ? Buffer.concat([before, frame(inits[0]!)]) : before
      for (const chunks of [[bytes], [...bytes].map((byte) => Buffer.from([byte]))]) {
        const { record, reader } = readAll(chunks, some)
        expect(record.fault).toBe(faultOf(what))
        expect(reader.stopped).toBe(true)
        expect(record.bytes().equals(head)).toBe(true)
      }
    },
  )

  test('refuses every invalid frame that a fault upstream can send', () => {
    for (const [name, bytes] of Object.entries(invalidFrames)) {
      expect([name, readAll([bytes]).record.fault]).toEqual([name, faultOf(name)])
    }
  })

  test('accepts RSV1 where permessage-deflate was agreed', () => {
    expect(
      readAll([frame({ opcode: 1, rsv1: true, payload: 'x' })], { rsv: 0x40 }).record.fault,
    ).toBeUndefined()
  })

  test('counts the payload of all fragments against messageBytes', () => {
    const part = (op: number, fin: boolean) => frame({ opcode: op, fin, payload: Buffer.alloc(60) })
    expect(readAll([part(2, true), part(2, true)], { messageBytes: 100 }).record.fault).toBeUndefined()
    const { record } = readAll([part(2, false), part(0, true)], { messageBytes: 100 })
    expect(record.fault).toBe('too-big')
    expect(record.bytes().equals(part(2, false))).toBe(true)
  })

  test('stops at a message that the sink refuses', () => {
    const reader = new FrameReader(rules)
    let left = 2
    const record = recorder(() => left-- > 0)
    const message = frame({ opcode: 1, payload: 'm' })
    reader.read(Buffer.concat([message, message, message]), record)
    expect(record.fault).toBe('too-fast')
    expect(record.bytes().equals(Buffer.concat([message, message]))).toBe(true)
  })

  test('tells the next boundary once, between the right bytes', () => {
    const reader = new FrameReader(rules)
    const record = recorder()
    const first = frame({ opcode: 2, payload: Buffer.alloc(1000) })
    const second = frame({ opcode: 2, payload: Buffer.alloc(1000) })
    const bytes = Buffer.concat([first, second])
    reader.read(bytes.subarray(0, 500), record)
    expect(reader.between).toBe(false)
    reader.tellNextBoundary()
    let at = -1
    record.onBoundary = () => {
      at = record.bytes().length
      record.boundaries++
    }
    reader.read(bytes.subarray(500), record)
    expect(at).toBe(first.length)
    expect(record.boundaries).toBe(1)
  })

  test('keeps back no more than a frame header and control payload of a stream that stops anywhere', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 400 }), fc.boolean(), (junk, masked) => {
        const { reader } = readAll([Buffer.from(junk)], { masked })
        expect(reader.held).toBeLessThanOrEqual(138)
      }),
    )
  })
})
