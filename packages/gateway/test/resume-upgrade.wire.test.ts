// A live upgrade of the gateway: sessions stay in the old worker, which carries them, and their upstreams move.
import { eventually, runtime, startHoldfast, startUpstream } from '@holdfast/testing'
import { describe, expect, test } from 'vitest'
import { resumingClient } from './resuming.ts'

// On Bun there is no live upgrade.
describe.skipIf(runtime().foreign)('a live upgrade', () => {
  test('of clients that are there, and of clients that are away, loses nothing', async () => {
    await using upstream = await startUpstream()
    await using gateway = await startHoldfast({
      config: { workers: 2, routes: [{ name: 'chat', upstreams: [upstream.url], resume: {} }] },
    })
    const clients = await Promise.all(Array.from({ length: 8 }, () => resumingClient(gateway.url)))
    for (const [n, client] of clients.entries()) {
      client.send(`${n} before`)
      await client.until(1)
      if (n % 2) client.cut()
    }
    gateway.signal('SIGUSR2')
    await gateway.waitForLog(
      'the upgrade',
      ({ msg }) => msg === 'upgrade finished' || msg === 'upgrade failed',
    )
    for (const [n, client] of clients.entries()) {
      if (n % 2) expect(await client.open()).toMatchObject({ resumed: true })
      client.send(`${n} behind`)
      expect(await client.until(2)).toEqual([`${n} before`, `${n} behind`])
    }
    for (const [n, client] of clients.entries()) {
      client.cut()
      expect(await client.open()).toMatchObject({ resumed: true })
      client.send(`${n} once more`)
      expect(await client.until(3)).toEqual([`${n} before`, `${n} behind`, `${n} once more`])
    }
    expect(upstream.connections).toHaveLength(8)
    for (const client of clients) {
      client.connection!.close(3456)
      expect((await client.connection!.closeFrame())?.code).toBe(3456)
    }
  })

  test('leaves the old worker to tell those who are away how their sessions ended, before it and after', async () => {
    await using upstream = await startUpstream({ echo: false })
    await using gateway = await startHoldfast({
      config: { workers: 1, routes: [{ name: 'chat', upstreams: [upstream.url], resume: {} }] },
    })
    const [old] = gateway.workers()
    const ends = ['before', 'after']
    const join = async () => {
      const client = await resumingClient(gateway.url)
      const server = await upstream.connection()
      client.cut()
      return { client, server }
    }
    const pairs = [await join(), await join()]
    const end = async (n: number) => {
      pairs[n]!.server.send(`owed ${ends[n]}`)
      pairs[n]!.server.close(4321 + n, ends[n])
      // Answered in the client's place.
      expect(await pairs[n]!.server.closed).toMatchObject({ code: 4321 + n })
    }
    await end(0)
    gateway.signal('SIGUSR2')
    await gateway.waitForLog(
      'the upgrade',
      ({ msg }) => msg === 'upgrade finished' || msg === 'upgrade failed',
    )
    await end(1)
    for (const [n, { client }] of pairs.entries()) {
      expect(await client.open()).toMatchObject({ resumed: true })
      expect(await client.until(1)).toEqual([`owed ${ends[n]}`])
      expect(await client.connection!.closeFrame()).toEqual({ code: 4321 + n, reason: ends[n] })
      await client.connection!.ended()
    }
    await eventually('the end of the old worker', () => !gateway.workers().includes(old!))
  })
})
