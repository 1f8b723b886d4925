// Engine.IO, alone or below Socket.IO. A connection of its has a transport: a WebSocket of `ws`, or requests that come
// one after the other (polling), which know no Close with a code; and it may change from these to that.
import type { IncomingMessage } from 'node:http'
import type { RestartServer, RestartSocket } from '../seam.ts'
import type { WsLike } from './ws.ts'

/** What is used of a Socket of Engine.IO. */
export interface EngineSocketLike {
  readonly readyState: string
  readonly transport: { readonly socket?: WsLike; closeTimeout?: number }
  /** What it still has to hand to its transport. */
  readonly writeBuffer: readonly unknown[]
  close(discard?: boolean): void
  on(event: 'close', listener: () => void): unknown
  once(event: 'drain', listener: () => void): unknown
  off(event: 'close', listener: () => void): unknown
}

/** What is used of a Server of Engine.IO. */
export interface EngineLike {
  readonly clients: Readonly<Record<string, EngineSocketLike>>
  close(): unknown
}

/** Left to itself, Engine.IO gives a client half a minute for the request that it answers with the end. */
const nextPoll = 5000

/**
 * Restarts the WebSocket side of Engine.IO. `handles` tells what `onDrain` gets for each connection; `owned`: whether
 * the library above closes it.
 */
export function engineIo(
  engine: EngineLike,
  handles: () => ReadonlyMap<EngineSocketLike, object> | undefined,
  owned: boolean,
): RestartServer {
  return {
    sockets() {
      const known = handles()
      return Object.values(engine.clients).map((socket) => {
        return engineSocket(socket, known ? known.get(socket) : socket)
      })
    },
    // Its requests and upgrades reach it through the HTTP server, which refuses them.
    refuse: () => {},
    close: async () => void (owned || engine.close()),
    cut: () => {},
    release: () => {},
  }
}

/** Whether a request belongs to a connection that polls: it is served until that one has been told. */
export function isPoll(engine: EngineLike, { url = '' }: IncomingMessage): boolean {
  const [, sid] = /[?&]sid=([\w-]+)/.exec(url) ?? []
  return sid !== undefined && Object.hasOwn(engine.clients, sid)
}

function engineSocket(socket: EngineSocketLike, handle: object | undefined): RestartSocket {
  const webSocket = () => socket.transport.socket
  const pongs = new Set<(payload: string) => void>()
  return {
    key: webSocket()?._socket ?? socket,
    handle,
    isOpen: () => socket.readyState === 'open',
    ping(payload) {
      const transport = webSocket()
      if (transport) transport.ping(payload)
      // Without a WebSocket there is nothing to wait for: a request is read before it is answered.
      else for (const listener of [...pongs]) listener(payload)
    },
    close(code, reason) {
      const close = () => {
        const transport = webSocket()
        if (transport) return transport.close(code, reason)
        socket.transport.closeTimeout = nextPoll
        socket.close()
      }
      if (socket.writeBuffer.length > 0) socket.once('drain', close)
      else close()
    },
    terminate() {
      const transport = webSocket()
      if (transport) transport.terminate()
      else socket.close(true)
    },
    onPong(listener) {
      const transport = webSocket()
      const onPong = (payload: Uint8Array) => listener(new TextDecoder().decode(payload))
      pongs.add(listener)
      transport?.on('pong', onPong)
      return () => {
        pongs.delete(listener)
        transport?.off('pong', onPong)
      }
    },
    onClosed(listener) {
      const onClose = () => listener()
      socket.on('close', onClose)
      return () => socket.off('close', onClose)
    },
  }
}
