// All nodes of a fleet are told to go at once while others take their place: one at a time sheds its connections, and every client comes
// back once.
import { once } from 'node:events'
import net from 'node:net'
import {
  eventually,
  type Holdfast,
  hasRedis,
  startHoldfast,
  startRedis,
  startUpstream,
  type WsClient,
  wsClient,
} from '@holdfast/testing'
import { expect, test } from 'vitest'

/** Connections go in turn to the nodes that are listed, as by a balancer that heeds `readyz`. */
async function balancer() {
  const targets: string[] = []
  const sockets = new Set<net.Socket>()
  let turn = 0
  const server = net.createServer((client) => {
    const { hostname, port } = new URL(targets[turn++ % targets.length]!)
    const node = net.connect(Number(port), hostname)
    for (const [from, to] of [
      [client, node],
      [node, client],
    ] as const) {
      sockets.add(from)
      from.on('error', () => to.destroy()).on('close', () => sockets.delete(from))
      from.pipe(to)
    }
  })
  await once(server.listen(0, '127.0.0.1'), 'listening')
  const { port } = server.address() as net.AddressInfo
  return {
    targets,
    url: `ws://127.0.0.1:${port}`,
    async [Symbol.asyncDispose]() {
      server.close()
      for (const socket of sockets) socket.destroy()
    },
  }
}

/** A client that comes back as it is told, and how its connections ended. */
function returning(url: string) {
  const closes: string[] = []
  let onReturn: (client: WsClient) => void
  const returned = new Promise<WsClient>((resolve) => {
    onReturn = resolve
  })
  const connect = () => {
    const client = wsClient(url)
    void client.closed.then(({ code, reason }) => {
      closes.push(`${code} ${reason}`)
      const retry = Number(/retry=(\d+)/.exec(reason)?.[1])
      if (code === 1012) setTimeout(() => onReturn(connect()), retry)
    })
    return client
  }
  return { opened: connect().opened, returned, closes }
}

test.runIf(hasRedis)(
  'of three nodes that are told to go at once one sheds at a time, and every client comes back once',
  async () => {
    await using redis = await startRedis()
    await using upstream = await startUpstream()
    await using front = await balancer()
    const start = (): Promise<Holdfast> =>
      startHoldfast({
        env: { HOLDFAST_FLEET_SECRET: 'the secret of this fleet' },
        config: {
          workers: 1,
          drain: { spread: '400ms', deadline: '10s', retry: ['50ms', '200ms'] },
          fleet: { name: 'roll', store: `redis://127.0.0.1:${redis.port}`, secret: '$HOLDFAST_FLEET_SECRET' },
          routes: [{ name: 'chat', upstreams: [upstream.url] }],
        },
      })
    const old = await Promise.all([start(), start(), start()])
    await using _ = {
      [Symbol.asyncDispose]: async () =>
        void (await Promise.all(old.map((node) => node[Symbol.asyncDispose]()))),
    }
    const members = () => Number(redis.cli('HLEN', 'holdfast:{roll}:records'))
    await eventually('three members', () => members() === 3)
    front.targets.push(...old.map(({ url }) => url))
    const clients = Array.from({ length: 30 }, () => returning(front.url))
    for (const { opened } of clients) await opened

    await using fresh = await start()
    await eventually('the new one', () => members() === 4)
    front.targets.splice(0, 3, fresh.url)
    for (const node of old) node.signal('SIGTERM')
    await Promise.all(old.map(({ exited }) => exited))

    const times = old.map(({ log }) => {
      const at = (msg: string) => Date.parse(String(log.find((line) => line.msg === msg)?.time))
      return { began: at('draining'), ended: at('drained') }
    })
    times.sort((a, b) => a.began - b.began)
    for (const [i, { began }] of times.entries())
      if (i > 0) expect(began).toBeGreaterThanOrEqual(times[i - 1]!.ended)
    const waited = old.flatMap(({ log }) =>
      log.filter(({ msg }) => msg === 'waits with its drain: another node sheds its connections'),
    )
    expect(waited).toHaveLength(2)
    for (const { returned } of clients) {
      const client = await returned
      await client.opened
      client.send('still there')
      expect(await client.message()).toBe('still there')
    }
    const told = [expect.stringMatching(/^1012 service restart; retry=\d+$/)]
    for (const { closes } of clients) expect([...closes]).toEqual(told)
    for (const { returned } of clients) (await returned).socket.terminate()
    expect(members()).toBe(1)
  },
)
