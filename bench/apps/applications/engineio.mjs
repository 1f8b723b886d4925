// engine.io alone, WebSocket only. Its client does not come back by itself: the application opens a new one, as its users do.
import { createServer } from 'node:http'
import { attach } from 'engine.io'
import { Socket } from 'engine.io-client'

export const about = {
  title: 'engine.io, WebSocket only',
  packages: ['engine.io', 'engine.io-client'],
  protocol: 'Engine.IO 4',
}

export async function start({ port }) {
  const http = createServer()
  const server = attach(http)
  const room = new Set()
  server.on('connection', (socket) => {
    room.add(socket)
    socket.on('message', (text) => {
      for (const member of room) member.send(text)
    })
    socket.on('close', () => room.delete(socket))
  })
  await new Promise((resolve) => http.listen(port, '127.0.0.1', resolve))
  return {
    stop() {
      server.close()
      return new Promise((resolve) => http.close(resolve))
    },
  }
}

export function client({ host, port, heard, told }) {
  let socket
  let gone = false
  let entered
  const ready = new Promise((resolve) => {
    entered = resolve
  })
  function open() {
    socket = new Socket(`ws://${host}:${port}`, { transports: ['websocket'] })
    socket.on('open', () => {
      told('open')
      entered()
    })
    socket.on('message', heard)
    socket.on('close', (why) => {
      told(`close: ${why}`)
      if (!gone) setTimeout(open, 1000)
    })
    socket.on('error', (error) => told(`error: ${error.message}`))
  }
  open()
  const say = (text) => {
    if (socket.readyState !== 'open') throw new Error('not open')
    socket.send(text)
  }
  const leave = () => {
    gone = true
    socket.close()
  }
  return { ready, say, leave }
}
