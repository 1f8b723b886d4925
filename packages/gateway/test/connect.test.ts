// How a connection to an upstream begins where libuv's handles can be had: what an address, a name with several, and a socket
// of the file system meet.
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import net, { type AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { closedPort, fakeClock, fullBacklog } from '@holdfast/testing'
import { afterAll, afterEach, describe, expect, test } from 'vitest'
import { systemClock } from '../src/core/clock.ts'
import { attemptDelayMs, interleaved } from '../src/upstream/address-race.ts'
import { connect } from '../src/upstream/connect.ts'
import { Connecting, canConnect, type Place } from '../src/wire/connecting.ts'
import type { SocketWire } from '../src/wire/wire.ts'
import { never, targetOf } from './dialling.ts'

const folder = mkdtempSync(join(tmpdir(), 'holdfast-connect-'))
const servers: net.Server[] = []
afterEach(() => {
  for (const server of servers.splice(0)) server.close()
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

async function listening(host: string, port = 0): Promise<{ port: number; accepted: net.Socket[] }> {
  const accepted: net.Socket[] = []
  const server = net.createServer((socket) => accepted.push(socket.on('error', () => {}).resume()))
  servers.push(server.listen(port, host))
  await once(server, 'listening')
  return { port: (server.address() as AddressInfo).port, accepted }
}

const turn = () => new Promise((resolve) => setImmediate(resolve))

describe.runIf(canConnect)('a connection to one place', () => {
  const reach = (place: Place) =>
    new Promise<SocketWire | NodeJS.ErrnoException>((resolve) => void new Connecting(place, resolve))

  /** What a socket of Node's meets there. */
  async function met(place: Place): Promise<NodeJS.ErrnoException> {
    const socket = net.connect('path' in place ? place : { host: place.address, port: place.port })
    return new Promise((resolve) => void socket.once('error', resolve))
  }

  const facts = ({ code, errno, syscall, ...rest }: NodeJS.ErrnoException) => {
    const { address, port } = rest as { address?: string; port?: number }
    return { code, errno, syscall, address, port }
  }

  test.each([
    ['where nobody listens', async () => ({ address: '127.0.0.1', port: await closedPort() })],
    ['where nobody listens, over IPv6', async () => ({ address: '::1', port: await closedPort() })],
    ['to an address of nobody', async () => ({ address: '255.255.255.255', port: 9 })],
    ['to no socket of the file system', async () => ({ path: join(folder, 'none.sock') })],
    ['to a folder', async () => ({ path: folder })],
  ] as [string, () => Promise<Place>][])('%s fails as a socket of Node\u2019s does', async (_, where) => {
    const place = await where()
    const [ours, theirs] = [await reach(place), await met(place)]
    expect(facts(ours as NodeJS.ErrnoException)).toEqual(facts(theirs))
  })

  test.each(['127.0.0.1', 'a socket of the file system'])('opens to %s, paused', async (host) => {
    const path = join(folder, 'one.sock')
    const server = net.createServer((socket) => socket.end('hello'))
    servers.push(host === '127.0.0.1' ? server.listen(0, host) : server.listen(path))
    await once(server, 'listening')
    const { port } = (host === '127.0.0.1' ? server.address() : {}) as AddressInfo
    const wire = (await reach(port === undefined ? { path } : { address: host, port })) as SocketWire
    expect([wire.paused, wire.destroyed]).toEqual([true, false])
    const read = await new Promise<Buffer>((resolve) => {
      const pieces: Buffer[] = []
      wire.user = {
        onPieces: (some) => void pieces.push(...some),
        onDrain() {},
        onEndOfInput: () => resolve(Buffer.concat(pieces)),
        onClose() {},
      } as SocketWire['user']
      wire.resume()
    })
    expect(String(read)).toBe('hello')
    wire.destroy()
  })

  test('that is called off says nothing any more, and is closed', async () => {
    const server = await listening('127.0.0.1')
    const said: unknown[] = []
    const connecting = new Connecting({ address: '127.0.0.1', port: server.port }, (result) =>
      said.push(result),
    )
    connecting.destroy()
    connecting.destroy()
    const wire = await reach({ address: '127.0.0.1', port: server.port })
    for (let i = 0; i < 5; i++) await turn()
    expect(said).toEqual([])
    ;(wire as SocketWire).destroy()
  })
})

test('addresses of two families are tried in turn, and else in their order', () => {
  expect(interleaved(['::1', '::2', '::3', '1.1.1.1', '2.2.2.2'])).toEqual([
    ...['::1', '1.1.1.1', '::2', '2.2.2.2', '::3'],
  ])
  expect(interleaved(['1.1.1.1', '::1', '2.2.2.2'])).toEqual(['1.1.1.1', '::1', '2.2.2.2'])
  expect(interleaved(['2.2.2.2', '1.1.1.1'])).toEqual(['2.2.2.2', '1.1.1.1'])
  expect(interleaved([])).toEqual([])
})

describe.runIf(canConnect)('a name with several addresses', () => {
  function reach(addresses: string[], port: number, clock = fakeClock(), signal = never()) {
    let lookups = 0
    const target = targetOf({ port }, { host: 'chat.example' })
    const result = connect(target, { ms: 60_000, signal, clock }, (_, __, done) => {
      lookups++
      process.nextTick(
        done,
        null,
        addresses.map((address) => ({ address })),
      )
    })
    return { clock, result, lookups: () => lookups }
  }

  test('is reached at the next one as soon as one refuses, after one lookup', async () => {
    const server = await listening('127.0.0.3')
    const { clock, result, lookups } = reach(['127.0.0.1', '127.0.0.2', '127.0.0.3'], server.port)
    const connected = await result
    expect(connected).toMatchObject({ ok: true })
    if (connected.ok) connected.wire.destroy()
    expect([lookups(), clock.pending, clock.now()]).toEqual([1, 0, 0])
  })

  test('is reached at the next one a moment later, beside one that is silent', async () => {
    await using silent = await fullBacklog()
    const port = Number(new URL(silent.url).port)
    const server = await listening('127.0.0.2', port)
    const { clock, result } = reach(['127.0.0.1', '127.0.0.2'], port)
    while (clock.pending < 2) await turn()
    clock.tick(attemptDelayMs - 1)
    for (let i = 0; i < 5; i++) await turn()
    expect(server.accepted).toEqual([])
    clock.tick(1)
    const connected = await result
    expect(connected).toMatchObject({ ok: true })
    if (connected.ok) connected.wire.destroy()
    expect(clock.pending).toBe(0)
  })

  test('that nobody is at is named with all that were tried', async () => {
    const port = await closedPort()
    const { clock, result } = reach(['127.0.0.1', '127.0.0.2'], port)
    expect(await result).toEqual({
      ok: false,
      failure: {
        kind: 'unreachable',
        words: 'connection refused',
        detail: `tried 127.0.0.1:${port}, 127.0.0.2:${port}`,
      },
    })
    expect(clock.pending).toBe(0)
  })

  test('is given up by the limit for all of it, and when nobody wants it any more', async () => {
    await using silent = await fullBacklog()
    const port = Number(new URL(silent.url).port)
    const abort = new AbortController()
    for (const end of ['limit', 'abort'] as const) {
      const { clock, result } = reach(['127.0.0.1', '127.0.0.1'], port, fakeClock(), abort.signal)
      while (clock.pending < 2) await turn()
      if (end === 'limit') clock.tick(60_000)
      else abort.abort()
      const failure = end === 'limit' ? { kind: 'no-answer', afterMs: 60_000 } : { kind: 'aborted' }
      expect(await result).toEqual({ ok: false, failure })
      expect(clock.pending).toBe(0)
    }
  })

  test('is not connected to when its lookup answers after that', async () => {
    const server = await listening('127.0.0.1')
    const abort = new AbortController()
    let answer = () => {}
    const target = targetOf(server, { host: 'chat.example' })
    const limits = { ms: 60_000, signal: abort.signal, clock: systemClock }
    const result = connect(target, limits, (_, __, done) => {
      answer = () => done(null, [{ address: '127.0.0.1' }])
    })
    abort.abort()
    expect(await result).toEqual({ ok: false, failure: { kind: 'aborted' } })
    answer()
    const other = await connect(targetOf(server), { ...limits, signal: never() })
    while (server.accepted.length === 0) await turn()
    expect(server.accepted).toHaveLength(1)
    if (other.ok) other.wire.destroy()
  })
})
