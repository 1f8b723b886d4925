// permessage-deflate is between client and upstream: the gateway hands the offer, the agreement and the frames on.
import {
  frame,
  opcode,
  rawClient,
  rawUpstream,
  refusalReason,
  startGateway,
  startUpstream,
  wsClient,
} from '@holdfast/testing'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'

const booleans = [false, true]
const windows = [undefined, 9, 15]

/** Every combination of parameters that `ws` can offer. */
const offers = booleans.flatMap((serverNoContextTakeover) =>
  booleans.flatMap((clientNoContextTakeover) =>
    windows.flatMap((serverMaxWindowBits) =>
      [...windows, true as const].map((clientMaxWindowBits) => ({
        serverNoContextTakeover,
        clientNoContextTakeover,
        serverMaxWindowBits,
        clientMaxWindowBits,
      })),
    ),
  ),
)

/** Settings of a server that change what is agreed. */
const servers = [
  { threshold: 0 },
  { threshold: 0, serverNoContextTakeover: true, clientNoContextTakeover: true },
  { threshold: 0, serverMaxWindowBits: 10, clientMaxWindowBits: 10 },
]

describe('permessage-deflate of ws works end to end', () => {
  test.each(servers)('with every offer that ws can make, against a server with %j', async (server) => {
    await using upstream = await startUpstream({ perMessageDeflate: server })
    await using gateway = await startGateway({ upstreams: [upstream.url] })
    const texts = [
      'a'.repeat(10_000),
      'short',
      JSON.stringify({ key: 'value'.repeat(500) }),
      'a'.repeat(200_000),
    ]
    for (const offer of offers) {
      const perMessageDeflate = JSON.parse(JSON.stringify({ threshold: 0, ...offer }))
      await using direct = wsClient(upstream.url, { perMessageDeflate })
      await using through = wsClient(gateway.url, { perMessageDeflate })
      const agreed = await Promise.all(
        [direct, through].map((client) =>
          client.opened.then(
            () => client.socket.extensions,
            () => 'no agreement',
          ),
        ),
      )
      expect(agreed[1]).toBe(agreed[0])
      if (agreed[1] === 'no agreement') continue
      for (const text of texts) {
        through.send(text)
        expect(await through.message()).toBe(text)
        through.send(Buffer.from(text))
        expect(String(await through.message())).toBe(text)
      }
    }
  })

  test('an upstream that does not compress leaves the client uncompressed', async () => {
    await using upstream = await startUpstream({ perMessageDeflate: false })
    await using gateway = await startGateway({ upstreams: [upstream.url] })
    await using client = wsClient(gateway.url, { perMessageDeflate: { threshold: 0 } })
    await client.opened
    expect(client.socket.extensions).toBe('')
    client.send('plain')
    expect(await client.message()).toBe('plain')
  })
})

const hold = {
  for: 10_000,
  on: [1012, 'lost' as const],
  buffer: 262_144,
  state: 'none' as const,
  replay: { by: 'none' as const },
}

