import { once } from 'node:events'
import http from 'node:http'
import net from 'node:net'
import type { Duplex } from 'node:stream'
import tls from 'node:tls'
import { certificate } from '@holdfast/testing'
import { afterEach, describe, expect, it } from 'vitest'
import { readFast } from '../src/wire/fast-socket.ts'

const undo: (() => void)[] = []
afterEach(() => {
  for (const act of undo.splice(0)) act()
})

/** Both ends of a new TCP connection; the accepted one has not been read. */
async function connection(): Promise<{ client: net.Socket; accepted: net.Socket }> {
  const server = net.createServer({ allowHalfOpen: true, pauseOnConnect: true }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as net.AddressInfo
  const client = net.connect({ port, host: '127.0.0.1', allowHalfOpen: true })
  const [accepted] = (await once(server, 'connection')) as [net.Socket]
  if (client.connecting) await once(client, 'connect')
  for (const socket of [client, accepted]) socket.on('error', () => {})
  undo.push(() => {
    client.destroy()
    accepted.destroy()
    server.close()
  })
  return { client, accepted }
}

/** Collects copies of what comes. */
function collector() {
  const chunks: Buffer[] = []
  let arrived = () => {}
  return {
    take: (bytes: Buffer) => {
      chunks.push(Buffer.from(bytes))
      arrived()
      return undefined
    },
    get bytes() {
      return Buffer.concat(chunks)
    },
    async until(length: number) {
      while (this.bytes.length < length) {
        await new Promise<void>((resolve) => {
          arrived = resolve
        })
      }
      return this.bytes
    },
  }
}

function pattern(length: number, seed: number): Buffer {
  const bytes = Buffer.allocUnsafe(length)
  for (let i = 0; i < length; i++) bytes[i] = (i * 13 + (i >> 8) * 7 + seed * 101) & 0xff
  return bytes
}

/** Hands on what `from` reads, with back-pressure. */
function tunnel(from: net.Socket, to: Duplex): Duplex {
  const source = readFast(from, (bytes) => {
    if (!to.write(bytes)) source.pause()
    return to.writableLength > 0 ? to : undefined
  })
  to.on('drain', () => source.resume())
  source.on('end', () => to.end())
  return source
}

describe('readFast', () => {
  it('gives a socket what was read before and what comes after, in order, on another object', async () => {
    const { client, accepted } = await connection()
    client.write('early ')
    accepted.resume()
    const [chunk] = (await once(accepted, 'data')) as [Buffer]
    accepted.removeAllListeners('data').pause()
    accepted.unshift(chunk)
    const got = collector()
    const socket = readFast(accepted, got.take)
    expect(socket).not.toBe(accepted)
    client.write('late')
    socket.resume()
    expect(String(await got.until(10))).toBe('early late')
  })

  it('reads nothing before resume, and nothing while paused', async () => {
    const { client, accepted } = await connection()
    const got = collector()
    const socket = readFast(accepted, got.take)
    client.write('one')
    await roundTrip()
    expect(got.bytes.length).toBe(0)
    socket.resume()
    await got.until(3)
    socket.pause()
    client.write('two')
    await roundTrip()
    expect(String(got.bytes)).toBe('one')
    socket.resume()
    expect(String(await got.until(6))).toBe('onetwo')
  })

  it('keeps what was read before while it is paused again at once', async () => {
    const { accepted } = await connection()
    accepted.unshift(Buffer.from('early'))
    const got = collector()
    const socket = readFast(accepted, got.take)
    socket.resume()
    socket.pause()
    await roundTrip()
    expect(got.bytes.length).toBe(0)
    socket.resume()
    expect(String(await got.until(5))).toBe('early')
  })

  it('keeps bytes whole while writes of many sockets wait', { timeout: 20_000 }, async () => {
    const long = 5 * 1024 * 1024
    const pieces = [...Array.from({ length: 20 }, () => 1000), 9000, ...Array.from({ length: 20 }, () => 700)]
    const size = long + pieces.reduce((sum, piece) => sum + piece)
    const lanes = await Promise.all(
      Array.from({ length: 16 }, async (_, seed) => {
        const [left, right] = [await connection(), await connection()]
        const sent = pattern(size, seed)
        // Without back-pressure, so that there is reading while writes wait.
        const source = readFast(left.accepted, (bytes) => {
          right.accepted.write(bytes)
          return right.accepted.writableLength > 0 ? right.accepted : undefined
        })
        source.on('end', () => right.accepted.end())
        source.resume()
        left.client.write(sent.subarray(0, long))
        return { sent, left, right }
      }),
    )
    for (const { left, right } of lanes) {
      while (left.client.writableLength > 0 || right.accepted.writableLength === 0) await roundTrip()
    }
    let at = long
    for (const piece of pieces) {
      for (const { sent, left } of lanes) left.client.write(sent.subarray(at, at + piece))
      at += piece
      await roundTrip()
    }
    const results = lanes.map(async ({ sent, left, right }) => {
      left.client.end()
      let length = 0
      let same = true
      for await (const chunk of right.client as AsyncIterable<Buffer>) {
        same &&= chunk.equals(sent.subarray(length, length + chunk.length))
        length += chunk.length
      }
      return same && length === size
    })
    expect(await Promise.all(results)).toEqual(lanes.map(() => true))
  })

  it('stops reading one socket while the other takes no more', async () => {
    const [left, right] = [await connection(), await connection()]
    const source = tunnel(left.accepted, right.accepted)
    source.resume()
    const sent = pattern(16 * 1024 * 1024, 1)
    left.client.end(sent)
    while (right.accepted.writableLength === 0) await roundTrip()
    for (let i = 0; i < 20; i++) await roundTrip()
    expect(right.accepted.writableLength).toBeLessThanOrEqual(128 * 1024)
    const got: Buffer[] = []
    for await (const chunk of right.client as AsyncIterable<Buffer>) got.push(chunk)
    expect(Buffer.concat(got).equals(sent)).toBe(true)
  })

  it('keeps short and long messages whole when sockets take turns', async () => {
    const lanes = await Promise.all(Array.from({ length: 8 }, () => connection()))
    for (const [i, { client, accepted }] of lanes.entries()) {
      const echo: Duplex = readFast(accepted, (bytes) => {
        echo.write(bytes)
        return echo.writableLength > 0 ? echo : undefined
      })
      echo.resume()
      const sizes = [100, 20_000, 5, 70_000, ...Array.from({ length: 12 }, () => 300), 9000]
      for (const [n, size] of sizes.entries()) {
        const sent = pattern(size, i * 32 + n)
        client.write(sent)
        const back: Buffer[] = []
        for (let length = 0; length < size; ) {
          const [chunk] = (await once(client, 'data')) as [Buffer]
          back.push(chunk)
          length += chunk.length
        }
        expect(Buffer.concat(back).equals(sent)).toBe(true)
      }
    }
  })

  it('says end when the peer ends its half, and can still write', async () => {
    const { client, accepted } = await connection()
    const socket = readFast(accepted, () => undefined)
    socket.resume()
    client.end()
    await once(socket, 'end')
    const got = collector()
    client.on('data', got.take)
    const closed = once(socket, 'close')
    socket.end('bye')
    expect(String(await got.until(3))).toBe('bye')
    await closed
  })

  it('says end when the peer had ended before', async () => {
    const { client, accepted } = await connection()
    accepted.resume()
    client.end('last words')
    const [chunk] = (await once(accepted, 'data')) as [Buffer]
    accepted.removeAllListeners('data').pause()
    accepted.unshift(chunk)
    await roundTrip()
    const got = collector()
    const socket = readFast(accepted, got.take)
    socket.resume()
    await once(socket, 'end')
    expect(String(got.bytes)).toBe('last words')
  })

  it('says close after a reset', async () => {
    const { client, accepted } = await connection()
    const socket = readFast(accepted, () => undefined)
    socket.on('error', () => {})
    socket.resume()
    const closed = new Promise((resolve) => socket.once('close', resolve))
    client.resetAndDestroy()
    await closed
  })

  it('closes the socket that it was given, and the connection lives on', async () => {
    const { accepted, client } = await connection()
    const given = once(accepted, 'close')
    const socket = readFast(accepted, (bytes) => {
      socket.write(Buffer.from(bytes))
      return undefined
    })
    socket.resume()
    await given
    client.write('still here')
    const [answer] = await once(client, 'data')
    expect(String(answer)).toBe('still here')
    socket.destroy()
    await once(client, 'end')
  })

  it('takes over what an http.Server upgrades, and what http.request gets', async () => {
    const server = http.createServer().listen(0, '127.0.0.1')
    undo.push(() => server.close())
    server.on('upgrade', (_req, socket: Duplex) => {
      socket.write('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n')
      const echo: Duplex = readFast(socket, (bytes) => {
        echo.write(bytes)
        return echo.writableLength > 0 ? echo : undefined
      })
      echo.resume().on('end', () => echo.end())
    })
    await once(server, 'listening')
    const { port } = server.address() as net.AddressInfo
    const request = http.request({ port, headers: { Connection: 'Upgrade', Upgrade: 'x' } }).end()
    const [, dialled] = (await once(request, 'upgrade')) as [unknown, net.Socket]
    const got = collector()
    const socket = readFast(dialled, got.take)
    expect(socket).not.toBe(dialled)
    socket.resume()
    socket.write('hello')
    expect(String(await got.until(5))).toBe('hello')
    socket.end()
    await once(socket, 'close')
  })

  it('leaves a TLS socket as it is and reads its data events', async () => {
    const { cert, key } = certificate()
    const server = tls.createServer({ cert, key }).listen(0, '127.0.0.1')
    undo.push(() => server.close())
    await once(server, 'listening')
    const { port } = server.address() as net.AddressInfo
    const client = tls.connect({ port, rejectUnauthorized: false })
    const [accepted] = (await once(server, 'secureConnection')) as [tls.TLSSocket]
    undo.push(() => client.destroy())
    const got = collector()
    expect(readFast(accepted, got.take)).toBe(accepted)
    client.write('hello')
    await roundTrip()
    expect(got.bytes.length).toBe(0)
    accepted.resume()
    expect(String(await got.until(5))).toBe('hello')
  })
})

/** Long enough for a packet on the loopback to have been seen: another connection's has gone there and back. */
async function roundTrip(): Promise<void> {
  const server = net.createServer((socket) => socket.end('x')).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const socket = net.connect((server.address() as net.AddressInfo).port, '127.0.0.1')
  await once(socket, 'data')
  socket.destroy()
  server.close()
}
