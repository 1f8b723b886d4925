// Socket.IO over WebSocket only.
import { Server } from 'socket.io'
import { io } from 'socket.io-client'

export const about = {
  title: 'Socket.IO, WebSocket only',
  packages: ['socket.io', 'socket.io-client'],
  protocol: 'Engine.IO 4',
}

export function start({ port }) {
  const server = new Server(port)
  server.on('connection', (socket) => socket.on('say', (text) => server.emit('said', text)))
  return { stop: () => server.close() }
}

export function join({ host, port, heard, told, ...options }) {
  const socket = io(`http://${host}:${port}`, { forceNew: true, ...options })
  const ready = new Promise((resolve) => socket.on('connect', resolve))
  socket.on('said', heard)
  socket.on('connect', () => told('connect'))
  socket.on('disconnect', (why) => told(`disconnect: ${why}`))
  socket.on('connect_error', ({ message }) => told(message))
  return { ready, say: (text) => void socket.emit('say', text), leave: () => socket.disconnect() }
}

export function client(user) {
  return join({ ...user, transports: ['websocket'] })
}
