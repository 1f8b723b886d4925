import { once } from 'node:events'
import net from 'node:net'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { maxVersion1, maxVersion2, readProxyHeader } from '../src/listen/proxy-protocol.ts'
import { cert, dialListener, handshakeText, key, listenerHost, received, talk } from './listener-host.ts'

const signature = Buffer.from('0d0a0d0a000d0a515549540a', 'hex')
const line = (text: string) => Buffer.from(text, 'latin1')

interface Version2 {
  command?: number
  family?: number
  body?: Buffer
  length?: number
}

function version2({ command = 0x21, family = 0x11, body = addresses4, length = body.length }: Version2 = {}) {
  return Buffer.concat([signature, Buffer.from([command, family, length >> 8, length & 255]), body])
}

const addresses4 = Buffer.from([203, 0, 113, 7, 10, 0, 0, 1, 0xdc, 0x04, 0x01, 0xbb])
const addresses6 = Buffer.from(
  ['20010db8000000000000000000000001', '20010db8000000000000000000000002', 'dc04', '01bb'].join(''),
  'hex',
)
const tlv = Buffer.from([0x04, 0x00, 0x03, 1, 2, 3])

const valid: [string, Buffer, { host: string; port: number } | undefined][] = [
  ['TCP4', line('PROXY TCP4 203.0.113.7 10.0.0.1 56324 443\r\n'), { host: '203.0.113.7', port: 56324 }],
  ['TCP6', line('PROXY TCP6 2001:db8::1 ::1 1 65535\r\n'), { host: '2001:db8::1', port: 1 }],
  ['UNKNOWN', line('PROXY UNKNOWN\r\n'), undefined],
  [
    'UNKNOWN with addresses',
    line(`PROXY UNKNOWN ${'f'.repeat(39)} ${'f'.repeat(39)} 65535 6\r\n`),
    undefined,
  ],
  ['TCP over IPv4', version2(), { host: '203.0.113.7', port: 56324 }],
  ['TCP over IPv6', version2({ family: 0x21, body: addresses6 }), { host: '2001:db8::1', port: 56324 }],
  [
    'addresses and a TLV',
    version2({ body: Buffer.concat([addresses4, tlv]) }),
    { host: '203.0.113.7', port: 56324 },
  ],
  ['LOCAL', version2({ command: 0x20, family: 0, body: Buffer.alloc(0) }), undefined],
  ['LOCAL with an unknown family', version2({ command: 0x20, family: 0xff, body: tlv }), undefined],
  ['LOCAL with a TLV', version2({ command: 0x20, family: 0, body: tlv }), undefined],
  ['an unspecified family', version2({ family: 0, body: tlv }), undefined],
  ['a UNIX socket', version2({ family: 0x31, body: Buffer.alloc(216) }), undefined],
  ['UDP', version2({ family: 0x12 }), undefined],
  [
    '4 KiB of TLVs',
    version2({ body: Buffer.concat([addresses4, Buffer.alloc(4084)]) }),
    { host: '203.0.113.7', port: 56324 },
  ],
]

const invalid: [string, Buffer][] = [
  ['an HTTP request', line('GET / HTTP/1.1\r\n')],
  ['another POST-like word', line('POST / HTTP/1.1\r\n')],
  ['lower case', line('proxy TCP4 1.2.3.4 1.2.3.4 1 2\r\n')],
  ['an unknown protocol', line('PROXY UDP4 1.2.3.4 1.2.3.4 1 2\r\n')],
  ['a protocol of the prototype', line('PROXY toString 1.2.3.4 1.2.3.4 1 2\r\n')],
  ['a bare LF', line('PROXY TCP4 1.2.3.4 1.2.3.4 1 2\n')],
  ['IPv6 as TCP4', line('PROXY TCP4 ::1 ::1 1 2\r\n')],
  ['a zone', line('PROXY TCP6 fe80::1%eth0 ::1 1 2\r\n')],
  ['a port over 65535', line('PROXY TCP4 1.2.3.4 1.2.3.4 65536 2\r\n')],
  ['a port with a leading zero', line('PROXY TCP4 1.2.3.4 1.2.3.4 01 2\r\n')],
  ['two spaces', line('PROXY  TCP4 1.2.3.4 1.2.3.4 1 2\r\n')],
  ['too few words', line('PROXY TCP4 1.2.3.4 1.2.3.4 1\r\n')],
  ['too many words', line('PROXY TCP4 1.2.3.4 1.2.3.4 1 2 3\r\n')],
  ['a line of 108 bytes', line(`PROXY UNKNOWN ${'x'.repeat(92)}\r\n`)],
  ['version 1 in binary', version2({ command: 0x11 })],
  ['an unknown command', version2({ command: 0x22 })],
  ['an unknown family', version2({ family: 0x41 })],
  ['addresses cut short', version2({ body: addresses4.subarray(1) })],
  ['more than 4 KiB', version2({ body: Buffer.alloc(4097) })],
]

