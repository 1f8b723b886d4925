// A backend of the demo, in a process of its own so that it can be killed and stopped. Says its port on IPC.
import { once } from 'node:events'
import net, { type AddressInfo } from 'node:net'
import { WebSocketServer } from 'ws'

export type BackendKind = 'echo' | 'garbage' | 'busy'

const kind = process.argv[2] as BackendKind

const server = kind === 'echo' ? echoServer() : answering(kind)
await once(server, 'listening')
process.send?.({ port: (server.address() as AddressInfo).port })
process.on('disconnect', () => process.exit())

/** Echoes; on SIGTERM it closes every connection with a bare 1012, as Uvicorn and Phoenix do, and exits. */
function echoServer(): WebSocketServer {
  const server = new WebSocketServer({ host: '127.0.0.1', port: 0 })
  server.on('connection', (socket) => socket.on('message', (data, binary) => socket.send(data, { binary })))
  process.on('SIGTERM', async () => {
    for (const socket of server.clients) socket.close(1012)
    server.close()
    await Promise.all([...server.clients].map((socket) => once(socket, 'close')))
    process.exit()
  })
  return server
}

/** Answers every connection with something that is no WebSocket. */
function answering(kind: 'garbage' | 'busy'): net.Server {
  const bytes = {
    garbage: 'SSH-2.0-OpenSSH_9.2\r\n',
    busy: 'HTTP/1.1 503 Service Unavailable\r\nRetry-After: 7\r\nContent-Length: 0\r\nConnection: close\r\n\r\n',
  }
  return net
    .createServer((socket) => {
      socket.on('error', () => {})
      socket.once('data', () => socket.end(bytes[kind]))
    })
    .listen(0, '127.0.0.1')
}
