// docs/fleet.md, from one node to three: each step as it is written there, on the addresses of this machine.
import { execFileSync, spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import {
  Child,
  eventually,
  freePort,
  hasRedis,
  runHoldfast,
  startHoldfast,
  startUpstream,
  wsClient,
} from '@holdfast/testing'
import { expect, test } from 'vitest'
import { parse } from 'yaml'

const guide = readFileSync(fileURLToPath(new URL('../../../docs/fleet.md', import.meta.url)), 'utf8')
const hasHaproxy = spawnSync('haproxy', ['-v']).status === 0

/** The blocks of the guide in one language, without what they are indented by. */
const blocks = (language: string) =>
  [...guide.matchAll(new RegExp(`^ {3}\`\`\`${language}\\n([\\s\\S]*?)^ {3}\`\`\``, 'gm'))].map(([, text]) =>
    text!.replaceAll(/^ {3}/gm, ''),
  )

test.runIf(hasRedis && hasHaproxy)('the steps from one node to three, in their order', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-guide-'))
  await using _ = { [Symbol.asyncDispose]: async () => rmSync(folder, { recursive: true, force: true }) }
  const [secrets, store] = blocks('sh')
  execFileSync('bash', ['-euc', secrets!], { cwd: folder })
  const env = Object.fromEntries(
    readFileSync(join(folder, 'environment'), 'utf8')
      .trim()
      .split('\n')
      .map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]),
  )
  expect(Object.keys(env)).toEqual(['REDIS_PASSWORD', 'HOLDFAST_FLEET_SECRET', 'HOLDFAST_ADMIN_TOKEN'])

  const storePort = await freePort()
  const command = store!.replace('10.0.0.5', '127.0.0.1').replace('6379', String(storePort))
  await using redis = new Child('bash', ['-euc', `exec ${command}`], { ...env })
  await eventually('the store', () => {
    if (redis.exit) throw new Error(redis.describe())
    return redis.stdout.some((line) => line.includes('Ready to accept connections'))
  })

  await using upstream = await startUpstream()
  const [text] = blocks('yaml')
  const config = {
    ...parse(
      text!.replace('10.0.0.5:6379', `127.0.0.1:${storePort}`).replace('ws://10.0.1.1:3000', upstream.url),
    ),
    listen: '127.0.0.1:0',
    workers: 1,
    drain: { spread: '100ms' },
  }
  config.admin.address = '127.0.0.1:0'
  const start = () => startHoldfast({ config, env })
  const nodes = [await start(), ...(await Promise.all([start(), start()]))]
  await using all = {
    [Symbol.asyncDispose]: async () =>
      void (await Promise.all(nodes.map((node) => node[Symbol.asyncDispose]()))),
  }
  const status = () => runHoldfast(['status', '--fleet', '--admin', nodes[0]!.admin!], { env })
  await eventually(
    'three nodes that serve',
    async () => (await status()).stdout.match(/ serving /g)?.length === 3,
  )
  expect((await status()).stdout).toContain(`fleet chat  store redis://127.0.0.1:${storePort} there for `)

  const [balance] = blocks('haproxy')
  const frontPort = await freePort()
  let proxied = balance!.replace('0.0.0.0:80', `127.0.0.1:${frontPort}`).replace('check port 10120', 'check')
  for (const [i, node] of nodes.entries()) {
    const [at, admin] = [node.url, node.admin!].map((url) => new URL(url).port)
    proxied = proxied.replace(`10.0.0.${i + 1}:8080`, `127.0.0.1:${at} port ${admin}`)
  }
  writeFileSync(join(folder, 'haproxy.cfg'), proxied)
  await using haproxy = new Child('haproxy', ['-db', '-f', join(folder, 'haproxy.cfg')])
  const client = await eventually('a client through the balancer', async () => {
    if (haproxy.exit) throw new Error(haproxy.describe())
    const one = wsClient(`ws://127.0.0.1:${frontPort}`)
    return one.opened.then(
      () => one,
      () => undefined,
    )
  })
  client.send('hello')
  expect(await client.message()).toBe('hello')

  const connections = await Promise.all(
    nodes.map(async (node) => {
      const headers = { authorization: `Bearer ${env.HOLDFAST_ADMIN_TOKEN}` }
      const { body } = await node.api('/api/state', { headers })
      return (body as { routes: { connections: { open: number } }[] }).routes[0]!.connections.open
    }),
  )
  expect(connections.reduce((a, b) => a + b)).toBe(1)
  const its = nodes[connections.indexOf(1)]!
  its.signal('SIGTERM')
  expect((await client.closed).code).toBe(1012)
  await its.exited
  await eventually('it is back on another node', async () => {
    const again = wsClient(`ws://127.0.0.1:${frontPort}`)
    try {
      await again.opened
      again.send('again')
      return (await again.message()) === 'again'
    } catch {
      return false
    } finally {
      again.socket.terminate()
    }
  })
  void all
})
