// SockJS over its WebSocket transport. Its client does not come back by itself: the application opens a new one.
import { createServer } from 'node:http'
import sockjs from 'sockjs'
import SockJS from 'sockjs-client'

export const about = {
  title: 'SockJS, WebSocket transport',
  packages: ['sockjs', 'sockjs-client'],
  protocol: 'SockJS',
}

export async function start({ port }) {
  const room = new Set()
  const echo = sockjs.createServer({ prefix: '/room', log: () => undefined })
  echo.on('connection', (socket) => {
    room.add(socket)
    socket.on('data', (text) => {
      for (const member of room) member.write(text)
    })
    socket.on('close', () => room.delete(socket))
  })
  const http = createServer()
  echo.installHandlers(http)
  await new Promise((resolve) => http.listen(port, '127.0.0.1', resolve))
  return {
    stop() {
      for (const member of room) member.close(1001, 'going away')
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
    socket = new SockJS(`http://${host}:${port}/room`, null, { transports: ['websocket'] })
    socket.onopen = () => {
      told('open')
      entered()
    }
    socket.onmessage = ({ data }) => heard(data)
    socket.onclose = ({ code, reason }) => {
      told(`close ${code} ${reason}`)
      if (!gone) setTimeout(open, 1000)
    }
  }
  open()
  const leave = () => {
    gone = true
    socket.close()
  }
  return { ready, say: (text) => socket.send(text), leave }
}
