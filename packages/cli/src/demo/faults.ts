// The first part of the demo: one fault after another, and what clients see of each in three ways.
import { code } from '@holdfast/close-codes'
import { Answering, garbage } from './answering.ts'
import { type Client, connect, type Seen } from './observe.ts'
import type { Processes } from './processes.ts'
import { type Listening, nginxShutdown, startBackend, startGateway, startNginx } from './start.ts'

/** How a client gets to the backend. */
export type Way = 'direct' | 'nginx' | 'holdfast'

/** What one or more clients saw in each way; nothing where there is no such way. */
export interface Scene {
  title: string
  seen: Partial<Record<Way, Seen[]>>
}

/** How long the gateway waits for a backend's answer here, and how long a client waits for anything. */
export const gatewayWaits = 2000
const clientWaits = 4000
const drainWaits = 8000

const drainClients = 8

interface Fault {
  title: string
  backend: 'polite' | 'killed' | 'hanging' | 'garbage' | 'busy'
  /** Before clients come. */
  before?: () => unknown
  /** When clients are connected. */
  during?: () => unknown
}

interface Stage {
  backends: Record<Fault['backend'] | 'echo', { port: number }>
  gateway: Listening
  nginx: Listening | undefined
}

/** Plays all scenes; each is given to `show` when it is over, and its title to `begin` when it begins. */
export async function playFaults(
  processes: Processes,
  events: { ready(hasNginx: boolean): void; begin(title: string): void; show(scene: Scene): void },
): Promise<{ startMs: number }> {
  using answering = new Answering()
  const [polite, killed, hanging, echo] = await Promise.all(
    Array.from({ length: 4 }, () => startBackend(processes)),
  )
  const backends = {
    polite: polite!,
    killed: killed!,
    hanging: hanging!,
    echo: echo!,
    garbage: await answering.listen(garbage),
    busy: await answering.listen(
      'HTTP/1.1 503 Service Unavailable\r\nRetry-After: 7\r\nContent-Length: 0\r\nConnection: close\r\n\r\n',
    ),
  }
  const start = performance.now()
  const [gateway, nginx] = await Promise.all([
    startGateway(processes, gatewayConfig(backends)),
    startNginx(
      processes,
      mapEntries(backends, (name, { port }) => [`/${name}`, port]),
    ),
  ])
  const startMs = performance.now() - start
  const stage = { backends, gateway, nginx }
  events.ready(nginx !== undefined)

  const faults: Fault[] = [
    {
      title: `backend stops and says ${code.serviceRestart} to all`,
      backend: 'polite',
      during: () => polite!.signal('SIGTERM'),
    },
    { title: 'nothing listens there any more', backend: 'polite', before: () => polite!.exited },
    { title: 'backend is killed (SIGKILL)', backend: 'killed', during: () => killed!.signal('SIGKILL') },
    { title: 'backend hangs (SIGSTOP)', backend: 'hanging', before: () => hanging!.signal('SIGSTOP') },
    { title: 'backend answers garbage', backend: 'garbage' },
    { title: 'backend answers 503, Retry-After: 7', backend: 'busy' },
  ]
  for (const fault of faults) {
    events.begin(fault.title)
    events.show({ title: fault.title, seen: await playFault(fault, stage) })
  }
  const title = 'the gateway itself is stopped'
  events.begin(title)
  events.show({ title, seen: await playDrain(stage) })
  return { startMs }
}

async function playFault({ backend, before, during }: Fault, stage: Stage): Promise<Scene['seen']> {
  const { backends, gateway, nginx } = stage
  await before?.()
  const clients: Partial<Record<Way, Client>> = {
    direct: connect(`ws://127.0.0.1:${backends[backend].port}`, clientWaits),
    ...(nginx && { nginx: connect(`ws://127.0.0.1:${nginx.port}/${backend}`, clientWaits) }),
    holdfast: connect(`ws://127.0.0.1:${gateway.port}/${backend}`, clientWaits),
  }
  if (during) {
    await Promise.all(Object.values(clients).map(({ opened }) => opened))
    during()
  }
  const seen = Object.entries(clients).map(async ([way, client]) => [way, [await client.seen]])
  return Object.fromEntries(await Promise.all(seen))
}

async function playDrain({ gateway, nginx }: Stage): Promise<Scene['seen']> {
  const [seenByHoldfast, seenByNginx] = await Promise.all([
    leave(gateway, 'SIGTERM'),
    nginx && leave(nginx, 'SIGQUIT'),
  ])
  return { holdfast: seenByHoldfast, ...(seenByNginx && { nginx: seenByNginx }) }
}

/** Stops a gateway under a few clients; what they saw, in order of time. */
async function leave(gateway: Listening, signal: NodeJS.Signals): Promise<Seen[]> {
  const url = `ws://127.0.0.1:${gateway.port}/echo`
  const clients = Array.from({ length: drainClients }, () => connect(url, drainWaits))
  await Promise.all(clients.map(({ opened }) => opened))
  gateway.signal(signal)
  const seen = await Promise.all(clients.map((client) => client.seen))
  return seen.sort((a, b) => a.at - b.at)
}

function gatewayConfig(backends: Stage['backends']): object {
  const routes = Object.entries(backends).map(([name, { port }]) => ({
    name,
    match: { path: `/${name}` },
    upstreams: [`ws://127.0.0.1:${port}`],
    timeouts: { handshake: `${gatewayWaits}ms` },
    // None of these backends comes back: nobody shall wait for that for long.
    wait: '500ms',
  }))
  // As long as nginx leaves its clients.
  const drain = { spread: `${nginxShutdown}s`, retry: ['1s', '5s'] }
  return { admin: 'off', workers: 1, drain, routes }
}

function mapEntries<K extends string, A, B>(all: Record<K, A>, map: (key: K, value: A) => [string, B]) {
  return Object.fromEntries(Object.entries(all).map(([key, value]) => map(key as K, value as A)))
}
