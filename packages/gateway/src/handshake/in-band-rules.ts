// Who is told in band why there is no connection (101, then a Close), and who by HTTP, under `badGateway: auto`. One table,
// with what was measured; docs/close-table.md shows it, and a test holds the two together. Next: turn-away.ts.
import type { UpgradeRequest } from '../http/index.ts'

/** What a rule may look at. */
export interface ClientSigns {
  request: Pick<UpgradeRequest, 'target' | 'protocols'>
  /** It sent `Holdfast-Client: 1`. */
  ours: boolean
  /** It has asked over HTTP why it was turned away. */
  asked: boolean
}

export interface InBandRule {
  /** How such a client is recognised, in words for the page. */
  sign: string
  /** `close`: in band. */
  how: 'close' | 'http'
  /** What was measured, or why. */
  because: string
  applies: (signs: ClientSigns) => boolean
}

const query = (name: string, value: RegExp) => {
  const pattern = new RegExp(`[?&]${name}=${value.source}(?:&|$)`)
  return ({ request }: ClientSigns) => pattern.test(request.target)
}

const speaks = (name: RegExp) => {
  const pattern = new RegExp(`^(?:${name.source})$`)
  return ({ request }: ClientSigns) => request.protocols.some((protocol) => pattern.test(protocol))
}

/** The first that applies counts. */
export const inBandRules: readonly InBandRule[] = [
  {
    sign: 'the request field `Holdfast-Client: 1`',
    how: 'close',
    because:
      '@holdfast/client on Node, Bun or Deno: obeys `retry=`, and sends again what `sent=0` says was not forwarded',
    applies: ({ ours }) => ours,
  },
  {
    sign: 'it asked by `GET` with `Accept: application/vnd.holdfast.close+json` before',
    how: 'close',
    because: '@holdfast/client in a browser, where a handshake has no fields of its own',
    applies: ({ asked }) => asked,
  },
  {
    sign: '`EIO=` in the query (Socket.IO, Engine.IO)',
    how: 'http',
    because:
      'socket.io-client 4.8.4 notices a Close before its own handshake only at its time-out of 20 s: 2 connections in 20 s, for 7 through a 502, and 20 s away after a second',
    applies: query('EIO', /\d+/),
  },
  {
    sign: '`vsn=` in the query (Phoenix, Supabase)',
    how: 'http',
    because:
      '`open` resets the backoff: phoenix 1.8.16 made 118 connections in 20 s, for 13 through a 502; @supabase/realtime-js 19, for 5',
    applies: query('vsn', /[\d.]+/),
  },
  {
    sign: '`id=` of 22 characters in the query (SignalR)',
    how: 'http',
    because:
      '@microsoft/signalr 10.0.11 waits for its own handshake: the same number of connections either way',
    applies: query('id', /[\w-]{22}/),
  },
  {
    sign: 'the subprotocol `graphql-transport-ws`',
    how: 'close',
    because:
      'graphql-ws 6.4.2 ends a subscription for good after an `error` event, so after any refused handshake; after 1014 it comes back, with a backoff of its own, and nothing was sent before `connection_ack`',
    applies: speaks(/graphql-transport-ws/),
  },
  {
    sign: 'any other',
    how: 'http',
    because:
      '`open` resets a backoff and takes what was kept for it: connections in 20 s in band and through a 502 were 124 and 5 (tRPC), 125 and 1 (Azure Web PubSub), 19 and 2 (Pusher), 20 and 5 (rpc-websockets), 14 and 5 (autobahn), 10 and 2 (viem); partysocket loses what it kept; rxjs stops for good after a Close',
    applies: () => true,
  },
]

/** How this client is told. */
export function howToTell(signs: ClientSigns): 'close' | 'http' {
  return inBandRules.find(({ applies }) => applies(signs))!.how
}
