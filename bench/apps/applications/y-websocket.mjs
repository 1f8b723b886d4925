// Yjs with the server of y-websocket: a document that all write to. It is in memory, as its documentation begins.
import { createServer } from 'node:http'
import { setupWSConnection } from '@y/websocket-server/utils'
import WebSocket, { WebSocketServer } from 'ws'
import { WebsocketProvider } from 'y-websocket'
import * as Y from 'yjs'

export const about = {
  title: 'y-websocket',
  packages: ['y-websocket', '@y/websocket-server', 'yjs', 'ws'],
  protocol: 'Yjs sync',
}

export async function start({ port }) {
  const http = createServer()
  const server = new WebSocketServer({ server: http })
  server.on('connection', setupWSConnection)
  await new Promise((resolve) => http.listen(port, '127.0.0.1', resolve))
  return {
    stop() {
      for (const socket of server.clients) socket.close(1001)
      return new Promise((resolve) => http.close(resolve))
    },
  }
}

/** A shared map in which each message is a key. */
export function room(doc, heard) {
  const said = doc.getMap('said')
  said.observe(({ keysChanged, transaction }) => {
    // Hearing is what comes from others; one's own is in the map at once, wherever it gets to.
    if (!transaction.local) for (const key of keysChanged) heard(key)
  })
  return (text) => said.set(text, true)
}

export function client({ host, port, heard, told }) {
  const doc = new Y.Doc()
  const options = { WebSocketPolyfill: WebSocket, disableBc: true }
  const provider = new WebsocketProvider(`ws://${host}:${port}`, 'doc', doc, options)
  const ready = new Promise((resolve) => provider.on('sync', (synced) => synced && resolve()))
  provider.on('status', ({ status }) => told(status))
  return { ready, say: room(doc, heard), leave: () => provider.destroy() }
}
