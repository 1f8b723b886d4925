// stomp-broker-js, with @stomp/stompjs.
import { createServer } from 'node:http'
import { Client } from '@stomp/stompjs'
import StompServer from 'stomp-broker-js'
import WebSocket from 'ws'

export const about = {
  title: 'stomp-broker-js, stompjs',
  packages: ['stomp-broker-js', '@stomp/stompjs', 'ws'],
  protocol: 'STOMP 1.2',
}

export async function start({ port }) {
  const http = createServer()
  new StompServer({ server: http, path: '/ws' })
  await new Promise((resolve) => http.listen(port, '127.0.0.1', resolve))
}

/** A topic over stompjs. */
export function join({ url, topic, heard, told, ...options }) {
  const socket = new Client({
    webSocketFactory: () => new WebSocket(url, ['v12.stomp', 'v11.stomp', 'v10.stomp']),
    reconnectDelay: 1000,
    forceBinaryWSFrames: false,
    ...options,
  })
  const ready = new Promise((resolve) => {
    socket.onConnect = () => {
      told('connect')
      socket.subscribe(topic, ({ body }) => heard(body))
      // A receipt would need a broker that gives one; what follows on the connection comes behind the subscription.
      setTimeout(resolve, 100)
    }
  })
  socket.onWebSocketClose = ({ code }) => told(`close ${code}`)
  socket.onStompError = ({ headers }) => told(`ERROR ${headers.message}`)
  socket.activate()
  return {
    ready,
    say: (body) => socket.publish({ destination: topic, body }),
    leave: () => socket.deactivate({ force: true }),
  }
}

export function client({ host, port, ...user }) {
  return join({ url: `ws://${host}:${port}/ws`, topic: '/topic/room', ...user })
}
