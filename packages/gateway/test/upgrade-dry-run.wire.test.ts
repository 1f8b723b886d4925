// `holdfast upgrade --dry-run`: what would become of the connections of each kind; an upgrade then does that.
import { certificate, eventually, h2Session, runHoldfast, startUpstream, wsClient } from '@holdfast/testing'
import { expect } from 'vitest'
import { resumingClient } from './resuming.ts'
import { drain, onNode, serve, state, upgrade } from './upgrading.ts'

const { certFile: cert, keyFile: key } = certificate()
const tlsListener = { address: '127.0.0.1:0', tls: { cert, key } }

onNode('it says for each kind what would become of its connections, and changes nothing', async () => {
  await using plain = await startUpstream()
  await using secure = await startUpstream({ tls: certificate() })
  const routes = [
    { name: 'secure', match: { path: '/secure' }, upstreams: [{ url: secure.url, tls: { verify: false } }] },
    { name: 'chat', match: { path: '/chat' }, upstreams: [plain.url], resume: {} },
    { name: 'plain', upstreams: [plain.url] },
  ]
  const config = { listen: ['127.0.0.1:0', tlsListener], routes, drain, workers: 2 }
  await using holdfast = await serve(plain.url, { config })
  const [ws, wss] = holdfast.urls as [string, string]
  const dryRun = async (...args: string[]) => {
    const { code, stdout, stderr } = await runHoldfast([
      'upgrade',
      '--dry-run',
      '--admin',
      holdfast.admin!,
      ...args,
    ])
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    return stdout
  }
  expect(await dryRun()).toBe('there are no connections\nnothing was changed')
  const clients = [ws, ws, ws, wss, wss, `${ws}/secure`, `${wss}/secure`].map((url) => wsClient(url))
  await Promise.all(clients.map(({ opened }) => opened))
  await using session = await h2Session(wss)
  for (let i = 0; i < 2; i++) await session.websocket()
  const before = await state(holdfast)
  expect((await dryRun()).split('\n')).toEqual([
    'clients over HTTP/2: 2 would move and be carried by their old process',
    'plain clients: 3 would move',
    'plain clients to wss upstreams: 1 would move and be carried by their old process',
    'clients over TLS: 2 would move and be carried by their old process',
    'clients over TLS to wss upstreams: 1 would move and be carried by their old process',
    'nothing was changed',
  ])
  const told = 'would be told 1012 at drain.deadline, unless they have ended'
  expect((await dryRun('--no-carry')).split('\n')).toEqual([
    `clients over HTTP/2: 2 ${told}`,
    'plain clients: 3 would move',
    `plain clients to wss upstreams: 1 ${told}`,
    `clients over TLS: 2 ${told}`,
    `clients over TLS to wss upstreams: 1 ${told}`,
    'nothing would be carried: it is not asked for',
    'nothing was changed',
  ])
  const plan = JSON.parse(await dryRun('--json'))
  expect(plan).toMatchObject({ carriers: [], code: 1012, silent: [] })
  const after = await state(holdfast)
  expect(after.workers.map(({ pid }) => pid)).toEqual(before.workers.map(({ pid }) => pid))
  expect(after.upgrade).toBeUndefined()
  // What it says is what happens.
  const sum = (of: 'move' | 'carry') =>
    plan.kinds.reduce((all: number, kind: Record<string, number>) => all + kind[of]!, 0)
  expect(await upgrade(holdfast)).toMatchObject({
    moved: sum('move') + sum('carry'),
    carried: sum('carry'),
    ended: 0,
  })
  // Carried once, they move the next time.
  expect((await dryRun()).split('\n').slice(0, -1)).toEqual([
    'clients over HTTP/2: 2 would move',
    'plain clients: 3 would move',
    'plain clients to wss upstreams: 1 would move',
    'clients over TLS: 2 would move',
    'clients over TLS to wss upstreams: 1 would move',
  ])
  const away = await resumingClient(`${ws}/chat`)
  away.cut()
  await eventually('a session without its client', async () =>
    (await dryRun()).includes('sessions: 1 would move'),
  )
  for (const { socket } of clients) socket.terminate()
})

onNode('it says which carriers would be past a limit, and what would not be carried at all', async () => {
  await using upstream = await startUpstream()
  const routes = [{ name: 'all', upstreams: [upstream.url] }]
  const config = { listen: [tlsListener], routes, drain, workers: 1, upgrade: { carriers: 1 } }
  await using holdfast = await serve(upstream.url, { config })
  const dryRun = async () => (await runHoldfast(['upgrade', '--dry-run', '--admin', holdfast.admin!])).stdout
  await using first = wsClient(holdfast.url)
  await first.opened
  await upgrade(holdfast)
  const carriers = async () => (await state(holdfast)).carriers!
  const { id, pid } = (await carriers())[0]!
  expect(await dryRun()).not.toContain('carrier')
  await using second = wsClient(holdfast.url)
  await second.opened
  expect(await dryRun()).toContain(
    `carrier ${id} (pid ${pid}): 1 connection would be told 1012, spread: there are more than 1 generations of carriers\n`,
  )
  expect(first.ending).toBeFalsy()
  holdfast.writeConfig({ ...config, upgrade: { canary: 'off', carriers: 1, memory: '1MiB' } })
  const reloaded = await runHoldfast(['reload', '--admin', holdfast.admin!])
  expect(reloaded).toMatchObject({ code: 0, stderr: '' })
  expect(await first.closed).toMatchObject({ code: 1012 })
  await eventually('no carrier', async () => (await carriers()).length === 0)
  const told = await dryRun()
  expect(told).toContain('clients over TLS: 1 would be told 1012 at drain.deadline, unless they have ended\n')
  expect(told).toContain('nothing would be carried: carriers use more memory than upgrade.memory allows\n')
})
