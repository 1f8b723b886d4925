import { expect, test } from 'vitest'
import { gone } from '../src/proc.ts'
import { runHoldfast } from '../src/run-holdfast.ts'
import { startHoldfast } from '../src/start-holdfast.ts'
import { startUpstream } from '../src/start-upstream.ts'
import { wsClient } from '../src/ws-client.ts'

test('a started holdfast serves, shows its processes, and leaves none of them', async () => {
  await using upstream = await startUpstream()
  let pids: number[]
  {
    await using holdfast = await startHoldfast({
      config: { routes: [{ name: 'all', upstreams: [upstream.url] }] },
    })
    await using client = wsClient(holdfast.url)
    await client.opened
    client.send('through')
    expect(await client.message()).toBe('through')
    expect((await holdfast.api('/healthz')).status).toBe(200)
    expect(holdfast.rss().total).toBeGreaterThan(10_000_000)
    pids = [holdfast.pid, ...holdfast.workers()]
  }
  await gone(pids)
})

test('a started holdfast ends by a signal with its own exit status', async () => {
  await using holdfast = await startHoldfast({ args: ['--upstream', 'ws://127.0.0.1:1'] })
  holdfast.signal('SIGTERM')
  expect(await holdfast.exited).toEqual({ code: 0, signal: null })
})

test('a failed start tells what the command said', async () => {
  await expect(startHoldfast({ config: 'nonsense: true' })).rejects.toThrow('nonsense')
  const { code, stderr } = await runHoldfast(['serve', '--no-such-flag'])
  expect([code, stderr]).toEqual([2, expect.stringContaining('--no-such-flag')])
})
