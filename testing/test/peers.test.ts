import { expect, test } from 'vitest'
import { frame, opcode } from '../src/frame.ts'
import { rawClient } from '../src/raw-client.ts'
import { rawUpstream } from '../src/raw-upstream.ts'
import { startUpstream } from '../src/start-upstream.ts'
import { wsClient } from '../src/ws-client.ts'

test('a raw client and a ws upstream exchange messages, pings and closes', async () => {
  await using upstream = await startUpstream({ protocols: ['b'] })
  await using client = await rawClient(`${upstream.url}/room?id=1`, {
    protocols: ['a', 'b'],
    headers: { 'X-Test': 'yes' },
  })
  const seen = await upstream.connection()
  expect(client.protocol).toBe('b')
  expect(seen.request.url).toBe('/room?id=1')
  expect(seen.request.headers['x-test']).toBe('yes')
  client.text('hello')
  expect(String((await client.message()).payload)).toBe('hello')
  expect(await seen.message()).toBe('hello')
  seen.socket.ping('are you there')
  await seen.changes.until('a pong', () => seen.pongs.length === 1)
  seen.close(1012, 'back soon')
  expect(await client.closeFrame()).toEqual({ code: 1012, reason: 'back soon' })
  expect(await seen.closed).toEqual({ code: 1012, reason: 'back soon', wasClean: true })
  expect(await client.ended()).toBe('fin')
})

test('upstreams whose port is taken say so, and throw nothing beside it', async () => {
  await using taken = await startUpstream()
  await expect(startUpstream({ port: taken.port })).rejects.toThrow('EADDRINUSE')
  await expect(rawUpstream({ port: taken.port })).rejects.toThrow('EADDRINUSE')
})

test('a ws client and a raw upstream see what the other side sent, byte by byte too', async () => {
  await using upstream = await rawUpstream({ protocol: 'first' })
  await using client = wsClient(upstream.url, { protocols: ['chat'] })
  await client.opened
  const peer = await upstream.connection()
  expect(client.socket.protocol).toBe('chat')
  client.send('up')
  expect((await peer.message()).payload.toString()).toBe('up')
  await peer.trickle(frame({ opcode: opcode.text, payload: 'down' }), 1)
  expect(await client.message()).toBe('down')
  client.close(4000, 'enough')
  expect(await peer.closeFrame()).toEqual({ code: 4000, reason: 'enough' })
  expect(await client.closed).toEqual({ code: 4000, reason: 'enough', wasClean: true })
})

test('peers tell a FIN from a RST, and both from a Close frame', async () => {
  await using upstream = await rawUpstream()
  await using first = await rawClient(upstream.url)
  ;(await upstream.connection()).reset()
  expect(await first.ended()).toBe('reset')
  expect(await first.closeFrame()).toBeUndefined()
  await using second = await rawClient(upstream.url)
  ;(await upstream.connection()).end()
  expect(await second.ended()).toBe('fin')
  await using third = wsClient(upstream.url)
  ;(await upstream.connection()).reset()
  expect(await third.closed).toMatchObject({ code: 1006, wasClean: false })
})

test('a peer that stops reading stops a flood, and loses none of it', async () => {
  await using upstream = await rawUpstream()
  await using client = await rawClient(upstream.url, { keepsFrames: false })
  const peer = await upstream.connection()
  client.stopReading()
  const chunk = frame({ opcode: opcode.binary, payload: Buffer.alloc(1 << 20) })
  const flood = peer.flood(chunk, 20)
  await new Promise((resolve) => setTimeout(resolve, 100))
  expect(flood.written).toBeLessThan(20 * chunk.length)
  client.startReading()
  await flood.done
  await client.changes.until('all bytes', () => client.bytes === 20 * chunk.length)
})

test('a refusal reaches both clients as status and body', async () => {
  await using upstream = await rawUpstream({
    onRequest(_, socket) {
      socket.end(
        'HTTP/1.1 403 Forbidden\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nno \r\n5\r\nentry\r\n0\r\n\r\n',
      )
      return true
    },
  })
  await using raw = await rawClient(upstream.url)
  expect([raw.status, await raw.body()]).toEqual([403, 'no entry'])
  await using ws = wsClient(upstream.url)
  expect(await ws.refused).toMatchObject({ status: 403, body: 'no entry' })
  await expect(ws.opened).rejects.toThrow()
})

test('an upstream closes after that many messages, with an empty Close when no code is given', async () => {
  await using upstream = await startUpstream({ closeAfter: { messages: 2 } })
  await using client = await rawClient(upstream.url)
  client.text('1')
  client.text('2')
  expect(await client.closeFrame()).toEqual({ code: undefined, reason: '' })
  expect(client.messages.length).toBe(2)
})
