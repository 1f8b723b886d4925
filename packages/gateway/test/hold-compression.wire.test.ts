// permessage-deflate (RFC 7692) over a re-attachment. The next upstream has never seen what the client sent before, and
// the client's window is full of what another upstream said: each message must be readable all the same.
import { once } from 'node:events'
import { constants, createDeflateRaw } from 'node:zlib'
import {
  browser,
  browserMissing,
  certificate,
  opcode,
  type RawClient,
  rawClient,
  rawUpstream,
  startGateway,
  startUpstream,
  type TestUpstream,
  type WsClient,
  wsClient,
} from '@holdfast/testing'
import { describe, expect, test } from 'vitest'
import { held, nothingLeft, restartingUpstream, restartReason, route } from './holding.ts'

const hold = {
  for: 10_000,
  on: [1012, 'lost' as const],
  buffer: 262_144,
  state: 'none' as const,
  replay: { by: 'none' as const },
}

/** Text that compresses well, and better still with what came before it in the window. */
function textOf(n: number, size: number): string {
  const words = `message ${n}: the quick brown fox jumps over the lazy dog; `
  return words.repeat(Math.ceil(size / words.length)).slice(0, size)
}

/** What the 101 said to this client about extensions. */
async function agreement(client: WsClient): Promise<string> {
  const [response] = await once(client.socket, 'upgrade')
  await client.opened
  return response.headers['sec-websocket-extensions']
}

/** Restarts all connections of an upstream, and waits until they are back. */
async function restartOf(upstream: TestUpstream, how: '1012' | 'lost', clients: number): Promise<void> {
  const before = upstream.connections.length
  for (const connection of upstream.connections) {
    if (connection.ending) continue
    if (how === '1012') connection.close(1012)
    else connection.reset()
  }
  const back = () => upstream.connections.length >= before + clients
  await upstream.changes.until('connections after the restart', back)
}

const restarts = ['1012', 'lost', '1012', '1012', 'lost', 'lost', '1012', 'lost'] as const

