// What an operator is told of upstreams and routes is true: in status, in the metrics and in the log, over reloads, too.
import { closedPort, runHoldfast, startHoldfast, startUpstream, wsClient } from '@holdfast/testing'
import { expect, test } from 'vitest'

const drain = { spread: '50ms', deadline: '5s', retry: ['1s', '2s'] }
const route = (name: string, upstreams: string[], more: object = {}) => ({
  name,
  match: { path: `/${name}` },
  upstreams,
  wait: 'off',
  ...more,
})

async function scene(routes: object[], more: object = {}) {
  const config = { workers: 1, drain, routes, ...more }
  const holdfast = await startHoldfast({ config })
  const run = async (...args: string[]) => (await runHoldfast([...args, '--admin', holdfast.admin!])).stdout
  const metrics = async () => String((await holdfast.api('/metrics')).body)
  return { config, holdfast, run, metrics, [Symbol.asyncDispose]: () => holdfast[Symbol.asyncDispose]() }
}

test('an upstream that nothing probes is not called healthy: not probed, then failing, then not probed again', async () => {
  await using live = await startUpstream()
  const port = await closedPort()
  const dead = `ws://localhost:${port}`
  await using it = await scene([route('chat', [dead]), route('live', [live.url])])
  const row = (name: string) => new RegExp(`^${name} +\\S+ .*$`, 'm')
  expect(await it.run('status')).toMatch(/^chat +\S+ .*not probed +0 +-$/m)

  await expect(wsClient(`${it.holdfast.url}/chat`).opened).rejects.toThrow()
  const line = await it.holdfast.waitForLog('it', ({ msg }) => msg === 'upstream is failing (not probed)')
  expect(line).toMatchObject({
    route: 'chat',
    upstream: dead,
    address: `localhost:${port}`,
    next: `holdfast check ${dead}`,
  })
  expect(line.error).toMatch(new RegExp(`^connection refused: tried .*:${port}`))
  const away = await it.holdfast.waitForLog('clients', ({ msg }) => msg === 'no upstream for clients')
  expect(away.upstreams).toEqual([`${dead}: ${line.error}`])
  const status = await it.run('status')
  expect(status.split('\n')[3]).toMatch(/^chat has no upstream: connection refused/)
  expect(status).toMatch(/^chat +\S+ +failing \(not probed\) /m)
  expect(status).toMatch(row('live'))
  const metrics = await it.metrics()
  expect(metrics).toContain(`holdfast_upstream_healthy{route="chat",upstream="${dead}"} 0`)
  expect(metrics).toContain(`holdfast_upstream_state{route="chat",upstream="${dead}",state="failing"} 1`)
  expect(metrics).toContain(`holdfast_upstream_healthy{route="live",upstream="${live.url}"} 1`)

  await using back = await startUpstream({ port })
  await using client = wsClient(`${it.holdfast.url}/chat`)
  await client.opened
  await it.holdfast.waitForLog('its return', ({ msg }) => msg === 'upstream answers again')
  expect(await it.run('status')).toMatch(/^chat +\S+ .*not probed +1 /m)
  expect(back.connections).toHaveLength(1)
})

test('an upstream that is probed is healthy once a probe has said so', async () => {
  await using upstream = await startUpstream()
  const health = { path: '/', interval: '1s', timeout: '1s', healthy: 1, unhealthy: 1 }
  await using it = await scene([route('chat', [upstream.url], { health })])
  await expect.poll(() => it.run('status')).toMatch(/^chat +\S+ +healthy +0 +-$/m)
})

test('what is drained says so and stays so over a reload and in the metrics, until undrain', async () => {
  await using a = await startUpstream()
  await using b = await startUpstream()
  await using it = await scene([route('chat', [a.url, b.url]), route('feed', [a.url])])
  await it.run('drain', '--upstream', a.url)
  expect(await it.run('status')).toMatch(new RegExp(`^chat +${a.url} +drained `, 'm'))
  expect(await it.run('status')).toMatch(/^feed has no upstream: drained$/m)
  expect(await it.run('reload')).toContain(
    `upstream ${a.url} of route chat is still drained; holdfast undrain takes it back in`,
  )
  expect(await it.run('status')).toMatch(new RegExp(`^chat +${a.url} +drained `, 'm'))
  expect(await it.metrics()).toContain(
    `holdfast_upstream_state{route="chat",upstream="${a.url}",state="drained"} 1`,
  )
  expect(await it.run('undrain', '--route', 'chat', '--upstream', a.url)).toBe(
    `taken back in: upstream ${a.url} of route chat`,
  )
  expect(await it.run('status')).toMatch(new RegExp(`^chat +${a.url} +not probed `, 'm'))
  expect(await it.run('status')).toMatch(new RegExp(`^feed +${a.url} +drained `, 'm'))

  await it.run('drain', '--route', 'chat')
  expect(await it.run('status')).toMatch(/^chat \(drained\) /m)
  expect((await it.run('undrain')).split('\n').toSorted()).toEqual([
    'taken back in: route chat',
    `taken back in: upstream ${a.url} of route feed`,
  ])
  await using client = wsClient(`${it.holdfast.url}/chat`)
  await client.opened
  const nothing = await runHoldfast(['undrain', '--admin', it.holdfast.admin!])
  expect(nothing).toMatchObject({ code: 1, stderr: 'holdfast: nothing is drained' })
  const other = await runHoldfast(['undrain', '--route', 'chat', '--admin', it.holdfast.admin!])
  expect(other).toMatchObject({ code: 1, stderr: "holdfast: route 'chat' is not drained; nothing is" })
})

