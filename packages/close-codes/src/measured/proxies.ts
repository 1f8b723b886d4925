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

/** One proxy, and what its client sees. Absent: not tried. */
export interface Proxy {
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

/** What clients of proxies see when something behind or in the proxy ends. None of them adds a Close unless it says so. */
// biome-ignore format: one proxy a line
export const proxies: readonly Proxy[] = [
  { proxy: 'nginx 1.22.1', refused: http(502), silent: http(504, 60), reset: end, idle: endAfter(60), terminated: end, graceful: kept, reload: kept },
  { proxy: 'HAProxy 2.6.12 (timeout tunnel 1h)', refused: http(503, 3.5), silent: http(504, 50), reset: end, idle: kept, terminated: end, graceful: kept, reload: kept },
  { proxy: 'Caddy 2.6.2', refused: http(502), reset: end, terminated: close(1001), graceful: close(1001), reload: close(1001) },
  { proxy: 'Apache 2.4.71 (mod_proxy_wstunnel)', refused: http(503), silent: http(502, 60), reset: end, idle: endAfter(60), terminated: end, graceful: kept, reload: kept },
  { proxy: 'Apache 2.4.71 (mod_proxy_http, upgrade=)', refused: http(503), silent: http(502, 60), reset: end, idle: endAfter(60), terminated: end, graceful: kept, reload: kept },
  { proxy: 'lighttpd 1.4.69', refused: http(503), silent: silence, reset: end, idle: endAfter(60), terminated: end, graceful: endAfter(9), reload: endAfter(9) },
  { proxy: 'Squid 5.7 (http_upgrade_request_protocols)', refused: http(502), silent: silence, reset: inside(500), idle: kept, terminated: end, graceful: end, reload: kept },
  { proxy: 'Varnish 7.1.1 (pipe)', refused: end, silent: endAfter(60), reset: end, idle: endAfter(60), terminated: end },
  { proxy: 'Apache Traffic Server 9.2.9', refused: http(502), silent: silence, reset: end, idle: kept, terminated: endAfter(1) },
  { proxy: 'H2O 2.2.5', refused: http(502), silent: http(502, 30), reset: end, idle: kept, terminated: kept, graceful: kept },
  { proxy: 'nghttpx 1.52.0', silent: http(504, 60), reset: end, idle: endAfter(60), terminated: end, graceful: kept, reload: kept },
  { proxy: 'tinyproxy 1.11.1 (reverse)', silent: silence, reset: end, idle: kept, terminated: end },
  { proxy: 'workerd 1.20261117 (fetch(request))', refused: end, reset: end, terminated: kept },
  { proxy: 'http-proxy 1.18.1', refused: end, silent: silence, reset: end, idle: kept, terminated: end, graceful: kept },
  { proxy: 'http-proxy-3 1.23.3', refused: end, silent: silence, reset: end, idle: kept, terminated: end, graceful: kept },
  { proxy: 'httpxy 0.5.6', refused: end, silent: silence, reset: end, idle: kept, terminated: end, graceful: kept },
  { proxy: 'Vite 7.3.8 (dev server)', refused: end, silent: silence, reset: end, idle: kept, terminated: end, graceful: end },
  { proxy: 'configurable-http-proxy 5.3.0', refused: http(503), silent: silence, reset: inside(503), idle: kept, terminated: end, reload: kept },
  { proxy: '@fastify/http-proxy 11.6.3', refused: close(1011), reset: close(4006), idle: kept, terminated: end, graceful: close(1005) },
  { proxy: 'http2-proxy 5.0.53', refused: end, silent: endAfter(5), reset: end, idle: kept, terminated: end, graceful: kept },
]
