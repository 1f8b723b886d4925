// What else happens while a client is away: its upstream restarts, its route drains or goes, and it returns over HTTP/2.
import {
  certificate,
  eventually,
  type FramePeer,
  h2Client,
  type RawClient,
  startGateway,
  startUpstream,
} from '@holdfast/testing'
import { expect, test } from 'vitest'
import { resumeOptions, resumingClient } from './resuming.ts'

const hold = {
  for: 10_000,
  on: [1012, 'lost' as const],
  buffer: 65_536,
  state: 'none' as const,
  replay: { by: 'none' as const },
}

test('a client that is away is held, and its messages go on with the next upstream', async () => {
  await using one = await startUpstream({ echo: false })
  await using two = await startUpstream({ echo: false })
  await using gateway = await startGateway({
    upstreams: [one.url, two.url],
    balance: { by: 'round-robin' },
    hold,
    resume: resumeOptions(),
  })
  const client = await resumingClient(gateway.url)
  const first = one.connections.length > 0 ? one : two
  const second = first === one ? two : one
  const server = await first.connection()
  server.send('before')
  await client.until(1)
  client.cut()
  server.send('while it is away')
  server.close(1012)
  const next = await second.connection()
  next.send('of the next one')
  client.send('of the client')
  expect((await client.open()).resumed).toBe(true)
  expect(await client.until(3)).toEqual(['before', 'while it is away', 'of the next one'])
  expect(await next.message()).toBe('of the client')
  client.cut()
})

test('a drain of its route is told to a client that comes back', async () => {
  await using upstream = await startUpstream({ echo: false })
  await using gateway = await startGateway({
    upstreams: [upstream.url],
    drain: { spread: 0, deadline: 5000 },
    resume: resumeOptions(),
  })
  const client = await resumingClient(gateway.url)
  const server = await upstream.connection()
  client.cut()
  server.send('owed')
  await eventually('a message is kept', async () => {
    const [route] = (await gateway.snapshot()).routes
    return (route?.sessions?.parkedBytes ?? 0) > 0
  })
  await gateway.drain({ route: 'default' })
  expect(await server.closed).toMatchObject({ code: 1001 })
  expect((await client.open()).resumed).toBe(true)
  expect(await client.until(1)).toEqual(['owed'])
  expect(await client.connection!.closeFrame()).toMatchObject({ code: 1012 })
})

test('a reload that takes `resume` away gives sessions up, and the client begins anew', async () => {
  await using upstream = await startUpstream({ echo: false })
  await using gateway = await startGateway({ upstreams: [upstream.url], resume: resumeOptions() })
  const client = await resumingClient(gateway.url, { protocols: ['chat'] })
  const server = await upstream.connection()
  client.cut()
  await gateway.reload({ upstreams: [upstream.url] })
  expect(await server.closed).toMatchObject({ code: 1001, reason: 'client did not return' })
  const connection = await client.dial()
  expect(connection.protocol).toBe('chat')
  await connection[Symbol.asyncDispose]()
})

test('a client may return over HTTP/2, and over HTTP/1.1 again', async () => {
  const { cert, key } = certificate()
  await using upstream = await startUpstream()
  await using gateway = await startGateway({
    upstreams: [upstream.url],
    listen: [{}, { tls: { cert, key } }],
    resume: resumeOptions(),
  })
  const [plain, secure] = gateway.urls as [string, string]
  const client = await resumingClient(plain)
  client.send('over HTTP/1.1')
  await client.until(1)
  client.cut()
  client.options.connect = async (_, { protocols }) =>
    (await h2Client(secure.replace('wss', 'https'), { protocols })) as FramePeer as RawClient
  expect((await client.open()).resumed).toBe(true)
  client.send('over HTTP/2')
  expect(await client.until(2)).toEqual(['over HTTP/1.1', 'over HTTP/2'])
  delete client.options.connect
  expect((await client.open()).resumed).toBe(true)
  client.send('and back')
  expect(await client.until(3)).toEqual(['over HTTP/1.1', 'over HTTP/2', 'and back'])
  expect(upstream.connections).toHaveLength(1)
  client.cut()
})
