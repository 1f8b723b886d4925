// Live upgrades of connections that cannot leave their process: over TLS, HTTP/2, and to wss upstreams. The old worker
// carries them.
import { mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import net from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TLSSocket } from 'node:tls'
import {
  certificate,
  eventually,
  gone,
  h2Session,
  runHoldfast,
  selfSigned,
  startUpstream,
  type WsClient,
  wsClient,
} from '@holdfast/testing'
import { expect } from 'vitest'
import { Crowd, h2Numbered, numberedUpstream } from './numbered-traffic.ts'
import { drain, onNode, replace, serve, state, stop, upgrade } from './upgrading.ts'

const each = Number(process.env.HOLDFAST_UPGRADE_CONNECTIONS ?? 30)
const { certFile: cert, keyFile: key } = certificate()
const tlsListener = { address: '127.0.0.1:0', tls: { cert, key } }

onNode(
  'connections of every kind go through three upgrades of two workers: none ends, nothing is lost, doubled or out of order',
  async () => {
    await using plain = await numberedUpstream()
    await using secure = await numberedUpstream({ tls: certificate() })
    const routes = [
      {
        name: 'secure',
        match: { path: '/secure' },
        upstreams: [{ url: secure.url, tls: { verify: false } }],
      },
      { name: 'plain', upstreams: [plain.url] },
    ]
    const listen = ['127.0.0.1:0', tlsListener]
    await using holdfast = await serve(plain.url, {
      config: { listen, routes, drain, upgrade: { canary: '1%', settle: '200ms' } },
    })
    const [ws, wss] = holdfast.urls as [string, string]
    using crowd = new Crowd()
    await crowd.join(ws, each)
    await crowd.join(wss, each)
    await crowd.join(`${ws}/secure`, each)
    await crowd.join(`${wss}/secure`, each)
    await using session = await h2Session(wss)
    await using other = await h2Session(wss)
    for (let i = 0; i < each; i++) await h2Numbered(crowd, i % 2 ? session : other)
    const total = 5 * each
    for (let i = 1; i <= 3; i++) {
      const done = await upgrade(holdfast)
      expect(done).toMatchObject({ phase: 'done', total, moved: total, ended: 0, lost: 0 })
    }
    const { sent, unanswered } = await crowd.settle()
    expect(sent).toBeGreaterThan(total * 3)
    expect({ unanswered, client: crowd.faults, upstreams: [...plain.faults, ...secure.faults] }).toEqual({
      unanswered: 0,
      client: [],
      upstreams: [],
    })
    const now = await state(holdfast)
    expect(now.workers.map(({ generation }) => generation)).toEqual([4, 4])
    expect(now.carriers!.map(({ generation }) => generation)).toEqual([1, 1])
    expect(now.carriers!.reduce((sum, { connections }) => sum + connections, 0)).toBe(4 * each)
    expect(now.routes.map(({ counters }) => counters.closes)).toEqual([{}, {}])
  },
)

/** A gateway of one worker on TLS, and a folder of its own for what it makes. */
async function serveTls(upstream: string, config: object = {}) {
  const folder = mkdtempSync(join(tmpdir(), 'carriers-'))
  const env = { TMPDIR: folder, RUNTIME_DIRECTORY: '' }
  const all = { listen: [tlsListener], drain, workers: 1, ...config }
  const holdfast = await serve(upstream, { env, config: all })
  return Object.assign(holdfast, { folder })
}

async function open(url: string, count: number): Promise<WsClient[]> {
  const clients = Array.from({ length: count }, () => wsClient(url))
  await Promise.all(clients.map(({ opened }) => opened))
  return clients
}

async function echo(clients: readonly WsClient[]): Promise<void> {
  for (const client of clients) client.send('still there')
  for (const client of clients) expect(await client.message()).toBe('still there')
}

const count = ({ carriers = [] }: Awaited<ReturnType<typeof state>>) =>
  carriers.reduce((sum, { connections }) => sum + connections, 0)

