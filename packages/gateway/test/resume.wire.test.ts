// PROTOCOL.md against a real gateway and real servers: a client whose network breaks, and comes back.
import { frame, opcode, rawClient, startGateway, startUpstream } from '@holdfast/testing'
import { describe, expect, test } from 'vitest'
import { ResumingClient, resumeOptions, resumingClient } from './resuming.ts'

const numbers = (count: number, from = 0) => Array.from({ length: count }, (_, n) => `message ${from + n}`)

describe('the handshake', () => {
  test('selects holdfast.v1, says welcome first, and the upstream sees nothing of it', async () => {
    await using upstream = await startUpstream({ protocols: ['chat.v2'] })
    await using gateway = await startGateway({ upstreams: [upstream.url], resume: resumeOptions() })
    const client = await resumingClient(gateway.url, { protocols: ['chat.v1', 'chat.v2'] })
    expect(client.connection!.protocol).toBe('holdfast.v1')
    expect(client.welcome).toEqual({
      type: 'welcome',
      token: expect.stringMatching(/^[A-Za-z0-9_-]{44,128}$/),
      protocol: 'chat.v2',
      received: 0,
      resumed: false,
      window: 1024 * 1024,
      for: 60_000,
    })
    const { request } = await upstream.connection()
    expect(request.headers['sec-websocket-protocol']).toBe('chat.v1, chat.v2')
    expect(JSON.stringify(request.rawHeaders)).not.toContain('holdfast.')
    client.send('hello')
    expect(await client.until(1)).toEqual(['hello'])
    client.cut()
  })

  test('of a route without resume selects what the upstream did, or holdfast.none', async () => {
    await using picks = await startUpstream({ protocols: ['chat'] })
    await using none = await startUpstream({ protocols: ['other'] })
    await using gateway = await startGateway({
      routes: [
        { match: { path: '/picks' }, upstreams: [picks.url] },
        { match: { path: '/none' }, upstreams: [none.url] },
      ],
    })
    const offers = ['chat', 'holdfast.none', 'holdfast.v1', 'holdfast.v1.0-abc.0']
    await using one = await rawClient(`${gateway.url}/picks`, { protocols: offers })
    expect(one.protocol).toBe('chat')
    await using two = await rawClient(`${gateway.url}/none`, { protocols: offers })
    expect(two.protocol).toBe('holdfast.none')
    await using three = await rawClient(`${gateway.url}/none`, { protocols: ['chat'] })
    expect(three.protocol).toBeUndefined()
    for (const upstream of [picks, none])
      for (const { request } of upstream.connections)
        expect(request.headers['sec-websocket-protocol']).toBe('chat')
  })

  test('of a client that offers nothing is as on any route', async () => {
    await using upstream = await startUpstream()
    await using gateway = await startGateway({ upstreams: [upstream.url], resume: resumeOptions() })
    await using client = await rawClient(gateway.url, { protocols: ['chat'] })
    expect(client.protocol).toBe('chat')
    client.text('plain')
    expect((await client.message()).payload.toString()).toBe('plain')
    client.close(1000)
    expect(await client.closeFrame()).toEqual({ code: 1000, reason: '' })
  })

  test('without an upstream is told in band, on holdfast.v1', async () => {
    await using gateway = await startGateway({
      upstreams: ['ws://127.0.0.1:1'],
      badGateway: 'auto',
      resume: resumeOptions(),
    })
    await using client = await rawClient(gateway.url, { protocols: ['chat', 'holdfast.none', 'holdfast.v1'] })
    expect(client.status).toBe(101)
    expect(client.protocol).toBe('holdfast.v1')
    expect((await client.closeFrame())?.code).toBe(1014)
  })
})

