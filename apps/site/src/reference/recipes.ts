// The lines to write, stack by stack: how a server sends a code, and what proxies and an orchestrator need so that it is
// not seen by mistake, or arrives. A test runs each in the real thing.
import { type CloseCode, code } from '@holdfast/close-codes'
import { exampleReason } from './wire-example.ts'

/** One stack and its lines. */
export interface Recipe {
  /** The stack's name; the same in every language. */
  readonly stack: string
  /** The language of the lines, for whoever colours them. */
  readonly syntax: 'js' | 'python' | 'nginx' | 'haproxy' | 'caddy' | 'yaml'
  readonly lines: string
}

/** A server sends a code of its own in the same call, whichever it is. */
function servers(row: CloseCode): Recipe[] {
  if (!row.travels || !row.sentBy.includes('server')) return []
  const reason = exampleReason(row)
  const js = `socket.close(${row.code}${reason && `, '${reason}'`})`
  return [
    { stack: 'ws', syntax: 'js', lines: `for (const socket of server.clients) ${js}` },
    {
      stack: 'Fastify',
      syntax: 'js',
      // A hook would come behind the plugin's own, which closes without a code.
      lines: `await app.register(websocket, {
  preClose(done) {
    for (const socket of this.websocketServer.clients) ${js}
    this.websocketServer.close(done)
  },
})`,
    },
    {
      stack: 'Uvicorn',
      syntax: 'python',
      lines: `await send({'type': 'websocket.close', 'code': ${row.code}${reason && `, 'reason': '${reason}'`}})`,
    },
  ]
}

/** So that a WebSocket passes, and a quiet one is not cut: what else ends in 1006 or 1014. */
const passing: Recipe[] = [
  {
    stack: 'nginx',
    syntax: 'nginx',
    lines: `proxy_http_version 1.1;
proxy_set_header Upgrade $http_upgrade;
proxy_set_header Connection upgrade;
proxy_read_timeout 1h;`,
  },
  {
    stack: 'HAProxy',
    syntax: 'haproxy',
    lines: `timeout connect 2s
timeout tunnel 1h
option httpchk GET /healthz`,
  },
  {
    stack: 'Caddy',
    syntax: 'caddy',
    lines: `reverse_proxy localhost:3000 {
  health_uri /healthz
  health_interval 5s
}`,
  },
  {
    stack: 'Kubernetes',
    syntax: 'yaml',
    lines: `readinessProbe:
  httpGet: { path: /healthz, port: 3000 }
  periodSeconds: 5`,
  },
]

/** So that a restart has the time to say goodbye: what else ends in 1006 in place of 1012 or 1001. */
const restarting: Recipe[] = [
  { stack: 'nginx', syntax: 'nginx', lines: 'worker_shutdown_timeout 60s;' },
  { stack: 'HAProxy', syntax: 'haproxy', lines: 'hard-stop-after 60s' },
  { stack: 'Caddy', syntax: 'caddy', lines: 'grace_period 60s' },
  {
    stack: 'Kubernetes',
    syntax: 'yaml',
    lines: `terminationGracePeriodSeconds: 60
containers:
  - name: server
    lifecycle:
      preStop: { exec: { command: [sleep, '5'] } }`,
  },
]

/** What to write about one code; empty where nothing is to be written. */
export function recipesFor(row: CloseCode): Recipe[] {
  const own = servers(row)
  switch (row.code) {
    case code.goingAway:
    case code.serviceRestart:
      return [...own, ...restarting]
    case code.badGateway:
    case code.abnormalClosure:
      return [...own, ...passing]
    default:
      return own
  }
}
