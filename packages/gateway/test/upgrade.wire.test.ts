// Live upgrades: real processes, whose code on disk is replaced while they serve.
import {
  certificate,
  eventually,
  gone,
  type Holdfast,
  runHoldfast,
  runtime,
  startUpstream,
  wsClient,
} from '@holdfast/testing'
import { expect, test } from 'vitest'
import { installation } from './installation.ts'
import { attempts, Crowd, numberedUpstream } from './numbered-traffic.ts'
import { drain, onNode, serve, state, upgrade } from './upgrading.ts'

/** More with HOLDFAST_UPGRADE_CONNECTIONS=2000 HOLDFAST_UPGRADES=10. */
const connections = Number(process.env.HOLDFAST_UPGRADE_CONNECTIONS ?? 200)
const upgrades = Number(process.env.HOLDFAST_UPGRADES ?? 3)

onNode.each([1, 2])(
  'connections with traffic go through live upgrades of %i workers in a row: none ends, nothing is lost, doubled or out of order',
  async (workers) => {
    await using upstream = await numberedUpstream()
    // Time enough for thousands of connections: what has not moved by then is drained.
    const config = { workers, drain }
    await using holdfast = await serve(upstream.url, { config })
    using crowd = new Crowd()
    await crowd.join(holdfast.url, connections)
    const others = attempts(holdfast.url)
    const before = await state(holdfast)
    for (let i = 1; i <= upgrades; i++) {
      const old = holdfast.workers()
      const done = await upgrade(holdfast)
      expect(done).toMatchObject({ phase: 'done', moved: expect.any(Number) })
      expect(done.moved).toBeGreaterThanOrEqual(connections)
      await gone(old)
    }
    const seen = await others.stop()
    expect(seen.failures).toEqual([])
    expect(seen.count).toBeGreaterThan(10)
    const { sent, unanswered } = await crowd.settle()
    expect(sent).toBeGreaterThan(connections * 3)
    expect({ unanswered, client: [...crowd.faults], upstream: [...upstream.faults] }).toEqual({
      unanswered: 0,
      client: [],
      upstream: [],
    })
    // A client has its Close before the gateway has seen the end of TCP.
    const after = await eventually('the end of all other connections', async () => {
      const now = await state(holdfast)
      return now.routes[0]!.connections.closing === 0 && now
    })
    expect(after.pid).toBe(before.pid)
    expect(after.workers.map(({ generation }) => generation)).toEqual(
      Array.from({ length: workers }, () => 1 + upgrades),
    )
    expect(after.workerRestarts).toBe(0)
    const [all] = after.routes
    expect(all!.connections.open).toBe(connections)
    expect(all!.counters.closes).toEqual({ '1000:client': seen.count })
    expect(all!.counters.handshakes).toEqual({ accepted: connections + seen.count })
    expect(all!.counters.messages['to-upstream']).toBe(sent)
    if (process.env.HOLDFAST_UPGRADES) console.log(pauses(holdfast))
  },
)

/** What the log says of each worker's pauses. */
function pauses({ log }: Holdfast): object[] {
  return log.flatMap(({ msg, worker, moved, pauseP99, longestPause }) =>
    msg.startsWith('connections have moved') ? [{ worker, moved, pauseP99, longestPause }] : [],
  )
}

onNode(
  'the new workers run the code on disk, and command, status, metrics and log tell the story',
  async () => {
    await using upstream = await startUpstream()
    using installed = installation('1.0.0')
    await using holdfast = await serve(upstream.url, { main: installed.main })
    await using client = wsClient(holdfast.url)
    await client.opened
    const versions = async () => (await state(holdfast)).workers.map(({ version }) => version)
    expect(await versions()).toEqual(['1.0.0', '1.0.0'])
    installed.install('2.0.0')
    const { code, stdout, stderr } = await runHoldfast(['upgrade', '--admin', holdfast.admin!])
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    expect(stdout).toMatch(/^moved 1 connection to version 2\.0\.0 \(was 1\.0\.0\) in \d+\.\d s$/)
    expect(await versions()).toEqual(['2.0.0', '2.0.0'])
    expect((await state(holdfast)).upgrade).toMatchObject({
      phase: 'done',
      from: '1.0.0',
      to: '2.0.0',
      total: 1,
      moved: 1,
      ended: 0,
    })
    client.send('still there')
    expect(await client.message()).toBe('still there')
    const { body } = await holdfast.api('/metrics')
    expect(body).toMatch(/^holdfast_handover_connections_total\{result="moved"\} 1$/m)
    const told = holdfast.log.map(({ msg }) => msg)
    expect(told).toEqual(
      expect.arrayContaining([
        'upgrade started',
        'new workers are ready; connections move to them',
        'upgrade finished',
      ]),
    )
  },
)

