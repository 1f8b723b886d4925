// listen[].tls.front: TLS in processes of its own, which an upgrade leaves as they are.
import { writeFileSync } from 'node:fs'
import net from 'node:net'
import { join } from 'node:path'
import tls from 'node:tls'
import {
  authority,
  certificate,
  eventually,
  gone,
  type Holdfast,
  h2Session,
  runHoldfast,
  startUpstream,
  wsClient,
} from '@holdfast/testing'
import { expect } from 'vitest'
import { Crowd, h2Numbered, numberedUpstream } from './numbered-traffic.ts'
import { drain, onNode, ownFolder, replace, serve, state, stop, upgrade } from './upgrading.ts'

const { certFile: cert, keyFile: key } = certificate()
const listen = [{ address: '127.0.0.1:0', tls: { cert, key, front: true } }]
const each = 6

/** Fronts, once they have said that they have so many connections. */
async function fronts(holdfast: Holdfast, count: number) {
  return eventually('all connections', async () => {
    const { fronts = [] } = await state(holdfast)
    return fronts.reduce((sum, { connections }) => sum + connections, 0) === count && fronts
  })
}

onNode(
  'clients over TLS go through upgrades as if they were plain ones, and no process carries anything',
  async () => {
    await using upstream = await numberedUpstream()
    const config = { listen, drain }
    await using holdfast = await serve(upstream.url, { config })
    using crowd = new Crowd()
    await crowd.join(holdfast.url, each)
    const before = await fronts(holdfast, each)
    for (let i = 1; i <= 3; i++)
      expect(await upgrade(holdfast)).toMatchObject({ phase: 'done', moved: each, ended: 0, lost: 0 })
    const after = await state(holdfast)
    expect(after.carriers).toEqual([])
    expect(after.workers.map(({ generation }) => generation)).toEqual([4, 4])
    expect(after.fronts!.map(({ pid }) => pid)).toEqual(before.map(({ pid }) => pid))
    await crowd.join(holdfast.url, 2)
    const { unanswered } = await crowd.settle()
    expect({ unanswered, client: [...crowd.faults], upstream: [...upstream.faults] }).toEqual({
      unanswered: 0,
      client: [],
      upstream: [],
    })
    crowd.watching = false
    const pids = [...after.fronts!, ...after.workers].map(({ pid }) => pid)
    await stop(holdfast)
    for (const client of crowd.clients) expect(await client.closed).toMatchObject({ code: 1012 })
    await gone(pids)
  },
)

onNode('a front that is killed is replaced, and only its clients end', async () => {
  await using upstream = await numberedUpstream()
  await using holdfast = await serve(upstream.url, { config: { listen } })
  const all = Array.from({ length: 4 }, () => wsClient(holdfast.url))
  await Promise.all(all.map(({ opened }) => opened))
  const [first, second] = await fronts(holdfast, 4)
  expect([first!.connections, second!.connections]).toEqual([2, 2])
  process.kill(first!.pid, 'SIGKILL')
  const ended = await eventually('the end of its clients', async () => {
    const ended = all.filter(({ socket }) => socket.readyState === 3)
    return ended.length === 2 && ended
  })
  await eventually('another', async () => {
    const now = await state(holdfast)
    return (
      now.fronts!.length === 2 &&
      now.fronts!.every(({ pid, state }) => pid !== first!.pid && state === 'ready')
    )
  })
  await using client = wsClient(holdfast.url)
  await client.opened
  expect(await state(holdfast)).toMatchObject({ frontRestarts: 1, workerRestarts: 0 })
  for (const each of all) if (!ended.includes(each)) each.socket.terminate()
})

onNode('a new supervisor goes on with the fronts, and replaces one that ends', async () => {
  await using upstream = await numberedUpstream()
  await using holdfast = await serve(upstream.url, {
    config: { listen, drain },
  })
  using crowd = new Crowd()
  await crowd.join(holdfast.url, each)
  const before = await fronts(holdfast, each)
  await replace(holdfast)
  await crowd.join(holdfast.url, each)
  const after = await fronts(holdfast, 2 * each)
  expect(after.map(({ pid }) => pid)).toEqual(before.map(({ pid }) => pid))
  const { unanswered } = await crowd.settle()
  expect({ unanswered, client: [...crowd.faults], upstream: [...upstream.faults] }).toEqual({
    unanswered: 0,
    client: [],
    upstream: [],
  })
  crowd.watching = false
  for (const { pid } of before) process.kill(pid, 'SIGKILL')
  const now = await eventually('others', async () => {
    const { fronts = [], pid } = await state(holdfast)
    const isNew = ({ pid, state }: (typeof fronts)[number]) =>
      state === 'ready' && !before.some((old) => old.pid === pid)
    return fronts.length === 2 && fronts.every(isNew) && { fronts, pid }
  })
  await using client = wsClient(holdfast.url)
  await client.opened
  await stop(holdfast)
  await gone([now.pid, ...now.fronts.map(({ pid }) => pid)])
})

