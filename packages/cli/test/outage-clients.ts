// Applications that send whenever they like, each with a library that keeps a message until there is a connection, and
// what a server of these libraries answers.
import { ReconnectingWebSocket } from '@holdfast/client'
import { createTRPCUntypedClient, createWSClient, wsLink } from '@trpc/client'
import { createClient } from 'graphql-ws'
import mqtt from 'mqtt'
import PartySocket from 'partysocket/ws'
import { Socket } from 'phoenix'
import reconnecting from 'reconnecting-websocket'
import { io } from 'socket.io-client'
import { WebSocket } from 'ws'

/**
 * reconnecting-websocket gives a handshake 4 s, takes its listeners away and closes the socket; of that, `ws` tells by an
 * error, which must have a listener.
 */
class ListenedTo extends WebSocket {
  constructor(...args: ConstructorParameters<typeof WebSocket>) {
    super(...args)
    this.on('error', () => {})
  }
}

// Its types say that the class is a member of the module, but the module is the class.
const Reconnecting = reconnecting as unknown as typeof reconnecting.default

/** An application with its connection. */
export interface Application {
  /** What the application says at any time; it does not ask whether there is a connection. */
  say(text: string): void
  /** Whether its library takes itself for connected. */
  connected(): boolean
  stop(): void
}

/** By library: an application that is connected to a URL. */
export const applications: Record<string, (url: string) => Application> = {
  partysocket: (url) => queueing(new PartySocket(url, [], { WebSocket })),
  'reconnecting-websocket': (url) => queueing(new Reconnecting(url, [], { WebSocket: ListenedTo })),
  holdfast: (url) => queueing(new ReconnectingWebSocket(url, [], { WebSocket })),
  'by-hand': flushingAtOpen,
  phoenix(url) {
    const socket = new Socket(url, { transport: WebSocket })
    socket.connect()
    const channel = socket.channel('room:1')
    channel.join()
    return {
      say: (text) => channel.push('say', { text }),
      connected: () => socket.isConnected(),
      stop: () => socket.disconnect(),
    }
  },
  mqtt(url) {
    const client = mqtt.connect(url)
    client.on('error', () => {})
    return {
      say: (text) => client.publish('room', text),
      connected: () => client.connected,
      stop: () => client.end(true),
    }
  },
  'socket.io'(url) {
    const { origin, pathname } = new URL(url)
    const socket = io(origin, { path: pathname, transports: ['websocket'], forceNew: true })
    return {
      say: (text) => socket.emit('say', text),
      connected: () => socket.connected,
      stop: () => socket.close(),
    }
  },
  trpc(url) {
    let connected = false
    const client = createWSClient({
      url,
      WebSocket: WebSocket as never,
      onOpen: () => {
        connected = true
      },
      onClose: () => {
        connected = false
      },
    })
    const trpc = createTRPCUntypedClient({ links: [wsLink({ client })] })
    return {
      say: (text) => trpc.mutation('say', text).catch(() => {}),
      connected: () => connected,
      stop: () => void client.close(),
    }
  },
  'graphql-ws'(url) {
    let connected = false
    const client = createClient({
      url,
      webSocketImpl: WebSocket,
      lazy: false,
      onNonLazyError: () => {},
      // By default it retries after a Close only, so that a handshake that fails ends it, whoever refuses.
      shouldRetry: () => true,
      on: {
        connected: () => {
          connected = true
        },
        closed: () => {
          connected = false
        },
      },
    })
    return {
      say: (text) =>
        client.subscribe({ query: `{ say(text: "${text}") }` }, { next() {}, error() {}, complete() {} }),
      connected: () => connected,
      stop: () => void client.dispose(),
    }
  },
}

function queueing(socket: { readyState: number; send(text: string): void; close(): void }): Application {
  return {
    say: (text) => socket.send(text),
    connected: () => socket.readyState === WebSocket.OPEN,
    stop: () => socket.close(),
  }
}

/** As many an application has it: again after a pause, and what is queued goes out at `open`. */
function flushingAtOpen(url: string): Application {
  const queue: string[] = []
  let socket: WebSocket
  let again: NodeJS.Timeout | undefined
  let stopped = false
  const flush = () => {
    while (queue.length > 0 && socket.readyState === WebSocket.OPEN) socket.send(queue.shift()!)
  }
  const dial = () => {
    socket = new WebSocket(url)
    socket.onopen = flush
    socket.onerror = () => {}
    socket.onclose = () => {
      if (!stopped) again = setTimeout(dial, 500)
    }
  }
  dial()
  return {
    say(text) {
      queue.push(text)
      flush()
    },
    connected: () => socket.readyState === WebSocket.OPEN,
    stop() {
      stopped = true
      clearTimeout(again)
      socket.close()
    },
  }
}

/** What the server of a library says first. */
export function greetings(library: string): string[] {
  const opened = { sid: 'a', upgrades: [], pingInterval: 300_000, pingTimeout: 20_000, maxPayload: 1_000_000 }
  return library === 'socket.io' ? [`0${JSON.stringify(opened)}`] : []
}

/** What it answers to a message; nothing where the library expects nothing. */
export function answers(library: string, message: string): (string | Uint8Array)[] {
  switch (library) {
    case 'phoenix': {
      const [joined, ref, topic] = JSON.parse(message)
      return json([joined, ref, topic, 'phx_reply', { status: 'ok', response: {} }])
    }
    case 'trpc':
      return json({ id: JSON.parse(message).id, result: { type: 'data', data: true } })
    case 'graphql-ws': {
      const { id, type } = JSON.parse(message)
      if (type === 'connection_init') return json({ type: 'connection_ack' })
      return type === 'subscribe' ? json({ id, type: 'complete' }) : []
    }
    // CONNECT, and CONNACK.
    case 'mqtt':
      return message.startsWith('\x10') ? [Uint8Array.of(0x20, 2, 0, 0)] : []
    case 'socket.io':
      return message.startsWith('40') ? ['40{"sid":"b"}'] : []
    default:
      return []
  }
}

const json = (message: unknown) => [JSON.stringify(message)]
