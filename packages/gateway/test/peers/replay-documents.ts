// Yjs documents that several users have: y-websocket with its server, and Hocuspocus.

import { HocuspocusProvider, HocuspocusProviderWebsocket } from '@hocuspocus/provider'
import { Hocuspocus } from '@hocuspocus/server'
import { docs, setupWSConnection } from '@y/websocket-server/utils'
import { WebSocket, WebSocketServer } from 'ws'
import { WebsocketProvider } from 'y-websocket'
import * as Y from 'yjs'
import { CloseAction, type Server, startServer } from './replay-app.ts'

/** One user's view of one document. */
export interface View {
  readonly map: Y.Map<unknown>
  readonly awareness: { setLocalState(state: object | null): void; getStates(): Map<number, object> }
  readonly id: number
  readonly synced: boolean
  /** Changes that the server has not acknowledged, where it does. */
  readonly unsynced: number
  leave(): void
}

export interface Documents extends AsyncDisposable {
  readonly server: Server
  /** What the user behind the gateway was told, and a change of whatever kind. */
  readonly told: CloseAction
  /** Another document of the user behind the gateway, or of others who are not. */
  open(name: string, who: 'held' | 'other' | 'late'): View
  /** Connections that the server has. */
  connections(): number
}

export async function yWebsocket(url: (upstream: string) => Promise<string>): Promise<Documents> {
  const told = new CloseAction()
  let sockets: WebSocketServer | undefined
  const server = await startServer((http) => {
    // The server's documents live as long as its process does.
    for (const doc of docs.values()) doc.destroy()
    docs.clear()
    sockets = new WebSocketServer({ server: http })
    sockets.on('connection', (socket, request) => {
      setupWSConnection(socket, request)
      told.changes.notify()
    })
  })
  const urls = { held: await url(server.url), other: server.url, late: server.url }
  const views: View[] = []
  return {
    ...{ server, told },
    connections: () => sockets!.clients.size,
    open(name, who) {
      const doc = new Y.Doc()
      const provider = new WebsocketProvider(urls[who], name, doc, {
        WebSocketPolyfill: WebSocket as unknown as typeof globalThis.WebSocket,
        disableBc: true,
        maxBackoffTime: 50,
      })
      doc.on('update', () => told.changes.notify())
      provider.awareness.on('change', () => told.changes.notify())
      provider.on('sync', (synced) =>
        told.add('events', `${who} ${name} ${synced ? 'synced' : 'not synced'}`),
      )
      provider.on('status', ({ status }) => told.add('events', `${who} ${name} ${status}`))
      const view: View = {
        map: doc.getMap('m'),
        awareness: provider.awareness as View['awareness'],
        id: doc.clientID,
        get synced() {
          return provider.synced
        },
        unsynced: 0,
        leave: () => provider.destroy(),
      }
      views.push(view)
      return view
    },
    async [Symbol.asyncDispose]() {
      for (const view of views) view.leave()
      await server[Symbol.asyncDispose]()
    },
  }
}

export async function hocuspocus(url: (upstream: string) => Promise<string>): Promise<Documents> {
  const told = new CloseAction()
  let sockets: WebSocketServer | undefined
  const server = await startServer((http) => {
    const life = new Hocuspocus({
      quiet: true,
      async onAuthenticate({ token }: { token: string }) {
        if (token !== 'mine') throw new Error('no')
      },
    })
    sockets = new WebSocketServer({ server: http })
    sockets.on('connection', (socket, request) => {
      life.handleConnection(socket, request)
      told.changes.notify()
    })
  })
  const connect = (to: string) =>
    new HocuspocusProviderWebsocket({
      url: to,
      WebSocketPolyfill: WebSocket,
      delay: 50,
      minDelay: 50,
      maxDelay: 50,
    })
  const connections = {
    held: connect(await url(server.url)),
    other: connect(server.url),
    late: connect(server.url),
  }
  const views: View[] = []
  return {
    ...{ server, told },
    connections: () => sockets!.clients.size,
    open(name, who) {
      const document = new Y.Doc()
      const note = (event: string) => () => told.add('events', `${who} ${name} ${event}`)
      const provider = new HocuspocusProvider({
        ...{ name, document, token: 'mine', websocketProvider: connections[who] },
        onAuthenticated: note('authenticated'),
        onAuthenticationFailed: note('refused'),
        onClose: note('closed'),
        onDisconnect: note('disconnected'),
        onSynced: note('synced'),
        onUnsyncedChanges: () => told.changes.notify(),
      })
      provider.attach()
      document.on('update', () => told.changes.notify())
      provider.awareness!.on('change', () => told.changes.notify())
      const view: View = {
        map: document.getMap('m'),
        awareness: provider.awareness as unknown as View['awareness'],
        id: document.clientID,
        get synced() {
          return provider.synced
        },
        get unsynced() {
          return provider.unsyncedChanges
        },
        leave: () => provider.destroy(),
      }
      views.push(view)
      return view
    },
    async [Symbol.asyncDispose]() {
      for (const view of views) view.leave()
      for (const one of Object.values(connections)) {
        const socket = one.webSocket as WebSocket | null
        // It may be about to connect. The provider takes its own listeners away, and `ws` then throws what it has to say.
        socket?.on('error', () => {})
        one.destroy()
      }
      await server[Symbol.asyncDispose]()
    },
  }
}
