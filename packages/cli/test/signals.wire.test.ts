import {
  closedPort,
  gone,
  rawSocket,
  startHoldfast,
  startUpstream,
  tcpServer,
  wsClient,
} from '@holdfast/testing'
import { expect, test } from 'vitest'

const drain = { spread: '100ms', deadline: '5s', retry: ['1s', '2s'] }
const config = (url: string, more: object = {}) => ({
  drain,
  routes: [{ name: 'all', upstreams: [url] }],
  ...more,
})

test.each(['SIGTERM', 'SIGINT'] as const)('%s drains and exits 0', async (signal) => {
  await using upstream = await startUpstream()
  await using holdfast = await startHoldfast({ config: config(upstream.url, { workers: 2 }) })
  const clients = Array.from({ length: 10 }, () => wsClient(holdfast.url))
  await Promise.all(clients.map(({ opened }) => opened))
  const workers = holdfast.workers()
  holdfast.signal(signal)
  for (const { closed } of clients) {
    expect(await closed).toMatchObject({
      code: 1012,
      reason: expect.stringMatching(/^service restart; retry=\d+$/),
    })
  }
  expect(await holdfast.exited).toEqual({ code: 0, signal: null })
  await gone(workers)
  const summary = holdfast.log.find(({ msg }) => msg === 'drained')
  expect(summary).toMatchObject({ closed: 10, cut: 0 })
})

test('SIGTERM turns readyz to 503 and closes the listeners at once', async () => {
  await using upstream = await startUpstream()
  await using holdfast = await startHoldfast({
    config: config(upstream.url, { drain: { ...drain, spread: '1s' }, workers: 1 }),
  })
  await using held = wsClient(holdfast.url)
  await held.opened
  held.tcp.pause()
  expect((await holdfast.api('/readyz')).status).toBe(200)
  holdfast.signal('SIGTERM')
  await holdfast.waitForLog('the drain to start', ({ msg }) => msg === 'drain started')
  expect(await holdfast.api('/readyz')).toEqual({
    status: 503,
    body: { status: 'not ready', reason: 'draining' },
  })
  expect((await holdfast.api('/healthz')).status).toBe(200)
  await expect(rawSocket(holdfast.url)).rejects.toThrow(/ECONNREFUSED/)
  held.tcp.resume()
  expect(await holdfast.exited).toMatchObject({ code: 0 })
})

test('a second SIGTERM ends the gateway at once with 130', async () => {
  await using upstream = await startUpstream()
  await using holdfast = await startHoldfast({
    config: config(upstream.url, { drain: { ...drain, spread: '30s', deadline: '60s' } }),
  })
  const clients = Array.from({ length: 10 }, () => wsClient(holdfast.url))
  await Promise.all(clients.map(({ opened }) => opened))
  const workers = holdfast.workers()
  holdfast.signal('SIGTERM')
  await holdfast.waitForLog('the drain to start', ({ msg }) => msg === 'drain started')
  holdfast.signal('SIGTERM')
  expect(await holdfast.exited).toEqual({ code: 130, signal: null })
  await gone(workers)
  await Promise.all(clients.map(({ closed }) => closed))
})

test('workers leave signals to the supervisor', async () => {
  await using upstream = await startUpstream()
  await using holdfast = await startHoldfast({ config: config(upstream.url, { workers: 2 }) })
  await using client = wsClient(holdfast.url)
  await client.opened
  const workers = holdfast.workers()
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGUSR2'] as const) {
    for (const pid of workers) process.kill(pid, signal)
  }
  client.send('still there')
  expect(await client.message()).toBe('still there')
  // Asked of each worker: all of them went through the signals.
  await holdfast.api('/api/state')
  expect(holdfast.workers()).toEqual(workers)
})

test('SIGHUP with an invalid file changes nothing and logs each problem in a line', async () => {
  await using upstream = await startUpstream()
  await using holdfast = await startHoldfast({ config: config(upstream.url) })
  await using before = wsClient(holdfast.url)
  await before.opened
  holdfast.writeConfig('routes:\n  - name: all\n    upstreams: [ftp://x]\n    tries: 1\n')
  holdfast.signal('SIGHUP')
  for (const place of ['3:17', '4:5']) {
    const line = await holdfast.waitForLog(`line ${place}`, ({ msg }) => msg.includes(`:${place}: `))
    expect(line.msg).toMatch(/^configuration not reloaded: \//)
    expect(line.level).toBe(50)
  }
  before.send('untouched')
  expect(await before.message()).toBe('untouched')
  await using after = wsClient(holdfast.url)
  await after.opened
})

test.each([1, 2])(
  'SIGHUP with %i workers opens new listeners, closes others, and keeps their connections',
  async (workers) => {
    await using upstream = await startUpstream()
    const port = await closedPort()
    await using holdfast = await startHoldfast({ config: config(upstream.url, { workers }) })
    const [oldUrl] = holdfast.urls
    await using old = wsClient(oldUrl!)
    await old.opened

    holdfast.writeConfig(config(upstream.url, { workers, listen: `127.0.0.1:${port}` }))
    holdfast.signal('SIGHUP')
    const line = await holdfast.waitForLog('the reload', ({ msg }) => msg === 'configuration reloaded')
    expect(line.changes).toEqual([`listener 127.0.0.1:${port} added`, 'listener 127.0.0.1:0 removed'])

    await using fresh = wsClient(`ws://127.0.0.1:${port}`)
    await fresh.opened
    await expect(rawSocket(oldUrl!)).rejects.toThrow(/ECONNREFUSED/)
    old.send('still there')
    expect(await old.message()).toBe('still there')
  },
)

test('SIGHUP with a new listener on a taken port changes nothing', async () => {
  await using upstream = await startUpstream()
  await using other = await tcpServer(() => {})
  await using holdfast = await startHoldfast({ config: config(upstream.url) })
  holdfast.writeConfig(config('ws://127.0.0.1:1', { listen: ['127.0.0.1:0', `127.0.0.1:${other.port}`] }))
  holdfast.signal('SIGHUP')
  await holdfast.waitForLog('the reason', ({ msg }) =>
    /not reloaded: cannot listen .* the port is taken/.test(msg),
  )
  await using client = wsClient(holdfast.url)
  await client.opened
  await upstream.open(1)
})
