import type { TextsOf } from '../../finding-text.ts'

/** The words of what is found in Envoy files. */
export const envoy: TextsOf<'envoy'> = {
  'envoy-no-upgrade': {
    title: 'this connection manager refuses WebSockets',
    why: 'Envoy answers 403 to an upgrade that is not allowed by upgrade_configs, of the connection manager or of the route.',
    fix: ['upgrade_configs:', '- upgrade_type: websocket'],
  },
  'envoy-upgrade-disabled': {
    title: 'upgrades to WebSocket are switched off here',
    why: 'enabled: false makes Envoy answer 403. What a route says overrides the connection manager.',
    fix: ['upgrade_configs:', '- upgrade_type: websocket', '  enabled: true'],
  },
  'envoy-idle-timeout': {
    title: '{field} cuts an idle WebSocket after {timeout}',
    why: 'An open WebSocket is a stream to Envoy. One on which nothing passed for that long is ended; the default is 5 minutes.',
    fix: ['{field}: 3600s'],
  },
  'envoy-default-timeout': {
    title: 'a WebSocket is cut after 5 minutes in which nothing passed',
    why: 'An open WebSocket is a stream to Envoy, and where stream_idle_timeout is not written it is 5 minutes. It matters where neither side pings. The timeout of 15 s of a route is over once the upgrade is accepted.',
    fix: ['stream_idle_timeout: 3600s'],
  },
  'envoy-header-match': {
    title: 'the match on {header} with {value} misses some WebSockets',
    why: 'A whole value is compared, and capital letters count. Firefox sends Connection: keep-alive, Upgrade, and browsers write websocket in small letters.',
    fix: ['headers:', '- name: upgrade', '  string_match: { exact: websocket, ignore_case: true }'],
  },
  'envoy-max-duration': {
    title: 'every WebSocket is cut after {timeout}, idle or not',
    why: 'max_stream_duration limits the whole life of a stream, not its silence.',
    fix: ['max_stream_duration: 0s  # no limit'],
  },
  'envoy-upstream-h2': {
    title: 'cluster {cluster} is spoken to in HTTP/2 only, without extended CONNECT',
    why: 'A WebSocket goes over HTTP/2 as RFC 8441 defines, and only with allow_connect, and only to a server that knows it. HTTP/1.1 is what almost every WebSocket server speaks.',
    fix: ['explicit_http_config:', '  http_protocol_options: {}'],
  },
  'envoy-downstream-h2': {
    title: 'clients must speak HTTP/2 here, and may not open a WebSocket over it',
    why: 'With codec_type HTTP2 there is no HTTP/1.1 to fall back on, and without allow_connect there are no WebSockets over HTTP/2 (RFC 8441).',
    fix: [
      'codec_type: AUTO',
      '# or, for WebSockets over HTTP/2:',
      'http2_protocol_options:',
      '  allow_connect: true',
    ],
  },
  'envoy-buffer-filter': {
    title: 'the buffer filter holds the handshake back for ever',
    why: 'It waits for the end of the request, and the request for a WebSocket has none. Give upgrades a chain of filters without it.',
    fix: [
      'upgrade_configs:',
      '- upgrade_type: websocket',
      '  filters:',
      '  - name: envoy.filters.http.router',
      '    typed_config:',
      '      "@type": type.googleapis.com/envoy.extensions.filters.http.router.v3.Router',
    ],
  },
  'envoy-headers-removed': {
    title: '{header} is taken out of the request',
    why: 'The server behind needs that header of the handshake.',
    fix: ['# remove {header} from request_headers_to_remove'],
  },
  'envoy-path-slash': {
    title: 'prefix {prefix} with prefix_rewrite {rewrite} turns {example} into {seen}',
    why: 'The prefix is replaced letter by letter. When only one of the two ends in a slash, a slash is doubled or lost.',
    fix: ['# a second route, for that path alone, serves it without a slash at its end', 'prefix: "{fixed}"'],
  },
  'envoy-circuit-breaker': {
    title: '{threshold} lets {value} WebSockets be open at a time',
    why: 'A WebSocket holds a connection and a request of the cluster for as long as it is open. The next client gets 503.',
    fix: ['{threshold}: 100000'],
  },
  'envoy-exact-path': {
    title: 'the route matches {path} only, and nothing below it',
    why: 'Clients of Socket.IO ask for {path}/ with a slash at the end.',
    fix: ['prefix: {path}/'],
  },
}
