// Mercurius on Fastify in its full WebSocket transport, with the client of graphql-ws.
import fastify from 'fastify'
import { createClient } from 'graphql-ws'
import mercurius from 'mercurius'
import WebSocket from 'ws'
import { definitions, join } from './graphql-room.mjs'

export const about = {
  title: 'Mercurius, graphql-ws',
  packages: ['mercurius', 'fastify', 'graphql-ws', 'graphql'],
  protocol: 'graphql-transport-ws',
}

export async function start({ port }) {
  const server = fastify()
  server.register(mercurius, {
    schema: definitions,
    subscription: { fullWsTransport: true },
    resolvers: {
      Mutation: {
        say: async (_, { text }, { pubsub }) => {
          await pubsub.publish({ topic: 'room', payload: { said: text } })
          return true
        },
      },
      Subscription: { said: { subscribe: (_, __, { pubsub }) => pubsub.subscribe('room') } },
    },
  })
  await server.listen({ port, host: '127.0.0.1' })
  return { stop: () => server.close() }
}

export function client({ host, port, ...user }) {
  const options = {
    webSocketImpl: WebSocket,
    lazy: false,
    retryAttempts: Number.POSITIVE_INFINITY,
    shouldRetry: () => true,
  }
  return join(createClient({ url: `ws://${host}:${port}/graphql`, ...options }), user)
}
