// What every wire does, whatever carries it: one suite for both kinds, on TCP, on a socket of the file system and on TLS.
import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import http from 'node:http'
import net from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Duplex } from 'node:stream'
import tls from 'node:tls'
import { fileURLToPath } from 'node:url'
import { certificate, eventually } from '@holdfast/testing'
import fc from 'fast-check'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { HandleWire } from '../src/wire/handle-wire.ts'
import { libuv } from '../src/wire/libuv.ts'
import { keep } from '../src/wire/read-buffers.ts'
import { StreamWire } from '../src/wire/stream-wire.ts'
import { tlsWireOf } from '../src/wire/tls-wire.ts'
import type { SocketWire, Wire, WireUser } from '../src/wire/wire.ts'
import { handleWireOf, lightest, wireOf, wireOfHandle } from '../src/wire/wire-of.ts'

const undo: (() => void)[] = []
afterEach(() => {
  for (const act of undo.splice(0)) act()
})

type Carrier = 'tcp' | 'unix' | 'tls'

const folder = mkdtempSync(join(tmpdir(), 'holdfast-wires-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))
let paths = 0

/** Both ends of a new connection; the accepted one has not been read. */
async function connection(carrier: Carrier): Promise<{ peer: net.Socket; accepted: net.Socket }> {
  const options = { allowHalfOpen: true, pauseOnConnect: true }
  const server =
    carrier === 'tls' ? tls.createServer({ ...options, ...certificate() }) : net.createServer(options)
  const path = join(folder, `${paths++}.sock`)
  if (carrier === 'unix') server.listen(path)
  else server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const place =
    carrier === 'unix' ? { path } : { port: (server.address() as net.AddressInfo).port, host: '127.0.0.1' }
  const reached = { ...place, allowHalfOpen: true, rejectUnauthorized: false }
  const peer = carrier === 'tls' ? tls.connect(reached) : net.connect(reached)
  const [accepted] = (await once(server, carrier === 'tls' ? 'secureConnection' : 'connection')) as [
    net.Socket,
  ]
  if (peer.connecting) await once(peer, 'connect')
  for (const socket of [peer, accepted]) socket.on('error', () => {})
  undo.push(() => {
    peer.destroy()
    accepted.destroy()
    server.close()
  })
  return { peer, accepted }
}

/** Says what happened to a wire, and keeps what it read. */
class Recorder implements WireUser {
  readonly chunks: Buffer[] = []
  readonly heard: string[] = []
  changed = () => {}

  onPieces(pieces: readonly Buffer[]): undefined {
    for (const piece of pieces) this.chunks.push(Buffer.from(piece))
    this.changed()
  }
  onError: (error: NodeJS.ErrnoException) => void = () => {}
  onDrain = () => this.#hear('drain')
  onEndOfInput = () => this.#hear('end')
  onFinish = () => this.#hear('finish')
  onClose = () => this.#hear('close')

  #hear(what: string): void {
    this.heard.push(what)
    this.changed()
  }

  get bytes(): Buffer {
    return Buffer.concat(this.chunks)
  }

  async until(isSo: () => boolean): Promise<void> {
    while (!isSo()) {
      await new Promise<void>((resolve) => {
        this.changed = resolve
      })
    }
  }

  async read(length: number): Promise<string> {
    await this.until(() => this.bytes.length >= length)
    return String(this.bytes)
  }

  heardOf(what: string): Promise<void> {
    return this.until(() => this.heard.includes(what))
  }
}

function recorded(wire: Wire): Recorder {
  const recorder = new Recorder()
  wire.user = recorder
  return recorder
}

/** Hands on what `from` reads as a Side does: lent, with back-pressure, and with its end. */
function tunnel(from: Wire, to: Wire): void {
  from.user = {
    onPieces(pieces) {
      if (!(pieces.length === 1 ? to.write(pieces[0]!) : to.writeAll(pieces))) from.pause()
      return to.writableLength > 0 ? to : undefined
    },
    onDrain: () => to.resume(),
    onEndOfInput: () => to.end(),
    onClose: () => to.destroy(),
  }
}

function pattern(length: number, seed: number): Buffer {
  const bytes = Buffer.allocUnsafe(length)
  for (let i = 0; i < length; i++) bytes[i] = (i * 13 + (i >> 8) * 7 + seed * 101) & 0xff
  return bytes
}

async function all(stream: Duplex): Promise<Buffer> {
  const chunks: Buffer[] = []
  for await (const chunk of stream as AsyncIterable<Buffer>) chunks.push(chunk)
  return Buffer.concat(chunks)
}

/** Long enough for a packet on the loopback to have been seen: another connection's has gone there and back. */
async function roundTrip(): Promise<void> {
  const server = net.createServer((socket) => socket.end('x')).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const socket = net.connect((server.address() as net.AddressInfo).port, '127.0.0.1')
  await once(socket, 'data')
  socket.destroy()
  server.close()
}

const hasHandles = libuv !== undefined

const kinds = [
  ['a handle', 'tcp', (socket: net.Socket) => handleWireOf(socket)!],
  ['a handle', 'unix', (socket: net.Socket) => handleWireOf(socket)!],
  ['a stream', 'tcp', (socket: net.Socket) => new StreamWire(socket)],
  ['a stream', 'unix', (socket: net.Socket) => new StreamWire(socket)],
  ['a stream', 'tls', (socket: net.Socket) => new StreamWire(socket)],
  ['a handle', 'tls', (socket: net.Socket) => tlsWireOf(socket)!],
] as const

describe.each(kinds.filter(([kind]) => hasHandles || kind !== 'a handle'))(
  'a wire on %s, %s',
  (_, carrier, make) => {
    async function pair() {
      const { peer, accepted } = await connection(carrier)
      const wire: SocketWire = make(accepted)
      undo.push(() => wire.destroy())
      return { peer, accepted, wire }
    }

    test('has what was read before, and then what comes, in order', async () => {
      const { peer, accepted } = await connection(carrier)
      peer.write('early ')
      accepted.resume()
      const [chunk] = (await once(accepted, 'data')) as [Buffer]
      accepted.removeAllListeners('data').pause()
      accepted.unshift(chunk)
      const wire: Wire = make(accepted)
      const got = recorded(wire)
      expect(wire.readableLength).toBe(6)
      peer.write('late')
      wire.resume()
      expect(await got.read(10)).toBe('early late')
      wire.destroy()
    })

    test('reads nothing before it is told to, and nothing while paused', async () => {
      const { peer, wire } = await pair()
      const got = recorded(wire)
      peer.write('one')
      await roundTrip()
      expect([got.chunks, wire.paused]).toEqual([[], true])
      wire.resume()
      await got.read(3)
      wire.pause()
      peer.write('two')
      await roundTrip()
      expect(String(got.bytes)).toBe('one')
      wire.resume()
      expect(await got.read(6)).toBe('onetwo')
    })

    test('keeps what was read before while it is paused again at once, and hands it over when it is frozen', async () => {
      const { accepted } = await connection(carrier)
      accepted.unshift(Buffer.from('early'))
      const wire: Wire = make(accepted)
      const got = recorded(wire)
      wire.resume()
      wire.pause()
      await roundTrip()
      expect(got.bytes.length).toBe(0)
      wire.freeze()
      if (wire.leaves === 'joined') wire.thaw(true)
      expect(await got.read(5)).toBe('early')
      wire.destroy()
    })

    test('reads what was put back first, in the order in which it was to be read', async () => {
      const { peer, wire } = await pair()
      const got = recorded(wire)
      peer.write('late')
      wire.resume()
      await got.read(4)
      wire.pause()
      wire.unread(Buffer.from('late'))
      wire.unread(Buffer.from('early '))
      expect([wire.readableLength, String(got.bytes)]).toEqual([10, 'late'])
      peer.write(', later')
      wire.resume()
      expect(await got.read(21)).toBe('lateearly late, later')
      wire.destroy()
    })

    test('says the end of the input, still writes, and is over when its own half has ended', async () => {
      const { peer, wire } = await pair()
      const got = recorded(wire)
      wire.resume()
      peer.end('bye')
      await got.heardOf('end')
      expect([String(got.bytes), wire.readableEnded, wire.writable]).toEqual(['bye', true, true])
      expect(wire.leaves).toBe('not')
      wire.write(Buffer.from('bye, too'))
      const [rest] = await Promise.all([all(peer), Promise.resolve(wire.end())])
      expect(String(rest)).toBe('bye, too')
      await got.heardOf('close')
      expect([got.heard.filter((what) => what !== 'drain'), wire.destroyed]).toEqual([
        ['end', 'finish', 'close'],
        true,
      ])
    })

    test('says the end of an input that had ended before', async () => {
      const { peer, accepted } = await connection(carrier)
      accepted.resume()
      peer.end('last words')
      const [chunk] = (await once(accepted, 'data')) as [Buffer]
      accepted.removeAllListeners('data').pause()
      accepted.unshift(chunk)
      // A paused socket reads ahead.
      await roundTrip()
      const wire: Wire = make(accepted)
      const got = recorded(wire)
      wire.resume()
      await got.heardOf('end')
      expect(String(got.bytes)).toBe('last words')
      wire.destroy()
    })

    test('ends its half behind all that was written, and reads on', async () => {
      const { peer, wire } = await pair()
      const got = recorded(wire)
      const sent = pattern(9 * 1024 * 1024, 3)
      wire.resume()
      wire.write(sent)
      wire.end()
      expect([wire.writable, wire.writableEnded, wire.writableFinished]).toEqual([false, true, false])
      wire.write(Buffer.from('nobody hears this'))
      const came: Buffer[] = []
      peer.on('data', (bytes: Buffer) => came.push(bytes))
      await once(peer, 'end')
      expect(Buffer.concat(came).equals(sent)).toBe(true)
      peer.end('still there')
      expect(await got.read(11)).toBe('still there')
      await got.heardOf('close')
      expect(wire.writableFinished).toBe(true)
    })

    test('closes once when it is destroyed, and the peer sees it', async () => {
      const { peer, wire } = await pair()
      const got = recorded(wire)
      const gone = once(peer, 'close')
      peer.resume()
      peer.on('end', () => peer.end())
      wire.destroy()
      wire.destroy()
      expect([wire.destroyed, wire.writable]).toEqual([true, false])
      expect(wire.write(Buffer.from('x'))).toBe(true)
      await got.heardOf('close')
      await gone
      expect(got.heard.filter((what) => what === 'close')).toEqual(['close'])
    })

    test.runIf(carrier === 'tcp')('closes after a reset, also one that it has to ask for', async () => {
      for (const reads of [true, false]) {
        const { peer, wire } = await pair()
        const got = recorded(wire)
        const why: (string | undefined)[] = []
        got.onError = ({ code }) => void why.push(code)
        if (reads) wire.resume()
        peer.resetAndDestroy()
        const closed = () => {
          if (!reads) wire.askWhetherReset()
          return got.heard.includes('close')
        }
        await eventually('the close', closed)
        expect(wire.destroyed).toBe(true)
        expect(why).toEqual([expect.stringMatching(reads ? /^ECONNRESET$/ : /^(?:ECONNRESET|EPIPE)$/)])
      }
    })

    test('stops its reader while the peer takes no more, and loses nothing', async () => {
      const [left, right] = [await pair(), await pair()]
      tunnel(left.wire, right.wire)
      tunnel(right.wire, left.wire)
      left.wire.resume()
      right.wire.resume()
      const sent = pattern(12 * 1024 * 1024, 1)
      left.peer.end(sent)
      // TLS may have a full queue for a moment while the kernel still takes more: it must stay as it is.
      const queued = () => (left.wire.paused && right.wire.writableNeedDrain ? right.wire.writableLength : 0)
      let waits = 0
      const isStill = async () => {
        waits = queued()
        for (let i = 0; i < 20 && waits > 0; i++) await roundTrip()
        return waits > 0 && queued() === waits
      }
      await eventually('a queue that stays full', isStill, { every: 1 })
      expect(waits).toBeLessThanOrEqual(128 * 1024)
      expect((await all(right.peer)).equals(sent)).toBe(true)
    })

    test('lends bytes that stay whole while writes of many wires wait', async () => {
      const lanes = await Promise.all(
        Array.from({ length: 6 }, async (_, seed) => {
          const [left, right] = [await pair(), await pair()]
          tunnel(left.wire, right.wire)
          tunnel(right.wire, left.wire)
          left.wire.resume()
          right.wire.resume()
          return { left, right, sent: pattern(3_000_000 + seed * 1000, seed) }
        }),
      )
      // Long reads of all first; then short ones of each in turn, while those still wait.
      for (const { left, sent } of lanes) left.peer.write(sent.subarray(0, 2_900_000))
      await roundTrip()
      for (let at = 2_900_000; at < 3_008_000; at += 1300) {
        for (const { left, sent } of lanes) left.peer.write(sent.subarray(at, at + 1300))
        if (at % 13_000 === 0) await roundTrip()
      }
      for (const { left } of lanes) left.peer.end()
      const got = await Promise.all(lanes.map(({ right }) => all(right.peer)))
      expect(got.map((bytes, i) => bytes.equals(lanes[i]!.sent))).toEqual(lanes.map(() => true))
    })

    const step = fc.oneof(
      fc.record({ peerSends: fc.integer({ min: 1, max: 100_000 }) }),
      fc.record({ wireSends: fc.array(fc.integer({ min: 1, max: 50_000 }), { minLength: 1, maxLength: 5 }) }),
      fc.constantFrom('pause' as const, 'resume' as const, 'freeze' as const, 'turn' as const),
    )

    test('brings the same bytes both ways, whatever pieces they come in and however it is stopped', async () => {
      await fc.assert(
        fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 25 }), async (steps) => {
          const { peer, wire } = await pair()
          const got = recorded(wire)
          const back: Buffer[] = []
          peer.on('data', (bytes: Buffer) => back.push(bytes))
          const [said, sent]: [Buffer[], Buffer[]] = [[], []]
          wire.resume()
          for (const act of steps) {
            if (act === 'pause') wire.pause()
            else if (act === 'resume') wire.resume()
            else if (act === 'freeze') {
              wire.freeze()
              const before = got.bytes.length
              await new Promise(setImmediate)
              expect(got.bytes.length).toBe(before)
              wire.thaw(true)
            } else if (act === 'turn') await new Promise(setImmediate)
            else if ('peerSends' in act) {
              const bytes = pattern(act.peerSends, said.length)
              said.push(bytes)
              peer.write(bytes)
            } else {
              const pieces = act.wireSends.map((size, i) => pattern(size, sent.length + i))
              sent.push(...pieces)
              if (pieces.length === 1) wire.write(pieces[0]!)
              else wire.writeAll(pieces)
            }
          }
          wire.resume()
          wire.end()
          peer.end()
          await got.heardOf('close')
          if (!peer.readableEnded) await once(peer, 'end')
          expect(got.bytes.equals(Buffer.concat(said))).toBe(true)
          expect(Buffer.concat(back).equals(Buffer.concat(sent))).toBe(true)
          peer.destroy()
        }),
        { numRuns: 12 },
      )
    })

    describe.skipIf(carrier === 'tls')('that moves', () => {
      let child: ChildProcess
      beforeAll(async () => {
        child = fork(fileURLToPath(new URL('./wire-mover.mjs', import.meta.url)), {
          env: { ...process.env, HOLDFAST_WIRE: make.toString().includes('StreamWire') ? 'stream' : '' },
        })
        await once(child, 'message')
      })
      afterAll(() => void child.kill('SIGKILL'))

      test('to another process and back, between any two bytes, loses none', async () => {
        const runs = fc.array(fc.integer({ min: 1, max: 150_000 }), { minLength: 1, maxLength: 4 })
        await fc.assert(
          fc.asyncProperty(runs, async (sizes) => {
            const { peer, accepted } = await connection(carrier)
            let wire: Wire = make(accepted)
            echo(wire)
            const sent = pattern(
              sizes.reduce((sum, size) => sum + size, 0),
              sizes.length,
            )
            const back: Buffer[] = []
            peer.on('data', (bytes: Buffer) => back.push(bytes))
            let at = 0
            for (const size of sizes) {
              peer.write(sent.subarray(at, at + size))
              at += size
              await new Promise(setImmediate)
              await taken(wire)
              const returned = once(child, 'message')
              const handle = wire.giveAway()
              child.send('take', handle as never, () => handle.close())
              const [, again] = (await returned) as [string, never]
              wire = wireOfHandle(again)
              echo(wire)
            }
            await eventually('all bytes', () => Buffer.concat(back).length >= sent.length, { every: 1 })
            expect(Buffer.concat(back).equals(sent)).toBe(true)
            wire.destroy()
          }),
          { numRuns: 10 },
        )
      })
    })
  },
)

