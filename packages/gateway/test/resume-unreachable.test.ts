// A client comes back to a node that can ask neither the node that has its session nor the store.
import { fakeClock, startGateway, startUpstream } from '@holdfast/testing'
import { expect, test } from 'vitest'
import { AskedFor } from '../src/resume/asked-for.ts'
import { type SessionDirectory, TokenSeries } from '../src/resume/index.ts'
import { ResumingClient, resumeOptions } from './resuming.ts'

const forMs = 60_000
const token = `7-${'s'.repeat(16)}-1-${'x'.repeat(43)}`

const directory = (store: 'away' | undefined): SessionDirectory => ({
  seek: async () => store,
  list: async () => ({
    series: new TokenSeries('n'.repeat(16), Buffer.alloc(32)),
    epoch: 0,
    begun() {},
    end() {},
    leave() {},
  }),
})

test.each([
  [
    'that node has not answered for an hour, and had the client until a moment ago',
    { unreachableForMs: 3_600_000 },
  ],
  ['that node has it no more, be it this one, and the store is away', { without: 'node' }],
])('is told to come back for as long as another may keep it: %s', async (_, missed) => {
  await using upstream = await startUpstream()
  const clock = fakeClock()
  const resume = resumeOptions({ for: forMs })
  const deps = { clock, elsewhere: async () => missed, directory: directory('away') }
  await using gateway = await startGateway({ upstreams: [upstream.url], resume }, deps)
  const client = new ResumingClient(gateway.url)
  client.token = token
  for (const afterMs of [0, forMs - 2, 1]) {
    clock.tick(afterMs)
    const connection = await client.dial()
    expect(await connection.closeFrame()).toMatchObject({ code: 1014 })
  }
  clock.tick(1)
  await client.open()
  expect(client.welcome).toMatchObject({ resumed: false, over: { why: 'unknown' } })
})

test('is told at once that its session is over when the store knows none, and that node has it no more', async () => {
  await using upstream = await startUpstream()
  const deps = { elsewhere: async () => ({ without: 'node' }), directory: directory(undefined) }
  await using gateway = await startGateway({ upstreams: [upstream.url], resume: resumeOptions() }, deps)
  const client = new ResumingClient(gateway.url)
  client.token = token
  await client.open()
  expect(client.welcome).toMatchObject({ resumed: false, over: { why: 'unknown' } })
})

test('a session counts from when it was asked for first; of very many the first are forgotten', () => {
  const asked = new AskedFor()
  expect(asked.forMs('one', 5)).toBe(0)
  expect(asked.forMs('one', 25)).toBe(20)
  for (let n = 0; n < 16_383; n++) asked.forMs(`other ${n}`, 30)
  expect(asked.forMs('one', 45)).toBe(40)
  asked.forMs('one more', 50)
  expect(asked.forMs('one', 60)).toBe(0)
  asked.found('one')
  expect(asked.forMs('one', 70)).toBe(0)
})
