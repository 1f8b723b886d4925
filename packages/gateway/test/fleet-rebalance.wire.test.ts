// A node that joins a fleet gets its share of sessions: gateways as operators run them, a real Redis, and clients of @holdfast/client.
import {
  Child,
  eventually,
  type Holdfast,
  hasRedis,
  type RedisServer,
  runHoldfast,
  runtime,
  startHoldfast,
  startRedis,
} from '@holdfast/testing'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { holdfastMain } from '../../../testing/src/run-holdfast.ts'
import {
  balancer,
  counting,
  meet,
  receivedBy,
  startNode,
  stateOf,
  talking,
  upgraded,
} from './fleet-traffic.ts'

let redis: RedisServer

const rebalance = (node: Holdfast, ...more: string[]) =>
  runHoldfast(['rebalance', '--admin', node.admin!, ...more])

const connectionsOf = async (node: Holdfast) =>
  (await stateOf(node)).workers.reduce((sum, { connections }) => sum + connections, 0)

describe.runIf(hasRedis)('a node that joins', () => {
  beforeAll(async () => {
    redis = await startRedis()
  })
  afterAll(async () => {
    await redis?.[Symbol.asyncDispose]()
  })

  test('is given its share: nothing is lost, doubled or out of order, and no application hears of it', async () => {
    await using upstream = await counting()
    await using front = await balancer()
    const start = () => startNode(redis, upstream.url, '1MiB')
    const nodes = await Promise.all([start(), start()])
    const clients: ReturnType<typeof talking>[] = []
    try {
      front.targets.push(...nodes.map(({ url }) => url))
      await meet(...nodes)
      for (let n = 0; n < 12; n++) clients.push(talking(`${front.url}/live${n}`))
      await eventually('all are there', () => clients.every(({ heard }) => heard > 5))
      expect(await Promise.all(nodes.map(connectionsOf))).toEqual([6, 6])
      // The sessions of one are in an old worker from then on. On Bun there is no live upgrade.
      if (!runtime().foreign) await upgraded(nodes[0]!)

      const third = await start()
      nodes.push(third)
      await meet(...nodes)
      front.targets.push(third.url)
      // Both at the same time, as an operator with two terminals.
      const done = await Promise.all([rebalance(nodes[0]!), rebalance(nodes[1]!, '--json')])
      for (const { code, stderr } of done) expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
      const [words, json] = done.map(({ stdout }) => stdout) as [string, string]
      expect(words).toMatch(
        /^2 sessions given in \d+s: it has no more than its share\n4 connections here, a share is 4$/,
      )
      expect(JSON.parse(json)).toMatchObject({
        why: 'balanced',
        before: 6,
        connections: 4,
        given: 2,
        notGiven: 0,
      })
      expect(await Promise.all(nodes.map(connectionsOf))).toEqual([4, 4, 4])
      expect(await receivedBy(third)).toBe('4')
      expect(String((await nodes[0]!.api('/metrics')).body)).toContain(
        'holdfast_fleet_rebalanced_total{result="given"} 2',
      )
      const lines = nodes[0]!.log.filter(({ msg }) => String(msg).startsWith('rebalance'))
      expect(lines).toMatchObject([{ connections: 6 }, { why: 'balanced', given: 2, connections: 4 }])

      // The new one has no more than the others.
      const again = await rebalance(third)
      expect(again).toMatchObject({ code: 0, stdout: expect.stringMatching(/^0 sessions given in 0s/) })

      const marks = clients.map(({ heard }) => heard)
      await eventually('they go on', () => clients.every(({ heard }, n) => heard > marks[n]! + 5))
      upstream.stop()
      for (const client of clients) client.isSending = false
      await eventually(
        'all has come',
        () =>
          clients.every((client, n) => {
            const { sent, heard } = upstream.clients.get(`/live${n}`)!
            return client.heard === sent && heard === client.sent
          }),
        {
          detail: () => JSON.stringify({ clients, upstream: [...upstream.clients], faults: upstream.faults }),
        },
      )
      expect(clients.flatMap(({ faults }) => faults)).toEqual([])
      expect(upstream.faults).toEqual([])
      expect(upstream.reattached).toHaveLength(4)
      expect(clients.map(({ told }) => told)).toEqual(clients.map(() => ['open']))
    } finally {
      for (const client of clients) client.end()
      for (const node of nodes) await node[Symbol.asyncDispose]()
    }
  })

  test('gets no more when the operator stops that with Ctrl-C, and what cannot be given stays', async () => {
    await using upstream = await counting()
    const nodes = await Promise.all([0, 1].map(() => startNode(redis, upstream.url, '1MiB')))
    const [one, two] = nodes as [Holdfast, Holdfast]
    const clients: ReturnType<typeof talking>[] = []
    try {
      await meet(one, two)
      for (let n = 0; n < 60; n++) clients.push(talking(`${one.url}/live${n}`))
      await eventually('all are there', () => clients.every(({ heard }) => heard > 5))
      const line = ['rebalance', '--admin', one.admin!, '--rate', '1', '--json']
      await using child = new Child(runtime().path, [holdfastMain, ...line], {})
      await eventually(
        'the first is given',
        async () => ((await stateOf(one)).fleet?.rebalance?.given ?? 0) > 0,
      )
      // One at a time.
      expect(await rebalance(one, '--json')).toMatchObject({
        code: 1,
        stdout: expect.stringContaining('"code": "rebalancing"'),
      })
      child.signal('SIGINT')
      expect(await child.changes.until('its end', () => child.exit)).toMatchObject({ code: 0 })
      const { why, given } = JSON.parse(child.stdout.join('\n'))
      expect(why).toBe('stopped')
      // Half of them would be half a minute's.
      expect(given).toBeLessThan(30)
      await eventually('both have theirs', async () => (await connectionsOf(two)) === given)
      expect(await connectionsOf(one)).toBe(60 - given)
    } finally {
      for (const client of clients) client.end()
      for (const node of nodes) await node[Symbol.asyncDispose]()
    }
  })
})

test('a gateway without a fleet says so', async () => {
  await using alone = await startHoldfast({ args: ['--upstream', 'ws://127.0.0.1:9'] })
  const { code, stderr } = await rebalance(alone)
  expect(code).toBe(1)
  expect(stderr).toContain('this gateway is alone: its configuration has no fleet')
  expect(await rebalance(alone, '--rate', 'much')).toMatchObject({ code: 2 })
  expect(await rebalance(alone, '--tolerance', '500')).toMatchObject({ code: 2 })
  expect(await rebalance(alone, '--timeout', '10ms')).toMatchObject({ code: 2 })
})
