// A fleet of three nodes, each on a machine of its own as far as the network goes, and HAProxy, clients and a backend on another; see
// peers/network.py and peers/fleet-front.mjs. The network breaks as it is told.
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Child, eventually, type Holdfast, hasRedis, networkOf, startHoldfast } from '@holdfast/testing'
import type { GatewayState } from '../src/index.ts'
import { python } from './resume-traffic.ts'

const peer = (file: string) => fileURLToPath(new URL(`./peers/${file}`, import.meta.url))

const names = ['front', 'store', 'node1', 'node2', 'node3'] as const
type Name = (typeof names)[number]
export type Node = Extract<Name, `node${number}`>
export const nodes: readonly Node[] = ['node1', 'node2', 'node3']

export const addressOf = (name: Name) => `10.77.0.${names.indexOf(name) + 1}`
const ports = { backend: 9000, front: 8000, node: 8080, relay: 10130, store: 6379 }

/** All that is wrong with the network: what the first of a pair sends to the second is dropped; what is slow is so many seconds late. */
export interface Trouble {
  cut?: [Name, Name][]
  slow?: Partial<Record<Name, number>>
}

export interface Size {
  clients: number
  /** Milliseconds between two messages of each side of a session. */
  everyMs: number
  /** Milliseconds that a client waits at most before it comes back. Default: as it does. */
  retryMs?: number
}

/** One session, as both of its ends have seen it. */
export interface Life {
  name: string
  /** Messages of the client, those of the backend, and those that arrived there, without what came twice. */
  sent: number
  pushed: number
  arrived: number
  /** Of both directions. */
  lost: number
  doubled: number
  /** What the client was told, in all. */
  told: { lost: number; doubled: number }
  /** How often another node went on with it, as the client was told. */
  takenOver: number
  /** For how long it had two upstreams at once, at most. */
  twoMs: number
  /** How it ended before all was said. */
  over?: { code: number; reason: string; why?: string; confirmed?: number }
}

interface FrontState {
  connected: number
  /** Of those, clients that start their backoff again at the next loss. */
  steady: number
  /** Clients that have heard the last word of the backend. */
  done: number
  takenOver: number
  lives: number
  /** Of the clients that are not connected: two, and what each has met last, and when, in milliseconds. */
  away: { name: string; met: string[] }[]
  /** Connections that clients have begun to make. */
  attempts: number
  /** How many upstream connections each address has. */
  upstreams: Record<string, number>
}

/** What is not here; undefined: all is. */
export function machinesMissing(): string | undefined {
  if (!hasRedis) return 'redis-server is not here'
  return spawnSync('haproxy', ['-v']).status === 0 ? undefined : 'haproxy is not here'
}

export class Machines implements AsyncDisposable {
  readonly running = new Map<Node, Holdfast>()
  readonly #size: Size
  readonly #folder = mkdtempSync(join(tmpdir(), 'hf-'))
  readonly #network: Child
  readonly #pids: Record<Name, number>
  readonly #started: AsyncDisposable[] = []
  #front: Child | undefined
  #told = 1
  #asks = 0

  private constructor(size: Size, network: Child) {
    this.#size = size
    this.#network = network
    this.#pids = JSON.parse(network.stdout[0]!).pids
  }

