/** An address to listen on or to be reached at. Port 0 lets the system choose. */
export interface HostPort {
  host: string
  port: number
}

/** PEM texts of a TLS listener; the files were read when the configuration was loaded. */
export interface TlsOptions {
  cert: string
  key: string
}

/** One address that clients connect to. */
export interface ListenOptions extends HostPort {
  /** Present: wss and HTTP/2 (ALPN `h2`, `http/1.1`). Absent: plain TCP. */
  tls?: TlsOptions
  /** Every connection must open with a PROXY protocol v1 or v2 header. */
  proxyProtocol: boolean
}

/** Where the admin API and the metrics are. */
export interface AdminOptions extends HostPort {
  /** Bearer token. Compulsory when `host` is not a loopback address. */
  token?: string
}

/** Sockets that have not sent a whole request yet; the numbers hold for each listener, in each worker. */
export interface PendingOptions {
  /** How many there may be. */
  connections: number
  /** How many of one address; trusted proxies are not counted so. */
  perAddress: number
  /** Milliseconds from the accept to the end of the first request head, TLS and PROXY header included. */
  timeout: number
}

/** How the gateway lets go of connections. */
export interface DrainOptions {
  /** Milliseconds over which the closes are spread. */
  spread: number
  /** Milliseconds from the start of the drain after which what is left is cut. */
  deadline: number
  /** The least and greatest delay, in milliseconds, that clients are told to wait. */
  retry: [least: number, greatest: number]
}

/** One entry of a route's `upstreams`. */
export interface UpstreamOptions {
  /** The URL as written, normalised. It names the upstream in metrics, in the log and for `drain --upstream`. */
  name: string
  tls: boolean
  host: string
  port: number
  /** Path prefix put before the request's path; '' when the URL has none. */
  path: string
  weight: number
  /** Present: `host` is resolved again every so many milliseconds and every address is an upstream. */
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
  /** Path of the probing upgrade request. */
  path: string
  /** Subprotocol that the probe offers and expects back. */
  protocol?: string
  /** Milliseconds between probes. */
  interval: number
  /** Milliseconds that a whole probe may take. */
  timeout: number
  /** Whether the probe sends a Ping and waits for its Pong. */
  ping: boolean
  /** Successes in a row that make an unhealthy upstream healthy. */
  healthy: number
  /** Failures in a row, of probes or of dials, that make it unhealthy. */
  unhealthy: number
}

/** What a held connection's next upstream is told again; see replay.ts. */
export type ReplayOptions =
  | { by: 'none' }
  /** The client's first so many messages. */
  | { by: 'first'; messages: number }
  /** A module that ships with the gateway, by the name of its protocol. */
  | { by: 'protocol'; name: string }
  /** The user's own module: an absolute path. */
  | { by: 'file'; path: string }

/** The client stays while its upstream restarts. */
export interface HoldOptions {
  /** Milliseconds after which a client whose upstream has not come back is told to come back itself. */
  for: number
  /** Close codes of the upstream after which the client is held; `lost`: the end of TCP without a Close too. */
  on: (number | 'lost')[]
  /** Bytes of the client's that are kept for the next upstream; then the client is not read any more. */
  buffer: number
  replay: ReplayOptions
}

/** Unset means no limit. */
export interface LimitOptions {
  connections?: number
  perAddress?: number
  handshakesPerSecond?: number
  /** Payload bytes of one message as it travels, so before decompression. */
  messageBytes?: number
  messagesPerSecond?: number
}

/** Milliseconds; `false`: no limit. */
export interface TimeoutOptions {
  /** TCP and TLS to an upstream. */
  connect: number
  /** From there to the 101. */
  handshake: number
  /** For a peer's answer to a Close. */
  close: number
  /** Plain HTTP: from the end of a request to the head of its answer. */
  response: number | false
  /** Plain HTTP: without a byte to or from the upstream. */
  idle: number | false
}

/** One route: which requests it serves, by which upstreams, and how. */
export interface RouteOptions {
  name: string
  match: {
    /** Exact host, or `*.example.com` for any one or more labels before it. Absent: every host. */
    host?: string
    /** Exact path, or a prefix followed by `*`. Absent: every path. */
    path?: string
  }
  upstreams: UpstreamOptions[]
  balance: Balance
  /** How many dials one client may cost before it is told of the failure. */
  attempts: number
  timeouts: TimeoutOptions
  health?: HealthOptions
  /** Milliseconds between pings and for the answer; `false`: no pings. */
  keepalive: { ping: number; timeout: number } | false
  /** An upstream's 3xx or 4xx: handed on as it is, or said as a close code. */
  rejections: 'pass' | 'close'
  /** No upstream: said as a close code after a 101, or as an HTTP status. */
  badGateway: 'close' | 'http'
  closeCodes: { badGateway: number; restart: number; tryAgain: number }
  /** Allowed `Origin` values; absent: every origin. */
  origins?: string[]
  limits: LimitOptions
  /** Absent: a connection ends with its upstream. */
  hold?: HoldOptions
}

/** A whole configuration after validation: durations in milliseconds, sizes in bytes, every default filled in. */
export interface GatewayOptions {
  listen: ListenOptions[]
  admin: AdminOptions | false
  workers: number | 'auto'
  /** Addresses or CIDR ranges whose forwarded headers are believed. */
  trustedProxies: string[]
  /** Absent when the supervisor is older than this code: the defaults. */
  pending?: PendingOptions
  drain: DrainOptions
  routes: RouteOptions[]
}
