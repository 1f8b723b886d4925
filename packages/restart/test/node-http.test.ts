// What is particular to node:http: requests, keep-alive, TLS, handshakes under way, upgrades of nobody.
import { once } from 'node:events'
import http from 'node:http'
import https from 'node:https'
import type { AddressInfo } from 'node:net'
import net from 'node:net'
import type { Duplex } from 'node:stream'
import { certificate, eventually, rawClient, readHead, wsClient } from '@holdfast/testing'
import { afterEach, describe, expect, it } from 'vitest'
import { WebSocketServer } from 'ws'
import { gracefulRestart, type RestartOptions, type RestartTarget } from '../src/index.ts'

const open = new Set<http.Server>()

afterEach(() => {
  for (const server of open) {
    server.closeAllConnections()
    server.close()
  }
  open.clear()
})

async function listening<S extends http.Server>(server: S): Promise<S> {
  open.add(server)
  await once(server.listen(0, '127.0.0.1'), 'listening')
  return server
}

const port = (server: http.Server) => (server.address() as AddressInfo).port
const ws = (server: http.Server) => `ws://127.0.0.1:${port(server)}/`

function restartOf(target: RestartTarget, options: RestartOptions = {}) {
  return gracefulRestart(target, { signals: [], spread: 0, deadline: '30s', ...options })
}

/** Holds the restart in its drain with a client that does not answer the Ping. */
async function holding(server: http.Server) {
  return await rawClient(ws(server), { answersPings: false })
}

const agent = () => new http.Agent({ keepAlive: true })

async function get(server: http.Server, using: http.Agent) {
  const request = http.get({ port: port(server), host: '127.0.0.1', agent: using })
  const [response] = (await once(request, 'response')) as [http.IncomingMessage]
  response.resume()
  await once(response, 'end')
  return response
}

