import websocket from '@fastify/websocket'
import Fastify from 'fastify'
import { restartable, say } from './common.mjs'

const app = Fastify()
restartable(app)
app.register(websocket)
app.register(async (routes) => {
  routes.get('/', {
    handler: (_, reply) => reply.send('hello'),
    wsHandler: (socket) => {
      socket.on('message', (data, binary) => socket.send(data, { binary }))
    },
  })
})
app.addHook('onClose', async () => say({ hook: 'onClose' }))
// A name, not an address: Fastify then listens on more than one.
await app.listen({ port: 0, host: 'localhost' })
say({ port: app.server.address().port, addresses: app.addresses() })
