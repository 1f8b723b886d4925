import { createRequire } from 'node:module'
import { eventually } from '@holdfast/testing'
import { createClient } from 'graphql-ws'
import { useServer } from 'graphql-ws/use/ws'
import { describe, expect, it } from 'vitest'
import { WebSocket as Ws } from 'ws'
import { type Transport, transport } from '../../src/transport.ts'
import { backend, values } from './restarts.ts'

// As Node resolves it for graphql-ws: graphql refuses a schema of a second copy of itself.
const { GraphQLObjectType, GraphQLSchema, GraphQLString } = createRequire(import.meta.url)(
  'graphql',
) as typeof import('graphql')

const text = { type: GraphQLString }

/** A server whose subscription says its name and then waits. */
const start = (name: string, port?: number) => {
  const schema = new GraphQLSchema({
    query: new GraphQLObjectType({ name: 'Query', fields: { name: { ...text, resolve: () => name } } }),
    subscription: new GraphQLObjectType({
      name: 'Subscription',
      fields: {
        name: {
          ...text,
          async *subscribe() {
            yield { name }
            await new Promise(() => {})
          },
        },
      },
    }),
  })
  return backend({
    port,
    protocols: ['graphql-transport-ws'],
    serve: (server) => useServer({ schema }, server),
  })
}

/** As in the README. */
function connect(port: number, { WebSocket, retryIn }: Transport) {
  return createClient({
    url: `ws://127.0.0.1:${port}`,
    webSocketImpl: WebSocket,
    retryAttempts: Number.POSITIVE_INFINITY,
    shouldRetry: () => retryIn() !== null,
    retryWait: () => new Promise((resolve) => setTimeout(resolve, retryIn() ?? 0)),
  })
}

describe('graphql-ws', () => {
  it('keeps a subscription over a restart, and comes back when the server says', async () => {
    const first = await start('first')
    const client = connect(first.port, transport({ WebSocket: Ws }))
    const seen: unknown[] = []
    let connected = 0
    client.on('connected', () => connected++)
    client.subscribe(
      { query: 'subscription { name }' },
      { next: ({ data }) => seen.push(data?.name), error: (error) => seen.push(error), complete: () => {} },
    )
    await values(seen, 1)
    await first.leave(1012, 'service restart; retry=300')
    const left = performance.now()
    await using _second = await start('second', first.port)
    expect(await values(seen, 2)).toEqual(['first', 'second'])
    expect(performance.now() - left).toBeGreaterThan(250)
    expect(connected).toBe(2)
    await client.dispose()
  })

  it('comes back through an outage in which every attempt fails', async () => {
    const first = await start('first')
    const client = connect(first.port, transport({ WebSocket: Ws, random: () => 0.01 }))
    const seen: unknown[] = []
    let attempts = 0
    client.on('connecting', () => attempts++)
    client.subscribe(
      { query: 'subscription { name }' },
      { next: ({ data }) => seen.push(data?.name), error: (error) => seen.push(error), complete: () => {} },
    )
    await values(seen, 1)
    await first.leave(1001, 'going away')
    await eventually('two more attempts', () => attempts >= 3)
    await using _second = await start('second', first.port)
    expect(await values(seen, 2)).toEqual(['first', 'second'])
    await client.dispose()
  })

  it('tells the sink of a close after which there is no return', async () => {
    await using server = await start('first')
    const client = connect(server.port, transport({ WebSocket: Ws }))
    const seen: unknown[] = []
    client.subscribe(
      { query: 'subscription { name }' },
      { next: () => seen.push('next'), error: (error) => seen.push(error), complete: () => {} },
    )
    await values(seen, 1)
    await server.leave(3000, 'who are you?')
    await values(seen, 2)
    expect(seen[1]).toMatchObject({ code: 3000, reason: 'who are you?' })
    await client.dispose()
  })
})
