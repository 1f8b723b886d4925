import { expect, test } from 'vitest'
import { forkUpstream } from '../src/fork-upstream.ts'
import { isAlive } from '../src/proc.ts'
import { wsClient } from '../src/ws-client.ts'

test('a forked upstream echoes, freezes, thaws and dies of a kill without a Close', async () => {
  await using upstream = await forkUpstream()
  await using client = wsClient(upstream.url)
  await client.opened
  client.send('1')
  expect(await client.message()).toBe('1')
  upstream.freeze()
  client.send('2')
  await expect(client.message(100)).rejects.toThrow('not within 100 ms')
  upstream.thaw()
  expect(await client.message()).toBe('2')
  expect(await upstream.kill()).toEqual({ code: null, signal: 'SIGKILL' })
  expect((await client.closed).code).toBe(1006)
  expect(isAlive(upstream.pid)).toBe(false)
})

test('a forked upstream closes with its code on SIGTERM, and says how connections ended', async () => {
  await using upstream = await forkUpstream({ closeCode: 1012 })
  await using client = wsClient(upstream.url)
  await client.opened
  expect(await upstream.stop()).toEqual({ code: 0, signal: null })
  expect(await client.closed).toEqual({ code: 1012, reason: '', wasClean: true })
  await upstream.closed(1)
  expect(upstream.closes).toEqual([{ code: 1012, reason: '' }])
})

test('a forked upstream comes back on the same port', async () => {
  const first = await forkUpstream()
  await first.kill()
  await using second = await forkUpstream({ port: first.port })
  await using client = wsClient(second.url)
  await client.opened
})
