// ShareDB: one document in memory that all write to, with its client over reconnecting-websocket as its documentation shows.
import { createServer } from 'node:http'
import WebSocketJSONStream from '@teamwork/websocket-json-stream'
import Reconnecting from 'reconnecting-websocket'
import ShareDB from 'sharedb'
import Client from 'sharedb/lib/client/index.js'
import WebSocket, { WebSocketServer } from 'ws'

export const about = {
  title: 'ShareDB presence, reconnecting-websocket',
  packages: ['sharedb', '@teamwork/websocket-json-stream', 'reconnecting-websocket', 'ws'],
  protocol: 'ShareDB',
}

export async function start({ port }) {
  const backend = new ShareDB({ presence: true })
  const http = createServer()
  const server = new WebSocketServer({ server: http })
  server.on('connection', (socket) => {
    const stream = new WebSocketJSONStream(socket)
    // What is written to a client that has just gone must not end the server.
    stream.on('error', () => undefined)
    backend.listen(stream)
  })
  await new Promise((resolve) => http.listen(port, '127.0.0.1', resolve))
  return {
    stop: async () => {
      for (const socket of server.clients) socket.close(1001)
      await new Promise((resolve) => backend.close(resolve))
    },
  }
}

export function client({ host, port, name, heard, told }) {
  const socket = new (Reconnecting.default ?? Reconnecting)(`ws://${host}:${port}`, [], {
    WebSocket,
    maxEnqueuedMessages: 0,
  })
  const connection = new Client.Connection(socket)
  connection.on('state', (state) => told(state))
  connection.on('error', (error) => told(`error: ${error.message}`))
  // Documents in memory are gone with the server; presence is what a client owns and says again by itself.
  const presence = connection.getPresence('room')
  const own = presence.create(name)
  presence.on('receive', (_id, value) => value && heard(value.text))
  return {
    ready: new Promise((resolve, reject) =>
      presence.subscribe((error) => (error ? reject(error) : resolve())),
    ),
    say: (text) =>
      new Promise((resolve, reject) => own.submit({ text }, (error) => (error ? reject(error) : resolve()))),
    leave: () => socket.close(),
  }
}