onNode(
  'code that crashes at start, or never gets ready, replaces nothing: the old workers go on, and the command exits 1',
  async () => {
    await using upstream = await startUpstream()
    using installed = installation('1.0.0')
    await using holdfast = await serve(upstream.url, { main: installed.main })
    await using client = wsClient(holdfast.url)
    await client.opened
    const workers = holdfast.workers()
    const refusals: [string, RegExp][] = [
      ["throw new Error('a bad build')\n", /^holdfast: a worker could not start: ended with status 1$/],
      ['await new Promise((r) => setTimeout(r, 60_000))\n', /was not ready in 30 s$/],
    ]
    for (const [code, words] of refusals) {
      installed.install('2.0.0', code)
      const args = ['upgrade', '--admin', holdfast.admin!]
      expect(await runHoldfast(args)).toMatchObject({
        code: 1,
        stdout: '',
        stderr: expect.stringMatching(words),
      })
      expect(await state(holdfast)).toMatchObject({ upgrade: { phase: 'failed' }, workerRestarts: 0 })
      expect(holdfast.workers()).toEqual(workers)
      client.send('untouched')
      expect(await client.message()).toBe('untouched')
      await using another = wsClient(holdfast.url)
      await another.opened
    }
    installed.install('3.0.0')
    expect(await upgrade(holdfast)).toMatchObject({ to: '3.0.0', moved: 1 })
    client.send('moved after all')
    expect(await client.message()).toBe('moved after all')
  },
)

onNode('SIGUSR2 upgrades; a second one meanwhile is refused in the log', async () => {
  await using upstream = await startUpstream()
  await using holdfast = await serve(upstream.url)
  await using client = wsClient(holdfast.url)
  await client.opened
  holdfast.signal('SIGUSR2')
  await holdfast.waitForLog('the start', ({ msg }) => msg === 'upgrade started')
  holdfast.signal('SIGUSR2')
  await holdfast.waitForLog('the refusal', ({ msg }) => msg === 'not upgraded: an upgrade is under way')
  const line = await holdfast.waitForLog('the end', ({ msg }) => msg === 'upgrade finished')
  expect(line).toMatchObject({ moved: 1, ended: 0 })
  client.send('still there')
  expect(await client.message()).toBe('still there')
})

onNode(
  'without carriers connections over TLS stay with their old worker until the deadline and get 1012',
  async () => {
    await using upstream = await startUpstream()
    const { certFile: cert, keyFile: key } = certificate()
    const listen = ['127.0.0.1:0', { address: '127.0.0.1:0', tls: { cert, key } }]
    const config = { listen, upgrade: { carriers: 0 }, drain: { ...drain, deadline: '10s' } }
    await using holdfast = await serve(upstream.url, { config })
    const [plain, secure] = holdfast.urls
    await using moving = wsClient(plain!)
    await using leaving = wsClient(secure!)
    const staying = wsClient(secure!)
    await Promise.all([moving.opened, leaving.opened, staying.opened])
    const done = upgrade(holdfast)
    await eventually('the move', async () => (await state(holdfast)).upgrade?.moved === 1)
    staying.send('still here')
    expect(await staying.message()).toBe('still here')
    leaving.close(1000)
    expect(await staying.closed).toMatchObject({ code: 1012, reason: expect.stringContaining('retry=') })
    expect(await done).toMatchObject({ total: 3, moved: 1, ended: 2 })
    const { workers, routes } = await state(holdfast)
    expect(workers.map(({ generation }) => generation)).toEqual([2, 2])
    expect(routes[0]!.counters.closes).toEqual({ '1000:client': 1, '1012:gateway': 1 })
  },
)

