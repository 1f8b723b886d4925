import { certificate, startUpstream, type TestUpstream, tcpServer, wsClient } from '@holdfast/testing'
import { describe, expect, test } from 'vitest'
import { readFromDisk } from '../../src/config/files.ts'
import { readProxyConfig } from '../../src/config/index.ts'
import { type FindingCode, findings } from '../../src/findings.ts'
import { missing, type Program } from '../probe/proxies.ts'
import { applyFix } from './apply-fix.ts'
import { fixtures } from './fixtures.ts'
import { run } from './live.ts'

/** How the fault of a fixture shows in a real proxy, and is gone with the fix. */
interface Scene {
  path: string
  /** What a WebSocket meets before: it does not open, is cut, goes to another path; or the program does not start. */
  before: 'fails' | 'cut' | 'no start' | { path: string } | { version: string }
  after?: { path: string }
  /** The headers of a browser that the default ones are not. */
  headers?: Record<string, string>
  /** Servers that take only pages. */
  pages?: RegExp
  tls?: true
  /** A limit that is made shorter, so that the test is. */
  shorter?: readonly [from: string, to: string]
  /** The limit is the program's own and takes a minute. */
  minute?: true
}

const firefox = { Connection: 'keep-alive, Upgrade' }

const scenes: Partial<Record<FindingCode, Scene>> = {
  'nginx-http-version': { path: '/ws', before: { version: '1.0' } },
  'nginx-upgrade-header': { path: '/socket', before: 'fails' },
  'nginx-connection-header': { path: '/cable', before: 'fails' },
  'nginx-headers-not-inherited': { path: '/ws/', before: 'fails' },
  'nginx-map-missing': { path: '/', before: 'no start' },
  'nginx-map-value': { path: '/api/websocket', before: 'fails' },
  'nginx-read-timeout': { path: '/ws', before: 'cut', shorter: ['read_timeout 10s', 'read_timeout 1s'] },
  'nginx-default-timeout': { path: '/chat/', before: 'cut', minute: true },
  'nginx-if': { path: '/push', before: 'fails' },
  'nginx-scheme': { path: '/chat', before: 'no start' },
  'nginx-handshake-headers': { path: '/ws', before: 'fails' },
  'nginx-path-slash': { path: '/ws/chat', before: { path: '//chat' }, after: { path: '/chat' } },
  'nginx-header-buffers': { path: '/ws', before: 'fails', headers: { Cookie: `a=${'x'.repeat(3000)}` } },
  'nginx-wrong-pass': { path: '/ws/', before: 'fails' },
  'nginx-backend-tls': { path: '/ws', before: 'fails', tls: true },
  'haproxy-tunnel-timeout': { path: '/', before: 'cut', shorter: ['tunnel 10s', 'tunnel 1s'] },
  'haproxy-no-tunnel-timeout': { path: '/', before: 'cut', shorter: ['50000', '1000'] },
  'haproxy-tunnel-in-frontend': { path: '/', before: 'cut', shorter: ['5m', '1s'] },
  'haproxy-acl-case': { path: '/', before: 'fails', pages: /:80$/ },
  'haproxy-denied': { path: '/', before: 'fails' },
  'haproxy-header-rule': { path: '/', before: 'fails' },
  'caddy-header-up': { path: '/', before: 'fails' },
  'caddy-read-timeout': { path: '/', before: 'cut', shorter: ['read_timeout 10s', 'read_timeout 1s'] },
  'caddy-h2c': { path: '/', before: 'fails' },
  'caddy-rewritten-first': { path: '/ws', before: 'fails' },
  'caddy-path-stripped': { path: '/ws/chat', before: { path: '/chat' }, after: { path: '/ws/chat' } },
  'caddy-matcher': { path: '/', before: 'fails', headers: firefox, pages: /:8080$/ },
  'caddy-upstream-path': { path: '/ws', before: 'no start' },
  'caddy-exact-path': { path: '/socket.io/', before: 'fails' },
  'caddy-v1': { path: '/', before: 'no start' },
  'apache-no-upgrade': { path: '/', before: 'fails' },
  'apache-module-missing': { path: '/ws', before: 'fails' },
  'apache-order': { path: '/ws', before: 'fails' },
  'apache-rewrite-cond': { path: '/', before: 'fails', headers: firefox },
  'apache-rewrite-off': { path: '/', before: 'fails' },
  'apache-rewrite-flag': { path: '/', before: 'fails' },
  'apache-rewrite-scheme': { path: '/', before: 'fails' },
  'apache-rewrite-order': { path: '/ws/chat', before: 'fails' },
  'apache-timeout': { path: '/ws', before: 'cut', shorter: ['Timeout 15', 'Timeout 1'] },
  'apache-default-timeout': { path: '/', before: 'cut', minute: true },
  'apache-header-unset': { path: '/', before: 'fails' },
  'apache-http10': { path: '/', before: 'fails' },
  'apache-path-slash': { path: '/ws/chat', before: { path: '/socketchat' }, after: { path: '/socket/chat' } },
}

/** Why a finding of these programs has no scene. */
const without: Partial<Record<FindingCode, string>> = {
  'nginx-sticky': 'shows with several servers and sessions',
  'nginx-stream-timeout': 'the stream module is a package of its own',
  'haproxy-server-h2': 'shows with a server that speaks HTTP/2 only',
  'haproxy-health-check': 'shows after several checks',
  'haproxy-maxconn': 'shows under load',
  'haproxy-sticky': 'shows with several servers and sessions',
  'haproxy-backend-tls': 'the fix names a certificate authority',
  'caddy-stream-timeout': 'from Caddy 2.7 on',
  'caddy-scheme': 'the fix names a server with a public certificate',
  'caddy-sticky': 'shows with several servers and sessions',
}