describe('a node:http server', () => {
  it('brings requests in flight to their end, on a connection that was kept alive, before it is done', async () => {
    let answer = () => {}
    const server = await listening(
      http.createServer((_, response) => {
        answer = () => response.end('whole')
        response.write('begun ')
      }),
    )
    const restart = restartOf(server)
    const request = http.get({ port: port(server), host: '127.0.0.1', agent: agent() })
    const [response] = (await once(request, 'response')) as [http.IncomingMessage]
    const done = restart.start()
    response.setEncoding('utf8').once('data', () => answer())
    expect((await response.toArray()).join('')).toBe('begun whole')
    const { ms } = await done
    // Not held until the deadline.
    expect(ms).toBeLessThan(30_000)
  })

  it('cuts at the deadline a request that does not end', async () => {
    const server = await listening(http.createServer((_, response) => response.write('begun')))
    const restart = restartOf(server, { deadline: 300 })
    const request = http.get({ port: port(server), host: '127.0.0.1', agent: agent() })
    const [response] = (await once(request, 'response')) as [http.IncomingMessage]
    const broken = once(response.resume(), 'error')
    const { ms } = await restart.start()
    await broken
    expect(ms).toBeGreaterThanOrEqual(299)
  })

  it('refuses on a connection that was kept alive too, and ends it', async () => {
    const server = await listening(http.createServer((_, response) => response.end('hello')))
    new WebSocketServer({ server })
    const restart = restartOf(server, { pongTimeout: '5s' })
    await using client = await holding(server)
    const accepted = once(server, 'connection')
    const busy = net.connect(port(server), '127.0.0.1').on('error', () => {})
    // Half a request keeps the connection from being idle.
    busy.write('GET / HTTP/1.1\r\nHost: x\r\n')
    const [socket] = (await accepted) as [net.Socket]
    await eventually('half a request is read', () => socket.bytesRead > 0)
    const done = restart.start()
    await client.nextFrame()
    busy.write('\r\n')
    expect(await readHead(busy)).toMatchObject({
      startLine: 'HTTP/1.1 503 Service Unavailable',
      headers: { connection: 'close', 'retry-after': expect.stringMatching(/^[1-5]$/) },
    })
    await once(busy.resume(), 'close')
    client.pong('holdfast:drain')
    await done
  })

  it('answers the first request of a connection that came before the restart', async () => {
    const server = await listening(http.createServer((_, response) => response.end('hello')))
    new WebSocketServer({ server })
    const restart = restartOf(server, { pongTimeout: '5s' })
    await using client = await holding(server)
    const accepted = once(server, 'connection')
    const early = net.connect(port(server), '127.0.0.1').on('error', () => {})
    await accepted
    const done = restart.start()
    await client.nextFrame()
    early.write('GET / HTTP/1.1\r\nHost: x\r\n\r\n')
    expect(await readHead(early)).toMatchObject({ startLine: 'HTTP/1.1 503 Service Unavailable' })
    client.pong('holdfast:drain')
    await done
  })

  it("goes on serving requests with requests: 'serve', one per connection, and refuses WebSockets", async () => {
    const server = await listening(http.createServer((_, response) => response.end('hello')))
    new WebSocketServer({ server })
    const restart = restartOf(server, { requests: 'serve', pongTimeout: '5s' })
    await using client = await holding(server)
    const kept = agent()
    expect((await get(server, kept)).headers.connection).toBe('keep-alive')
    const done = restart.start()
    await client.nextFrame()
    await eventually('the idle connection is closed', () => Object.keys(kept.freeSockets).length === 0)
    const response = await get(server, kept)
    expect([response.statusCode, response.headers.connection]).toEqual([200, 'close'])
    await using refused = wsClient(ws(server))
    expect((await refused.refused).status).toBe(503)
    client.pong('holdfast:drain')
    await done
    expect(server.listening).toBe(false)
  })

  it("goes on refusing with 503 when the application's own handler closes it, which is told at the end", async () => {
    const server = await listening(http.createServer())
    const own = Object.getOwnPropertyNames(server)
    new WebSocketServer({ server })
    const restart = restartOf(server, { pongTimeout: '5s' })
    await using client = await holding(server)
    const done = restart.start()
    const phases: string[] = []
    expect(server.close(() => phases.push(restart.phase))).toBe(server)
    await client.nextFrame()
    await using refused = wsClient(ws(server))
    expect((await refused.refused).status).toBe(503)
    client.pong('holdfast:drain')
    expect(await client.closeFrame()).toMatchObject({ code: 1012 })
    await done
    expect(phases).toEqual(['done'])
    expect(server.listening).toBe(false)
    expect(Object.getOwnPropertyNames(server).sort()).toEqual(own.sort())
  })

  it('answers with 503 a handshake that its library has not answered yet', async () => {
    const server = await listening(http.createServer())
    const asked = new Promise<Duplex>((resolve) => server.on('upgrade', (_, socket) => resolve(socket)))
    const restart = restartOf(server, { pongTimeout: 10 })
    const client = rawClient(ws(server))
    await asked
    const done = restart.start()
    await using refused = await client
    expect([refused.status, Number(refused.headers['retry-after']) > 0]).toEqual([503, true])
    expect(await done).toMatchObject({ total: 1, cut: 0 })
  })

  it('leaves upgrade requests to the application where nobody knows WebSockets', async () => {
    const server = await listening(http.createServer((_, response) => response.end('plain')))
    const restart = restartOf(server)
    const plain = async () => {
      await using client = await rawClient(ws(server))
      return [client.status, await client.body()]
    }
    expect(await plain()).toEqual([200, 'plain'])
    const listener = (_: unknown, socket: Duplex) => socket.end('HTTP/1.1 401 Unauthorized\r\n\r\n')
    server.on('upgrade', listener)
    await using refused = await rawClient(ws(server))
    expect(refused.status).toBe(401)
    server.off('upgrade', listener)
    expect(await plain()).toEqual([200, 'plain'])
    restart.cancel()
  })

  it('has no listener of ours after cancel', async () => {
    const server = await listening(http.createServer(() => {}))
    server.on('upgrade', () => {})
    const events = () => server.eventNames().map((name) => [name, server.listenerCount(name)])
    const before = events()
    restartOf(server).cancel()
    expect(events()).toEqual(before)
  })

  it('ends connections over TLS too: upgraded, kept alive, and silent before the handshake', async () => {
    const server = await listening(https.createServer(certificate(), (_, response) => response.end('hello')))
    const wss = new WebSocketServer({ server })
    const restart = restartOf(wss)
    const url = `wss://127.0.0.1:${port(server)}/`
    await using client = wsClient(url)
    await client.opened
    await using kept = await rawClient(url.replace('wss', 'https'), {
      headers: { Upgrade: '', Connection: '' },
    })
    expect(await kept.body()).toBe('hello')
    const silent = net.connect(port(server), '127.0.0.1').on('error', () => {})
    await once(silent, 'connect')
    const ended = once(
      silent.on('error', () => {}),
      'close',
    )
    const report = await restart.start()
    expect(report).toMatchObject({ total: 1, closed: 1 })
    // Not held until the deadline.
    expect(report.ms).toBeLessThan(30_000)
    expect((await client.closed).code).toBe(1012)
    await ended
  })
})

describe('a WebSocketServer of ws', () => {
  it('refuses a handshake that the application passes on late', async () => {
    const server = await listening(http.createServer())
    const wss = new WebSocketServer({ noServer: true })
    let goOn = () => {}
    const asked = new Promise<void>((resolve) => {
      server.on('upgrade', (request, socket, head) => {
        goOn = () => wss.handleUpgrade(request, socket, head, () => {})
        resolve()
      })
    })
    const restart = restartOf(wss)
    await using client = wsClient(ws(server))
    await asked
    const done = restart.start()
    goOn()
    const refusal = await client.refused
    expect([refusal.status, Number(refusal.headers['retry-after']) > 0]).toEqual([503, true])
    await done
  })

  it('is followed also with clientTracking: false', async () => {
    const wss = new WebSocketServer({ port: 0, host: '127.0.0.1', clientTracking: false })
    const restart = restartOf(wss)
    await once(wss, 'listening')
    await using client = wsClient(`ws://127.0.0.1:${(wss.address() as AddressInfo).port}`)
    await client.opened
    expect(await restart.start()).toMatchObject({ total: 1, closed: 1 })
    expect((await client.closed).code).toBe(1012)
  })

  it('is known once, also when it is passed with its HTTP server and twice', async () => {
    const server = await listening(http.createServer())
    const wss = new WebSocketServer({ server })
    const handles: unknown[] = []
    const restart = gracefulRestart([server, wss, { wss, server }], {
      signals: [],
      spread: 0,
      onDrain: (socket) => handles.push(socket),
    })
    await using client = wsClient(ws(server))
    await client.opened
    const [socket] = wss.clients
    expect(await restart.start()).toMatchObject({ total: 1, closed: 1 })
    expect(handles).toEqual([socket])
  })
})
