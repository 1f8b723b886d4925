import { readFileSync } from 'node:fs'
import net from 'node:net'
import {
  eventually,
  fakeClock,
  frame,
  gatewayOptions,
  opcode,
  parseFrames,
  tcpServer,
} from '@holdfast/testing'
import fc from 'fast-check'
import { pino } from 'pino'
import { expect, test } from 'vitest'
import { Gateway } from '../src/gateway.ts'
import {
  packedAtMost,
  packedShape,
  packedVersion,
  readPacked,
  writePacked,
} from '../src/session/packed-connection.ts'
import { takeHandle } from '../src/wire/socket-handle.ts'

/** The shape of the current version, and a record of it that an earlier build wrote. */
const golden = JSON.parse(
  readFileSync(new URL(`golden/packed-connection-${packedVersion}.json`, import.meta.url), 'utf8'),
)
const written = JSON.stringify(golden.record)

/** Both ends of a TCP connection: the peer's as a socket, this one's as a handle. */
async function line() {
  let accept!: (socket: net.Socket) => void
  const accepted = new Promise<net.Socket>((resolve) => {
    accept = resolve
  })
  const server = await tcpServer((socket) => accept(socket))
  const peer = net.connect(server.port, '127.0.0.1')
  const bytes: Buffer[] = []
  peer.on('data', (chunk) => bytes.push(chunk))
  const handle = takeHandle((await accepted).pause())
  return {
    peer,
    handle,
    received: () => Buffer.concat(bytes),
    async [Symbol.asyncDispose]() {
      peer.destroy()
      await server[Symbol.asyncDispose]()
    },
  }
}

test('the shape of a packed connection is that of its version: a change needs another number', () => {
  expect(packedShape).toEqual(golden.shape)
})

test('a record of this version that an earlier build wrote goes on in the middle of its messages', async () => {
  await using client = await line()
  await using upstream = await line()
  const hold = {
    for: 5000,
    on: [1012],
    buffer: 65_536,
    state: 'none' as const,
    replay: { by: 'none' as const },
  }
  const options = gatewayOptions({ name: 'chat', upstreams: ['ws://127.0.0.1:1'], hold })
  const gateway = new Gateway(options, { log: pino({ enabled: false }) })
  let released = 0
  const packed = { record: written, client: client.handle, upstream: upstream.handle }
  gateway.unpack(packed, () => released++)
  const [info] = gateway.connections({ limit: 2 })
  expect(info).toMatchObject({
    id: '1-1',
    route: 'chat',
    address: '127.0.0.1',
    state: 'open',
    protocol: 'v1',
  })
  // Five bytes of each message had come: a masked text of ten, and one of eight.
  client.peer.write('world')
  upstream.peer.write('ahead')
  const { byteLength: up } = Buffer.from('world')
  await eventually('both rests', () => upstream.received().length >= up && client.received().length >= 5)
  expect(String(upstream.received().subarray(0, up))).toBe('world')
  expect(parseFrames(client.received()).frames.map(({ payload }) => String(payload))).toEqual(['go ahead'])
  gateway.stop()
  await eventually('its end', () => released === 1)
})

test.each([true, undefined])('a client whose session stayed elsewhere may catch up: %s', async (resumes) => {
  await using client = await line()
  await using upstream = await line()
  const clock = fakeClock()
  const options = gatewayOptions({
    name: 'chat',
    upstreams: ['ws://127.0.0.1:1'],
    limits: { messagesPerSecond: 20 },
    resume: { for: 60_000, buffer: 1024, total: 1024, stall: 1000 },
  })
  const gateway = new Gateway(options, { log: pino({ enabled: false }), clock })
  const { held, before, ...record } = golden.record
  const { hold, ...pipe } = before.pipe
  const packed = JSON.stringify({ ...record, before: { ...before, pipe }, resumes })
  gateway.unpack({ record: packed, client: client.handle, upstream: upstream.handle }, () => {})
  client.peer.write('world')
  const all = () => parseFrames(upstream.received().subarray(5)).frames.map(({ payload }) => String(payload))
  for (const [awayMs, count] of [
    [3000, 60],
    [0, 40],
  ] as const) {
    clock.tick(awayMs)
    const before = all().length
    for (let n = 0; n < count; n++)
      client.peer.write(frame({ opcode: opcode.text, payload: `${n}`, mask: true }))
    if (resumes && awayMs > 0) await eventually('all of them', () => all().length === before + count)
  }
  // What it may make up is not there twice.
  await eventually('one too many', () => gateway.connections({ limit: 1 })[0]?.state === 'closing')
  const arrived = () => all().filter((text) => /^\d+$/.test(text)).length
  if (resumes) await eventually('what came before', () => arrived() >= 60)
  else expect(arrived()).toBeLessThan(60)
  gateway.stop()
})