describe("the parameters of an upstream's answer are the client's to judge", () => {
  /** What servers in use answer to what clients in use offer; each pair works without a gateway. */
  const answers = [
    // wsproto, to aiohttp, gorilla, Jetty, Mojolicious, faye-websocket
    ['permessage-deflate; client_max_window_bits=15; server_max_window_bits=15', 'permessage-deflate'],
    [
      'permessage-deflate; client_max_window_bits=15; server_max_window_bits=15',
      'permessage-deflate; server_no_context_takeover; client_no_context_takeover',
    ],
    // ws with windows of 10 bits, to Jetty and Mojolicious, gorilla, aiohttp
    ['permessage-deflate; server_max_window_bits=10; client_max_window_bits=10', 'permessage-deflate'],
    [
      'permessage-deflate; server_max_window_bits=10; client_max_window_bits=10',
      'permessage-deflate; server_no_context_takeover; client_no_context_takeover',
    ],
    [
      'permessage-deflate; server_max_window_bits=10; client_max_window_bits=10',
      'permessage-deflate; server_max_window_bits=10',
    ],
    // ws without context, to Tornado and Mojolicious, aiohttp
    ['permessage-deflate; server_no_context_takeover; client_no_context_takeover', 'permessage-deflate'],
    [
      'permessage-deflate; server_no_context_takeover; client_no_context_takeover',
      'permessage-deflate; server_no_context_takeover',
    ],
    // Firefox obeys it though it never offers it; Node takes parameters that it does not know
    ['permessage-deflate', 'permessage-deflate; client_max_window_bits=9'],
    ['permessage-deflate; client_max_window_bits', 'permessage-deflate; foo=1'],
    [
      'permessage-deflate; server_max_window_bits=9, permessage-deflate',
      'Permessage-Deflate; server_max_window_bits=12',
    ],
  ] as const

  test.each(answers)('to %s it says %s', async (offered, answered) => {
    await using upstream = await rawUpstream({ extensions: answered })
    const upstreams = [upstream.url]
    // RFC 7692 7.1.1.2: a client that may get another upstream is asked to start afresh with each message.
    const fresh = 'client_no_context_takeover'
    const told = answered.includes(fresh) ? answered : `${answered}; ${fresh}`
    for (const [some, says] of [
      [{}, answered],
      [{ hold }, told],
    ] as const) {
      await using gateway = await startGateway({ upstreams, ...some })
      await using client = await rawClient(gateway.url, { extensions: offered })
      expect(client.headers['sec-websocket-extensions']).toBe(says)
      const peer = await upstream.connection()
      peer.frame({ opcode: 1, rsv1: true, payload: Buffer.from('f248cdc9c90700', 'hex') })
      expect(await client.message()).toMatchObject({ compressed: true })
      client.frame({ opcode: 1, rsv1: true, payload: Buffer.from('f248cdc9c90700', 'hex') })
      expect(await peer.message()).toMatchObject({ compressed: true })
    }
  })

  test('a route with replay offers none and agrees to none, and its Pings stand between messages', async () => {
    await using upstream = await rawUpstream()
    const replay = { by: 'first' as const, messages: 1 }
    await using gateway = await startGateway({ upstreams: [upstream.url], hold: { ...hold, replay } })
    await using client = await rawClient(gateway.url, { extensions: answers[0][0] })
    expect(client.headers['sec-websocket-extensions']).toBeUndefined()
    const peer = await upstream.connection()
    expect(peer.request.headers['sec-websocket-extensions']).toBeUndefined()
    const [one, two, three] = [
      { opcode: opcode.text, payload: 'whole' },
      { opcode: opcode.text, payload: 'in ', fin: false },
      { opcode: opcode.continuation, payload: 'two' },
    ].map((init) => frame({ ...init, mask: true }))
    client.write(Buffer.concat([one!, two!]))
    await peer.changes.until('three frames', () => peer.frames.length === 3)
    client.write(three!)
    await peer.changes.until('all frames', () => peer.frames.length === 5)
    const { text, continuation, ping } = opcode
    expect(peer.frames.map((each) => each.opcode)).toEqual([text, ping, text, continuation, ping])
  })

  test.each([
    ['x-foo', 'extension never offered'],
    ['permessage-deflate, x-foo', 'extension never offered'],
    ['permessage-deflate, permessage-deflate', 'extension agreed to twice'],
    ['permessage-deflate;', 'wrong Sec-WebSocket-Extensions'],
  ])('but %s is not handed on', async (answered, words) => {
    await using upstream = await rawUpstream({ extensions: answered })
    for (const some of [{}, { hold }]) {
      await using gateway = await startGateway({ upstreams: [upstream.url], ...some })
      await using client = await rawClient(gateway.url, { extensions: 'permessage-deflate' })
      expect(await client.closeFrame()).toEqual({
        code: 1014,
        reason: expect.stringMatching(refusalReason(`bad gateway: ${words}`)),
      })
    }
  })

  test('and `ws` judges through the gateway as it does without one, whatever is answered', async () => {
    const options: { extensions?: string } = {}
    await using upstream = await rawUpstream(options)
    await using plain = await startGateway({ upstreams: [upstream.url] })
    await using holding = await startGateway({ upstreams: [upstream.url], hold })
    const bits = fc.constantFrom(undefined, 8, 9, 12, 15)
    const flag = fc.constantFrom(undefined, true)
    const offer = fc.record({
      serverNoContextTakeover: flag,
      clientNoContextTakeover: flag,
      serverMaxWindowBits: bits,
      clientMaxWindowBits: fc.oneof(bits, flag),
    })
    const param = fc.constantFrom(
      'server_no_context_takeover',
      'client_no_context_takeover',
      'server_no_context_takeover=1',
      ...['server', 'client'].flatMap((side) =>
        ['', '=7', '=8', '=9', '=12', '=15', '="10"', '=16', '=010'].map(
          (n) => `${side}_max_window_bits${n}`,
        ),
      ),
      'unknown',
    )
    const answer = fc
      .array(param, { maxLength: 4 })
      .map((params) => ['permessage-deflate', ...params].join('; '))
    await fc.assert(
      fc.asyncProperty(offer, answer, async (some, answered) => {
        options.extensions = answered
        const perMessageDeflate = JSON.parse(JSON.stringify(some))
        const outcomes = await Promise.all(
          [upstream.url, plain.url, holding.url].map(async (url) => {
            await using client = wsClient(url, { perMessageDeflate })
            return client.opened.then(
              () => true,
              () => false,
            )
          }),
        )
        expect(outcomes).toEqual(outcomes[0] ? [true, true, true] : [false, false, false])
      }),
      { numRuns: 60 },
    )
  })
})
