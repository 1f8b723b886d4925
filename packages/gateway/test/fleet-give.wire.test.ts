// Nodes that drain give their sessions to others: gateways as operators run them, a real Redis, and clients of @holdfast/client.
import { eventually, type Holdfast, hasRedis, type RedisServer, runtime, startRedis } from '@holdfast/testing'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import {
  balancer,
  counting,
  meet,
  receivedBy,
  sessionsOf,
  startNode,
  talking,
  upgraded,
} from './fleet-traffic.ts'
import { type ResumingClient, resumingClient, type SeenWelcome } from './resuming.ts'

/** One node more, to which sessions are given that were given already. */
const isFull = process.env.HOLDFAST_FULL === '1'

let redis: RedisServer

/** Tells it to go as Kubernetes does, and resolves to what it says of its drain. */
async function drained(node: Holdfast) {
  node.signal('SIGTERM')
  await node.exited
  return node.log.find(({ msg }) => msg === 'drain finished')
}

function back(client: ResumingClient, node: Holdfast): Promise<SeenWelcome> {
  client.url = client.url.replace(/:\d+/, `:${new URL(node.url).port}`)
  return eventually('a welcome', () => client.open().catch(() => undefined))
}

describe.runIf(hasRedis)('a node that drains', () => {
  beforeAll(async () => {
    redis = await startRedis()
  })
  afterAll(async () => {
    await redis?.[Symbol.asyncDispose]()
  })

  test('gives its sessions to others: nothing is lost, doubled or out of order, and no application hears of it', async () => {
    await using upstream = await counting()
    await using front = await balancer()
    const start = (buffer: string) => startNode(redis, upstream.url, buffer)
    // The second one has no room for any that is parked.
    const nodes = await Promise.all(['1MiB', '16KiB', '1MiB', ...(isFull ? ['1MiB'] : [])].map(start))
    const [one, narrow, ...others] = nodes as [Holdfast, Holdfast, Holdfast]
    const clients: ReturnType<typeof talking>[] = []
    try {
      await meet(...nodes)
      front.targets.push(one.url)
      for (let n = 0; n < 6; n++) clients.push(talking(`${front.url}/live${n}`))
      const parked = await resumingClient(`${one.url}/parked`)
      await eventually(
        'all are there',
        () => clients.every(({ heard }) => heard > 5) && parked.messages.length > 2,
      )
      parked.cut()
      await eventually('it is parked', async () => (await sessionsOf(one))?.parked === 1)

      front.targets.splice(0, 1, narrow.url, ...others.map(({ url }) => url))
      expect(await drained(one)).toMatchObject({ closed: 0, cut: 0, moved: 7, notGiven: 0 })
      const marks = clients.map(({ heard }) => heard)
      await eventually('they go on', () => clients.every(({ heard }, n) => heard > marks[n]! + 5))
      if (others.length > 1) {
        const two = others.shift()!
        front.targets.splice(0, 3, others[0].url)
        expect(await drained(two)).toMatchObject({ closed: 0, cut: 0, notGiven: 0 })
      }
      const [last] = others
      expect(await back(parked, last)).toMatchObject({ resumed: true })
      expect(parked.welcome).not.toHaveProperty('lost')
      parked.send('u0')

      upstream.stop()
      for (const client of clients) client.isSending = false
      const seen = () => JSON.stringify({ clients, upstream: [...upstream.clients], faults: upstream.faults })
      await eventually(
        'all has come',
        () =>
          clients.every((client, n) => {
            const { sent, heard } = upstream.clients.get(`/live${n}`)!
            return client.heard === sent && heard === client.sent
          }),
        { detail: seen },
      )
      const its = upstream.clients.get('/parked')!
      await eventually('all of it', () => parked.messages.length === its.sent && its.heard === 1, {
        detail: seen,
      })
      expect(parked.messages).toEqual(parked.messages.map((_, n) => `d${n}`))
      expect(clients.flatMap(({ faults }) => faults)).toEqual([])
      expect(upstream.faults).toEqual([])
      expect(clients.map(({ told }) => told)).toEqual(clients.map(() => ['open']))
      expect(await receivedBy(narrow)).toBeUndefined()
      expect(await receivedBy(last)).toBeDefined()

      // The last one has nobody to give them to: they end as before.
      const end = drained(last)
      expect(await parked.connection!.closeFrame()).toMatchObject({ code: 1012 })
      expect(await end).toMatchObject({ moved: 0, notGiven: 7 })
    } finally {
      for (const client of clients) client.end()
      for (const node of nodes) await node[Symbol.asyncDispose]()
    }
  })

  // On Bun there is no live upgrade.
  test.skipIf(runtime().foreign)(
    'gives also those that live upgrades have left in old workers, once and twice, and nobody hears of it',
    async () => {
      await using upstream = await counting()
      await using front = await balancer()
      const start = () => startNode(redis, upstream.url, '1MiB')
      const nodes = await Promise.all([start(), start()])
      const [one, two] = nodes as [Holdfast, Holdfast]
      const clients: ReturnType<typeof talking>[] = []
      const join = (url: string) => {
        // One of them in binary, both ways.
        const name = `${clients.length === 1 ? 'binary' : 'live'}${clients.length}`
        clients.push(talking(`${url}/${name}`))
        return eventually('it is there', () => clients.at(-1)!.heard > 5)
      }
      const goOn = async () => {
        const marks = clients.map(({ heard }) => heard)
        await eventually('they go on', () => clients.every(({ heard }, n) => heard > marks[n]! + 5))
      }
      try {
        await meet(...nodes)
        front.targets.push(one.url)
        const away = await resumingClient(`${one.url}/away`)
        const parked = await resumingClient(`${one.url}/parked`)
        await eventually('both hear', () => [away, parked].every(({ messages }) => messages.length > 2))
        // Before the upgrades, and between them.
        parked.cut()
        await join(front.url)
        await upgraded(one)
        await join(front.url)
        away.cut()
        await eventually('they are away', async () => (await sessionsOf(one))?.parked === 2)
        await upgraded(one)
        await join(front.url)
        await goOn()

        front.targets.splice(0, 1, two.url)
        expect(await drained(one)).toMatchObject({ closed: 0, cut: 0, moved: 5, notGiven: 0 })
        await goOn()
        expect(await sessionsOf(two)).toMatchObject({ parked: 2, connected: 3 })

        const three = await start()
        nodes.push(three)
        await meet(two, three)
        // What it was given, and one that is back.
        expect(await back(parked, two)).toMatchObject({ resumed: true })
        parked.send('u0')
        await upgraded(two)
        front.targets.splice(0, 1, three.url)
        expect(await drained(two)).toMatchObject({ closed: 0, cut: 0, moved: 5, notGiven: 0 })
        await goOn()
        expect(await back(parked, three)).toMatchObject({ resumed: true })
        expect(await back(away, three)).toMatchObject({ resumed: true })
        parked.send('u1')
        away.send('u0')

        upstream.stop()
        for (const client of clients) client.isSending = false
        const seen = () =>
          JSON.stringify({ clients, upstream: [...upstream.clients], faults: upstream.faults })
        await eventually(
          'all has come',
          () =>
            clients.every((client, n) => {
              const { sent, heard } = upstream.clients.get(`/${n === 1 ? 'binary' : 'live'}${n}`)!
              return client.heard === sent && heard === client.sent
            }),
          { detail: seen },
        )
        for (const [client, path, said] of [
          [parked, '/parked', 2],
          [away, '/away', 1],
        ] as const) {
          const its = upstream.clients.get(path)!
          await eventually('all of it', () => client.messages.length === its.sent && its.heard === said, {
            detail: seen,
          })
          expect(client.messages).toEqual(client.messages.map((_, n) => `d${n}`))
          expect(client.welcome).not.toHaveProperty('lost')
        }
        expect(clients.flatMap(({ faults }) => faults)).toEqual([])
        expect(upstream.faults).toEqual([])
        expect(clients.map(({ told }) => told)).toEqual(clients.map(() => ['open']))
      } finally {
        for (const client of clients) client.end()
        for (const node of nodes) await node[Symbol.asyncDispose]()
      }
    },
  )
})
