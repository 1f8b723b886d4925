// A client that says something and then breaks a rule in the same breath gets the answer first, as it would without a
// gateway between, and then the code for what it did. The same the other way round.
import {
  closePayload,
  type FrameInit,
  frame,
  opcode,
  type RouteInit,
  rawClient,
  rawUpstream,
  startGateway,
  startUpstream,
} from '@holdfast/testing'
import { describe, expect, test } from 'vitest'
import { holding, nothingLeft } from './holding.ts'

const masked = (init: FrameInit) => frame({ mask: true, ...init })
const text = (payload: string, fin = true) => masked({ opcode: opcode.text, payload, fin })
const badText = masked({ opcode: opcode.close, payload: closePayload(1000, Uint8Array.of(0xff, 0xfe)) })

const limits = { messageBytes: 1000, messagesPerSecond: 10 }
const broken: [string, Buffer, number, string][] = [
  ['RSV2 set', masked({ opcode: opcode.text, payload: 'x', rsv2: true }), 1002, 'protocol error'],
  ['a reserved opcode', masked({ opcode: 4, payload: 'x' }), 1002, 'protocol error'],
  ['a continuation of nothing', masked({ opcode: 0, payload: 'x' }), 1002, 'protocol error'],
  ['no mask', frame({ opcode: opcode.text, payload: 'x' }), 1002, 'protocol error'],
  ['a message inside another', Buffer.concat([text('begun', false), text('x')]), 1002, 'protocol error'],
  ['a reason that is not UTF-8', badText, 1007, 'invalid UTF-8'],
  ['a message that is too big', text('x'.repeat(1001)), 1009, 'message too big'],
  [
    'too many messages',
    Buffer.concat(Array.from({ length: 12 }, () => text('more'))),
    1008,
    'too many messages',
  ],
]

const routes: Record<string, Partial<RouteInit>> = {
  plain: { limits },
  hold: { limits, hold: holding() },
  replay: { limits, hold: holding({ replay: { by: 'first', messages: 2 } }) },
}

describe.each(Object.entries(routes))('on a route with %s', (_, route) => {
  test.each(broken)('%s behind a message and a Ping', async (_what, bytes, code, reason) => {
    await using upstream = await startUpstream()
    await using gateway = await startGateway({ upstreams: [upstream.url], ...route })
    await using client = await rawClient(gateway.url)
    const ping = masked({ opcode: opcode.ping, payload: 'p' })
    client.write(Buffer.concat([text('first'), ping, text('second'), bytes]))
    expect(await client.closeFrame()).toEqual({ code, reason })
    const seen = client.frames.map(({ payload }) => String(payload))
    expect(seen.slice(0, 3)).toEqual(['first', 'p', 'second'])
    expect(await client.ended()).toBe('fin')
    await nothingLeft(gateway)
  })
})

test('an upstream that answers no Ping, but late, has a second', async () => {
  await using upstream = await rawUpstream({ answersPings: false })
  await using gateway = await startGateway({ upstreams: [upstream.url] })
  await using client = await rawClient(gateway.url)
  const peer = await upstream.connection()
  client.write(Buffer.concat([text('first'), broken[0]![1]]))
  await peer.message()
  // The Ping behind it: only now nothing more of the client can come.
  expect(await peer.nextFrame()).toMatchObject({ opcode: opcode.text })
  expect(await peer.nextFrame()).toMatchObject({ opcode: opcode.ping })
  expect(client.frames).toEqual([])
  peer.text('late')
  expect(String((await client.message()).payload)).toBe('late')
  expect(await client.closeFrame()).toEqual({ code: 1002, reason: 'protocol error' })
  await nothingLeft(gateway)
})

test('an upstream that closes or dies meanwhile changes nothing for the client', async () => {
  await using upstream = await rawUpstream({ answersPings: false })
  await using gateway = await startGateway({ upstreams: [upstream.url], hold: holding() })
  for (const leave of ['close', 'reset'] as const) {
    await using client = await rawClient(gateway.url)
    const peer = await upstream.connection()
    client.write(Buffer.concat([text('first'), broken[0]![1]]))
    await peer.message()
    if (leave === 'close') peer.close(1012, 'again')
    else peer.reset()
    expect(await client.closeFrame()).toEqual({ code: 1002, reason: 'protocol error' })
    if (leave === 'close') expect(await peer.closeFrame()).toEqual({ code: 1012, reason: 'again' })
  }
  await nothingLeft(gateway)
})

test('a client that breaks a rule before anything else is told at once', async () => {
  await using upstream = await rawUpstream({ answersPings: false })
  await using gateway = await startGateway({ upstreams: [upstream.url] })
  await using client = await rawClient(gateway.url)
  const peer = await upstream.connection()
  client.write(broken[0]![1])
  expect(await client.closeFrame()).toEqual({ code: 1002, reason: 'protocol error' })
  await peer.ended()
  expect(peer.frames).toEqual([])
})

describe('what an upstream says before it breaks a rule reaches the client before its 1014', () => {
  const unmasked: [string, FrameInit, number][] = [
    ['RSV2 set', { opcode: opcode.text, payload: 'x', rsv2: true }, 1002],
    ['a mask', { opcode: opcode.text, payload: 'x', mask: true }, 1002],
    [
      'a reason that is not UTF-8',
      { opcode: opcode.close, payload: closePayload(1000, Uint8Array.of(0xff)) },
      1007,
    ],
  ]
  test.each(unmasked)('%s', async (_, init, code) => {
    await using upstream = await rawUpstream()
    for (const route of Object.values(routes)) {
      await using gateway = await startGateway({ upstreams: [upstream.url], ...route, limits: {} })
      await using client = await rawClient(gateway.url)
      const peer = await upstream.connection()
      const said = ['one', 'x'.repeat(100_000), 'two'].map((payload) =>
        frame({ opcode: opcode.text, payload }),
      )
      peer.write(Buffer.concat([...said, frame(init)]))
      expect(await client.closeFrame()).toMatchObject({ code: 1014 })
      expect(client.messages.map(({ payload }) => payload.length)).toEqual([3, 100_000, 3])
      expect(await peer.closeFrame()).toMatchObject({ code })
    }
  })
})
