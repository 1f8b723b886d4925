import express from 'express'
import { WebSocketServer } from 'ws'
import { restartable, say } from './common.mjs'

const app = express()
app.get('/', (_, response) => response.send('hello'))
const server = app.listen(0, '127.0.0.1', () => say({ port: server.address().port }))
const wss = new WebSocketServer({ server })
wss.on('connection', (socket) => {
  socket.on('message', (data, binary) => socket.send(data, { binary }))
})
restartable(wss)
