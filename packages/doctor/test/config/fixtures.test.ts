import { basename } from 'node:path'
import { describe, expect, test } from 'vitest'
import { readFromDisk } from '../../src/config/files.ts'
import { readProxyConfig } from '../../src/config/index.ts'
import { fixtureKinds, fixtures, lineOf } from './fixtures.ts'

/** Where each finding must be, in the fixture of its name: a part of that line. */
const places: Readonly<Record<string, string>> = {
  'nginx-http-version': 'proxy_pass http://127.0.0.1:3000;',
  'nginx-upgrade-header': 'proxy_pass http://app;',
  'nginx-connection-header': 'proxy_set_header Connection "";',
  'nginx-headers-not-inherited': 'proxy_set_header X-Forwarded-Proto $scheme;',
  'nginx-map-missing': 'proxy_set_header Connection $connection_upgrade;',
  'nginx-map-value': 'map $http_upgrade $connection_upgrade {',
  'nginx-read-timeout': 'proxy_read_timeout 10s;',
  'nginx-default-timeout': 'proxy_pass http://127.0.0.1:3000;',
  'nginx-if': 'if ($http_upgrade != "WebSocket") {',
  'nginx-scheme': 'proxy_pass ws://127.0.0.1:3000;',
  'nginx-handshake-headers': 'proxy_pass_request_headers off;',
  'nginx-path-slash': 'proxy_pass http://127.0.0.1:3000/;',
  'nginx-header-buffers': 'large_client_header_buffers 2 1k;',
  'nginx-wrong-pass': 'uwsgi_pass django;',
  'nginx-backend-tls': 'proxy_pass http://10.0.0.5:443;',
  'nginx-sticky': 'upstream io_nodes {',
  'nginx-stream-timeout': 'proxy_timeout 3s;',
  'haproxy-tunnel-timeout': 'timeout tunnel 10s',
  'haproxy-no-tunnel-timeout': 'timeout client  50000',
  'haproxy-tunnel-in-frontend': 'timeout tunnel 1h',
  'haproxy-acl-case': 'acl is_websocket hdr(Upgrade) WebSocket',
  'haproxy-denied': 'http-request deny deny_status 403',
  'haproxy-header-rule': 'http-request set-header Connection close',
  'haproxy-server-h2': 'server app1 10.0.0.2:8443 ssl verify none alpn h2',
  'haproxy-health-check': 'option httpchk GET /ws',
  'haproxy-maxconn': 'maxconn 32',
  'haproxy-sticky': 'balance roundrobin',
  'haproxy-backend-tls': 'server remote 203.0.113.10:443',
  'caddy-header-up': 'header_up Connection {>Connection}',
  'caddy-read-timeout': 'read_timeout 10s',
  'caddy-stream-timeout': 'stream_timeout 5m',
  'caddy-h2c': 'versions h2c 2',
  'caddy-rewritten-first': 'try_files {path} /index.html',
  'caddy-path-stripped': 'handle_path /ws/* {',
  'caddy-matcher': 'header Connection Upgrade',
  'caddy-scheme': 'reverse_proxy wss://backend.internal:8443',
  'caddy-upstream-path': 'reverse_proxy /ws http://localhost:3000/socket',
  'caddy-exact-path': 'reverse_proxy /socket.io localhost:3000',
  'caddy-v1': 'proxy / localhost:3000 {',
  'caddy-sticky': 'reverse_proxy node1:3000 node2:3000 {',
  'apache-no-upgrade': 'ProxyPass / http://127.0.0.1:3000/',
  'apache-module-missing': 'ProxyPass "/ws" "ws://127.0.0.1:3000/ws"',
  'apache-order': 'ProxyPass        /ws ws://127.0.0.1:8080/ws',
  'apache-rewrite-cond': 'RewriteCond %{HTTP:Connection} ^Upgrade$ [NC]',
  'apache-rewrite-off': 'RewriteRule /(.*) ws://127.0.0.1:3000/$1 [P,L]',
  'apache-rewrite-flag': 'RewriteRule ^/(.*)$ ws://127.0.0.1:3000/$1 [L]',
  'apache-rewrite-scheme': 'RewriteRule ^/?(.*) "http://127.0.0.1:3000/$1" [P,L]',
  'apache-rewrite-order': 'RewriteRule ^/ws/(.*)$ ws:',
  'apache-timeout': 'Timeout 15',
  'apache-default-timeout': 'ProxyPass "/" "http://127.0.0.1:3000/" upgrade=websocket',
  'apache-header-unset': 'RequestHeader unset Upgrade',
  'apache-http10': 'SetEnv force-proxy-request-1.0 1',
  'apache-path-slash': 'ProxyPass "ws://127.0.0.1:3000/socket"',
  'traefik-headers': 'Connection: keep-alive',
  'traefik-h2c': 'url: "h2c://app:8080"',
  'traefik-scheme': 'url = "ws://10.0.0.5:3000"',
  'traefik-rule': 'Header(`Connection`, `Upgrade`)',
  'traefik-exact-path': 'Path(`/socket.io`)',
  'traefik-in-flight': 'amount: 20',
  'traefik-path-stripped': '- /ws',
  'traefik-pass-host': 'passHostHeader = false',
  'traefik-sticky': 'servers:',
  'envoy-no-upgrade': 'typed_config:',
  'envoy-upgrade-disabled': 'enabled: false',
  'envoy-idle-timeout': 'stream_idle_timeout: 15s',
  'envoy-default-timeout': 'typed_config:',
  'envoy-header-match': 'string_match: { exact: WebSocket }',
  'envoy-max-duration': 'max_stream_duration: 300s',
  'envoy-upstream-h2': 'http2_protocol_options: {}',
  'envoy-downstream-h2': 'codec_type: HTTP2',
  'envoy-buffer-filter': '- name: envoy.filters.http.buffer',
  'envoy-headers-removed': '- upgrade',
  'envoy-path-slash': 'prefix_rewrite: "/"',
  'envoy-circuit-breaker': 'max_connections: 100',
  'envoy-exact-path': 'path: "/socket.io"',
  'ingress-timeout': 'proxy-read-timeout: "30"',
  'ingress-default-timeout': 'metadata:',
  'ingress-lifetime': '- path: /ws',
  'ingress-foreign-annotation': 'nginx.ingress.kubernetes.io/proxy-read-timeout',
  'ingress-websocket-annotation': 'annotations:',
  'ingress-timeout-unit': 'proxy-read-timeout: 3600s',
  'ingress-annotation-type': 'proxy-read-timeout: 3600',
  'ingress-http-version': 'proxy-http-version: "1.0"',
  'ingress-connection-header': 'connection-proxy-header: "keep-alive"',
  'ingress-backend-protocol': 'backend-protocol: "GRPC"',
  'ingress-websocket-services': 'nginx.org/websocket-services: "coffee-svc"',
  'ingress-unknown-annotation': 'websocket-services: chat',
  'ingress-rewrite-target': 'rewrite-target: /',
  'ingress-traefik-middleware': 'router.middlewares: compress',
  'ingress-exact-path': 'path: /socket.io',
  'kubernetes-service-port': 'number: 3000',
  'gateway-timeout': 'request: 30s',
  'gateway-default-timeout': '- matches:',
  'gateway-lifetime': '- name: chat',
  'gateway-app-protocol': 'appProtocol: kubernetes.io/h2c',
  'gateway-header-filter': '- Connection',
  'gateway-header-match': 'value: Upgrade',
  'gateway-redirect': 'requestRedirect:',
  'gateway-path-rewrite': 'replacePrefixMatch: /',
  'gateway-section': 'sectionName: websecure',
  'gateway-method': 'method: POST',
  'gateway-exact-path': 'value: /socket.io',
  'gateway-upgrade-disabled': 'requestBuffer:',
}

