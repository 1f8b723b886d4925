// A connection that is taken from the listener's handle and one that is accepted as a socket of Node's are one and the same to
// whoever has opened it.
import { once } from 'node:events'
import type { ServerResponse } from 'node:http'
import net from 'node:net'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { ClientHandshake } from '../src/http/accept.ts'
import type { HttpExchange } from '../src/listen/http-handlers.ts'
import { Listener } from '../src/listen/listener.ts'
import { Accepted, acceptHandles, wireOf } from '../src/wire/index.ts'
import { libuv } from '../src/wire/libuv.ts'
import { clearText } from './arbitrary-hostile.ts'
import { httpCases } from './http-cases.ts'

/** A listener that says to its client, and here, what it has understood. */
class Side implements AsyncDisposable {
  understood: unknown[] = []
  /** Handshakes of connections that are no sockets of Node's. */
  onHandles = 0
  readonly listener: Listener
  /** The connection that was accepted as a socket last. */
  accepted: net.Socket | undefined
  readonly server = net.createServer({ allowHalfOpen: true }, (socket) => {
    this.accepted = socket
    this.listener.accept(socket)
  })

  constructor() {
    this.listener = new Listener(
      { host: '127.0.0.1', port: 0, proxyProtocol: false },
      {
        trusted: () => false,
        onUpgrade: (handshake) => this.#open(handshake),
        onRequest: (exchange) => this.#answer(exchange),
        onRefused: (status, why) => this.understood.push([status, why]),
      },
    )
  }

  async listen(handles: boolean): Promise<this> {
    this.server.listen(0, '127.0.0.1')
    await once(this.server, 'listening')
    if (handles) acceptHandles(this.server, (accepted) => this.listener.accept(accepted))
    return this
  }

  /** Accepts or refuses it, by its target; then it sends back what comes. */
  #open(handshake: ClientHandshake): void {
    const { request } = handshake
    this.understood.push(request)
    if (/^\/answer\/\d*[13579]$/.test(request.target)) {
      return handshake.refuse({ status: 403, headers: [['X-Why', 'odd']], body: request.target })
    }
    const client = handshake.accept({ headers: [['X-Target', request.target]] })
    if (client instanceof Accepted) this.onHandles++
    const wire = wireOf(client)
    wire.user = {
      onPieces(pieces) {
        for (const piece of pieces) wire.write(Buffer.from(piece))
        return undefined
      },
      onDrain() {},
      onEndOfInput: () => wire.end(),
      onClose() {},
    }
    wire.resume()
  }

  #answer({ req, res, request }: HttpExchange): void {
    this.understood.push(request)
    let bytes = 0
    req.on('data', (chunk: Buffer) => {
      bytes += chunk.length
    })
    req.on('end', () => {
      res.setHeader('X-Bytes', bytes)
      ;(res as ServerResponse).end(request.target)
    })
  }

  /**
   * What comes back for these pieces, and whether it was cut off; and what was understood of them. `apart`: on a socket, the first is
   * read before the next is sent.
   */
  async talk(pieces: readonly Buffer[], { apart = false } = {}) {
    this.understood = []
    this.accepted = undefined
    const hasRead = () => (this.accepted?.bytesRead ?? 0) > 0
    const socket = net.connect((this.server.address() as net.AddressInfo).port, '127.0.0.1')
    let cut = false
    const chunks: Buffer[] = []
    const closed = new Promise<void>((resolve) => socket.once('close', () => resolve()))
    socket.on('error', () => {
      cut = true
    })
    socket.on('data', (chunk) => chunks.push(chunk))
    for (const piece of pieces) {
      socket.write(piece)
      await new Promise((resolve) => setImmediate(resolve))
      while (apart && piece === pieces[0] && !hasRead()) await new Promise((resolve) => setImmediate(resolve))
    }
    socket.end()
    await closed
    const said = Buffer.concat(chunks)
      .toString('latin1')
      .replace(/^Date: .*\r\n/gm, '')
    return { said, cut, understood: this.understood }
  }

  async [Symbol.asyncDispose]() {
    this.listener.destroy()
    this.server.close()
    await once(this.server, 'close')
  }
}

describe.skipIf(!libuv)('a listener that is given handles', () => {
  let byHandle: Side
  let bySocket: Side
  beforeAll(async () => {
    byHandle = await new Side().listen(true)
    bySocket = await new Side().listen(false)
  })
  afterAll(async () => {
    await byHandle[Symbol.asyncDispose]()
    await bySocket[Symbol.asyncDispose]()
  })

  async function compare(pieces: readonly Buffer[]) {
    const [here, there] = await Promise.all([byHandle.talk(pieces), bySocket.talk(pieces)])
    expect(here.understood).toEqual(there.understood)
    // A connection that is destroyed with bytes that nobody has read is reset, and what was said to its client may be lost.
    const length = here.cut || there.cut ? Math.min(here.said.length, there.said.length) : undefined
    expect(here.said.slice(0, length)).toBe(there.said.slice(0, length))
  }

  test('understands and answers whatever comes as one that is given sockets', async () => {
    const cut = fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { maxLength: 3 })
    await fc.assert(
      fc.asyncProperty(clearText, cut, async (bytes, shares) => {
        const at = shares.map((share) => Math.floor(share * bytes.length)).sort((a, b) => a - b)
        await compare([0, ...at].map((from, i) => bytes.subarray(from, at[i])))
      }),
      { numRuns: 200 },
    )
    expect(byHandle.onHandles).toBeGreaterThan(0)
    expect(bySocket.onHandles).toBe(0)
  })

  test.each(httpCases.map(({ name, request }) => [name, request]))('%s', (_, request) =>
    compare([Buffer.from(request, 'latin1')]),
  )

  // What is whole in one read is read by the gateway itself, the rest by Node's parser.
  test('understands a handshake as one thing however its bytes are cut', async () => {
    const upgrade = fc.constantFrom(
      'Upgrade',
      'upgrade',
      'UPGRADE',
      'websocket',
      'close',
      'keep-alive',
      '',
      'x',
    )
    const around = fc.constantFrom('', ' ', '\t', '\u00a0', '\u0085', ' \u00a0', ';', '"')
    const option = fc.tuple(around, upgrade, around).map((parts) => parts.join(''))
    const connection = fc.array(option, { minLength: 1, maxLength: 3 }).map((options) => options.join(','))
    const lines = fc.array(connection, { maxLength: 2 })
    const offer = fc
      .tuple(around, fc.constantFrom('websocket', 'WebSocket', 'h2c', 'websocket, h2c'), around)
      .map((parts) => parts.join(''))
    await fc.assert(
      fc.asyncProperty(lines, fc.array(offer, { maxLength: 2 }), async (connections, offers) => {
        const head = [
          'GET /x HTTP/1.1',
          'Host: a',
          ...connections.map((value) => `Connection: ${value}`),
          ...offers.map((value) => `Upgrade: ${value}`),
          'Sec-WebSocket-Version: 13',
          'Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==',
        ]
        const bytes = Buffer.from(`${head.join('\r\n')}\r\n\r\n`, 'latin1')
        const whole = await bySocket.talk([bytes])
        const inTwo = await bySocket.talk([bytes.subarray(0, 1), bytes.subarray(1)], { apart: true })
        expect(inTwo.understood).toEqual(whole.understood)
        if (!whole.cut && !inTwo.cut) expect(inTwo.said).toBe(whole.said)
      }),
      { numRuns: 150 },
    )
  })
})
