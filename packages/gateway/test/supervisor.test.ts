// The supervisor with its worker in the same process, as on Bun. Processes are tested through the command.
import { eventually, gatewayOptions, rawSocket, startUpstream, tcpServer, wsClient } from '@holdfast/testing'
import { expect, test, vi } from 'vitest'
import type { GatewayOptions } from '../src/core/options.ts'
import { AdminServer } from '../src/operate/admin.ts'
import type { FeedEvent } from '../src/operate/events.ts'
import type { LoadResult } from '../src/process/reload.ts'
import { Supervisor } from '../src/process/supervisor.ts'

const drain = { spread: 50, deadline: 2000, retry: [1000, 2000] as [number, number] }
const admin = { host: '127.0.0.1', port: 0 }

class TestSupervisor implements AsyncDisposable {
  readonly supervisor: Supervisor
  readonly seen: FeedEvent[] = []
  next: LoadResult

  constructor(options: GatewayOptions) {
    this.next = { ok: true, options }
    this.supervisor = new Supervisor({
      options,
      load: () => this.next,
      logging: { level: 'silent', pretty: false, colour: false },
      version: '0.0.0',
      oneProcess: true,
    })
    this.supervisor.events.watch(({ event }) => this.seen.push(event))
  }

  get url() {
    return this.supervisor.listenUrls[0]!
  }

  reload(options: GatewayOptions) {
    this.next = { ok: true, options }
    return this.supervisor.reload()
  }

  async api(path: string, init?: RequestInit) {
    const response = await fetch(`${this.supervisor.adminUrl}${path}`, init)
    return { status: response.status, body: await response.json() }
  }

  async [Symbol.asyncDispose]() {
    void this.supervisor.drain()
    await this.supervisor.finished
  }
}

async function start(options: GatewayOptions): Promise<TestSupervisor> {
  const it = new TestSupervisor(options)
  await it.supervisor.start()
  return it
}

test('a supervisor on one process serves, shows its state and drains', async () => {
  await using upstream = await startUpstream()
  const it = await start(gatewayOptions({ upstreams: [upstream.url], admin, drain }))
  const { url } = it
  const client = wsClient(url)
  await client.opened
  client.send('hello')
  expect(await client.message()).toBe('hello')
  const { status, body } = await it.api('/api/state')
  expect(status).toBe(200)
  expect(body).toMatchObject({
    phase: 'serving',
    pid: process.pid,
    listen: [url],
    workers: [{ state: 'ready', connections: 1 }],
    routes: [{ name: 'default', connections: { open: 1 } }],
  })
  const drained = it.supervisor.drain()
  expect(it.supervisor.unready()).toBe('draining')
  expect(await client.closed).toMatchObject({ code: 1012 })
  expect(await drained).toEqual({ closed: 1, moved: 0, cut: 0 })
  expect(await it.supervisor.finished).toEqual({ closed: 1, moved: 0, cut: 0 })
  await expect(rawSocket(url)).rejects.toThrow(/ECONNREFUSED/)
})

test('a drain that comes before the first worker has been started leaves nothing open', async () => {
  const it = new TestSupervisor(gatewayOptions({ upstreams: ['ws://127.0.0.1:1'], drain }))
  const starting = it.supervisor.start()
  await it.supervisor.drain()
  await Promise.all([starting, it.supervisor.finished])
  expect(it.supervisor.listenUrls).toEqual([])
  expect(await it.supervisor.state()).toMatchObject({ phase: 'draining', workers: [] })
})

test('an admin port that is bound only after a drain is closed', async () => {
  const it = new TestSupervisor(gatewayOptions({ upstreams: ['ws://127.0.0.1:1'], admin, drain }))
  const { listen } = AdminServer.prototype
  const bound: AdminServer[] = []
  using binding = vi.spyOn(AdminServer.prototype, 'listen').mockImplementation(async function (
    this: AdminServer,
    descriptor,
  ) {
    await it.supervisor.finished
    await listen.call(this, descriptor)
    bound.push(this)
  })
  const starting = it.supervisor.start()
  await eventually('the admin port', () => binding.mock.calls.length > 0)
  await it.supervisor.drain()
  await starting
  const [port] = bound.map(({ url }) => Number(new URL(url).port))
  expect(port).toBeGreaterThan(0)
  await expect(rawSocket(`ws://127.0.0.1:${port}`)).rejects.toThrow(/ECONNREFUSED/)
  expect(it.supervisor.adminUrl).toBeUndefined()
})