const kindOf = (code: string) => code.replace(/-.*/, '') as Program
const full = process.env.HOLDFAST_FULL === '1'

test('every finding of the programs that can be run has a scene, or a reason', () => {
  const codes = (Object.keys(findings) as FindingCode[]).filter((code) =>
    /^(?:nginx|haproxy|caddy|apache)-/.test(code),
  )
  expect(codes.filter((code) => !(code in scenes) && !(code in without))).toEqual([])
})

/** A WebSocket through a proxy: open, with one message there and back; undefined when it does not come to that. */
async function opened(url: string, { path, headers = {} }: Scene) {
  const client = wsClient(url + path, {
    // The client's own headers would stand in place of these.
    finishRequest(request) {
      for (const [name, value] of Object.entries(headers)) request.setHeader(name, value)
      request.end()
    },
  })
  try {
    await client.opened
    client.send('there and back')
    await client.message()
    return client
  } catch {
    client.socket.terminate()
    return undefined
  }
}

async function through(kind: Program, text: string, scene: Scene, upstream: TestUpstream, port: number) {
  const pages = scene.pages && { addresses: scene.pages, port }
  return run(kind, text, { port: upstream.port, ...(pages && { pages }) })
}

describe.each(Object.entries(scenes))('%s', (code, scene) => {
  const kind = kindOf(code)
  const fixture = fixtures.find(({ name }) => name === code)

  test.skipIf(missing(kind))(
    'shows in the real program, and is gone with the fix',
    async ({ skip }) => {
      skip(scene.minute === true && !full, 'takes a minute: HOLDFAST_FULL=1')
      if (!fixture) throw new Error('each finding has a fixture')
      const shorten = (text: string) =>
        scene.shorter ? text.replaceAll(scene.shorter[0], scene.shorter[1]) : text
      const [finding] = readProxyConfig([fixture], { read: readFromDisk() }).findings
      const fixed = finding && applyFix(fixture.text, finding)
      if (fixed === undefined) throw new Error('each finding has a fix')

      await using upstream = await startUpstream(scene.tls && { tls: certificate() })
      await using pages = await tcpServer(
        (socket) => void socket.end('HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n'),
      )
      const proxied = (text: string) => through(kind, shorten(text), scene, upstream, pages.port)
      const pathAtUpstream = () => upstream.connections.at(-1)?.request.url

      await using after = await proxied(fixed)
      const right = await opened(after.url, scene)
      expect(right, 'a WebSocket with the fix').toBeDefined()
      if (scene.after) expect(pathAtUpstream()).toBe(scene.after.path)

      if (scene.before === 'no start') {
        await expect(proxied(fixture.text)).rejects.toThrow()
      } else {
        await using before = await proxied(fixture.text)
        const wrong = await opened(before.url, scene)
        if (scene.before === 'fails') expect(wrong).toBeUndefined()
        else expect(wrong, 'a WebSocket without the fix').toBeDefined()
        const seen = upstream.connections.at(-1)?.request
        if (typeof scene.before === 'object') {
          expect({ path: seen?.url, version: seen?.httpVersion }).toMatchObject(scene.before)
        }
        // The silence began earlier on the other one, which must outlive it.
        if (scene.before === 'cut') await wrong?.closed
      }
      right?.send('still there')
      await right?.message()
    },
    full ? 90_000 : 30_000,
  )
})

/** Fixtures without a fault that tell WebSockets from pages, with the paths and hosts at which WebSockets are served. */
const right: readonly {
  name: string
  kind: Program
  path: string
  hosts: readonly string[]
  pages?: RegExp
}[] = [
  { name: 'ok-if', kind: 'nginx', path: '/ws', hosts: ['only.example.com'] },
  { name: 'ok-if', kind: 'nginx', path: '/', hosts: ['both.example.com'], pages: /:8080$/ },
  {
    name: 'ok-negated',
    kind: 'apache',
    path: '/live/1',
    hosts: ['pairs.example.com', 'pages-first.example.com', 'skips.example.com', 'chained.example.com'],
  },
  { name: 'ok-if', kind: 'apache', path: '/', hosts: ['app.example.com'] },
  { name: 'ok-negated', kind: 'haproxy', path: '/ws', hosts: ['app.example.com'], pages: /:80$/ },
  { name: 'ok-not', kind: 'caddy', path: '/', hosts: ['app.example.com'], pages: /:80\d\d$/ },
]

describe.each(right)('$name of $kind', ({ name, kind, path, hosts, pages }) => {
  const fixture = fixtures.find((one) => one.name === name && one.kind === kind)

  test.skipIf(missing(kind))(`carries the WebSockets of every browser at ${path}`, async () => {
    if (!fixture) throw new Error('the fixture is there')
    await using upstream = await startUpstream()
    await using other = await tcpServer(
      (socket) => void socket.end('HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n'),
    )
    const scene: Scene = { path, before: 'fails', ...(pages && { pages }) }
    await using proxy = await through(kind, fixture.text, scene, upstream, other.port)
    for (const Host of hosts) {
      for (const browser of [{}, firefox]) {
        // Caddy is run as the site of one address, which its clients name.
        const headers = { ...browser, ...(kind !== 'caddy' && { Host }) }
        const client = await opened(proxy.url, { ...scene, headers })
        expect(client, `a WebSocket of ${Host}`).toBeDefined()
        client?.socket.terminate()
      }
    }
  })
})
