// Of its own entry: only libraries that reconnect by themselves need it.
import { returnAfter } from '@holdfast/close-codes'
import type { ReconnectingWebSocketOptions } from './options.ts'
import { ReconnectingWebSocket } from './reconnecting-websocket.ts'

/** What a {@link transport} can be told: all but what decides about returns, which is the library's part. */
export type TransportOptions = Omit<ReconnectingWebSocketOptions, 'maxRetries' | 'retry'>

/** The class for a library: it takes what a native WebSocket takes. */
export type TransportClass = Pick<
  typeof ReconnectingWebSocket,
  'prototype' | 'CONNECTING' | 'OPEN' | 'CLOSING' | 'CLOSED'
> &
  (new (
    url: string | URL,
    protocols?: string | string[],
  ) => ReconnectingWebSocket)

/** A WebSocket class for one client of a library, and when that client is to come back; see {@link transport}. */
export interface Transport {
  /** Give it to the library where that takes a WebSocket class. Each of its sockets connects once. */
  readonly WebSocket: TransportClass
  /** Milliseconds after a loss until the library is to connect again, or null when it is to stay away. */
  retryIn(): number | null
  /** Milliseconds as in `retryIn`, for a library that cannot stay away: 2,147,483,647 (24 days) in place of null. */
  retryDelay(): number
}

/** The longest time that a timer keeps. */
const never = 2 ** 31 - 1

/**
 * A WebSocket class for a library that makes a new WebSocket for each attempt (graphql-ws, tRPC, phoenix,
 * y-websocket): the library reconnects, but when the close code and the server say. Make one for each client of the
 * library, since it counts that client's attempts.
 */
export function transport(options: TransportOptions = {}): Transport {
  const { clock = performance, minUptime = 5000, random = Math.random } = options
  let attempt = 0
  let delay: number | null = 0

  class SingleUse extends ReconnectingWebSocket {
    constructor(url: string | URL, protocols: string | string[] = []) {
      super(url, protocols, { buffer: { messages: 0 }, ...options, maxRetries: 0 })
      let since = Number.POSITIVE_INFINITY
      this.addEventListener('open', () => {
        since = clock.now()
      })
      // The first listener: the library's own can ask at once.
      this.addEventListener('close', (event) => {
        if (clock.now() - since >= minUptime) attempt = 0
        delay = returnAfter(event, attempt++, random).delay
      })
    }
  }

  return {
    WebSocket: SingleUse,
    retryIn: () => delay,
    retryDelay: () => delay ?? never,
  }
}
