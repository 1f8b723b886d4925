/** What the client of a proxy gets. `after` is in seconds. */
export type ProxyOutcome =
  /** An HTTP status in place of the 101; `inside`: as bytes inside the open WebSocket. */
  | { readonly what: 'http'; readonly status: number; readonly after?: number; readonly inside?: true }
  /** TCP ends without a Close frame: 1006. */
  | { readonly what: 'end'; readonly after?: number }
  | { readonly what: 'close'; readonly code: number; readonly after?: number }
  /** The connection stays; newcomers go on, or are refused, as the column says. */
  | { readonly what: 'kept' }
  /** Nothing at all for 70 s. */
  | { readonly what: 'silence' }
  /** 101 from the proxy itself, and then nothing. */
  | { readonly what: 'opened' }

/** One proxy, and what its client sees. Absent: not tried. */
export interface ProxyRow {
  /** Name, version, and the module or setting where that matters. */
  readonly proxy: string
  /** The upstream refuses the TCP connection. */
  readonly refused?: ProxyOutcome
  /** The upstream accepts TCP and never answers the handshake. */
  readonly silent?: ProxyOutcome
  /** The upstream resets an open connection. */
  readonly reset?: ProxyOutcome
  /** An open connection without traffic for 65 s. */
  readonly idle?: ProxyOutcome
  /** SIGTERM to the proxy. */
  readonly terminated?: ProxyOutcome
  /** Its own graceful stop; newcomers are refused meanwhile. */
  readonly graceful?: ProxyOutcome
  /** A reload that does not concern the connection. */
  readonly reload?: ProxyOutcome
  /** A handshake with an upstream that is fine, where it does not become a WebSocket. */
  readonly handshake?: ProxyOutcome
  /**
   * A 103 before the 101: `both` reach the client, the 103 is `swallowed`, or the handshake is `stuck`: nothing for 60 s, then
   * the 103 and the end of TCP.
   */
  readonly interim?: 'both' | 'swallowed' | 'stuck'
  /** What else was seen, in English. */
  readonly remarks?: readonly string[]
}

/** When all of this was watched, on Debian 12, with defaults unless the name says otherwise. */
export const proxiesMeasured = '2026-11-28'

const http = (status: number, after?: number): ProxyOutcome => ({
  what: 'http',
  status,
  ...(after && { after }),
})
const inside = (status: number): ProxyOutcome => ({ what: 'http', status, inside: true })
const end: ProxyOutcome = { what: 'end' }
const endAfter = (after: number): ProxyOutcome => ({ what: 'end', after })
const close = (code: number): ProxyOutcome => ({ what: 'close', code })
const kept: ProxyOutcome = { what: 'kept' }
const silence: ProxyOutcome = { what: 'silence' }
const opened: ProxyOutcome = { what: 'opened' }

const both = 'both'
const swallowed = 'swallowed'
const answerLost =
  'What the server answers to a Close that the client sends together with its end of TCP is lost.'
const earlyLost = 'A frame that the client sends in one segment with its handshake is lost.'
const fallback =
  'Answers 101 itself, with the first subprotocol that the client offers, and offers the server only that one.'
const capital = 'Takes `Upgrade: WebSocket`, with a capital W, for a plain request.'