describe('a client whose network broke', () => {
  test('gets what it missed, in order and once, and the upstream notices nothing', async () => {
    await using upstream = await startUpstream({ echo: false })
    await using gateway = await startGateway({ upstreams: [upstream.url], resume: resumeOptions() })
    const client = await resumingClient(gateway.url)
    const server = await upstream.connection()
    for (const text of numbers(3)) server.send(text)
    await client.until(3)
    client.cut()
    for (const text of numbers(200, 3)) server.send(text)
    for (const text of ['one', 'two', 'three']) client.send(text)
    const welcome = await client.open()
    expect(welcome).toMatchObject({ resumed: true, received: 0 })
    expect(await client.until(203)).toEqual(numbers(203))
    for (const text of ['one', 'two', 'three']) expect(await server.message()).toBe(text)
    expect(upstream.connections).toHaveLength(1)
    client.cut()
  })

  test('sends again only what did not arrive', async () => {
    await using upstream = await startUpstream()
    await using gateway = await startGateway({ upstreams: [upstream.url], resume: resumeOptions() })
    const client = await resumingClient(gateway.url)
    const sent: string[] = []
    for (let round = 0; round < 20; round++) {
      for (let n = 0; n < 10; n++) {
        sent.push(`${round}.${n}`)
        client.send(`${round}.${n}`)
      }
      if (round % 2) await client.until(10 * round - 5)
      client.cut()
      expect((await client.open()).resumed).toBe(true)
    }
    expect(await client.until(sent.length)).toEqual(sent)
    client.cut()
  })

  test('may come back any number of times with nothing in between', async () => {
    await using upstream = await startUpstream()
    await using gateway = await startGateway({ upstreams: [upstream.url], resume: resumeOptions() })
    const client = await resumingClient(gateway.url)
    for (let n = 0; n < 4; n++) {
      client.cut()
      expect(await client.open()).toMatchObject({ resumed: true, received: 0 })
    }
    client.send('still here')
    expect(await client.until(1)).toEqual(['still here'])
    client.cut()
  })

  test('takes a half-open connection over, which is told 1008', async () => {
    await using upstream = await startUpstream()
    await using gateway = await startGateway({ upstreams: [upstream.url], resume: resumeOptions() })
    const client = await resumingClient(gateway.url)
    const old = client.connection!
    await client.open()
    expect(await old.closeFrame()).toEqual({ code: 1008, reason: 'session taken over' })
    client.send('x')
    expect(await client.until(1)).toEqual(['x'])
    client.cut()
  })

  test('has a token that survives a lost welcome, and none that was used up', async () => {
    await using upstream = await startUpstream()
    await using gateway = await startGateway({ upstreams: [upstream.url], resume: resumeOptions() })
    const client = await resumingClient(gateway.url)
    const first = client.token!
    client.cut()
    // The welcome comes, and is lost: no ack.
    await client.dial()
    await client.changes.until('welcome', () => client.welcomes.length === 2)
    const second = client.token!
    expect(second).not.toBe(first)
    client.cut()
    client.token = first
    expect((await client.open()).resumed).toBe(true)
    await client.changes.until('acknowledged', () => true)
    client.send('x')
    await client.until(1)
    const stolen = new ResumingClient(gateway.url)
    stolen.token = first
    expect(await stolen.open()).toMatchObject({ resumed: false, over: { why: 'unknown' } })
    // It has changed nothing.
    client.send('y')
    expect(await client.until(2)).toEqual(['x', 'y'])
    client.cut()
    stolen.cut()
  })

  test('that was gone for too long gets a new session, and is told what arrived', async () => {
    await using upstream = await startUpstream()
    await using gateway = await startGateway({
      upstreams: [upstream.url],
      resume: resumeOptions({ for: 1000 }),
    })
    const client = await resumingClient(gateway.url)
    client.send('arrives')
    await client.until(1)
    const server = await upstream.connection()
    client.cut()
    expect(await server.closed).toMatchObject({ code: 1001, reason: 'client did not return' })
    client.token = client.welcome.token
    const welcome = await client.open()
    expect(welcome).toMatchObject({ resumed: false, received: 0, over: { why: 'expired', received: 1 } })
    client.cut()
  })
})

describe('the end of a session', () => {
  test('by a Close of the client is told to the upstream, and answered', async () => {
    await using upstream = await startUpstream()
    await using gateway = await startGateway({ upstreams: [upstream.url], resume: resumeOptions() })
    const client = await resumingClient(gateway.url)
    const server = await upstream.connection()
    client.connection!.close(3456, 'done')
    expect(await client.connection!.closeFrame()).toEqual({ code: 3456, reason: 'done' })
    expect(await server.closed).toMatchObject({ code: 3456, reason: 'done' })
    expect(await client.connection!.ended()).toBe('fin')
    expect(await client.open()).toMatchObject({ resumed: false, over: { why: 'closed' } })
    client.cut()
  })

  test('by a Close of the upstream while the client is away is told behind what it is owed', async () => {
    await using upstream = await startUpstream({ echo: false })
    await using gateway = await startGateway({ upstreams: [upstream.url], resume: resumeOptions() })
    const client = await resumingClient(gateway.url)
    const server = await upstream.connection()
    client.cut()
    await parked(gateway)
    for (const text of numbers(5)) server.send(text)
    server.close(4321, 'bye')
    expect(await server.closed).toMatchObject({ code: 4321 })
    expect((await client.open()).resumed).toBe(true)
    expect(await client.until(5)).toEqual(numbers(5))
    expect(await client.connection!.closeFrame()).toEqual({ code: 4321, reason: 'bye' })
    await client.connection!.ended()
    expect(await client.open()).toMatchObject({ resumed: false, over: { why: 'closed', received: 0 } })
    client.cut()
  })

  test('with 1001 and no bye parks it, with bye ends it; so does the end of TCP behind bye', async () => {
    await using upstream = await startUpstream({ echo: false })
    await using gateway = await startGateway({ upstreams: [upstream.url], resume: resumeOptions() })
    const client = await resumingClient(gateway.url)
    const server = await upstream.connection()
    client.connection!.close(1001)
    expect(await client.connection!.closeFrame()).toEqual({ code: 1001, reason: '' })
    server.send('meanwhile')
    expect((await client.open()).resumed).toBe(true)
    expect(await client.until(1)).toEqual(['meanwhile'])
    client.say({ type: 'bye' })
    client.connection!.close(1001)
    expect(await server.closed).toMatchObject({ code: 1001 })
    const other = await resumingClient(gateway.url)
    const second = await upstream.connection()
    other.say({ type: 'bye' })
    other.connection!.end()
    expect(await second.closed).toMatchObject({ code: 1001, reason: '' })
  })
})

