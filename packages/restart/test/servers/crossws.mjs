import http from 'node:http'
import crossws from 'crossws/adapters/node'
import { restartable, say } from './common.mjs'

const webSockets = crossws({
  hooks: {
    message: (peer, message) =>
      peer.send(typeof message.rawData === 'string' ? message.text() : message.uint8Array()),
  },
})
const server = http.createServer((_, response) => response.end('hello'))
server.on('upgrade', webSockets.handleUpgrade)
restartable([server, webSockets])
server.listen(0, '127.0.0.1', () => say({ port: server.address().port }))
