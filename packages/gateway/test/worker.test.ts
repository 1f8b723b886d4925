import net from 'node:net'
import { eventually, gatewayOptions, startUpstream, tcpServer, wsClient } from '@holdfast/testing'
import { expect, test } from 'vitest'
import type { GatewayOptions } from '../src/core/options.ts'
import { bindHandle } from '../src/listen/bound-handles.ts'
import { frontRevision } from '../src/worker/front-revision.ts'
import { Worker } from '../src/worker/worker.ts'
import { type FromWorker, protocol, type ToWorker } from '../src/worker/worker-messages.ts'

class TestWorker implements Disposable {
  readonly said: FromWorker[] = []
  ended = false
  /** While false, what it says does not leave it, as with a supervisor that stands still. */
  takes = true
  readonly #unsent: (() => void)[] = []
  readonly worker = new Worker({
    post: (message, _handle, sent = () => {}) => {
      this.said.push(message)
      if (this.takes) sent()
      else this.#unsent.push(sent)
    },
    end: () => (this.ended = true),
  })
  #requests = 0

  constructor(options: GatewayOptions, speaks = protocol) {
    const log = { level: 'silent', pretty: false, colour: false } as const
    this.worker.receive({ type: 'configure', protocol: speaks, worker: 7, options, log })
  }

