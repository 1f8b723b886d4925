import { WebSocketServer } from 'ws'
import { restartable, say } from './common.mjs'

const server = new WebSocketServer({ port: 0, host: '127.0.0.1' })
server.on('connection', (socket) => {
  socket.on('message', (data, binary) => socket.send(data, { binary }))
})
restartable(server)
server.on('listening', () => say({ port: server.address().port }))
