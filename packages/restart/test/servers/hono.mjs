import { serve } from '@hono/node-server'
import { createNodeWebSocket } from '@hono/node-ws'
import { Hono } from 'hono'
import { restartable, say } from './common.mjs'

const app = new Hono()
const nodeWebSocket = createNodeWebSocket({ app })
app.get(
  '/',
  nodeWebSocket.upgradeWebSocket(() => ({
    onMessage: (event, socket) => socket.send(event.data),
  })),
)
app.get('/', (context) => context.text('hello'))
const server = serve({ fetch: app.fetch, port: 0, hostname: '127.0.0.1' }, ({ port }) => say({ port }))
nodeWebSocket.injectWebSocket(server)
restartable([server, nodeWebSocket])
