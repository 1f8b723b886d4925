// SocketCluster: a channel, with acknowledged publishes.
import { createServer } from 'node:http'
import client_ from 'socketcluster-client'
import server_ from 'socketcluster-server'

export const about = {
  title: 'SocketCluster',
  packages: ['socketcluster-server', 'socketcluster-client'],
  protocol: 'SocketCluster',
}

export async function start({ port }) {
  const http = createServer()
  const server = server_.attach(http)
  await new Promise((resolve) => http.listen(port, '127.0.0.1', resolve))
  await server.listener('ready').once()
  return { stop: () => server.close() }
}

export function client({ host, port, heard, told }) {
  const socket = client_.create({ hostname: host, port })
  const follow = async (stream, act) => {
    for await (const event of stream) act(event)
  }
  const channel = socket.subscribe('room')
  follow(channel, heard)
  follow(socket.listener('connect'), () => told('connect'))
  follow(socket.listener('disconnect'), ({ code }) => told(`disconnect ${code}`))
  follow(socket.listener('connectAbort'), ({ code }) => told(`connectAbort ${code}`))
  follow(socket.listener('error'), ({ error }) => told(`error: ${error.message}`))
  return {
    ready: channel.listener('subscribe').once(),
    say: (text) => socket.invokePublish('room', text),
    leave: () => socket.disconnect(),
  }
}
