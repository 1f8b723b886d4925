import { once } from 'node:events'
import http from 'node:http'
import net, { type AddressInfo } from 'node:net'
import { closedPort, eventually, fakeClock, startGateway, tcpServer } from '@holdfast/testing'
import { describe, expect, test } from 'vitest'

/** Answers with its name; what is asked for below /wait is answered when the test says so. */
async function backend(name: string) {
  const waiting: http.ServerResponse[] = []
  const server = http.createServer((req, res) => {
    if (req.url!.startsWith('/wait')) waiting.push(res)
    else res.end(name)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    waiting,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}

const httpUrl = ({ url }: { url: string }) => url.replace('ws:', 'http:')
const refused = async () => `http://127.0.0.1:${await closedPort()}`

async function answer(gateway: { url: string }, path = '/', init?: RequestInit) {
  const response = await fetch(httpUrl(gateway) + path, init)
  const text = await response.text()
  return { status: response.status, text, retryAfter: response.headers.get('retry-after') }
}

describe('a plain request', () => {
  test('goes to the next upstream when one cannot be reached, body and all', async () => {
    await using two = await backend('two')
    await using gateway = await startGateway({
      upstreams: [await refused(), two.url],
      balance: { by: 'round-robin' },
    })
    for (let i = 0; i < 4; i++) {
      expect(await answer(gateway, '/', { method: 'POST', body: 'hello' })).toMatchObject({
        status: 200,
        text: 'two',
      })
    }
  })

  test('that no upstream serves is logged once for many', async () => {
    await using gateway = await startGateway({ upstreams: [await refused()], attempts: 1 })
    for (let i = 0; i < 20; i++) expect((await answer(gateway)).status).toBe(502)
    const lines = gateway.log.filter(({ level }) => level >= 40)
    expect(lines).toMatchObject([
      { msg: 'upstream is failing (not probed)' },
      { msg: 'no upstream for clients', clients: 1 },
    ])
  })

  test('on a drained route is told to come back', async () => {
    await using one = await backend('one')
    await using gateway = await startGateway({ upstreams: [one.url], drain: { retry: [3_000, 3_000] } })
    await gateway.drain({ route: 'default' })
    expect(await answer(gateway)).toEqual({
      status: 503,
      text: 'service restart\n',
      retryAfter: '3',
    })
  })

  test('goes to another upstream when its own is drained', async () => {
    await using one = await backend('one')
    await using two = await backend('two')
    await using gateway = await startGateway({ upstreams: [one.url, two.url] })
    await gateway.drain({ upstream: one.url })
    for (let i = 0; i < 4; i++) expect((await answer(gateway)).text).toBe('two')
  })

  test('counts as a connection of its upstream while it is under way', async () => {
    await using one = await backend('one')
    await using two = await backend('two')
    await using gateway = await startGateway({ upstreams: [one.url, two.url] })
    const waits = Array.from({ length: 6 }, () => answer(gateway, '/wait'))
    await eventually('six are under way', () => one.waiting.length + two.waiting.length === 6)
    expect(one.waiting).toHaveLength(3)
    const counts = async () =>
      (await gateway.snapshot()).routes[0]!.upstreams.map(({ connections }) => connections)
    expect(await counts()).toEqual([3, 3])
    for (const res of [...one.waiting, ...two.waiting]) res.end()
    await Promise.all(waits)
    await eventually('none is counted', async () => (await counts()).every((count) => count === 0))
  })

  test.each([{ connections: 2 }, { perAddress: 2 }])(
    'over the limit %o is told to come back',
    async (limits) => {
      await using one = await backend('one')
      await using gateway = await startGateway({ upstreams: [one.url], limits })
      const waits = [answer(gateway, '/wait'), answer(gateway, '/wait')]
      await eventually('two are under way', () => one.waiting.length === 2)
      const over = await answer(gateway)
      expect(over.status).toBe(503)
      expect(over.text).toContain('too many connections')
      expect(Number(over.retryAfter)).toBeGreaterThanOrEqual(5)
      for (const res of one.waiting) res.end()
      await Promise.all(waits)
      await eventually('there is room again', async () => (await answer(gateway)).status === 200)
    },
  )

  test('is not counted by handshakesPerSecond, nor by origins', async () => {
    await using one = await backend('one')
    await using gateway = await startGateway({
      upstreams: [one.url],
      limits: { handshakesPerSecond: 1, connections: 5 },
      origins: ['https://a.example'],
    })
    for (let i = 0; i < 5; i++) expect((await answer(gateway)).status).toBe(200)
  })

  test.each([
    ['after a 504', { idle: 50 }, 504],
    ['after an answer that did not wait for it', {}, 401],
  ])('whose body never comes does not stay %s', async (_, timeouts, status) => {
    await using silent = await tcpServer((socket) => {
      socket.on('data', () => {
        if (status === 401) socket.write('HTTP/1.1 401 Unauthorized\r\nContent-Length: 2\r\n\r\nno')
      })
    })
    const clock = fakeClock()
    const upstreams = [`http://127.0.0.1:${silent.port}`]
    await using gateway = await startGateway({ upstreams, timeouts }, { clock })
    const client = new Client(Number(new URL(gateway.url).port))
    await client.send('POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\npart')
    await eventually('an answer', () => client.text.includes(`HTTP/1.1 ${status}`))
    await eventually('the upstream’s connection ends', () => silent.sockets.size === 0)
    clock.tick(9_900)
    expect(client.closed).toBe(false)
    clock.tick(200)
    await eventually('the client’s connection ends', () => client.closed)
  })

  test('whose body comes late leaves its connection as it was', async () => {
    const clock = fakeClock()
    await using gateway = await startGateway({ upstreams: [await refused()], attempts: 1 }, { clock })
    const client = new Client(Number(new URL(gateway.url).port))
    await client.send('POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 8\r\n\r\npart')
    await eventually('an answer', () => client.text.includes('HTTP/1.1 502'))
    await client.send(`partGET / HTTP/1.1\r\nHost: a\r\n\r\n`)
    await eventually('another', () => client.text.split('HTTP/1.1 502').length === 3)
    clock.tick(20_000)
    await client.send('GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n')
    await eventually('a third', () => client.text.split('HTTP/1.1 502').length === 4)
  })
})

class Client {
  text = ''
  closed = false
  readonly #socket: net.Socket

  constructor(port: number) {
    this.#socket = net.connect(port, '127.0.0.1')
    this.#socket
      .on('error', () => {})
      .on('data', (chunk) => {
        this.text += chunk.toString('latin1')
      })
      .on('close', () => {
        this.closed = true
      })
  }

  send(text: string): Promise<void> {
    return new Promise((resolve) => this.#socket.write(text, () => resolve()))
  }
}
