// A board that sends each notice to whoever is connected; a message needs nothing that was said before. partysocket.
import { WebSocket as Party } from 'partysocket'
import WebSocket, { WebSocketServer } from 'ws'

export const about = {
  title: 'notice board on ws, partysocket',
  packages: ['ws', 'partysocket'],
  protocol: 'text, every message stands for itself',
  hold: { state: 'none' },
}

export function start({ port }) {
  const server = new WebSocketServer({ port, host: '127.0.0.1' })
  server.on('connection', (socket) => {
    socket.on('message', (data) => {
      for (const member of server.clients) member.send(String(data))
    })
  })
  return {
    stop() {
      for (const socket of server.clients) socket.close(1012)
      return new Promise((resolve) => server.close(resolve))
    },
  }
}

export function client({ host, port, heard, told }) {
  const socket = new Party(`ws://${host}:${port}`, [], { WebSocket })
  const ready = new Promise((resolve) => socket.addEventListener('open', resolve))
  socket.addEventListener('open', () => told('open'))
  socket.addEventListener('close', ({ code }) => told(`close ${code}`))
  socket.addEventListener('message', ({ data }) => heard(data))
  return { ready, say: (text) => socket.send(text), leave: () => socket.close() }
}