describe('readProxyHeader', () => {
  test.each(valid)('reads %s, and only its own bytes', (_, header, address) => {
    const done = { state: 'done', length: header.length, ...(address && { address }) }
    expect(readProxyHeader(header)).toEqual(done)
    expect(readProxyHeader(Buffer.concat([header, line('GET / HTTP/1.1\r\n\r\n')]))).toEqual(done)
    for (let length = 0; length < header.length; length++) {
      expect(readProxyHeader(header.subarray(0, length))).toEqual({ state: 'more' })
    }
  })

  test.each(invalid)('finds %s wrong', (_, bytes) => {
    expect(readProxyHeader(bytes).state).toBe('wrong')
  })

  test('answers any bytes, and never asks for more than the longest header', () => {
    const start = fc.constantFrom(
      Buffer.alloc(0),
      line('PROXY '),
      line('PROXY TCP4 '),
      signature,
      version2().subarray(0, 15),
    )
    fc.assert(
      fc.property(start, fc.uint8Array({ maxLength: 5000 }), (head, rest) => {
        const bytes = Buffer.concat([head, rest])
        const result = readProxyHeader(bytes)
        if (result.state === 'done') expect(result.length).toBeLessThanOrEqual(bytes.length)
        if (result.state === 'more') {
          expect(bytes.length).toBeLessThan(bytes[0] === 0x50 ? maxVersion1 : maxVersion2)
        }
      }),
    )
  })

  test('never changes its mind: once done or wrong, so with every further byte', () => {
    const some = fc.constantFrom(...valid.map(([, header]) => header), ...invalid.map(([, bytes]) => bytes))
    fc.assert(
      fc.property(
        some,
        fc.nat(),
        fc.nat({ max: 255 }),
        fc.uint8Array({ maxLength: 20 }),
        (header, at, value, rest) => {
          const bytes = Buffer.concat([header, rest])
          bytes[at % header.length] = value
          let said: string | undefined
          for (let length = 1; length <= Math.min(bytes.length, 300); length++) {
            const { state } = readProxyHeader(bytes.subarray(0, length))
            if (said) expect(state).toBe(said)
            else if (state !== 'more') said = state
          }
        },
      ),
    )
  })
})

describe('a listener with proxyProtocol', () => {
  test('gives requests the address of the header, byte by byte', async () => {
    await using host = await listenerHost({ proxyProtocol: true })
    for (const [, header, address] of valid.filter(([, header]) => header.length < 120)) {
      const socket = await dialListener(host)
      for (const byte of header) {
        socket.write(Buffer.from([byte]))
        await new Promise((resolve) => setImmediate(resolve))
      }
      socket.write(handshakeText())
      const { request } = await host.nextHandshake()
      expect(request.address).toBe(address?.host ?? '127.0.0.1')
      socket.destroy()
    }
  })

  test.each([
    ['plain', undefined],
    ['TLS', { cert, key }],
  ])('takes a header and a %s request in one packet', async (_, secure) => {
    await using host = await listenerHost({ proxyProtocol: true, tls: secure })
    const header = line('PROXY TCP4 203.0.113.7 10.0.0.1 56324 443\r\n')
    if (secure) {
      // The header and the ClientHello leave in one write.
      const tcp = net.connect(host.port, '127.0.0.1')
      await once(tcp, 'connect')
      tcp.cork()
      tcp.write(header)
      const { connect } = await import('node:tls')
      const socket = connect({ socket: tcp, rejectUnauthorized: false })
      socket.on('error', () => {})
      process.nextTick(() => tcp.uncork())
      socket.write(handshakeText())
      expect((await host.nextHandshake()).request.address).toBe('203.0.113.7')
      socket.destroy()
    } else {
      const socket = await dialListener(host)
      socket.write(Buffer.concat([header, line(handshakeText())]))
      expect((await host.nextHandshake()).request.address).toBe('203.0.113.7')
      socket.destroy()
    }
  })

  test('believes X-Forwarded-For by the address of the header, not of the socket', async () => {
    const trusted = (address: string) => address === '203.0.113.7'
    await using host = await listenerHost({ proxyProtocol: true, deps: { trusted } })
    const socket = await dialListener(host)
    socket.write('PROXY TCP4 203.0.113.7 10.0.0.1 56324 443\r\n')
    socket.write(handshakeText({ 'X-Forwarded-For': '198.51.100.1' }))
    expect((await host.nextHandshake()).request.address).toBe('198.51.100.1')
    socket.destroy()
  })

  test('closes connections with a wrong header, without a word', async () => {
    await using host = await listenerHost({ proxyProtocol: true })
    expect(await talk(host, handshakeText())).toBe('')
    expect(await talk(host, 'PROXY TCP4 x\r\n')).toBe('')
    expect(host.listener.size).toBe(0)
  })

  test('closes connections whose header is not there in time', async () => {
    await using host = await listenerHost({ proxyProtocol: true, deps: { timeouts: { proxyHeader: 100 } } })
    const silent = await dialListener(host)
    const slow = await dialListener(host)
    slow.write('PROXY TCP4 ')
    expect(await Promise.all([received(silent), received(slow)])).toEqual(['', ''])
  })

  test('closes connections that end inside the header', async () => {
    await using host = await listenerHost({ proxyProtocol: true, allowHalfOpen: true })
    const socket = await dialListener(host)
    socket.end('PROXY TCP4 ')
    expect(await received(socket)).toBe('')
  })
})
