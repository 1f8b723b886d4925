// The plainest chat: the first message joins, and the server forgets on restart. The client joins on each `open`.
import Reconnecting from 'reconnecting-websocket'
import WebSocket, { WebSocketServer } from 'ws'

export const about = {
  title: 'chat on ws, reconnecting-websocket',
  packages: ['ws', 'reconnecting-websocket'],
  protocol: 'JSON, join first',
  hold: { replay: { first: 1 } },
}

export function start({ port }) {
  const room = new Set()
  const server = new WebSocketServer({ port, host: '127.0.0.1' })
  server.on('connection', (socket) => {
    socket.on('message', (data) => {
      const { type, text } = JSON.parse(data)
      if (type === 'join') room.add(socket)
      else if (!room.has(socket)) socket.send(JSON.stringify({ error: 'not in a room' }))
      else for (const member of room) member.send(JSON.stringify({ text }))
    })
    socket.on('close', () => room.delete(socket))
  })
  return {
    stop() {
      for (const socket of server.clients) socket.close(1001)
      return new Promise((resolve) => server.close(resolve))
    },
  }
}

export function client({ host, port, heard, told }) {
  const socket = new (Reconnecting.default ?? Reconnecting)(`ws://${host}:${port}`, [], { WebSocket })
  const ready = new Promise((resolve) => socket.addEventListener('open', resolve))
  socket.addEventListener('open', () => {
    socket.send(JSON.stringify({ type: 'join' }))
    told('open')
  })
  socket.addEventListener('close', ({ code }) => told(`close ${code}`))
  socket.addEventListener('message', ({ data }) => {
    const { text, error } = JSON.parse(data)
    if (error) told(error)
    else heard(text)
  })
  return {
    ready,
    say: (text) => socket.send(JSON.stringify({ type: 'say', text })),
    leave: () => socket.close(),
  }
}
