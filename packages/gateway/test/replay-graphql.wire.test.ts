// Restarts of a graphql-ws server under its own client, through a gateway that replays graphql-transport-ws.
import { createRequire } from 'node:module'
import { Changes, startGateway } from '@holdfast/testing'
import type { GraphQLError } from 'graphql'
import { type Client, createClient } from 'graphql-ws'
import { useServer } from 'graphql-ws/use/ws'
import { expect, test } from 'vitest'
import { WebSocket } from 'ws'
import { type Backend, type Departure, startBackend } from './peers/replay-backend.ts'

// The copy of graphql that Node gives to graphql-ws; the test runner takes another, and the two do not mix.
const { buildSchema } = createRequire(import.meta.url)('graphql') as typeof import('graphql')

const schema = buildSchema(`
  type Query { slow(id: Int): Int }
  type Mutation { pay(id: Int): Int }
  type Subscription { news(topic: Int): String }
`)

const hold = {
  for: 20_000,
  on: [1012, 'lost' as const],
  buffer: 256 * 1024,
  state: 'auto' as const,
  replay: { by: 'protocol' as const, name: 'graphql-transport-ws' },
}

/** What the resolvers share: it outlives the server, as a broker does. */
class Shop {
  readonly changes = new Changes()
  readonly calls: string[] = []
  /** Queries and mutations answer while it is open. */
  open = false
  /** How many subscriptions have begun, those included that have ended. */
  begun = 0
  readonly subscribers = new Map<number, Set<(text: string) => void>>()
  /** Payloads of the connection_inits. */
  readonly inits: unknown[] = []

  get subscriptions(): number {
    return [...this.subscribers.values()].reduce((sum, { size }) => sum + size, 0)
  }

  publish(text: string): void {
    for (const topic of this.subscribers.values()) for (const tell of topic) tell(text)
  }

