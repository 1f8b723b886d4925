// Time and a resumable client: a clock that the test turns.
import { fakeClock, frame, opcode, startGateway, startUpstream } from '@holdfast/testing'
import { expect, test } from 'vitest'
import { ResumingClient, resumeOptions, resumingClient } from './resuming.ts'

test('a client that was away may catch up faster than limits.messagesPerSecond, and its place is its own', async () => {
  const clock = fakeClock()
  await using upstream = await startUpstream({ echo: false })
  await using gateway = await startGateway(
    {
      upstreams: [upstream.url],
      limits: { messagesPerSecond: 20, perAddress: 1, connections: 1 },
      resume: resumeOptions(),
    },
    { clock },
  )
  const client = await resumingClient(gateway.url)
  const server = await upstream.connection()
  client.cut()
  await gateway.changes.until('parked', () => gateway.log.some(({ msg }) => msg === 'session parked'))
  clock.tick(1500)
  for (let n = 0; n < 45; n++) client.send(`${n}`)
  expect((await client.open()).resumed).toBe(true)
  for (let n = 0; n < 45; n++) expect(await server.message()).toBe(`${n}`)
  for (let n = 0; n < 10; n++) client.send('too fast')
  expect(await client.connection!.closeFrame()).toEqual({ code: 1008, reason: 'too many messages' })
})

test('a client that acknowledges nothing is told 1008, and may come back', async () => {
  const clock = fakeClock()
  await using upstream = await startUpstream({ echo: false })
  await using gateway = await startGateway(
    { upstreams: [upstream.url], resume: resumeOptions({ stall: 10_000 }) },
    { clock },
  )
  const client = await resumingClient(gateway.url, { acknowledges: false })
  const server = await upstream.connection()
  server.send('one')
  await client.until(1)
  clock.tick(9000)
  expect(client.connection!.ending).toBeUndefined()
  clock.tick(3000)
  expect(await client.connection!.closeFrame()).toEqual({ code: 1008, reason: 'nothing acknowledged' })
  server.send('two')
  expect(await client.open()).toMatchObject({ resumed: true })
  expect(await client.until(2)).toEqual(['one', 'two'])
  client.cut()
})

test('a client that leaves Pings unanswered is parked, and its upstream is asked nothing', async () => {
  const clock = fakeClock()
  await using upstream = await startUpstream({ echo: false })
  await using gateway = await startGateway(
    { upstreams: [upstream.url], keepalive: { ping: 5000, timeout: 2000 }, resume: resumeOptions() },
    { clock },
  )
  const client = await resumingClient(gateway.url, { answersPings: false, acknowledges: false })
  const server = await upstream.connection()
  client.say({ type: 'ping', id: 1 })
  await client.heard('pong', ({ type }) => type === 'pong')
  clock.tick(6000)
  await client.connection!.changes.until('a Ping', () =>
    client.connection!.frames.some((seen) => seen.opcode === opcode.ping),
  )
  // The upstream, which was asked as well, is heard of.
  server.send('here')
  await client.until(1)
  clock.tick(3000)
  await client.connection!.ended()
  server.send('meanwhile')
  expect((await client.open()).resumed).toBe(true)
  expect(await client.until(2)).toEqual(['here', 'meanwhile'])
  client.cut()
})

test("while it is away the upstream's Pings are answered, and it is read until the buffer is full", async () => {
  await using upstream = await startUpstream({ echo: false })
  await using gateway = await startGateway({
    upstreams: [upstream.url],
    resume: resumeOptions({ buffer: 64 * 1024 }),
  })
  const client = await resumingClient(gateway.url)
  const server = await upstream.connection()
  client.cut()
  await gateway.changes.until('parked', () => gateway.log.some(({ msg }) => msg === 'session parked'))
  const pong = new Promise((resolve) => server.socket.once('pong', (payload) => resolve(String(payload))))
  server.socket.ping('are you there')
  expect(await pong).toBe('are you there')
  for (let n = 0; n < 100; n++) server.send(`${n} `.repeat(10_000))
  expect((await client.open()).resumed).toBe(true)
  await client.until(100)
  expect(client.messages.map((text) => Number.parseInt(text, 10))).toEqual([...Array(100).keys()])
  client.cut()
})

test('a frame that is cut by a Close in its message does not count', async () => {
  await using upstream = await startUpstream({ echo: false })
  await using gateway = await startGateway({ upstreams: [upstream.url], resume: resumeOptions() })
  const client = await resumingClient(gateway.url)
  const server = await upstream.connection()
  client.connection!.write(frame({ opcode: opcode.text, payload: 'half', fin: false, mask: true }))
  client.connection!.close(1000)
  expect(await server.closed).toMatchObject({ code: 1000 })
  expect(server.messages).toEqual([])
  expect(await client.open()).toMatchObject({ resumed: false, over: { why: 'closed', received: 0 } })
  client.cut()
})

test('returns are limited as handshakes are: those that are too many wait, each for its own time, and lose nothing', async () => {
  const [count, perSecond] = [20, 8]
  const clock = fakeClock()
  await using upstream = await startUpstream()
  await using gateway = await startGateway(
    {
      upstreams: [upstream.url],
      limits: { handshakesPerSecond: perSecond },
      badGateway: 'close',
      resume: resumeOptions(),
    },
    { clock },
  )
  /** Comes in, or is told for how many milliseconds to stay away. */
  const enter = async (client: ResumingClient): Promise<number | undefined> => {
    const before = client.welcomes.length
    const connection = await client.dial()
    await client.changes.until('welcome, or no', () => client.welcomes.length > before || connection.ending)
    if (client.welcomes.length > before) return void client.ack()
    const { code, reason } = (await connection.closeFrame())!
    expect(code).toBe(1013)
    return Number(/retry=(\d+)/.exec(reason)![1])
  }
  /** All of them come at once, and those that had to wait again each second; what these were told. */
  const enterAll = async (clients: ResumingClient[]) => {
    const retries: number[] = []
    for (let left = clients; left.length > 0; clock.tick(1000)) {
      const told = await Promise.all(left.map(enter))
      left = left.filter((_, n) => told[n] !== undefined)
      retries.push(...told.filter((retry) => retry !== undefined))
    }
    return retries
  }
  const clients = Array.from({ length: count }, () => new ResumingClient(gateway.url))
  await enterAll(clients)
  for (const [n, client] of clients.entries()) client.send(`${n}`)
  for (const client of clients) await client.until(1)
  for (const client of clients) client.cut()
  const retries = await enterAll(clients)
  expect(retries.length).toBeGreaterThanOrEqual(count - 2 * perSecond)
  expect(new Set(retries).size).toBeGreaterThan(retries.length / 2)
  for (const client of clients) expect(client.welcome.resumed).toBe(true)
  expect(upstream.connections).toHaveLength(count)
  for (const client of clients) client.cut()
})

test('while a worker has not answered that may have its session, a client is told to come back, and begins none anew', async () => {
  let isUnsure = true
  await using upstream = await startUpstream()
  await using gateway = await startGateway(
    { upstreams: [upstream.url], resume: resumeOptions() },
    { elsewhere: async () => isUnsure && { isUnsure } },
  )
  const client = new ResumingClient(gateway.url)
  client.token = `1-${'x'.repeat(43)}`
  const told = await (await client.dial()).closeFrame()
  expect(told).toMatchObject({ code: 1014, reason: expect.stringMatching(/retry=\d+/) })
  expect(upstream.connections).toEqual([])
  isUnsure = false
  expect(await client.open()).toMatchObject({ resumed: false, over: { why: 'unknown' } })
  client.cut()
})
