// @redis/client, as a single server, behind Sentinels, or as a cluster (docs/decisions/0062). Loaded when a fleet is configured.
import { createHash } from 'node:crypto'
import { lookup as lookUp } from 'node:dns'
import type { LookupFunction } from 'node:net'
import { type FleetOptions, type FleetStoreOptions, isPrivateAddress } from '../core/index.ts'
import type { Reply, Script } from './store.ts'

/** What is used of a client of any of the three kinds. */
export interface Redis {
  connect(): Promise<unknown>
  evaluate(script: Script, keys: string[], args: string[]): Promise<Reply>
  destroy(): void
}

export interface RedisEvents {
  onError(error: Error): void
  /** A connection is there; also for the first time. */
  onReady(): void
}

/** Milliseconds for TCP and TLS. */
const connectWithinMs = 1000
/** Calls that may wait for an answer. */
const maxQueued = 2000

/** Makes a client that is not connected. */
export async function redisClient(options: FleetOptions, events: RedisEvents): Promise<Redis> {
  const library = await import('@redis/client')
  const { store } = options
  const common = commonOptions(options)
  const [first] = store.nodes
  switch (store.kind) {
    case 'single': {
      const client = library.createClient({
        ...common,
        database: store.database ?? 0,
        socket: { ...common.socket, host: first!.host, port: first!.port } as never,
      })
      client.on('error', events.onError).on('ready', events.onReady)
      return wrap(client)
    }
    case 'sentinel': {
      const { username, password, ...anonymous } = common
      const client = library.createSentinel({
        name: store.primary ?? '',
        sentinelRootNodes: store.nodes,
        sentinelClientOptions: anonymous as never,
        nodeClientOptions: { ...common, database: store.database ?? 0 } as never,
        scanInterval: 1000,
        passthroughClientErrorEvents: true,
        RESP: 2,
      })
      client.on('error', events.onError)
      client.on('topology-change', ({ type }: { type: string }) => {
        if (type === 'MASTER_CHANGE') events.onReady()
      })
      return wrap(client)
    }
    case 'cluster': {
      const client = library.createCluster({
        rootNodes: store.nodes.map(({ host, port }) => ({
          socket: { ...common.socket, host, port } as never,
        })),
        defaults: common as never,
        // A primary that is gone has a successor soon; the library would look for it after 5 s.
        topologyRefreshOnReconnectionAttemptStrategy: 500,
        RESP: 2,
      })
      client.on('error', events.onError).on('node-error', events.onError).on('node-ready', events.onReady)
      return wrap(client)
    }
  }
}

function commonOptions({ store, tls }: FleetOptions) {
  const { username, password } = store
  return {
    ...(username !== undefined && { username }),
    ...(password !== undefined && { password }),
    // A call that cannot go out now fails: the gateway has an answer of its own.
    disableOfflineQueue: true,
    commandsQueueMaxLength: maxQueued,
    maintNotifications: 'disabled' as const,
    RESP: 2 as const,
    socket: {
      connectTimeout: connectWithinMs,
      reconnectStrategy: (retries: number) => Math.min(50 + retries * 50, 500),
      ...(store.tls ? { tls: true as const, ...tls } : { lookup: onlyPrivate(lookUp) }),
    },
  }
}

/** Passwords and records do not go over the Internet in clear text, wherever a name leads. */
export const onlyPrivate =
  (look: typeof lookUp): LookupFunction =>
  (host, options, callback) => {
    look(host, { ...options, all: true }, (error, addresses) => {
      if (error) return callback(error, [])
      const open = addresses.find(({ address }) => !isPrivateAddress(address))
      if (open) {
        const message = `${host} is ${open.address}, which is no private address: use rediss`
        return callback(new Error(message), [])
      }
      if (options.all) callback(null, addresses)
      else callback(null, addresses[0]!.address, addresses[0]!.family)
    })
  }

interface Client {
  connect(): Promise<unknown>
  destroy(): unknown
  eval(script: string, options: { keys: string[]; arguments: string[] }): Promise<unknown>
  evalSha(sha: string, options: { keys: string[]; arguments: string[] }): Promise<unknown>
}

const hashes = new Map<string, string>()

function sha1(text: string): string {
  const known = hashes.get(text) ?? createHash('sha1').update(text).digest('hex')
  hashes.set(text, known)
  return known
}

function wrap(given: unknown): Redis {
  const client = given as Client
  return {
    connect: () => client.connect(),
    async evaluate({ lua }, keys, args) {
      const options = { keys, arguments: args }
      try {
        return (await client.evalSha(sha1(lua), options)) as Reply
      } catch (error) {
        if (!String((error as Error).message).startsWith('NOSCRIPT')) throw error
        return (await client.eval(lua, options)) as Reply
      }
    },
    destroy() {
      try {
        // Of a Sentinel client it is a promise.
        void Promise.resolve(client.destroy()).catch(() => {})
      } catch {
        // It was not open.
      }
    },
  }
}

/** `redis://10.0.0.1:6379`: without user and password. */
export function storeAddress({ kind, nodes, tls, primary }: FleetStoreOptions): string {
  const scheme = `redis${tls ? 's' : ''}${kind === 'single' ? '' : `+${kind}`}`
  const where = nodes
    .map(({ host, port }) => (host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`))
    .join(',')
  return `${scheme}://${where}${primary === undefined ? '' : `/${primary}`}`
}
