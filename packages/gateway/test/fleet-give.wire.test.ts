// Nodes that drain give their sessions to others: gateways as operators run them, a real Redis, and clients of @holdfast/client.
import { once } from 'node:events'
import net from 'node:net'
import {
  eventually,
  type Holdfast,
  hasRedis,
  type RedisServer,
  startHoldfast,
  startRedis,
} from '@holdfast/testing'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { WebSocket, WebSocketServer } from 'ws'
import { ReconnectingWebSocket } from '../../client/src/resume.ts'
import type { GatewayState } from '../src/index.ts'
import { type ResumingClient, resumingClient, type SeenWelcome } from './resuming.ts'

const env = { HOLDFAST_FLEET_SECRET: 'the secret of this fleet', NO_COLOR: '1' }
/** Milliseconds between two messages of each client, and to it. */
const everyMs = 10
/** One node more, to which sessions are given that were given already. */
const isFull = process.env.HOLDFAST_FULL === '1'

let redis: RedisServer

/** What a session has sent and heard, over all connections. */
interface Counts {
  sent: number
  heard: number
}

/** A server that counts by client, and sends numbers by itself. */
async function counting() {
  const clients = new Map<string, Counts>()
  const faults: string[] = []
  const reattached: string[] = []
  const server = new WebSocketServer({ port: 0, host: '127.0.0.1' })
  let isSending = true
  server.on('connection', (socket, request) => {
    const who = request.url!
    const counts = clients.get(who) ?? { sent: 0, heard: 0 }
    clients.set(who, counts)
    const again = request.headers['holdfast-reattach']
    if (again !== undefined) reattached.push(`${who} ${again}`)
    socket.on('message', (data) => {
      if (String(data) !== `u${counts.heard}`) faults.push(`${who}: ${data} in place of u${counts.heard}`)
      counts.heard++
    })
    const timer = setInterval(() => {
      if (isSending && socket.readyState === socket.OPEN) socket.send(`d${counts.sent++}`)
    }, everyMs)
    socket.on('close', () => clearInterval(timer)).on('error', () => {})
  })
  await once(server, 'listening')
  return {
    url: `ws://127.0.0.1:${(server.address() as net.AddressInfo).port}`,
    clients,
    faults,
    reattached,
    stop: () => {
      isSending = false
    },
    async [Symbol.asyncDispose]() {
      for (const socket of server.clients) socket.terminate()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

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
  return {
    targets,
    url: `ws://127.0.0.1:${(server.address() as net.AddressInfo).port}`,
    async [Symbol.asyncDispose]() {
      server.close()
      for (const socket of sockets) socket.destroy()
    },
  }
}

/** A client that sends numbers, checks those that come, and notes what its application is told. */
function talking(url: string) {
  const its = { sent: 0, heard: 0, faults: [] as string[], told: [] as string[], isSending: true }
  const socket = new ReconnectingWebSocket(url, [], {
    resume: true,
    WebSocket: WebSocket as never,
    retry: () => 50 * Math.random(),
  })
  const timer = setInterval(() => {
    if (its.isSending && its.told.length > 0) socket.send(`u${its.sent++}`)
  }, everyMs)
  socket.addEventListener('open', () => its.told.push('open'))
  socket.addEventListener('close', ({ code, reason }) => its.told.push(`close ${code} ${reason}`))
  socket.addEventListener('message', ({ data }) => {
    if (data !== `d${its.heard}`) its.faults.push(`${data} in place of d${its.heard}`)
    its.heard++
  })
  return Object.assign(its, {
    end() {
      clearInterval(timer)
      socket.close()
    },
  })
}

function startNode(upstream: string, buffer: string): Promise<Holdfast> {
  return startHoldfast({
    env,
    config: {
      workers: 1,
      drain: { spread: '200ms', deadline: '60s', retry: ['50ms', '100ms'] },
      fleet: {
        name: 'chat',
        store: `redis://127.0.0.1:${redis.port}`,
        secret: '$HOLDFAST_FLEET_SECRET',
        listen: '127.0.0.1:0',
      },
      routes: [
        {
          name: 'chat',
          upstreams: [upstream],
          resume: { for: '10m', buffer, total: buffer },
          hold: { for: '20s', state: 'none' },
        },
      ],
    },
  })
}

const stateOf = async (node: Holdfast) => (await node.api('/api/state')).body as GatewayState
const sessionsOf = async (node: Holdfast) => (await stateOf(node)).routes[0]?.sessions

/** How many sessions others have given to it. */
const receivedBy = async (node: Holdfast) =>
  /^holdfast_session_events_total\{.*event="received".*\} (\d+)/m.exec(
    String((await node.api('/metrics')).body),
  )?.[1]

/** Resolves when each of these nodes knows of all. */
const meet = (...nodes: Holdfast[]) =>
  eventually('all know of each other', async () => {
    const states = await Promise.all(nodes.map(stateOf))
    return states.every(
      ({ fleet }) => fleet?.store.state === 'present' && fleet.members.length === nodes.length,
    )
  })

/** Tells it to go as Kubernetes does, and resolves to what it says of its drain. */
async function drained(node: Holdfast) {
  node.signal('SIGTERM')
  await node.exited
  return node.log.find(({ msg }) => msg === 'drain finished')
}

function back(client: ResumingClient, node: Holdfast): Promise<SeenWelcome> {
  client.url = client.url.replace(/:\d+/, `:${new URL(node.url).port}`)
  return eventually('a welcome', () => client.open().catch(() => undefined))
}

describe.runIf(hasRedis)('a node that drains', () => {
  beforeAll(async () => {
    redis = await startRedis()
  })
  afterAll(async () => {
    await redis?.[Symbol.asyncDispose]()
  })

  test('gives its sessions to others: nothing is lost, doubled or out of order, and no application hears of it', async () => {
    await using upstream = await counting()
    await using front = await balancer()
    const start = (buffer: string) => startNode(upstream.url, buffer)
    // The second one has no room for any that is parked.
    const nodes = await Promise.all(['1MiB', '16KiB', '1MiB', ...(isFull ? ['1MiB'] : [])].map(start))
    const [one, narrow, ...others] = nodes as [Holdfast, Holdfast, Holdfast]
    const clients: ReturnType<typeof talking>[] = []
    try {
      await meet(...nodes)
      front.targets.push(one.url)
      for (let n = 0; n < 6; n++) clients.push(talking(`${front.url}/live${n}`))
      const parked = await resumingClient(`${one.url}/parked`)
      await eventually(
        'all are there',
        () => clients.every(({ heard }) => heard > 5) && parked.messages.length > 2,
      )
      parked.cut()
      await eventually('it is parked', async () => (await sessionsOf(one))?.parked === 1)

      front.targets.splice(0, 1, narrow.url, ...others.map(({ url }) => url))
      expect(await drained(one)).toMatchObject({ closed: 0, cut: 0, moved: 7, notGiven: 0 })
      const marks = clients.map(({ heard }) => heard)
      await eventually('they go on', () => clients.every(({ heard }, n) => heard > marks[n]! + 5))
      if (others.length > 1) {
        const two = others.shift()!
        front.targets.splice(0, 3, others[0].url)
        expect(await drained(two)).toMatchObject({ closed: 0, cut: 0, notGiven: 0 })
      }
      const [last] = others
      expect(await back(parked, last)).toMatchObject({ resumed: true })
      expect(parked.welcome).not.toHaveProperty('lost')
      parked.send('u0')

      upstream.stop()
      for (const client of clients) client.isSending = false
      const seen = () => JSON.stringify({ clients, upstream: [...upstream.clients], faults: upstream.faults })
      await eventually(
        'all has come',
        () =>
          clients.every((client, n) => {
            const { sent, heard } = upstream.clients.get(`/live${n}`)!
            return client.heard === sent && heard === client.sent
          }),
        { detail: seen },
      )
      const its = upstream.clients.get('/parked')!
      await eventually('all of it', () => parked.messages.length === its.sent && its.heard === 1, {
        detail: seen,
      })
      expect(parked.messages).toEqual(parked.messages.map((_, n) => `d${n}`))
      expect(clients.flatMap(({ faults }) => faults)).toEqual([])
      expect(upstream.faults).toEqual([])
      expect(clients.map(({ told }) => told)).toEqual(clients.map(() => ['open']))
      expect(await receivedBy(narrow)).toBeUndefined()
      expect(await receivedBy(last)).toBeDefined()

      // The last one has nobody to give them to: they end as before.
      const end = drained(last)
      expect(await parked.connection!.closeFrame()).toMatchObject({ code: 1012 })
      expect(await end).toMatchObject({ moved: 0, notGiven: 7 })
    } finally {
      for (const client of clients) client.end()
      for (const node of nodes) await node[Symbol.asyncDispose]()
    }
  })
})
