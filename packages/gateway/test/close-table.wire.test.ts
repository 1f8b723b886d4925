// Every row of docs/close-table.md from the client's side: on a raw socket, and with `ws`, against real faults.
import {
  closedPort,
  type Fault,
  faults,
  faultUpstream,
  forkUpstream,
  fullBacklog,
  garbageOnConnect,
  opcode,
  rawClient,
  rawUpstream,
  refusalReason,
  startGateway,
  startHoldfast,
  startUpstream,
  wsClient,
} from '@holdfast/testing'
import { describe, expect, test } from 'vitest'

/** What both kinds of client see of a gateway in front of `upstream`. */
async function seenThrough(upstream: string, route: object = {}) {
  await using gateway = await startGateway({ upstreams: [upstream], ...route })
  await using raw = await rawClient(gateway.url, { protocols: ['chat'] })
  const close = raw.status === 101 ? await raw.closeFrame() : undefined
  const end = await raw.ended()
  // As another client: one that comes back too soon waits for its Close.
  await using ws = wsClient(gateway.url, { protocols: ['chat', 'v2'] })
  const closed = await ws.closed
  return { status: raw.status, protocol: raw.protocol, close, end, closed }
}

function expectTold(seen: Awaited<ReturnType<typeof seenThrough>>, code: number, reason: string | RegExp) {
  const said = typeof reason === 'string' ? reason : expect.stringMatching(reason)
  expect(seen.status).toBe(101)
  expect(seen.close).toEqual({ code, reason: said })
  expect(seen.end).toBe('fin')
  expect(seen.closed).toEqual({ code, reason: said, wasClean: true })
}

const quick = { timeouts: { connect: 300, handshake: 300, close: 1000 } }

describe('a client whose upstream cannot be reached is told 1014', () => {
  test('when nothing listens', async () => {
    const port = await closedPort()
    const seen = await seenThrough(`ws://127.0.0.1:${port}`)
    expectTold(seen, 1014, refusalReason('bad gateway: connection refused'))
    expect(seen.protocol).toBe('chat')
  })

  test('when the name does not exist', async () => {
    expectTold(
      await seenThrough('ws://no-such-host.invalid:3000'),
      1014,
      refusalReason('bad gateway: name not found'),
    )
  })

  test('when the TCP handshake never ends', async () => {
    await using upstream = await fullBacklog()
    expectTold(await seenThrough(upstream.url, quick), 1014, refusalReason('bad gateway: no answer in 0.3 s'))
  })

  test('when it accepts and never answers', async () => {
    await using upstream = await faultUpstream('no answer')
    expectTold(await seenThrough(upstream.url, quick), 1014, refusalReason('bad gateway: no answer in 0.3 s'))
    await expect.poll(() => upstream.open).toBe(0)
  })

  test('when it is stopped by SIGSTOP', async () => {
    await using upstream = await forkUpstream()
    upstream.freeze()
    expectTold(await seenThrough(upstream.url, quick), 1014, refusalReason('bad gateway: no answer in 0.3 s'))
  })

  test('when it answers one byte at a time', async () => {
    await using upstream = await faultUpstream('one byte at a time', { every: 50 })
    expectTold(await seenThrough(upstream.url, quick), 1014, refusalReason('bad gateway: no answer in 0.3 s'))
  })

  test('when every upstream is marked unhealthy', async () => {
    const port = await closedPort()
    const health = { path: '/', interval: 50, timeout: 200, ping: true, healthy: 1, unhealthy: 1 }
    await using gateway = await startGateway({ upstreams: [`ws://127.0.0.1:${port}`], health })
    await gateway.waitForEvent('unhealthy', (event) => event.type === 'health' && !event.healthy)
    await using client = await rawClient(gateway.url)
    expect(await client.closeFrame()).toEqual({
      code: 1014,
      reason: expect.stringMatching(refusalReason('bad gateway: no healthy upstream')),
    })
  })
})

