import { execFileSync } from 'node:child_process'
import type net from 'node:net'
import tls from 'node:tls'
import { constants, inflateRawSync } from 'node:zlib'
import {
  Child,
  certificate,
  eventually,
  faultUpstream,
  frame,
  fullBacklog,
  once,
  opcode,
  parseFrames,
  rawUpstream,
  startUpstream,
  switchingProtocols,
  tcpServer,
} from '@holdfast/testing'
import { describe, expect, test } from 'vitest'
import { systemClock } from '../src/core/clock.ts'
import { type DialTarget, dial } from '../src/upstream/dial.ts'
import { HandleWire } from '../src/wire/handle-wire.ts'
import { libuv } from '../src/wire/libuv.ts'
import type { Wire, WireUser } from '../src/wire/wire.ts'
import { clientRequest, dialPlain, failure, limits, never, noneOpen, opened, targetOf } from './dialling.ts'

const { cert, key } = certificate()

describe('an upstream that opens', () => {
  test('gets the handshake of the client: its headers in order and case, its key, its authority', async () => {
    await using server = await rawUpstream()
    const request = clientRequest({
      target: '/ws/room?id=1',
      authority: 'Chat.Example.com:8443',
      protocols: ['chat.v2', 'chat.v1'],
      extensions: 'permessage-deflate; client_max_window_bits',
      headers: [
        ['cOOkie', 'a=1'],
        ['X-Twice', 'one'],
        ['x-twice', 'two'],
        ['X-Latin', 'caf\u00e9'],
      ],
    })
    const target = targetOf(server, { path: '/prefix' })
    const { wire } = opened(await dial(target, request, limits, never(), [['Holdfast-Session', 's1']]))
    wire.destroy()
    const [seen] = server.requests
    expect(seen?.startLine).toBe('GET /prefix/ws/room?id=1 HTTP/1.1')
    expect(seen?.rawHeaders).toEqual([
      ['Host', 'Chat.Example.com:8443'],
      ['Connection', 'Upgrade'],
      ['Upgrade', 'websocket'],
      ['Sec-WebSocket-Version', '13'],
      ['Sec-WebSocket-Key', request.key],
      ['Sec-WebSocket-Protocol', 'chat.v2, chat.v1'],
      ['Sec-WebSocket-Extensions', 'permessage-deflate; client_max_window_bits'],
      ['cOOkie', 'a=1'],
      ['X-Twice', 'one'],
      ['x-twice', 'two'],
      ['X-Latin', 'caf\u00e9'],
      ['Holdfast-Session', 's1'],
    ])
  })

  test('hands over what it agreed to and its end-to-end headers', async () => {
    await using server = await rawUpstream({
      protocol: 'chat.v1',
      extensions: 'permessage-deflate',
      headers: ['Set-Cookie: a=1', 'Set-Cookie: b=2', 'Keep-Alive: timeout=5', 'X-Node: 7'],
    })
    const request = clientRequest({ protocols: ['chat.v2', 'chat.v1'], extensions: 'permessage-deflate' })
    const result = opened(await dialPlain(server, request))
    result.wire.destroy()
    expect(result).toMatchObject({
      protocol: 'chat.v1',
      extensions: 'permessage-deflate',
      headers: [
        ['Set-Cookie', 'a=1'],
        ['Set-Cookie', 'b=2'],
        ['X-Node', '7'],
      ],
    })
  })

  test('hands over a paused wire that nobody uses', async () => {
    await using server = await rawUpstream()
    const { wire } = opened(await dialPlain(server))
    expect([wire.paused, wire.user, wire.readableLength, wire.isIdle]).toEqual([
      true,
      undefined,
      0,
      wire instanceof HandleWire,
    ])
    wire.destroy()
  })

  test('is reached without a socket of Node’s wherever handles can be had', async () => {
    await using server = await rawUpstream()
    const { wire } = opened(await dialPlain(server))
    expect(wire instanceof HandleWire).toBe(libuv !== undefined)
    wire.destroy()
  })

  test('hands over the frames that come with the 101, and those that come later, in order', async () => {
    const text = (payload: string) => frame({ opcode: opcode.text, payload })
    let upstream: net.Socket | undefined
    await using server = await rawUpstream({
      onRequest: (request, socket) => {
        upstream = socket
        socket.write(Buffer.concat([Buffer.from(switchingProtocols(request)), text('first'), text('second')]))
        return true
      },
    })
    const { wire } = opened(await dialPlain(server))
    const [early, late] = [Buffer.concat([text('first'), text('second')]), text('third')]
    expect(wire.readableLength).toBe(early.length)
    upstream!.write(late)
    const read = await readFrom(wire, early.length + late.length)
    expect(read.equals(Buffer.concat([early, late]))).toBe(true)
    wire.destroy()
  })

  test('may send other 1xx answers before its 101', async () => {
    await using server = await rawUpstream({
      onRequest: (request, socket) => {
        const early = 'HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 100 Continue\r\n\r\n'
        return socket.write(early + switchingProtocols(request)) || true
      },
    })
    opened(await dialPlain(server)).wire.destroy()
  })

  test.each(['Upgrade', 'Upgrade\t', '\tkeep-alive\t,\tUpgrade \t'])(
    'opens with `Connection: %j`, in one piece and byte by byte, and with the frames behind it',
    async (connection) => {
      const text = frame({ opcode: opcode.text, payload: 'first' })
      for (const pieces of [1, Number.POSITIVE_INFINITY]) {
        await using server = await rawUpstream({
          onRequest: (request, socket) => {
            const head = switchingProtocols(request).replace(
              'Connection: Upgrade',
              `Connection: ${connection}`,
            )
            const answer = Buffer.concat([Buffer.from(head), text])
            if (pieces === 1) return socket.write(answer) || true
            const next = (at: number) => {
              if (at < answer.length)
                socket.write(answer.subarray(at, at + 1), () => setImmediate(next, at + 1))
            }
            next(0)
            return true
          },
        })
        const { wire } = opened(await dialPlain(server))
        expect((await readFrom(wire, text.length)).equals(text)).toBe(true)
        wire.destroy()
      }
    },
  )

  test('and then resets shows it on the wire, and does not end the process', async () => {
    await using server = await faultUpstream('reset after 101')
    const result = await dialPlain(server)
    if (!result.ok) return expect(result.failure).toEqual({ kind: 'unreachable', words: 'connection reset' })
    const { wire } = result
    await new Promise<void>((resolve) => {
      // libuv says the end of the input for a reset that comes together with data.
      wire.user = { ...deaf, onEndOfInput: () => wire.end(), onClose: resolve }
      wire.resume()
    })
    expect(wire.destroyed).toBe(true)
  })

  test.each([false, true])(
    'is `ws` with permessage-deflate: %s, and echoes through the wire',
    async (deflate) => {
      await using server = await startUpstream({ perMessageDeflate: deflate, protocols: ['b'] })
      const request = clientRequest({
        protocols: ['a', 'b'],
        extensions: 'permessage-deflate; client_max_window_bits=10; server_max_window_bits=10',
      })
      const { wire, protocol, extensions } = opened(await dialPlain(server, request))
      expect(protocol).toBe('b')
      expect(extensions).toBe(
        deflate ? 'permessage-deflate; client_max_window_bits=10; server_max_window_bits=10' : undefined,
      )
      expect(await echo(wire, 'hello')).toBe('hello')
      wire.destroy()
    },
  )
})

