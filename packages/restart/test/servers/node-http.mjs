// The HTTP server alone is passed: whatever library answers its upgrades, only streams are known.
import http from 'node:http'
import { WebSocketServer } from 'ws'
import { restartable, say } from './common.mjs'

const server = http.createServer((_, response) => response.end('hello'))
restartable(server, (stream, text) =>
  stream.write(Buffer.concat([Buffer.of(0x81, text.length), Buffer.from(text)])),
)
const wss = new WebSocketServer({ server })
wss.on('connection', (socket) => {
  socket.on('message', (data, binary) => socket.send(data, { binary }))
})
server.listen(0, '127.0.0.1', () => say({ port: server.address().port }))