describe('a client whose upstream answers wrongly is told 1014', () => {
  const wrong: [Fault, string | RegExp][] = [
    ['garbage', 'bad gateway: not HTTP'],
    ['status 200', 'bad gateway: status 200 instead of 101'],
    ['status 500', 'bad gateway: status 500'],
    ['wrong accept key', 'bad gateway: wrong Sec-WebSocket-Accept'],
    ['subprotocol never offered', 'bad gateway: subprotocol never offered'],
    ['extension never offered', 'bad gateway: extension never offered'],
    ['no Upgrade header', /^bad gateway: /],
    ['end on request', /^bad gateway: /],
    ['reset on request', /^bad gateway: /],
    ['header without end', /^bad gateway: /],
  ]
  test.each(wrong)('with %s', async (fault, reason) => {
    await using upstream = await faultUpstream(fault)
    expectTold(
      await seenThrough(upstream.url),
      1014,
      typeof reason === 'string' ? refusalReason(reason) : reason,
    )
    await expect.poll(() => upstream.open).toBe(0)
  })

  test('with garbage before any request', async () => {
    await using upstream = await garbageOnConnect()
    expectTold(await seenThrough(upstream.url), 1014, refusalReason('bad gateway: not HTTP'))
  })
})

describe('a client whose upstream refuses it', () => {
  test.each(['status 503', 'status 429'] as const)(
    'with %s is told 1013 and the Retry-After',
    async (fault) => {
      await using upstream = await faultUpstream(fault, { headers: ['Retry-After: 7'] })
      expectTold(await seenThrough(upstream.url), 1013, 'try again later; sent=0; retry=7000')
    },
  )

  test('with 503 without Retry-After is told 1013 and a delay of the gateway', async () => {
    await using upstream = await faultUpstream('status 503')
    expectTold(await seenThrough(upstream.url), 1013, refusalReason('try again later'))
  })

  test.each([302, 401, 404] as const)('with %i gets that answer whole', async (status) => {
    await using upstream = await faultUpstream(`status ${status}`, {
      headers: ['Location: /login', 'WWW-Authenticate: Basic'],
      body: 'go away, please',
    })
    await using gateway = await startGateway({ upstreams: [upstream.url] })
    await using client = await rawClient(gateway.url)
    expect(client.status).toBe(status)
    expect(client.headers).toMatchObject({ location: '/login', 'www-authenticate': 'Basic' })
    expect(await client.body()).toBe('go away, please')
    await using ws = wsClient(gateway.url)
    expect(await ws.refused).toMatchObject({ status, body: 'go away, please' })
  })

  test.each([
    ['status 401', 3000, 'unauthorized'],
    ['status 403', 3003, 'forbidden'],
    ['status 408', 3008, 'timeout'],
    ['status 404', 1008, 'refused by the upstream with HTTP 404'],
    ['status 302', 1008, 'refused by the upstream with HTTP 302'],
  ] as const)('with %s is told %i where rejections: close is set', async (fault, code, reason) => {
    await using upstream = await faultUpstream(fault)
    expectTold(await seenThrough(upstream.url, { rejections: 'close' }), code, reason)
  })
})

describe('with badGateway: http a client gets an HTTP answer', () => {
  test.each([
    ['garbage', 502],
    ['no answer', 504],
    ['status 503', 503],
  ] as const)('for %s: %i', async (fault, status) => {
    await using upstream = await faultUpstream(fault)
    const timeouts = fault === 'no answer' ? quick : {}
    await using gateway = await startGateway({ upstreams: [upstream.url], badGateway: 'http', ...timeouts })
    await using client = await rawClient(gateway.url)
    expect(client.status).toBe(status)
    expect(JSON.parse(await client.body())).toEqual({
      code: status === 503 ? 1013 : 1014,
      reason: expect.any(String),
      retry: expect.any(Number),
    })
  })
})

