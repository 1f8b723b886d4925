// Proxies that are set up wrongly, in front of servers that work; and some whose server is at fault.
import { createServer } from 'node:http'
import { faultUpstream, fullBacklog, rawUpstream, startUpstream, tcpServer } from '@holdfast/testing'
import { WebSocketServer } from 'ws'
import type { CheckOptions } from '../../src/check.ts'
import { listenable } from './listenable.ts'
import { apache, caddy, haproxy, nginx, nginxPass, type Program, type RunningProxy } from './proxies.ts'
import { between, local, nowhere, type ProbeCode, type Scene, type Stage } from './scene.ts'
import { tlsFile } from './tls.ts'

/** A WebSocket server at /ws: 426 to what is no handshake, 404 at other paths. */
function strict(): Promise<AsyncDisposable & { port: number }> {
  const http = createServer((request, response) => {
    response.statusCode = request.url === '/ws' ? 426 : 404
    response.end(request.url === '/ws' ? 'Upgrade Required' : `Cannot GET ${request.url}`)
  })
  const sockets = new WebSocketServer({ noServer: true })
  http.on('upgrade', (request, socket, head) => {
    if (request.url === '/ws')
      sockets.handleUpgrade(request, socket, head, (it) => it.on('message', () => {}))
    else socket.end(`HTTP/1.1 404 Not Found\r\nConnection: close\r\n\r\nCannot GET ${request.url}`)
  })
  return listenable(http)
}

/** A page server that also takes WebSockets, as most applications are. */
function app(): Promise<AsyncDisposable & { port: number }> {
  const http = createServer((_, response) => response.end('<h1>Welcome to the chat</h1>'))
  new WebSocketServer({ server: http })
  return listenable(http)
}

/** A server that takes HTTP/1.1 only, as RFC 6455 4.2.1 has it, such as websockets for Python. */
function modern(say = (upgrade: boolean): string => (upgrade ? 'HTTP/1.1 is needed' : 'Upgrade is needed')) {
  return rawUpstream({
    onRequest: ({ startLine, headers }, socket) => {
      if (startLine.endsWith('HTTP/1.1') && headers.upgrade) return false
      const words = say(headers.upgrade !== undefined)
      socket.end(`HTTP/1.1 426 Upgrade Required\r\nContent-Length: ${words.length}\r\n\r\n${words}`)
      return true
    },
  })
}

/** A proxy in front of a server, which is also the upstream to compare with. */
const front =
  (
    proxy: (port: number) => Promise<RunningProxy>,
    server: () => Promise<AsyncDisposable & { port: number }> = strict,
    options: CheckOptions = {},
  ) =>
  async (stage: Stage) => {
    const { port } = await stage.use(server())
    const { url } = await stage.use(proxy(port))
    return between(url, local(port), options)
  }

/** A fault of the proxy in the answer to the handshake. */
const refused = (
  it: string,
  needs: Program,
  set: Scene['set'],
  finds: ProbeCode,
  ...concludes: ProbeCode[]
): Scene => ({
  it,
  needs,
  set,
  finds,
  layer: 'upgrade',
  side: 'proxy',
  concludes: ['fault-in-proxy', ...concludes],
})

const upgradeHeaders = 'proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection "upgrade";'

