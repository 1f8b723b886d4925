// Faye: Bayeux over its WebSocket transport.
import { createServer } from 'node:http'
import faye from 'faye'

export const about = { title: 'Faye', packages: ['faye'], protocol: 'Bayeux' }

export async function start({ port }) {
  const bayeux = new faye.NodeAdapter({ mount: '/faye', timeout: 45 })
  const http = createServer()
  bayeux.attach(http)
  await new Promise((resolve) => http.listen(port, '127.0.0.1', resolve))
  return { stop: () => bayeux.close() }
}

export function client({ host, port, heard, told }) {
  const socket = new faye.Client(`http://${host}:${port}/faye`)
  socket.on('transport:up', () => told('up'))
  socket.on('transport:down', () => told('down'))
  const subscription = socket.subscribe('/room', ({ text }) => heard(text))
  return {
    ready: subscription,
    say: (text) => socket.publish('/room', { text }),
    leave: () => socket.disconnect(),
  }
}
