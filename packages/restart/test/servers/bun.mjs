import { bunSockets } from '@holdfast/restart'
import { restartable, say } from './common.mjs'

const websocket = bunSockets({
  message: (socket, message) => socket.send(message),
})
const server = Bun.serve({
  port: 0,
  hostname: '127.0.0.1',
  fetch: (request, server) => (server.upgrade(request) ? undefined : new Response('hello')),
  websocket,
})
restartable([server, websocket])
say({ port: server.port })