onNode('list, reload, close and drain reach workers that are leaving', async () => {
  await using upstream = await startUpstream()
  const { certFile: cert, keyFile: key } = certificate()
  const routes = ['chat', 'feed'].map((name) => ({
    name,
    match: { path: `/${name}` },
    upstreams: [upstream.url],
  }))
  const config = {
    listen: [{ address: '127.0.0.1:0', tls: { cert, key } }],
    drain,
    upgrade: { carriers: 0 },
    routes,
  }
  await using holdfast = await serve(upstream.url, { config })
  const chat = wsClient(`${holdfast.url}/chat`)
  const [feed, kicked] = [wsClient(`${holdfast.url}/feed`), wsClient(`${holdfast.url}/feed`)]
  await Promise.all([chat.opened, feed.opened, kicked.opened])
  const done = upgrade(holdfast)
  await eventually('leaving workers', async () => {
    const { workers } = await state(holdfast)
    return workers.filter((worker) => worker.state === 'leaving').length === 2
  })
  const { connections } = (await holdfast.api('/api/connections')).body as { connections: { id: string }[] }
  expect(connections.length).toBe(3)
  const drained = await holdfast.api('/api/drain', { method: 'POST', body: '{"route":"chat"}', headers })
  expect(drained.body).toMatchObject({ closed: 1 })
  expect(await chat.closed).toMatchObject({ code: 1012 })

  const listed = (await holdfast.api('/api/connections')).body as { connections: { id: string }[] }
  const close = { method: 'POST', body: '{"code":4001}', headers }
  await holdfast.api(`/api/connections/${listed.connections[0]!.id}/close`, close)
  const first = await Promise.race([feed.closed, kicked.closed])
  expect(first).toMatchObject({ code: 4001 })

  holdfast.writeConfig({ workers: 2, ...config, routes: routes.slice(0, 1) })
  expect((await holdfast.api('/api/reload', { method: 'POST' })).body).toMatchObject({ drained: 1 })
  const both = await Promise.all([feed.closed, kicked.closed])
  expect(both.map(({ code }) => code).sort()).toEqual([1012, 4001])
  expect(await done).toMatchObject({ phase: 'done', moved: 0, ended: 3 })
})

const headers = { 'content-type': 'application/json' }

onNode('a drained route stays drained in new workers', async () => {
  await using upstream = await startUpstream()
  await using holdfast = await serve(upstream.url)
  await holdfast.api('/api/drain', { method: 'POST', body: '{"route":"all"}', headers })
  await upgrade(holdfast)
  expect(await wsClient(holdfast.url).closed).toMatchObject({ code: 1012 })
})

onNode('a limit of connections counts those that were moved', async () => {
  await using upstream = await startUpstream()
  const routes = [{ name: 'all', upstreams: [upstream.url], limits: { connections: 2 }, badGateway: 'close' }]
  await using holdfast = await serve(upstream.url, { config: { routes } })
  const clients = [wsClient(holdfast.url), wsClient(holdfast.url)]
  await Promise.all(clients.map(({ opened }) => opened))
  await upgrade(holdfast)
  expect(await wsClient(holdfast.url).closed).toMatchObject({ code: 1013 })
  clients[0]!.close(1000)
  await clients[0]!.closed
  // A client has its Close before the gateway has seen the end of TCP.
  await eventually('a free place', async () => {
    const { open, closing } = (await state(holdfast)).routes[0]!.connections
    return open + closing === 1
  })
  await using next = wsClient(holdfast.url)
  await next.opened
  next.send('in')
  expect(await next.message()).toBe('in')
  clients[1]!.socket.terminate()
})

test.runIf(runtime().name === 'bun')('an upgrade on Bun says that it needs Node', async () => {
  await using holdfast = await serve('ws://127.0.0.1:1')
  const { code, stderr } = await runHoldfast(['upgrade', '--admin', holdfast.admin!])
  expect({ code, stderr }).toMatchObject({ code: 1, stderr: expect.stringMatching(/needs Node/) })
})
