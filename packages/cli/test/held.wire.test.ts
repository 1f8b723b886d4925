import { runHoldfast, runtime, startHoldfast, startUpstream, wsClient } from '@holdfast/testing'
import { expect, test } from 'vitest'

test('connections lists what is held, and status shows how holds ended and the last upgrade', async () => {
  await using first = await startUpstream()
  const routes = [{ name: 'chat', upstreams: [first.url], hold: { for: '60s', state: 'none' } }]
  await using holdfast = await startHoldfast({ config: { workers: 1, routes } })
  const run = async (command: string, ...args: string[]) =>
    (await runHoldfast([command, '--admin', holdfast.admin!, ...args])).stdout
  await using client = wsClient(holdfast.url)
  await client.opened
  const held = async () => (await run('connections', '--state', 'held', '--json')).includes('"held"')
  for (const socket of first.sockets) socket.terminate()
  await first[Symbol.asyncDispose]()
  await expect.poll(held).toBe(true)
  expect(await run('connections', '--state', 'held')).toMatch(/^\S+ +chat +held +127\.0\.0\.1 /m)
  expect(await run('status')).toMatch(/^chat +0 +1 +0 /m)

  await using _second = await startUpstream({ port: first.port })
  await expect.poll(held).toBe(false)
  expect(await run('status')).toMatch(/^HOLDS OF +HELD NOW +RE-ATTACHED .*\nchat +0 +1 +0 +0 +0 +0 /m)
  if (runtime().name === 'node') {
    await run('upgrade')
    const status = await run('status')
    expect(status).toMatch(/^ +2 +\d+ +ready +2 +\d+\.\d+\.\d+ /m)
    expect(status).toMatch(
      /^upgrade of \S+ {2}done \d+s ago: 1 of 1 connections moved in \d+\.\d s, 0 ended$/m,
    )
  }
  client.send('still there')
  expect(await client.message()).toBe('still there')
})