test('a connection is listed and closed by its id', async () => {
  await using upstream = await startUpstream()
  await using it = await start(gatewayOptions({ upstreams: [upstream.url], drain }))
  await using client = wsClient(it.url)
  await client.opened
  const [connection] = await it.supervisor.connections({ limit: 10 })
  expect(connection).toMatchObject({ route: 'default', upstream: upstream.url, address: '127.0.0.1' })
  expect(await it.supervisor.closeConnection('nobody', 4000, '')).toBe(false)
  expect(await it.supervisor.closeConnection(connection!.id, 4000, 'out')).toBe(true)
  expect(await client.closed).toMatchObject({ code: 4000, reason: 'out' })
})

test('closes become events', async () => {
  await using upstream = await startUpstream()
  await using it = await start(gatewayOptions({ upstreams: [upstream.url], drain }))
  const client = wsClient(it.url)
  await client.opened
  client.close(4001, 'bye')
  await eventually('the event', () => it.seen.some(({ type }) => type === 'close'))
  expect(it.seen.find(({ type }) => type === 'close')).toMatchObject({
    route: 'default',
    code: 4001,
    reason: 'bye',
    by: 'client',
    worker: 1,
  })
})

test('a reload that cannot have one of its listeners or its admin port changes nothing', async () => {
  await using upstream = await startUpstream()
  await using taken = await tcpServer(() => {})
  const options = gatewayOptions({ upstreams: [upstream.url], admin, drain })
  await using it = await start(options)
  const before = { urls: it.supervisor.listenUrls, admin: it.supervisor.adminUrl }
  const port = taken.port
  const more = { host: '127.0.0.1', port: 0, proxyProtocol: false }
  for (const next of [
    { ...options, routes: [], listen: [...options.listen, more, { ...more, port }] },
    { ...options, routes: [], listen: [more, more, more], admin: { host: '127.0.0.1', port } },
  ]) {
    expect(await it.reload(next)).toEqual({
      ok: false,
      problems: [expect.stringContaining('the port is taken')],
    })
  }
  expect({ urls: it.supervisor.listenUrls, admin: it.supervisor.adminUrl }).toEqual(before)
  await using client = wsClient(it.url)
  await client.opened
})

test('a reload that does not load changes nothing and says why', async () => {
  await using it = await start(gatewayOptions({ upstreams: ['ws://127.0.0.1:1'], drain }))
  it.next = { ok: false, problems: ['holdfast.yaml:1:1: wrong'] }
  expect(await it.supervisor.reload()).toEqual({ ok: false, problems: ['holdfast.yaml:1:1: wrong'] })
  expect(it.seen.filter(({ type }) => type === 'reload')).toEqual([])
})

test('a reload switches the admin port on and off and changes its token', async () => {
  const options = gatewayOptions({ upstreams: ['ws://127.0.0.1:1'], drain })
  await using it = await start(options)
  expect(it.supervisor.adminUrl).toBeUndefined()
  expect(await it.reload({ ...options, admin })).toMatchObject({
    changes: ['admin switched on at 127.0.0.1:0'],
  })
  const url = it.supervisor.adminUrl
  expect((await it.api('/api/state')).status).toBe(200)
  expect(await it.reload({ ...options, admin: { ...admin, token: 'x' } })).toMatchObject({
    changes: ['admin has another token'],
  })
  expect(it.supervisor.adminUrl).toBe(url)
  expect((await it.api('/api/state')).status).toBe(401)
  expect(await it.reload(options)).toMatchObject({ changes: ['admin switched off'] })
  expect(it.supervisor.adminUrl).toBeUndefined()
  await expect(rawSocket(url!)).rejects.toThrow(/ECONNREFUSED/)
})

