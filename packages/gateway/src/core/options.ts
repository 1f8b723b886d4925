/** An address to listen on or to be reached at. */
export interface HostPort {
  /** Name or address. An IPv6 address has no brackets here. Of a socket of the file system: `unix:` and its path. */
  host: string
  /** TCP port, 0 to 65535. To listen on 0 lets the system choose. */
  port: number
}

/** One certificate of a TLS listener as PEM texts; the files were read when the configuration was loaded. */
export interface TlsOptions {
  /** The certificate, then its chain. With `pkcs12` the certificate alone. */
  cert: string
  /** The private key of that certificate, not encrypted; empty with `pkcs12`. */
  key: string
  /**
   * A PKCS#12 file (RFC 7292) with certificate, chain and key, as Base64, and what it is encrypted with.
   *
   * @default none: `cert` and `key` are all there is
   */
  pkcs12?: { data: string; passphrase: string }
}

/** Certificates that clients are asked for (mutual TLS). */
export interface ClientCertificateOptions {
  /** PEM text of the authorities of which one must have signed a client's certificate. */
  ca: string
  /**
   * Whether a client without a certificate of theirs is refused in the TLS handshake.
   *
   * @default true
   */
  required: boolean
}

/** One address that clients connect to. */
export interface ListenOptions extends HostPort {
  /**
   * Present: wss and HTTP/2 (ALPN `h2`, `http/1.1`). Of several certificates the one for the name that a client asks for
   * is shown, or else the first. Source: RFC 6455 3, RFC 8441, RFC 6066 3.
   *
   * @default plain TCP
   */
  tls?: TlsOptions | TlsOptions[]
  /**
   * Clients are asked for a certificate, and upstreams are told whose it is.
   *
   * @default they are not asked
   */
  clientCertificates?: ClientCertificateOptions
  /**
   * Whether every connection must open with a PROXY protocol v1 or v2 header, which says the client's address.
   *
   * @default false
   */
  proxyProtocol: boolean
  /**
   * Bits of the mode of its file, from 0o600 to 0o777, of a socket of the file system.
   *
   * @default what the umask of the process leaves
   */
  mode?: number
  /**
   * Of a socket of the file system: who owns its file, by name or number.
   *
   * @default the user and group of the process
   */
  owner?: { user?: string; group?: string }
}

/** Where the admin API and the metrics are. */
export interface AdminOptions extends HostPort {
  /**
   * Bearer token of the API. Compulsory when `host` is not a loopback address. Source: RFC 6750 2.1.
   *
   * @default none: whoever reaches the port may do everything
   */
  token?: string
}

/** Limits of sockets that have not sent a whole request yet; they hold for each listener, in each worker. */
export interface PendingOptions {
  /**
   * How many there may be; then the oldest is closed.
   *
   * @default 16384
   */
  connections: number
  /**
   * How many of one address there may be. Trusted proxies speak for many and are not counted so.
   *
   * @default 8192
   */
  perAddress: number
  /**
   * Milliseconds from the accept to the end of the first request head, TLS and PROXY header included.
   *
   * @default 10000 (10s)
   */
  timeout: number
}

/** How the gateway lets go of connections. */
export interface DrainOptions {
  /**
   * Milliseconds over which the closes are spread evenly; 0 closes all at once. Less than `deadline`.
   *
   * @default 5000 (5s)
   */
  spread: number
  /**
   * Milliseconds from the start of the drain after which what is left is cut.
   *
   * @default 30000 (30s)
   */
  deadline: number
  /**
   * Milliseconds that a client is told to wait (`retry=` in the reason of its Close), from the least to the greatest.
   *
   * @default [1000, 5000] ([1s, 5s])
   */
  retry: [least: number, greatest: number]
}

