// How a client is told that it gets no connection: in band or by HTTP, at once or after a pause. On real gateways.
import {
  certificate,
  closedPort,
  eventually,
  faultUpstream,
  h2Client,
  opcode,
  type RawClientOptions,
  rawClient,
  startGateway,
  startUpstream,
  type TestGateway,
} from '@holdfast/testing'
import { describe, expect, test } from 'vitest'

const url = (port: number) => `ws://127.0.0.1:${port}`
const dead = async () => [url(await closedPort())]
const ours = { headers: { 'Holdfast-Client': '1' } }
const inBand = {
  code: 1014,
  reason: expect.stringMatching(/^bad gateway: connection refused; sent=0; retry=\d+$/),
}

/** What a page does with `fetch` to learn why its handshake failed. */
const ask = (gateway: TestGateway, path = '/', headers: Record<string, string> = {}) =>
  fetch(`${gateway.url.replace('ws', 'http')}${path}`, {
    headers: { Accept: 'application/vnd.holdfast.close+json', ...headers },
  })

async function told(gateway: TestGateway, options: RawClientOptions = {}, path = '/') {
  await using client = await rawClient(gateway.url + path, options)
  if (client.status === 101) return await client.closeFrame()
  return { status: client.status, headers: client.headers, body: JSON.parse(await client.body()) }
}

describe('with badGateway: auto', () => {
  const auto = { badGateway: 'auto' as const }

  test.each([
    ['one of which nothing is known', '/', {}],
    ['a page', '/', { headers: { Origin: 'https://chat.example.com' } }],
    ['Socket.IO', '/socket.io/?EIO=4&transport=websocket', {}],
    ['Phoenix', '/socket/websocket?vsn=2.0.0', {}],
    ['SignalR', '/hub?id=pQzKZmkq1yFQ0j7gP0aN3w', {}],
    ['MQTT', '/', { protocols: ['mqtt'] }],
    ['GraphQL that offers Phoenix query, too', '/?vsn=2.0.0', { protocols: ['graphql-transport-ws'] }],
  ] as const)('a client is told by HTTP: %s', async (_, path, options) => {
    await using gateway = await startGateway({ upstreams: await dead(), ...auto })
    expect(await told(gateway, options as RawClientOptions, path)).toMatchObject({ status: 502 })
  })

  test.each([
    ['one of ours', '/', ours],
    ['one of ours that is also Socket.IO', '/?EIO=4', ours],
    ['graphql-ws', '/', { protocols: ['graphql-transport-ws'] }],
  ] as const)('a client is told in band: %s', async (_, path, options) => {
    await using gateway = await startGateway({ upstreams: await dead(), ...auto })
    expect(await told(gateway, options as RawClientOptions, path)).toEqual(inBand)
  })

  test('the HTTP answer says code, reason and retry, and a page may read it', async () => {
    await using gateway = await startGateway({ upstreams: await dead(), ...auto })
    const origin = 'https://chat.example.com'
    const { status, headers, body } = (await told(gateway, { headers: { Origin: origin } })) as never as {
      status: number
      headers: Record<string, string>
      body: { code: number; reason: string; retry: number }
    }
    expect(status).toBe(502)
    expect(Object.keys(body)).toEqual(['code', 'reason', 'retry'])
    expect(body).toMatchObject({ code: 1014, reason: 'bad gateway: connection refused' })
    expect(headers).toMatchObject({
      'content-type': 'application/json',
      'cache-control': 'no-store',
      'retry-after': String(Math.max(1, Math.ceil(body.retry / 1000))),
      'access-control-allow-origin': origin,
      vary: 'Origin',
    })
  })

  test('an Origin that may not connect may not read it either', async () => {
    const origins = ['https://chat.example.com']
    await using gateway = await startGateway({ upstreams: await dead(), origins, ...auto })
    for (const Origin of ['https://evil.example.com', undefined]) {
      const answer = await ask(gateway, '/', Origin ? { Origin } : {})
      expect(answer.status).toBe(403)
      expect(answer.headers.get('access-control-allow-origin')).toBeNull()
    }
    const allowed = await ask(gateway, '/', { Origin: origins[0]! })
    expect(allowed.headers.get('access-control-allow-origin')).toBe(origins[0])
  })

  test.each([
    ['status 500', 502, 1014],
    ['no answer', 504, 1014],
    ['status 503', 503, 1013],
  ] as const)('an upstream with %s is HTTP %i with code %i', async (fault, status, code) => {
    await using upstream = await faultUpstream(fault)
    await using gateway = await startGateway({
      upstreams: [upstream.url],
      ...(fault === 'no answer' && { timeouts: { handshake: 300 } }),
      ...auto,
    })
    expect(await told(gateway)).toMatchObject({ status, body: { code } })
  })

  test('limits and drains are told in the same way', async () => {
    await using upstream = await startUpstream()
    const route = { upstreams: [upstream.url], limits: { connections: 1 }, ...auto }
    await using gateway = await startGateway(route)
    await using first = await rawClient(gateway.url)
    expect(await told(gateway)).toMatchObject({
      status: 503,
      body: { code: 1013, reason: 'too many connections' },
    })
    expect(await told(gateway, ours)).toEqual({
      code: 1013,
      reason: expect.stringMatching(/^too many connections; sent=0; retry=\d+$/),
    })
    const drained = gateway.drain({ route: 'default' })
    await eventually('it drains', async () => (await ask(gateway)).status === 503)
    expect(await told(gateway)).toMatchObject({
      status: 503,
      body: { code: 1012, reason: 'service restart' },
    })
    expect(await (await ask(gateway)).json()).toMatchObject({ code: 1012, reason: 'service restart' })
    first.socket.destroy()
    await drained
  })

  test('a connection that was open is told 1014 in band when its upstream is lost', async () => {
    await using upstream = await faultUpstream('reset after 101')
    await using gateway = await startGateway({ upstreams: [upstream.url], ...auto })
    expect(await told(gateway)).toEqual({ code: 1014, reason: 'bad gateway: upstream connection lost' })
  })

  test('the upstream does not get to see who is one of ours', async () => {
    await using upstream = await startUpstream()
    await using gateway = await startGateway({ upstreams: [upstream.url], ...auto })
    await using client = await rawClient(gateway.url, ours)
    expect(client.status).toBe(101)
    expect((await upstream.connection()).request.headers['holdfast-client']).toBeUndefined()
  })

  test('does so over HTTP/2, too', async () => {
    await using gateway = await startGateway({
      upstreams: await dead(),
      listen: [{ tls: certificate() }],
      ...auto,
    })
    await using stranger = await h2Client(gateway.url)
    expect(stranger.status).toBe(502)
    await using known = await h2Client(gateway.url, { headers: { 'holdfast-client': '1' } })
    expect(await known.closeFrame()).toEqual(inBand)
  })
})

