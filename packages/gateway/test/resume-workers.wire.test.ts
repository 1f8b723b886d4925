// Several workers: a client that comes back reaches any of them, and its session is in one.
import { runtime, startHoldfast, startUpstream } from '@holdfast/testing'
import { describe, expect, test } from 'vitest'
import { ResumingClient, resumingClient } from './resuming.ts'

const resume = { for: '60s' }

// On Bun there is one process.
describe.skipIf(runtime().foreign)('with several workers', () => {
  test('a client finds its session whichever worker it reaches', async () => {
    await using upstream = await startUpstream()
    await using gateway = await startHoldfast({
      config: { workers: 3, routes: [{ name: 'chat', upstreams: [upstream.url], resume }] },
    })
    const clients = await Promise.all(Array.from({ length: 12 }, () => resumingClient(gateway.url)))
    for (let round = 0; round < 4; round++) {
      for (const [n, client] of clients.entries()) {
        client.send(`${n}.${round}`)
        client.cut()
        expect(await client.open()).toMatchObject({ resumed: true })
      }
    }
    for (const [n, client] of clients.entries())
      expect(await client.until(4)).toEqual([0, 1, 2, 3].map((round) => `${n}.${round}`))
    expect(upstream.connections).toHaveLength(clients.length)
    // The end of a session is told through another worker, too.
    for (const client of clients) {
      client.connection!.close(3456)
      expect((await client.connection!.closeFrame())?.code).toBe(3456)
    }
  })

  test('a token that no worker knows gets a new session', async () => {
    await using upstream = await startUpstream()
    await using gateway = await startHoldfast({
      config: { workers: 2, routes: [{ name: 'chat', upstreams: [upstream.url], resume }] },
    })
    const client = new ResumingClient(gateway.url)
    client.token = `1-${'x'.repeat(43)}`
    expect(await client.open()).toMatchObject({ resumed: false, over: { why: 'unknown' } })
    client.cut()
  })
})
