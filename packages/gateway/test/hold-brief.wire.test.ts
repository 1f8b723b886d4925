import { startGateway, startUpstream, wsClient } from '@holdfast/testing'
import { expect, test } from 'vitest'

test('an upstream that lets go of each client at once is tried less and less often, and counts as none', async () => {
  await using upstream = await startUpstream()
  let closed = 0
  upstream.changes.subscribe(() => {
    for (; closed < upstream.connections.length; closed++) upstream.connections[closed]!.close(1012)
  })
  await using gateway = await startGateway({
    upstreams: [upstream.url],
    hold: { for: 1000, on: [1012, 'lost'], buffer: 65_536, state: 'none', replay: { by: 'none' } },
  })
  await using client = wsClient(gateway.url)
  await client.opened
  const { code, reason } = await client.closed
  expect({ code, reason }).toEqual({
    code: 1012,
    reason: expect.stringMatching(/^service restart; retry=\d+$/),
  })
  // After 0, 50, 150, 350 and 750 ms.
  expect(upstream.connections.length).toBeGreaterThan(2)
  expect(upstream.connections.length).toBeLessThanOrEqual(6)
})
