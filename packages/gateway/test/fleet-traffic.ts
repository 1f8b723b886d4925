// Clients of @holdfast/client that count, a server that counts, and nodes of a fleet between them.
import { once } from 'node:events'
import net from 'node:net'
import { eventually, type Holdfast, type RedisServer, startHoldfast } from '@holdfast/testing'
import { WebSocket, WebSocketServer } from 'ws'
import { ReconnectingWebSocket } from '../../client/src/resume.ts'
import type { GatewayState } from '../src/index.ts'

const env = { HOLDFAST_FLEET_SECRET: 'the secret of this fleet', NO_COLOR: '1' }
/** Milliseconds between two messages of each client, and to it. */
const everyMs = 10
/** What a session has sent and heard, over all connections. */
interface Counts {
  sent: number
  heard: number
}

/** A server that counts by client, and sends numbers by itself. */
export async function counting() {
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
      if (isSending && socket.readyState === socket.OPEN)
        socket.send(`d${counts.sent++}`, { binary: who.startsWith('/binary') })
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
export async function balancer() {
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

/** A client that sends numbers, checks those that come, and notes what its application is told; in binary on `/binary`. */
export function talking(url: string) {
  const its = { sent: 0, heard: 0, faults: [] as string[], told: [] as string[], isSending: true }
  const socket = new ReconnectingWebSocket(url, [], {
    resume: true,
    WebSocket: WebSocket as never,
    retry: () => 50 * Math.random(),
  })
  const isBinary = new URL(url).pathname.startsWith('/binary')
  socket.binaryType = 'arraybuffer'
  const timer = setInterval(() => {
    if (!its.isSending || its.told.length === 0) return
    const said = `u${its.sent++}`
    socket.send(isBinary ? Buffer.from(said) : said)
  }, everyMs)
  socket.addEventListener('open', () => its.told.push('open'))
  socket.addEventListener('close', ({ code, reason }) => its.told.push(`close ${code} ${reason}`))
  socket.addEventListener('message', ({ data }) => {
    const text = typeof data === 'string' ? data : Buffer.from(data as ArrayBuffer).toString()
    if (text !== `d${its.heard}` || isBinary === (typeof data === 'string'))
      its.faults.push(`${text} in place of d${its.heard}`)
    its.heard++
  })
  return Object.assign(its, {
    end() {
      clearInterval(timer)
      socket.close()
    },
  })
}

export function startNode(redis: RedisServer, upstream: string, buffer: string): Promise<Holdfast> {
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

export const stateOf = async (node: Holdfast) => (await node.api('/api/state')).body as GatewayState
export const sessionsOf = async (node: Holdfast) => (await stateOf(node)).routes[0]?.sessions

/** How many sessions others have given to it. */
export const receivedBy = async (node: Holdfast) =>
  /^holdfast_session_events_total\{.*event="received".*\} (\d+)/m.exec(
    String((await node.api('/metrics')).body),
  )?.[1]

/** Resolves when each of these nodes knows of all. */
export const meet = (...nodes: Holdfast[]) =>
  eventually('all know of each other', async () => {
    const states = await Promise.all(nodes.map(stateOf))
    return states.every(
      ({ fleet }) => fleet?.store.state === 'present' && fleet.members.length === nodes.length,
    )
  })

/** Resolves when it has been upgraded live. */
export async function upgraded(node: Holdfast): Promise<void> {
  const upgrades = () => node.log.filter(({ msg }) => msg === 'upgrade finished').length
  const before = upgrades()
  node.signal('SIGUSR2')
  await eventually('the upgrade', () => upgrades() > before)
}