onNode('a carrier is shown, and ends when its last connection does', async () => {
  await using upstream = await startUpstream()
  await using holdfast = await serveTls(upstream.url)
  const clients = await open(holdfast.url, 2)
  const old = holdfast.workers()
  const { stdout } = await runHoldfast(['upgrade', '--admin', holdfast.admin!])
  expect(stdout).toContain(
    '2 of them are carried by their old processes: over TLS or HTTP/2, or to a wss upstream',
  )
  const [carrier] = (await state(holdfast)).carriers!
  expect(carrier).toMatchObject({ pid: old[0], generation: 1, connections: 2, node: process.version })
  const status = (await runHoldfast(['status', '--admin', holdfast.admin!])).stdout
  expect(status).toMatch(new RegExp(`CARRIER[^]*${old[0]}  carries`))
  expect((await holdfast.api('/metrics')).body).toMatch(/^holdfast_carrier_connections\{worker="1".*\} 2$/m)
  await echo(clients)
  for (const client of clients) client.close(1000)
  for (const client of clients) expect(await client.closed).toMatchObject({ code: 1000 })
  await gone(old)
  await eventually('no carrier', async () => (await state(holdfast)).carriers!.length === 0)
  expect((await state(holdfast)).routes[0]!.counters.closes).toEqual({ '1000:client': 2 })
})

onNode(
  'its socket is its own: a stranger with any secret, or none, is let go of and joined to nothing',
  async () => {
    await using upstream = await startUpstream()
    await using holdfast = await serveTls(upstream.url)
    const clients = await open(holdfast.url, 2)
    await upgrade(holdfast)
    const [name] = readdirSync(holdfast.folder)
    const directory = join(holdfast.folder, name!)
    expect(statSync(directory).mode & 0o777).toBe(0o700)
    const [socketName] = readdirSync(directory)
    const path = join(directory, socketName!)
    expect(statSync(path).mode & 0o777).toBe(0o600)
    const strangers = [Buffer.alloc(0), Buffer.alloc(10), Buffer.alloc(32), Buffer.alloc(100, 7)].map(
      (secret) =>
        new Promise<string>((resolve) => {
          const stranger = net.connect(path, () => stranger.write(secret))
          let heard = ''
          stranger.on('data', (bytes) => (heard += bytes)).on('error', () => {})
          stranger.on('close', () => resolve(heard))
        }),
    )
    expect(await Promise.all(strangers)).toEqual(['', '', '', ''])
    await echo(clients)
    for (const { socket } of clients) socket.terminate()
  },
)

onNode('its directory goes with the supervisor, and after a SIGKILL at the next start', async () => {
  await using upstream = await startUpstream()
  const holdfast = await serveTls(upstream.url)
  const [client] = await open(holdfast.url, 1)
  await upgrade(holdfast)
  expect(readdirSync(holdfast.folder).length).toBe(1)
  await stop(holdfast)
  expect(await client!.closed).toMatchObject({ code: 1012 })
  expect(readdirSync(holdfast.folder)).toEqual([])
  rmSync(holdfast.folder, { recursive: true })

  const killed = await serveTls(upstream.url)
  const [left] = await open(killed.url, 1)
  await upgrade(killed)
  const workers = [...killed.workers(), (await state(killed)).carriers![0]!.pid]
  killed.signal('SIGKILL')
  // Its workers tell their clients, and the carriers wait for that.
  expect(await left!.closed).toMatchObject({ code: 1012 })
  await gone(workers)
  await killed[Symbol.asyncDispose]()
  const env = { TMPDIR: killed.folder, RUNTIME_DIRECTORY: '' }
  await using next = await serve(upstream.url, { env })
  expect(readdirSync(killed.folder)).toEqual([])
  rmSync(killed.folder, { recursive: true })
  expect(next.workers().length).toBe(2)
})

onNode('when it is killed only its own clients see TCP end, and they are counted', async () => {
  await using upstream = await startUpstream()
  await using holdfast = await serveTls(upstream.url)
  const clients = await open(holdfast.url, 3)
  await upgrade(holdfast)
  const others = await open(holdfast.url, 2)
  process.kill((await state(holdfast)).carriers![0]!.pid, 'SIGKILL')
  for (const client of clients) expect(await client.closed).toMatchObject({ code: 1006 })
  await echo(others)
  const after = await eventually('the count', async () => {
    const now = await state(holdfast)
    return now.routes[0]!.connections.open === 2 && now
  })
  expect(after.routes[0]!.counters.closes).toEqual({ '1006:client': 3 })
  expect(after.carriers).toEqual([])
  await eventually('the end at the upstream', () => upstream.sockets.size === 2)
  expect(holdfast.log.map(({ msg }) => msg)).toContain('a carrier has ended, and what it carried')
  for (const { socket } of others) socket.terminate()
})

