// A backend that echoes. HELPER=1: it leaves as @holdfast/restart does; otherwise SIGTERM just ends it, as it ends most.
import { gracefulRestart } from '@holdfast/restart'
import { WebSocketServer } from 'ws'

const server = new WebSocketServer({
  port: Number(process.env.PORT),
  host: '127.0.0.1',
  backlog: 4096,
  perMessageDeflate: false,
})
server.on('connection', (socket) => {
  socket.on('message', (data, binary) => socket.send(data, { binary }))
  socket.on('error', () => {})
})
if (process.env.HELPER) gracefulRestart(server, { spread: '1s', deadline: '10s' })