const deaf: WireUser = { onPieces: () => undefined, onDrain() {}, onEndOfInput() {}, onClose() {} }

/** What comes, once it is so many bytes. */
function readFrom(wire: Wire, length: number): Promise<Buffer> {
  return new Promise((resolve) => {
    let read = Buffer.alloc(0)
    wire.user = {
      ...deaf,
      onPieces(pieces) {
        read = Buffer.concat([read, ...pieces])
        if (read.length >= length) resolve(read)
        return undefined
      },
    }
    wire.resume()
  })
}

/** Sends a text and returns the first message that comes. */
async function echo(wire: Wire, payload: string): Promise<string> {
  wire.write(frame({ opcode: opcode.text, payload, mask: true }))
  const { payload: answer, rsv1 } = parseFrames(await readFrom(wire, 2)).frames[0]!
  if (!rsv1) return String(answer)
  // RFC 7692 7.2.2: "Append 4 octets of 0x00 0x00 0xff 0xff to the tail end of the payload of the message."
  const compressed = Buffer.concat([answer, Buffer.of(0, 0, 0xff, 0xff)])
  return String(inflateRawSync(compressed, { finishFlush: constants.Z_SYNC_FLUSH }))
}

describe('an upstream on TLS', () => {
  const secure = (server: { port: number }, init: Partial<DialTarget> = {}) =>
    targetOf(server, { tls: true, secure: { ca: cert, verify: true }, ...init })

  test.each(['localhost', '127.0.0.1'])('opens when its certificate is good for %s', async (serverName) => {
    await using server = await startUpstream({ tls: { cert, key } })
    const { wire } = opened(await dial(secure(server, { serverName }), clientRequest(), limits, never()))
    expect(wire.socket).toBeInstanceOf(tls.TLSSocket)
    expect(await echo(wire, 'hello')).toBe('hello')
    wire.destroy()
  })

  test.each([
    ['is not from a known authority', { serverName: 'localhost', secure: undefined }, 'it is self-signed'],
    ['bears another name', { serverName: 'other.example' }, 'it is for another name'],
    ['bears another address', { host: '127.0.0.2', serverName: '127.0.0.2' }, 'it is for another name'],
  ])('is not used when its certificate %s', async (_, init, detail) => {
    const server = tls
      .createServer({ cert, key })
      .on('tlsClientError', () => {})
      .listen(0, '0.0.0.0')
    await once(server, 'listening')
    const seen = once(server, 'connection')
    const { port } = server.address() as net.AddressInfo
    const result = await dial(secure({ port }, init), clientRequest(), limits, never())
    expect(failure(result)).toEqual({ kind: 'unreachable', words: 'TLS certificate not valid', detail })
    const [socket] = (await seen) as [net.Socket]
    await eventually('the upstream sees its socket closed', () => socket.destroyed)
    server.close()
  })

  test.each([
    ['localhost', 'localhost'],
    ['127.0.0.1', false],
  ])('is told the name %s as %s', async (serverName, told) => {
    const server = tls.createServer({ cert, key }, (socket) => socket.on('error', () => {}).destroy())
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    const seen = once(server, 'secureConnection')
    const { port } = server.address() as net.AddressInfo
    await dial(secure({ port }, { serverName }), clientRequest(), limits, never())
    const [socket] = (await seen) as [tls.TLSSocket]
    expect(socket.servername).toBe(told)
    server.close()
  })

  test('that speaks plain HTTP is unreachable', async () => {
    await using server = await tcpServer((socket) => {
      socket.resume().write('HTTP/1.1 400 Bad Request\r\n\r\n')
    })
    const result = await dial(secure(server), clientRequest(), limits, never())
    expect(failure(result)).toEqual({ kind: 'unreachable', words: 'TLS handshake failed' })
    await eventually('the upstream sees its socket closed', () => server.sockets.size === 0)
  })

  test('that never ends its TLS handshake gives no answer within the connect limit', async () => {
    await using server = await tcpServer((socket) => void socket.resume())
    const result = await dial(secure(server), clientRequest(), { connect: 100, handshake: 9_000 }, never())
    expect(failure(result)).toEqual({ kind: 'no-answer', afterMs: 100 })
    await eventually('the upstream sees its socket closed', () => server.sockets.size === 0)
  })
})

