// What a client does to HTTP/2 that a well-behaved one would not: frames written by hand.
import {
  eventually,
  type H2Seen,
  h2Connect,
  h2Fields,
  h2Frame,
  h2Get,
  h2Reset,
  rawH2,
} from '@holdfast/testing'
import { expect, test } from 'vitest'
import { cert, key, type ListenerHost, type ListenerHostOptions, listenerHost } from './listener-host.ts'

const secureHost = (deps: ListenerHostOptions['deps'] = {}) => listenerHost({ tls: { cert, key }, deps })
const connect = (host: ListenerHost) => rawH2(`https://127.0.0.1:${host.port}`)
const streams = (from: number, count: number) => Array.from({ length: count }, (_, i) => from + 2 * i)
const isPingAck = ({ type, flags }: H2Seen) => type === 6 && flags === 1
const enhanceYourCalm = 11
const refusedStream = 7

test('a stream that is reset by what came with it is not served', async () => {
  await using host = await secureHost()
  await using h2 = await connect(host)
  // In turns, so that a turn of the server has few of them: all of these would be served, were they not reset.
  for (const stream of streams(1, 40))
    h2.write(h2Connect(stream), h2Reset(stream), h2Get(stream + 100_000), h2Reset(stream + 100_000))
  h2.write(h2Connect(900_001))
  await host.nextHandshake()
  expect(host.handshakes.length + host.exchanges.length).toBeLessThan(10)
})

test('one session that opens many streams at once does not keep another waiting', async () => {
  let begun = 0
  let seenByOther: number | undefined
  await using host = await secureHost({
    onUpgrade: ({ request }) => {
      begun++
      if (request.target === '/other') seenByOther = begun
    },
    onRequest: () => {
      begun++
      setImmediate(() => (seenByOther ??= begun))
    },
  })
  await using h2 = await connect(host)
  h2.write(...streams(1, 250).map(h2Get))
  await eventually('all are served', () => begun === 250)
  // After the first turn of the event loop only a few of them had begun.
  expect(seenByOther).toBeLessThan(20)
})

test.each([true, false])(
  'fields over the limit end their stream alone, whether the settings were acknowledged: %s',
  async (acknowledges) => {
    await using host = await secureHost()
    await using h2 = await rawH2(`https://127.0.0.1:${host.port}`, { acknowledges })
    const fields = Array.from({ length: 110 }, (_, i): [string, string] => [`x-${i}`, 'x'.repeat(120)])
    const get: [string, string][] = [
      [':method', 'GET'],
      [':scheme', 'https'],
      [':path', '/large'],
      [':authority', 'localhost'],
    ]
    h2.write(h2Frame(1, 5, 1, h2Fields([...get, ...fields])), h2Get(3))
    await host.nextExchange()
    expect(host.exchanges.map(({ request }) => request.target)).toEqual(['/'])
    await h2.until('a reset of the stream', () => h2.resets(1).length > 0)
    expect(h2.resets(1)).toEqual([enhanceYourCalm])
  },
)

test('streams over the limit are refused one by one; the session and its streams live', async () => {
  await using host = await secureHost()
  await using h2 = await connect(host)
  h2.write(...streams(1, 300).map(h2Connect))
  await h2.until('44 resets', () => h2.resets().length === 44)
  expect(new Set(h2.resets())).toEqual(new Set([refusedStream]))
  await eventually('the others are served', () => host.handshakes.length === 256)
  // A place that is free again is given away again.
  h2.write(h2Reset(1))
  await eventually('the handshake is over', () => host.handshakes[0]!.signal.aborted)
  h2.write(h2Connect(10_001))
  await eventually('another is served', () => host.handshakes.length === 257)
  expect(h2.ended).toBe(false)
})

test.each([
  ['resets of CONNECT', (stream: number) => [h2Connect(stream), h2Reset(stream)]],
  ['resets of GET', (stream: number) => [h2Get(stream), h2Reset(stream)]],
  ['streams over the limit', (stream: number) => [h2Connect(stream)]],
])('endless %s end the session with ENHANCE_YOUR_CALM, and no other', async (_, frames) => {
  await using host = await secureHost()
  await using other = await connect(host)
  other.write(h2Connect(1))
  const handshake = await host.nextHandshake()
  await using h2 = await connect(host)
  for (let sent = 0; sent < 20_000 && !h2.ended; sent += 50) {
    // No more at a time: nghttp2 has a limit of resets of its own, which would come first if one read held so many.
    h2.write(...streams(1 + 2 * sent, 50).flatMap(frames), h2Frame(6, 0, 0, Buffer.alloc(8)))
    await h2.until(
      'the acknowledgement of PING',
      (seen) => h2.ended || seen.filter(isPingAck).length > sent / 50,
    )
  }
  await h2.until('the end', () => h2.ended)
  const goaway = h2.seen.find(({ type }) => type === 7)
  if (goaway) expect(goaway.payload.readUInt32BE(4)).toBe(enhanceYourCalm)
  else expect(h2.resets().at(-1)).toBe(enhanceYourCalm)
  handshake.accept({ headers: [] })
  await other.until('the answer', (seen) => seen.some(({ type, stream }) => type === 1 && stream === 1))
  expect(other.ended).toBe(false)
})

test('a fault in what serves a stream ends that stream with 500, and the session goes on', async () => {
  const faults: unknown[] = []
  await using host = await secureHost({
    onRequest: () => {
      throw new Error('of ours')
    },
    onUpgrade: () => Promise.reject(new Error('of ours, later')),
    onFault: (error) => faults.push(error),
  })
  await using h2 = await connect(host)
  h2.write(h2Get(1), h2Connect(3))
  await h2.until('both ends', (seen) => {
    const ended = seen.filter(({ type, flags }) => type === 3 || (type < 2 && flags & 1))
    return new Set(ended.map(({ stream }) => stream)).size === 2
  })
  expect(faults.map(String)).toEqual(['Error: of ours', 'Error: of ours, later'])
  expect(h2.ended).toBe(false)
})
