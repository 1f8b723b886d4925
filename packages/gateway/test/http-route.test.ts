import { once } from 'node:events'
import http from 'node:http'
import type { AddressInfo } from 'node:net'
import { closedPort, eventually, startGateway } from '@holdfast/testing'
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
    expect(lines).toMatchObject([{ msg: 'no upstream for clients', clients: 1 }])
  })

  test('on a drained route is told to come back', async () => {
    await using one = await backend('one')
    await using gateway = await startGateway({ upstreams: [one.url], drain: { retry: [3_000, 3_000] } })
    await gateway.drain({ route: 'default' })
    expect(await answer(gateway)).toEqual({
      status: 503,
      text: '{"error":{"status":503,"message":"service restart"}}',
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
})