describe('a dial whose signal fires', () => {
  test('before it begins connects nowhere', async () => {
    await using server = await rawUpstream()
    const result = await dial(targetOf(server), clientRequest(), limits, AbortSignal.abort())
    expect(failure(result)).toEqual({ kind: 'aborted' })
    opened(await dialPlain(server)).wire.destroy()
    expect(server.accepted).toBe(1)
  })

  test('while it connects gives up at once', async () => {
    await using server = await fullBacklog()
    const abort = new AbortController()
    const target = targetOf({ port: Number(new URL(server.url).port) })
    const result = dial(target, clientRequest(), { connect: 60_000, handshake: 60_000 }, abort.signal)
    abort.abort()
    expect(failure(await result)).toEqual({ kind: 'aborted' })
  })

  test('between connecting and asking closes its socket', async () => {
    await using server = await rawUpstream()
    const abort = new AbortController()
    let stages = 0
    const clock = {
      ...systemClock,
      setTimeout: (callback: () => void, ms: number) => {
        if (++stages === 2) abort.abort()
        return systemClock.setTimeout(callback, ms)
      },
    }
    const result = await dial(targetOf(server), clientRequest(), limits, abort.signal, [], clock)
    expect(failure(result)).toEqual({ kind: 'aborted' })
    expect(server.connections).toHaveLength(0)
    await noneOpen(server)
  })

  test('while it waits for the 101 closes its socket', async () => {
    await using server = await faultUpstream('no answer')
    const abort = new AbortController()
    const result = dial(targetOf(server), clientRequest(), limits, abort.signal)
    await eventually('the request at the upstream', () => server.requests.length === 1)
    abort.abort()
    expect(failure(await result)).toEqual({ kind: 'aborted' })
    await noneOpen(server)
  })

  test('after it has opened leaves the wire alone', async () => {
    await using server = await startUpstream()
    const abort = new AbortController()
    const { wire } = opened(await dial(targetOf(server), clientRequest(), limits, abort.signal))
    abort.abort()
    expect(await echo(wire, 'still here')).toBe('still here')
    wire.destroy()
  })
})

/** An echo server of an independent implementation, where Debian's python3-websockets is installed. */
const python = '/usr/bin/python3'
const script = `
import asyncio, websockets
async def echo(ws, *_):
    async for message in ws: await ws.send(message)
async def main():
    async with websockets.serve(echo, '127.0.0.1', 0, subprotocols=['b']) as server:
        print(server.sockets[0].getsockname()[1], flush=True)
        await asyncio.Future()
asyncio.run(main())
`
test.skipIf(!hasWebsockets())(
  'python3-websockets opens, with permessage-deflate and a subprotocol',
  async () => {
    await using server = new Child(python, ['-c', script])
    const port = await server.line('its port', (line) => Number(line) || undefined)
    const request = clientRequest({
      protocols: ['a', 'b'],
      extensions: 'permessage-deflate; client_max_window_bits',
    })
    const { wire, protocol, extensions } = opened(await dialPlain({ port }, request))
    expect(protocol).toBe('b')
    expect(extensions).toMatch(/^permessage-deflate/)
    wire.destroy()
  },
)

function hasWebsockets(): boolean {
  try {
    execFileSync(python, ['-c', 'import websockets'], { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
}