describe('a client that asks by GET why it was turned away', () => {
  const auto = { badGateway: 'auto' as const, wait: 0 }
  const page = { headers: { 'User-Agent': 'A browser', Origin: 'https://chat.example.com' } }

  test('gets the present state, and is told in band from then on: it, and no other', async () => {
    const port = await closedPort()
    await using gateway = await startGateway({ upstreams: [url(port)], ...auto })
    expect(await told(gateway, page, '/ws?token=1')).toMatchObject({ status: 502 })
    const answer = await ask(gateway, '/ws?token=1', page.headers)
    expect(answer.status).toBe(502)
    expect(await answer.json()).toMatchObject({ code: 1014, reason: 'bad gateway: connection refused' })
    // A token may change.
    expect(await told(gateway, page, '/ws?token=2')).toEqual(inBand)
    expect(await told(gateway, page, '/other')).toMatchObject({ status: 502 })
    expect(await told(gateway, { headers: { 'User-Agent': 'Another' } }, '/ws')).toMatchObject({
      status: 502,
    })
    expect(await told(gateway, { ...page, localAddress: '127.0.0.2' }, '/ws')).toMatchObject({ status: 502 })
  })

  test('gets 200 with retry 0 when an upstream is there, which does not see the question', async () => {
    const requests: string[] = []
    await using upstream = await startUpstream({
      onRequest: (req, res) => {
        requests.push(req.url!)
        res.end('the application')
      },
    })
    await using gateway = await startGateway({ upstreams: [upstream.url], ...auto })
    const answer = await ask(gateway, '/ws', page.headers)
    expect(answer.status).toBe(200)
    expect(answer.headers.get('cache-control')).toBe('no-store')
    expect(answer.headers.get('access-control-allow-origin')).toBe(page.headers.Origin)
    expect(await answer.json()).toEqual({ retry: 0 })
    expect(requests).toEqual([])
    // Other requests pass.
    const other = await fetch(`${gateway.url.replace('ws', 'http')}/ws`, { headers: { Accept: 'text/html' } })
    expect(await other.text()).toBe('the application')
  })

  test('hears of limits, too', async () => {
    await using upstream = await startUpstream()
    await using gateway = await startGateway({
      upstreams: [upstream.url],
      limits: { connections: 1 },
      ...auto,
    })
    await using first = await rawClient(gateway.url)
    expect(first.status).toBe(101)
    const answer = await ask(gateway)
    expect(answer.status).toBe(503)
    expect(await answer.json()).toMatchObject({ code: 1013, reason: 'too many connections' })
  })
})