/** What becomes of connections in a live upgrade. */
export interface UpgradeOptions {
  /**
   * Share of the connections that moves first, from 0 to 1, and at least one of each kind; when the new workers fail one of
   * them, the others stay where they are. 0: all move at once.
   *
   * @default 0.01 (1%)
   */
  canary: number
  /**
   * Milliseconds for which an old worker carries what cannot move (TLS, HTTP/2, `wss:` upstreams) at most.
   *
   * @default 86400000 (24h)
   */
  carry: number
  /**
   * How many generations of workers may carry at a time; past that the connections of the oldest are told to come back. 0:
   * nothing is carried.
   *
   * @default 3
   */
  carriers: number
  /**
   * Bytes of memory that all carriers may use together; past that the same.
   *
   * @default 1073741824 (1GiB)
   */
  memory: number
}

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

/** What a held connection's next upstream is told again; docs/replay.md is the guide to it. */
export type ReplayOptions =
  /** What fits the client's protocol, as far as it is recognised: the table in hold/replay/protocols.ts. */
  | { by: 'auto' }
  | { by: 'none' }
  /** The client's first so many messages. */
  | { by: 'first'; messages: number }
  /** A module that ships with the gateway, by the name of its protocol. */
  | { by: 'protocol'; name: string }
  /** The user's own module: an absolute path. */
  | { by: 'file'; path: string }

/** The client stays while its upstream restarts. */
export interface HoldOptions {
  /**
   * Milliseconds after which a client whose upstream has not come back is told 1012, to come back itself.
   *
   * @default 30000 (30s)
   */
  for: number
  /**
   * Close codes of the upstream after which the client is held; `lost`: the end of TCP without a Close too.
   *
   * @default [1012, 'lost']
   */
  on: (number | 'lost')[]
  /**
   * Whether a Close with 1000, with 1001, without a code or with a private one (3000 to 4999) counts as a restart when the
   * upstream is found to be stopping: within a second it refuses new connections, answers them 503 or ends them at once,
   * or it closes more than half of its connections. Until that is known, at most for that second, the client hears nothing of
   * the Close. Source: RFC 6455 7.4.
   *
   * @default true
   */
  stopping?: boolean
  /**
   * Whether the server keeps something for a connection. `auto`: it may, so that a client goes on only when its session
   * has been restored: by a replay module, or by the new upstream's word (`Holdfast-Restored: 1` in its 101); otherwise
   * it is told 1012. `none`: every message stands for itself, and a client always goes on.
   *
   * @default 'auto'
   */
  state: 'auto' | 'none'
  /**
   * Bytes of one client that are kept for the next upstream; then the client is not read any more.
   *
   * @default 262144 (256KiB)
   */
  buffer: number
  /**
   * What the next upstream is told again, for servers that know nothing of holds; `auto` is what fits the protocol, where
   * it is recognised.
   *
   * @default auto
   */
  replay: ReplayOptions
}

/** A client that comes back after its network broke goes on where it was: PROTOCOL.md, docs/resume.md. */
export interface ResumeOptions {
  /**
   * Milliseconds for which the session of a client without a connection is kept.
   *
   * @default 60000 (60s)
   */
  for: number
  /**
   * Bytes of one client's unacknowledged messages that are kept; then its upstream is not read any more.
   * `limits.messageBytes` must not be more.
   *
   * @default 1048576 (1MiB)
   */
  buffer: number
  /**
   * Bytes in all, in each worker, for the sessions of the route whose clients have no connection; past it those that wait
   * longest are given up. Each counts as 16 KiB besides what is kept for it.
   *
   * @default 268435456 (256MiB)
   */
  total: number
  /**
   * Milliseconds that a client may acknowledge nothing, though it was sent something. Then: 1008, and its session is
   * parked.
   *
   * @default 120000 (2m)
   */
  stall: number
  /**
   * A client comes back only with the same value of this cookie, or of this field of the request. Then: 3000.
   *
   * @default nothing is compared
   */
  bind?: { from: 'cookie' | 'header'; name: string }
}

