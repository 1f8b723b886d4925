// A chat: what is said in a room, all who are in it hear. The path is the room.
import { gracefulRestart } from '@holdfast/restart'
import { WebSocketServer } from 'ws'

const server = new WebSocketServer({ host: '127.0.0.1', port: Number(process.argv[2] ?? 3000) })
server.on('listening', () => console.log(`listening on ws://127.0.0.1:${server.address().port}`))
server.on('connection', (socket, { url }) => {
  socket.room = url
  socket.on('message', (data) => {
    for (const other of server.clients) if (other.room === url) other.send(String(data))
  })
})
gracefulRestart(server, { spread: 0, signals: ['SIGTERM', 'SIGINT'] })
