// graphql-ws on ws, with its own client as its recipes set it up for servers that restart: `shouldRetry` always.
import { buildSchema } from 'graphql'
import { createClient } from 'graphql-ws'
import { useServer } from 'graphql-ws/use/ws'
import WebSocket, { WebSocketServer } from 'ws'
import { definitions, join, roots } from './graphql-room.mjs'

export const about = {
  title: 'graphql-ws',
  packages: ['graphql-ws', 'graphql', 'ws'],
  protocol: 'graphql-transport-ws',
}

export function start({ port }) {
  const server = new WebSocketServer({ port, host: '127.0.0.1' })
  const { dispose } = useServer({ schema: buildSchema(definitions), roots }, server)
  return { stop: dispose }
}

export function client({ host, port, ...user }) {
  const options = {
    webSocketImpl: WebSocket,
    lazy: false,
    retryAttempts: Number.POSITIVE_INFINITY,
    shouldRetry: () => true,
  }
  return join(createClient({ url: `ws://${host}:${port}`, ...options }), user)
}
