import http from 'node:http'
import { WebSocketServer } from 'ws'
import { restartable, say } from './common.mjs'

const server = http.createServer((_, response) => response.end('hello'))
const wss = new WebSocketServer({ noServer: true })
server.on('upgrade', (request, socket, head) => {
  wss.handleUpgrade(request, socket, head, (webSocket) => {
    webSocket.on('message', (data, binary) => webSocket.send(data, { binary }))
  })
})
restartable([server, wss])
server.listen(0, '127.0.0.1', () => say({ port: server.address().port }))