test('what comes back from a record is what was written', () => {
  expect(JSON.parse(writePacked(readPacked(written)))).toEqual(golden.record)
})

test('what has no front behind a carrier is written as code of the version before reads it', () => {
  const before = JSON.parse(readFileSync(new URL('golden/packed-connection-5.json', import.meta.url), 'utf8'))
  expect(JSON.parse(writePacked(readPacked(JSON.stringify(before.record))))).toEqual(before.record)
})

test('a record of another version, or that says anything else than its type, is refused', () => {
  expect(() => readPacked(JSON.stringify({ ...golden.record, version: packedVersion + 1 }))).toThrow(
    /version/,
  )
  expect(() => readPacked('null')).toThrow()
  expect(() => readPacked('{')).toThrow()
  const paths: string[][] = []
  const collect = (value: unknown, path: string[]) => {
    if (path.at(-1) === 'replay' && path.length > 3) return
    if (path.length > 0) paths.push(path)
    if (typeof value === 'object' && value !== null)
      for (const [key, inner] of Object.entries(value)) collect(inner, [...path, key])
  }
  collect(golden.record, [])
  const others = [null, -1, 0.5, {}, [[]], 'no base64!', true, 1]
  fc.assert(
    fc.property(fc.constantFrom(...paths), fc.constantFrom(...others), (path, other) => {
      const broken = structuredClone(golden.record)
      const key = path.at(-1)!
      const parent = path.slice(0, -1).reduce((inner, step) => inner[step], broken)
      const kind = (value: unknown) =>
        Array.isArray(value) ? 'list' : value === null ? 'null' : typeof value
      fc.pre(kind(parent[key]) !== kind(other))
      parent[key] = other
      expect(() => readPacked(JSON.stringify(broken))).toThrow(TypeError)
    }),
  )
})

test('a record of the version before, which has nothing for an access log, is read; one before that is not', () => {
  const earlier = JSON.parse(
    readFileSync(new URL('golden/packed-connection-2.json', import.meta.url), 'utf8'),
  ).record
  const { held, asked } = readPacked(JSON.stringify(earlier))
  expect(held!.session).toBe(earlier.held.session)
  expect(asked).toBeUndefined()
  for (const version of [3, 4]) {
    const url = new URL(`golden/packed-connection-${version}.json`, import.meta.url)
    expect(readPacked(JSON.stringify(JSON.parse(readFileSync(url, 'utf8')).record)).resumes).toBeUndefined()
  }
  expect(() => readPacked(JSON.stringify({ ...earlier, version: 1 }))).toThrow(/version 1/)
})

test('a field that this version does not know is refused, not forgotten', () => {
  const { before } = golden.record
  const client = { ...before.pipe.client, crc: 1 }
  const more = { ...golden.record, before: { ...before, pipe: { ...before.pipe, client } } }
  expect(() => readPacked(JSON.stringify(more))).toThrow('.before.pipe.client.crc is not known')
})

test('a record that is too long is not written', () => {
  const packed = readPacked(written)
  packed.protocol = 'x'.repeat(packedAtMost)
  expect(() => writePacked(packed)).toThrow(RangeError)
})