describe('permessage-deflate with context takeover on a route with hold', () => {
  const offers = [
    { client: { threshold: 0 }, server: { threshold: 0 } },
    { client: { threshold: 0 }, server: { threshold: 0, serverMaxWindowBits: 10 } },
    { client: { threshold: 0, serverNoContextTakeover: true }, server: { threshold: 0 } },
    { client: { threshold: 0, clientMaxWindowBits: 9 }, server: { threshold: 0, clientMaxWindowBits: 9 } },
  ]

  test.each(offers)('survives eight restarts in a row, both ways: $client and $server', async (offer) => {
    await using upstream = await startUpstream({ perMessageDeflate: offer.server })
    await using gateway = await startGateway({ upstreams: [upstream.url], hold })
    await using client = wsClient(gateway.url, { perMessageDeflate: offer.client })
    const agreed = await agreement(client)
    expect(agreed).toMatch(/^permessage-deflate.*client_no_context_takeover/)
    let n = 0
    const talk = async () => {
      for (const size of [200, 5_000, 100_000, 300]) {
        const [text, binary] = [textOf(++n, size), Buffer.from(textOf(++n, size))]
        client.send(text)
        expect(await client.message()).toBe(text)
        client.send(binary)
        expect(binary.equals((await client.message()) as Buffer)).toBe(true)
      }
    }
    await talk()
    for (const how of restarts) {
      await restartOf(upstream, how, 1)
      await talk()
    }
    expect([client.ending, client.error]).toEqual([undefined, undefined])
    // Each upstream was offered what was agreed with the client, and agreed to the same.
    const [, ...later] = upstream.connections
    expect(later).toHaveLength(restarts.length)
    for (const { socket, request } of later) {
      const offered = request.headers['sec-websocket-extensions']
      expect(`${offered}; client_no_context_takeover`).toBe(agreed)
      expect(socket.extensions).toContain('permessage-deflate')
    }
  })

  test('the upstream that did compress with its context is understood by a client that keeps its own', async () => {
    await using upstream = await startUpstream({ perMessageDeflate: { threshold: 0 }, echo: false })
    await using gateway = await startGateway({ upstreams: [upstream.url], hold })
    await using client = wsClient(gateway.url, { perMessageDeflate: { threshold: 0 } })
    await client.opened
    for (const how of restarts) {
      const connection = upstream.connections.at(-1)!
      // More than a window of 32 KiB, so that every later message can refer to nothing but what this one said.
      for (const n of [1, 2, 3]) connection.send(textOf(n, 50_000))
      for (const n of [1, 2, 3]) expect(await client.message()).toBe(textOf(n, 50_000))
      await restartOf(upstream, how, 1)
    }
    expect(client.ending).toBeUndefined()
  })

  test('the 101 says client_no_context_takeover once, whether or not the upstream says it', async () => {
    for (const said of ['permessage-deflate', 'permessage-deflate; client_no_context_takeover']) {
      await using upstream = await rawUpstream({ extensions: said })
      await using gateway = await startGateway({ upstreams: [upstream.url], hold })
      await using client = wsClient(gateway.url, { perMessageDeflate: true })
      expect(await agreement(client)).toBe('permessage-deflate; client_no_context_takeover')
    }
  })

  test('Jetty 9, which would take that to be about what it receives, gets no compression', async () => {
    await using upstream = await rawUpstream({ onOpen: (peer) => peer.text('hello') })
    await using gateway = await startGateway({ upstreams: [upstream.url], hold })
    const headers = { 'User-Agent': 'Jetty/9.4.57.v20241219' }
    await using client = await rawClient(gateway.url, { extensions: 'permessage-deflate', headers })
    expect(client.headers['sec-websocket-extensions']).toBeUndefined()
    const { request } = await upstream.connection()
    expect(request.headers['sec-websocket-extensions']).toBeUndefined()
    expect(request.headers['user-agent']).toBe('Jetty/9.4.57.v20241219')
    expect(await client.message()).toMatchObject({ compressed: false })
  })

  test('a route without hold leaves the agreement as it is', async () => {
    await using upstream = await rawUpstream({ extensions: 'permessage-deflate' })
    await using gateway = await startGateway({ upstreams: [upstream.url] })
    await using client = wsClient(gateway.url, { perMessageDeflate: true })
    expect(await agreement(client)).toBe('permessage-deflate')
  })

  const smaller = [{ serverMaxWindowBits: 9 }, { serverNoContextTakeover: true }, { serverMaxWindowBits: 15 }]

  test.each(smaller)('goes on with a next upstream that keeps less of its own messages: %j', async (less) => {
    await using first = await startUpstream({ perMessageDeflate: { threshold: 0 } })
    await using second = await startUpstream({ perMessageDeflate: { threshold: 0, ...less } })
    await using gateway = await startGateway({ upstreams: [first.url], hold })
    await using client = wsClient(gateway.url, { perMessageDeflate: { threshold: 0 } })
    await client.opened
    const talk = async () => {
      for (let n = 0; n < 20; n++) {
        client.send(textOf(n, 300 * n))
        expect(await client.message()).toBe(textOf(n, 300 * n))
      }
    }
    await talk()
    await gateway.reload({ upstreams: [second.url], hold, drain: { spread: 0 } })
    const next = await second.connection()
    await talk()
    await gateway.reload({ upstreams: [first.url], hold, drain: { spread: 0 } })
    await next.closed
    await talk()
    expect(client.ending).toBeUndefined()
  })

  test('a next upstream with a smaller window than the client uses, or with none, ends in 1012', async () => {
    for (const other of ['permessage-deflate; client_max_window_bits=9', undefined]) {
      let answers = 0
      const options = {
        extensions: 'permessage-deflate' as string | undefined,
        onOpen() {
          if (++answers === 1) options.extensions = other
        },
      }
      await using upstream = await rawUpstream(options)
      await using gateway = await startGateway({ upstreams: [upstream.url], hold })
      await using client = wsClient(gateway.url, { perMessageDeflate: true })
      await client.opened
      const first = await upstream.connection()
      first.close(1012)
      expect(await client.closed).toMatchObject({ code: 1012, reason: expect.stringContaining('retry=') })
    }
  })
})

