// Sockets of the file system: as a listener, and as the way to an upstream.
import { once } from 'node:events'
import { existsSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs'
import http from 'node:http'
import net from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import tls from 'node:tls'
import {
  certificate,
  eventually,
  gone,
  type Holdfast,
  runHoldfast,
  runtime,
  startHoldfast,
  startUpstream,
  wsClient,
} from '@holdfast/testing'
import { describe, expect, test } from 'vitest'
import { type WebSocket, WebSocketServer } from 'ws'

function folder() {
  const path = mkdtempSync(join(tmpdir(), 'holdfast-unix-'))
  return { at: (name: string) => join(path, name), [Symbol.dispose]: () => rmSync(path, { recursive: true }) }
}

/** A server on a socket file that echoes, and that answers plain requests with what came. */
async function unixServer(path: string) {
  const requests: http.IncomingMessage[] = []
  const server = http.createServer((req, res) => {
    requests.push(req)
    res.end(JSON.stringify({ url: req.url, host: req.headers.host }))
  })
  const sockets = new Set<WebSocket>()
  new WebSocketServer({ server }).on('connection', (socket, request) => {
    requests.push(request)
    sockets.add(socket)
    socket.on('message', (data, binary) => socket.send(data, { binary }))
  })
  await once(server.listen(path), 'listening')
  return {
    requests,
    sockets,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.terminate()
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

const config = (upstream: string, keys: object = {}, more: object = {}) => ({
  workers: 2,
  routes: [{ name: 'r', upstreams: [upstream], ...keys }],
  ...more,
})

/** A client that connects over the socket file; `ws` writes it like this. */
const over = (path: string, target = '/') => wsClient(`ws+unix:${path}:${target}`)

async function echoes(client: ReturnType<typeof wsClient>, text: string) {
  client.send(text)
  expect(await client.message()).toBe(text)
}

describe('an upstream', () => {
  test.each([
    ['unix:PATH', '/ws?x=1'],
    ['unix:PATH:/app', '/app/ws?x=1'],
    ['http://unix:PATH:/app/', '/app/ws?x=1'],
  ])('%s gets WebSockets, plain requests and probes', async (form, url) => {
    using temp = folder()
    const path = temp.at('app.sock')
    await using server = await unixServer(path)
    const health = { path: '/probe', interval: '2s', timeout: '2s' }
    await using holdfast = await startHoldfast({
      config: config(form.replace('PATH', path), { health, host: 'upstream' }),
    })
    await using client = wsClient(`${holdfast.url}/ws?x=1`)
    await client.opened
    await echoes(client, 'hello')
    await echoes(client, 'x'.repeat(200_000))
    expect(server.requests.map((request) => request.url)).toContain(url)
    const answer = await fetch(`${holdfast.url.replace('ws', 'http')}/ws?x=1`)
    expect(await answer.json()).toEqual({ url, host: 'localhost' })
    await eventually('a probe', () => server.requests.some((request) => request.url?.endsWith('/probe')))
    type State = { body: { routes: { upstreams: { address: string; state: string }[] }[] } }
    await eventually('its health', async () => {
      const { body } = (await holdfast.api('/api/state')) as State
      const [upstream] = body.routes[0]!.upstreams
      return upstream!.address === `unix:${path}` && upstream!.state === 'healthy'
    })
  })

  test('that is not there is told as one that refuses, and is used when it is', async () => {
    using temp = folder()
    const path = temp.at('app.sock')
    await using holdfast = await startHoldfast({
      config: config(`unix:${path}`, { wait: 'off', badGateway: 'close', hold: { state: 'none' } }),
    })
    await using early = wsClient(holdfast.url)
    expect(await early.closed).toMatchObject({
      code: 1014,
      reason: expect.stringMatching('connection refused'),
    })
    const first = await unixServer(path)
    await using client = wsClient(holdfast.url)
    await client.opened
    for (const socket of first.sockets) socket.close(1012)
    await first[Symbol.asyncDispose]()
    await using _second = await unixServer(path)
    await echoes(client, 'held')
  })
})

describe('a listener', () => {
  test('takes WebSockets and plain requests, with the mode that it should have, and is gone after the end', async () => {
    using temp = folder()
    const path = temp.at('in.sock')
    await using upstream = await startUpstream()
    const listen = ['127.0.0.1:0', { address: `unix:${path}`, mode: '0660' }]
    await using holdfast = await startHoldfast({
      config: config(upstream.url, {}, { listen, trustedProxies: ['unix:'] }),
    })
    expect(statSync(path).mode & 0o777).toBe(0o660)
    expect(holdfast.stdout.join()).toContain(`unix:${path}`)
    const clients = Array.from({ length: 6 }, () => over(path, '/a'))
    await Promise.all(clients.map(({ opened }) => opened))
    for (const client of clients) await echoes(client, 'x'.repeat(100_000))
    const { request } = await upstream.connection()
    expect([request.url, request.headers['x-forwarded-for']]).toEqual(['/a', 'unknown'])
    const headers = { 'X-Forwarded-For': '203.0.113.9' }
    const answer = http.get({ socketPath: path, path: '/plain', headers })
    const [response] = await once(answer, 'response')
    const seen = JSON.parse(String((await response.toArray()).join('')))
    expect(seen.headers['x-forwarded-for']).toBe('203.0.113.9, unknown')
    for (const client of clients) client.close()
    holdfast.signal('SIGTERM')
    await holdfast.exited
    expect(existsSync(path)).toBe(false)
  })

  test.skipIf(runtime().name !== 'node')('keeps its clients in a live upgrade', async () => {
    using temp = folder()
    const [inPath, outPath] = [temp.at('in.sock'), temp.at('out.sock')]
    await using _server = await unixServer(outPath)
    const listen = ['127.0.0.1:0', `unix:${inPath}`]
    await using holdfast = await startHoldfast({
      config: config(`unix:${outPath}`, {}, { workers: 1, listen }),
    })
    const clients = Array.from({ length: 5 }, () => over(inPath))
    await Promise.all(clients.map(({ opened }) => opened))
    for (const client of clients) for (let i = 0; i < 5; i++) await echoes(client, `before ${i}`)
    holdfast.signal('SIGUSR2')
    const line = await holdfast.waitForLog('the upgrade', ({ msg }) => msg === 'upgrade finished')
    expect(line).toMatchObject({ moved: 5 })
    for (const client of clients) await echoes(client, 'after')
    await using late = over(inPath)
    await late.opened
    await echoes(late, 'late')
    for (const client of clients) client.close()
  })

  test('serves TLS where it is asked for, through a live upgrade', async () => {
    using temp = folder()
    const path = temp.at('in.sock')
    await using upstream = await startUpstream()
    const { cert, certFile, keyFile } = certificate()
    const listen = ['127.0.0.1:0', { address: `unix:${path}`, tls: { cert: certFile, key: keyFile } }]
    await using holdfast = await startHoldfast({ config: config(upstream.url, {}, { listen }) })
    const createConnection = () => tls.connect({ path, ca: cert, servername: 'localhost' })
    await using client = wsClient('wss://localhost/', { createConnection: createConnection as never })
    await client.opened
    await echoes(client, 'x'.repeat(100_000))
    const { request } = await upstream.connection()
    expect(request.headers['x-forwarded-proto']).toBe('https')
    await using plain = over(path)
    await expect(plain.opened).rejects.toThrow()
    if (runtime().name !== 'node') return
    holdfast.signal('SIGUSR2')
    await holdfast.waitForLog('the upgrade', ({ msg }) => msg === 'upgrade finished')
    await echoes(client, 'after')
    await using late = wsClient('wss://localhost/', { createConnection: createConnection as never })
    await late.opened
    await echoes(late, 'late')
  })

  test('knows clients over TLS apart that come at the same time', async () => {
    using temp = folder()
    const path = temp.at('in.sock')
    await using upstream = await startUpstream()
    const { cert, certFile, keyFile } = certificate()
    const secured = { address: `unix:${path}`, tls: { cert: certFile, key: keyFile }, proxyProtocol: true }
    await using _holdfast = await startHoldfast({
      config: config(upstream.url, {}, { workers: 1, listen: ['127.0.0.1:0', secured] }),
    })
    const addresses = Array.from({ length: 8 }, (_, i) => `203.0.113.${i + 1}`)
    const clients = addresses.map((address) => {
      const socket = net.connect({ path })
      socket.write(`PROXY TCP4 ${address} 10.0.0.1 1000 443\r\n`)
      const createConnection = () => tls.connect({ socket, ca: cert, servername: 'localhost' })
      return wsClient(`wss://localhost/${address}`, { createConnection: createConnection as never })
    })
    await Promise.all(clients.map(({ opened }) => opened))
    const seen = upstream.connections.map(({ request }) => [request.url, request.headers['x-forwarded-for']])
    expect(seen.sort()).toEqual(addresses.map((address) => [`/${address}`, address]))
    for (const client of clients) client.close()
  })

  test('takes the place of what a killed gateway has left, and of nothing that is in use', async () => {
    using temp = folder()
    const path = temp.at('in.sock')
    await using upstream = await startUpstream()
    const given = config(upstream.url, {}, { listen: ['127.0.0.1:0', `unix:${path}`] })
    const start = (): Promise<Holdfast> => startHoldfast({ config: given })
    {
      await using first = await start()
      const second = await runHoldfast(['serve', '-c', first.configFile!])
      expect([second.code, second.stderr]).toEqual([
        2,
        expect.stringMatching(/unix:.*another program listens there/),
      ])
      const family = [first.pid, ...first.workers()]
      first.signal('SIGKILL')
      await gone(family)
    }
    expect(existsSync(path)).toBe(true)
    await using again = await start()
    await using client = over(path)
    await client.opened
    await echoes(client, 'hello')
    again.writeConfig(config(upstream.url, {}, { listen: '127.0.0.1:0' }))
    await again.api('/api/reload', { method: 'POST' })
    await eventually('its end', () => !existsSync(path))
    await echoes(client, 'still here')
    writeFileSync(path, 'precious')
    again.writeConfig(given)
    expect(await again.api('/api/reload', { method: 'POST' })).toMatchObject({ status: 422 })
    expect(existsSync(path)).toBe(true)
    const refused = net.connect({ path })
    await once(refused, 'error')
  })
})
