// A client that the gateway does not read, because nobody takes what it sends, and that goes away: it is noticed all the
// same, and nothing of it stays.
import type net from 'node:net'
import {
  certificate,
  faultUpstream,
  type H2Session,
  h2Session,
  opcode,
  type RawClient,
  rawClient,
  rawSocket,
  rawUpstream,
  startGateway,
  type TestGateway,
  upgradeRequest,
} from '@holdfast/testing'
import { expect, test } from 'vitest'
import { holding, nothingLeft, restartingUpstream, route } from './holding.ts'

const listen = { tcp: {}, tls: { tls: certificate() }, h2: { tls: certificate() } }
type Transport = keyof typeof listen

const extendedConnect = (url: string) => ({
  ':method': 'CONNECT',
  ':protocol': 'websocket',
  ':scheme': 'https',
  ':path': '/',
  ':authority': new URL(url).host,
  'sec-websocket-version': '13',
})

/** More than all buffers on the way take together. */
const flood = Buffer.alloc(48 * 1024 * 1024)

async function connectTo(transport: Transport, url: string) {
  const session: H2Session | undefined = transport === 'h2' ? await h2Session(url) : undefined
  const client = session ? await session.websocket() : await rawClient(url)
  return { client, session }
}

type Connected = Awaited<ReturnType<typeof connectTo>>

const ways: Record<string, (connected: Connected) => unknown> = {
  'resets its connection': ({ client }) => {
    const { socket } = client as RawClient
    // The TCP connection below TLS.
    const { _parent: below } = socket as { _parent?: net.Socket }
    ;(below ?? socket).resetAndDestroy()
  },
  'closes its connection': ({ client, session }) => (session?.session ?? client.stream).destroy(),
  'resets its stream': ({ client }) => client.stream.destroy(),
}

const cases: [Transport, keyof typeof ways & string, { ping: number; timeout: number } | false][] = [
  ['tcp', 'resets its connection', false],
  ['tcp', 'closes its connection', { ping: 200, timeout: 60_000 }],
  ['tls', 'resets its connection', false],
  ['tls', 'closes its connection', { ping: 200, timeout: 60_000 }],
  ['h2', 'closes its connection', false],
  ['h2', 'resets its stream', false],
]

/** Half a message: it streams, for as long as somebody takes it. */
function fill(client: Connected['client']) {
  const header = Buffer.alloc(14)
  header.set([0x82, 0xff])
  header.writeBigUInt64BE(BigInt(flood.length * 2), 2)
  client.write(header)
  client.write(flood)
}

/** Resolves when nothing of the client has been read for a while. */
async function standstill(gateway: TestGateway) {
  for (let last = -1, same = 0; same < 10; ) {
    const [connection] = await gateway.connections()
    const read = connection!.bytes['to-upstream']
    same = read === last ? same + 1 : 0
    last = read
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}

test.each(cases)('over %s, whose upstream does not read, and that %s', async (transport, way, keepalive) => {
  await using upstream = await rawUpstream({ keepsFrames: false })
  await using gateway = await startGateway({
    upstreams: [upstream.url],
    listen: [listen[transport]],
    keepalive,
  })
  const connected = await connectTo(transport, gateway.url)
  const peer = await upstream.connection()
  peer.stopReading()
  fill(connected.client)
  await expect
    .poll(async () => (await gateway.connections())[0]?.bytes['to-upstream'], { interval: 5 })
    .toBeGreaterThan(0)
  await standstill(gateway)
  ways[way]!(connected)
  await nothingLeft(gateway)
  expect((await route(gateway)).counters.closes).toEqual({ '1006:client': 1 })
})

test.each(cases)('over %s, held with a full buffer, and that %s', async (transport, way, keepalive) => {
  await using backend = await restartingUpstream()
  await using gateway = await startGateway({
    upstreams: [backend.upstream.url],
    listen: [listen[transport]],
    hold: holding({ for: 60_000 }),
    keepalive,
  })
  const connected = await connectTo(transport, gateway.url)
  backend.restart()
  await expect.poll(async () => (await route(gateway)).connections.held, { interval: 5 }).toBe(1)
  fill(connected.client)
  await standstill(gateway)
  ways[way]!(connected)
  await nothingLeft(gateway)
  expect((await route(gateway)).counters).toMatchObject({
    closes: { '1006:client': 1 },
    reattachments: { abandoned: 1 },
  })
})

test('whose upstream has asked for silence and stays, and that resets with a full buffer', async () => {
  await using upstream = await rawUpstream()
  await using gateway = await startGateway({ upstreams: [upstream.url], hold: holding({ for: 60_000 }) })
  const connected = await connectTo('tcp', gateway.url)
  const peer = await upstream.connection()
  peer.ping('holdfast:drain')
  expect((await peer.nextFrame()).opcode).toBe(opcode.pong)
  fill(connected.client)
  await standstill(gateway)
  ;(connected.client as RawClient).reset()
  await nothingLeft(gateway)
})

test.each(['tcp', 'h2'] as const)(
  'over %s, that resets while its upstream is still dialled',
  async (transport) => {
    await using upstream = await faultUpstream('no answer')
    await using gateway = await startGateway({
      upstreams: [upstream.url],
      listen: [listen[transport]],
      timeouts: { connect: 60_000, handshake: 60_000 },
    })
    const request = upgradeRequest(gateway.url)
    const early = Buffer.alloc(8 * 1024 * 1024)
    if (transport === 'tcp') {
      const socket = await rawSocket(gateway.url)
      socket.on('error', () => {})
      socket.write(Buffer.concat([Buffer.from(request), early]))
      await expect.poll(() => upstream.open, { interval: 5 }).toBe(1)
      socket.resetAndDestroy()
    } else {
      const { session } = await h2Session(gateway.url)
      const stream = session.request(extendedConnect(gateway.url), { endStream: false }).on('error', () => {})
      stream.write(early)
      await expect.poll(() => upstream.open, { interval: 5 }).toBe(1)
      stream.close(8)
      await expect.poll(() => upstream.open, { interval: 5 }).toBe(0)
      session.destroy()
    }
    await expect.poll(() => upstream.open, { interval: 5 }).toBe(0)
  },
)
