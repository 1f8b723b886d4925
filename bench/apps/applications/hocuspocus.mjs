// Hocuspocus, server and provider.
import { HocuspocusProvider, HocuspocusProviderWebsocket } from '@hocuspocus/provider'
import { Server } from '@hocuspocus/server'
import WebSocket from 'ws'
import * as Y from 'yjs'
import { room } from './y-websocket.mjs'

export const about = {
  title: 'Hocuspocus',
  packages: ['@hocuspocus/server', '@hocuspocus/provider', 'yjs', 'ws'],
  protocol: 'Hocuspocus over Yjs',
}

export async function start({ port }) {
  const server = new Server({ port, address: '127.0.0.1', quiet: true, stopOnSignals: false })
  await server.listen()
  return { stop: () => server.destroy() }
}

export function client({ host, port, heard, told }) {
  const doc = new Y.Doc()
  const websocketProvider = new HocuspocusProviderWebsocket({
    url: `ws://${host}:${port}`,
    WebSocketPolyfill: WebSocket,
  })
  let provider
  const ready = new Promise((resolve) => {
    provider = new HocuspocusProvider({
      websocketProvider,
      name: 'doc',
      document: doc,
      token: 'anybody',
      onSynced: resolve,
      onStatus: ({ status }) => told(status),
      onAuthenticationFailed: ({ reason }) => told(`authentication failed: ${reason}`),
    })
    provider.attach()
  })
  const leave = () => {
    provider.destroy()
    websocketProvider.destroy()
  }
  return { ready, say: room(doc, heard), leave }
}
