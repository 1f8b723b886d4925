// permessage-deflate is between client and upstream: the gateway hands the offer, the agreement and the frames on.
import { startGateway, startUpstream, wsClient } from '@holdfast/testing'
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