test('reloads at the same time happen one after the other', async () => {
  const options = gatewayOptions({ upstreams: ['ws://127.0.0.1:1'], drain })
  await using it = await start(options)
  const listener = { host: '127.0.0.1', port: 0, proxyProtocol: false }
  it.next = { ok: true, options: { ...options, listen: [listener, listener] } }
  const results = await Promise.all([it.supervisor.reload(), it.supervisor.reload()])
  expect(results.map((result) => result.ok && result.changes)).toEqual([['listener 127.0.0.1:0#2 added'], []])
  expect(it.supervisor.listenUrls.length).toBe(2)
})

test('reloads that wait for their turn are one reload, which reads what is there then', async () => {
  const options = gatewayOptions({ upstreams: ['ws://127.0.0.1:1'], drain })
  await using it = await start(options)
  const all = Array.from({ length: 100 }, () => it.supervisor.reload())
  it.next = { ok: true, options: { ...options, trustedProxies: ['10.0.0.0/8'] } }
  expect(await Promise.all(all.slice(1))).toEqual(
    Array.from({ length: 99 }, () => expect.objectContaining({ ok: true })),
  )
  expect(it.seen.filter(({ type }) => type === 'reload')).toHaveLength(2)
})

test('a configuration that cannot be read at all is answered, too', async () => {
  await using it = await start(gatewayOptions({ upstreams: ['ws://127.0.0.1:1'], drain }))
  it.next = undefined as never
  expect(await it.supervisor.reload()).toMatchObject({ ok: false, problems: [expect.any(String)] })
})

test('an upgrade in one process is refused with what it needs', async () => {
  await using it = await start(gatewayOptions({ upstreams: ['ws://127.0.0.1:1'], admin, drain }))
  expect(await it.supervisor.upgrade()).toEqual({ ok: false, error: expect.stringMatching(/needs Node/) })
  const { status, body } = await it.api('/api/upgrade', { method: 'POST' })
  expect(status).toBe(422)
  expect(body).toMatchObject({
    error: { code: 'not_upgraded', message: expect.stringMatching(/needs Node/) },
  })
})

test('a drain of what the configuration does not have is refused', async () => {
  await using it = await start(gatewayOptions({ upstreams: ['ws://127.0.0.1:1'], drain }))
  expect(() => it.supervisor.drain({ route: 'none' })).toThrow("there is no route 'none'")
  expect(() => it.supervisor.drain({ upstream: 'ws://none' })).toThrow(/there is no upstream 'ws:\/\/none'/)
  expect(await it.supervisor.drain({ route: 'default' })).toEqual({ closed: 0, moved: 0, cut: 0 })
})

test('a drain that is asked for twice is one drain', async () => {
  const it = await start(gatewayOptions({ upstreams: ['ws://127.0.0.1:1'], drain }))
  expect(it.supervisor.drain()).toBe(it.supervisor.drain())
  expect(await it.supervisor.reload()).toEqual({ ok: false, problems: ['the gateway is draining'] })
  await it.supervisor.finished
})

test('a start on a taken port rejects and leaves nothing behind', async () => {
  await using taken = await tcpServer(() => {})
  const free = { host: '127.0.0.1', port: 0, proxyProtocol: false }
  const options = gatewayOptions({
    upstreams: ['ws://127.0.0.1:1'],
    listen: [free, { ...free, port: taken.port }],
  })
  const it = new TestSupervisor(options)
  await expect(it.supervisor.start()).rejects.toMatchObject({ code: 'cannot_listen' })
  expect(it.supervisor.listenUrls).toEqual([])
})

test('a supervisor that is drained before it has started ends', async () => {
  const it = new TestSupervisor(gatewayOptions({ upstreams: ['ws://127.0.0.1:1'], admin, drain }))
  const started = it.supervisor.start()
  void it.supervisor.drain()
  await started
  expect(it.supervisor.unready()).toBe('draining')
  await it.supervisor.finished
})