describe('a client whose upstream closes', () => {
  test.each([
    [1000, 'done'],
    [1001, ''],
    [1008, 'kicked'],
    [1011, 'oops'],
    [1013, 'later'],
    [4001, 'é'.repeat(61)],
  ])('with %i gets the same code and reason, and the upstream the echo', async (code, reason) => {
    await using upstream = await startUpstream()
    await using gateway = await startGateway({ upstreams: [upstream.url] })
    for (const client of [await rawClient(gateway.url), wsClient(gateway.url)]) {
      const connection = await upstream.connection()
      connection.close(code, reason)
      if ('closeFrame' in client) expect(await client.closeFrame()).toEqual({ code, reason })
      else expect(await client.closed).toEqual({ code, reason, wasClean: true })
      expect(await connection.closed).toMatchObject({ code, wasClean: true })
      await client[Symbol.asyncDispose]()
    }
  })

  test('without a code gets a Close without a code', async () => {
    await using upstream = await startUpstream()
    await using gateway = await startGateway({ upstreams: [upstream.url] })
    await using client = await rawClient(gateway.url)
    const connection = await upstream.connection()
    connection.close()
    expect(await client.closeFrame()).toEqual({ code: undefined, reason: '' })
    expect(await connection.closed).toMatchObject({ code: 1005 })
  })

  test('with a bare 1012 is told 1012 and when to come back', async () => {
    await using upstream = await startUpstream()
    await using gateway = await startGateway({ upstreams: [upstream.url] })
    await using client = wsClient(gateway.url)
    const connection = await upstream.connection()
    connection.close(1012)
    const { code, reason } = await client.closed
    expect(code).toBe(1012)
    expect(Number(reason.match(/^service restart; retry=(\d+)$/)?.[1])).toBeGreaterThanOrEqual(1000)
    expect(await connection.closed).toMatchObject({ code: 1012, wasClean: true })
  })

  test('with 1012 and a reason gets that reason', async () => {
    await using upstream = await startUpstream({
      closeAfter: { messages: 1, code: 1012, reason: 'brb; retry=250' },
    })
    await using gateway = await startGateway({ upstreams: [upstream.url] })
    await using client = wsClient(gateway.url)
    await client.opened
    client.send('x')
    expect(await client.closed).toEqual({ code: 1012, reason: 'brb; retry=250', wasClean: true })
  })

  test('with the codes that the route sets instead of 1014, 1012 and 1013', async () => {
    const closeCodes = { badGateway: 4014, restart: 4012, tryAgain: 4013 }
    const port = await closedPort()
    expectTold(
      await seenThrough(`ws://127.0.0.1:${port}`, { closeCodes }),
      4014,
      refusalReason('bad gateway: connection refused'),
    )
    await using busy = await faultUpstream('status 503')
    expectTold(await seenThrough(busy.url, { closeCodes }), 4013, /^try again later/)
    await using upstream = await startUpstream()
    await using gateway = await startGateway({ upstreams: [upstream.url], closeCodes })
    await using client = wsClient(gateway.url)
    ;(await upstream.connection()).close(1012)
    expect(await client.closed).toMatchObject({ code: 4012 })
  })
})

describe('a client whose upstream is lost is told 1014', () => {
  const lost = 'bad gateway: upstream connection lost'

  test.each(['reset after 101', 'end without a Close', 'reset in a frame', 'end in a frame'] as const)(
    'by %s',
    async (fault) => {
      await using upstream = await faultUpstream(fault)
      expectTold(await seenThrough(upstream.url), 1014, lost)
    },
  )

  test('by SIGKILL', async () => {
    await using upstream = await forkUpstream()
    await using gateway = await startGateway({ upstreams: [upstream.url] })
    await using raw = await rawClient(gateway.url)
    await using ws = wsClient(gateway.url)
    await ws.opened
    await upstream.kill()
    expect(await raw.closeFrame()).toEqual({ code: 1014, reason: lost })
    expect(await ws.closed).toEqual({ code: 1014, reason: lost, wasClean: true })
  })

  test('by SIGSTOP, as soon as a ping stays unanswered', async () => {
    await using upstream = await forkUpstream()
    await using gateway = await startGateway({
      upstreams: [upstream.url],
      keepalive: { ping: 100, timeout: 200 },
    })
    await using raw = await rawClient(gateway.url)
    await using ws = wsClient(gateway.url)
    await ws.opened
    upstream.freeze()
    const stopped = 'bad gateway: upstream stopped answering'
    expect(await raw.closeFrame()).toEqual({ code: 1014, reason: stopped })
    expect(await ws.closed).toEqual({ code: 1014, reason: stopped, wasClean: true })
  })

  test('but only sees TCP end inside a frame of 1 MiB that had to stream', async () => {
    await using upstream = await faultUpstream('reset in a large frame')
    await using gateway = await startGateway({ upstreams: [upstream.url] })
    await using raw = await rawClient(gateway.url)
    expect(await raw.closeFrame()).toBeUndefined()
    await using ws = wsClient(gateway.url)
    expect(await ws.closed).toEqual({ code: 1006, reason: '', wasClean: false })
  })
})