  takeAll(): void {
    this.takes = true
    for (const sent of this.#unsent.splice(0)) sent()
  }

  /** What it said of that type, once it has said anything. */
  hears<T extends FromWorker['type']>(type: T): Promise<Extract<FromWorker, { type: T }>> {
    const find = () => this.said.find((message) => message.type === type)
    return eventually(`'${type}'`, find, { detail: () => this.said }) as never
  }

  async ask(question: object, handle?: unknown): Promise<unknown> {
    const request = ++this.#requests
    this.worker.receive({ ...question, request } as unknown as ToWorker, handle)
    const answer = await eventually('an answer', () =>
      this.said.find((said) => 'request' in said && said.request === request),
    )
    return answer.type === 'answer' ? answer.value : answer
  }

  [Symbol.dispose]() {
    this.worker.stop()
  }
}

const drain = { spread: 50, deadline: 30_000, retry: [1000, 2000] as [number, number] }

test('a worker says that it is ready', async () => {
  using it = new TestWorker(gatewayOptions({ upstreams: ['ws://127.0.0.1:1'] }))
  const version = expect.stringMatching(/^\d+\.\d+\.\d+/)
  expect(await it.hears('ready')).toEqual({
    type: 'ready',
    takesOwn: true,
    protocol,
    version,
    report: expect.any(Object),
    node: process.version,
    front: frontRevision,
  })
})

test('a worker that cannot serve says why and ends', () => {
  using it = new TestWorker({ ...gatewayOptions({ upstreams: ['ws://a'] }), routes: undefined as never })
  expect(it.said).toMatchObject([{ type: 'failed', message: expect.stringMatching(/./) }])
  expect(it.ended).toBe(true)
})

test('a worker under a supervisor of another protocol says so and ends', async () => {
  using it = new TestWorker(gatewayOptions({ upstreams: ['ws://127.0.0.1:1'] }), protocol + 1)
  expect(await it.hears('failed')).toMatchObject({ message: expect.stringMatching(/drain this gateway/) })
  expect(it.ended).toBe(true)
})

test('a worker goes on whatever the supervisor says to it', async () => {
  using it = new TestWorker(gatewayOptions({ upstreams: ['ws://127.0.0.1:1'] }))
  await it.hears('ready')
  for (const type of [
    'socket',
    'admission',
    'adopt',
    'adopt-upstream',
    'moved',
    'go-on',
    'unknown',
    undefined,
  ]) {
    expect(() => it.worker.receive({ type } as never, {})).not.toThrow()
  }
  expect(() => it.worker.receive(undefined as never)).not.toThrow()
  expect(await it.ask({ type: 'reload' })).toMatchObject({ type: 'refusal' })
  expect(await it.ask({ type: 'snapshot' })).toMatchObject({ snapshot: { routes: [{ name: 'default' }] } })
  expect(it.ended).toBe(false)
})

test('a worker takes a socket, serves it, and says when it has closed', async () => {
  await using upstream = await startUpstream()
  using it = new TestWorker(gatewayOptions({ upstreams: [upstream.url] }))
  await using server = await tcpServer((socket) => {
    it.worker.receive({ type: 'socket', id: 3, listener: '127.0.0.1:0' }, socket)
  })
  const client = wsClient(`ws://127.0.0.1:${server.port}`)
  await client.opened
  expect(it.said).toContainEqual({ type: 'took', id: 3 })
  client.close(1000)
  await eventually('no socket left', () => it.said.find((said) => said.type === 'left' && said.sockets === 0))
  expect(await it.hears('events')).toMatchObject({ events: [{ type: 'close', code: 1000 }], dropped: 0 })
})

test('while the supervisor takes nothing, one message of each kind waits, and then the rest comes in one', async () => {
  await using upstream = await startUpstream()
  using it = new TestWorker(gatewayOptions({ upstreams: [upstream.url] }))
  it.takes = false
  await using server = await tcpServer((socket) => {
    it.worker.receive({ type: 'socket', id: 3, listener: '127.0.0.1:0' }, socket)
  })
  const come = async () => {
    const client = wsClient(`ws://127.0.0.1:${server.port}`)
    await client.opened
    client.close(1000)
    await client.closed
  }
  const count = (type: FromWorker['type']) => it.said.filter((said) => said.type === type).length
  await come()
  await it.hears('events')
  await it.hears('left')
  for (let i = 0; i < 5; i++) await come()
  // Longer than either kind of report is batched for.
  await new Promise((resolve) => setTimeout(resolve, 300))
  for (let i = 0; i < 300; i++) await come()
  expect([count('events'), count('left')]).toEqual([1, 1])
  it.takeAll()
  await eventually('the last count', () => {
    const last = it.said.findLast((said) => said.type === 'left')
    return last?.sockets === 0 && count('left') > 1
  })
  expect(count('events')).toBe(2)
  const [, rest] = it.said.filter((said) => said.type === 'events')
  expect(rest).toMatchObject({ dropped: 49 })
  expect(rest!.events).toHaveLength(256)
})

test('a socket that did not survive the way is taken, and not counted', async () => {
  using it = new TestWorker(gatewayOptions({ upstreams: ['ws://127.0.0.1:1'] }))
  it.worker.receive({ type: 'socket', id: 1, listener: '127.0.0.1:0' })
  it.worker.receive({ type: 'socket', id: 2, listener: '127.0.0.1:0' })
  expect(await it.hears('left')).toEqual({ type: 'left', sockets: 0 })
})

test('a socket of a listener that a reload has taken away is closed', async () => {
  using it = new TestWorker(gatewayOptions({ upstreams: ['ws://127.0.0.1:1'] }))
  const socket = new net.Socket()
  it.worker.receive({ type: 'socket', id: 1, listener: '127.0.0.1:9' }, socket)
  expect(socket.destroyed).toBe(true)
})

test('a worker listens on a bound handle, and stops when told to', async () => {
  await using upstream = await startUpstream()
  using it = new TestWorker(gatewayOptions({ upstreams: [upstream.url], drain }))
  const { handle, port } = await bindHandle({ host: '127.0.0.1', port: 0 })
  expect(await it.ask({ type: 'listen', listener: '127.0.0.1:0' }, handle)).toEqual({})
  const client = wsClient(`ws://127.0.0.1:${port}`)
  await client.opened
  expect(await it.ask({ type: 'unlisten' })).toEqual({})
  await expect(wsClient(`ws://127.0.0.1:${port}`).opened).rejects.toThrow()
  expect(await it.ask({ type: 'drain' })).toMatchObject({ closed: 1, moved: 0, cut: 0 })
  expect(await client.closed).toMatchObject({ code: 1012 })
})

test('a worker that is told to end reports once more what it has counted, and only then ends', async () => {
  await using upstream = await startUpstream()
  using it = new TestWorker(gatewayOptions({ upstreams: [upstream.url] }))
  await using server = await tcpServer((socket) => {
    it.worker.receive({ type: 'socket', id: 1, listener: '127.0.0.1:0' }, socket)
  })
  const client = wsClient(`ws://127.0.0.1:${server.port}`)
  await client.opened
  it.worker.receive({ type: 'stop' })
  const { report } = await it.hears('last-report')
  const [route] = report.snapshot.routes
  expect(route!.connections).toEqual({ open: 0, held: 0, closing: 0 })
  expect(route!.counters).toMatchObject({ handshakes: { accepted: 1 }, closes: { '1006:gateway': 1 } })
  expect(it.said.at(-1)!.type).toBe('last-report')
  await eventually('its end', () => it.ended)
})

test('connection ids begin with the number of the worker', async () => {
  await using upstream = await startUpstream()
  using it = new TestWorker(gatewayOptions({ upstreams: [upstream.url] }))
  await using server = await tcpServer((socket) => {
    it.worker.receive({ type: 'socket', id: 1, listener: '127.0.0.1:0' }, socket)
  })
  await using client = wsClient(`ws://127.0.0.1:${server.port}`)
  await client.opened
  const answer = await it.ask({ type: 'connections', filter: { limit: 5 } })
  expect(answer).toMatchObject({ connections: [{ id: expect.stringMatching(/^7-/) }] })
  expect(await it.ask({ type: 'snapshot' })).toMatchObject({
    snapshot: { routes: [{ connections: { open: 1 } }] },
    process: { memory: expect.any(Number), processor: expect.any(Number), delay: expect.any(Number) },
  })
})

test('a report is said before anything that comes after it', async () => {
  using it = new TestWorker(gatewayOptions({ upstreams: ['ws://127.0.0.1:1'] }))
  await it.hears('ready')
  it.worker.receive({ type: 'snapshot', request: 1 })
  // Whatever is read in the same turn is answered later.
  expect(it.said.at(-1)).toMatchObject({ type: 'answer', request: 1 })
})

test('a question that fails is answered with the reason', async () => {
  using it = new TestWorker(gatewayOptions({ upstreams: ['ws://127.0.0.1:1'] }))
  expect(await it.ask({ type: 'reload', options: null })).toMatchObject({
    type: 'refusal',
    message: expect.any(String),
  })
})

test('an abandoned worker closes its connections with 1012 within seconds, whatever the spread, and ends', async () => {
  await using upstream = await startUpstream()
  const slow = { ...drain, spread: 60_000, deadline: 90_000 }
  using it = new TestWorker(gatewayOptions({ upstreams: [upstream.url], drain: slow }))
  await using server = await tcpServer((socket) => {
    it.worker.receive({ type: 'socket', id: 1, listener: '127.0.0.1:0' }, socket)
  })
  const client = wsClient(`ws://127.0.0.1:${server.port}`)
  await client.opened
  await it.worker.abandon()
  expect(await client.closed).toMatchObject({ code: 1012 })
  expect(it.ended).toBe(true)
})
