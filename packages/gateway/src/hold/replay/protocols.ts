// The protocols that `hold: { state: auto }` recognises, and what it does for each: this table is all there is to it, and
// docs/applications.md shows it. A row stands on a measurement with a real server and its own client, restarted behind the
// gateway (`npm run apps`). Next: replay.ts, for the modules.
import type { HoldOptions } from '../../core/index.ts'
import type { Message } from '../../wire/index.ts'
import {
  opensBayeux,
  opensEngineIo,
  opensGraphql,
  opensHocuspocus,
  opensNats,
  opensSignalR,
  opensSocketCluster,
  opensSockJs,
  opensStomp,
  opensTrpc,
  opensXmpp,
  opensYjs,
} from './openings.ts'

/** Who said a message. */
export type Speaker = 'client' | 'upstream'

export interface Protocol {
  /** As the page names it. */
  name: string
  /** In words: how it is recognised. */
  recognised: string
  /** Subprotocols, one of which the upstream has selected. */
  subprotocols?: readonly string[]
  /** Whether the target of the handshake is one of this protocol. */
  target?: (path: string, query: URLSearchParams) => boolean
  /** Whether the first message of that side is one of this protocol; looked at only where no row fits the handshake. */
  first?: { from: Speaker; fits: (message: Message) => boolean }
  /** The module that sets its sessions up again; none: such a connection is never held. */
  replay?: string
  /** Its messages cannot be told apart by counting: `replay: { first: N }` is not obeyed. */
  neverFirst?: true
  /** What was seen, and with what. */
  measured: string
}

/** The first row that fits counts. */
export const protocols: readonly Protocol[] = [
  {
    name: 'Socket.IO and Engine.IO over WebSocket',
    recognised: 'query `EIO=` and `transport=websocket`, or the server\'s first message: `0{"sid":…`',
    target: (_, query) => query.has('EIO') && query.get('transport') === 'websocket',
    first: { from: 'upstream', fits: opensEngineIo },
    measured:
      'Socket.IO 4.8.4, held: “connected” without an event for 46 s, until the new server gives up; by itself it is back in 1-3 s',
  },
  {
    name: 'graphql-transport-ws',
    recognised: 'subprotocol `graphql-transport-ws`',
    subprotocols: ['graphql-transport-ws'],
    replay: 'graphql-transport-ws',
    measured:
      'graphql-ws 6.4.2, mercurius 16.10.1: subscriptions run on in 2 s and no event in the client; held without replay the subscription ended with 4401',
  },
  {
    name: 'subscriptions-transport-ws',
    recognised:
      "subprotocol `graphql-ws`, the older one; or none, and the client's first message: `connection_init` or `start`",
    subprotocols: ['graphql-ws'],
    first: { from: 'client', fits: opensGraphql },
    measured: 'no module knows it; its client comes back and subscribes again by itself',
  },
  {
    name: 'MQTT',
    recognised: 'subprotocol `mqtt` or `mqttv3.1`',
    subprotocols: ['mqtt', 'mqttv3.1'],
    neverFirst: true,
    replay: 'mqtt',
    measured:
      'MQTT.js 5.16.0 with Aedes 1.2.0: no event, nothing lost or doubled once the broker is there; held without replay it was dead for 30-85 s, with `first: 2` in an endless loop; by itself it is back in 1-2 s',
  },
  {
    name: 'STOMP',
    recognised:
      "subprotocol `v10.stomp`, `v11.stomp` or `v12.stomp`, or the client's first message: `CONNECT` or `STOMP`",
    subprotocols: ['v10.stomp', 'v11.stomp', 'v12.stomp'],
    first: { from: 'client', fits: opensStomp },
    replay: 'stomp',
    measured:
      'RabbitMQ web-stomp 3.10.8 with stompjs 7.5.0: on in 3 s and no event; held without replay each SEND was answered by an ERROR for good',
  },
  {
    name: 'Action Cable',
    recognised: 'subprotocol `actioncable-v1-json`',
    subprotocols: ['actioncable-v1-json'],
    replay: 'action-cable',
    measured: 'Rails 6.1.7 on Puma 5.6.5, client 8.1.400: on in 4 s and no event; by itself 4-10 s',
  },
  {
    name: 'NATS',
    recognised: "the server's first message, binary, begins with `INFO {`",
    first: { from: 'upstream', fits: opensNats },
    neverFirst: true,
    replay: 'nats',
    measured:
      'nats.ws 1.30.3 with nats-server 2.9.10: no event, nothing lost or doubled once the server is there; held without replay it could speak and heard nothing, for good',
  },
  {
    name: 'tRPC',
    recognised:
      "the client's first message: `connectionParams`, or calls with `id`, `method` and `params.path`",
    first: { from: 'client', fits: opensTrpc },
    replay: 'trpc',
    measured:
      'tRPC 11.25.2: subscriptions go on, from their last event, and no event in the client; held without replay calls were answered and subscriptions dead, for good',
  },
  {
    name: 'y-websocket',
    recognised: "the client's first message, binary: step 1 of a sync",
    first: { from: 'client', fits: opensYjs },
    replay: 'yjs',
    measured:
      'y-websocket 3.1.0 with @y/websocket-server 0.1.1: documents agree as soon as the server is there; held without replay they differed for good while both sides said “synced”',
  },
  {
    name: 'Hocuspocus',
    recognised: "the client's first message, binary: a document's name and a token",
    first: { from: 'client', fits: opensHocuspocus },
    replay: 'hocuspocus',
    measured:
      'provider 4.8.0 with server 3.4.4: all documents agree as soon as the server is there, `unsyncedChanges` comes to 0; held without replay in 28-31 s',
  },
  {
    name: 'SocketCluster',
    recognised: "the client's first message: `#handshake` with a `cid`",
    first: { from: 'client', fits: opensSocketCluster },
    replay: 'socketcluster',
    measured:
      'client 20.0.2 with server 20.0.1: channels and login stay, no event; held without replay it was dead for 9-10 s',
  },
  {
    name: 'XMPP',
    recognised: "subprotocol `xmpp`, or the client's first message: its `<open/>`",
    subprotocols: ['xmpp'],
    first: { from: 'client', fits: opensXmpp },
    measured:
      'prosody 0.12.3 with @xmpp/client 0.14.0, held: dead for 31 s, and SASL cannot be said again; by itself it is back in 9-10 s',
  },
  {
    name: 'Phoenix channels',
    recognised: 'query `vsn=` and a path that ends in `/websocket`',
    target: (path, query) => path.endsWith('/websocket') && query.has('vsn'),
    replay: 'phoenix',
    measured:
      'phoenix.js 1.8 with a server of our own that speaks serializers V1 and V2: channels are joined again, no event',
  },
  {
    name: 'SockJS',
    recognised: "a path that ends in `/NNN/XXXXXXXX/websocket`, or the server's first message: `o`",
    target: (path) => /\/\d{3}\/[a-z0-9_]{8}\/websocket$/.test(path),
    first: { from: 'upstream', fits: opensSockJs },
    measured:
      'sockjs-client 1.6.1 with sockjs 0.3.24: the second `o` makes it leave; by itself it is back in 2 s',
  },
  {
    name: 'Bayeux (Faye, CometD)',
    recognised: "the client's first message: `[]`, or messages with a `channel` such as `/meta/connect`",
    first: { from: 'client', fits: opensBayeux },
    measured:
      'Faye 1.4.3: what is said while it knows that it is disconnected, it keeps; by itself it is back in 3-4 s, held it was dead for good',
  },
  {
    name: 'SignalR',
    recognised: 'the client\'s first message: `{"protocol":…,"version":…}` and a record separator',
    first: { from: 'client', fits: opensSignalR },
    measured:
      '@microsoft/signalr 10.0.0 with a server of our own that speaks its JSON protocol: by itself it is back in 1 s; held in 11 s, when its ping was its first word to the new server',
  },
  {
    name: "Vite's dev server",
    recognised: 'subprotocol `vite-hmr` or `vite-ping`',
    subprotocols: ['vite-hmr', 'vite-ping'],
    measured:
      'Vite 7.3.8: the next server refuses the token in the query; the page asks by itself and loads anew',
  },
  {
    name: 'Jupyter kernels',
    recognised: 'subprotocol `v1.kernel.websocket.jupyter.org`',
    subprotocols: ['v1.kernel.websocket.jupyter.org'],
    measured: 'Jupyter server 1.23.3: the kernel is gone with its server, and the next one answers 404',
  },
]

