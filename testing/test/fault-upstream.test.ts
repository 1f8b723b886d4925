import { expect, test } from 'vitest'
import { faults, faultUpstream, fullBacklog, garbageOnConnect } from '../src/fault-upstream.ts'
import { parseFrames } from '../src/frame-parser.ts'
import { invalidFrames } from '../src/invalid-frames.ts'
import { rawClient } from '../src/raw-client.ts'
import { rawSocket } from '../src/raw-socket.ts'
import { closedPort } from '../src/tcp-server.ts'
import { wsClient } from '../src/ws-client.ts'

test.each(faults.spoiltHandshakes)(
  'a ws client gets no connection from an upstream with fault: %s',
  async (fault) => {
    await using upstream = await faultUpstream(fault, { every: 1 })
    const slow = fault === 'one byte at a time'
    await using client = wsClient(upstream.url, {
      handshakeTimeout: slow ? undefined : 300,
      protocols: ['chat'],
    })
    if (slow) await expect(client.opened).resolves.toBeUndefined()
    else await expect(client.opened).rejects.toThrow()
  },
)

test.each(faults.statuses)('a ws client is refused by an upstream with fault: %s', async (fault) => {
  await using upstream = await faultUpstream(fault, { headers: ['Retry-After: 7'] })
  await using client = wsClient(upstream.url)
  const { status, headers, body } = await client.refused
  expect([`status ${status}`, headers['retry-after'], body]).toEqual([fault, '7', fault])
})

test.each(faults.breaks)('a ws client sees 1006 from an upstream with fault: %s', async (fault) => {
  await using upstream = await faultUpstream(fault, { trigger: 'message' })
  await using client = wsClient(upstream.url)
  await client.opened
  client.send('now')
  expect((await client.closed).code).toBe(1006)
  expect(client.messages).toEqual([])
})

test.each(faults.invalidFrames)(
  'a ws client fails the connection on an upstream with fault: %s',
  async (fault) => {
    await using upstream = await faultUpstream(fault)
    await using client = wsClient(upstream.url)
    const peer = await upstream.connection()
    await client.closed
    expect(client.error).toBeInstanceOf(Error)
    expect((await peer.closeFrame())?.code).toBeOneOf([1002, 1007, 1009])
  },
)

test('half a frame comes before the reset in a frame', async () => {
  await using upstream = await faultUpstream('reset in a large frame', { trigger: 'message' })
  await using client = await rawClient(upstream.url)
  client.text('now')
  expect(await client.ended()).toBe('reset')
  expect(client.bytes).toBeGreaterThan(0)
  expect(client.frames).toEqual([])
})

test('an upstream with a silence echoes, but leaves out what it is silent about', async () => {
  await using dumb = await faultUpstream('no pong')
  await using first = await rawClient(dumb.url)
  first.ping('?')
  first.text('echo')
  first.close(1000)
  await first.closeFrame()
  expect(first.frames.map(({ opcode }) => opcode)).toEqual([1, 8])
  await using rude = await faultUpstream('no answer to a Close')
  await using second = await rawClient(rude.url)
  second.close(1000)
  second.ping('!')
  expect((await second.nextFrame()).opcode).toBe(10)
})

test('nothing listens at a closed port, and a full backlog never connects', async () => {
  await expect(rawSocket(`ws://127.0.0.1:${await closedPort()}`)).rejects.toThrow('ECONNREFUSED')
  await using full = await fullBacklog()
  await using client = wsClient(full.url, { handshakeTimeout: 100 })
  await expect(client.opened).rejects.toThrow('timed out')
})

test('garbage comes before any request', async () => {
  await using upstream = await garbageOnConnect()
  const socket = await rawSocket(upstream.url)
  const [bytes] = await new Promise<[Buffer]>((resolve) => socket.once('data', (data) => resolve([data])))
  socket.destroy()
  expect(bytes.length).toBe(256)
})

test('an invalid frame is whole, so that only what is wrong with it can fail', () => {
  for (const [name, bytes] of Object.entries(invalidFrames)) {
    // Of those whose length nobody has there is no end.
    if (!/top bit|2\^53/.test(name)) expect(parseFrames(bytes), name).toMatchObject({ rest: 0 })
  }
})