onNode(
  'past upgrade.carriers the connections of the oldest are told 1012, spread, and no others',
  async () => {
    await using upstream = await startUpstream()
    const config = { upgrade: { carriers: 1 }, drain: { ...drain, spread: '300ms' } }
    await using holdfast = await serveTls(upstream.url, config)
    const first = await open(holdfast.url, 5)
    await upgrade(holdfast)
    const second = await open(holdfast.url, 5)
    await echo(first)
    await upgrade(holdfast)
    for (const client of first)
      expect(await client.closed).toMatchObject({ code: 1012, reason: expect.stringMatching(/retry=\d+/) })
    await echo(second)
    const now = await eventually('one carrier', async () => {
      const now = await state(holdfast)
      return now.carriers!.length === 1 && now
    })
    expect(now.carriers![0]).toMatchObject({ generation: 2, connections: 5, draining: false })
    expect(now.drains.map(({ scope, closed }) => ({ scope, closed }))).toEqual([
      { scope: 'carrier 1', closed: 5 },
    ])
    for (const { socket } of second) socket.terminate()
  },
)

onNode('past upgrade.carry, and upgrade.memory, they are, too; --no-carry carries nothing', async () => {
  await using upstream = await startUpstream()
  for (const limit of [{ carry: '1s' }, { memory: '1MiB' }]) {
    await using holdfast = await serveTls(upstream.url, { upgrade: limit })
    const [client] = await open(holdfast.url, 1)
    expect(await upgrade(holdfast)).toMatchObject({ moved: 1, carried: 1, ended: 0 })
    expect(await client!.closed).toMatchObject({ code: 1012, reason: expect.stringMatching(/retry=\d+/) })
    await eventually('no carrier', async () => (await state(holdfast)).carriers!.length === 0)
  }
  await using holdfast = await serveTls(upstream.url, { drain: { ...drain, deadline: '1s' } })
  const [client] = await open(holdfast.url, 1)
  const { stdout } = await runHoldfast(['upgrade', '--no-carry', '--admin', holdfast.admin!])
  expect(stdout).toContain('1 connection ended with their old worker: 1 by the gateway (1012)')
  expect(await client!.closed).toMatchObject({ code: 1012 })
})

onNode('those of a supervisor of before are under the limits of the next one', async () => {
  await using upstream = await startUpstream()
  await using holdfast = await serveTls(upstream.url, { upgrade: { carry: '3s' } })
  const [client] = await open(holdfast.url, 1)
  expect(await upgrade(holdfast)).toMatchObject({ moved: 1, carried: 1 })
  // What the second worker has is carried by the first: it carries nothing itself.
  await replace(holdfast)
  expect(await client!.closed).toMatchObject({ code: 1012, reason: expect.stringMatching(/retry=\d+/) })
  await eventually('no carrier', async () => (await state(holdfast)).carriers!.length === 0)
})

onNode('a held client over TLS whose backend restarts during the upgrade notices nothing', async () => {
  const first = await startUpstream()
  const hold = { for: '30s', on: [1012, 'lost'], state: 'none' }
  const routes = [{ name: 'all', upstreams: [first.url], hold }]
  await using holdfast = await serveTls(first.url, { routes })
  const [client] = await open(holdfast.url, 1)
  await echo([client!])
  const done = upgrade(holdfast)
  await first[Symbol.asyncDispose]()
  client!.send('while it restarts')
  expect(await done).toMatchObject({ moved: 1, ended: 0, lost: 0 })
  await using _second = await startUpstream({ port: first.port })
  expect(await client!.message()).toBe('while it restarts')
  client!.close(1000)
  await client!.closed
})