  readonly roots = {
    query: { slow: ({ id }: { id: number }) => this.#answer('slow', id) },
    mutation: { pay: ({ id }: { id: number }) => this.#answer('pay', id) },
    subscription: { news: ({ topic }: { topic: number }) => this.#news(topic) },
  }

  async #answer(what: string, id: number): Promise<number> {
    this.calls.push(`${what} ${id}`)
    this.changes.notify()
    if (!this.open) await new Promise(() => {})
    return id
  }

  #news(topic: number): AsyncGenerator<{ news: string }> {
    const waiting: string[] = []
    const told = new Changes()
    const tell = (text: string) => {
      waiting.push(text)
      told.notify()
    }
    const topics = this.subscribers.get(topic) ?? new Set()
    this.subscribers.set(topic, topics.add(tell))
    this.begun += 1
    this.changes.notify()
    let ended = false
    const generator = {
      async next() {
        await told.until('news', () => waiting.length > 0 || ended, { limit: 60_000 })
        return ended ? { done: true, value: undefined } : { done: false, value: { news: waiting.shift()! } }
      },
      return: async () => {
        ended = true
        topics.delete(tell)
        told.notify()
        this.changes.notify()
        return { done: true, value: undefined }
      },
      [Symbol.asyncIterator]: () => generator,
    }
    return generator as unknown as AsyncGenerator<{ news: string }>
  }
}

function startShop(shop: Shop): Promise<Backend> {
  return startBackend((server) => {
    const onConnect = async ({ connectionParams }: { connectionParams?: unknown }) => {
      shop.inits.push(connectionParams)
      // A server that looks the token up first closes with 4401 on what comes before its acknowledgement.
      await new Promise((resolve) => setTimeout(resolve, 20))
    }
    useServer({ schema, roots: shop.roots, onConnect }, server)
  }, shop.changes)
}

/** What a client's application saw of the connection itself. */
function watchedClient(url: string): { client: Client; seen: string[] } {
  const seen: string[] = []
  const client = createClient({
    url,
    webSocketImpl: WebSocket,
    retryAttempts: 0,
    lazy: false,
    connectionParams: { token: 't' },
    onNonLazyError: () => {},
    on: {
      connected: () => seen.push('connected'),
      message: ({ type }) => type === 'connection_ack' && seen.push('ack'),
      closed: (event) => seen.push(`closed ${(event as { code: number }).code}`),
      error: (error) => seen.push(`error ${error}`),
    },
  })
  return { client, seen }
}

interface Results {
  data: unknown[]
  errors: unknown[]
  completed: boolean
  readonly changes: Changes
}

function run(client: Client, query: string): Results {
  const results: Results = { data: [], errors: [], completed: false, changes: new Changes() }
  client.subscribe(
    { query },
    {
      next: ({ data }) => {
        results.data.push(data)
        results.changes.notify()
      },
      error: (error) => {
        results.errors.push(error)
        results.changes.notify()
      },
      complete: () => {
        results.completed = true
        results.changes.notify()
      },
    },
  )
  return results
}

test.each<Departure>([1012, 'reset'])(
  '200 live subscriptions go on through three restarts (%s)',
  async (how) => {
    const shop = new Shop()
    await using backend = await startShop(shop)
    await using gateway = await startGateway({ upstreams: [backend.url], hold })
    const { client, seen } = watchedClient(gateway.url)
    const feeds = Array.from({ length: 200 }, (_, topic) =>
      run(client, `subscription { news(topic: ${topic}) }`),
    )
    const expected: object[] = []
    for (const text of ['first', 'second', 'third', 'fourth']) {
      const all = 200 * (expected.length + 1)
      const live = () => shop.begun === all && shop.subscriptions === 200
      await shop.changes.until('200 subscriptions', live)
      shop.publish(text)
      expected.push({ news: text })
      for (const feed of feeds) await feed.changes.until(text, () => feed.data.length === expected.length)
      if (text !== 'fourth') await backend.restart(how)
    }
    for (const feed of feeds) expect(feed).toMatchObject({ data: expected, errors: [], completed: false })
    expect(seen).toEqual(['ack', 'connected'])
    expect(shop.inits).toEqual(new Array(4).fill({ token: 't' }))
    await client.dispose()
  },
)

test('a mutation in flight is not run twice and fails for the client, a query in flight runs again', async () => {
  const shop = new Shop()
  await using backend = await startShop(shop)
  await using gateway = await startGateway({ upstreams: [backend.url], hold })
  const { client, seen } = watchedClient(gateway.url)
  const feed = run(client, 'subscription { news(topic: 1) }')
  const query = run(client, '{ slow(id: 7) }')
  const mutation = run(client, 'mutation { pay(id: 7) }')
  await shop.changes.until('both are running', () => shop.calls.length === 2 && shop.subscriptions === 1)
  shop.open = true
  await backend.restart()
  await query.changes.until('the result of the query', () => query.completed)
  expect(query.data).toEqual([{ slow: 7 }])
  expect(mutation).toMatchObject({ data: [], completed: false })
  expect(mutation.errors).toHaveLength(1)
  const [error] = mutation.errors[0] as GraphQLError[]
  expect(error).toMatchObject({ extensions: { code: 'SERVICE_RESTART' } })
  const later = run(client, 'mutation { pay(id: 8) }')
  await later.changes.until('the later mutation', () => later.completed)
  shop.publish('still here')
  await feed.changes.until('news', () => feed.data.length === 1)
  expect(shop.calls.filter((call) => call.startsWith('pay'))).toEqual(['pay 7', 'pay 8'])
  expect(seen).toEqual(['ack', 'connected'])
  await client.dispose()
})

test('what a client subscribes to while no server is there begins when one is, and what it ended stays ended', async () => {
  const shop = new Shop()
  await using backend = await startShop(shop)
  await using gateway = await startGateway({ upstreams: [backend.url], hold })
  const { client, seen } = watchedClient(gateway.url)
  const ended = client.iterate({ query: 'subscription { news(topic: 1) }' })
  const first = ended.next()
  await shop.changes.until('one subscription', () => shop.subscriptions === 1)
  await backend.stop(1012)
  await gateway.waitForEvent('the hold', (event) => event.type === 'hold')
  const begun = run(client, 'subscription { news(topic: 2) }')
  await ended.return!(undefined)
  expect(await first).toMatchObject({ done: true })
  await backend.start()
  await shop.changes.until('one subscription again', () => shop.subscribers.get(2)?.size === 1)
  await shop.changes.until('the end of the other', () => shop.subscriptions === 1)
  shop.publish('news')
  await begun.changes.until('news', () => begun.data.length === 1)
  expect(seen).toEqual(['ack', 'connected'])
  await client.dispose()
})