/** Sends back what comes, as wire-mover.mjs does. */
function echo(wire: Wire): void {
  wire.user = {
    onPieces(pieces) {
      for (const piece of pieces) if (!wire.write(keep(piece))) wire.pause()
      return undefined
    },
    onDrain: () => wire.resume(),
    onEndOfInput: () => wire.end(),
    onClose() {},
  }
  wire.resume()
}

/** Stopped, with nothing that waits. */
async function taken(wire: Wire): Promise<void> {
  const isEmpty = () => {
    // A 'drain' may have begun to read again.
    wire.freeze()
    return wire.writableLength + wire.readableLength === 0
  }
  await eventually('an empty queue', isEmpty, { every: 1 })
  expect(wire.leaves).toBe('moved')
}

describe('the choice', () => {
  test('is a handle for a plain socket wherever Node has them, unless the environment says otherwise', async () => {
    const wanted = !process.versions.bun && process.env.HOLDFAST_WIRE !== 'stream'
    const { accepted } = await connection('tcp')
    const wire = wireOf(accepted)
    expect(wire instanceof HandleWire).toBe(wanted)
    wire.destroy()
  })

  test('is a stream for TLS, and for a socket that still has to write', async () => {
    const secure = await connection('tls')
    expect(wireOf(secure.accepted)).toBeInstanceOf(StreamWire)
    const { accepted } = await connection('tcp')
    accepted.write(Buffer.alloc(32 * 1024 * 1024))
    expect(wireOf(accepted)).toBeInstanceOf(StreamWire)
  })

  test('is a wire itself where one is given', async () => {
    const { accepted } = await connection('tcp')
    const wire = wireOf(accepted)
    expect(wireOf(wire)).toBe(wire)
    wire.destroy()
  })

  test.runIf(hasHandles)('closes the socket that gave its handle, and the connection lives on', async () => {
    const { accepted, peer } = await connection('tcp')
    const given = once(accepted, 'close')
    const wire = wireOf(accepted)
    expect(wire).toBeInstanceOf(HandleWire)
    echo(wire)
    await given
    peer.write('still here')
    expect(String((await once(peer, 'data'))[0])).toBe('still here')
    wire.destroy()
    await once(peer, 'end')
  })

  test.runIf(hasHandles)(
    'of TLS changes for a lighter one between two bytes, also while it writes',
    async () => {
      const { accepted, peer } = await connection('tls')
      const heavy = wireOf(accepted)
      const before = recorded(heavy)
      heavy.resume()
      peer.write('one ')
      await before.read(4)
      heavy.pause()
      heavy.write(Buffer.from('first '))
      expect(heavy.writableLength).toBe(6)
      const wire = lightest(heavy)
      expect([wire === heavy, wire.writableLength, wire.paused]).toEqual([false, 6, true])
      const got = recorded(wire)
      peer.end('two')
      wire.write(Buffer.from('second '))
      wire.writeAll([Buffer.from('third '), Buffer.from('fourth')])
      wire.end()
      expect(wire.writableLength).toBe(25)
      wire.resume()
      expect(String(await all(peer))).toBe('first second third fourth')
      await got.heardOf('close')
      expect([String(before.bytes), String(got.bytes), [...got.heard].sort()]).toEqual([
        'one ',
        'two',
        ['close', 'end', 'finish'],
      ])
    },
  )

  test('that is no lighter for any other is the same', async () => {
    const { accepted } = await connection('tcp')
    const stream = new StreamWire(accepted)
    expect(lightest(stream)).toBe(stream)
    const secure = await connection('tls')
    secure.accepted.destroy()
    const over = new StreamWire(secure.accepted)
    expect(lightest(over)).toBe(over)
    const wire = wireOf((await connection('tcp')).accepted)
    expect(lightest(wire)).toBe(wire)
  })

  test('takes what an http.Server upgrades, and what http.request gets', async () => {
    const server = http.createServer().listen(0, '127.0.0.1')
    undo.push(() => server.close())
    server.on('upgrade', (_req, socket: Duplex) => {
      socket.write('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n')
      echo(wireOf(socket))
    })
    await once(server, 'listening')
    const { port } = server.address() as net.AddressInfo
    const request = http.request({ port, headers: { Connection: 'Upgrade', Upgrade: 'x' } }).end()
    const [, dialled] = (await once(request, 'upgrade')) as [unknown, net.Socket]
    const wire = wireOf(dialled)
    const got = recorded(wire)
    wire.resume()
    wire.write(Buffer.from('hello'))
    expect(await got.read(5)).toBe('hello')
    wire.end()
    await got.heardOf('close')
  })

  test('prints no warning, not even to who asks for those of later versions', async () => {
    const program = fileURLToPath(new URL('./wire-mover.mjs', import.meta.url))
    const child = fork(program, { execArgv: ['--pending-deprecation'], silent: true })
    let printed = ''
    child.stderr!.on('data', (bytes) => {
      printed += bytes
    })
    await once(child, 'message')
    child.disconnect()
    await once(child, 'exit')
    expect(printed).toBe('')
  })
})
