import { eventually, startUpstream } from '@holdfast/testing'
import { expect, test } from 'vitest'
import { Crowd, ordinary, returning } from '../../src/demo/crowd.ts'
import { newTally } from '../../src/demo/tally.ts'

test('an echo that comes twice is doubled, one that comes behind a later one is reordered', async () => {
  await using server = await startUpstream({ echo: false })
  const tally = newTally(1)
  const crowd = new Crowd([server.url], ordinary, tally)
  expect(await crowd.gather(5000)).toBe(true)
  const connection = await server.connection()
  await eventually('three messages', () => connection.messages.length >= 3)
  for (const echo of ['1', '0', '0', '2']) connection.send(echo)
  await eventually('the echoes', () => tally.received === 3)
  expect(tally).toMatchObject({ doubled: 1, reordered: 1, lost: 0 })
  expect(tally.longestPause).toBeGreaterThan(100)
  crowd.leave()
})

test.each([
  ['an ordinary client stays away', ordinary, 1, 0],
  ['a returning client is back', returning, 2, 1],
])('%s when its connection ends, and what had no echo is lost', async (_, connect, connections, returns) => {
  await using server = await startUpstream({ echo: false })
  const tally = newTally(1)
  const crowd = new Crowd([server.url], connect, tally)
  await crowd.gather(5000)
  const connection = await server.connection()
  await eventually('two messages', () => connection.messages.length >= 2)
  connection.close(1012, 'service restart; retry=50')
  await connection.closed
  await eventually('the close', () => tally.closes.get(1012) === 1)
  expect(tally.lost).toBeGreaterThanOrEqual(2)
  if (returns > 0) expect(await crowd.allOpen(5000)).toBe(true)
  expect([server.connections.length, tally.returns.length]).toEqual([connections, returns])
  crowd.leave()
})
