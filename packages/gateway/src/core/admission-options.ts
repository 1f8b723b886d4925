// Who may come in: limits of a route, and the service that is asked.
import type { UpstreamOptions } from './upstream-options.ts'

/** Limits of a route. Over one of the first three a client is told 1013, with a `retry=` of its own. */
export interface LimitOptions {
  /**
   * Over what `connections`, `perAddress` and `handshakesPerSecond` count: this gateway, or all of its fleet.
   *
   * @default 'node'
   */
  scope?: 'node' | 'fleet'
  /**
   * How many connections may be open at a time, over all workers; plain HTTP requests under way count.
   *
   * @default no limit
   */
  connections?: number
  /**
   * How many of them may be of one client address.
   *
   * @default no limit
   */
  perAddress?: number
  /**
   * How many new connections a second; up to one second's worth may come at once.
   *
   * @default no limit
   */
  handshakesPerSecond?: number
  /**
   * How many clients may wait, for an upstream or for their Close, over all workers; others are told at once. One address
   * may have as many of these places as are free.
   *
   * @default 10000, and never more than half of the files that a worker may open
   */
  waiting?: number
  /**
   * Bytes of payload of one message, in either direction, as it travels: before decompression. Over it: 1009.
   * Source: RFC 6455 7.4.1.
   *
   * @default no limit
   */
  messageBytes?: number
  /**
   * How many messages a second the client of a connection may send. Over it: 1008. Source: RFC 6455 7.4.1.
   *
   * @default no limit
   */
  messagesPerSecond?: number
}

/** A service that is asked, before the upstream, whether a client may come in. */
export interface AuthOptions {
  /** Where it is, as upstreams are; `path` is that of the question. */
  target: Pick<UpstreamOptions, 'tls' | 'host' | 'port' | 'path' | 'socketPath'> & {
    /** The name that its certificate must bear. */
    serverName: string
  }
  /**
   * Names of fields of its answer that the upstream gets, in place of all that the client sent under these names.
   *
   * @default []
   */
  headers: string[]
  /**
   * Milliseconds that a question may take.
   *
   * @default 2000 (2s)
   */
  timeout: number
  /**
   * Whether a client gets in while the service does not answer, or answers 5xx.
   *
   * @default 'deny'
   */
  onError: 'deny' | 'allow'
  /**
   * Milliseconds for which a 2xx counts for the same request again.
   *
   * @default none: every request is asked about
   */
  cache?: number
}