describe('a client that keeps its context though it was told not to', () => {
  /** Compresses as such a client does, and writes one frame. */
  function contextKeeper(client: RawClient) {
    const deflate = createDeflateRaw()
    return async (text: string) => {
      const parts: Buffer[] = []
      deflate.removeAllListeners('data').on('data', (part) => parts.push(part))
      await new Promise<void>((done) =>
        deflate.write(text, () => deflate.flush(constants.Z_SYNC_FLUSH, done)),
      )
      client.frame({ opcode: opcode.text, rsv1: true, payload: Buffer.concat(parts).subarray(0, -4) })
    }
  }

  test.each(['behind the restart', 'while it is held'])('is told 1012 when it says so %s', async (when) => {
    const { upstream, ...restarting } = await restartingUpstream({ extensions: 'permessage-deflate' })
    await using _ = restarting
    await using gateway = await startGateway({ upstreams: [upstream.url], hold })
    await using client = await rawClient(gateway.url, { extensions: 'permessage-deflate' })
    const say = contextKeeper(client)
    const first = await upstream.connection()
    await say(textOf(1, 100))
    await first.message()
    restarting.restart()
    await held(gateway)
    if (when === 'while it is held') await say(textOf(2, 100))
    await restarting.back(2)
    const next = await upstream.connection()
    if (when !== 'while it is held') await say(textOf(2, 100))
    expect(await client.closeFrame()).toEqual({ code: 1012, reason: expect.stringMatching(restartReason) })
    expect(await next.closeFrame()).toEqual({ code: 1001, reason: 'service restart' })
    expect(next.messages).toEqual([])
    await nothingLeft(gateway)
    expect((await route(gateway)).counters.lost['to-upstream']).toBe(1)
  })

  test('goes on where its context holds nothing that a message of after the restart could refer to', async () => {
    const { upstream, ...restarting } = await restartingUpstream({ extensions: 'permessage-deflate' })
    await using _ = restarting
    await using gateway = await startGateway({ upstreams: [upstream.url], hold })
    await using client = await rawClient(gateway.url, { extensions: 'permessage-deflate' })
    const first = await upstream.connection()
    restarting.restart()
    await first.ended()
    await restarting.back(2)
    const next = await upstream.connection()
    await contextKeeper(client)(textOf(1, 100))
    expect((await next.message()).compressed).toBe(true)
  })
})

describe.skipIf(browserMissing())('permessage-deflate of Chromium', () => {
  const { cert, key } = certificate()
  const ways = [
    { over: 'HTTP/1.1', http: '1.1', listen: [{}] },
    { over: 'TLS and HTTP/2', http: '2', listen: [{ tls: { cert, key } }] },
  ]

  test.each(ways)('survives eight restarts in a row, both ways, over $over', async ({ http, listen }) => {
    await using upstream = await startUpstream({ perMessageDeflate: { threshold: 0 } })
    await using gateway = await startGateway({ upstreams: [upstream.url], hold, listen })
    await using chromium = await browser()
    const context = await chromium.newContext()
    try {
      const page = await context.newPage()
      // With HTTP/2 after a request, so that the WebSocket shares its connection (RFC 8441).
      if (http === '2') await page.goto(gateway.url.replace(/^ws/, 'http'))
      const extensions = await page.evaluate(openSocket, gateway.url)
      expect(await gateway.connections()).toMatchObject([{ http }])
      expect(extensions).toMatch(/^permessage-deflate.*client_no_context_takeover/)
      for (const [i, how] of restarts.entries()) {
        const texts = [300, 5_000, 100_000, 300].map((size, n) => textOf(10 * i + n, size))
        expect(await page.evaluate(talkOver, texts)).toEqual(texts)
        await restartOf(upstream, how, 1)
      }
      const last = [textOf(99, 100_000), 'done']
      expect(await page.evaluate(talkOver, last)).toEqual(last)
      const compressed = upstream.connections.every(({ socket }) => socket.extensions !== '')
      expect(compressed).toBe(true)
    } finally {
      await context.close()
    }
  })
})

// These two run in the page: they must not refer to anything outside themselves.

function openSocket(url: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = new WebSocket(url)
    Object.assign(globalThis, { socket })
    socket.onopen = () => resolve(socket.extensions)
    socket.onclose = ({ code }) => reject(new Error(`closed with ${code}`))
  })
}

/** Sends the texts at once; resolves with as many answers. */
function talkOver(texts: string[]): Promise<string[]> {
  const { socket } = globalThis as unknown as { socket: WebSocket }
  return new Promise((resolve, reject) => {
    const answers: string[] = []
    socket.onclose = ({ code }) => reject(new Error(`closed with ${code}`))
    socket.onmessage = ({ data }) => {
      answers.push(data)
      if (answers.length === texts.length) resolve(answers)
    }
    for (const text of texts) socket.send(text)
  })
}