export const proxyScenes: Scene[] = [
  refused(
    'nginx without proxy_http_version 1.1',
    'nginx',
    front((port) => nginx(`location / { proxy_pass http://127.0.0.1:${port}; ${upgradeHeaders} }`), modern),
    'upgrade-as-http10',
  ),
  refused(
    'nginx without proxy_http_version 1.1 in front of a server of few words',
    'nginx',
    front(
      (port) => nginx(`location / { proxy_pass http://127.0.0.1:${port}; ${upgradeHeaders} }`),
      () => modern(() => 'Bad Request'),
    ),
    'upgrade-lost',
  ),
  refused(
    'nginx without Upgrade and Connection headers',
    'nginx',
    front((port) => nginx(`location / { proxy_pass http://127.0.0.1:${port}; proxy_http_version 1.1; }`)),
    'upgrade-lost',
  ),
  refused(
    'nginx without Upgrade and Connection headers in front of pages',
    'nginx',
    front(
      (port) => nginx(`location / { proxy_pass http://127.0.0.1:${port}; proxy_http_version 1.1; }`),
      app,
    ),
    'upgrade-ignored',
    'upgrade-lost',
  ),
  refused(
    'nginx with a wrong upstream port',
    'nginx',
    front(() => nginx(nginxPass(nowhere))),
    'backend-unreachable',
    'proxy-misses-backend',
  ),
  refused(
    'nginx with an upstream that a firewall hides',
    'nginx',
    async (stage) => {
      const { port } = await stage.use(strict())
      const hidden = await stage.use(fullBacklog())
      const proxy = await stage.use(nginx(nginxPass(local(hidden.port), 'proxy_connect_timeout 1s;')))
      return between(proxy.url, local(port))
    },
    'backend-timeout',
    'proxy-misses-backend',
  ),
  refused(
    'nginx without a route for the path',
    'nginx',
    front((port) => nginx(nginxPass(local(port)).replace('location /', 'location /chat'))),
    'path-not-found',
    'path-not-routed',
  ),
  refused(
    'nginx with a slash too many',
    'nginx',
    front((port) => nginx(nginxPass(`${local(port)}/`).replace('location /', 'location /ws'))),
    'path-not-found',
    'path-changed',
  ),
  refused(
    'nginx with too little room for headers',
    'nginx',
    front((port) =>
      nginx(`client_header_buffer_size 1k; large_client_header_buffers 2 1k; ${nginxPass(local(port))}`),
    ),
    'headers-too-large',
  ),
  {
    it: 'nginx without a route in front of a backend that never pongs',
    needs: 'nginx',
    async set(stage) {
      const { port } = await stage.use(faultUpstream('no pong'))
      const proxy = await stage.use(nginx(nginxPass(local(port)).replace('location /', 'location /chat')))
      return between(proxy.url, local(port), { timeout: 3_000 })
    },
    finds: 'path-not-found',
    layer: 'upgrade',
    side: 'both',
    concludes: ['fault-in-both', 'path-not-routed'],
  },
  refused(
    'nginx with too little room for the headers of the answer',
    'nginx',
    front(
      (port) => nginx(nginxPass(local(port), 'proxy_buffer_size 4k;')),
      () => rawUpstream({ headers: [`Set-Cookie: large=${'x'.repeat(5_000)}`] }),
    ),
    'backend-unreachable',
    'answer-headers-too-large',
  ),
  refused(
    'nginx with TLS where http is asked for',
    'nginx',
    front((port) => {
      const files = `ssl_certificate ${tlsFile('right')}; ssl_certificate_key ${tlsFile('key')};`
      return nginx(`${files} ${nginxPass(local(port))}`, 'ssl')
    }),
    'tls-needed',
  ),
  {
    it: 'nginx with a proxy_read_timeout of 2 s',
    needs: 'nginx',
    set: front((port) => nginx(nginxPass(local(port), 'proxy_read_timeout 2s;')), strict, { idle: 2_600 }),
    finds: 'idle-cut',
    layer: 'idle',
    side: 'proxy',
    concludes: ['fault-in-proxy'],
  },
  {
    it: 'nginx in front of a server that is down',
    needs: 'nginx',
    async set(stage) {
      const proxy = await stage.use(nginx(nginxPass(nowhere)))
      return between(proxy.url, nowhere)
    },
    finds: 'backend-unreachable',
    layer: 'upgrade',
    side: 'backend',
    concludes: ['fault-in-backend'],
  },
  {
    it: 'nginx in front of a server that hangs',
    needs: 'nginx',
    set: front(
      (port) => nginx(nginxPass(local(port), 'proxy_read_timeout 1s;')),
      () => tcpServer(() => {}),
      { timeout: 2_000 },
    ),
    finds: 'backend-timeout',
    layer: 'upgrade',
    side: 'backend',
    concludes: ['fault-in-backend'],
  },
  {
    it: 'HAProxy with a timeout tunnel of 1 s',
    needs: 'haproxy',
    set: front((port) => haproxy(local(port), 'timeout tunnel 1s'), strict, { idle: 1_600 }),
    finds: 'idle-cut',
    layer: 'idle',
    side: 'proxy',
    concludes: ['fault-in-proxy'],
  },
  {
    it: 'HAProxy in front of a server that is down',
    needs: 'haproxy',
    async set(stage) {
      const proxy = await stage.use(haproxy(nowhere, 'retries 0'))
      return between(proxy.url, nowhere)
    },
    finds: 'backend-unavailable',
    layer: 'upgrade',
    side: 'backend',
    concludes: ['fault-in-backend'],
  },
  refused(
    'Caddy with handle_path in place of handle',
    'caddy',
    front((port) => caddy(`handle_path /ws* {\n reverse_proxy 127.0.0.1:${port}\n }`)),
    'path-not-found',
    'path-changed',
  ),
  refused(
    'Caddy without a route for the path',
    'caddy',
    front((port) => caddy(`handle /chat* {\n reverse_proxy 127.0.0.1:${port}\n }`)),
    'upgrade-ignored',
    'path-not-routed',
  ),
  refused(
    'Apache without upgrade=websocket',
    'apache',
    front((port) => apache(['proxy_http'], `ProxyPass "/" "http://127.0.0.1:${port}/"`)),
    'upgrade-lost',
  ),
  refused(
    'Apache with a ws address and without mod_proxy_wstunnel',
    'apache',
    front((port) => apache([], `ProxyPass "/" "ws://127.0.0.1:${port}/"`)),
    'server-error',
    'proxy-misses-backend',
  ),
  ...[
    ['nginx', 'nginx', (port: number) => nginx(nginxPass(local(port)))],
    ['HAProxy', 'haproxy', (port: number) => haproxy(local(port), 'timeout tunnel 1h')],
    ['Caddy', 'caddy', (port: number) => caddy(`reverse_proxy 127.0.0.1:${port}`)],
    [
      'Apache',
      'apache',
      (port: number) => apache(['proxy_http'], `ProxyPass "/" "http://127.0.0.1:${port}/" upgrade=websocket`),
    ],
    [
      'Apache with mod_proxy_wstunnel',
      'apache',
      (port: number) => apache(['proxy_wstunnel'], `ProxyPass "/" "ws://127.0.0.1:${port}/"`),
    ],
  ].map(
    ([name, needs, proxy]): Scene => ({
      it: `${name} as it should be`,
      needs: needs as Program,
      set: front(proxy as (port: number) => Promise<RunningProxy>, () => startUpstream()),
      finds: 'large-message-passed',
      layer: 'large-message',
      side: 'none',
      concludes: [],
    }),
  ),
]
