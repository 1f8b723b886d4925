import net from 'node:net'
import tls from 'node:tls'
import { once } from '@holdfast/testing'
import fc from 'fast-check'
import { beforeAll, describe, expect, test } from 'vitest'
import { readClientHello } from '../src/listen/client-hello.ts'

/** What Node's client sends first. */
async function realHello(options: tls.ConnectionOptions): Promise<Buffer> {
  const server = net.createServer()
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const accepted = new Promise<Buffer>((resolve) => {
    server.once('connection', (socket) =>
      socket.once('data', (bytes) => {
        resolve(bytes)
        socket.destroy()
      }),
    )
  })
  const client = tls.connect({ ...options, port: (server.address() as net.AddressInfo).port })
  client.on('error', () => {})
  const bytes = await accepted
  client.destroy()
  server.close()
  return bytes
}

let hello: Buffer
const known = { serverName: 'Chat.example.com', protocols: ['h2', 'http/1.1'] }

beforeAll(async () => {
  hello = await realHello({ servername: 'Chat.example.com', ALPNProtocols: ['h2', 'http/1.1'] })
})

/** The same message in records of so many bytes. */
function inRecords(bytes: Buffer, size: number): Buffer {
  const message = bytes.subarray(5)
  const records: Buffer[] = []
  for (let at = 0; at < message.length; at += size) {
    const part = message.subarray(at, at + size)
    records.push(Buffer.from([22, 3, 1, part.length >> 8, part.length & 255]), part)
  }
  return Buffer.concat(records)
}

describe('readClientHello', () => {
  test('reads the name and the protocols', () => {
    expect(readClientHello(hello)).toEqual({ state: 'done', hello: known })
  })

  test('reads one without either, and one with an address', async () => {
    const bytes = await realHello({ host: '127.0.0.1' })
    expect(readClientHello(bytes)).toEqual({ state: 'done', hello: { protocols: [] } })
  })

  test('waits for more at every cut', () => {
    for (let length = 0; length < hello.length; length++)
      expect(readClientHello(hello.subarray(0, length))).toEqual({ state: 'more' })
  })

  test('does not care how it is cut into records, nor about what follows', () => {
    for (const size of [Math.ceil(hello.length / 64), 100, hello.length]) {
      const cut = inRecords(hello, size)
      expect(readClientHello(Buffer.concat([cut, Buffer.from('more')]))).toEqual({
        state: 'done',
        hello: known,
      })
      expect(readClientHello(cut.subarray(0, -1))).toEqual({ state: 'more' })
    }
  })

  test('is given up when it comes in crumbs', () => {
    for (const size of [1, 3, 4, 5])
      expect(readClientHello(inRecords(hello, size))).toEqual({ state: 'wrong' })
  })

  test.each([
    ['plain HTTP', Buffer.from('GET / HTTP/1.1\r\n\r\n')],
    ['another message', Buffer.from([22, 3, 1, 0, 4, 2, 0, 0, 0])],
    ['an empty record', Buffer.from([22, 3, 1, 0, 0])],
    ['a record that is too long', Buffer.from([22, 3, 1, 0xff, 0xff])],
    ['a message that is too long', Buffer.from([22, 3, 1, 0, 4, 1, 1, 0, 0])],
  ])('finds no ClientHello in %s', (_, bytes) => {
    expect(readClientHello(bytes)).toEqual({ state: 'wrong' })
  })

  test('never throws, and reads nothing of what has been cut out of the middle', () => {
    const edit = fc.tuple(fc.nat(2_000), fc.nat(50), fc.uint8Array({ maxLength: 20 }))
    fc.assert(
      fc.property(fc.array(edit, { maxLength: 4 }), (edits) => {
        const bytes = edits.reduce(
          (so, [at, length, put]) => Buffer.concat([so.subarray(0, at), put, so.subarray(at + length)]),
          hello,
        )
        expect(['more', 'wrong', 'done']).toContain(readClientHello(bytes).state)
      }),
    )
  })
})