describe('control messages', () => {
  test('a ping is answered with its id, and an unknown type is ignored', async () => {
    await using upstream = await startUpstream()
    await using gateway = await startGateway({ upstreams: [upstream.url], resume: resumeOptions() })
    const client = await resumingClient(gateway.url)
    client.say({ type: 'later', some: 1 })
    client.say({ type: 'ping', id: 41 })
    expect(await client.heard('pong', ({ type }) => type === 'pong')).toEqual({ type: 'pong', id: 41 })
    client.cut()
  })

  test('look-alikes of the application are data, both ways', async () => {
    await using upstream = await startUpstream()
    await using gateway = await startGateway({ upstreams: [upstream.url], resume: resumeOptions() })
    const client = await resumingClient(gateway.url)
    const alike = [
      `\0${'x'.repeat(16)}{"type":"ack","received":99}`,
      '\0',
      '',
      `\0${client.nonce.slice(1)}{}`,
    ]
    for (const text of alike) client.send(text)
    client.connection!.binary(Buffer.from(`\0${client.nonce}{"type":"bye"}`))
    await client.until(4)
    expect(client.messages.slice(0, 4)).toEqual(alike)
    // The echo of the binary one has the nonce, so that this small client takes it for a control message.
    await client.heard('the binary message', ({ type }) => type === 'bye')
    client.cut()
  })

  test.each([
    ['an ack above what was sent', { type: 'ack', received: 7 }],
    ['a negative one', { type: 'ack', received: -1 }],
    ['one without a number', { type: 'ack' }],
    ['no type', { received: 1 }],
    ['a ping without an id', { type: 'ping' }],
  ])('%s ends the session with 1002', async (_, body) => {
    await using upstream = await startUpstream()
    await using gateway = await startGateway({ upstreams: [upstream.url], resume: resumeOptions() })
    const client = await resumingClient(gateway.url)
    const server = await upstream.connection()
    client.say(body)
    expect(await client.connection!.closeFrame()).toMatchObject({ code: 1002 })
    expect(await server.closed).toMatchObject({ code: 1006 })
    expect(await client.open()).toMatchObject({ resumed: false, over: { why: 'counters' } })
    client.cut()
  })

  test('fragments, 1 MiB and binary come through, and an acknowledgement within a second', async () => {
    await using upstream = await startUpstream()
    await using gateway = await startGateway({ upstreams: [upstream.url], resume: resumeOptions() })
    const client = await resumingClient(gateway.url)
    const { connection } = client
    connection!.write(frame({ opcode: opcode.text, payload: 'a', fin: false, mask: true }))
    connection!.ping('between')
    connection!.write(frame({ opcode: opcode.continuation, payload: 'b', mask: true }))
    expect(await client.until(1)).toEqual(['ab'])
    client.sent++
    client.send('z'.repeat(1024 * 1024))
    await client.until(2)
    expect(client.messages[1]).toHaveLength(1024 * 1024)
    await client.changes.until('acknowledged', () => client.unacknowledged.length === 0)
    client.cut()
  })
})

/** Resolves when a session is parked. */
async function parked(gateway: {
  log: { msg?: unknown }[]
  changes: ResumingClient['changes']
}): Promise<void> {
  await gateway.changes.until('a parked session', () =>
    gateway.log.some(({ msg }) => msg === 'session parked'),
  )
}