/** The row that fits a handshake: its target, and the subprotocol that was selected. */
export function protocolOf(target: string, subprotocol: string | undefined): Protocol | undefined {
  const [path = '', ...query] = target.split('?')
  const fields = new URLSearchParams(query.join('?'))
  return protocols.find((row) => {
    if (row.subprotocols) return subprotocol !== undefined && row.subprotocols.includes(subprotocol)
    return row.target?.(path, fields) ?? false
  })
}

/** The row whose first message this is, on a connection whose handshake fits none. */
export function protocolOfMessage(from: Speaker, message: Message): Protocol | undefined {
  return protocols.find(({ first }) => first?.from === from && first.fits(message))
}

/**
 * A route's options for a connection with that handshake, with the replay that it gets; undefined: it is never held.
 * `replay: auto` stays where only its messages can say what it speaks.
 */
export function holdFor(
  hold: HoldOptions,
  target: string,
  subprotocol: string | undefined,
): HoldOptions | undefined {
  const { replay, state } = hold
  const row = protocolOf(target, subprotocol)
  if (replay.by === 'protocol' || replay.by === 'file') return hold
  // The first messages of a session that cannot be said again restore nothing.
  const counts = row && (row.neverFirst || row.replay === undefined)
  if (replay.by === 'first' && !counts) return hold
  if (state === 'none') return { ...hold, replay: { by: 'none' } }
  if (!row) return hold
  if (row.replay === undefined) return undefined
  return replay.by === 'none' ? hold : { ...hold, replay: { by: 'protocol', name: row.replay } }
}

/** What is to be known before the upstream has selected a subprotocol. */
export interface HoldOutlook {
  /** Whether the connection may be held. */
  holds: boolean
  /** Whether a replay will read its messages, so that nothing may be agreed that changes what they look like. */
  reads: boolean
}

export function holdOutlook(
  hold: HoldOptions | undefined,
  target: string,
  offered: readonly string[],
): HoldOutlook {
  const selectable = offered.length > 0 ? offered : [undefined]
  const options = hold ? selectable.flatMap((one) => holdFor(hold, target, one) ?? []) : []
  return {
    holds: options.length > 0,
    reads: options.some(({ replay }) => replay.by !== 'none' && replay.by !== 'auto'),
  }
}