onNode('reload, drain and a second upgrade reach what is carried', async () => {
  await using upstream = await startUpstream()
  const routes = ['chat', 'feed', 'rest'].map((name) => ({
    name,
    match: { path: `/${name}` },
    upstreams: [upstream.url],
  }))
  await using holdfast = await serveTls(upstream.url, { routes })
  const [chat, feed, rest] = await Promise.all(
    routes.map(async ({ name }) => (await open(`${holdfast.url}/${name}`, 1))[0]),
  )
  const config = { listen: [tlsListener], drain, workers: 1 }
  await upgrade(holdfast)
  expect(count(await state(holdfast))).toBe(3)
  const headers = { 'content-type': 'application/json' }
  await holdfast.api('/api/drain', { method: 'POST', body: '{"route":"chat"}', headers })
  expect(await chat!.closed).toMatchObject({ code: 1012 })
  holdfast.writeConfig({ ...config, routes: [routes[0], routes[2]] })
  expect((await holdfast.api('/api/reload', { method: 'POST' })).body).toMatchObject({ drained: 1 })
  expect(await feed!.closed).toMatchObject({ code: 1012 })
  const [done, refused] = await Promise.all([
    upgrade(holdfast),
    holdfast.api('/api/upgrade', { method: 'POST' }),
  ])
  expect(done).toMatchObject({ moved: 1, ended: 0 })
  expect(refused.status).toBe(422)
  await echo([rest!])
  expect(count(await state(holdfast))).toBe(1)
  holdfast.signal('SIGTERM')
  expect(await rest!.closed).toMatchObject({ code: 1012 })
})

onNode(
  'a certificate that a reload has changed is shown to who comes; what is carried goes on, over the next upgrade too',
  async () => {
    await using upstream = await startUpstream()
    const folder = mkdtempSync(join(tmpdir(), 'certificates-'))
    const files = { cert: join(folder, 'cert.pem'), key: join(folder, 'key.pem') }
    const write = () => {
      const { cert, key } = selfSigned({ names: ['127.0.0.1'] })
      writeFileSync(files.cert, cert)
      writeFileSync(files.key, key)
    }
    write()
    await using holdfast = await serveTls(upstream.url, { listen: [{ address: '127.0.0.1:0', tls: files }] })
    const shown = async () => {
      const [client] = await open(holdfast.url, 1)
      const { fingerprint256 } = (client!.tcp as TLSSocket).getPeerCertificate()
      return { client: client!, fingerprint256 }
    }
    const before = await shown()
    await upgrade(holdfast)
    write()
    expect(await holdfast.api('/api/reload', { method: 'POST' })).toMatchObject({ status: 200 })
    const after = await shown()
    expect(after.fingerprint256).not.toBe(before.fingerprint256)
    await echo([before.client, after.client])
    await upgrade(holdfast)
    await echo([before.client, after.client])
    expect(
      (await state(holdfast)).carriers!.map(({ generation, connections }) => [generation, connections]),
    ).toEqual([
      [1, 1],
      [2, 1],
    ])
    for (const { client } of [before, after]) client.socket.terminate()
    rmSync(folder, { recursive: true })
  },
)

onNode(
  'where the paths of sockets would be too long the start says so, and clients over TLS are told',
  async () => {
    await using upstream = await startUpstream()
    const folder = mkdtempSync(join(tmpdir(), 'carriers-'))
    const long = join(folder, 'x'.repeat(90))
    mkdirSync(long)
    const config = { listen: [tlsListener], workers: 1, drain: { ...drain, deadline: '1s' } }
    await using holdfast = await serve(upstream.url, { env: { TMPDIR: long, RUNTIME_DIRECTORY: '' }, config })
    const told = await holdfast.waitForLog('it', ({ msg }) =>
      /^connections over TLS cannot be carried/.test(msg),
    )
    expect(told.problem).toMatch(/107 are possible|103 are possible/)
    const [client] = await open(holdfast.url, 1)
    expect(await upgrade(holdfast)).toMatchObject({ moved: 0, ended: 1, lost: 0 })
    expect(await client!.closed).toMatchObject({ code: 1012, reason: expect.stringMatching(/retry=\d+/) })
    rmSync(folder, { recursive: true })
  },
)