onNode('an upgrade that is to carry nothing replaces fronts, and has their clients come back', async () => {
  await using upstream = await startUpstream()
  // With `hold` a client stays when its upstream goes: here its own side does.
  const routes = [{ name: 'all', upstreams: [upstream.url], hold: { state: 'none' } }]
  await using holdfast = await serve(upstream.url, { config: { listen, routes } })
  const all = Array.from({ length: 4 }, () => wsClient(holdfast.url))
  await Promise.all(all.map(({ opened }) => opened))
  // Its stream stays in a worker, which the next upgrade leaves as it is.
  await using session = await h2Session(holdfast.url)
  const stream = await session.websocket()
  const before = await fronts(holdfast, 5)
  expect(await upgrade(holdfast)).toMatchObject({ moved: 5, carried: 1 })
  const done = await runHoldfast(['upgrade', '--no-carry', '--admin', holdfast.admin!])
  expect(done).toMatchObject({ code: 0, stderr: '' })
  for (const client of all)
    expect(await client.closed).toMatchObject({ code: 1012, reason: expect.stringMatching(/retry=/) })
  expect(await stream.closeFrame()).toMatchObject({ code: 1012, reason: expect.stringMatching(/retry=/) })
  stream.close(1012, '')
  await gone(before.map(({ pid }) => pid))
  await using client = wsClient(holdfast.url)
  await client.opened
  const after = await fronts(holdfast, 1)
  expect(after.map(({ generation, state }) => `${generation} ${state}`)).toEqual(['2 ready', '2 ready'])
})

onNode('HTTP/2, client certificates and PROXY headers are as without a front', async () => {
  await using upstream = await numberedUpstream()
  await using headers = await startUpstream()
  using own = ownFolder()
  const ca = authority('Clients')
  const alice = ca.issue({ subject: [['CN', 'alice']], usages: ['client'] })
  const clients = join(own.folder, 'clients.pem')
  writeFileSync(clients, ca.cert)
  const [common] = listen
  const routes = [
    { name: 'headers', match: { path: '/headers' }, upstreams: [headers.url] },
    { name: 'all', upstreams: [upstream.url] },
  ]
  const asking = { ...common, clientCertificates: { ca: clients, required: false } }
  await using holdfast = await serve(upstream.url, {
    config: { listen: [asking, { ...common, address: '127.0.0.2:0', proxyProtocol: true }], routes },
  })
  const [plain, proxied] = holdfast.urls as [string, string]
  await using session = await h2Session(plain)
  using crowd = new Crowd()
  await h2Numbered(crowd, session)
  const seen = () => headers.connections.at(-1)!.request.headers
  const known = wsClient(`${plain}/headers`, alice)
  await known.opened
  expect(seen()).toMatchObject({ 'holdfast-client-subject': 'CN=alice', 'x-forwarded-proto': 'https' })
  const { hostname: host, port } = new URL(proxied)
  const socket = net.connect(Number(port), host)
  socket.write('PROXY TCP4 203.0.113.7 10.0.0.1 1000 443\r\n')
  const createConnection = () => tls.connect({ socket, rejectUnauthorized: false })
  const behind = wsClient(`wss://${host}:${port}/headers`, { createConnection: createConnection as never })
  await behind.opened
  expect(seen()).toMatchObject({ 'x-forwarded-for': '203.0.113.7', 'x-forwarded-proto': 'https' })
  expect(await upgrade(holdfast)).toMatchObject({ phase: 'done', lost: 0, ended: 0 })
  const { unanswered } = await crowd.settle()
  expect({ unanswered, client: [...crowd.faults] }).toEqual({ unanswered: 0, client: [] })
  crowd.watching = false
  for (const { socket } of [known, behind]) socket.terminate()
})