/** Fixtures with several findings, and those of one kind in the files of another: code, file and line of each. */
const several: Readonly<Record<string, readonly string[]>> = {
  'nginx/includes': ['nginx-map-value map.conf:2', 'nginx-read-timeout websocket.conf:4'],
  'nginx/nothing-for-websockets': [
    'nginx-http-version nothing-for-websockets.conf:7',
    'nginx-upgrade-header nothing-for-websockets.conf:7',
    'nginx-connection-header nothing-for-websockets.conf:7',
    'nginx-default-timeout nothing-for-websockets.conf:7',
  ],
  'caddy/faults': [
    'caddy-matcher faults.json:9',
    'caddy-path-stripped faults.json:14',
    'caddy-header-up faults.json:19',
    'caddy-stream-timeout faults.json:20',
    'caddy-read-timeout faults.json:21',
    'caddy-h2c faults.json:21',
  ],
  'ingress/traefik-annotations': [
    'traefik-h2c traefik-annotations.yaml:26',
    'traefik-pass-host traefik-annotations.yaml:27',
    'traefik-path-stripped traefik-annotations.yaml:41',
    'traefik-in-flight traefik-annotations.yaml:49',
  ],
  'ingress/traefik-ingressroute': [
    'traefik-rule traefik-ingressroute.yaml:9',
    'traefik-h2c traefik-ingressroute.yaml:15',
    'traefik-headers traefik-ingressroute.yaml:24',
  ],
}

const read = readFromDisk()

describe.each(fixtureKinds)('the reader of %s', (kind) => {
  const own = fixtures.filter((fixture) => fixture.kind === kind)
  const correct = own.filter(({ name }) => name.startsWith('ok-'))

  test.each(correct)('says nothing about $name', (file) => {
    expect(readProxyConfig([file], { read })).toMatchObject({ findings: [], problems: [] })
  })

  test('is given at least three correct files', () => {
    expect(correct.length).toBeGreaterThanOrEqual(3)
  })

  const faulty = own.filter(({ name }) => name in places)
  test.each(faulty)('finds $name alone, at its line', (file) => {
    const { findings, problems } = readProxyConfig([file], { read })
    expect(problems).toEqual([])
    expect(findings.map(({ code }) => code)).toEqual([file.name])
    const where = findings[0]?.where
    if (!where || !('file' in where)) throw new Error('a finding in a file has a line')
    expect(lineOf(where.file, where.line)).toContain(places[file.name])
  })

  const mixed = own.filter(({ name }) => `${kind}/${name}` in several)
  test.each(mixed)('finds everything in $name', (file) => {
    const { findings, problems } = readProxyConfig([file], { read })
    expect(problems).toEqual([])
    const found = findings.map(({ code, where }) =>
      where && 'file' in where ? `${code} ${basename(where.file)}:${where.line}` : code,
    )
    expect(found).toEqual(several[`${kind}/${file.name}`])
  })

  test('knows what each of its fixtures is for', () => {
    const known = new Set([...correct, ...faulty, ...mixed].map(({ name }) => name))
    expect(own.map(({ name }) => name).filter((name) => !known.has(name))).toEqual([])
  })
})

test('the readers know at least as many faults as was asked for', () => {
  const count = (prefix: string) => Object.keys(places).filter((code) => code.startsWith(prefix)).length
  expect(count('nginx-')).toBeGreaterThanOrEqual(8)
  expect(count('haproxy-')).toBeGreaterThanOrEqual(5)
  for (const kind of ['caddy-', 'apache-', 'traefik-', 'envoy-', 'ingress-', 'gateway-']) {
    expect(count(kind)).toBeGreaterThanOrEqual(4)
  }
})
