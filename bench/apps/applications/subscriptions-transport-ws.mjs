// The old GraphQL protocol `graphql-ws`, as subscriptions-transport-ws speaks it on both sides.
import { createServer } from 'node:http'
import { buildSchema, execute, subscribe } from 'graphql'
import transport from 'subscriptions-transport-ws'
import WebSocket from 'ws'
import { definitions, roots, said, say } from './graphql-room.mjs'

const { SubscriptionClient, SubscriptionServer } = transport

export const about = {
  title: 'subscriptions-transport-ws',
  packages: ['subscriptions-transport-ws', 'graphql'],
  protocol: 'graphql-ws (the old one)',
}

export async function start({ port }) {
  const http = createServer()
  const schema = buildSchema(definitions)
  const rootValue = { ...roots.mutation, ...roots.subscription }
  const server = SubscriptionServer.create(
    { schema, rootValue, execute, subscribe },
    { server: http, path: '/' },
  )
  await new Promise((resolve) => http.listen(port, '127.0.0.1', resolve))
  return { stop: () => server.close() }
}

export function client({ host, port, heard, told }) {
  const socket = new SubscriptionClient(`ws://${host}:${port}/`, { reconnect: true }, WebSocket)
  socket.onConnected(() => told('open'))
  socket.onReconnected(() => told('open again'))
  socket.onDisconnected(() => told('close'))
  socket.request({ query: said }).subscribe({
    next: ({ data, errors }) => (errors ? told(errors[0].message) : heard(data.said)),
    error: (error) => told(`subscription error ${error.message}`),
    complete: () => told('subscription complete'),
  })
  return {
    ready: new Promise((resolve) => socket.onConnected(() => setTimeout(resolve, 100))),
    say: (text) =>
      new Promise((resolve, reject) => {
        socket.request({ query: say, variables: { text } }).subscribe({ next: resolve, error: reject })
      }),
    leave: () => socket.close(),
  }
}