test('a worker that starts later has what is drained drained, too, and what was taken back not', async () => {
  await using upstream = await startUpstream()
  await using it = await scene([route('chat', [upstream.url]), route('feed', [upstream.url])])
  await it.run('drain', '--route', 'chat')
  await it.run('drain', '--route', 'feed')
  await it.run('undrain', '--route', 'feed')
  for (const pid of it.holdfast.workers()) process.kill(pid, 'SIGKILL')
  await expect.poll(async () => (await it.holdfast.api('/readyz')).status).toBe(200)
  await using feed = wsClient(`${it.holdfast.url}/feed`)
  await feed.opened
  await expect(wsClient(`${it.holdfast.url}/chat`).opened).rejects.toThrow()
})

test('the counters of a route that a reload removes are seen by three scrapes', async () => {
  await using upstream = await startUpstream()
  await using it = await scene([route('plain', [upstream.url])])
  const clients = Array.from({ length: 3 }, () => wsClient(`${it.holdfast.url}/plain`))
  await Promise.all(clients.map(({ opened }) => opened))
  it.holdfast.writeConfig({ ...it.config, routes: [route('renamed', [upstream.url])] })
  await it.run('reload')
  for (const { closed } of clients) expect(await closed).toMatchObject({ code: 1012 })
  const counted = 'holdfast_closes_total{route="plain",code="1012",by="gateway"} 3'
  await expect.poll(() => it.run('status')).toMatch(/^plain +1012 .* 3 +\S+$/m)
  expect(await it.run('status')).toMatch(/^plain \(removed\) +0 /m)
  for (const scrape of [1, 2, 3]) expect(await it.metrics(), `scrape ${scrape}`).toContain(counted)
  expect(await it.metrics()).not.toContain('route="plain"')
  expect(await it.run('status')).not.toMatch(/^plain/m)
  // Once it is back, it is a route like any other.
  it.holdfast.writeConfig(it.config)
  await it.run('reload')
  expect(await it.metrics()).toContain('holdfast_connections{route="plain",state="open"} 0')
})

test('a request that no route serves is counted, and logged with what was probably meant', async () => {
  await using upstream = await startUpstream()
  await using it = await scene([route('ws', [upstream.url])])
  await expect(wsClient(`${it.holdfast.url}/ws/?token=secret`).opened).rejects.toThrow()
  const line = await it.holdfast.waitForLog('the miss', ({ msg }) =>
    msg.startsWith('no route for WebSocket handshakes'),
  )
  expect(line).toMatchObject({ path: '/ws/', hint: 'route ws serves /ws: did you mean /ws?', times: 1 })
  expect(JSON.stringify(it.holdfast.log)).not.toContain('secret')
  expect((await fetch(`${it.holdfast.url.replace('ws', 'http')}/other`)).status).toBe(404)
  const metrics = await it.metrics()
  expect(metrics).toContain('holdfast_unrouted_total{kind="handshake"} 1')
  expect(metrics).toContain('holdfast_unrouted_total{kind="request"} 1')
  expect(await it.run('status')).toMatch(/^2 requests have no route/m)
  // The next line is a minute away.
  expect(it.holdfast.log.filter(({ msg }) => msg.startsWith('no route for'))).toHaveLength(1)
})

test('a route without an upstream is the first line, with who waits and when the first is sent away', async () => {
  const upstream = await startUpstream()
  await using it = await scene([route('chat', [upstream.url], { hold: { for: '1m', state: 'none' } })])
  await using client = wsClient(`${it.holdfast.url}/chat`)
  await client.opened
  await upstream[Symbol.asyncDispose]()
  const line = await it.holdfast.waitForLog(
    'the hold',
    ({ msg }) => msg === 'upstream gone, clients are held',
  )
  expect(line.upstreams).toEqual({ [`${upstream.url}: connection lost`]: 1 })
  await expect
    .poll(async () => (await it.run('status')).split('\n')[3])
    .toMatch(/^chat has no upstream: 1 client waits, the first is sent away in [1-6]\d s$/)
})