describe('a client whose upstream breaks RFC 6455 is told 1014, and the upstream 1002, or 1007', () => {
  test.each(faults.invalidFrames)('with %s', async (fault) => {
    await using upstream = await faultUpstream(fault)
    expectTold(await seenThrough(upstream.url), 1014, 'bad gateway: upstream broke the protocol')
    for (const connection of upstream.connections) {
      expect(await connection.closeFrame()).toEqual(
        fault === 'close reason not UTF-8'
          ? { code: 1007, reason: 'invalid UTF-8' }
          : { code: 1002, reason: 'protocol error' },
      )
    }
    await expect.poll(() => upstream.open).toBe(0)
  })
})

describe('an upstream whose client', () => {
  test('closes gets the same code and reason, and the client its echo', async () => {
    await using upstream = await startUpstream()
    await using gateway = await startGateway({ upstreams: [upstream.url] })
    await using client = await rawClient(gateway.url, { answersCloses: false })
    const connection = await upstream.connection()
    client.close(4321, 'enough')
    expect(await connection.closed).toEqual({ code: 4321, reason: 'enough', wasClean: true })
    expect(await client.closeFrame()).toMatchObject({ code: 4321 })
    expect(await client.ended()).toBe('fin')
  })

  test('closes and ends its half at once still leaves it the echo', async () => {
    await using upstream = await startUpstream()
    await using holdfast = await startHoldfast({ args: ['--upstream', upstream.url, '--workers', '1'] })
    await using client = await rawClient(holdfast.url, { answersCloses: false })
    client.close(4321, 'enough')
    client.end()
    expect(await client.closeFrame()).toEqual({ code: 4321, reason: 'enough' })
    expect(await (await upstream.connection()).closed).toMatchObject({ code: 4321 })
  })

  test('closes without a code gets none', async () => {
    await using upstream = await startUpstream()
    await using gateway = await startGateway({ upstreams: [upstream.url] })
    await using client = wsClient(gateway.url)
    await client.opened
    const connection = await upstream.connection()
    client.close()
    expect(await connection.closed).toMatchObject({ code: 1005 })
    expect(await client.closed).toMatchObject({ code: 1005 })
  })

  test('closes, and that never answers, leaves it without one, as without a gateway', async () => {
    await using upstream = await faultUpstream('no answer to a Close')
    await using gateway = await startGateway({ upstreams: [upstream.url], timeouts: { close: 200 } })
    await using client = wsClient(gateway.url)
    await client.opened
    client.close(4000, 'bye')
    expect(await client.closed).toEqual({ code: 1006, reason: '', wasClean: false })
    await expect.poll(() => upstream.open).toBe(0)
  })

  test('closes, and that then ends or resets TCP, leaves it without an answer, too', async () => {
    for (const how of ['end', 'reset'] as const) {
      await using upstream = await rawUpstream({ answersCloses: false })
      await using gateway = await startGateway({ upstreams: [upstream.url] })
      await using client = await rawClient(gateway.url, { answersCloses: false })
      const connection = await upstream.connection()
      client.close(4000, 'bye')
      expect(await connection.closeFrame()).toMatchObject({ code: 4000 })
      connection[how]()
      expect(await client.closeFrame()).toBeUndefined()
      expect(await client.ended()).toBe('fin')
    }
  })

  test('is gone before it has answered the Close sees TCP end', async () => {
    await using upstream = await startUpstream()
    await using gateway = await startGateway({ upstreams: [upstream.url] })
    await using client = await rawClient(gateway.url, { answersCloses: false })
    const connection = await upstream.connection()
    connection.close(1012, 'later')
    expect(await client.closeFrame()).toMatchObject({ code: 1012 })
    client.reset()
    expect(await connection.closed).toMatchObject({ code: 1006, wasClean: false })
  })

  test('is cut off sees TCP end, which is 1006, the truth', async () => {
    await using upstream = await startUpstream()
    await using gateway = await startGateway({ upstreams: [upstream.url] })
    for (const cut of ['reset', 'end'] as const) {
      await using client = await rawClient(gateway.url)
      const connection = await upstream.connection()
      client[cut]()
      expect(await connection.closed).toMatchObject({ code: 1006 })
    }
  })

  test('leaves pings unanswered sees TCP end, and so does the client', async () => {
    await using upstream = await startUpstream()
    await using gateway = await startGateway({
      upstreams: [upstream.url],
      keepalive: { ping: 100, timeout: 200 },
    })
    await using client = await rawClient(gateway.url, { answersPings: false })
    const connection = await upstream.connection()
    expect(await client.closeFrame()).toBeUndefined()
    expect(await connection.closed).toMatchObject({ code: 1006 })
    expect(client.frames.every((frame) => frame.opcode === opcode.ping)).toBe(true)
  })
})

