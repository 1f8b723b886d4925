// Sessions whose clients speak TLS with a front, and come back through another one, or none.
import net from 'node:net'
import { eventually, fakeClock, gatewayOptions, once, startUpstream } from '@holdfast/testing'
import { pino } from 'pino'
import { expect, test } from 'vitest'
import { type Clock, systemClock } from '../src/core/clock.ts'
import { Gateway } from '../src/gateway.ts'
import { resumeOptions, resumingClient } from './resuming.ts'

const [before, after] = [1_000_001, 1_000_002]

/** A gateway that gets its clients from a front, or, where `front` is undefined, by themselves. */
async function behindFronts(upstream: string, { spread = 0, clock = systemClock as Clock } = {}) {
  const options = gatewayOptions({ upstreams: [upstream], resume: resumeOptions() })
  const drain = { spread, deadline: 60_000, retry: [0, 0] as [number, number] }
  const gateway = new Gateway(
    { ...options, drain },
    { log: pino({ level: 'silent' }), clock, random: () => 0.9 },
  )
  await gateway.prepare()
  const it = { gateway, url: '', front: before as number | undefined }
  const server = net.createServer({ allowHalfOpen: true }, (socket) => {
    const { front } = it
    const secured = { address: '192.0.2.1', protocol: 'http/1.1' as const, front: front! }
    gateway.accept(options.listen[0]!, socket, front === undefined ? undefined : secured)
  })
  await once(server.listen(0, '127.0.0.1'), 'listening')
  it.url = `ws://127.0.0.1:${(server.address() as net.AddressInfo).port}`
  return Object.assign(it, {
    async [Symbol.asyncDispose]() {
      gateway.stop()
      await new Promise((resolve) => server.close(resolve))
    },
  })
}

test.each([
  ['another front', after],
  ['no front', undefined],
])('a client that has come back through %s is not counted with the one of before', async (_, front) => {
  await using upstream = await startUpstream()
  await using it = await behindFronts(upstream.url)
  const client = await resumingClient(it.url)
  client.cut()
  it.front = front
  expect(await client.open()).toMatchObject({ resumed: true })
  expect(await it.gateway.drain({ carrier: before })).toMatchObject({ total: 0 })
  client.send('still there')
  expect(await client.until(1)).toEqual(['still there'])
  if (front !== undefined) {
    const drained = it.gateway.drain({ carrier: front })
    expect(await client.connection!.closeFrame()).toMatchObject({ code: 1012 })
    client.cut()
    expect(await drained).toMatchObject({ total: 1, closed: 1 })
  }
  client.cut()
})

test('a drain leaves alone whose client has come back another way before its turn', async () => {
  await using upstream = await startUpstream()
  const clock = fakeClock()
  await using it = await behindFronts(upstream.url, { clock, spread: 1000 })
  const client = await resumingClient(it.url)
  const drained = it.gateway.drain({ carrier: before })
  client.cut()
  it.front = after
  expect(await client.open()).toMatchObject({ resumed: true })
  clock.tick(1000)
  expect(await drained).toMatchObject({ total: 1, closed: 0, moved: 1, cut: 0 })
  client.send('still there')
  expect(await client.until(1)).toEqual(['still there'])
  client.cut()
})

test('a drain that leaves a client alone does not speak for another drain', async () => {
  await using upstream = await startUpstream()
  const clock = fakeClock()
  await using it = await behindFronts(upstream.url, { clock, spread: 1000 })
  const client = await resumingClient(it.url)
  const ofFront = it.gateway.drain({ carrier: before })
  client.cut()
  it.front = after
  expect(await client.open()).toMatchObject({ resumed: true })
  clock.tick(500)
  const ofAll = it.gateway.drain()
  clock.tick(500)
  expect(await ofFront).toMatchObject({ total: 1, moved: 1 })
  clock.tick(500)
  expect(await client.connection!.closeFrame()).toMatchObject({ code: 1012 })
  client.cut()
  expect(await ofAll).toMatchObject({ total: 1, closed: 1, moved: 0 })
})

test('a session whose client is away counts with no front', async () => {
  await using upstream = await startUpstream()
  await using it = await behindFronts(upstream.url)
  const client = await resumingClient(it.url)
  client.cut()
  await eventually('it is parked', () => it.gateway.snapshot().routes[0]!.sessions?.parked === 1)
  expect(await it.gateway.drain({ carrier: before })).toMatchObject({ total: 0 })
  it.front = after
  expect(await client.open()).toMatchObject({ resumed: true })
  client.cut()
})
