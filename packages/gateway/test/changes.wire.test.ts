// What a route changes on the way, as a real server behind a real gateway sees it.
import https from 'node:https'
import type { AddressInfo } from 'node:net'
import type tls from 'node:tls'
import {
  certificate,
  rawClient,
  startHoldfast,
  startUpstream,
  upgradeRequest,
  wsClient,
} from '@holdfast/testing'
import { describe, expect, test } from 'vitest'
import { WebSocketServer } from 'ws'

const { cert, key, certFile, keyFile } = certificate()

const config = (url: string, keys: object) => ({
  workers: 1,
  routes: [{ name: 'r', upstreams: [url], ...keys }],
})

describe('the path', () => {
  test('is stripped for a WebSocket and for plain HTTP, behind the path of the upstream’s URL', async () => {
    await using upstream = await startUpstream()
    await using holdfast = await startHoldfast({ config: config(`${upstream.url}/app`, { strip: '/chat' }) })
    await using client = wsClient(`${holdfast.url}/%63hat/room?x=1`)
    await client.opened
    expect((await upstream.connection()).request.url).toBe('/app/room?x=1')
    const answer = await fetch(`${holdfast.url.replace('ws', 'http')}/chat/page?y`)
    expect(await answer.json()).toMatchObject({ url: '/app/page?y' })
  })

  test.each([
    '/chat/../admin',
    '/chat/./x',
    '/chat//x',
    '/chat/%2e%2e/admin',
    '/chat\\..\\admin',
    '/chat/..%2fadmin',
  ])('%s, which can be read in several ways, reaches no upstream', async (target) => {
    await using upstream = await startUpstream()
    await using holdfast = await startHoldfast({ config: config(upstream.url, { strip: '/chat' }) })
    const request = upgradeRequest('ws://h').replace('GET / ', `GET ${target} `)
    await using client = await rawClient(holdfast.url, { request })
    expect(client.status).toBe(404)
    expect(upstream.connections).toHaveLength(0)
  })
})

describe('the fields', () => {
  test('are the gateway’s, whatever the client sends in their place, and are new after a reload', async () => {
    await using upstream = await startUpstream()
    const keys = (token: string) => ({
      host: 'upstream',
      headers: {
        set: { 'X-User': '{client.address}', Authorization: `Bearer ${token}` },
        add: { 'X-Tag': ['one', 'two'] },
        remove: ['Cookie'],
        response: { set: { 'X-Served-By': 'gateway' }, remove: ['X-Inner'] },
      },
    })
    await using holdfast = await startHoldfast({
      config: config(upstream.url, keys('$TOKEN')),
      env: { TOKEN: 'first' },
    })
    const headers = {
      'X-User': 'root',
      X_User: 'root',
      Authorization: 'Basic x',
      Cookie: 'a=b',
      'X-Tag': 'zero',
    }
    const ask = async () => {
      await using client = await rawClient(holdfast.url, { headers })
      expect(client.headers['x-served-by']).toBe('gateway')
      return (await upstream.connection()).request
    }
    const seen = await ask()
    expect(seen.headers).toMatchObject({
      host: `127.0.0.1:${upstream.port}`,
      'x-user': '127.0.0.1',
      authorization: 'Bearer first',
      'x-tag': 'zero, one, two',
      'x-forwarded-host': new URL(holdfast.url).host,
    })
    expect(seen.rawHeaders.map((name) => name.toLowerCase())).not.toContain('x_user')
    expect(seen.headers.cookie).toBeUndefined()
    const plain = await fetch(holdfast.url.replace('ws', 'http'), { headers: { 'X-User': 'root' } })
    expect(plain.headers.get('x-served-by')).toBe('gateway')
    expect(await plain.json()).toMatchObject({
      headers: { 'x-user': '127.0.0.1', authorization: 'Bearer first' },
    })

    holdfast.writeConfig(config(upstream.url, keys('second')))
    expect((await holdfast.api('/api/reload', { method: 'POST' })).status).toBe(200)
    expect((await ask()).headers.authorization).toBe('Bearer second')
  })

  test('are set again for the next upstream of a held connection, and name its session', async () => {
    let upstream = await startUpstream()
    const { port } = upstream
    await using holdfast = await startHoldfast({
      config: config(upstream.url, {
        strip: '/chat',
        hold: { state: 'none' },
        headers: { set: { 'X-Session': '{session}' } },
      }),
    })
    await using client = wsClient(`${holdfast.url}/chat/a`)
    await client.opened
    const { request: first } = await upstream.connection()
    for (const socket of upstream.sockets) socket.close(1012)
    await upstream[Symbol.asyncDispose]()
    upstream = await startUpstream({ port })
    try {
      const { request: second } = await upstream.connection()
      expect(first.headers['x-session']).toMatch(/^[\w-]{22}$/)
      expect([second.url, second.headers['x-session']]).toEqual(['/a', first.headers['x-session']])
      client.send('on')
      expect(await client.message()).toBe('on')
    } finally {
      await upstream[Symbol.asyncDispose]()
    }
  })
})

describe('TLS to the upstream', () => {
  /** A server that takes only clients with a certificate that it knows. */
  async function demanding() {
    const names: string[] = []
    const server = https.createServer({ cert, key, ca: cert, requestCert: true, rejectUnauthorized: true })
    server.on('secureConnection', (socket: tls.TLSSocket) => names.push(String(socket.servername)))
    const sockets = new WebSocketServer({ server })
    sockets.on('connection', (socket) => socket.on('message', (data) => socket.send(String(data))))
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    return {
      names,
      port: (server.address() as AddressInfo).port,
      async [Symbol.asyncDispose]() {
        for (const socket of sockets.clients) socket.terminate()
        await new Promise((resolve) => server.close(resolve).closeAllConnections())
      },
    }
  }

  const outcome = async (url: string, keys: object) => {
    await using holdfast = await startHoldfast({
      config: {
        workers: 1,
        routes: [
          { name: 'r', upstreams: [{ url, tls: keys }], badGateway: 'http', wait: 'off', attempts: 1 },
        ],
      },
    })
    await using client = await rawClient(holdfast.url)
    return client.status
  }

  test('shows the gateway’s certificate and asks for the name that is configured', async () => {
    await using server = await demanding()
    const url = `wss://127.0.0.1:${server.port}`
    const own = { cert: certFile, key: keyFile }
    expect(await outcome(url, { ca: certFile, serverName: 'localhost', ...own })).toBe(101)
    expect(server.names.at(-1)).toBe('localhost')
    expect(await outcome(url, { ca: certFile })).toBe(502)
    expect(await outcome(url, { ca: certFile, serverName: 'other.example', ...own })).toBe(502)
    expect(await outcome(url, own)).toBe(502)
    expect(await outcome(url, { verify: false, ...own })).toBe(101)
  })
})