describe('a client that', () => {
  test('breaks RFC 6455 is told 1002 and its upstream sees TCP end', async () => {
    await using upstream = await startUpstream()
    await using gateway = await startGateway({ upstreams: [upstream.url] })
    await using client = await rawClient(gateway.url)
    const connection = await upstream.connection()
    client.frame({ opcode: opcode.text, payload: 'not masked', mask: false })
    expect(await client.closeFrame()).toEqual({ code: 1002, reason: 'protocol error' })
    expect(await client.ended()).toBe('fin')
    expect(await connection.closed).toMatchObject({ code: 1006 })
  })

  test('sends a message over limits.messageBytes is told 1009, in one frame or in many', async () => {
    await using upstream = await startUpstream()
    await using gateway = await startGateway({ upstreams: [upstream.url], limits: { messageBytes: 1000 } })
    await using one = wsClient(gateway.url)
    await one.opened
    const connection = await upstream.connection()
    one.send('x'.repeat(1000))
    expect(await one.message()).toHaveLength(1000)
    one.send('x'.repeat(1001))
    expect(await one.closed).toEqual({ code: 1009, reason: 'message too big', wasClean: true })
    expect(await connection.closed).toMatchObject({ code: 1006 })
    expect(connection.messages).toHaveLength(1)

    await using many = await rawClient(gateway.url)
    many.frame({ opcode: opcode.text, fin: false, payload: 'x'.repeat(600) })
    many.frame({ opcode: opcode.continuation, payload: 'x'.repeat(600) })
    expect(await many.closeFrame()).toEqual({ code: 1009, reason: 'message too big' })
  })

  test('is sent a message over limits.messageBytes is told 1009', async () => {
    await using upstream = await startUpstream({ greeting: 'x'.repeat(1001) })
    await using gateway = await startGateway({ upstreams: [upstream.url], limits: { messageBytes: 1000 } })
    await using client = wsClient(gateway.url)
    expect(await client.closed).toEqual({ code: 1009, reason: 'message too big', wasClean: true })
    expect(client.messages).toEqual([])
  })

  test('is over limits.messagesPerSecond is told 1008', async () => {
    await using upstream = await startUpstream()
    await using gateway = await startGateway({ upstreams: [upstream.url], limits: { messagesPerSecond: 10 } })
    await using client = wsClient(gateway.url)
    await client.opened
    for (let i = 0; i < 50; i++) client.send('x')
    expect(await client.closed).toEqual({ code: 1008, reason: 'too many messages', wasClean: true })
  })

  test('has an Origin that is not allowed gets HTTP 403, and one that is allowed a WebSocket', async () => {
    await using upstream = await startUpstream()
    await using gateway = await startGateway({
      upstreams: [upstream.url],
      origins: ['https://chat.example.com'],
    })
    for (const origin of ['https://evil.example.com', 'null', '']) {
      await using client = await rawClient(gateway.url, { headers: { Origin: origin } })
      expect(client.status).toBe(403)
    }
    await using client = await rawClient(gateway.url, { headers: { Origin: 'https://chat.example.com' } })
    expect(client.status).toBe(101)
  })

  test('matches no route gets HTTP 404', async () => {
    await using upstream = await startUpstream()
    await using gateway = await startGateway({ upstreams: [upstream.url], match: { path: '/ws/*' } })
    await using client = await rawClient(`${gateway.url}/other`)
    expect(client.status).toBe(404)
  })

  test.each([
    [{ connections: 1 }, 'too many connections'],
    [{ perAddress: 1 }, 'too many connections from this address'],
    [{ handshakesPerSecond: 1 }, 'too many connection attempts'],
  ])('is over %j is told 1013 and when to come back', async (limits, words) => {
    await using upstream = await startUpstream()
    await using gateway = await startGateway({ upstreams: [upstream.url], limits })
    await using first = wsClient(gateway.url)
    await first.opened
    await using second = wsClient(gateway.url)
    expect(await second.closed).toMatchObject({
      code: 1013,
      reason: expect.stringMatching(refusalReason(words)),
    })
    first.send('still here')
    expect(await first.message()).toBe('still here')
  })

  test('is drained is told 1012 and its own delay, its upstream 1001', async () => {
    await using upstream = await startUpstream()
    await using gateway = await startGateway({
      upstreams: [upstream.url],
      drain: { spread: 100, retry: [1000, 2000] },
    })
    await using client = wsClient(gateway.url)
    await using raw = await rawClient(gateway.url)
    await client.opened
    await upstream.open(2)
    const drained = await gateway.drain()
    expect(drained).toMatchObject({ closed: 2, cut: 0 })
    const { code, reason } = await client.closed
    expect(code).toBe(1012)
    expect(reason).toMatch(/^service restart; retry=(?:1\d{3}|2000)$/)
    expect(await raw.closeFrame()).toMatchObject({ code: 1012 })
    for (const connection of upstream.connections)
      expect(await connection.closed).toMatchObject({ code: 1001 })
  })

  test('comes during a drain on a connection that was open before is told 1012', async () => {
    await using upstream = await startUpstream()
    await using gateway = await startGateway({
      upstreams: [upstream.url],
      drain: { spread: 2000, deadline: 10_000 },
    })
    await using held = wsClient(gateway.url)
    await held.opened
    const draining = gateway.drain()
    await using late = wsClient(gateway.url)
    expect(await late.closed).toMatchObject({ code: 1012, reason: expect.stringMatching(/retry=/) })
    await draining
  })

  test('is closed by the operator is told the code and reason that the operator gave', async () => {
    await using upstream = await startUpstream()
    await using gateway = await startGateway({ upstreams: [upstream.url] })
    await using client = wsClient(gateway.url)
    await client.opened
    const [info] = await gateway.connections()
    expect(await gateway.closeConnection(info!.id, 4005, 'moved')).toBe(true)
    expect(await client.closed).toEqual({ code: 4005, reason: 'moved', wasClean: true })
  })
})

