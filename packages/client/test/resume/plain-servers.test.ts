import { once } from 'node:events'
import http from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import { acceptKey, browserMissing, eventually, startUpstream } from '@holdfast/testing'
import { describe, expect, it } from 'vitest'
import { bundle } from '../bundle.ts'
import { openPage } from '../page.ts'
import { openSocket } from './open-socket.ts'

/** A server that selects none of the subprotocols, as Uvicorn does, and sends `hello`. */
async function startSelectingNone() {
  const offers: (string | undefined)[] = []
  const sockets: Socket[] = []
  const server = http.createServer()
  server.on('upgrade', (request, tcp) => {
    offers.push(request.headers['sec-websocket-protocol'])
    sockets.push(tcp as Socket)
    tcp.on('error', () => {})
    tcp.resume()
    tcp.write(
      `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${acceptKey(request.headers['sec-websocket-key']!)}\r\n\r\n`,
    )
    tcp.write(Buffer.from([0x81, 5, ...Buffer.from('hello')]))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    offers,
    sockets,
    url: `ws://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy()
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

describe('a socket with resume, and a server that does not resume', () => {
  it.each([
    ['none', [], ''],
    ['one', ['chat'], 'chat'],
    ['two', ['b', 'a'], 'b'],
  ])('that selects the first offered is as without: %s of its own', async (_, protocols, expected) => {
    await using server = await startUpstream()
    const { socket, seen } = openSocket(server.url, protocols)
    socket.send('early')
    await eventually('an echo', () => seen.includes('early'))
    expect(socket.protocol).toBe(expected)
    expect(socket.readyState).toBe(1)
    ;(await server.connection()).close(1012, 'retry=1')
    await eventually('the return', () => seen.length === 4)
    expect(seen).toEqual(['open', 'early', 'close 1012', 'open'])
    socket.close(4000, 'x')
    await eventually('the end', () => socket.readyState === 3)
    expect(seen.at(-1)).toBe('close 4000')
  })

  it('that selects none is tried once more without the offers, and from the third connection on without them', async () => {
    await using server = await startSelectingNone()
    const { socket, seen } = openSocket(server.url, ['chat'])
    // `ws` fails a handshake whose answer selects none, as browsers do; so does the one without the offers here.
    socket.close()
    await eventually('the end', () => socket.readyState === 3)
    const bare = openSocket(server.url)
    await eventually('hello', () => bare.seen.includes('hello'))
    expect(bare.seen).toEqual(['open', 'hello'])
    expect(bare.socket.protocol).toBe('')
    for (const opens of [2, 3]) {
      server.sockets.at(-1)!.destroy()
      await eventually('a return', () => bare.seen.filter((one) => one === 'open').length === opens)
    }
    expect(server.offers.slice(-5)).toEqual([
      'holdfast.none,holdfast.v1',
      undefined,
      'holdfast.none,holdfast.v1',
      undefined,
      undefined,
    ])
    expect(seen).not.toContain('open')
    bare.socket.close()
  })

  it('that is not there has refused nothing: one attempt at a time', async () => {
    const gone = await startUpstream()
    const { url } = gone
    await gone[Symbol.asyncDispose]()
    const { socket, closes } = openSocket(url, [], { maxRetries: 0 })
    await eventually('the end', () => socket.readyState === 3)
    expect(closes).toHaveLength(1)
    expect(closes[0]!.session).toBe(undefined)
  })
})

const missing = browserMissing()

describe.skipIf(missing !== undefined)(`in Chromium${missing ? ` (skipped: ${missing})` : ''}`, () => {
  it('a server that selects none is as without resume', async () => {
    await using server = await startSelectingNone()
    const script = await bundle({ entry: '../src/resume.ts', format: 'iife', name: 'Holdfast' })
    await using page = await openPage('', { '/client.js': script })
    await page.page.addScriptTag({ url: '/client.js' })
    const seen = await page.page.evaluate(
      (url) =>
        new Promise<unknown[]>((resolve) => {
          const { Holdfast } = globalThis as unknown as { Holdfast: typeof import('../../src/resume.ts') }
          const events: unknown[] = []
          const socket = new Holdfast.ReconnectingWebSocket(url, [], { resume: true })
          for (const type of ['open', 'close', 'error', 'suspend'])
            socket.addEventListener(type, () => events.push(type))
          socket.onmessage = ({ data }) => resolve([...events, data, socket.protocol, socket.readyState])
        }),
      server.url,
    )
    expect(seen).toEqual(['open', 'hello', '', 1])
    expect(server.offers).toEqual(['holdfast.none, holdfast.v1', undefined])
  })
})