/** Limits of a route. Over one of the first three a client is told 1013, with a `retry=` of its own. */
export interface LimitOptions {
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

/** How long each step may take. */
export interface TimeoutOptions {
  /**
   * Milliseconds for TCP and TLS to an upstream.
   *
   * @default 2000 (2s)
   */
  connect: number
  /**
   * Milliseconds from there to the upstream's answer to the handshake. Then: 1014.
   *
   * @default 5000 (5s)
   */
  handshake: number
  /**
   * Milliseconds for a peer's answer to a Close; then the connection is cut. Source: RFC 6455 7.1.1.
   *
   * @default 5000 (5s)
   */
  close: number
  /**
   * Milliseconds of plain HTTP from the end of a request to the head of its answer; `false`: no limit. Then: 504.
   *
   * @default 300000 (5m)
   */
  response: number | false
  /**
   * Milliseconds of plain HTTP without a byte to or from the upstream; `false`: no limit.
   *
   * @default false (off)
   */
  idle: number | false
}

/** Which requests a route serves. */
export interface MatchOptions {
  /**
   * Exact host, or `*.example.com` for any one or more labels before it.
   *
   * @default every host
   */
  host?: string
  /**
   * Exact path, or a prefix followed by `*`.
   *
   * @default every path
   */
  path?: string
}

/** Pings of the gateway's own to client and upstream. Source: RFC 6455 5.5.2. */
export interface KeepaliveOptions {
  /**
   * Milliseconds of silence of a side after which it gets a Ping.
   *
   * @default 25000 (25s)
   */
  ping: number
  /**
   * Milliseconds from the Ping after which a side that stays silent counts as gone.
   *
   * @default 10000 (10s)
   */
  timeout: number
}

/** Close codes for clients that do not take the usual ones: 1000 to 1014 those that a server may send, or 3000 to 4999. */
export interface CloseCodeOptions {
  /**
   * Close code when no upstream can serve the client, or the upstream is lost.
   *
   * @default 1014
   */
  badGateway: number
  /**
   * Close code when the gateway lets go of the connection, or the upstream restarts.
   *
   * @default 1012
   */
  restart: number
  /**
   * Close code when a limit is reached, or the upstream answers 503 or 429.
   *
   * @default 1013
   */
  tryAgain: number
}

/** Fields that the gateway sets, adds or removes. Names as they are written; environment variables are filled in. */
export interface FieldChanges {
  /** Each in place of every field of its name. A field without a value is left out. */
  set?: [name: string, value: string][]
  /** Each behind what is there. */
  add?: [name: string, value: string][]
  /** Names of fields that are left out. */
  remove?: string[]
}

/** What a route changes in a request for its upstreams, and in their answers. */
export interface RouteChanges {
  /**
   * Beginning of the path, whole segments, that the upstream does not get: `/chat` makes `/chat/ws` to `/ws`.
   *
   * @default the path goes as it came, behind that of the upstream's URL
   */
  strip?: string
  /**
   * One path in place of another: both exact, or both a beginning that ends in `/*`.
   *
   * @default the path goes as it came, behind that of the upstream's URL
   */
  rewrite?: { from: string; to: string }
  /**
   * The Host field for the upstream: that of the client, that of the upstream's URL, or a name.
   *
   * @default 'client'
   */
  host?: 'client' | 'upstream' | { name: string }
  /**
   * Fields towards the upstream, and in its answers towards the client. Values towards the upstream may hold
   * `{client.address}` and `{session}`.
   *
   * @default fields go as they came
   */
  headers?: FieldChanges & { response?: FieldChanges }
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

/** One route: which requests it serves, by which upstreams, and how. */
export interface RouteOptions extends RouteChanges {
  /** Names the route in metrics, log and commands; 1 to 64 letters, digits, dots, dashes or underscores. */
  name: string
  /**
   * Which requests it serves.
   *
   * @default every request
   */
  match: MatchOptions
  /** The servers behind it, at least one. */
  upstreams: UpstreamOptions[]
  /**
   * How an upstream is picked for a new connection.
   *
   * @default least-connections
   */
  balance: Balance
  /**
   * How many dials one client may cost before it is told of the failure; 1 to 100.
   *
   * @default 3
   */
  attempts: number
  /** How long each step may take. */
  timeouts: TimeoutOptions
  /**
   * Probes of each upstream.
   *
   * @default none are sent: an upstream that cannot be dialled is avoided for a while
   */
  health?: HealthOptions
  /** Pings to both sides; `false`: none, and a peer whose network is gone is noticed only when something is sent to it. */
  keepalive: KeepaliveOptions | false
  /**
   * An upstream's 3xx or 4xx: handed on as it is, or said as a close code.
   *
   * @default 'pass'
   */
  rejections: 'pass' | 'close'
  /**
   * How a client is told that gets no connection. `close`: a close code after a 101, which a page can see. `http`: HTTP 502,
   * 503 or 504 with `Retry-After` and a short JSON body. `auto`: in band those clients that show that they understand it,
   * all others by HTTP.
   *
   * @default 'auto'
   */
  badGateway: 'auto' | 'close' | 'http'
  /**
   * Milliseconds that a handshake waits for an upstream when there is none; 0: it is told at once.
   *
   * @default 3500 (3.5s), or `hold.for` where that is longer
   */
  wait?: number
  /**
   * How many of the clients that waited are let in a second, over all workers, and of those that come in the 10 s after;
   * `auto`: what the upstream can take, by the times of its handshakes, and fast enough that none's time runs out.
   *
   * @default 'auto'
   */
  admit?: number | 'auto'
  /** What the gateway itself closes with. */
  closeCodes: CloseCodeOptions
  /**
   * `Origin` values that may connect; others, and requests without one, get HTTP 403. Source: RFC 6455 10.2.
   *
   * @default every origin
   */
  origins?: string[]
  /**
   * A service that says who may come in.
   *
   * @default everybody may, as far as the upstream lets them
   */
  auth?: AuthOptions
  /** How much the route may carry. */
  limits: LimitOptions
  /**
   * Clients stay connected while their upstream restarts.
   *
   * @default a connection ends with its upstream
   */
  hold?: HoldOptions
  /**
   * A client whose network broke comes back to its session, where it speaks `holdfast.v1` (PROTOCOL.md).
   *
   * @default no sessions
   */
  resume?: ResumeOptions
}

/** Where a line is written for each connection at its end, and for each request that became none. */
export interface AccessLogOptions {
  /**
   * Standard output, or a file: an absolute path.
   *
   * @default off
   */
  access: 'stdout' | { file: string }
  /**
   * How a line is written: JSON, or Combined with more fields behind it.
   *
   * @default 'json'
   */
  format: 'json' | 'combined'
  /**
   * Names of parameters of queries whose values are left out, beside the usual ones (`token`, `access_token`, …); `false`:
   * queries are written as they come.
   *
   * @default []
   */
  mask: string[] | false
}

/** A whole configuration after validation: durations in milliseconds, sizes in bytes, every default filled in. */
export interface GatewayOptions {
  /**
   * Where clients connect, at least one address.
   *
   * @default 127.0.0.1:8080
   */
  listen: ListenOptions[]
  /**
   * Where the admin API and the metrics are; `false`: nowhere.
   *
   * @default 127.0.0.1:10120
   */
  admin: AdminOptions | false
  /**
   * How many processes carry the connections, from 1 to 256; `auto`: one for each core.
   *
   * @default 'auto'
   */
  workers: number | 'auto'
  /** Addresses or CIDR ranges whose forwarded headers are believed. Source: RFC 7239 8.1. */
  trustedProxies: string[]
  /**
   * Limits of sockets without a whole request. Absent when the supervisor is older than this code.
   *
   * @default the defaults of its members
   */
  pending?: PendingOptions
  /** How the gateway lets go of connections. */
  drain: DrainOptions
  /**
   * The access log. Absent when the supervisor is older than this code.
   *
   * @default none
   */
  accessLog?: AccessLogOptions
  /**
   * What becomes of connections in a live upgrade. Absent when the supervisor is older than this code.
   *
   * @default the defaults of its members
   */
  upgrade?: UpgradeOptions
  /** The routes, at least one; the first that matches a request serves it. */
  routes: RouteOptions[]
}