  /** A string says why there can be none. */
  static async start(size: Size): Promise<Machines | string> {
    const network = new Child(python, [peer('network.py'), JSON.stringify(names)])
    const detail = () => network.describe()
    await network.changes.until('a network', () => network.stdout[0] ?? network.exit, { detail })
    if (network.stdout.length === 0) return network.stderr.at(-1) ?? 'there can be no network'
    const machines = new Machines(size, network)
    try {
      const [enter, ...its] = networkOf(machines.#pids.front)
      if (spawnSync(enter!, [...its, 'true']).status !== 0) {
        await machines[Symbol.asyncDispose]()
        return 'a namespace cannot be entered'
      }
      await machines.#start()
      return machines
    } catch (error) {
      await machines[Symbol.asyncDispose]()
      throw error
    }
  }

  async #start(): Promise<void> {
    const store = `--bind ${addressOf('store')} --port ${ports.store} --protected-mode no --save`
    this.#run('store', 'redis-server', [...store.split(' '), ''])
    const host = addressOf('front')
    const options = { ...this.#size, host, port: ports.backend, url: `ws://${host}:${ports.front}` }
    this.#front = this.#run('front', process.execPath, [peer('fleet-front.mjs'), JSON.stringify(options)])
    await this.#front.line('the backend', (line) => line.includes('listening'))
    await Promise.all(nodes.map((name) => this.startNode(name)))
    await this.meet()
    this.#run('front', 'haproxy', ['-db', '-f', this.#haproxyFile()])
    await this.ask('begin')
    await this.whole()
  }

  #run(on: Name, command: string, args: string[]): Child {
    const [enter, ...its] = [...networkOf(this.#pids[on]), command, ...args]
    const child = new Child(enter!, its)
    this.#started.push(child)
    return child
  }

  #haproxyFile(): string {
    const file = join(this.#folder, 'haproxy.cfg')
    const servers = nodes.map((name) => `  server ${name} ${addressOf(name)}:${ports.node}`)
    const text = `defaults
  mode tcp
  timeout connect 2s
  timeout client 1h
  timeout server 1h
  timeout check 2s
  retries 3
  option redispatch 1
# Of two draws, the default, it would take the node with fewer connections: the one that is cut off, mostly. With a weight of 1
# a node has 16 places on the ring that is drawn from, and one of three may have half of it.
frontend clients
  bind ${addressOf('front')}:${ports.front}
  default_backend gateways
backend gateways
  balance random(1)
  default-server weight 100 check inter 200ms fall 2 rise 1
${servers.join('\n')}
`
    writeFileSync(file, text)
    return file
  }

  async startNode(name: Node): Promise<void> {
    const address = addressOf(name)
    const node = await startHoldfast({
      env: { HOLDFAST_FLEET_SECRET: 'the secret of this fleet', NO_COLOR: '1' },
      inNetworkOf: this.#pids[name],
      config: {
        listen: `${address}:${ports.node}`,
        // Sockets of the file system are the same on all machines.
        admin: `unix:${join(this.#folder, `${name}.sock`)}`,
        workers: 1,
        drain: { spread: '300ms', deadline: '30s', retry: ['100ms', '500ms'] },
        upgrade: { canary: 'off' },
        fleet: {
          name: 'chat',
          store: `redis://${addressOf('store')}:${ports.store}`,
          secret: '$HOLDFAST_FLEET_SECRET',
          listen: `${address}:${ports.relay}`,
        },
        routes: [
          {
            name: 'chat',
            upstreams: [`ws://${addressOf('front')}:${ports.backend}`],
            // Longer than a client can be kept away by a balancer that goes on sending it to a node cut off from all.
            resume: { for: '10m' },
            hold: { for: '20s', state: 'none' },
          },
        ],
      },
    })
    this.running.set(name, node)
    this.#started.push(node)
  }

  async #stateOf(name: Node): Promise<GatewayState> {
    return (await this.running.get(name)!.api('/api/state')).body as GatewayState
  }

  /** Resolves when all nodes that run know of each other. */
  async meet(): Promise<void> {
    for (const name of this.running.keys())
      await eventually('the other nodes', async () => {
        return (await this.#stateOf(name)).fleet?.members.length === this.running.size
      })
  }

  /** All that is wrong from now on. */
  async trouble(what: Trouble): Promise<void> {
    const network = this.#network
    const told = ++this.#told
    network.say(JSON.stringify(what))
    const detail = () => network.describe()
    await network.changes.until('the network is so', () => network.stdout.length >= told, { detail })
  }

  /** Has clients and backend do something. */
  ask<T>(what: string, more: object = {}): Promise<T> {
    const id = ++this.#asks
    this.#front!.say(JSON.stringify({ id, what, ...more }))
    const its = new RegExp(`^\\{"id":${id}[,}]`)
    return this.#front!.line(what, (line) => (its.test(line) ? JSON.parse(line) : undefined))
  }

  /** Of clients and backend. */
  state(): Promise<FrontState> {
    return this.ask('state')
  }

  /** Resolves when `is` says so of clients and backend. */
  async until(what: string, is: (state: FrontState) => boolean, limit?: number): Promise<FrontState> {
    let seen: FrontState | undefined
    const look = async () => {
      seen = await this.state()
      return is(seen) && seen
    }
    return eventually(what, look, { limit, every: 50, detail: () => seen })
  }

  /** Breaks the connection of each client once, within so many milliseconds; resolves when all have tried to come back. */
  async breakAll(withinMs: number): Promise<void> {
    const { attempts } = await this.state()
    await this.ask('cut', { withinMs })
    const most = attempts + this.#size.clients
    await this.until('all have tried to come back', (state) => state.attempts >= most)
  }

  /** Resolves when every client is there, with one upstream. */
  whole(limit?: number): Promise<FrontState> {
    const { clients } = this.#size
    const is = ({ connected, upstreams }: FrontState) =>
      connected === clients && Object.values(upstreams).reduce((a, b) => a + b, 0) === clients
    return this.until('every client is there, with one upstream', is, limit)
  }

  /** Gives a node that has come back its share of the others' sessions. */
  async share(node: Node): Promise<void> {
    const share = this.#size.clients / this.running.size
    const others = [...this.running].filter(([name]) => name !== node)
    const asked = others.map(([, gateway]) =>
      gateway.api('/api/rebalance', {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ rate: 100 }),
        signal: AbortSignal.timeout(60_000),
      }),
    )
    for (const { status, body } of await Promise.all(asked))
      if (status !== 200) throw new Error(JSON.stringify(body))
    const its = addressOf(node)
    await this.until('it has its share', ({ upstreams }) => (upstreams[its] ?? 0) >= 0.8 * share)
  }

  /** Resolves when no client has a backoff from what was before. */
  async calm(): Promise<void> {
    const { clients } = this.#size
    await this.until('every client has been there for a while', ({ steady }) => steady === clients)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#started.map((one) => one[Symbol.asyncDispose]()))
    await this.#network[Symbol.asyncDispose]()
    rmSync(this.#folder, { recursive: true, force: true })
  }
}
