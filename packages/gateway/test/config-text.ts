import fc from 'fast-check'
import { formatProblem } from '../src/config/errors.ts'
import { parseConfig } from '../src/config/file.ts'
import type { ConfigSources } from '../src/config/outside.ts'
import type { GatewayOptions } from '../src/core/options.ts'

/** The shortest configuration: everything else is a default. */
export const shortest = 'routes: [{ name: a, upstreams: [ws://b] }]\n'

/** A configuration with every key of the schema. */
export const full = `listen:
  - 127.0.0.1:8080
  - { address: 0.0.0.0:8443, proxyProtocol: true }
  - { address: 0.0.0.0:443, tls: auto }
admin: { address: 127.0.0.1:10120, token: $TOKEN }
workers: auto
trustedProxies: [10.0.0.0/8]
pending: { connections: 1000, perAddress: 50, timeout: 5s }
drain: { spread: 5s, deadline: 30s, retry: [1s, 5s] }
log: { access: /var/log/holdfast/access.log, format: combined, mask: [room_key] }
acme: { agreed: true, directory: letsencrypt-staging, email: admin@example.com, names: [chat.example.com], profile: shortlived, challenge: tls-alpn-01 }
stateDirectory: /var/lib/holdfast
upgrade: { canary: 5%, settle: 10s, carry: 1h, carriers: 5, memory: 512MiB }
fleet: { name: chat, store: 'rediss://holdfast:$REDIS_PASSWORD@10.0.0.5:6379/1', secret: $FLEET_SECRET, listen: 10.0.0.1:10130, drainWait: 2m }
sessions: memory
routes:
  - name: chat
    match: { host: chat.example.com, path: /ws/* }
    upstreams:
      - ws://10.0.0.1:3000
      - { url: wss://10.0.0.2:3000, weight: 2 }
      - { dns: ws://chat.internal:3000, every: 20s }
    balance: hash(cookie:sid)
    attempts: 4
    timeouts: { connect: 1s, handshake: 4s, close: 3s, response: off, idle: 1m }
    health: { path: /ws, protocol: chat.v2, interval: 6s, timeout: 3s, ping: false, healthy: 3, unhealthy: 4 }
    keepalive: { ping: 20s, timeout: 9s }
    rejections: close
    badGateway: http
    wait: 3s
    admit: 500/s
    closeCodes: { badGateway: 4014, restart: 3012, tryAgain: 1013 }
    origins: [https://chat.example.com]
    auth: { url: https://auth.internal/check, headers: [X-User], timeout: 1s, onError: deny, cache: 10s }
    limits: { scope: fleet, connections: 10000, perAddress: 50, handshakesPerSecond: 500, waiting: 2000, messageBytes: 1MiB, messagesPerSecond: 100 }
`

const sources: ConfigSources = {
  file: 'holdfast.yaml',
  env: { TOKEN: 'c2VjcmV0', REDIS_PASSWORD: 'p@ss', FLEET_SECRET: 'a secret of the fleet' },
  readFile: () => Promise.reject(Object.assign(new Error('no files here'), { code: 'ENOENT' })),
}

/** The problems or warnings of a text, as lines. */
export async function linesFor(text: string, given: Partial<ConfigSources> = {}): Promise<string[]> {
  const result = await parseConfig(text, { ...sources, ...given })
  return (result.ok ? result.warnings : result.problems).map(formatProblem)
}

/** The options of a text that is valid and without warnings, but for the one that `hold: {}` always gives. */
export async function optionsFor(text: string, given: Partial<ConfigSources> = {}): Promise<GatewayOptions> {
  const result = await parseConfig(text, { ...sources, ...given })
  const found = (result.ok ? result.warnings : result.problems).map(formatProblem)
  const lines = found.filter((line) => !line.includes('.hold lets only those clients go on'))
  if (!result.ok || lines.length > 0) throw new Error(lines.join('\n'))
  return result.options
}

/** A route of these keys, written in the flow style, after a name and an upstream. */
export function routeWith(keys: string): string {
  return `routes: [{ name: a, upstreams: [ws://b], ${keys} }]`
}

/** The one line that such a route gives, without the file and the place. */
export async function faultOf(text: string): Promise<string> {
  const lines = await linesFor(text)
  return lines.map((line) => line.replace(/^holdfast\.yaml:\d+:\d+: /, '')).join('\n')
}

/** Any text: control characters, lone surrogates and all. */
export function anyText(maxLength = 100): fc.Arbitrary<string> {
  const unit = fc.oneof(fc.integer({ min: 32, max: 126 }), fc.nat(0xff), fc.nat(0xffff))
  return fc.array(unit, { maxLength }).map((units) => String.fromCharCode(...units))
}