describe('with badGateway: http', () => {
  test('a client is told by HTTP, one of ours too', async () => {
    await using gateway = await startGateway({ upstreams: await dead(), badGateway: 'http' })
    expect(await told(gateway, ours)).toMatchObject({ status: 502, body: { code: 1014 } })
  })
})

describe('with badGateway: close', () => {
  test('every client is told in band, and that nothing was sent on', async () => {
    await using gateway = await startGateway({ upstreams: await dead(), badGateway: 'close' })
    expect(await told(gateway, {}, '/?EIO=4')).toEqual(inBand)
  })

  test('a client that comes back at once waits for its Close, longer each time', async () => {
    await using gateway = await startGateway({ upstreams: await dead(), badGateway: 'close' })
    const time = async () => {
      const begun = performance.now()
      expect(await told(gateway)).toEqual(inBand)
      return performance.now() - begun
    }
    await time()
    expect(await time()).toBeGreaterThan(740)
    expect(await time()).toBeGreaterThan(1_490)
  })

  test('another client does not, nor one of ours', async () => {
    await using gateway = await startGateway({ upstreams: await dead(), badGateway: 'close' })
    for (let times = 0; times < 6; times++) (await rawClient(gateway.url)).socket.destroy()
    await using waits = await rawClient(gateway.url)
    for (const other of [{ localAddress: '127.0.0.2' }, { protocols: ['chat'] }, ours])
      expect(await told(gateway, other)).toEqual(inBand)
    // Its own would come after 12 s at the earliest.
    expect(waits.frames).toEqual([])
  })

  test('while it waits its Pings are answered, its messages go nowhere, and its Close ends it', async () => {
    await using gateway = await startGateway({ upstreams: await dead(), badGateway: 'close' })
    for (let times = 0; times < 4; times++) {
      const client = await rawClient(gateway.url)
      client.socket.destroy()
      await eventually('it is gone', async () => (await gateway.connections()).length === 0)
    }
    await using client = await rawClient(gateway.url, { answersCloses: false })
    client.text('is anybody there?')
    client.frame({ opcode: opcode.ping, payload: 'ping' })
    const pong = await client.nextFrame()
    expect(pong).toMatchObject({ opcode: opcode.pong })
    client.close(4001, 'bye')
    expect(await client.closeFrame()).toMatchObject({ code: 4001 })
    expect(await client.ended()).toBe('fin')
  })

  test('those who wait for their Close are told soon when an upstream is there', async () => {
    const port = await closedPort()
    await using gateway = await startGateway({ upstreams: [url(port)], badGateway: 'close' })
    for (let times = 0; times < 8; times++) (await rawClient(gateway.url)).socket.destroy()
    const begun = performance.now()
    await using client = await rawClient(gateway.url)
    await using upstream = await startUpstream({ port })
    await using other = await rawClient(gateway.url, { localAddress: '127.0.0.2' })
    expect(other.status).toBe(101)
    expect(upstream.connections).toHaveLength(1)
    expect(await client.closeFrame()).toEqual(inBand)
    // It would have been 22.5 s at least, and is 1 s at most, on a machine that has nothing else to do.
    expect(performance.now() - begun).toBeLessThan(22_500)
  })

  test('more than there are places for are told at once', async () => {
    await using gateway = await startGateway({
      upstreams: await dead(),
      badGateway: 'close',
      limits: { waiting: 1 },
    })
    await told(gateway)
    const waits = await rawClient(gateway.url)
    expect(await told(gateway)).toEqual(inBand)
    waits.socket.destroy()
  })

  test('a drain of the gateway tells them at once, and ends', async () => {
    await using gateway = await startGateway({ upstreams: await dead(), badGateway: 'close' })
    for (let times = 0; times < 6; times++) (await rawClient(gateway.url)).socket.destroy()
    await using client = await rawClient(gateway.url)
    await gateway.drain()
    expect(await client.closeFrame()).toEqual(inBand)
  })
})
