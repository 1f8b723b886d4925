// The servers behind a route: where they are, how one is picked, and how it is looked after.
import type { TlsOptions } from './listen-options.ts'

/** How an upstream is dialled with TLS; PEM texts, the files were read when the configuration was loaded. */
export interface UpstreamTlsOptions {
  /**
   * The authorities of which one must have signed its certificate.
   *
   * @default those of the runtime
   */
  ca?: string
  /**
   * The certificate that the gateway shows it, then its chain.
   *
   * @default none
   */
  cert?: string
  /**
   * The private key of that certificate, not encrypted.
   *
   * @default none
   */
  key?: string
  /**
   * Certificate, chain and key in a PKCS#12 file (RFC 7292), as Base64, and what it is encrypted with.
   *
   * @default none: `cert` and `key`, if there are any
   */
  pkcs12?: TlsOptions['pkcs12']
  /**
   * The name that is asked for (SNI, RFC 6066 3) and that its certificate must bear.
   *
   * @default the host of its URL
   */
  serverName?: string
  /**
   * Whether its certificate is checked.
   *
   * @default true
   */
  verify: boolean
}

/** One entry of a route's `upstreams`. */
export interface UpstreamOptions {
  /** The URL as written, normalised. It names the upstream in metrics, in the log and for `drain --upstream`. */
  name: string
  /** Whether it is dialled with TLS: `wss` or `https` in the URL. */
  tls: boolean
  /** Name or address of the server. */
  host: string
  /** TCP port of the server: that of the URL, or 80, or 443 with TLS. */
  port: number
  /** Path prefix put before the request's path; '' when the URL has none. */
  path: string
  /**
   * Absolute path of the socket of the file system on which it is reached, in place of `host` and `port`.
   *
   * @default it is reached over TCP
   */
  socketPath?: string
  /**
   * How it is dialled with TLS.
   *
   * @default the authorities of the runtime, and no certificate of the gateway's own
   */
  secure?: UpstreamTlsOptions
  /**
   * How many new connections it gets for one of an upstream of weight 1; 1 to 1000.
   *
   * @default 1
   */
  weight: number
  /**
   * Milliseconds between two look-ups of `host`, of which every address is then an upstream; 10000 unless the
   * configuration gives `every`.
   *
   * @default none: `host` is one upstream, looked up at each dial
   */
  dnsEvery?: number
}

/** How an upstream is picked for a new connection. */
export type Balance =
  | { by: 'round-robin' }
  | { by: 'least-connections' }
  | { by: 'random-two' }
  | { by: 'hash'; key: { from: 'cookie' | 'header' | 'query'; name: string } | { from: 'address' } }

/** Probes of an upstream: whole WebSocket handshakes. */
export interface HealthOptions {
  /**
   * Path of the probing upgrade request, after the path of the upstream's URL.
   *
   * @default '/'
   */
  path: string
  /**
   * Subprotocol that the probe offers and expects back. Source: RFC 6455 1.9.
   *
   * @default none is offered
   */
  protocol?: string
  /**
   * Milliseconds between two probes of one upstream.
   *
   * @default 5000 (5s)
   */
  interval: number
  /**
   * Milliseconds that a whole probe may take; not more than `interval`.
   *
   * @default 2000 (2s)
   */
  timeout: number
  /**
   * Whether the probe sends a Ping and waits for its Pong: the server's event loop must turn. Source: RFC 6455 5.5.2.
   *
   * @default true
   */
  ping: boolean
  /**
   * How many probes in a row must go well to bring an upstream back; 1 to 100.
   *
   * @default 2
   */
  healthy: number
  /**
   * How many failures in a row, of probes or of dials, take it out; 1 to 100.
   *
   * @default 3
   */
  unhealthy: number
}
