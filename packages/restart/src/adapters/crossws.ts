// crossws on Node. Its HTTP server is passed beside it. On Bun, `bunSockets` takes the handlers of its adapter.
import type { RestartServer } from '../seam.ts'
import { type WsLike, wsSocket } from './ws.ts'

/** What is used of an adapter of crossws. */
export interface CrosswsLike {
  readonly peers: ReadonlyMap<string, ReadonlySet<{ readonly websocket: WsLike }>>
  close?(): Promise<void> | void
}

/** Restarts the WebSocket side of crossws; `onDrain` gets its Peer. */
export function crossws(adapter: CrosswsLike): RestartServer {
  return {
    sockets: () =>
      [...adapter.peers.values()].flatMap((peers) =>
        [...peers].map((peer) => wsSocket(peer.websocket, peer)),
      ),
    // Upgrades reach it through the HTTP server, which refuses them.
    refuse: () => {},
    close: async () => adapter.close?.(),
    cut: () => {},
    release: () => {},
  }
}
