// What is pasted, handshakes and frames: what is read, and what is said to be wrong.
import { describe, expect, it } from 'vitest'
import { readText } from '../../src/frame/read.ts'
import type { FaultKind } from '../../src/frame/result.ts'
import { captured, deflate, faultsOf, key, only } from './connections.ts'
import { closePayload, frameBytes, request, response, text, type WireFrame } from './wire.ts'

const hex = (...parts: Uint8Array[]) => Buffer.concat(parts).toString('hex')

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
