// GraphQL Yoga with graphql-ws as its documentation shows it, and Apollo Client over GraphQLWsLink.
import { createServer } from 'node:http'
import { ApolloClient, gql, InMemoryCache } from '@apollo/client'
import { GraphQLWsLink } from '@apollo/client/link/subscriptions'
import { createClient } from 'graphql-ws'
import { useServer } from 'graphql-ws/use/ws'
import { createSchema, createYoga } from 'graphql-yoga'
import WebSocket, { WebSocketServer } from 'ws'
import { definitions, resolvers, said, say } from './graphql-room.mjs'

export const about = {
  title: 'GraphQL Yoga, Apollo Client',
  packages: ['graphql-yoga', '@apollo/client', 'graphql-ws', 'graphql', 'ws'],
  protocol: 'graphql-transport-ws',
}

export async function start({ port }) {
  const yoga = createYoga({ schema: createSchema({ typeDefs: definitions, resolvers }), logging: false })
  const http = createServer(yoga)
  const server = new WebSocketServer({ server: http, path: yoga.graphqlEndpoint })
  const { dispose } = useServer(
    {
      execute: (args) => args.rootValue.execute(args),
      subscribe: (args) => args.rootValue.subscribe(args),
      onSubscribe: async (context, _id, params) => {
        const request = { req: context.extra.request, socket: context.extra.socket, params }
        const { schema, execute, subscribe, contextFactory, parse, validate } = yoga.getEnveloped(request)
        const args = {
          schema,
          operationName: params.operationName,
          document: parse(params.query),
          variableValues: params.variables,
          contextValue: await contextFactory(),
          rootValue: { execute, subscribe },
        }
        const errors = validate(args.schema, args.document)
        return errors.length > 0 ? errors : args
      },
    },
    server,
  )
  await new Promise((resolve) => http.listen(port, '127.0.0.1', resolve))
  return { stop: dispose }
}

export function client({ host, port, heard, told }) {
  const socket = createClient({
    url: `ws://${host}:${port}/graphql`,
    webSocketImpl: WebSocket,
    retryAttempts: Number.POSITIVE_INFINITY,
    shouldRetry: () => true,
  })
  socket.on('opened', () => told('open'))
  socket.on('closed', ({ code }) => told(`close ${code}`))
  const apollo = new ApolloClient({ link: new GraphQLWsLink(socket), cache: new InMemoryCache() })
  apollo.subscribe({ query: gql(said) }).subscribe({
    next: ({ data, error }) => (error ? told(error.message) : heard(data.said)),
    error: (error) => told(`subscription error ${error.message}`),
    complete: () => told('subscription complete'),
  })
  return {
    ready: new Promise((resolve) => socket.on('connected', () => setTimeout(resolve, 100))),
    say: (text) => apollo.mutate({ mutation: gql(say), variables: { text } }),
    leave: () => socket.dispose(),
  }
}
