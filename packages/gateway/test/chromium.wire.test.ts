// The rows of docs/close-table.md that matter most to pages, in a real Chromium: over plain TCP, and over TLS and
// HTTP/2 (RFC 8441). What `onclose` shows is all that a page can know.
import net from 'node:net'
import {
  browser,
  browserMissing,
  certificate,
  closedPort,
  faultUpstream,
  forkUpstream,
  frame,
  type GatewayInit,
  opcode,
  refusalReason,
  startGateway,
  startUpstream,
  type TestBrowser,
  tcpServer,
} from '@holdfast/testing'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'

const { cert, key } = certificate()

const ways = [
  { over: 'HTTP/1.1', http: '1.1', listen: [{}] },
  { over: 'TLS and HTTP/2', http: '2', listen: [{ tls: { cert, key } }] },
] as const

describe.skipIf(browserMissing())('a page', () => {
  let chromium: TestBrowser
  beforeAll(async () => {
    chromium = await browser()
  })
  afterAll(() => chromium[Symbol.asyncDispose]())

  describe.each(ways)('over $over', ({ http, listen }) => {
    const start = (init: GatewayInit) =>
      startGateway({ match: { path: '/ws' }, ...init, listen: [...listen] } as GatewayInit)

    /** Opens a WebSocket in a page; with TLS after a request (a 404), so that it shares an HTTP/2 connection. */
    const observe = (url: string, options: Parameters<TestBrowser['observeWebSocket']>[1] = {}) =>
      chromium.observeWebSocket(`${url}/ws`, {
        ...options,
        ...(http === '2' && { warmUp: url.replace(/^ws/, 'http') }),
      })

    const told = (code: number, reason: string | RegExp) => ({
      close: {
        code,
        reason: typeof reason === 'string' ? reason : expect.stringMatching(reason),
        wasClean: true,
      },
    })

    test('talks through the gateway, with its subprotocol and permessage-deflate', async () => {
      await using upstream = await startUpstream({ perMessageDeflate: { threshold: 0 } })
      await using gateway = await start({ upstreams: [upstream.url] })
      const seen = observe(gateway.url, {
        protocols: ['v2', 'v1'],
        send: ['hello', 'x'.repeat(100_000)],
        closeAfter: { messages: 2, code: 3456, reason: 'done' },
      })
      const connection = await upstream.connection()
      expect(connection.request.headers.origin).toMatch(/^http/)
      expect(await seen).toMatchObject({
        events: ['open', 'message', 'message', 'close'],
        messages: ['hello', 'x'.repeat(100_000)],
        opened: { protocol: 'v2', extensions: expect.stringContaining('permessage-deflate') },
        close: { code: 3456, reason: 'done', wasClean: true },
      })
      expect(await connection.closed).toMatchObject({ code: 3456 })
      const closed = () => gateway.log.find(({ msg }) => msg === 'connection closed')
      await gateway.changes.until('its line in the log', () => closed() !== undefined)
      expect(closed()).toMatchObject({ http, protocol: 'v2', code: 3456, by: 'client' })
    })

    test('sees 1014 when nothing listens, and its first subprotocol selected', async () => {
      await using gateway = await start({ upstreams: [`ws://127.0.0.1:${await closedPort()}`] })
      const seen = await observe(gateway.url, { protocols: ['v2'] })
      expect(seen).toMatchObject(told(1014, refusalReason('bad gateway: connection refused')))
      expect(seen.opened?.protocol).toBe('v2')
    })

    test.each([
      ['garbage', refusalReason('bad gateway: not HTTP')],
      ['status 500', refusalReason('bad gateway: status 500')],
      ['wrong accept key', refusalReason('bad gateway: wrong Sec-WebSocket-Accept')],
      ['reset in a frame', 'bad gateway: upstream connection lost'],
      ['reserved data opcode', 'bad gateway: upstream broke the protocol'],
    ] as const)('sees 1014 for an upstream with %s', async (fault, reason) => {
      await using upstream = await faultUpstream(fault)
      await using gateway = await start({ upstreams: [upstream.url] })
      expect(await observe(gateway.url)).toMatchObject(told(1014, reason))
    })

    test('sees 1014 when the upstream is killed', async () => {
      await using upstream = await forkUpstream()
      await using gateway = await start({ upstreams: [upstream.url] })
      const seen = observe(gateway.url, { send: ['x'] })
      await expect
        .poll(async () => (await gateway.snapshot()).routes[0]?.counters.messages['to-client'])
        .toBe(1)
      await upstream.kill()
      expect(await seen).toMatchObject(told(1014, 'bad gateway: upstream connection lost'))
    })

    test('sees 1013 and the Retry-After of a busy upstream', async () => {
      await using upstream = await faultUpstream('status 503', { headers: ['Retry-After: 7'] })
      await using gateway = await start({ upstreams: [upstream.url] })
      expect(await observe(gateway.url)).toMatchObject(told(1013, 'try again later; sent=0; retry=7000'))
    })

    test('sees 1012 and when to come back when the upstream restarts', async () => {
      await using upstream = await startUpstream({ closeAfter: { messages: 1, code: 1012 } })
      await using gateway = await start({ upstreams: [upstream.url] })
      expect(await observe(gateway.url, { send: ['x'] })).toMatchObject(
        told(1012, /^service restart; retry=\d+$/),
      )
    })

    test('sees 1012 and its own delay when the gateway drains', async () => {
      await using upstream = await startUpstream()
      await using gateway = await start({
        upstreams: [upstream.url],
        drain: { spread: 100, retry: [500, 600] },
      })
      const seen = observe(gateway.url, { send: ['x'] })
      // The upstream has it a moment before the client has its 101.
      await expect.poll(async () => (await gateway.connections()).length).toBe(1)
      await gateway.drain()
      expect(await seen).toMatchObject(told(1012, /^service restart; retry=(?:5\d\d|600)$/))
    })

    test('sees 1009 for a message that is too big', async () => {
      await using upstream = await startUpstream()
      await using gateway = await start({ upstreams: [upstream.url], limits: { messageBytes: 1000 } })
      expect(await observe(gateway.url, { send: ['x'.repeat(1001)] })).toMatchObject(
        told(1009, 'message too big'),
      )
    })

    test('sees 3000 for a 401 where rejections: close is set', async () => {
      await using upstream = await faultUpstream('status 401')
      await using gateway = await start({ upstreams: [upstream.url], rejections: 'close' })
      expect(await observe(gateway.url)).toMatchObject(told(3000, 'unauthorized'))
    })

    test('sees the code and reason that the upstream chose', async () => {
      await using upstream = await startUpstream({
        closeAfter: { messages: 1, code: 4123, reason: 'jusqu’ici' },
      })
      await using gateway = await start({ upstreams: [upstream.url] })
      expect(await observe(gateway.url, { send: ['x'] })).toMatchObject(told(4123, 'jusqu’ici'))
    })
  })

  test('sees 1002 when what it sends is broken on the way', async () => {
    await using upstream = await startUpstream()
    await using gateway = await startGateway({ upstreams: [upstream.url] })
    const { port } = new URL(gateway.url)
    // Between page and gateway: a box that puts a frame that no client may send behind the page's first.
    await using box = await tcpServer((socket) => {
      const onward = net.connect(Number(port), '127.0.0.1').on('error', () => {})
      let chunks = 0
      socket.on('data', (chunk) => {
        onward.write(chunk)
        if (++chunks === 2) onward.write(frame({ opcode: opcode.text, payload: 'not masked' }))
      })
      onward.pipe(socket)
      socket.on('close', () => onward.destroy())
    })
    const seen = await chromium.observeWebSocket(`ws://127.0.0.1:${box.port}`, { send: ['x'] })
    expect(seen.close).toEqual({ code: 1002, reason: 'protocol error', wasClean: true })
  })
})