/** What clients of proxies see when something behind or in the proxy ends. None of them adds a Close unless it says so. */
// biome-ignore format: one proxy a line
export const proxies: readonly ProxyRow[] = [
  { proxy: 'nginx 1.22.1', refused: http(502), silent: http(504, 60), reset: end, idle: endAfter(60), terminated: end, graceful: kept, reload: kept, interim: 'stuck', remarks: ['What the server answers after the client has ended its side of TCP is lost.'] },
  { proxy: 'HAProxy 2.6.12 (timeout tunnel 1h)', refused: http(503, 3.5), silent: http(504, 50), reset: end, idle: kept, terminated: end, graceful: kept, reload: kept, interim: both, remarks: ['The only one through which a reset by the client reaches the server as a reset.'] },
  { proxy: 'Caddy 2.6.2', refused: http(502), reset: end, terminated: close(1001), graceful: close(1001), reload: close(1001), interim: both, remarks: ['A reload of any setting closes every WebSocket with 1001, to both sides.', answerLost, earlyLost] },
  { proxy: 'Apache 2.4.71 (mod_proxy_wstunnel)', refused: http(503), silent: http(502, 60), reset: end, idle: endAfter(60), terminated: end, graceful: kept, reload: kept, interim: both },
  { proxy: 'Apache 2.4.71 (mod_proxy_http, upgrade=)', refused: http(503), silent: http(502, 60), reset: end, idle: endAfter(60), terminated: end, graceful: kept, reload: kept, interim: both },
  { proxy: 'lighttpd 1.4.69', refused: http(503), silent: silence, reset: end, idle: endAfter(60), terminated: end, graceful: endAfter(9), reload: endAfter(9), interim: both, remarks: ['What the server answers after the client has ended its side of TCP is lost.'] },
  { proxy: 'Squid 5.7 (http_upgrade_request_protocols)', refused: http(502), silent: silence, reset: inside(500), idle: kept, terminated: end, graceful: end, reload: kept, interim: both, remarks: [capital, answerLost] },
  { proxy: 'Varnish 7.1.1 (pipe)', refused: end, silent: endAfter(60), reset: end, idle: endAfter(60), terminated: end, interim: both },
  { proxy: 'Apache Traffic Server 9.2.9', refused: http(502), silent: silence, reset: end, idle: kept, terminated: endAfter(1), interim: both },
  { proxy: 'H2O 2.2.5', refused: http(502), silent: http(502, 30), reset: end, idle: kept, terminated: kept, graceful: kept, interim: swallowed, remarks: ['SIGTERM waits for its clients, without a limit.', 'A status line without the space behind 101 becomes 502.', answerLost] },
  { proxy: 'nghttpx 1.52.0', silent: http(504, 60), reset: end, idle: endAfter(60), terminated: end, graceful: kept, reload: kept, interim: both, remarks: [answerLost] },
  { proxy: 'tinyproxy 1.11.1 (reverse)', silent: silence, reset: end, idle: kept, terminated: end, interim: both },
  { proxy: 'pen 0.34.1 (bytes)', silent: silence, reset: end, idle: kept, terminated: end, interim: both },
  { proxy: 'socat 1.7.4.4 (bytes)', silent: silence, reset: end, idle: kept, terminated: kept, interim: both, remarks: ['The forked children go on after SIGTERM to the parent.'] },
  { proxy: 'stunnel 5.68 (TLS)', reset: end, terminated: end, reload: kept, interim: both },
  { proxy: 'hitch 1.7.2 (TLS)', reset: end, terminated: end, reload: kept, interim: both, remarks: [answerLost] },
  { proxy: 'workerd 1.20261117 (fetch(request))', refused: end, reset: end, terminated: kept, interim: swallowed, remarks: ['After SIGTERM new TCP connections are accepted and never answered.', 'A wrong accept key, or an extension that was not offered, becomes 502.'] },
  { proxy: 'http-proxy 1.18.1', refused: end, silent: silence, reset: end, idle: kept, terminated: end, graceful: kept, interim: swallowed },
  { proxy: 'http-proxy-middleware 3.0.11', refused: end, silent: silence, reset: end, idle: kept, terminated: end, graceful: kept, interim: swallowed },
  { proxy: 'http-proxy-3 1.23.3', refused: end, silent: silence, reset: end, idle: kept, terminated: end, graceful: kept, interim: swallowed },
  { proxy: 'httpxy 0.5.6', refused: end, silent: silence, reset: end, idle: kept, terminated: end, graceful: kept, interim: swallowed },
  { proxy: 'redbird 1.0.2', silent: silence, reset: end, idle: kept, terminated: end, graceful: kept, interim: swallowed },
  { proxy: 'Vite 7.3.8 (dev server and preview)', refused: end, silent: silence, reset: end, idle: kept, terminated: end, graceful: end, interim: swallowed },
  { proxy: 'Rsbuild 2.3.2', refused: end, silent: silence, reset: end, idle: kept, terminated: end, graceful: end, interim: swallowed },
  { proxy: 'browser-sync 3.0.4', silent: silence, reset: end, idle: kept, terminated: end, graceful: end, interim: swallowed },
  { proxy: 'webpack-dev-server 5.2.7', terminated: end, graceful: end, remarks: ['Answers 403 to every proxied handshake without an Origin.'] },
  { proxy: 'configurable-http-proxy 5.3.0', refused: http(503), silent: silence, reset: inside(503), idle: kept, terminated: end, reload: kept, interim: swallowed, remarks: [earlyLost, 'After a reset its HTTP answer stands behind half a frame, too.'] },
  { proxy: '@fastify/http-proxy 11.6.3', refused: close(1011), silent: opened, reset: close(4006), idle: kept, terminated: end, graceful: close(1005), interim: swallowed, remarks: [fallback, 'An upstream that closes without a code becomes 4005.', 'Its Close 1011 carries the internal address as the reason.', 'close() waits up to 30 s for a client that does not answer.'] },
  { proxy: '@fastify/http-proxy 11.6.3 (wsReconnect)', refused: close(1011), silent: opened, reset: close(4006), idle: kept, terminated: end, graceful: close(1005), interim: swallowed, remarks: [fallback, 'An upstream that answers no Ping is replaced without the client being told: its greeting comes again.'] },
  { proxy: 'http2-proxy 5.0.53', refused: end, silent: endAfter(5), reset: end, idle: kept, terminated: end, graceful: kept, interim: swallowed, remarks: ['Ends TCP on `Upgrade: WebSocket`, with a capital W.'] },
  { proxy: 'hono/proxy 4.13.19', refused: http(500), silent: silence, handshake: http(500) },
  { proxy: 'h3 2.0.8 (proxyRequest)', refused: http(502), silent: silence, handshake: http(502) },
  { proxy: 'fast-proxy 2.2.0', refused: http(503), silent: silence, handshake: silence },
  { proxy: 'koa-proxies 0.12.4 (ws: true only)', refused: http(503), silent: silence, handshake: silence },
]