describe('before anything is said to the client', () => {
  test('another upstream of the route is tried', async () => {
    await using good = await startUpstream()
    await using bad = await faultUpstream('status 500')
    const nothing = `ws://127.0.0.1:${await closedPort()}`
    await using gateway = await startGateway({
      upstreams: [nothing, bad.url, good.url],
      balance: { by: 'round-robin' },
    })
    for (let i = 0; i < 6; i++) {
      await using client = wsClient(gateway.url)
      await client.opened
      client.send(`hello ${i}`)
      expect(await client.message()).toBe(`hello ${i}`)
    }
  })

  test('an only upstream that comes back within the attempts is found', async () => {
    await using upstream = await rawUpstream({
      onRequest: (_, socket) => {
        if (upstream.requests.length > 1) return false
        socket.destroy()
        return true
      },
    })
    await using gateway = await startGateway({ upstreams: [upstream.url] })
    await using client = await rawClient(gateway.url)
    expect(client.status).toBe(101)
    await upstream.connection()
  })

  test('a client that leaves ends the dial', async () => {
    await using upstream = await faultUpstream('no answer')
    await using gateway = await startGateway({ upstreams: [upstream.url] })
    const client = wsClient(gateway.url)
    await expect.poll(() => upstream.open).toBe(1)
    client.socket.terminate()
    await expect.poll(() => upstream.open).toBe(0)
    expect(upstream.accepted).toBe(1)
  })
})
